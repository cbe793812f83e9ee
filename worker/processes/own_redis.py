"""The Redis that ``crossfoot up`` starts for itself: own port, own folder, own password, nothing lost by a crash."""

from __future__ import annotations

import logging
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import redis

from schemas.errors import MissingProgramError

log = logging.getLogger("crossfoot")

PROGRAM: Final = "redis-server"
APPENDED: Final = "appendonlydir"
# a Redis that ends soon after its start so often in a row is thought to choke on its own files
EARLY_ENDS: Final = 2
CONFIGURATION: Final = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
logfile ""
loglevel warning
always-show-logo no
"""


@dataclass(frozen=True, slots=True)
class OwnRedis:
    """Where it will answer, and how it is started."""

    url: str
    command: list[str]


def find_program() -> str:
    """The path of redis-server.

    Raises:
        MissingProgramError: it is not on the PATH.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise MissingProgramError(f"{PROGRAM} is not installed; on Debian: apt-get install {PROGRAM}.", PROGRAM)
    return program


def prepare(folder: Path) -> OwnRedis:
    """Choose a free port and a password, and write the configuration, which nobody else may read.

    Raises:
        MissingProgramError: there is no redis-server.
    """
    program = find_program()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    password = secrets.token_hex(16)
    configuration = folder / "redis.conf"
    configuration.unlink(missing_ok=True)
    configuration.touch(mode=0o600)
    quoted = '"' + str(folder).replace("\\", "\\\\").replace('"', '\\"') + '"'
    configuration.write_text(CONFIGURATION.format(port=port, password=password, folder=quoted), encoding="utf-8")
    return OwnRedis(f"redis://:{password}@127.0.0.1:{port}/0", [program, str(configuration)])


def set_aside(folder: Path) -> bool:
    """Take what Redis has kept out of its way, in place of what was set aside before; whether there was anything.

    It holds hints only, each of which is sent again: a damaged file must not end all work.
    """
    kept, damaged = folder / APPENDED, folder / f"{APPENDED}.damaged"
    if not kept.exists():
        return False
    try:
        shutil.rmtree(damaged, ignore_errors=True)
        kept.replace(damaged)
    except OSError as error:
        log.warning("redis: %s cannot be moved away: %s", kept, error.strerror or error)
        return False
    log.warning("redis: ends as soon as it starts; what it had kept, hints only, was moved to %s", damaged)
    return True


def wait_until_ready(url: str, seconds: float, lives: Callable[[], bool] = lambda: True) -> bool:
    """Whether Redis answers within so many seconds; not waited for once it does not live any more."""
    until = time.monotonic() + seconds
    with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
        while time.monotonic() < until and lives():
            try:
                client.ping()
            except (redis.RedisError, OSError):
                time.sleep(0.05)
            else:
                return True
    return False

"""A PostgreSQL of the tests' own: a user without rights, a folder in /tmp, a socket, no port; gone with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final, Self

import psycopg
import pytest

from worker.confinement.confine import die_with_parent

MISSING: Final = (
    "PostgreSQL's server is not installed: run .ci/setup, or on Debian: apt-get install postgresql."
    " Half of what is promised of the job rows cannot be tested without it."
)
# one connection for each process of many; nothing here has to outlive the machine, only the server
OPTIONS: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "logging_collector": "off",
}


def find_program(name: str) -> str:
    """The path of one of the server's programs, which Debian keeps off the PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]))
    if found is None:
        pytest.fail(MISSING, pytrace=False)
    return found


class Postgres:
    """A server: ``with Postgres() as server: server.make_database()``."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="crossfoot-pg-", dir="/tmp"))  # sockets want short paths
        self.process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self._user: Mapping[str, Any] = {}
        if os.getuid() == 0:  # it refuses to run as the superuser
            users = {entry.pw_name: entry for entry in pwd.getpwall()}
            user = users.get("postgres") or users["nobody"]
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def __enter__(self) -> Self:
        words = [find_program("initdb"), "-D", str(self.folder / "data"), "-U", "crossfoot", "-A", "trust", "-N"]
        encoding = ["-E", "UTF8", "--locale=C"]
        made = subprocess.run([*words, *encoding], capture_output=True, cwd=self.folder, check=False, **self._user)
        assert made.returncode == 0, made.stderr.decode()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [find_program("postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - no threads yet
                **self._user,
            )
        until = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                assert time.monotonic() < until, (self.folder / "log").read_text()
                assert self.process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """Kill -9 of the server and all that it has started."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def url(self, name: str) -> str:
        """Where a database is."""
        return f"postgresql://crossfoot@/{name}?host={self.folder}"

    def make_database(self) -> str:
        """A new empty database; its URL."""
        name = f"t{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

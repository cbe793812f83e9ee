"""Landlock: what a process, and all it starts, may still reach of the file system, of other processes, of the network.

Rules only ever take away, need no rights, and cannot be undone. Kernels since 5.13 have the files, since 6.7 TCP, since
6.12 signals; of what a kernel does not have, nothing is asked. A process under these rules cannot look into one that is
not either (``/proc/<pid>/environ``, ptrace), whoever owns both.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import stat
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same numbers on every machine
VERSION_ONLY: Final = 1
PATH_BENEATH: Final = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
TRUNCATE: Final = 1 << 14
OF_FILES: Final = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
READING: Final = EXECUTE | READ_FILE | READ_DIR
# version of the interface → the last right that it knows: all of files, renaming between folders, cutting, devices
RIGHTS: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
WITH_TCP, WITH_SCOPES = 4, 6
BIND_AND_CONNECT, SOCKETS_AND_SIGNALS = 3, 3


@dataclass(frozen=True, slots=True)
class Reach:
    """Paths, with all that lies below them: what may be read and run, and what may be changed too."""

    readable: tuple[str, ...]
    writable: tuple[str, ...]


def version() -> int:
    """Which interface the kernel has; 0 where it has none, or keeps it from us."""
    return max(0, int(_libc().syscall(CREATE_RULESET, None, 0, VERSION_ONLY)))


def restrict(reach: Reach) -> bool:
    """Leave this process, for good, only what is named; False where the kernel cannot. Needs no_new_privs.

    Paths that are not there are passed over.
    """
    known = version()
    if not known:
        return False
    rights = RIGHTS[max(v for v in RIGHTS if v <= known)]
    asked = [rights, BIND_AND_CONNECT if known >= WITH_TCP else 0, SOCKETS_AND_SIGNALS if known >= WITH_SCOPES else 0]
    words = asked[: 3 if known >= WITH_SCOPES else 2 if known >= WITH_TCP else 1]
    attributes = struct.pack(f"={len(words)}Q", *words)
    libc = _libc()
    ruleset = libc.syscall(CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    try:
        _allow(libc, ruleset, reach.readable, READING & rights)
        _allow(libc, ruleset, reach.writable, rights)
        return bool(libc.syscall(RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


# what a program brings along beside its own folder
_LIBRARIES = ("lib", "lib64", "libexec", "share")
# programs, and what the kernel says of itself; of what it says of others, their environment and memory are closed
_PROGRAMS = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/nix/store", "/proc", "/sys")
# of the settings of a machine those that libraries read: where others are, the time, type faces, kinds of files
_SETTINGS = (
    *("ld.so.cache", "ld.so.preload", "ld.so.conf", "ld.so.conf.d", "nsswitch.conf", "localtime", "timezone"),
    *("locale.alias", "locale.conf", "papersize", "fonts", "mime.types", "magic", "alternatives"),
    *("ssl/openssl.cnf", "pki/tls/openssl.cnf", "crypto-policies", "malloc.conf"),
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_PACKAGES = ("site-packages", "dist-packages")


@functools.lru_cache(maxsize=4)
def system_paths(closed: tuple[Path, ...]) -> tuple[str, ...]:
    """What programs need to run at all: their libraries, this interpreter's, those beside the programs of the PATH.

    A home with a ``bin`` on the PATH is not opened: only what is beside it under the names of libraries; nor is a
    checkout that Python looks for modules in, with its history: whoever calls names the packages. ``closed`` are
    paths that must not come with them: of what holds one nothing is named, but of programs what is beside it. Who
    forks one process after the other asks once beforehand: looking at the paths takes longer than all the rest.
    """
    settings = [f"/etc/{name}" for name in _SETTINGS]
    modules = [path for path in sys.path if Path(path).name in _PACKAGES or _is_below(path, sys.base_prefix)]
    programs = [entry for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    parents = [os.path.dirname(entry.rstrip("/")) for entry in programs]  # noqa: PTH120 - as text, links unresolved
    beside = [f"{parent}/{name}" for parent in parents for name in _LIBRARIES]
    named = [os.environ.get("TESSDATA_PREFIX", ""), *os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)]
    whole = (*_PROGRAMS, sys.prefix, sys.base_prefix, sys.exec_prefix)
    held = frozenset(os.path.realpath(path) for path in closed)
    parts = [part for path in whole for part in _without(path, held)]
    wanted = dict.fromkeys((*parts, *settings, *_DEVICES, *modules, *programs, *beside, *named))
    return tuple(path for path in wanted if path.startswith("/") and not _holds(path, held))


def _is_below(path: str, prefix: str) -> bool:
    return Path(path).is_relative_to(prefix) and Path(path) != Path(prefix)


def _without(path: str, closed: frozenset[str]) -> list[str]:
    """A path, or what is in it beside the closed ones where it holds one."""
    real = os.path.realpath(path)
    if not _holds(path, closed):
        return [path]
    try:
        inside = sorted(os.listdir(real)) if real != "/" and real not in closed else []  # noqa: PTH208 - as text
    except OSError:
        return []
    return [part for name in inside for part in _without(f"{real}/{name}", closed)]


def _holds(path: str, closed: frozenset[str]) -> bool:
    """Whether a path is a closed one, or around one, or around everything."""
    real = os.path.realpath(path)
    return real == "/" or any(Path(one).is_relative_to(real) for one in closed)


def _allow(libc: ctypes.CDLL, ruleset: int, paths: Iterable[str], rights: int) -> None:
    """Add a rule for each path that is there."""
    for path in paths:
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
                allowed = rights if is_folder else rights & OF_FILES
                libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", allowed, handle), 0)
            finally:
                os.close(handle)


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc

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


@functools.lru_cache(maxsize=4)
def system_paths(outside: Path) -> tuple[str, ...]:
    """What programs need to run at all: their libraries, this interpreter's, those beside the programs of the PATH.

    A home with a ``bin`` on the PATH is not opened: only what is beside it under the names of libraries. ``outside`` is
    a path that must not come with them: nothing that holds it is named. Who forks one process after the other asks
    once beforehand: looking at the paths takes longer than all the rest.
    """
    system = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc", "/opt", "/nix", "/proc", "/sys", "/dev")
    python = (sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path)
    programs = [entry for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    parents = [os.path.dirname(entry.rstrip("/")) for entry in programs]  # noqa: PTH120 - as text, links unresolved
    beside = [f"{parent}/{name}" for parent in parents for name in _LIBRARIES]
    named = [os.environ.get("TESSDATA_PREFIX", ""), *os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)]
    holding = {str(outside), *map(str, outside.parents)}
    wanted = dict.fromkeys((*system, *python, *programs, *beside, *named))
    return tuple(path for path in wanted if path.startswith("/") and os.path.realpath(path) not in holding)


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

"""What a converting process may not do: live on without its parent, gain rights, eat the machine."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
OPEN_FILES = 512
GIGABYTE = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Memory and largest file in bytes, processor time in seconds; for each process on its own.

    Memory is limited as address space. What the libraries have mapped and never touch is no fault of the document
    and comes on top.
    """

    memory: int
    cpu: int
    file: int = 2 * GIGABYTE


def confine(limits: Limits, parent: int) -> None:
    """Bind this process, and all it starts, to the limits; it dies when ``parent``, which forked it, does.

    Rights are given up for good: no program that it starts can have more.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the wish was heard
        os._exit(1)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for name, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CPU, limits.cpu),
        (resource.RLIMIT_FSIZE, limits.file),
        (resource.RLIMIT_AS, limits.memory + _untouched()),
    ):
        _, hard = resource.getrlimit(name)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (allowed, allowed))


def _untouched() -> int:
    """Bytes of this process's address space that are not in memory."""
    size, resident = Path("/proc/self/statm").read_text(encoding="ascii").split()[:2]
    return (int(size) - int(resident)) * resource.getpagesize()


def die_with_parent() -> None:
    """Ask for SIGTERM when the thread that started this process is gone (for ``preexec_fn``)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

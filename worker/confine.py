"""What a converting process may not do: live on without its parent, gain rights, eat the machine, reach a network."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
# machine → (its number in audit.h, the number of its socket call)
SYSTEM_CALLS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
IO_URING_SETUP = 425
AF_UNIX = 1
LOAD, IF_EQUAL, IF_NOT_LESS, RETURN = 0x20, 0x15, 0x35, 0x06
M_ARENA_MAX = -8
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000
OPEN_FILES = 512
GIGABYTE = 1 << 30
# how libraries in C++ end when they get no memory; where much of it was in use, that is what it was
OUT_OF_MEMORY_SIGNALS = (signal.SIGABRT, signal.SIGTRAP, signal.SIGILL)
STARVED_SHARE = 0.3


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
    # every thread would reserve 128 MB of address space for itself, and the limit counts address space
    libc.mallopt(M_ARENA_MAX, 1)
    _refuse_sockets(libc)
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


def ran_dry(exit_code: int, used: int, allowed: int) -> bool:
    """True where a process that ended so, with so many bytes in use of those it was allowed, wanted more memory."""
    return -exit_code in OUT_OF_MEMORY_SIGNALS and used > allowed * STARVED_SHARE


def _refuse_sockets(libc: ctypes.CDLL) -> None:
    """Let no socket be opened but those of this machine's own files, in this process and in all it starts.

    Reading a document fetches nothing, and nothing in a document can make it. Kernels and machines for which this
    cannot be asked go without.
    """
    known = SYSTEM_CALLS.get(platform.machine())
    if known is None:
        return
    architecture, socket_call = known
    steps = (  # (code, how far to jump if so, if not, value), as in linux/filter.h
        (LOAD, 0, 0, 4),  # the architecture of the call
        (IF_EQUAL, 0, 8, architecture),  # another's calls have other numbers: killed
        (LOAD, 0, 0, 0),  # the number of the call
        (IF_NOT_LESS, 5, 0, 0x40000000),  # the same calls under other numbers (x32): refused
        (IF_EQUAL, 4, 0, IO_URING_SETUP),  # another way to a socket: refused
        (IF_EQUAL, 0, 2, socket_call),
        (LOAD, 0, 0, 16),  # the family of the socket
        (IF_EQUAL, 0, 1, AF_UNIX),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, KILL),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)


def _untouched() -> int:
    """Bytes of this process's address space that are not in memory."""
    size, resident = Path("/proc/self/statm").read_text(encoding="ascii").split()[:2]
    return (int(size) - int(resident)) * resource.getpagesize()


def die_with_parent() -> None:
    """Ask for SIGTERM when the thread that started this process is gone (for ``preexec_fn``)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

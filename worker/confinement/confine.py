"""What a converting process may not do, from living on without its parent to reaching a network.

It cannot gain rights or eat the machine; it neither sees nor changes files that are not its document's, looks into no
other process, and learns nothing of what the service knows. Each measure is asked of the kernel by itself. Where one is
not to be had the others hold, and ``find_missing`` says so to whoever runs the service. The result does not: the same
document gives the same bytes on every machine.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import posix
import resource
import signal
import struct
import sys
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.confinement import landlock, seccomp

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
PR_SET_CHILD_SUBREAPER = 36
M_ARENA_MAX = -8
OPEN_FILES = 512
GIGABYTE = 1 << 30
OOM_SCORE = "500"
# of what follows the name in /proc/PID/stat
ENVIRONMENT_START = 47
# how libraries in C++ end when they get no memory; where much of it was in use, that is what it was
OUT_OF_MEMORY_SIGNALS = (signal.SIGABRT, signal.SIGTRAP, signal.SIGILL)
STARVED_SHARE = 0.3
# a superuser keeps what files take to be read (landlock says which), and nothing else of its powers
CAPABILITY_VERSION = 0x20080522
KEPT_CAPABILITIES = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
ROOMS = ("worker", "extractors", "schemas")
CAPSET = {"x86_64": 126, "aarch64": 91}
# everything else of an environment may be a secret: passwords of databases, keys of stores
KEPT_VARIABLES = frozenset(
    {
        *("PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "TESSDATA_PREFIX"),
        *("VIRTUAL_ENV", "MALLOC_ARENA_MAX", "OMP_THREAD_LIMIT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
        # whose process it is, for whoever looks for it; how many pages are read at once
        *("CROSSFOOT_HOME", "CROSSFOOT_PAGES_AT_ONCE"),
    }
)
KEPT_PREFIXES = ("LC_", "PYTHON")


@dataclass(frozen=True, slots=True)
class Limits:
    """Memory and largest file in bytes, processor time in seconds; for each process on its own.

    ``closed`` are folders that are not opened with the programs that they lie among. Memory is limited as address
    space. What the libraries have mapped and never touch is no fault of the document and comes on top.
    """

    memory: int
    cpu: int
    file: int = 2 * GIGABYTE
    closed: tuple[Path, ...] = ()


def confine(limits: Limits, parent: int, writable: Sequence[Path], readable: Sequence[Path] = ()) -> None:
    """Bind this process, and all it starts, to the limits; it dies when ``parent``, which forked it, does.

    Rights are given up for good: no program that it starts can have more. Of the files it can read those of the
    system's programs and ``readable``, and change those in ``writable``, its own folder first.
    """
    _forget_variables()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the wish was heard
        os._exit(1)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # every thread would reserve 128 MB of address space for itself, and the limit counts address space
    libc.mallopt(M_ARENA_MAX, 1)
    # where memory runs out all the same, the document goes, and not the service
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE, encoding="ascii")
    seccomp.refuse_calls()
    landlock.restrict(_reach(writable, readable, limits.closed))
    _give_up_powers(libc)
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


def prepare(closed: tuple[Path, ...]) -> None:
    """Find out beforehand what ``confine`` will have to know, for every child that the same paths are closed to."""
    landlock.system_paths(closed)


def harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """Those variables of an environment that say how programs run, and nothing that a document should find."""
    return {k: v for k, v in environment.items() if k in KEPT_VARIABLES or k.startswith(KEPT_PREFIXES)}


def find_missing() -> list[str]:
    """Half a sentence on each measure that this machine does not have."""
    missing = []
    if not seccomp.is_known():
        missing.append("no seccomp filter: a converting process is not kept from the network, nor from other processes")
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
        missing.append("no lists of children: the processes of a document are limited one by one, and not together")
    known = landlock.version()
    if not known:
        missing.append("no Landlock: files outside its folder are not closed to a converting process")
    elif known < landlock.WITH_SCOPES:
        missing.append("an old Landlock: a converting process can send signals to others of its user")
    return missing


def adopt_orphans() -> None:
    """Become the parent of what this process's children leave behind, so that it can be found and ended."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _forget_variables() -> None:
    """Leave this process no variable but the harmless ones: neither for itself nor where the kernel shows them.

    ``/proc/self/environ`` is the memory that the first program of this process found its variables in.
    """
    for variable in set(os.environ) - set(harmless(os.environ)):
        del os.environ[variable]
        posix.environ.pop(os.fsencode(variable), None)  # what ``os`` has made its own from
    with contextlib.suppress(OSError, ValueError, IndexError):
        fields = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        start = int(fields[ENVIRONMENT_START])
        shown = Path("/proc/self/environ").read_bytes()
        place = 0
        for entry in shown.split(b"\0"):
            if entry and not harmless({os.fsdecode(entry.partition(b"=")[0]): ""}):
                ctypes.memset(start + place, 0, len(entry))
            place += len(entry) + 1


def find_closed(home: Path, store: str, *others: Path) -> tuple[Path, ...]:
    """What holds documents: the home, the folder of a store that ``file:///…`` names, and others."""
    url = urllib.parse.urlsplit(store)
    folder = [Path(urllib.parse.unquote(url.path))] if url.scheme == "file" and url.path.startswith("/") else []
    return (home, *folder, *others)


def _reach(writable: Sequence[Path], readable: Sequence[Path], closed: tuple[Path, ...]) -> landlock.Reach:
    """The folder, the document, the system's programs, and devices that hold nothing."""
    # the program itself may lie beside, or around, what it keeps: then its rooms one by one
    rooms = [str(Path(m.__file__).parent) for n, m in list(sys.modules.items()) if n in ROOMS and m.__file__]
    system = landlock.system_paths(closed)
    devices = ("/dev/null", "/dev/zero", "/dev/full")
    return landlock.Reach((*system, *rooms, *map(str, readable)), (*map(str, writable), *devices))


def _give_up_powers(libc: ctypes.CDLL) -> None:
    """A superuser becomes one who may read files; for everybody else there is nothing to give up."""
    number = CAPSET.get(platform.machine())
    if os.geteuid() != 0 or number is None:
        return
    kept = KEPT_CAPABILITIES
    libc.syscall(number, struct.pack("=Ii", CAPABILITY_VERSION, 0), struct.pack("=6I", kept, kept, 0, 0, 0, 0))


def name_signal(number: int) -> str:
    """``SIGKILL`` for 9; a number where it has no name (a child may kill itself with any)."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def ran_dry(exit_code: int, used: int, allowed: int) -> bool:
    """True where a process that ended so, with so many bytes in use of those it was allowed, wanted more memory."""
    return -exit_code in OUT_OF_MEMORY_SIGNALS and used > allowed * STARVED_SHARE


def _untouched() -> int:
    """Bytes of this process's address space that are not in memory."""
    size, resident = Path("/proc/self/statm").read_text(encoding="ascii").split()[:2]
    return (int(size) - int(resident)) * resource.getpagesize()


def die_with_parent() -> None:
    """Ask for SIGTERM when the thread that started this process is gone (for ``preexec_fn``)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

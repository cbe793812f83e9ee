"""Child processes, one per document: started, watched, ended with everything they started themselves.

A child that crashes, hangs or eats memory is an error of its document and of nothing else. Each leads a process
group of its own, so that the tesseracts and popplers it started go with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

from schemas.errors import AttemptsError, CrossfootError, LimitError
from worker.confinement.appetite import Appetite, find_bounds
from worker.confinement.confine import Limits, confine, find_closed, name_signal, prepare, ran_dry
from worker.confinement.deadlines import Deadline
from worker.confinement.outcomes import take_outcome
from worker.confinement.remains import read_end
from worker.local.conversion import NOISE, Work, work
from worker.settings import Settings

TOO_MUCH_MEMORY = "Reading it takes more memory than is allowed."
NOISE_BYTES = 20_000
FORK = multiprocessing.get_context("fork")  # the parent has the slow imports done; a child costs milliseconds


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of one child. ``outcome`` is what it wrote down, or a failure written down for it."""

    folder: Path
    outcome: dict[str, Any]
    noise: str


@dataclass(slots=True)
class _Child:
    process: ForkProcess
    folder: Path
    pages: Any
    deadline: Deadline
    appetite: Appetite
    loaded: int  # bytes of address space at its start, and the most that was seen since
    peak: int = 0


class Children:
    """The running children of one command: never more than ``jobs``."""

    def __init__(self, jobs: int, settings: Settings) -> None:
        self._jobs = jobs
        self._settings = settings
        self._room = settings.memory_bytes("ocr")  # a PDF may turn out to be scanned
        self._running: dict[int, _Child] = {}  # by a handle of the process: no grandchild can hold that open

    def __len__(self) -> int:
        return len(self._running)

    @property
    def full(self) -> bool:
        """True while no further child may be started."""
        return len(self._running) >= self._jobs

    def start(self, task: Work, folder: Path) -> None:
        """Give one document, and an empty folder, to a new child."""
        pages = FORK.RawValue(ctypes.c_int, 0)
        # the libraries that this process has loaded are no fault of the document
        loaded = _address_space("self")
        closed = find_closed(self._settings.home, self._settings.store, folder.parent)
        prepare(closed)
        limits = Limits(loaded + self._room, self._settings.cpu_seconds(task.pages_at_once), closed=closed)
        process = FORK.Process(target=_main, args=(task, folder, pages, limits))
        process.start()
        with contextlib.suppress(OSError):  # the child does the same; whoever is first
            os.setpgid(process.pid or 0, process.pid or 0)
        deadline = Deadline(self._settings, process.pid or 0)
        appetite = Appetite(os.getpid(), process.pid, folder, find_bounds(self._room, task.pages_at_once))
        handle = os.pidfd_open(process.pid or 0)
        self._running[handle] = _Child(process, folder, pages, deadline, appetite, loaded)

    def wait(self, seconds: float) -> Iterator[Ended]:
        """The children that have ended, after at most so many seconds; those over their deadline are killed."""
        ready = wait_for(list(self._running), timeout=seconds)
        for handle in [handle for handle in self._running if handle in ready]:
            child = self._end(handle)
            starved = ran_dry(child.process.exitcode or 0, child.peak - child.loaded, self._room)
            yield _ended(child, None, starved=starved)
        for handle, child in list(self._running.items()):
            child.peak = max(child.peak, _address_space(str(child.process.pid)))
            error = _find_excess(child)
            if error is not None:
                yield _ended(self._end(handle), error)

    def close(self) -> None:
        """End all children at once."""
        for child in self._running.values():
            _kill(child)
        for handle in list(self._running):
            self._end(handle)

    def _end(self, handle: int) -> _Child:
        """End a child, and all that it started and did not end."""
        child = self._running.pop(handle)
        _kill(child)  # before join, while its number is still its own
        child.process.join()
        with contextlib.suppress(ChildProcessError):
            while True:  # what it left, and we have adopted
                os.waitpid(-(child.process.pid or 0), 0)
        os.close(handle)
        return child


def _find_excess(child: _Child) -> LimitError | None:
    """Of what a child has taken too much, if of anything."""
    pages = child.pages.value or None
    if child.deadline.is_over(pages):
        return child.deadline.error(pages)
    excess = child.appetite.find_excess()
    if excess == "size":
        return LimitError("size", "Reading it takes more room on the disk than is allowed.")
    return LimitError("memory", TOO_MUCH_MEMORY) if excess is not None else None


def _kill(child: _Child) -> None:
    """Kill a child's whole process group; nothing happens where none is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid or 0, signal.SIGKILL)


def _ended(child: _Child, killed: CrossfootError | None, *, starved: bool = False) -> Ended:
    """Read what a child left; where it left nothing, say what happened to it, ``starved`` of memory for one."""
    noise = read_end(child.folder, NOISE, NOISE_BYTES)
    exit_code = child.process.exitcode
    child.process.close()
    if killed is None and exit_code == 0 and (outcome := take_outcome(child.folder)) is not None:
        return Ended(child.folder, {"exit_status": 1, **outcome}, noise)
    error = killed or _crash(exit_code, noise, starved=starved)
    outcome = {"state": "failed", "problem": error.problem(), "exit_status": error.exit_status}
    return Ended(child.folder, outcome, noise)


def _crash(exit_code: int | None, noise: str, *, starved: bool) -> CrossfootError:
    """The error of a child that ended without an outcome."""
    if starved:
        return LimitError("memory", TOO_MUCH_MEMORY)
    lines = noise.strip().splitlines()
    if exit_code == 1 and "Traceback (most recent call last)" in noise:
        return CrossfootError(f"A fault of the program: {lines[-1]}")
    if exit_code == -signal.SIGKILL:
        return LimitError("memory", "The system killed the process that read it, most likely for want of memory.")
    if exit_code is not None and exit_code < 0:
        return AttemptsError(f"It took down the process that read it ({name_signal(-exit_code)}).")
    return AttemptsError(f"It took down the process that read it (status {exit_code}).")


def _main(task: Work, folder: Path, pages: Any, limits: Limits) -> None:
    """The child: cut off from the terminal, limited, and gone when its parent is."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    noise = os.open(folder / NOISE, os.O_WRONLY | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (noise, 1), (noise, 2)):  # libraries talk; only results go to stdout
        os.dup2(source, target)
    sys.stdout = sys.stderr = os.fdopen(2, "w", closefd=False, errors="backslashreplace")
    faulthandler.enable(sys.stderr)  # a crash in a library says where it happened
    parent = multiprocessing.parent_process()
    confine(limits, parent.pid or 0 if parent is not None else 0, [folder], [task.source])
    work(task, folder, lambda count: setattr(pages, "value", count))


def _address_space(process: str) -> int:
    """Bytes of address space in use by a process; 0 where it is gone."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * resource.getpagesize()

"""What one document takes of a machine, all its processes together: limits that each of them has by itself add up.

Looked at twice a second from outside, where no process of the document can hinder it. What is over once may be a
program that is just being started, and is counted twice for that moment; what is over twice is over.
"""

from __future__ import annotations

import contextlib
import os
import resource
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from worker.confinement.remains import BLOCK, find_size

PROC: Final = Path("/proc")
LOOK_SECONDS: Final = 0.5
# a reader, and for each page that is read at once a tesseract: five, where ten are many
MOST_PROCESSES: Final = 64
# all parts of a container are 600 MB, a result of 100,000 figures 100 MB
MOST_BYTES: Final = 4 << 30
# of what follows the name in /proc/PID/stat: process group, pages in memory
GROUP, RESIDENT = 2, 21
Excess = Literal["memory", "size"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bytes of memory and of disk, and processes, for all that a document starts."""

    memory: int
    disk: int = MOST_BYTES
    processes: int = MOST_PROCESSES


def find_bounds(memory: int, pages_at_once: int) -> Bounds:
    """Bounds where each process may have so many bytes: every page that is read at once takes a half of that more."""
    return Bounds(memory + memory * pages_at_once // 2)


class Appetite:
    """What a document has taken so far.

    Args:
        above: the process that its processes descend from, and that adopts those whose parent is gone.
        group: the process group they are in; None where all that descend are the document's.
        folder: where it may write.
    """

    def __init__(self, above: int, group: int | None, folder: Path, bounds: Bounds) -> None:
        self._above, self._group, self._folder, self._bounds = above, group, folder, bounds
        self._looked = time.monotonic()
        self._before: Excess | None = None

    def find_excess(self) -> Excess | None:
        """What it has too much of, if anything; looks twice a second, however often it is asked."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS * 0.9:
            return None
        self._looked = now
        processes = list(_members(self._above, self._group, self._bounds.processes))
        if len(processes) > self._bounds.processes:
            return "memory"
        before, self._before = self._before, self._look(processes)
        return self._before if before is not None else None

    def _look(self, processes: list[tuple[int, int]]) -> Excess | None:
        if sum(resident for _, resident in processes) > self._bounds.memory:
            return "memory"
        written = find_size(self._folder)
        if written is None or written + _nameless(processes) > self._bounds.disk:
            return "size"
        return None


def _members(above: int, group: int | None, most: int) -> Iterator[tuple[int, int]]:
    """The processes below one, and the bytes each has in memory; a few more than ``most`` at the most."""
    waiting, seen = _children(above), 0
    while waiting and seen <= most:
        process = waiting.pop()
        fields = _stat(process)
        if len(fields) > RESIDENT and (group is None or int(fields[GROUP]) == group):
            seen += 1
            yield process, int(fields[RESIDENT]) * resource.getpagesize()
            waiting += _children(process)


def _children(process: int) -> list[int]:
    """The processes that a process has started, or adopted; none where it is gone."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in (PROC / str(process) / "task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def _stat(process: int) -> list[str]:
    try:
        said = (PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return said.rpartition(")")[2].split()


def _nameless(processes: list[tuple[int, int]]) -> int:
    """Bytes of disk in files that have no name any more and are still open."""
    files: dict[tuple[int, int], int] = {}
    for process, _ in processes:
        with contextlib.suppress(OSError), os.scandir(PROC / str(process) / "fd") as handles:
            for handle in handles:
                with contextlib.suppress(OSError):
                    status = handle.stat()
                    if stat.S_ISREG(status.st_mode) and not status.st_nlink:
                        files[status.st_dev, status.st_ino] = status.st_blocks * BLOCK
    return sum(files.values())

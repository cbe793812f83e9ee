"""When a document has had its time: by a clock that stands still while this machine has too few processors.

A deadline is there for documents that make a reader loop or wait for ever, not for those that are read slowly because
many are read at once. So what counts is the wall clock without the time in which some process of the machine waited
for a processor (``/proc/pressure/cpu``; without it every second counts), or the processor time that reading has had,
if that is more. A document that hangs where processors are free ends at its deadline, whether it works or sleeps;
elsewhere at ``deadline_stretch`` times that at the latest.
Not the processor time alone: what sleeps uses none, and that of a program which the child has started is not its own
before that program ends.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from schemas.errors import LimitError
from worker.settings import Settings

PROC: Final = Path("/proc")
MICROSECONDS: Final = 1_000_000
# of what follows the name in /proc/PID/stat: user and system time, its own and that of programs that have ended
TIMES: Final = slice(11, 15)


class Deadline:
    """The deadline of one document, which is read by a process that has just been started."""

    def __init__(self, settings: Settings, process: int) -> None:
        self._settings = settings
        self._process = process
        self._begun = time.monotonic()
        self._waited = find_waited()

    def is_over(self, pages: int | None) -> bool:
        """Whether a document of so many pages (None: not known yet) has had its time."""
        allowed = self._settings.deadline(pages)
        taken = time.monotonic() - self._begun
        if taken <= allowed:
            return False
        free = taken - (find_waited() - self._waited)
        return taken > allowed * self._settings.deadline_stretch or max(free, find_used(self._process)) > allowed

    def error(self, pages: int | None) -> LimitError:
        """What is said of a document whose time is over."""
        return LimitError("time", f"Reading it takes longer than the {self._settings.deadline(pages):.0f} s allowed.")


def find_waited() -> float:
    """Seconds, since the machine was started, in which some process of it waited for a processor; 0 where not known."""
    try:
        said = (PROC / "pressure" / "cpu").read_text(encoding="ascii")
        return int(said.partition("total=")[2].split()[0]) / MICROSECONDS
    except (OSError, ValueError, IndexError):
        return 0.0


def find_used(process: int) -> float:
    """Processor seconds of a process and of the programs it has started that have ended; 0 where it is gone."""
    try:
        said = (PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        return sum(map(int, said.split()[TIMES])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return 0.0

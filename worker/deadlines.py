"""When a document has had its time: by a clock that stands still while this machine has too few processors.

A deadline is there for documents that make a reader loop or wait for ever, not for those that are read slowly because
many are read at once. So what counts is the wall clock without the time in which some process of the machine waited
for a processor (``/proc/pressure/cpu``; without it every second counts). A document that hangs on an idle machine ends
at its deadline, whether it works or sleeps; on a busy one at ``deadline_stretch`` times that at the latest.
Not the processor time of the child: it would have to be summed over the programs that the child starts, two pages read
at once use it up twice as fast, and what sleeps uses none.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from schemas.errors import LimitError
from worker.settings import Settings

PRESSURE: Final = Path("/proc/pressure/cpu")
MICROSECONDS: Final = 1_000_000


class Deadline:
    """The deadline of one document, which begins now."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._begun = time.monotonic()
        self._waited = find_waited()

    def is_over(self, pages: int | None) -> bool:
        """Whether a document of so many pages (None: not known yet) has had its time."""
        allowed = self._settings.deadline(pages)
        taken = time.monotonic() - self._begun
        if taken <= allowed:
            return False
        return taken > allowed * self._settings.deadline_stretch or taken - (find_waited() - self._waited) > allowed

    def error(self, pages: int | None) -> LimitError:
        """What is said of a document whose time is over."""
        return LimitError("time", f"Reading it takes longer than the {self._settings.deadline(pages):.0f} s allowed.")


def find_waited() -> float:
    """Seconds, since the machine was started, in which some process of it waited for a processor; 0 where not known."""
    try:
        return int(PRESSURE.read_text(encoding="ascii").partition("total=")[2].split()[0]) / MICROSECONDS
    except (OSError, ValueError, IndexError):
        return 0.0

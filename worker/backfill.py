"""``crossfoot backfill DIR|MANIFEST``: job rows for many documents, in batches; resumable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a back-fill is: counts of its documents by state."""

    total: int
    queued: int
    running: int
    done: int
    failed: int
    quarantined: int
    cancelled: int

    @property
    def ended(self) -> int:
        """Documents that have reached a final state."""
        return self.done + self.failed + self.quarantined + self.cancelled


def run(
    source: Path, settings: Settings, *, wait: bool = True, report: Callable[[Progress], None] | None = None
) -> Progress:
    """Add the documents of a folder or manifest and, with ``wait``, stay until all have ended.

    A folder is walked; a manifest holds one path per line, or JSON lines ``{"path": …}``; relative paths start at
    the manifest's folder. Running it again adds nothing and shows where the first run stands. Where no
    ``crossfoot up`` serves the home and ``wait`` is set, one is started for as long as it takes.
    Results lie under ``settings.results`` in the same relative paths.

    Args:
        source: the folder or manifest.
        settings: whose home, and how.
        wait: False returns when the rows are written.
        report: called about twice a second with the state of things (for a progress bar).

    Raises:
        UsageError: ``source`` does not exist, or a line of the manifest names no path.
    """
    raise NotImplementedError

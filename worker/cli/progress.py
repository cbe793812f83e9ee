"""Telling a person how far things are, on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from worker.local.run import Reporter


def shown(text: str) -> str:
    """Text that cannot steer a terminal: names of files may hold anything."""
    kept = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return kept.encode(sys.stderr.encoding or "utf-8", "backslashreplace").decode(sys.stderr.encoding or "utf-8")


class Lines:
    """Messages only."""

    def expect(self, documents: int) -> None:
        """Nothing is shown of it."""

    def begin(self, label: str) -> None:
        """Nothing is shown of it."""

    def end(self, label: str) -> None:
        """Nothing is shown of it."""

    def tick(self) -> None:
        """Nothing is shown of it."""

    def say(self, message: str) -> None:
        """One line on standard error."""
        print(f"crossfoot: {shown(message)}", file=sys.stderr, flush=True)  # noqa: T201 - this is the place for it


class Bar:
    """A bar with what is being read. It is drawn by this thread alone: children are forked from this process."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID = progress.add_task("", total=0)
        self._total = 0
        self._reading: list[str] = []

    def expect(self, documents: int) -> None:
        """The bar grows longer."""
        self._total += documents
        self._progress.update(self._task, total=self._total)

    def begin(self, label: str) -> None:
        """Name the document."""
        self._reading.append(label)
        self._name()

    def end(self, label: str) -> None:
        """The bar moves."""
        self._reading.remove(label)
        self._progress.advance(self._task)
        self._name()

    def _name(self) -> None:
        """The document that has been read for longest is the one a person waits for."""
        name = shown(self._reading[0]) if self._reading else ""
        self._progress.update(self._task, description=name if len(name) <= 40 else f"…{name[-39:]}")

    def tick(self) -> None:
        """Draw."""
        self._progress.refresh()

    def say(self, message: str) -> None:
        """One line above the bar."""
        self._progress.console.print(f"crossfoot: {shown(message)}", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def reporter() -> Iterator[Reporter]:
    """A bar where standard error is a terminal, lines where it is not."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False, transient=True) as progress:
        yield Bar(progress)

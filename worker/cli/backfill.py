"""``crossfoot backfill``: many documents through the service, with a display meanwhile and a report at the end."""

from __future__ import annotations

import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.service import SOME_FAILED, Home, _settings

if TYPE_CHECKING:
    from worker.backfill import Progress

RATES = {"s": 1.0, "m": 60.0, "h": 3600.0}
# documents a second are those of so many last seconds
WINDOW_SECONDS = 60.0


def backfill(  # noqa: PLR0913, PLR0917 - each is an option of the command
    source: Annotated[
        str,
        typer.Argument(
            metavar="DIR|MANIFEST|S3-PREFIX", help="A folder, a list of paths or URIs (lines, JSONL, CSV), s3://…"
        ),
    ],
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until all documents have ended.")] = True,
    limit_rate: Annotated[
        str, typer.Option("--limit-rate", metavar="N/s", help="Let in at most so many a second (or N/m, N/h).")
    ] = "",
    shard: Annotated[
        str, typer.Option("--shard", metavar="N/M", help="Only the N-th of M parts, for M machines that share a list.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what there is, and change nothing.")] = False,
    redo: Annotated[bool, typer.Option("--redo", help="Convert again what an earlier version has converted.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what has failed or was given up before.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="STEM", help="Write STEM.json and STEM.csv; HOME/reports/… by default."),
    ] = None,
    home: Home = None,
) -> None:
    """Convert many documents through the service. Started again, it goes on where it was.

    Exit status 0: all converted; 3: there are no documents; 6: some failed (the report, or crossfoot jobs ls --state
    failed, says which; --retry-failed tries them again).
    """
    from worker import backfill as filler
    from worker import reports
    from worker.database import Database

    settings = _settings(home)
    options = filler.Options(wait, _rate(limit_rate), _shard(shard), dry_run, redo, retry_failed)
    with _display() as tell:
        progress = filler.run(source, settings, options, tell)
    if dry_run:
        typer.echo(f"crossfoot: {progress.total} documents, {progress.queued} of them new", err=True)
        raise typer.Exit
    typer.echo(_counts(progress), err=True)
    if wait or report is not None:
        batch = filler.batch_name(source, options.shard)
        named = settings.home / "reports" / time.strftime(f"{_stem(source)}-%Y%m%dT%H%M%S")
        stem = report or reports.find_free(named)
        with Database.open(settings) as db:
            written = reports.write(db, batch, progress, stem)
        typer.echo(f"crossfoot: {written[0]} and {written[1].name} say what became of each", err=True)
    failed = progress.failed + progress.quarantined
    if failed and not retry_failed:
        typer.echo("crossfoot: the same command with --retry-failed tries what has failed again", err=True)
    raise typer.Exit(SOME_FAILED if failed else 0)


def _rate(text: str) -> float:
    """``"8/s"`` → 8.0 a second; nothing → 0.0, which is no limit."""
    if not text.strip():
        return 0.0
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:/([smh]))?", text.strip())
    if match is None or not float(match[1]):
        raise typer.BadParameter(f"{text!r} is no rate: 8/s, 100/m, 5000/h.", param_hint="--limit-rate")
    return float(match[1]) / RATES[match[2] or "s"]


def _shard(text: str) -> tuple[int, int]:
    """``"3/16"`` → the third of sixteen."""
    match = re.fullmatch(r"(\d+)/(\d+)", text.strip() or "1/1")
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise typer.BadParameter(f"{text!r} is no shard: 1/16 to 16/16.", param_hint="--shard")
    return int(match[1]), int(match[2])


def _stem(source: str) -> str:
    """A file name for what is said of a source."""
    last = source.rstrip("/").rpartition("/")[2]
    return re.sub(r"[^\w.-]", "_", last)[:80].replace("%", "_").lstrip(".") or "backfill"


def _counts(progress: Progress) -> str:
    """``12 documents: 10 done (2 to review), 1 failed, 1 queued``; states that are empty are left out."""
    states = ("done", "failed", "quarantined", "cancelled", "running", "queued")
    held = [f"{getattr(progress, state)} {state}" for state in states if getattr(progress, state)]
    if progress.review:
        held[0] += f" ({progress.review} to review)"
    paused = f"; paused: {progress.paused}" if progress.paused else ""
    return f"crossfoot: {progress.total} documents" + (": " + ", ".join(held) if held else "") + paused


class _Speed:
    """Documents a second, and how long the rest will take."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, progress: Progress, now: float) -> str:
        """``, 12.5/s, 1:02:03 left``; nothing before anything is known."""
        self._seen.append((now, progress.ended))
        while now - self._seen[0][0] > WINDOW_SECONDS and len(self._seen) > 2:
            self._seen.popleft()
        (begun, before), (ended, after) = self._seen[0], self._seen[-1]
        if ended <= begun or after <= before:
            return ""
        speed = (after - before) / (ended - begun)
        left = int((progress.total - progress.ended) / speed)
        return f", {speed:.1f}/s, {left // 3600}:{left // 60 % 60:02d}:{left % 60:02d} left"


@contextmanager
def _display() -> Iterator[Callable[[Progress], None]]:
    """What shows a back-fill's progress: a bar on a terminal, a line for every tenth elsewhere."""
    speed = _Speed()
    if not sys.stderr.isatty():
        yield _Lines(speed).show
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Display

    columns = (BarColumn(), TextColumn("{task.description}", markup=False))
    with Display(*columns, console=Console(stderr=True), transient=True) as display:
        task = display.add_task("", total=None)

        def show(progress: Progress) -> None:
            said = _counts(progress) + speed.note(progress, time.monotonic())
            display.update(task, total=progress.total, completed=progress.ended, description=said)

        yield show


class _Lines:
    """One line for every tenth of the documents, and when they are not taken in, or again."""

    def __init__(self, speed: _Speed) -> None:
        self._shown = (-1, "")
        self._speed = speed

    def show(self, progress: Progress) -> None:
        """What ``backfill.run`` calls about twice a second."""
        said = self._speed.note(progress, time.monotonic())
        now = (progress.ended * 10 // max(1, progress.total), progress.paused)
        if now != self._shown:
            self._shown = now
            typer.echo(_counts(progress) + said, err=True)

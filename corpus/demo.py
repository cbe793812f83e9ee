"""``make demo``: documents of every kind through the real service, and what came of them.

Starts ``crossfoot up`` on a home of its own, drops the demo documents into the inbox, waits, prints what was proved
and repaired, and stops everything it started. The documents and the JSON stay in ``demo/``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from corpus.demo_set import write_demo
from schemas.filing import Filing, from_json
from schemas.filing import Table as FiledTable

FOLDER = Path("demo")
CROSSFOOT = Path(sys.executable).with_name("crossfoot")
PATIENCE_SECONDS = 900.0
LOOK_SECONDS = 0.25
STOP_SECONDS = 30.0
WIDTH = 150  # of the table where there is no terminal to ask
MEANT_TO_FAIL = ("broken", "encrypted")  # what the names of these documents begin with
# the demo shows how it works, not how patient it is with slow copies over a network
SETTINGS = {"CROSSFOOT_WATCH_STABILITY": "0.3", "CROSSFOOT_WATCH_POLLING": "0.1", "CROSSFOOT_SWEEP_SECONDS": "0.5"}


@dataclass(frozen=True, slots=True)
class Job:
    """A line of ``crossfoot jobs ls --json``: the document's name, what became of it, and the figures of its result."""

    name: str
    state: str
    parent: int | None
    seconds: float | None
    sentence: str
    summary: dict[str, Any]

    @property
    def ended(self) -> bool:
        """True in a final state."""
        return self.state not in ("queued", "running")


def run_jobs(home: Path) -> list[Job]:
    """All jobs of a home, oldest first."""
    command = [str(CROSSFOOT), "jobs", "ls", "--json", "--limit", "1000", "--home", str(home)]
    lines = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    return [_job(json.loads(line)) for line in reversed(lines)]


def _job(row: dict[str, Any]) -> Job:
    summary = row["summary"] or {}
    name = row["paths"][0] if row["paths"] else f"job {row['id']}"
    sentence = (row["problem"] or {}).get("detail") or ""
    return Job(name, row["state"], row["parent"], summary.get("seconds"), " ".join(sentence.split()), summary)


@contextmanager
def service(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``crossfoot up``, stopped at the end whatever happens."""
    home.mkdir(parents=True)
    with (home / "up.log").open("wb") as log:
        up = subprocess.Popen(
            [CROSSFOOT, "up", "--home", str(home)],
            env={**os.environ, **SETTINGS},
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is ours to pass on
        )
    try:
        yield up
    finally:
        up.send_signal(signal.SIGINT)
        try:
            up.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(up.pid, signal.SIGKILL)
            up.wait()


def drop(documents: Path, inbox: Path, up: subprocess.Popen[bytes]) -> list[str]:
    """Copy the documents into the inbox, as a person would; their names.

    Raises:
        RuntimeError: the service did not start.
    """
    end = time.monotonic() + 60
    while not inbox.is_dir():
        if up.poll() is not None or time.monotonic() > end:
            raise RuntimeError("crossfoot up did not start")
        time.sleep(LOOK_SECONDS)
    names = sorted(path.name for path in documents.iterdir())
    for name in names:
        shutil.copyfile(documents / name, inbox / name)
    return names


def wait(names: Sequence[str], home: Path, up: subprocess.Popen[bytes], console: Console) -> list[Job]:
    """Until every document lies in ``done/`` or ``failed/`` and no job is left, parts of containers included.

    Raises:
        RuntimeError: the service stopped. TimeoutError: the documents took too long.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=len(names))
        known: set[str] = set()
        while time.monotonic() < end:
            if up.poll() is not None:
                raise RuntimeError("crossfoot up has stopped")
            ended = {n for n in names if (home / "done" / n).exists() or (home / "failed" / n).exists()}
            for name in sorted(ended - known):
                progress.update(task, completed=len(ended), description=name)
                if not console.is_terminal:
                    console.print(f"{len(known) + 1:>3} of {len(names)}  {name}", markup=False, highlight=False)
                known.add(name)
            if len(known) == len(names):
                jobs = run_jobs(home)
                if jobs and all(job.ended for job in jobs):
                    return jobs
            time.sleep(LOOK_SECONDS)
    raise TimeoutError(f"{len(names) - len(known)} documents were not done after {PATIENCE_SECONDS:.0f} s")


def results_table(jobs: Sequence[Job]) -> Table:
    """One line for each document; what failed says why."""
    table = Table(title="What came of the documents", title_justify="left")
    table.add_column("document", overflow="fold")
    table.add_column("route")
    for head in ("tables", "figures", "proved", "repaired", "to review", "seconds"):
        table.add_column(head, justify="right")
    table.add_column("outcome", overflow="fold")
    for job in sorted(jobs, key=lambda job: job.name):
        seconds = "" if job.seconds is None else f"{job.seconds:.1f}"
        if job.state == "done" and "figures" in job.summary:
            counts = [str(job.summary.get(key, "")) for key in ("tables", "figures", "proved", "repaired", "review")]
            outcome = str(job.summary.get("verdict", "")).replace("_", " ")
            table.add_row(escape(job.name), str(job.summary.get("route", "")), *counts, seconds, outcome)
        elif job.state == "done":
            table.add_row(escape(job.name), "container", *[""] * 5, seconds, "its parts have lines of their own")
        else:
            table.add_row(escape(job.name), "", *[""] * 5, seconds, f"[red]{job.state}[/red]: {escape(job.sentence)}")
    return table


def repairs(name: str, filing: Filing) -> Iterator[str]:
    """Each repair of a result in one line: what is printed, what is true, and why."""
    for table in filing.tables:
        for figure in table.figures:
            if figure.repair is not None:
                where = figure_name(table, figure.row, figure.column)
                yield f"{name}: {where}: {figure.raw!r} → {figure.value}, because {figure.repair.reason}"


def figure_name(table: FiledTable, row: int, column: int) -> str:
    """The label of a figure and the last head of its column, as a reader would call it."""
    heads = table.columns[column].heads
    return f"{table.rows[row].label} ({heads[-1]})" if heads else table.rows[row].label


def show(jobs: Sequence[Job], home: Path, console: Console) -> None:
    """Print the table, the repairs, and where the JSON lies."""
    console.print(results_table(jobs))
    lines: list[str] = []
    for job in jobs:
        result = home / "results" / f"{job.name}.json"
        if job.state == "done" and result.is_file():
            lines += repairs(job.name, from_json(result.read_bytes()))
    console.print("\n[bold]Repairs[/bold] (printed → true)" if lines else "\nNothing had to be repaired.")
    for line in lines:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"\nThe JSON lies in {home / 'results'}, the documents in {FOLDER / 'documents'};", highlight=False)
    console.print(f"what should be looked at in {home / 'review'}, what failed in {home / 'failed'}.", highlight=False)


def main() -> int:
    """Run the demo; 0 where every document ended as it should."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    shutil.rmtree(FOLDER, ignore_errors=True)
    home = FOLDER / "home"
    console.print("Making the documents …", highlight=False)
    names = write_demo(FOLDER / "documents")
    try:
        with service(home) as up:
            console.print(f"Dropping {len(names)} documents into {home / 'inbox'} …", highlight=False)
            jobs = wait(drop(FOLDER / "documents", home / "inbox", up), home, up, console)
        show(jobs, home, console)
    except KeyboardInterrupt:
        return 130
    except (RuntimeError, TimeoutError) as error:
        console.print(f"demo: {error}; {home / 'up.log'} says:", markup=False)
        console.print((home / "up.log").read_text(errors="replace")[-4000:], markup=False)
        return 1
    surprising = [job.name for job in jobs if job.state != "done" and not job.name.startswith(MEANT_TO_FAIL)]
    surprising = [name for name in surprising if name in names]  # a part may be a picture
    for name in surprising:
        console.print(f"demo: {name} should have been converted", markup=False, highlight=False)
    return 1 if surprising else 0


if __name__ == "__main__":
    sys.exit(main())

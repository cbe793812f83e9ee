"""What rows and sandbox cost a document, beside the reading of it; and what becomes of it with two workers.

    python benchmarks/overhead.py --documents 200

A document that needs no work goes the way of all others, in one process: written down, claimed, fetched, converted in
a child, stored, committed. Median milliseconds of each step, on SQLite and on PostgreSQL, in the folder for temporary
files: on a slow disk it is the disk that is measured.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.fakes.postgres import Postgres
from tests.fakes.running import FAST
from worker.blobs import Blobs
from worker.converting import conversion
from worker.converting.conversion import convert_job
from worker.converting.sandbox import Sandbox
from worker.database import Database
from worker.jobs import deliveries, leases
from worker.jobs.deliveries import Arrival
from worker.processes.supervisor import make_folders
from worker.settings import Settings, engine_name

DEMAND_MS = 30.0
STEPS: tuple[tuple[Any, str, str], ...] = (
    (leases, "claim", "claim"),
    (leases, "finish", "commit"),
    (conversion, "_keep", "store the result"),
    (Sandbox, "run", "child"),
)


@contextlib.contextmanager
def timed(taken: dict[str, list[float]]) -> Iterator[None]:
    """Note how long each step takes, while it lasts."""
    kept = [(place, name, place.__dict__[name]) for place, name, _ in STEPS]
    for place, name, label in STEPS:
        setattr(place, name, _wrap(getattr(place, name), taken[label]))
    try:
        yield
    finally:
        for place, name, before in kept:
            setattr(place, name, before)


def _wrap(function: Callable[..., Any], into: list[float]) -> Any:
    def run(*args: Any, **kwargs: Any) -> Any:
        begun = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            into.append(time.perf_counter() - begun)

    return run


def measure(settings: Settings, documents: int) -> dict[str, list[float]]:
    """Seconds of each step of each document, the first few left out."""
    taken: dict[str, list[float]] = defaultdict(list)
    blobs = Blobs(settings.blobs)
    with Database.open(settings) as db, Sandbox(settings) as sandbox:
        sandbox.warm()
        with timed(taken):
            for number in range(documents + 5):
                if number == 5:
                    for seconds in taken.values():
                        seconds.clear()
                begun = time.perf_counter()
                stored = blobs.put_bytes(f"{number}\n".encode())
                arrival = Arrival(f"{number}.txt", stored.sha256, 9, "text", "normal", engine_name(), None)
                job = deliveries.arrive(db, arrival, time.time())
                taken["take in"].append(time.perf_counter() - begun)
                begun = time.perf_counter()
                ending = convert_job(settings, sandbox, job)
                taken["claim to commit"].append(time.perf_counter() - begun)
                if ending != "done":
                    raise RuntimeError(ending)
    return taken


def show(taken: dict[str, list[float]]) -> float:
    """Print medians; that of the whole, in milliseconds."""
    medians = {label: statistics.median(seconds) * 1000 for label, seconds in taken.items()}
    for label in ("take in", "claim to commit", *(label for _, _, label in STEPS)):
        print(f"  {label:18} {medians[label]:6.1f} ms")
    return medians["claim to commit"] + medians["take in"]


def main() -> int:
    """Measure on both databases; 1 where it costs more than is allowed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--folder", help="on the disk that is to be measured")
    asked = parser.parse_args()
    good = True
    for database in ("sqlite", "postgresql"):
        folder = Path(tempfile.mkdtemp(prefix="overhead-", dir=asked.folder))
        with Postgres() if database == "postgresql" else contextlib.nullcontext() as server:
            url = server.make_database() if server is not None else ""
            settings = replace(FAST, home=folder / "home", database_url=url)
            make_folders(settings)
            print(f"{database}, load {os.getloadavg()[0]:.1f}")
            whole = show(measure(settings, asked.documents))
            good = whole <= DEMAND_MS and good
            print(f"  all                {whole:6.1f} ms  (demand: {DEMAND_MS:.0f})")
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

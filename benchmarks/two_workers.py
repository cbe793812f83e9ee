"""Two workers against one, on scans, with one page of a document at a time: how much more do they do?

    python benchmarks/two_workers.py --documents 4 --copies 4 [--rounds 2]

Real workers (``crossfoot worker --concurrency 1``) with the real readers, which read one page after the other
(``pages_at_once``); the same jobs for one and for two, all of them waiting before the first is claimed; seconds from
the first claim to the last result, by the rows. Each worker has done a document before: nothing is loaded any more.
On a machine with two cores anybody else who works takes from two workers what one does not miss: what others have used
meanwhile is printed beside it, and so is what the CPU alone would allow (twice, less what a document costs more where
two are read side by side).
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.no_redis import CROSSFOOT
from corpus.scans import VARIANT, write_scans
from worker.blobs import Blobs
from worker.database import Database
from worker.jobs import deliveries
from worker.jobs.deliveries import NOWHERE, Arrival
from worker.processes import own_redis
from worker.processes.services import Service
from worker.processes.supervisor import make_folders
from worker.settings import Settings, engine_name

DEMAND: Final = 1.7
# cores that others use: from here on the wall clock says as much about them as about us
QUIET: Final = 0.2
LONGEST_SECONDS: Final = 3600.0
TICKS: Final = os.sysconf("SC_CLK_TCK")
KEYS: Final = 1000


@dataclass(frozen=True, slots=True)
class Run:
    """What some workers have done: seconds of wall clock, CPU seconds of theirs, CPU seconds of everybody else."""

    seconds: float
    ours: float
    others: float

    def line(self, workers: int, jobs: int) -> str:
        """What is printed of it."""
        name = "1 worker " if workers == 1 else f"{workers} workers"
        cores = f"{self.ours / self.seconds:.2f} cores of ours, {self.others / self.seconds:.2f} of others"
        return f"  {name} {self.seconds:7.1f} s, {self.ours / jobs:6.2f} CPU s a document, {cores}"


def measure(folder: Path, documents: Sequence[bytes], copies: int, workers: int) -> Run:
    """Have so many workers convert each document so often.

    Raises:
        RuntimeError: they do not do it.
    """
    (folder / "redis").mkdir(parents=True, exist_ok=True)
    own = own_redis.prepare(folder / "redis")
    home = folder / f"home-{workers}"
    one_page = replace(Settings(), home=home, concurrency=1, pages_at_once=1, reserve_mb=0)
    settings = replace(one_page, redis_url=own.url, sweep_seconds=0.2, deadline_seconds=600.0)
    make_folders(settings)
    with ExitStack() as stack, Database.open(settings) as db:
        broker = Service("redis", own.command, {}, folder, folder / "redis.log")
        broker.start()
        stack.callback(broker.kill)
        own_redis.wait_until_ready(own.url, 10)
        roles = [("sweeper",), *((("worker", "--concurrency", "1"),) * workers)]
        for number, words in enumerate(roles):
            name = f"w{number}"
            role = replace(settings, worker=name)
            service = Service(name, [*CROSSFOOT, *words], role.environment(), home, home / f"{name}.log")
            service.start()
            stack.callback(service.kill)
        # more than there are workers: whoever is late has one left
        _hand_in(db, settings, documents[:1], range(KEYS, KEYS + 2 * workers))
        _wait(db)
        groups = _groups(home)
        before = _used(groups), _busy()
        jobs = _hand_in(db, settings, documents, range(copies))
        _wait(db)
        after = _used(groups), _busy()
        (row,) = db.rows(
            "SELECT max(finished_at) - min(claimed_at) AS seconds, count(DISTINCT id) AS jobs FROM jobs"
            " WHERE state = 'done' AND key_id < ?",
            (KEYS,),
        )
    if row["jobs"] != jobs:
        raise RuntimeError(f"{row['jobs']} of {jobs} documents were converted; see {home}")
    ours = after[0] - before[0]
    return Run(row["seconds"], ours, max(0.0, after[1] - before[1] - ours))


def _hand_in(db: Database, settings: Settings, documents: Sequence[bytes], keys: range) -> int:
    """Write jobs down, all at once; the same bytes under another key are another job."""
    blobs = Blobs(settings.blobs)
    stored = [blobs.put_bytes(data) for data in documents]
    with db.transaction():
        for key in keys:
            for number, one in enumerate(stored):
                arrival = Arrival(f"{number}.pdf", one.sha256, one.size, "ocr", "normal", engine_name(), None)
                deliveries.arrive(db, replace(arrival, key_id=key, site=NOWHERE), time.time())
    return len(keys) * len(stored)


def _wait(db: Database) -> None:
    """Wait until no job is left."""
    until = time.monotonic() + LONGEST_SECONDS
    while db.row("SELECT 1 FROM jobs WHERE state IN ('queued', 'running') LIMIT 1") is not None:
        if time.monotonic() > until:
            raise RuntimeError("it takes too long")
        time.sleep(0.2)


def _groups(home: Path) -> set[int]:
    """The process groups of a home's services."""
    mark, found = f"CROSSFOOT_HOME={home}".encode(), set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.add(os.getpgid(int(process.name)))
        except OSError:
            continue
    return found


def _used(groups: set[int]) -> float:
    """CPU seconds of the processes of some groups, and of all that they have waited for."""
    ticks = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) in groups:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                ticks += sum(map(int, fields[11:15]))
        except OSError:
            continue
    return ticks / TICKS


def _busy() -> float:
    """CPU seconds that the machine has worked, for whomever."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _waiting, *rest = map(int, fields[:8])
    return (user + nice + system + sum(rest)) / TICKS


def main() -> int:
    """Measure in turn; 1 where two workers do too little."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=4)
    parser.add_argument("--copies", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=5)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="two-workers-"))
    write_scans(folder / "scans", asked.seed, asked.documents)
    documents = [path.read_bytes() for path in sorted((folder / "scans").glob(f"*/{VARIANT}.pdf"))]
    jobs = len(documents) * asked.copies
    print(f"{jobs} scans, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    runs: dict[int, list[Run]] = {1: [], 2: []}
    for number in range(asked.rounds):
        for workers, done in runs.items():
            done.append(measure(folder / str(number), documents, asked.copies, workers))
            print(done[-1].line(workers, jobs), flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    faster = statistics.median(r.seconds for r in runs[1]) / statistics.median(r.seconds for r in runs[2])
    allowed = 2 * statistics.median(r.ours for r in runs[1]) / statistics.median(r.ours for r in runs[2])
    others = statistics.mean(r.others / r.seconds for r in runs[2])
    print(f"  two workers: {faster:.2f} x one (demand: {DEMAND}); by the CPU alone {allowed:.2f} x")
    if others > QUIET:
        print(f"  others have used {others:.2f} cores beside the two: measure again when the machine is quiet")
    return 0 if faster >= DEMAND else 1


if __name__ == "__main__":
    sys.exit(main())

"""A million rows of back-fill: how long they take to write, what that costs, and who has to wait for them.

    python benchmarks/backfill.py --documents 1000000

Prints seconds and memory of the enqueuer, memory of Redis and the time of a sweep while all of them wait, and how long
after an upload (a name that the inbox would write) a worker claims it while a back-fill is being enqueued and worked
on. Documents of the back-fill do not exist: each costs a claim and an answer, and no conversion.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import redis

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.fakes.postgres import Postgres
from tests.fakes.running import FAST, Up, wait_for
from worker.blobs import open_blobs
from worker.database import Database
from worker.jobs import deliveries
from worker.jobs.deliveries import Arrival
from worker.processes import own_redis
from worker.processes.services import Service
from worker.processes.supervisor import make_folders
from worker.processes.sweeper import Sweeper
from worker.settings import Settings, engine_name

SECONDS, REDIS_BYTES, SWEEP_SECONDS, WAIT_SECONDS = 300.0, 10_000_000, 0.2, 2.0
# a child of its own, so that its memory is that of the enqueuer and of nothing else
ENQUEUE = """
import resource, sys, time
from worker import backfill
from worker.settings import load
seen = []
def tell(progress):
    seen.append((progress.total, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))
begun = time.monotonic()
total = backfill.run(sys.argv[1], load(), backfill.Options(wait=False), tell).total
early = next((mb for done, mb in seen if done >= total // 20), 0)
print(total, time.monotonic() - begun, early, seen[-1][1])
"""


def enqueue(settings: Settings, manifest: Path) -> tuple[int, float, int, int]:
    """Rows, seconds, megabytes after a twentieth of the rows and at the end."""
    command = [sys.executable, "-P", "-c", ENQUEUE, str(manifest)]
    said = subprocess.run(command, env=settings.environment(), stdout=subprocess.PIPE, check=True).stdout.split()
    return int(said[0]), float(said[1]), int(said[2]), int(said[3])


@contextlib.contextmanager
def some_redis(folder: Path) -> Iterator[str]:
    """A Redis for a home that is not served; its URL."""
    own = own_redis.prepare(folder)
    service = Service("redis", own.command, {}, folder, folder / "redis.log")
    service.start()
    own_redis.wait_until_ready(own.url, 10)
    yield own.url
    service.kill()


def sweep(settings: Settings) -> tuple[float, int]:
    """The longest of ten sweeps with their hints, and the bytes of Redis after them."""
    with Database.open(settings) as db:
        sweeper = Sweeper(settings, db)
        taken = []
        for _ in range(10):
            begun = time.monotonic()
            sweeper.sweep(time.time())
            sweeper.hint(time.time(), again=True)
            taken.append(time.monotonic() - begun)
    with redis.Redis.from_url(settings.redis_url) as client:
        return max(taken[1:]), int(client.info("memory")["used_memory"])


def upload(settings: Settings, times: int) -> list[float]:
    """Seconds from the answer to an upload until its claim."""
    waited = []
    blobs = open_blobs(settings)
    with Database.open(settings) as db:
        for number in range(times):
            text = f"upload {number} {time.time()}\n".encode()
            stored = blobs.put_bytes(text)
            name = f"upload-{number}.txt"
            arrival = Arrival(name, stored.sha256, stored.size, "text", "interactive", engine_name(), None)
            begun = time.time()
            job = deliveries.arrive(db, arrival, begun)

            def claimed(job: int = job) -> float | None:
                row = db.row("SELECT claimed_at FROM jobs WHERE id = ?", (job,))
                return float(row["claimed_at"]) if row is not None and row["claimed_at"] else None

            waited.append(wait_for(claimed, 60.0) - begun)
            time.sleep(0.2)
    return waited


def show(label: str, value: str, demand: str, good: bool) -> bool:
    """One line; whether it is as demanded."""
    print(f"  {label:38} {value:>12}  {demand}{'' if good else '  MISSED'}", flush=True)
    return good


def measure(settings: Settings, manifest: Path, uploads: int) -> bool:
    """Everything on one home; whether it is as demanded."""
    make_folders(settings)
    with some_redis(settings.redis) as url:
        total, seconds, early, late = enqueue(settings, manifest)
        scale = total / 1_000_000
        good = show(f"rows written: {total:,}", f"{seconds:.0f} s", "< 300 s a million", seconds <= SECONDS * scale)
        flat = late <= early * 1.25 + 5
        good &= show("memory of the enqueuer", f"{early}-{late} MB", "flat", flat)
        took, used = sweep(replace(settings, redis_url=url))
        good &= show("longest sweep", f"{took * 1000:.0f} ms", "< 200 ms", took < SWEEP_SECONDS)
        good &= show("Redis", f"{used / 1e6:.1f} MB", "< 10 MB", used < REDIS_BYTES)
    with Up(settings.home, settings):
        upload(settings, 3)  # the workers are up
        waited = upload(settings, uploads)
        good &= show_waits("upload to claim, rows waiting", waited)
        more = manifest.with_name("more.txt")
        write_manifest(more, max(1, total // 5))
        second = threading.Thread(target=enqueue, args=(settings, more))
        second.start()
        waited = upload(settings, uploads)
        second.join()
        good &= show_waits("upload to claim, rows being written", waited)
    return good


def show_waits(label: str, waited: list[float]) -> bool:
    """Median and 95th percentile."""
    worst = statistics.quantiles(waited, n=20)[-1]
    value = f"{statistics.median(waited):.2f}/{worst:.2f} s"
    return show(label, value, "median/p95, p95 < 2 s", worst < WAIT_SECONDS)


def write_manifest(path: Path, documents: int) -> None:
    """A list of documents that are nowhere."""
    with path.open("w", encoding="ascii") as file:
        for number in range(documents):
            mark = hashlib.sha256(f"{path.name}{number}".encode()).hexdigest()[:12]
            file.write(f'{{"uri": "file:///nowhere/{path.stem}/{number // 1000}/{mark}.htm"}}\n')


def main() -> int:
    """Measure on the databases that were asked for; 1 where something is not as demanded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--uploads", type=int, default=40)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    asked = parser.parse_args()
    good = True
    for database in ("sqlite", "postgresql") if asked.database == "both" else (asked.database,):
        folder = Path(tempfile.mkdtemp(prefix="backfill-"))
        write_manifest(folder / "list.jsonl", asked.documents)
        print(f"{database}, load {Path('/proc/loadavg').read_text().split()[0]}", flush=True)
        with Postgres() if database == "postgresql" else contextlib.nullcontext() as server:
            url = server.make_database() if server is not None else ""
            settings = replace(FAST, home=folder / "home", database_url=url, sweep_seconds=5.0, watch_polling=1.0)
            good = measure(settings, folder / "list.jsonl", asked.uploads) and good
        shutil.rmtree(folder, ignore_errors=True)
    print(f"memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

"""A crash at every step of ingest, claim, work, commit, delivery and outbox: nothing is lost, nothing happens twice.

``CRASH_EVERYWHERE=1 pytest tests/worker/test_crashes*.py`` takes every step on PostgreSQL as well.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.fakes import crashing
from tests.fakes.claims import claim_next
from tests.fakes.running import wait_for
from worker import results
from worker.blobs import open_blobs
from worker.database import Database
from worker.inbox import Inbox
from worker.jobs import deliveries, leases
from worker.jobs.leases import Claim, Part
from worker.naming import path_of_uri, uri_of_path
from worker.processes.supervisor import make_folders
from worker.settings import Settings

LEASE = 30.0
# into so many test cases the steps are split, so that they can run beside each other
SHARES = 4
# set: all steps on PostgreSQL too
EVERYWHERE = "CRASH_EVERYWHERE" in os.environ
CASES = [
    (database, share)
    for database in ("sqlite", "postgresql")
    for share in range(SHARES if database == "sqlite" or EVERYWHERE else 1)
]
# what must be among the steps, or the test tests nothing: ingest, claim, commit, outbox, delivery
NAMED = {
    "inbox": ("rename work/…/a.txt", "rename blobs/", "INSERT INTO jobs(sha256,", "INSERT INTO deliveries(job_id,"),
    "container": ("INSERT INTO jobs(sha256,", "UPDATE jobs SET owner", "rename results/c.zip/index.json"),
    "backfill": ("INSERT INTO jobs", "UPDATE jobs SET sha256", "UPDATE deliveries SET base"),
}
ALWAYS = (
    *("UPDATE jobs SET state", "UPDATE jobs SET owner", "INSERT INTO results(job_id,", "INSERT INTO outbox"),
    *("COMMIT", "rename results/", "UPDATE deliveries SET delivered_at"),
)


def settings_of(home: Path, url: str) -> Settings:
    """The settings of every process of the home."""
    return replace(
        Settings(), home=home, database_url=url, watch_stability=0.05, lease_seconds=LEASE, reserve_mb=0, site="here"
    )


def live(home: Path, url: str, door: str, now: float) -> None:
    """Everything the service does with what waits at a door, in one process, until nothing is left to do."""
    settings = settings_of(home, url)
    with Database.open(settings) as db:
        if door == "backfill":
            source = home / "archive" / "a.txt"
            rows = [
                deliveries.Planned("a.txt", uri_of_path(source), "text"),
                deliveries.Planned("twin.txt", uri_of_path(source.with_name("twin")), "text"),
            ]
            deliveries.plan(db, "archive", rows, "e 1", now, "here")
        else:
            inbox = Inbox(settings, db)
            inbox.recover()
            inbox.look(time.monotonic())
            inbox.look(time.monotonic() + 10)
        leases.expire(db, settings, now)
        while held := claim_next(db, settings, QUEUES[door], "someone", now) or claim_next(
            db, settings, (QUEUES[door][0], "text"), "someone", now
        ):
            convert(settings, db, held, now)
        while results.deliver(settings, db):
            pass


QUEUES = {"inbox": ("normal", "text"), "container": ("normal", "text"), "backfill": ("backfill", "text")}


def convert(settings: Settings, db: Database, held: Claim, now: float) -> None:
    """What a worker does with a job it holds; the reading itself is not the point."""
    store = open_blobs(settings)
    sha256 = held.sha256
    if sha256 is None:
        stored = store.put_file(path_of_uri(held.uri or ""), 1000)
        if not leases.attach(db, held, stored.sha256, stored.size, now):
            return
        sha256 = stored.sha256
    data = store.read(sha256)
    if data.startswith(b"container") and held.depth == 0:
        parts = []
        for number, text in enumerate((b"one", b"two"), start=1):
            stored = store.put_bytes(text)
            parts.append(Part(number, f"{number}.txt", stored.sha256, stored.size, "text", '{"in":"c"}'))
        listed = [{"number": p.number, "name": p.name, "sha256": p.sha256} for p in parts]
        index = store.put_bytes(json.dumps({"container": {}, "outcome": "complete", "parts": listed}).encode())
        assert leases.finish_container(db, held, (index.sha256, index.size), leases.Opened(tuple(parts)), now) == "done"
        return
    result = store.put_bytes(b"result of " + data)
    assert leases.finish(db, held, (result.sha256, result.size), {"review": 0}, now) == "done"


@pytest.fixture
def scene(database_url: str) -> Iterator[tuple[Path, str]]:
    """A home with somebody who wants to be told; in memory, where there is room: what is killed is the process only."""
    memory = Path("/dev/shm")  # noqa: S108 - the name in it is random
    folder = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None))
    home = folder / "home"
    with Database.open(settings_of(home, database_url)) as db:
        db.execute("INSERT INTO endpoints(url, secret, created_at) VALUES ('https://x', 's', 0)")
    yield home, database_url
    shutil.rmtree(folder)


def bury(url: str) -> None:
    """Wait until the server has noticed who died: until then it keeps the rows that were locked from everybody."""
    if not url:
        return
    alive = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    with psycopg.connect(url, autocommit=True) as connection:
        others = f"{alive} AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        wait_for(lambda: connection.execute(others.encode()).fetchone() is None)


def prepare(home: Path, url: str, door: str) -> None:
    """A document at the door, everything else as new."""
    settings = settings_of(home, url)
    make_folders(settings)
    with Database.open(settings) as db:
        tables = ("outbox", "results", "idempotency", "deliveries", "names", "jobs", "documents")
        with db.transaction():
            for table in tables:
                db.execute("DELETE FROM " + table)  # noqa: S608 - names of ours
    for folder in settings.folders():
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    (home / "archive").mkdir(exist_ok=True)
    (home / "archive" / "a.txt").write_text("text")
    (home / "archive" / "twin").write_text("text")
    if door == "inbox":
        (home / "inbox" / "a.txt").write_text("text")
        (home / "inbox" / "a.txt.password").write_text("x")
    elif door == "container":
        (home / "inbox" / "c.zip").write_text("container")


EXPECTED = {
    "inbox": {"a.txt.json": b"result of text"},
    "container": {
        "c.zip/01-1.txt.json": b"result of one",
        "c.zip/02-2.txt.json": b"result of two",
        "c.zip/index.json": b"",
    },
    "backfill": {"a.txt.json": b"result of text", "twin.txt.json": b"result of text"},
}
JOBS = {"inbox": 1, "container": 3, "backfill": 1}


def check(home: Path, url: str, door: str) -> None:
    """What must hold whatever has happened."""
    settings = settings_of(home, url)
    found = {p.relative_to(settings.results).as_posix(): p.read_bytes() for p in settings.results.rglob("*.json")}
    assert {name: data if not name.endswith("index.json") else b"" for name, data in found.items()} == EXPECTED[door]
    assert [*settings.inbox.rglob("*"), *settings.work.iterdir()] == []
    if door != "backfill":
        assert len([p for p in settings.done.rglob("*") if p.is_file()]) == (2 if door == "inbox" else 1)
    store = open_blobs(settings)
    for kept in store.list():
        assert hashlib.sha256(store.read(kept.sha256)).hexdigest() == kept.sha256
    with Database.open(settings) as db:
        jobs = db.rows("SELECT * FROM jobs")
        assert len(jobs) == JOBS[door]
        assert {(job["state"], job["attempt"] <= 2, job["password"]) for job in jobs} == {("done", True, None)}
        assert sorted(row["job_id"] for row in db.rows("SELECT job_id FROM results")) == sorted(j["id"] for j in jobs)
        told = [(row["job_id"], row["event"]) for row in db.rows("SELECT job_id, event FROM outbox ORDER BY job_id")]
        assert told == sorted((job["id"], "job.completed") for job in jobs)
        assert db.rows("SELECT 1 FROM deliveries WHERE delivered_at IS NULL") == []
        assert all(store.find(job["sha256"]) and store.find(job["result_sha256"]) for job in jobs)


def steps_of_share(steps: Sequence[str], named: Sequence[str], url: str, share: int) -> list[int]:
    """The numbers of the steps at which one test case kills: the cases take them in turn.

    On PostgreSQL, where each takes much longer, the first and the last of every name unless all are asked for.
    """
    numbers = range(1, len(steps) + 1)
    if not url or EVERYWHERE:
        return list(numbers[share::SHARES])
    of_name = [[number for number in numbers if name in steps[number - 1]] for name in named]
    return sorted({number for found in of_name for number in (found[0], found[-1])})


@pytest.mark.slow
@pytest.mark.parametrize(("database_url", "share"), CASES, indirect=["database_url"])
@pytest.mark.parametrize("door", ["inbox", "container", "backfill"])
def test_a_crash_at_any_step_loses_nothing_and_doubles_nothing(scene: tuple[Path, str], door: str, share: int) -> None:
    """Killed at each step in turn, then started again: one job, one result, one event, every file where it belongs."""
    home, url = scene
    prepare(home, url, door)
    steps = crashing.run(live, home, url, door, 1000.0)
    check(home, url, door)
    named = (*NAMED[door], *ALWAYS)
    for name in named:
        assert any(name in step for step in steps), f"no step is {name}: {steps}"
    for number in steps_of_share(steps, named, url, share):
        prepare(home, url, door)
        crashing.run(live, home, url, door, 1000.0, crash_at=number)
        bury(url)
        live(home, url, door, 1000.0 + LEASE + 1)
        try:
            check(home, url, door)
        except AssertionError as error:
            raise AssertionError(f"killed at {steps[number - 1]!r} ({number} of {len(steps)}): {error}") from error

"""A crash at every step of an upload's life: taken in, worked on, told, corrected, told again; nothing is lost."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest

from schemas.filing import Filing, from_json, to_json
from tests.fakes import crashing, engine
from tests.worker.test_crashes import CASES, LEASE, bury, settings_of, steps_of_share
from worker.api import stored, submitting
from worker.api.models import Callback
from worker.api.submitting import Submission
from worker.blobs import open_blobs
from worker.confinement.outcomes import RESULT
from worker.converting.conversion import convert_job
from worker.converting.sandbox import Ended, Request, Sandbox
from worker.database import Database
from worker.jobs import leases
from worker.jobs.corrections import Correction, apply_corrections, keep, summarize
from worker.jobs.corrections.rows import Change, Speaker, Version, add_version, list_corrections
from worker.processes.supervisor import make_folders
from worker.processes.sweeper import remove_leftovers
from worker.settings import Settings
from worker.webhooks import dispatch
from worker.webhooks.sending import Sent

TEXT = b"Cash\n"
# what a dispatcher that was killed held is due again by then
LATER = LEASE + dispatch.LEASE_SECONDS + 1
# ingest, claim, work, commit, outbox and its dispatch, correction
NAMED = (
    *("rename blobs/", "INSERT INTO idempotency(key_id,", "INSERT INTO jobs(sha256,", "INSERT INTO endpoints(key_id,"),
    *("UPDATE jobs SET state", "mkdir scratch/", "UPDATE jobs SET owner", "INSERT INTO results(job_id,"),
    *("rmdir scratch/", "INSERT INTO reviews(job_id,", "INSERT INTO outbox", "UPDATE outbox SET tries"),
    *("UPDATE outbox SET ended_at", "UPDATE jobs SET result_sha256", "INSERT INTO corrections", "UPDATE reviews SET"),
)


def reading() -> Filing:
    """A result with a figure that needs review."""
    made = engine.convert(TEXT)
    figure = made.tables[0].figures[0].model_copy(update={"needs_review": True, "confidence": 0.5})
    return made.model_copy(update={"tables": (made.tables[0].model_copy(update={"figures": (figure,)}),)})


class Child:
    """A stand-in for the sandbox that writes the result."""

    def run(self, request: Request, _renew: Callable[[], bool], _seconds: float) -> Ended:
        """Convert."""
        Path(request.folder, RESULT).write_bytes(to_json(reading()))
        sha256 = hashlib.sha256(Path(request.source).read_bytes()).hexdigest()
        return Ended("ended", {"state": "converted", "sha256": sha256, **summarize(reading())}, "", "")


def live(home: Path, url: str, ahead: float) -> None:
    """A client that sends until it is answered, a worker, a reviewer, a dispatcher; until nothing is left to do.

    ``ahead``: so many seconds later than it is.
    """
    settings = settings_of(home, url)
    with Database.open(settings) as db:
        remove_leftovers(settings, db)
        job = upload(settings, db, time.time())
        leases.expire(db, settings, time.time() + ahead)
        while db.row("SELECT 1 FROM jobs WHERE state = 'queued'") is not None:
            assert convert_job(settings, cast("Sandbox", Child()), job) == "done"
        if not list_corrections(db, job):
            correct(settings, db, job, time.time())
        while messages := dispatch.claim(db, {}, 100, time.time() + ahead):
            for due in messages:
                with (home.parent / "sent").open("ab") as sent:
                    sent.write(due.message.id.encode() + b"\n")
                dispatch.settle(db, due, Sent(200, None), time.time() + ahead)
        remove_leftovers(settings, db)  # as the sweeper does again and again: who held them is known to be dead by now


def upload(settings: Settings, db: Database, now: float) -> int:
    """What the API does with a document, before it answers."""
    kept = stored.put_stream(settings, io.BytesIO(TEXT))
    new = Submission(
        key_id=0,
        sha256=kept.sha256,
        size=kept.size,
        kind="text",
        urgency="interactive",
        profile="default",
        engine="e 1",
        name="a.txt",
        metadata={"id": 7},
        idempotency="once",
        request="r",
        callbacks=(Callback(url="https://x/job"),),
    )
    return submitting.submit(db, new, now).job_id


def correct(settings: Settings, db: Database, job: int, now: float) -> None:
    """What the API does with a correction, before it answers."""
    store = open_blobs(settings)
    row = db.row("SELECT result_sha256 FROM jobs WHERE id = ?", (job,))
    assert row is not None
    before = from_json(store.read(row["result_sha256"]))
    said = Correction(figure=before.tables[0].figures[0].id, value="2")
    after = apply_corrections(before, [said])
    put = store.put_bytes(to_json(after))
    version = Version(put.sha256, put.size, summarize(after))
    change = Change(row["result_sha256"], version, [keep(before, said)], Speaker("ann", 0))
    assert add_version(db, job, change, now)


def prepare(home: Path, url: str) -> None:
    """A home as new, with somebody who wants to be told of everything."""
    settings = settings_of(home, url)
    make_folders(settings)
    for folder in (settings.blobs, settings.scratch):
        shutil.rmtree(folder)
        folder.mkdir()
    with suppress(FileNotFoundError):
        (home.parent / "sent").unlink()
    with Database.open(settings) as db, db.transaction():
        for table in ("outbox", "endpoints", "idempotency", "results", "deliveries", "jobs", "documents"):
            db.execute("DELETE FROM " + table)  # noqa: S608 - names of ours
        db.execute("INSERT INTO endpoints(url, secret, created_at) VALUES ('https://x', 's', 0)")


def check(home: Path, url: str) -> None:
    """What must hold whatever has happened."""
    settings = settings_of(home, url)
    store = open_blobs(settings)
    assert list(settings.scratch.iterdir()) == []
    with Database.open(settings) as db:
        (job,) = db.rows("SELECT * FROM jobs")
        assert (job["state"], job["attempt"] <= 2, job["metadata"]) == ("done", True, '{"id": 7}')
        assert [row["job_id"] for row in db.rows("SELECT job_id FROM idempotency")] == [job["id"]]
        versions = db.rows("SELECT version, sha256 FROM results ORDER BY version")
        assert [row["version"] for row in versions] == [1, 2]
        assert job["result_sha256"] == versions[1]["sha256"]
        assert from_json(store.read(job["result_sha256"])).tables[0].figures[0].value == "2"
        assert len(list_corrections(db, job["id"])) == 1
        assert [row["state"] for row in db.rows("SELECT state FROM reviews")] == ["resolved"]
        told = db.rows("SELECT id, event, ended_at FROM outbox")
        once = ("job.completed", "result.superseded", "review.requested", "review.resolved")
        assert sorted(row["event"] for row in told) == sorted(once * 2)
        assert all(row["ended_at"] is not None for row in told)
        sent = set((home.parent / "sent").read_text().split())
        assert sent == {f"msg_{row['id']}" for row in told}
    for kept in store.list():
        assert hashlib.sha256(store.read(kept.sha256)).hexdigest() == kept.sha256


@pytest.fixture
def scene(database_url: str) -> Iterator[tuple[Path, str]]:
    """A home on either database; in memory, where there is room: what is killed is the process only."""
    memory = Path("/dev/shm")  # noqa: S108 - the name in it is random
    folder = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None))
    yield folder / "home", database_url
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.parametrize(("database_url", "share"), CASES, indirect=["database_url"])
def test_a_crash_at_any_step_of_an_upload_s_life_loses_nothing(scene: tuple[Path, str], share: int) -> None:
    """Killed at each step in turn, then started again: one job, both versions, one correction, each event told."""
    home, url = scene
    prepare(home, url)
    steps = crashing.run(live, home, url, 0.0)
    check(home, url)
    for name in NAMED:
        assert any(name in step for step in steps), f"no step is {name}: {steps}"
    for number in steps_of_share(steps, NAMED, url, share):
        prepare(home, url)
        crashing.run(live, home, url, 0.0, crash_at=number)
        bury(url)
        live(home, url, LATER)
        try:
            check(home, url)
        except AssertionError as error:
            raise AssertionError(f"killed at {steps[number - 1]!r} ({number} of {len(steps)}): {error}") from error

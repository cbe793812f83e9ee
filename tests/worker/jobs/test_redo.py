"""Trying again what has failed, and converting again what needs a password that the rows have forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import CrossfootError, EncryptedError, UnreadableError
from tests.fakes.scripted import KEY
from worker import results
from worker.blobs import open_blobs
from worker.database import Database
from worker.jobs import deliveries, leases, redo
from worker.jobs.deliveries import Arrival
from worker.jobs.jobs import Jobs
from worker.jobs.leases import Claim
from worker.jobs.redo import Wanted
from worker.settings import Settings, engine_name

OLD, NEW = "e 1", "e 2"


def arrive(home: Settings, db: Database, name: str) -> int:
    """A document that was dropped with its password beside it, and lies in ``work/``; its job."""
    folder = home.work / name
    folder.mkdir()
    (folder / name).write_text(name)
    (folder / f"{name}.password").write_text(KEY)
    stored = open_blobs(home).put_bytes(name.encode())
    return deliveries.arrive(db, Arrival(name, stored.sha256, 1, "text", "normal", OLD, name, KEY), 1.0)


def claimed(home: Settings, db: Database, job: int) -> Claim:
    """The job, claimed."""
    held = leases.claim(db, home, job, "o", 2.0)
    assert held is not None
    return held


def finish(home: Settings, db: Database, job: int) -> None:
    """The job is done, and its file lies in ``done/``."""
    stored = open_blobs(home).put_bytes(b"result of %d" % job)
    assert leases.finish(db, claimed(home, db, job), (stored.sha256, stored.size), {}, 3.0) == "done"
    results.deliver(home, db)


def fail(home: Settings, db: Database, job: int, error: CrossfootError) -> None:
    """The job has failed, and its file lies in ``failed/``."""
    leases.fail(db, claimed(home, db, job), error, 3.0)
    results.deliver(home, db)


def test_an_encrypted_document_is_done_again_with_the_password_beside_it(home: Settings, db: Database) -> None:
    """The rows forget a password when the job ends; in done/ it lies beside the file."""
    job = arrive(home, db, "a.txt")
    finish(home, db, job)
    (new,) = redo.redo(db, NEW, [job], 4.0, settings=home)
    assert claimed(home, db, new).password == KEY


def test_a_repetition_that_failed_is_tried_again_with_the_password(home: Settings, db: Database) -> None:
    """Its names are still those of the earlier job, and so is its password."""
    job = arrive(home, db, "a.txt")
    finish(home, db, job)
    (new,) = redo.redo(db, NEW, [job], 4.0)
    assert claimed(home, db, new).password is None
    leases.expire(db, home, 1e9)
    fail(home, db, new, EncryptedError("It asks for a password."))
    assert redo.retry_failed(db, Wanted(NEW), home) == 1
    assert claimed(home, db, new).password == KEY


@pytest.mark.parametrize("delivered", [True, False])
def test_a_cancelled_encrypted_job_is_tried_again_with_its_password(
    home: Settings, db: Database, delivered: bool
) -> None:
    """Wherever its file lies by then."""
    job = arrive(home, db, "a.txt")
    with Jobs.open(home) as jobs:
        jobs.cancel(job)
        if delivered:
            results.deliver(home, db)
        jobs.retry(job)
    assert claimed(home, db, job).password == KEY


def test_what_failed_is_tried_again_in_bulk(home: Settings, db: Database) -> None:
    """All of it, or with one error, or what another engine could not do; what was cancelled is left."""
    first, second, third = (arrive(home, db, f"{n}.txt") for n in range(3))
    fail(home, db, first, EncryptedError("x"))
    fail(home, db, second, UnreadableError("x"))
    with Jobs.open(home) as jobs:
        jobs.cancel(third)
        assert jobs.retry_failed(code="E_ENCRYPTED") == 1
        assert jobs.counts()["queued"] == 1
        fail(home, db, first, EncryptedError("x"))
        assert redo.retry_failed(db, Wanted(engine_name(), earlier=True)) == 1
        assert jobs.show(second).engine == engine_name()
        assert jobs.retry_failed() == 1
        assert jobs.counts()["cancelled"] == 1


def test_one_back_fill_is_tried_again_with_all_its_shards(home: Settings, db: Database) -> None:
    """And no other, whatever its name begins with."""
    for batch in ("file:///a", "file:///a#1/2", "file:///ab"):
        deliveries.plan(db, batch, [deliveries.Planned("a.txt", f"{batch}/a.txt", "text")], OLD, 1.0)
    for job in (1, 2, 3):
        fail(home, db, job, UnreadableError("x"))
    assert redo.retry_failed(db, Wanted(NEW, "file:///a")) == 2
    assert [row["id"] for row in db.rows("SELECT id FROM jobs WHERE state = 'failed'")] == [3]


def test_a_back_fills_password_is_read_beside_its_file(home: Settings, db: Database, tmp_path: Path) -> None:
    """Its files stay where they are, and what lies beside them too."""
    file = tmp_path / "b.txt"
    file.write_text("b")
    deliveries.plan(db, "batch", [deliveries.Planned("b.txt", file.as_uri(), "text")], OLD, 1.0)
    fail(home, db, 1, EncryptedError("x"))
    file.with_name("b.txt.password").write_text(KEY)
    assert redo.retry_one(db, 1, NEW, replace(home))
    assert claimed(home, db, 1).password == KEY

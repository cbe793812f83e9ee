"""A password that comes after its document: used where one is asked for, whatever the state of the job."""

from __future__ import annotations

import json

from schemas.errors import EncryptedError, UnreadableError
from worker.blobs import Blobs
from worker.database import Database
from worker.jobs import deliveries, leases
from worker.jobs.deliveries import Arrival
from worker.jobs.leases import Claim, Opened, Part
from worker.settings import Settings


def drop(home: Settings, db: Database, text: str, work_id: str, password: str | None = None) -> int:
    """A document with its row; its job."""
    stored = Blobs(home.blobs).put_bytes(text.encode())
    arrival = Arrival("a", stored.sha256, stored.size, "text", "normal", "e 1", work_id, password)
    return deliveries.arrive(db, arrival, 0.0)


def claimed(home: Settings, db: Database, job: int) -> Claim:
    """The job, in the hands of a worker."""
    held = leases.claim(db, home, job, "me", 0.0)
    assert held is not None
    return held


def state_of(db: Database, job: int) -> tuple[str, int, str | None]:
    """State, attempts and password of a job."""
    row = db.row("SELECT state, attempt, password FROM jobs WHERE id = ?", (job,))
    assert row is not None
    return row["state"], row["attempt"], row["password"]


def open_archive(home: Settings, db: Database, held: Claim, texts: list[str], *, locked: bool) -> list[int]:
    """End an archive's job with parts of these texts; the parts' jobs."""
    store = Blobs(home.blobs)
    found = [store.put_bytes(text.encode()) for text in texts]
    parts = tuple(Part(n, f"{n}.txt", s.sha256, s.size, "text", "{}") for n, s in enumerate(found, 1))
    index = store.put_bytes(json.dumps([p.sha256 for p in parts]).encode())
    said = "a.txt: The archive is encrypted; give its password." if locked else None
    assert leases.finish_container(db, held, (index.sha256, index.size), Opened(parts, said, locked), 1.0) == "done"
    query = "SELECT p.job_id FROM deliveries p JOIN deliveries d ON d.id = p.parent WHERE d.job_id = ? ORDER BY p.part"
    return list(dict.fromkeys(row["job_id"] for row in db.rows(query, (held.id,))))


def test_a_queued_job_takes_the_password_that_comes_second(home: Settings, db: Database) -> None:
    """The document was dropped without it a moment before."""
    job = drop(home, db, "x", "w1")
    assert drop(home, db, "x", "w2", "open") == job
    assert claimed(home, db, job).password == "open"  # noqa: S105 - made up


def test_a_running_job_that_asks_for_a_password_is_tried_with_the_one_that_came(home: Settings, db: Database) -> None:
    """Without costing an attempt, and once; any other error is what it is."""
    job = drop(home, db, "x", "w1")
    held = claimed(home, db, job)
    drop(home, db, "x", "w2", "wrong")
    assert leases.fail(db, held, EncryptedError("It asks for one."), 1.0)
    assert state_of(db, job) == ("queued", 0, "wrong")
    assert leases.fail(db, claimed(home, db, job), EncryptedError("It asks for another."), 1.0)
    assert state_of(db, job) == ("failed", 1, None)
    other = drop(home, db, "y", "w3")
    held = claimed(home, db, other)
    drop(home, db, "y", "w4", "open")
    leases.fail(db, held, UnreadableError("It is torn."), 1.0)
    assert state_of(db, other) == ("failed", 1, None)


def test_an_archive_with_locked_members_is_opened_again_with_a_password(home: Settings, db: Database) -> None:
    """It is done, and something was left out that the password opens; what is whole is not done again."""
    job = drop(home, db, "archive", "w1")
    (known,) = open_archive(home, db, claimed(home, db, job), ["b"], locked=True)
    summary = {"container": True, "parts": 1, "outcome": "partial", "locked": True}
    row = db.row("SELECT summary FROM jobs WHERE id = ?", (job,))
    assert row is not None
    assert summary.items() < json.loads(row["summary"]).items()
    drop(home, db, "archive", "w2")
    assert state_of(db, job)[0] == "done"
    drop(home, db, "archive", "w3", "open")
    assert state_of(db, job) == ("queued", 0, "open")
    parts = open_archive(home, db, claimed(home, db, job), ["a", "b"], locked=False)
    assert len(parts) == 2
    assert parts[1] == known
    drop(home, db, "archive", "w4", "open")
    assert state_of(db, job)[0] == "done"
    row = db.row("SELECT count(*) AS n FROM deliveries WHERE parent IS NOT NULL")
    assert row is not None
    assert row["n"] == 8


def test_a_running_archive_is_opened_with_the_password_that_came(home: Settings, db: Database) -> None:
    """What it has found without it is not the end."""
    job = drop(home, db, "archive", "w1")
    held = claimed(home, db, job)
    drop(home, db, "archive", "w2", "open")
    assert leases.finish_container(db, held, ("f" * 64, 1), Opened((), "locked", locked=True), 1.0) == "fenced"
    assert state_of(db, job) == ("queued", 0, "open")


def test_an_encrypted_part_is_tried_with_the_password_of_its_archive(home: Settings, db: Database) -> None:
    """The archive itself is open: only the part that asked is tried again, at whatever depth."""
    job = drop(home, db, "archive", "w1")
    inner, whole = open_archive(home, db, claimed(home, db, job), ["inner", "whole"], locked=False)
    (deep,) = open_archive(home, db, claimed(home, db, inner), ["deep"], locked=False)
    leases.fail(db, claimed(home, db, deep), EncryptedError("It asks for one."), 1.0)
    leases.fail(db, claimed(home, db, whole), UnreadableError("It is torn."), 1.0)
    drop(home, db, "archive", "w2", "open")
    assert [state_of(db, n)[0] for n in (job, inner, whole, deep)] == ["done", "done", "failed", "queued"]
    assert state_of(db, deep)[2] == "open"

"""What is put beside a name: results, errors, files; nothing overwritten, everything repeatable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.errors import UnreadableError, UsageError
from worker import deliveries, leases, results
from worker.blobs import Blobs
from worker.database import Database
from worker.deliveries import Arrival
from worker.jobs import Jobs
from worker.settings import Settings, engine_name


def drop(home: Settings, db: Database, path: str, text: str, work_id: str, engine: str = "e 1") -> int:
    """A file in ``work/`` with its row; its job."""
    file = home.work / work_id / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    stored = Blobs(home.blobs).put_file(file, 1000)
    return deliveries.arrive(db, Arrival(path, stored.sha256, stored.size, "text", "normal", engine, work_id), 0.0)


def end(home: Settings, db: Database, job: int, result: str | None, review: int = 0) -> None:
    """End a job with a result of this text, or with an error."""
    held = leases.claim(db, home, job, "me", 0.0)
    assert held is not None
    if result is None:
        leases.fail(db, held, UnreadableError("It is torn.", "page 1"), 1.0)
    else:
        stored = Blobs(home.blobs).put_bytes(result.encode())
        leases.finish(db, held, (stored.sha256, stored.size), {"review": review}, 1.0)


def files(folder: Path) -> list[str]:
    """Every file below, relative."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir())


def test_a_result_is_a_link_to_the_store_and_a_repeat_changes_nothing(home: Settings, db: Database) -> None:
    """A crash after any step is followed by doing it all again: the same files, once."""
    job = drop(home, db, "q/a.txt", "a", "w1")
    end(home, db, job, "result", review=1)
    for _ in range(3):
        assert results.deliver(home, db) == 1
        assert (home.results / "q/a.txt.json").read_text() == "result"
        assert files(home.results) == files(home.review) == ["q/a.txt.json"]
        assert files(home.done) == ["q/a.txt"]
        assert list(home.work.iterdir()) == []
        db.execute("UPDATE deliveries SET delivered_at = NULL")
    row = db.row("SELECT result_sha256 FROM jobs")
    assert row is not None
    assert (home.results / "q/a.txt.json").samefile(Blobs(home.blobs).path(row["result_sha256"]))


def test_a_retry_moves_the_file_from_failed_to_done(home: Settings, db: Database) -> None:
    """What failed and was then converted lies in done/ with its result; its error is gone."""
    job = drop(home, db, "a.txt", "a", "w1")
    end(home, db, job, None)
    results.deliver(home, db)
    assert files(home.failed) == ["a.txt", "a.txt.error.json"]
    assert json.loads((home.failed / "a.txt.error.json").read_text())["place"] == "page 1"
    with Jobs.open(home) as jobs:
        jobs.retry(job)
    end(home, db, job, "result")
    results.deliver(home, db)
    assert files(home.failed) == []
    assert files(home.done) == ["a.txt"]
    assert files(home.results) == ["a.txt.json"]


def test_the_same_file_dropped_twice_is_one_file_in_done(home: Settings, db: Database) -> None:
    """The second copy of the same bytes under the same name lies where the first does."""
    job = drop(home, db, "a.txt", "a", "w1")
    end(home, db, job, "result")
    results.deliver(home, db)
    assert drop(home, db, "a.txt", "a", "w2") == job
    assert results.deliver(home, db) == 1
    assert files(home.done) == ["a.txt"]
    assert list(home.work.iterdir()) == []


def test_a_name_that_cannot_be_served_holds_nobody_up(home: Settings, db: Database) -> None:
    """A folder lies where the result should go: this name waits, the others are served, and later this one too."""
    (home.results / "a.txt.json" / "x").mkdir(parents=True)
    for name in ("a", "b"):
        end(home, db, drop(home, db, f"{name}.txt", name, name), name)
    assert results.deliver(home, db) == 1
    assert (home.results / "b.txt.json").read_text() == "b"
    (home.results / "a.txt.json" / "x").rmdir()
    (home.results / "a.txt.json").rmdir()
    db.execute("UPDATE deliveries SET next_at = 0")
    assert results.deliver(home, db) == 1
    assert (home.results / "a.txt.json").read_text() == "a"


def test_review_holds_only_what_needs_it(home: Settings, db: Database) -> None:
    """A result without figures to look at is not in review/."""
    end(home, db, drop(home, db, "a.txt", "a", "w1"), "a", review=0)
    end(home, db, drop(home, db, "b.txt", "b", "w2"), "b", review=3)
    results.deliver(home, db)
    assert files(home.review) == ["b.txt.json"]


def test_a_password_file_goes_where_its_document_goes(home: Settings, db: Database) -> None:
    """Nothing that was dropped is deleted."""
    job = drop(home, db, "s/a.txt", "a", "w1")
    (home.work / "w1/s/a.txt.password").write_text("geheim")
    end(home, db, job, "result")
    results.deliver(home, db)
    assert files(home.done) == ["s/a.txt", "s/a.txt.password"]


def test_a_damaged_result_is_told_and_made_again_on_request(home: Settings, db: Database) -> None:
    """It is not put beside the name; the error there says what to do, and is gone when the result is there."""
    job = drop(home, db, "a.txt", "a", "w1", engine_name())
    end(home, db, job, "result")
    row = db.row("SELECT result_sha256 FROM jobs")
    assert row is not None
    blob = Blobs(home.blobs).path(row["result_sha256"])
    blob.chmod(0o600)
    blob.write_text("resu1t")
    assert results.deliver(home, db) == 0
    assert files(home.results) == []
    said = json.loads((home.failed / "a.txt.error.json").read_text())
    assert (said["code"], said["place"]) == ("E_STORAGE", "a.txt")
    assert said["detail"].endswith(f"crossfoot jobs retry {job} makes the result again.")
    with Jobs.open(home) as jobs:
        assert jobs.retry(job, Blobs(home.blobs)).state == "queued"
    end(home, db, job, "result")
    db.execute("UPDATE deliveries SET next_at = 0")
    assert results.deliver(home, db) == 1
    assert (home.results / "a.txt.json").read_text() == "result"
    assert files(home.failed) == []
    with Jobs.open(home) as jobs, pytest.raises(UsageError, match="only what has failed"):
        jobs.retry(job, Blobs(home.blobs))


def test_a_lost_result_of_another_engine_is_not_replaced_by_ours(home: Settings, db: Database) -> None:
    """Other bytes would come out: that is no repair."""
    job = drop(home, db, "a.txt", "a", "w1")
    end(home, db, job, "result")
    row = db.row("SELECT result_sha256 FROM jobs")
    assert row is not None
    Blobs(home.blobs).path(row["result_sha256"]).unlink()
    with Jobs.open(home) as jobs, pytest.raises(UsageError, match="an earlier engine"):
        jobs.retry(job, Blobs(home.blobs))

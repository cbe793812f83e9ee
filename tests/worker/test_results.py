"""What is put beside a name: results, errors, files; nothing overwritten, everything repeatable."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from schemas.errors import UnreadableError, UsageError
from worker import results
from worker.blobs import Blobs
from worker.database import Database
from worker.jobs import deliveries, leases, names
from worker.jobs.deliveries import Arrival
from worker.jobs.jobs import Jobs
from worker.jobs.leases import Part
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


def part_of(home: Settings, db: Database, container: int, texts: list[str]) -> list[int]:
    """End a container's job with parts of these texts; their jobs."""
    held = leases.claim(db, home, container, "me", 0.0)
    assert held is not None
    store = Blobs(home.blobs)
    stored = [store.put_bytes(text.encode()) for text in texts]
    parts = tuple(Part(n, f"{n}.txt", s.sha256, s.size, "text", "{}") for n, s in enumerate(stored, 1))
    listed = [{"number": p.number, "name": p.name, "sha256": p.sha256} for p in parts]
    index = store.put_bytes(json.dumps({"container": {}, "outcome": "complete", "parts": listed}).encode())
    assert leases.finish_container(db, held, (index.sha256, index.size), leases.Opened(parts), 1.0) == "done"
    rows = db.rows(
        "SELECT p.job_id FROM deliveries p JOIN deliveries d ON d.id = p.parent WHERE d.job_id = ?", (container,)
    )
    return [row["job_id"] for row in rows]


def test_other_bytes_in_the_place_of_a_file_stay(home: Settings, db: Database) -> None:
    """Whatever the rows say, a file that is another document's is not replaced: ours lies beside it."""
    for folder in (home.done, home.failed):
        (folder / "a.txt").write_text("somebody's")
        (folder / "b.txt").mkdir()
    end(home, db, drop(home, db, "a.txt", "a", "w1"), "result")
    end(home, db, drop(home, db, "b.txt", "b", "w2"), None)
    (home.failed / "a.txt").unlink()
    assert results.deliver(home, db) == 2
    tails = [hashlib.sha256(text).hexdigest()[:8] for text in (b"a", b"b")]
    assert files(home.done) == [f"a-{tails[0]}.txt", "a.txt"]
    assert files(home.failed) == [f"b-{tails[1]}.txt", "b.txt.error.json"]
    assert (home.done / "a.txt").read_text() == "somebody's"


def test_a_file_that_was_written_on_is_another_document(home: Settings, db: Database) -> None:
    """What is told of half a file is told to nobody; the whole one is left to be taken in, and the name is free."""
    job = drop(home, db, "a.txt", "half", "w1")
    (home.work / "w1" / "a.txt").write_text("half and half")
    end(home, db, job, "result")
    again: list[str] = []
    assert results.deliver(home, db, again.append) == 0
    assert again == ["w1"]
    assert files(home.done) == files(home.results) == files(home.failed) == []
    assert (home.work / "w1" / "a.txt").read_text() == "half and half"
    assert db.rows("SELECT 1 FROM deliveries") == db.rows("SELECT 1 FROM names") == []


def test_a_failed_file_that_was_written_on_is_taken_in_again(home: Settings, db: Database) -> None:
    """So it is when the program wrote on after the failure, and somebody has it tried again."""
    job = drop(home, db, "a.txt", "half", "w1")
    end(home, db, job, None)
    results.deliver(home, db)
    (home.failed / "a.txt").write_text("half and half")
    with Jobs.open(home) as jobs:
        jobs.retry(job)
    end(home, db, job, "result")
    again: list[str] = []
    assert results.deliver(home, db, again.append) == 0
    assert (home.work / "w1" / "a.txt").read_text() == "half and half"
    assert files(home.done) == files(home.results) == []


def test_a_container_in_a_container_with_a_failed_part_is_served(home: Settings, db: Database) -> None:
    """Its folder in failed/ has the name that its file would have; the outer index says that something is missing."""
    outer = drop(home, db, "o.zip", "outer", "w1")
    (inner,) = part_of(home, db, outer, ["inner"])
    (bad, good) = part_of(home, db, inner, ["bad", "good"])
    end(home, db, bad, None)
    end(home, db, good, "good")
    while results.deliver(home, db):
        pass
    assert db.rows("SELECT 1 FROM deliveries WHERE delivered_at IS NULL OR tries > 0") == []
    index = json.loads((home.results / "o.zip/index.json").read_bytes())
    assert index["outcome"] == "partial"
    assert [(part["state"], part["outcome"]) for part in index["parts"]] == [("container", "partial")]
    assert files(home.failed) == ["o.zip/01-1.txt/01-1.txt", "o.zip/01-1.txt/01-1.txt.error.json"]


def test_a_container_that_had_failed_makes_room_for_its_failed_parts(home: Settings, db: Database) -> None:
    """Cancelled or failed first, it lies in failed/ as a file; tried again, there is a folder of that name."""
    outer = drop(home, db, "o.zip", "outer", "w1")
    end(home, db, outer, None)
    results.deliver(home, db)
    assert files(home.failed) == ["o.zip", "o.zip.error.json"]
    with Jobs.open(home) as jobs:
        jobs.retry(outer)
    (inner,) = part_of(home, db, outer, ["inner"])
    end(home, db, inner, None)
    while results.deliver(home, db):
        pass
    assert files(home.failed) == ["o.zip/01-1.txt", "o.zip/01-1.txt.error.json"]
    assert files(home.done) == ["o.zip"]
    with Jobs.open(home) as jobs:
        jobs.retry(inner)
    (bad,) = part_of(home, db, inner, ["bad"])
    end(home, db, bad, None)
    while results.deliver(home, db):
        pass
    assert files(home.failed) == ["o.zip/01-1.txt/01-1.txt", "o.zip/01-1.txt/01-1.txt.error.json"]
    assert files(home.results) == [f"o.zip/01-1.txt/{n}" for n in ("01-1.txt.error.json", "index.json")] + [
        "o.zip/index.json"
    ]


def test_a_second_password_lies_beside_the_first(home: Settings, db: Database) -> None:
    """A sidecar is named after its document's new name, and replaces none that says something else."""
    for number, (text, password) in enumerate((("one", "first"), ("two", "second"), ("two", "third"))):
        job = drop(home, db, "a.txt", text, f"w{number}")
        (home.work / f"w{number}" / "a.txt.password").write_text(password)
        if number < 2:
            end(home, db, job, f"result {number}")
        results.deliver(home, db)
    tail = hashlib.sha256(b"two").hexdigest()[:8]
    third = hashlib.sha256(b"third").hexdigest()[:8]
    assert {n: (home.done / n).read_text() for n in files(home.done) if n.endswith(".password")} == {
        "a.txt.password": "first",
        f"a-{tail}.txt.password": "second",
        f"a-{tail}.txt-{third}.password": "third",
    }


def test_what_is_told_beside_a_name_has_the_metadata(home: Settings, db: Database) -> None:
    """Errors and indexes are told of by what their caller calls them."""
    for name in ("a.txt", "o.zip"):
        drop(home, db, name, name, name)
    db.execute("""UPDATE deliveries SET metadata = '{"id": 7}'""")
    end(home, db, 1, None)
    (bad,) = part_of(home, db, 2, ["bad"])
    end(home, db, bad, None)
    while results.deliver(home, db):
        pass
    for path in ("failed/a.txt.error.json", "results/o.zip/index.json", "results/o.zip/01-1.txt.error.json"):
        assert json.loads((home.home / path).read_bytes())["metadata"] == {"id": 7}


def test_a_file_and_a_folder_of_one_name_are_both_served(home: Settings, db: Database) -> None:
    """Whichever comes first has the name; so it is with a folder called as a result is."""
    for number, path in enumerate(("2024", "2024/a.txt", "q/b.txt", "q", "c", "c.json/d.txt", "e.json/f.txt", "e")):
        end(home, db, drop(home, db, path, path, f"w{number}"), path)
    assert results.deliver(home, db) == 8
    assert len(files(home.results)) == len(files(home.done)) == 8
    assert {"2024", "q/b.txt", "c", "e.json/f.txt"} < set(files(home.done))


def test_rows_that_are_younger_than_the_folders_replace_nothing(home: Settings, db: Database) -> None:
    """What lies under a name without a row keeps it: of the same bytes it is the name, of others it is not."""
    (home.done / "q").mkdir()
    (home.done / "q" / "a.txt").write_text("old")
    (home.done / "b.txt").write_text("same")
    (home.results / "c.txt.json").write_text("{}")
    (home.failed / "d").write_text("a file")
    (home.results / "e").mkdir()
    got = []
    for number, (path, text) in enumerate(
        (("q/a.txt", "new"), ("b.txt", "same"), ("c.txt", "c"), ("d/x", "x"), ("e", "e"))
    ):
        names.adopt(db, home, path)
        drop(home, db, path, text, f"w{number}")
        row = db.row("SELECT base FROM deliveries ORDER BY id DESC LIMIT 1")
        assert row is not None
        got.append(row["base"] == path)
    assert got == [False, True, False, False, False]

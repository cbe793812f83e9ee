"""Corrections and reviews as rows, on both databases: versions, carrying over, and who comes between."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.filing import Filing, TextPlace, from_json
from tests.fakes import engine
from tests.fakes.desk import Desk
from worker.jobs import deliveries, leases, redo, retention, reviews
from worker.jobs.corrections import Correction, apply_corrections, keep, summarize
from worker.jobs.corrections.rows import Change, Speaker, Version, add_version, inherit, list_corrections
from worker.jobs.deliveries import Arrival

ME = Speaker("me", 0)


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    """A home whose rows are on either database."""
    made = Desk(tmp_path / "home", database_url=database_url)
    yield made
    made.close()


def filing(value: str = "1", line: int = 1) -> Filing:
    """A result with one figure that needs review."""
    made = engine.convert(b"Cash\n")
    figure = (
        made.tables[0]
        .figures[0]
        .model_copy(
            update={
                "value": value,
                "place": TextPlace(line=line, start=1, end=3),
                "needs_review": True,
                "confidence": 0.5,
            }
        )
    )
    return made.model_copy(update={"tables": (made.tables[0].model_copy(update={"figures": (figure,)}),)})


def arrive(desk: Desk, engine_: str = "e 1") -> int:
    """A document with a name in the inbox."""
    stored = desk.blobs.put_bytes(b"Cash\n")
    arrival = Arrival("a.txt", stored.sha256, stored.size, "text", "normal", engine_, "w1")
    return deliveries.arrive(desk.db, arrival, time.time())


def correct(desk: Desk, job: int, result: str, value: str) -> Version | None:
    """Say that the one figure is something else; the version, None where another came between."""
    before = from_json(desk.blobs.read(result))
    said = Correction(figure=before.tables[0].figures[0].id, value=value)
    after = apply_corrections(before, [said])
    stored = desk.blobs.put_bytes(after.model_dump_json().encode() + b"\n")
    version = Version(stored.sha256, stored.size, summarize(after))
    change = Change(result, version, [keep(before, said)], ME)
    return version if add_version(desk.db, job, change, time.time()) else None


def job_row(desk: Desk, job: int) -> tuple[str, int]:
    """A job's result, and how many of its figures need review."""
    row = desk.db.row("SELECT result_sha256, summary FROM jobs WHERE id = ?", (job,))
    assert row is not None
    return row["result_sha256"], json.loads(row["summary"])["review"]


def test_a_correction_is_a_version_more_and_its_name_is_served_again(desk: Desk) -> None:
    """Both versions are there, the job has the later one, its name is to be served, and its review is resolved."""
    job = arrive(desk)
    first = desk.finish(job, filing())
    (review,) = reviews.list_reviews(desk.db, -1, "pending", 0, 10)
    assert (review["job_id"], review["figures"]) == (job, 1)
    for name in deliveries.find_ready(desk.db, time.time()):
        deliveries.complete(desk.db, name, time.time())
    version = correct(desk, job, first, "2")
    assert version is not None
    assert job_row(desk, job) == (version.sha256, 0)
    rows = desk.db.rows("SELECT version, sha256 FROM results ORDER BY version")
    assert [(row["version"], row["sha256"]) for row in rows] == [(1, first), (2, version.sha256)]
    (name,) = deliveries.find_ready(desk.db, time.time())
    assert (name.result_sha256, name.review) == (version.sha256, 0)
    assert reviews.list_reviews(desk.db, -1, "resolved", 0, 10)[0]["person"] == "me"


def test_of_two_who_correct_the_same_version_the_second_is_told(desk: Desk) -> None:
    """Nobody's word is overwritten unseen."""
    job = arrive(desk)
    first = desk.finish(job, filing())
    assert correct(desk, job, first, "2") is not None
    assert correct(desk, job, first, "3") is None
    assert len(list_corrections(desk.db, job)) == 1


def do_again(desk: Desk, job: int, again: Filing) -> tuple[int, str]:
    """Have a later engine read the document anew; the new job, and how it ended."""
    (new,) = redo.redo(desk.db, f"e {job + 1}", [job], time.time())
    held = desk.claim(new)
    stored = desk.blobs.put_bytes(again.model_dump_json().encode() + b"\n")
    inherited = inherit(desk.db, desk.blobs, held.supersedes, stored.sha256)
    result = (stored.sha256, stored.size)
    return new, leases.finish(desk.db, held, result, summarize(again), time.time(), inherited)


def test_a_later_engine_s_result_keeps_what_people_have_said(desk: Desk) -> None:
    """The raw reading and the corrected one are versions; the corrections are rows of the new job, and go on again."""
    job = arrive(desk)
    assert correct(desk, job, desk.finish(job, filing()), "2") is not None
    new, ending = do_again(desk, job, filing("7"))
    assert ending == "done"
    result, left = job_row(desk, new)
    (figure,) = from_json(desk.blobs.read(result)).tables[0].figures
    assert (figure.value, figure.status, left) == ("2", "confirmed", 0)
    (said,) = list_corrections(desk.db, new)
    assert (said["carried_from"], said["result"], said["person"]) == (1, result, "me")
    versions = desk.db.rows("SELECT version FROM results WHERE job_id = ? ORDER BY version", (new,))
    assert [row["version"] for row in versions] == [3, 4]
    third, _ = do_again(desk, new, filing("8"))
    assert len(list_corrections(desk.db, third)) == 1
    assert reviews.list_reviews(desk.db, -1, "pending", 0, 10) == []


def test_what_finds_nothing_in_a_later_reading_is_a_review_that_says_so(desk: Desk) -> None:
    """A correction is never dropped in silence."""
    job = arrive(desk)
    assert correct(desk, job, desk.finish(job, filing()), "2") is not None
    new, ending = do_again(desk, job, filing("7", line=5))
    assert ending == "done"
    (said,) = list_corrections(desk.db, new)
    assert said["result"] is None
    (review,) = reviews.list_reviews(desk.db, -1, "pending", 0, 10)
    assert (review["job_id"], review["figures"]) == (new, 1)
    assert review["note"].startswith("1 corrections")


def test_what_is_said_while_a_later_engine_ends_is_not_lost(desk: Desk) -> None:
    """Its result is not taken until all that was said of the earlier one has been looked at."""
    job = arrive(desk)
    first = desk.finish(job, filing())
    (new,) = redo.redo(desk.db, "e 2", [job], time.time())
    held = desk.claim(new)
    stored = desk.blobs.put_bytes(filing("7").model_dump_json().encode() + b"\n")
    inherited = inherit(desk.db, desk.blobs, held.supersedes, stored.sha256)
    assert correct(desk, job, first, "2") is not None
    result, summary = (stored.sha256, stored.size), summarize(filing("7"))
    assert leases.finish(desk.db, held, result, summary, time.time(), inherited) == "stale"
    inherited = inherit(desk.db, desk.blobs, held.supersedes, stored.sha256)
    assert leases.finish(desk.db, held, result, summary, time.time(), inherited) == "done"
    assert job_row(desk, new)[1] == 0
    assert correct(desk, job, job_row(desk, job)[0], "9") is None


def test_a_corrected_job_raises_no_alarm_at_a_late_worker(desk: Desk) -> None:
    """A worker that comes late with what was there before the correction is fenced out, no alarm."""
    job = arrive(desk)
    held = desk.claim(job)
    stored = desk.blobs.put_bytes(filing().model_dump_json().encode() + b"\n")
    result = (stored.sha256, stored.size)
    assert leases.finish(desk.db, held, result, summarize(filing()), time.time()) == "done"
    assert correct(desk, job, stored.sha256, "2") is not None
    assert leases.finish(desk.db, held, result, {}, time.time()) == "fenced"
    assert leases.finish(desk.db, held, ("0" * 64, 1), {}, time.time()) == "differs"


def test_a_review_is_one_person_s_until_its_time_is_up(desk: Desk) -> None:
    """Claimed, claimed again by the same, refused to another, free again later; resolved once."""
    job = arrive(desk)
    desk.finish(job, filing())
    now = time.time()
    assert reviews.claim(desk.db, 1, "ann", now + 60, now)
    assert reviews.claim(desk.db, 1, "ann", now + 90, now)
    assert not reviews.claim(desk.db, 1, "bob", now + 60, now)
    assert not reviews.resolve(desk.db, 1, "bob", None, now)
    assert not reviews.release(desk.db, 1, "bob")
    assert reviews.claim(desk.db, 1, "bob", now + 200, now + 100)
    assert reviews.release(desk.db, 1, "bob")
    assert reviews.resolve(desk.db, 1, "ann", "fine", now)
    assert not reviews.claim(desk.db, 1, "bob", now + 60, now)
    assert not reviews.resolve(desk.db, 1, "ann", None, now)


def doubt(desk: Desk, job: int, figures: int) -> None:
    """Correct something so that so many figures are to be looked at."""
    row = desk.db.row("SELECT result_sha256 FROM jobs WHERE id = ?", (job,))
    assert row is not None
    stored = desk.blobs.put_bytes(f"with {figures}".encode())
    version = Version(stored.sha256, stored.size, {"review": figures})
    assert add_version(desk.db, job, Change(row["result_sha256"], version, [], ME), time.time())


def test_what_a_correction_makes_doubtful_is_asked_of_people(desk: Desk) -> None:
    """Where nobody was asked yet, and where all was resolved: the review waits, and whoever listens is told."""
    desk.db.execute("INSERT INTO endpoints(url, secret, created_at) VALUES ('https://x', 's', 0)")
    job = arrive(desk)
    desk.finish(job, engine.convert(b"Cash\n"))
    assert reviews.list_reviews(desk.db, -1, None, 0, 10) == []
    seen = []
    for figures in (2, 1, 0, 3):
        doubt(desk, job, figures)
        (review,) = reviews.list_reviews(desk.db, -1, None, 0, 10)
        seen.append((review["state"], review["figures"], review["person"], review["resolved_at"] is None))
    assert seen == [
        *(("pending", 2, None, True), ("pending", 1, None, True)),
        *(("resolved", 0, "me", False), ("pending", 3, None, True)),
    ]
    told = [row["event"] for row in desk.db.rows("SELECT event FROM outbox WHERE event LIKE 'review.%' ORDER BY id")]
    assert told == ["review.requested", "review.resolved", "review.requested"]


def test_purging_takes_what_was_said_too(desk: Desk) -> None:
    """A job that is purged leaves no review and no correction, and its versions' bytes go."""
    job = arrive(desk)
    first = desk.finish(job, filing())
    version = correct(desk, job, first, "2")
    assert version is not None
    desk.db.execute("UPDATE deliveries SET delivered_at = 1")
    retention.purge(desk.db, desk.blobs, time.time() + 10, grace=-10.0)
    for table in ("jobs", "reviews", "corrections", "results"):
        assert desk.db.rows("SELECT 1 FROM " + table) == [], table  # noqa: S608 - names of ours
    assert desk.blobs.find(first) is None
    assert desk.blobs.find(version.sha256) is None

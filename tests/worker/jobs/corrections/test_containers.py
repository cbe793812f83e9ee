"""What was said of a container's parts, when a later engine takes the container apart again."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from schemas.filing import Filing, TextPlace, from_json
from tests.fakes import engine
from tests.fakes.desk import Desk
from worker.database import Row
from worker.jobs import deliveries, leases, redo, reviews
from worker.jobs.corrections import Correction, apply_corrections, keep, summarize
from worker.jobs.corrections.rows import Change, Inherited, Speaker, Version, add_version, inherit, list_corrections
from worker.jobs.deliveries import Arrival
from worker.jobs.leases import Part

ORIGIN = json.dumps({"parent": "c" * 64, "header": None})


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    """A home whose rows are on either database."""
    made = Desk(tmp_path / "home", database_url=database_url)
    yield made
    made.close()


def filing(value: str) -> Filing:
    """A result with one figure that has a place."""
    made = engine.convert(b"Cash\n")
    (figure,) = made.tables[0].figures
    figure = figure.model_copy(update={"value": value, "place": TextPlace(line=1, start=1, end=3)})
    return made.model_copy(update={"tables": (made.tables[0].model_copy(update={"figures": (figure,)}),)})


def part(desk: Desk, number: int, text: str, origin: str = ORIGIN) -> Part:
    """A part of these bytes."""
    stored = desk.blobs.put_bytes(text.encode())
    return Part(number, f"p{number}.txt", stored.sha256, stored.size, "text", origin)


def take_apart(desk: Desk, job: int, parts: Sequence[Part]) -> leases.Ending:
    """End a container's job as a worker does."""
    held = desk.claim(job)
    index = desk.blobs.put_bytes(json.dumps([held.engine, [p.sha256 for p in parts]]).encode())
    inherited = inherit(desk.db, desk.blobs, held.supersedes, index.sha256)
    return leases.finish_container(
        desk.db, held, (index.sha256, index.size), leases.Opened(tuple(parts)), time.time(), inherited
    )


def arrive(desk: Desk, text: str = "zip") -> int:
    """A document with a name in the inbox."""
    stored = desk.blobs.put_bytes(text.encode())
    return deliveries.arrive(desk.db, Arrival("c.zip", stored.sha256, 3, "text", "normal", "e 1", "w1"), time.time())


def do_again(desk: Desk, job: int, parts: Sequence[Part], engine_: str = "e 2") -> int:
    """Have a later engine take the container apart; its job."""
    (new,) = redo.redo(desk.db, engine_, [job], time.time())
    assert take_apart(desk, new, parts) == "done"
    return new


def job_of(desk: Desk, found: Part, engine_: str) -> Row:
    """The job in which an engine converts a part."""
    row = desk.db.row("SELECT * FROM jobs WHERE sha256 = ? AND engine = ?", (found.sha256, engine_))
    assert row is not None
    return row


def correct(desk: Desk, job: int, result: str, value: str) -> None:
    """Say that the one figure is something else."""
    before = from_json(desk.blobs.read(result))
    said = Correction(figure=before.tables[0].figures[0].id, value=value)
    after = apply_corrections(before, [said])
    stored = desk.blobs.put_bytes(after.model_dump_json().encode())
    version = Version(stored.sha256, stored.size, summarize(after))
    assert add_version(desk.db, job, Change(result, version, [keep(before, said)], Speaker("me", 0)), time.time())


def corrected_container(desk: Desk, *parts: Part) -> int:
    """A container whose first part was converted, and corrected to 2."""
    container = arrive(desk)
    assert take_apart(desk, container, parts) == "done"
    child = job_of(desk, parts[0], "e 1")["id"]
    correct(desk, child, desk.finish(child, filing("1")), "2")
    return container


def finish_with_inherited(desk: Desk, job: int, value: str) -> str:
    """End a part's job as a worker does; the value of its figure in the result that stands."""
    held = desk.claim(job)
    again = filing(value)
    stored = desk.blobs.put_bytes(again.model_dump_json().encode())
    inherited = inherit(desk.db, desk.blobs, held.supersedes, stored.sha256)
    result = (stored.sha256, stored.size)
    assert leases.finish(desk.db, held, result, summarize(again), time.time(), inherited) == "done"
    row = desk.db.row("SELECT result_sha256 FROM jobs WHERE id = ?", (job,))
    assert row is not None
    return from_json(desk.blobs.read(row["result_sha256"])).tables[0].figures[0].value or ""


def notes(desk: Desk) -> dict[int, str]:
    """What people are asked to look at, by job, and why."""
    return {row["job_id"]: row["note"] for row in reviews.list_reviews(desk.db, -1, "pending", 0, 10)}


@pytest.mark.parametrize(
    ("number", "header"), [(1, None), (2, None), (1, {"registrant": "A"})], ids=["same", "moved", "header"]
)
def test_a_part_keeps_what_was_said_of_it(desk: Desk, number: int, header: dict[str, str] | None) -> None:
    """Its bytes are the same: whatever number and head the later engine gives it, it is the same document."""
    container = corrected_container(desk, part(desk, 1, "Cash\n"))
    again = part(desk, number, "Cash\n", json.dumps({"parent": "c" * 64, "header": header}))
    new = do_again(desk, container, [again])
    child = job_of(desk, again, "e 2")
    assert child["supersedes"] == job_of(desk, again, "e 1")["id"]
    assert finish_with_inherited(desk, child["id"], "7") == "2"
    assert len(list_corrections(desk.db, child["id"])) == 1
    names = desk.db.rows("SELECT job_id FROM deliveries WHERE part IS NOT NULL")
    assert {row["job_id"] for row in names} == {child["id"]}
    assert new not in notes(desk)


def test_a_part_that_is_gone_leaves_a_word_with_its_container(desk: Desk) -> None:
    """A later engine finds other bytes in its place, which nothing can be said of without looking."""
    container = corrected_container(desk, part(desk, 1, "Cash\n"), part(desk, 2, "Debt\n"))
    new = do_again(desk, container, [part(desk, 1, "Cash \n"), part(desk, 2, "Debt\n")])
    assert notes(desk)[new].startswith("1 corrections")


def test_a_part_that_is_gone_with_its_container_is_told_too(desk: Desk) -> None:
    """Parts of containers in containers are looked for at every depth, and told of where the last one goes."""
    outer = arrive(desk)
    inner = part(desk, 1, "inner zip")
    assert take_apart(desk, outer, [inner]) == "done"
    cash = part(desk, 1, "Cash\n", json.dumps({"parent": inner.sha256, "header": None}))
    assert take_apart(desk, job_of(desk, inner, "e 1")["id"], [cash]) == "done"
    child = job_of(desk, cash, "e 1")["id"]
    correct(desk, child, desk.finish(child, filing("1")), "2")
    second = do_again(desk, outer, [inner])
    assert second not in notes(desk)
    assert take_apart(desk, job_of(desk, inner, "e 2")["id"], [cash]) == "done"
    assert finish_with_inherited(desk, job_of(desk, cash, "e 2")["id"], "7") == "2"
    third = do_again(desk, second, [part(desk, 1, "Debt\n")], "e 3")
    assert notes(desk)[third].startswith("1 corrections")


def test_a_filing_that_is_a_container_now_says_what_it_leaves(desk: Desk) -> None:
    """What was said of it as a whole stays with its job, and a person is asked to look."""
    job = arrive(desk, "Cash\n")
    correct(desk, job, desk.finish(job, filing("1")), "2")
    new = do_again(desk, job, [part(desk, 1, "Debt\n")])
    (said,) = list_corrections(desk.db, new)
    assert (said["result"], said["person"]) == (None, "me")
    assert notes(desk)[new].startswith("1 corrections")


def test_a_container_that_is_a_filing_now_says_what_it_leaves(desk: Desk) -> None:
    """The other way round: its parts are no documents of their own any more."""
    container = corrected_container(desk, part(desk, 1, "Cash\n"))
    (new,) = redo.redo(desk.db, "e 2", [container], time.time())
    assert finish_with_inherited(desk, new, "7") == "7"
    assert notes(desk)[new].startswith("1 corrections")


def test_what_is_said_while_it_is_taken_apart_is_not_lost(desk: Desk) -> None:
    """A filing that turns out to be a container is not ended before all that was said of it has been looked at."""
    job = arrive(desk, "Cash\n")
    first = desk.finish(job, filing("1"))
    (new,) = redo.redo(desk.db, "e 2", [job], time.time())
    held, parts = desk.claim(new), (part(desk, 1, "Debt\n"),)
    index = (hashlib.sha256(b"index").hexdigest(), 5)
    none: Inherited | None = inherit(desk.db, desk.blobs, held.supersedes, first)
    correct(desk, job, first, "2")
    assert leases.finish_container(desk.db, held, index, leases.Opened(parts), time.time(), none) == "stale"

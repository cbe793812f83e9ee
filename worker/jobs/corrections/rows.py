"""Corrections as rows: a new version of a job's result, and what was said, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pydantic import ValidationError

from schemas.filing import from_json, to_json
from worker.blobs import Store
from worker.database import Database, Row, atomic
from worker.jobs import deliveries, events, reviews
from worker.jobs.corrections.applying import summarize
from worker.jobs.corrections.carrying import carry_over
from worker.jobs.corrections.model import Kept

COLUMNS = ("job_id", "corrected", "result", "content", "person", "key_id", "carried_from", "created_at")
ADD_VERSION = (
    "INSERT INTO results(job_id, version, engine, sha256, bytes, created_at, summary) SELECT ?, 1 +"
    " coalesce(max(version), 0), ?, ?, ?, ?, ? FROM results WHERE job_id = ? ON CONFLICT (job_id, sha256) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Version:
    """A stored result with corrections: its hash, its bytes, and what a job's row tells of it."""

    sha256: str
    size: int
    summary: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says it: by the name given, and by the key it came with."""

    person: str
    key_id: int


@dataclass(frozen=True, slots=True)
class Inherited:
    """What was said of the result of an earlier engine, as far as it can be said of a new one.

    Attributes:
        version: None where nothing of it can.
        rows: the corrections of the new job, still without its number.
        last: the number of the last correction that was looked at.
        left: how many cannot be said of it.
    """

    version: Version | None
    rows: tuple[tuple[Any, ...], ...]
    last: int
    left: int


def list_corrections(db: Database, job_id: int) -> list[Row]:
    """What was said of a job's results, in order."""
    return db.rows("SELECT * FROM corrections WHERE job_id = ? ORDER BY id", (job_id,))


def is_current(db: Database, job_id: int, result: str) -> bool:
    """Whether a result is the one that stands for its document: not corrected, nor read by a later engine, since."""
    row = db.row(
        "SELECT 1 FROM jobs j WHERE j.id = ? AND j.state = 'done' AND j.result_sha256 = ?"
        " AND NOT EXISTS (SELECT 1 FROM jobs n WHERE n.supersedes = j.id AND n.state = 'done')",
        (job_id, result),
    )
    return row is not None


@dataclass(frozen=True, slots=True)
class Change:
    """What is said of a result: which one, by whom, and what comes of it; ``ends``: the review, with this note."""

    corrected: str
    version: Version
    kept: Sequence[Kept]
    by: Speaker
    ends: bool = False
    note: str | None = None


@atomic
def add_version(db: Database, job_id: int, change: Change, now: float) -> bool:
    """Make a result with corrections the job's; False where what was corrected does not stand any more.

    Its names are served again, and whoever listens is told.

    Raises:
        reviews.TakenError: it was to end a review that is not this person's; nothing is changed.
    """
    job, version, by = deliveries.lock(db, job_id), change.version, change.by
    if job is None or not is_current(db, job_id, change.corrected):
        return False
    add_row(db, job_id, job["engine"], version, now)
    facts = json.dumps({**json.loads(job["summary"] or "{}"), **version.summary})
    db.execute("UPDATE jobs SET result_sha256 = ?, summary = ? WHERE id = ?", (version.sha256, facts, job_id))
    said = (by.person, by.key_id, None, now)
    rows = [(job_id, change.corrected, version.sha256, one.model_dump_json(), *said) for one in change.kept]
    db.insert_rows("corrections", COLUMNS, rows)
    deliveries.serve_again(db, job_id, now)
    events.tell(db, job_id, ["result.superseded"], now)
    reviews.follow(db, job_id, int(version.summary["review"]), reviews.Said(by.person, change.ends, change.note), now)
    return True


def add_row(db: Database, job_id: int, engine: str, version: Version, now: float) -> None:
    """A version more of a job that has one already."""
    db.exclude(version.sha256)
    values = (job_id, engine, version.sha256, version.size, now, json.dumps(version.summary), job_id)
    db.execute(ADD_VERSION, values)


def inherit(db: Database, store: Store, supersedes: int | None, result: str) -> Inherited | None:
    """Say of a stored result what was said of that of an earlier engine; None where nothing was."""
    said = [] if supersedes is None else list_corrections(db, supersedes)
    if not said:
        return None
    kept = [Kept.model_validate_json(row["content"]) for row in said]
    batches = [[(n, kept[n]) for n in numbers] for _, numbers in groupby(range(len(said)), lambda n: _batch(said[n]))]
    try:
        carried = carry_over(from_json(store.read(result)), batches)
    except ValidationError:  # what was a filing is a container now
        return Inherited(None, tuple(_repeat(row, result, None, None) for row in said), said[-1]["id"], len(said))
    version = None
    if carried.applied:
        stored = store.put_bytes(to_json(carried.filing))
        version = Version(stored.sha256, stored.size, summarize(carried.filing))
    applied = dict(carried.applied)
    sha256 = None if version is None else version.sha256
    rows = tuple(_repeat(row, result, sha256, applied.get(number)) for number, row in enumerate(said))
    return Inherited(version, rows, said[-1]["id"], len(carried.left))


def _batch(row: Row) -> tuple[str, float]:
    """What was said at once."""
    return row["corrected"], row["created_at"]


def _repeat(row: Row, corrected: str, result: str | None, kept: Kept | None) -> tuple[Any, ...]:
    """A correction of an earlier engine's result as one of the new; without a result where it cannot be said of it."""
    content = row["content"] if kept is None else kept.model_dump_json()
    said = None if kept is None else result
    return (corrected, said, content, row["person"], row["key_id"], row["id"], row["created_at"])


def add_inherited(db: Database, job_id: int, engine: str, inherited: Inherited, now: float) -> int:
    """Write down what a new engine's result has taken over, inside the transaction that ends its job.

    How many corrections find nothing in it.
    """
    db.insert_rows("corrections", COLUMNS, [(job_id, *row) for row in inherited.rows])
    if inherited.version is not None:
        add_row(db, job_id, engine, inherited.version, now)
    return inherited.left


def is_stale(db: Database, supersedes: int | None, inherited: Inherited | None) -> bool:
    """Whether more was said of the earlier result, whose job is locked from here on, since ``inherit`` has looked."""
    if supersedes is None or deliveries.lock(db, supersedes) is None:
        return False
    row = db.row("SELECT max(id) AS last FROM corrections WHERE job_id = ?", (supersedes,))
    return (row["last"] if row is not None else None) != (inherited.last if inherited is not None else None)


def count_gone(db: Database, container: int | None, engine: str) -> int:
    """How much was said of parts of an earlier engine's container, at any depth, that no job of this engine takes over.

    Inside the transaction that ends the later engine's job, when that of each part that is still there is made, and
    before the names of the earlier one go over.
    """
    if container is None:
        return 0
    row = db.row(
        "WITH RECURSIVE gone(id, job_id) AS (SELECT p.id, p.job_id FROM deliveries p"
        " JOIN deliveries d ON d.id = p.parent JOIN jobs j ON j.id = p.job_id WHERE d.job_id = ? AND j.engine != ?"
        " AND NOT EXISTS (SELECT 1 FROM jobs n WHERE n.supersedes = p.job_id AND n.engine = ?)"
        " UNION SELECT p.id, p.job_id FROM deliveries p JOIN gone g ON p.parent = g.id)"
        " SELECT count(*) AS said FROM corrections WHERE job_id IN (SELECT job_id FROM gone)",
        (container, engine, engine),
    )
    return int(row["said"]) if row is not None else 0

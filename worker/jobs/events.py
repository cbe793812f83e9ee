"""What is to be told outside when a job changes its state: rows of the outbox, written in the same transaction.

So nothing is told that has not happened, and nothing that has happened is left untold, whoever is killed when.
Telling it (tries, signatures) is the dispatcher's; each row is one event for one endpoint. The same bytes sent twice
are one job: what happens to it is told once for each metadata that was said with them, and a callback is told with its
own. An endpoint is told of its key's jobs; that of an admin's key of everybody's, the inbox's and back-fills' too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from worker.database import Database, Row
from worker.jobs import totals

Event = Literal[
    "job.completed",
    "job.failed",
    "job.cancelled",
    "job.deduplicated",
    "result.superseded",
    "review.requested",
    "review.resolved",
]
# by the state that a job has reached
ENDED: Final[dict[str, Event]] = {
    "done": "job.completed",
    "failed": "job.failed",
    "quarantined": "job.failed",
    "cancelled": "job.cancelled",
}
LISTENERS: Final = (
    "SELECT e.id, e.job_id, e.events, e.metadata, e.name FROM endpoints e JOIN jobs j ON j.id = ?"
    " WHERE e.disabled_at IS NULL AND (e.job_id = j.id OR (e.job_id IS NULL AND (e.key_id = j.key_id OR e.key_id IN"
    " (SELECT k.id FROM keys k WHERE k.revoked_at IS NULL AND ' ' || k.scopes || ' ' LIKE '% admin %'))))"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What came with a document: the caller's JSON object as text, its name, and which part of a container it is."""

    metadata: str | None
    name: str
    part: int | None = None


def tell_ended(db: Database, job_id: int, now: float) -> int:
    """Note for everybody who listens that a job has ended, inside the transaction that ended it; how many."""
    job = db.row("SELECT state, supersedes FROM jobs WHERE id = ?", (job_id,))
    if job is None or job["state"] not in ENDED:
        return 0
    totals.add_ended(db, job_id)
    kinds: list[Event] = [ENDED[job["state"]]]
    if job["state"] == "done" and job["supersedes"] is not None:
        kinds.append("result.superseded")
    return tell(db, job_id, kinds, now)


def tell(db: Database, job_id: int, kinds: Sequence[Event], now: float) -> int:
    """Note for everybody who listens what has happened to a job, inside the transaction in which it did; how many."""
    listeners = db.rows(LISTENERS, (job_id,))
    job = db.row("SELECT * FROM jobs WHERE id = ?", (job_id,)) if listeners else None
    if job is None:
        return 0
    said = _submissions(db, job)
    told = [
        (row, kind, _payload(job, each))
        for row in listeners
        for each in (said if row["job_id"] is None else [_of_callback(row, said[-1])])
        for kind in kinds
    ]
    return _note(db, job_id, told, now)


def tell_known(db: Database, job_id: int, said: Said, callbacks: Sequence[int], now: float) -> int:
    """Note that bytes came again, if their job is done, inside the transaction in which they did; how many are told.

    Of the callbacks only those that came with them: the others have been told that it is done.
    """
    listeners = [r for r in db.rows(LISTENERS, (job_id,)) if r["job_id"] is None or r["id"] in callbacks]
    job = db.row("SELECT * FROM jobs WHERE id = ? AND state = 'done'", (job_id,)) if listeners else None
    if job is None:
        return 0
    payload = _payload(job, said)
    return _note(db, job_id, [(row, "job.deduplicated", payload) for row in listeners], now)


def _note(db: Database, job_id: int, told: Sequence[tuple[Row, Event, str]], now: float) -> int:
    rows = [
        (job_id, row["id"], kind, payload, now, now)
        for row, kind, payload in told
        if not row["events"] or kind in row["events"].split()
    ]
    db.insert_rows("outbox", ("job_id", "endpoint_id", "event", "payload", "created_at", "next_at"), rows)
    return len(rows)


def _submissions(db: Database, job: Row) -> list[Said]:
    """What came with a job's document, the latest last: one for each metadata, under the latest name it came with."""
    rows = db.rows(
        "SELECT d.metadata, d.path, d.part FROM deliveries d WHERE d.id IN"
        " (SELECT max(l.id) FROM deliveries l WHERE l.job_id = ? GROUP BY l.metadata) ORDER BY d.id",
        (job["id"],),
    )
    found = [Said(row["metadata"], row["path"], row["part"]) for row in rows]
    if len(found) > 1:
        return found
    only = found[0] if found else Said(None, "")
    return [replace(only, metadata=only.metadata or job["metadata"])]


def _of_callback(row: Row, latest: Said) -> Said:
    """What came with a callback; one of an earlier version of the program is told what was said last."""
    return latest if row["metadata"] is None else Said(row["metadata"], row["name"] or "", latest.part)


def _payload(job: Row, said: Said) -> str:
    """The facts of that moment, as JSON: they stay what they were however often they are told."""
    facts = {name: job[name] for name in ("id", "state", "sha256", "engine", "parent", "supersedes", "attempt")}
    parsed = {name: json.loads(job[name]) if job[name] else None for name in ("summary", "problem")}
    times = {name: job[name] for name in ("created_at", "finished_at")}
    told = {"metadata": json.loads(said.metadata or "{}"), "name": said.name, "part": said.part}
    return json.dumps({**facts, "result_sha256": job["result_sha256"], **parsed, **told, **times})

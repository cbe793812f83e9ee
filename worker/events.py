"""What is to be told outside when a job changes its state: rows of the outbox, written in the same transaction.

So nothing is told that has not happened, and nothing that has happened is left untold, whoever is killed when.
Telling it (tries, signatures) is the dispatcher's; each row is one event for one endpoint.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, Literal

from worker.database import Database, Row

Event = Literal[
    "job.completed", "job.failed", "job.cancelled", "result.superseded", "review.requested", "review.resolved"
]
# by the state that a job has reached
ENDED: Final[dict[str, Event]] = {
    "done": "job.completed",
    "failed": "job.failed",
    "quarantined": "job.failed",
    "cancelled": "job.cancelled",
}


def tell_ended(db: Database, job_id: int, now: float) -> int:
    """Note for everybody who listens that a job has ended, inside the transaction that ended it; how many."""
    job = db.row("SELECT state, supersedes FROM jobs WHERE id = ?", (job_id,))
    if job is None or job["state"] not in ENDED:
        return 0
    kinds: list[Event] = [ENDED[job["state"]]]
    if job["state"] == "done" and job["supersedes"] is not None:
        kinds.append("result.superseded")
    return tell(db, job_id, kinds, now)


def tell(db: Database, job_id: int, kinds: Sequence[Event], now: float) -> int:
    """Note for everybody who listens what has happened to a job, inside the transaction in which it did; how many."""
    listeners = db.rows(
        "SELECT e.id, e.events FROM endpoints e JOIN jobs j ON j.id = ?"
        " WHERE e.disabled_at IS NULL AND (e.job_id = j.id OR (e.job_id IS NULL AND e.key_id IN (0, j.key_id)))",
        (job_id,),
    )
    job = db.row("SELECT * FROM jobs WHERE id = ?", (job_id,)) if listeners else None
    if job is None:
        return 0
    told = [
        (job_id, row["id"], kind, _payload(job), now, now)
        for row in listeners
        for kind in kinds
        if not row["events"] or kind in row["events"].split()
    ]
    db.insert_rows("outbox", ("job_id", "endpoint_id", "event", "payload", "created_at", "next_at"), told)
    return len(told)


def _payload(job: Row) -> str:
    """The facts of that moment, as JSON: they stay what they were however often they are told."""
    facts = {name: job[name] for name in ("id", "state", "sha256", "engine", "parent", "supersedes", "attempt")}
    parsed = {name: json.loads(job[name]) if job[name] else None for name in ("summary", "problem", "metadata")}
    times = {name: job[name] for name in ("created_at", "finished_at")}
    return json.dumps({**facts, "result_sha256": job["result_sha256"], **parsed, **times})

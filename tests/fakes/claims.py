"""A worker that needs no hint: it takes whatever has waited longest in a queue."""

from __future__ import annotations

from worker.database import Database
from worker.jobs import leases
from worker.jobs.leases import Claim
from worker.settings import Settings


def claim_next(db: Database, settings: Settings, queue: tuple[str, str], owner: str, now: float) -> Claim | None:
    """The first job of a queue (urgency, kind) that nobody else was quicker to take; None where none waits."""
    query = "SELECT id FROM jobs WHERE state = 'queued' AND urgency = ? AND kind = ? AND attempt < ? ORDER BY id"
    for row in db.rows(query, (*queue, settings.attempts)):
        held = leases.claim(db, settings, row["id"], owner, now)
        if held is not None:
            return held
    return None

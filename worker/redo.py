"""Converting again with the engine of today what an earlier one has done: a new job, and a version more.

    old job (done) ◀──supersedes── new job (queued) ──finish──▶ the names go over, and are served again

The earlier result stays what it is; where the new engine fails, the names stay with it. The same engine is never
asked twice: the same bytes would come out. Parts of containers are asked for by their container's new job.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schemas.errors import UsageError
from worker import deliveries
from worker.database import Database, atomic
from worker.naming import key_of

BATCH: Final = 500
URGENCY: Final = "backfill"


def redo(db: Database, engine: str, jobs: Sequence[int], now: float, urgency: str = URGENCY) -> list[int]:
    """Queue jobs that are done for another engine; the new jobs' numbers.

    Those that this engine has done, or has already been asked for, get none.

    Raises:
        UsageError: there is no such job, it is not done, or it is a part: then its container is to be done again.
    """
    return [new for job in jobs if (new := redo_one(db, job, (engine, urgency), now)) is not None]


def redo_all(db: Database, engine: str, now: float, batch: str | None = None) -> int:
    """Queue everything that only another engine has done, of one back-fill or of all; how many."""
    queued, after, named = 0, 0, key_of(batch or "")
    while True:
        rows = db.rows(
            "SELECT j.id FROM jobs j WHERE j.id > ? AND j.state = 'done' AND j.engine != ?"
            " AND EXISTS (SELECT 1 FROM deliveries d WHERE d.job_id = j.id AND d.parent IS NULL"
            " AND (? = '' OR d.batch = ?))"
            " AND NOT EXISTS (SELECT 1 FROM jobs n WHERE n.supersedes = j.id AND n.engine = ?)"
            " ORDER BY j.id LIMIT ?",
            (after, engine, named, named, engine, BATCH),
        )
        if not rows:
            return queued
        queued += len(redo(db, engine, [row["id"] for row in rows], now))
        after = rows[-1]["id"]


@atomic
def redo_one(db: Database, job_id: int, how: tuple[str, str], now: float) -> int | None:
    """Queue one job for another engine, with an urgency; None where that engine has done it or been asked for it.

    Raises:
        UsageError: as for ``redo``.
    """
    engine, urgency = how
    job = deliveries.lock(db, job_id)
    if job is None:
        raise UsageError(f"There is no job {job_id}.")
    if job["state"] != "done":
        raise UsageError(f"Job {job_id} is {job['state']}: only what is done is done again (try retry).")
    names = db.row("SELECT count(*) AS names, count(parent) AS parts FROM deliveries WHERE job_id = ?", (job_id,))
    if names is not None and names["names"] and names["names"] == names["parts"]:
        raise UsageError(f"Job {job_id} is a part of a container: that one is to be done again.")
    own = deliveries.find_job(db, job["sha256"], job["profile"], job["origin"], job["key_id"], engine)
    if own is not None:
        return None
    same = ("sha256", "profile", "origin", "origin_text", "key_id", "uri", "metadata", "depth", "kind")
    columns = (*same, "supersedes", "engine", "urgency", "created_at")
    (new,) = db.insert_rows("jobs", columns, [(*(job[name] for name in same), job_id, engine, urgency, now)])
    return new

"""Converting again with the engine of today what an earlier one has done: a new job, and a version more.

    old job (done) ◀──supersedes── new job (queued) ──finish──▶ the names go over, and are served again

The earlier result stays what it is; where the new engine fails, the names stay with it. The same engine is never
asked twice: the same bytes would come out. Parts of containers are asked for by their container's new job. What an
earlier engine could not convert has no result to keep: it is tried again as it is, by the engine of today.

A password is forgotten when a job ends; it is read again where it lies beside the document's file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.errors import UnreadableError, UsageError
from worker import sidecars
from worker.database import Database, Row, atomic
from worker.jobs import deliveries
from worker.naming import SCHEME, key_of, path_of_uri
from worker.settings import Settings

BATCH: Final = 500
URGENCY: Final = "backfill"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the jobs that have failed or were given up are tried again, and by which engine.

    Attributes:
        batch: of one back-fill, all its shards included; "" of all. code: with this error only ("" any).
        earlier: only what another engine has tried.
    """

    engine: str
    batch: str = ""
    code: str = ""
    earlier: bool = False


def retry_failed(db: Database, wanted: Wanted, settings: Settings | None = None) -> int:
    """Queue again what has failed or was given up; how many."""
    queued, after, named = 0, 0, key_of(wanted.batch)
    shards = f"{named}#"
    while True:
        rows = db.rows(
            "SELECT j.id FROM jobs j WHERE j.id > ? AND j.state IN ('failed', 'quarantined')"
            " AND (? = '' OR j.error_code = ?) AND (? = 0 OR j.engine != ?)"
            " AND (? = '' OR EXISTS (SELECT 1 FROM deliveries d WHERE d.job_id IN (j.id, j.supersedes)"
            " AND (d.batch = ? OR substr(d.batch, 1, ?) = ?))) ORDER BY j.id LIMIT ?",
            (
                *(after, wanted.code, wanted.code, int(wanted.earlier), wanted.engine),
                *(named, named, len(shards), shards, BATCH),
            ),
        )
        if not rows:
            return queued
        queued += sum(retry_one(db, row["id"], wanted.engine, settings) for row in rows)
        after = rows[-1]["id"]


@atomic
def retry_one(db: Database, job_id: int, engine: str, settings: Settings | None = None) -> bool:
    """Queue a job that ended without a result, for an engine; False where it has not."""
    job = deliveries.lock(db, job_id)
    if job is None or not deliveries.start_again(db, job_id):
        return False
    values = (_find_password(db, settings, job_id), job_id)
    db.execute("UPDATE jobs SET password = coalesce(?, password) WHERE id = ?", values)
    own = None
    if job["sha256"] is not None:
        own = deliveries.find_job(db, job["sha256"], job["profile"], job["origin"], job["key_id"], engine)
    if own is None:
        db.execute("UPDATE jobs SET engine = ? WHERE id = ?", (engine, job_id))
    return True


def redo(
    db: Database,
    engine: str,
    jobs: Sequence[int],
    now: float,
    urgency: str = URGENCY,
    settings: Settings | None = None,
) -> list[int]:
    """Queue jobs that are done for another engine; the new jobs' numbers. ``settings``: whose folders hold passwords.

    Those that this engine has done, or has already been asked for, get none.

    Raises:
        UsageError: there is no such job, it is not done, or it is a part: then its container is to be done again.
    """
    return [new for job in jobs if (new := redo_one(db, job, (engine, urgency), now, settings)) is not None]


def redo_all(db: Database, engine: str, now: float, batch: str | None = None, settings: Settings | None = None) -> int:
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
        queued += len(redo(db, engine, [row["id"] for row in rows], now, settings=settings))
        after = rows[-1]["id"]


@atomic
def redo_one(
    db: Database, job_id: int, how: tuple[str, str], now: float, settings: Settings | None = None
) -> int | None:
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
    columns = (*same, "supersedes", "engine", "urgency", "password", "created_at")
    said = (job_id, engine, urgency, _find_password(db, settings, job_id), now)
    (new,) = db.insert_rows("jobs", columns, [(*(job[name] for name in same), *said)])
    return new


def _find_password(db: Database, settings: Settings | None, job_id: int) -> str | None:
    """The password that lies beside a file of a job, or beside the container that it came out of; None without one."""
    if settings is None:
        return None
    rows = db.rows(
        "WITH RECURSIVE above(id) AS (SELECT id FROM deliveries WHERE job_id = ?"
        " OR job_id = (SELECT supersedes FROM jobs WHERE id = ?)"
        " UNION SELECT d.parent FROM deliveries d JOIN above ON d.id = above.id WHERE d.parent IS NOT NULL)"
        " SELECT d.path, d.base, d.work_id, d.uri FROM deliveries d JOIN above ON d.id = above.id"
        " WHERE d.parent IS NULL ORDER BY d.id",
        (job_id, job_id),
    )
    for row in rows:
        for file in _find_files(settings, row):
            with contextlib.suppress(UnreadableError):
                password = sidecars.read_options(file).password
                if password is not None:
                    return password
    return None


def _find_files(settings: Settings, row: Row) -> Iterator[Path]:
    """Where a document's file may lie, by one of its names."""
    if row["uri"] is not None:
        if row["uri"].startswith(SCHEME):
            yield path_of_uri(row["uri"])
        return
    if row["work_id"] is None:
        return
    yield settings.work / row["work_id"] / row["path"]
    for folder in (settings.done, settings.failed):
        yield folder / row["base"]

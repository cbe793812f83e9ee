"""What is kept for how long: purge, and what lies in the store without a row.

Purging takes rows and stored bytes; what lies in ``results/`` and ``done/`` is its owner's. Nothing goes that has not
ended, that is still to be told, put or looked at anywhere, or that another version or a container still stands on. Rows
go before bytes: whoever is killed between the two leaves bytes without a row, which ``remove_orphans`` finds; bytes so
young that their row may be about to be written are left alone. Old bytes may be put again at this very moment: they are
removed while nobody can write a row for them (``Database.exclude``), and who writes it after that looks whether they
are still there (``Store.make_sure``).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from worker.blobs import GRACE_SECONDS, Store
from worker.database import Database, atomic
from worker.jobs import events

DAY_SECONDS: Final = 86_400.0
BATCH: Final = 200
# how long a request that is sent again is known by its Idempotency-Key; at least, since nobody looks every second
REQUEST_SECONDS: Final = 2 * DAY_SECONDS
ENDED: Final = str(tuple(events.ENDED))
# a person is still to look at it, or has said something of it since a moment, which is the one value
WATCHED: Final = (
    "(EXISTS (SELECT 1 FROM reviews r WHERE r.job_id = {0} AND r.state != 'resolved')"
    " OR EXISTS (SELECT 1 FROM corrections c WHERE c.job_id = {0} AND c.created_at >= ?))"
)


@dataclass(slots=True)
class Purged:
    """What went: jobs (parts of containers and earlier versions included), stored files and their bytes."""

    jobs: int = 0
    files: int = 0
    size: int = 0


def purge(db: Database, store: Store, ended_before: float, *, grace: float = GRACE_SECONDS) -> Purged:
    """Remove jobs that ended before a moment, with everything that only they needed, and what was damaged by then."""
    gone = Purged()
    after: int | None = 0
    while after is not None:
        after, jobs, results = _purge_some(db, ended_before, after)
        gone.jobs += jobs
        for sha256 in results:
            _remove_bytes(db, store, sha256, gone, grace)
    _purge_documents(db, store, gone, grace)
    _purge_damaged(store, ended_before, gone)
    return gone


def _purge_damaged(store: Store, aside_before: float, gone: Purged) -> None:
    """Remove bytes that were set aside before a moment: no row names them, and no job is given them."""
    for kept in list(store.list_damaged()):
        if kept.stored_at < aside_before:
            store.remove_damaged(kept.sha256)
            gone.files += 1
            gone.size += kept.size


@atomic
def _purge_some(db: Database, ended_before: float, after: int) -> tuple[int | None, int, list[str]]:
    """Remove some jobs: the last number looked at (None: there are no more), how many and which results went."""
    roots = db.rows(
        f"SELECT j.id FROM jobs j WHERE j.id > ? AND j.state IN {ENDED} AND j.finished_at < ?"  # noqa: S608 - words of ours
        " AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.job_id = j.id AND d.parent IS NOT NULL)"
        " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.job_id = j.id AND o.ended_at IS NULL)"
        " AND NOT EXISTS (SELECT 1 FROM jobs n WHERE n.supersedes = j.id AND n.state IN ('queued', 'running'))"
        f" AND NOT {WATCHED.format('j.id')} ORDER BY j.id LIMIT ? FOR UPDATE SKIP LOCKED",
        (after, ended_before, ended_before, BATCH),
    )
    jobs = 0
    results: list[str] = []
    for root in roots:
        for job in _remove_names(db, root["id"], ended_before):
            gone = _remove_job(db, job, ended_before)
            jobs += gone is not None
            results += gone or []
    return roots[-1]["id"] if roots else None, jobs, results


def _remove_names(db: Database, job_id: int, ended_before: float) -> list[int]:
    """Remove the names of a job and of all parts below, unless one is still to be served or looked at.

    The job, and the parts'.
    """
    below = (
        "WITH RECURSIVE below(id) AS (SELECT id FROM deliveries WHERE job_id = ?"
        " UNION SELECT d.id FROM deliveries d JOIN below b ON d.parent = b.id)"
    )
    names = db.rows(
        f"{below} SELECT d.job_id, d.delivered_at, {WATCHED.format('d.job_id')} AS watched FROM deliveries d"  # noqa: S608
        " WHERE d.id IN (SELECT id FROM below)",
        (job_id, ended_before),
    )
    if any(row["delivered_at"] is None or row["watched"] for row in names):
        return []
    db.execute(f"{below} DELETE FROM deliveries WHERE id IN (SELECT id FROM below)", (job_id,))  # noqa: S608
    return [job_id, *sorted({row["job_id"] for row in names} - {job_id})]


def _remove_job(db: Database, job_id: int, ended_before: float) -> list[str] | None:
    """Remove a job that has no name any more; its results, or None where it stays."""
    row = db.row(
        f"SELECT id FROM jobs WHERE id = ? AND state IN {ENDED} AND finished_at < ?"  # noqa: S608
        " AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.job_id = jobs.id)"
        f" AND NOT {WATCHED.format('jobs.id')} FOR UPDATE",
        (job_id, ended_before, ended_before),
    )
    if row is None:
        return None
    results = [r["sha256"] for r in db.rows("SELECT sha256 FROM results WHERE job_id = ?", (job_id,))]
    for statement in (
        "DELETE FROM results WHERE job_id = ?",
        "DELETE FROM idempotency WHERE job_id = ?",
        "UPDATE jobs SET parent = NULL WHERE parent = ?",
        "UPDATE jobs SET supersedes = NULL WHERE supersedes = ?",
        "DELETE FROM jobs WHERE id = ?",
    ):
        db.execute(statement, (job_id,))
    return results


def _is_needed(db: Database, sha256: str) -> bool:
    """Whether any row names these bytes."""
    query = (
        "SELECT 1 FROM documents WHERE sha256 = ? UNION ALL SELECT 1 FROM results WHERE sha256 = ?"
        " UNION ALL SELECT 1 FROM jobs WHERE result_sha256 = ?"
    )
    return db.row(query, (sha256, sha256, sha256)) is not None


def _remove_bytes(db: Database, store: Store, sha256: str, gone: Purged, grace: float) -> None:
    """Remove stored bytes that no row names, and note it."""
    kept = store.find(sha256)  # a store that is away says so here, where nobody waits for us
    if kept is None or time.time() - kept.stored_at < grace:
        return
    with db.transaction():
        db.exclude(sha256)
        if not _is_needed(db, sha256) and store.remove(sha256, grace):
            gone.files += 1
            gone.size += kept.size


def _purge_documents(db: Database, store: Store, gone: Purged, grace: float) -> None:
    """Remove documents that no job has any more: the row first, and its bytes before anybody may bring them again."""
    after = ""
    while rows := db.rows(
        "SELECT sha256 FROM documents d WHERE sha256 > ?"
        " AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.sha256 = d.sha256) ORDER BY sha256 LIMIT ?",
        (after, BATCH),
    ):
        for row in rows:
            _purge_document(db, store, row["sha256"], gone, grace)
        after = rows[-1]["sha256"]


def _purge_document(db: Database, store: Store, sha256: str, gone: Purged, grace: float) -> None:
    """One document: its row, which whoever brings the same bytes meanwhile waits for, then its bytes."""
    with db.transaction():
        db.row("SELECT 1 FROM documents WHERE sha256 = ? FOR UPDATE", (sha256,))
        db.execute(
            "DELETE FROM documents WHERE sha256 = ? AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.sha256 = ?)",
            (sha256, sha256),
        )
    _remove_bytes(db, store, sha256, gone, grace)


def remove_orphans(db: Database, store: Store, *, older_than: float = DAY_SECONDS) -> Purged:
    """Remove bytes that no row names: what was fenced out, or left by a crash between two steps."""
    gone = Purged()
    limit = time.time() - older_than
    for kept in store.list():
        if kept.stored_at < limit and not _is_needed(db, kept.sha256):
            _remove_bytes(db, store, kept.sha256, gone, older_than)
    return gone


def forget_requests(db: Database, now: float) -> int:
    """Forget the idempotency keys that are old; how many."""
    gone = 0
    while some := db.execute(
        "DELETE FROM idempotency WHERE (key_id, key) IN"
        " (SELECT key_id, key FROM idempotency WHERE created_at < ? LIMIT ?)",
        (now - REQUEST_SECONDS, BATCH),
    ):
        gone += some
    return gone

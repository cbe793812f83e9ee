"""Names that documents came with: one row each, and what is still to be put beside it when its job has ended.

The same bytes are one job, but each name they came with gets its own result. A name (``base``) belongs to one
document for ever; another document that comes with it gets eight characters of its hash into the name.
Functions without a transaction of their own are for use inside one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from worker import naming
from worker.database import Database, Row

PROFILE: Final = "default"
POSTPONED_SECONDS: Final = 2.0
POSTPONED_LONGEST: Final = 300.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A document whose bytes are in the store, with the name it came with.

    Attributes:
        path: relative, POSIX, as it lay in the inbox.
        work_id: the folder under ``work/`` that holds the file until the job has ended.
    """

    path: str
    sha256: str
    size: int
    kind: str
    urgency: str
    engine: str
    work_id: str
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A name whose job has ended: what is to be put beside it.

    Attributes:
        base: name under ``results/``, ``done/`` and ``failed/``.
        holder: sha256 of the document, or a stand-in where the file could never be read.
        part: its number in the container, None for a document that came by itself.
        review: figures of the result that a person should look at.
    """

    id: int
    job_id: int
    path: str
    base: str
    work_id: str | None
    uri: str | None
    parent: int | None
    part: int | None
    state: str
    sha256: str | None
    problem: str | None
    result_sha256: str | None
    review: int
    container: bool


def arrive(db: Database, arrival: Arrival, now: float) -> int:
    """Write down a document and its name, durably, before anybody is told or its file is moved; the job's id.

    The same arrival twice (after a crash) is one. A document that is dropped again after it failed is tried again:
    that is what the person who drops it wants; one that is done, queued or running gets no second job.
    """
    with db.transaction():
        known = db.row("SELECT job_id FROM deliveries WHERE work_id = ?", (arrival.work_id,))
        if known is not None:
            return int(known["job_id"])
        add_document(db, arrival.sha256, arrival.size, now)
        job = find_job(db, arrival.sha256, PROFILE, "")
        if job is None:
            job = db.insert(
                "INSERT INTO jobs(sha256, profile, engine, password, urgency, kind, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (arrival.sha256, PROFILE, arrival.engine, arrival.password, arrival.urgency, arrival.kind, now),
            )
        elif start_again(db, job):
            values = (arrival.password, arrival.engine, arrival.urgency, job)
            db.execute("UPDATE jobs SET password = ?, engine = ?, urgency = ? WHERE id = ?", values)
        base = reserve(db, arrival.path, arrival.sha256)
        db.insert(
            "INSERT INTO deliveries(job_id, path, base, work_id, ready)"
            " SELECT id, ?, ?, ?, state NOT IN ('queued', 'running') FROM jobs WHERE id = ?",
            (arrival.path, base, arrival.work_id, job),
        )
        copy_parts(db, job)
        return job


def start_again(db: Database, job_id: int) -> bool:
    """Queue a job that ended without a result; its names are served again when it ends again."""
    touched = db.execute(
        "UPDATE jobs SET state = 'queued', attempt = 0, hinted_at = 0, finished_at = NULL, error_code = NULL,"
        " problem = NULL WHERE id = ? AND state IN ('failed', 'quarantined', 'cancelled')",
        (job_id,),
    )
    if touched:
        db.execute("UPDATE deliveries SET ready = 0, delivered_at = NULL WHERE job_id = ?", (job_id,))
        _reopen_container(db, job_id)
    return bool(touched)


def _reopen_container(db: Database, job_id: int) -> None:
    """The index of a container is written again when a part that has failed was tried again, at every depth."""
    rows = db.rows(
        "WITH RECURSIVE above(id) AS (SELECT parent FROM deliveries WHERE job_id = ? AND parent IS NOT NULL"
        " UNION SELECT d.parent FROM deliveries d JOIN above ON d.id = above.id WHERE d.parent IS NOT NULL)"
        " SELECT id FROM above",
        (job_id,),
    )
    for row in rows:
        db.execute("UPDATE deliveries SET delivered_at = NULL WHERE id = ?", (row["id"],))


def plan(db: Database, batch: str, rows: list[tuple[str, str, str]], engine: str, now: float) -> int:
    """Add a back-fill's files, in one transaction: ``(path, uri, kind)``; how many were new.

    A file that the batch has had already is not added again.
    """
    added = 0
    with db.transaction():
        for path, uri, kind in rows:
            if db.row("SELECT 1 FROM deliveries WHERE batch = ? AND uri = ?", (batch, uri)) is not None:
                continue
            job = db.insert(
                "INSERT INTO jobs(uri, profile, engine, urgency, kind, created_at) VALUES (?, ?, ?, 'backfill', ?, ?)",
                (uri, PROFILE, engine, kind, now),
            )
            db.insert("INSERT INTO deliveries(job_id, path, uri, batch) VALUES (?, ?, ?, ?)", (job, path, uri, batch))
            added += 1
    return added


def count_batch(db: Database, batch: str) -> dict[str, int]:
    """How many documents of a back-fill, parts of containers included, are in each state."""
    rows = db.rows(
        "SELECT j.state, count(*) AS documents FROM deliveries d JOIN jobs j ON j.id = d.job_id"
        " WHERE d.batch = ? GROUP BY j.state",
        (batch,),
    )
    return {row["state"]: row["documents"] for row in rows}


def is_delivered(db: Database, batch: str) -> bool:
    """Whether every document of a back-fill has ended and its result, or error, was put where it belongs.

    What could not be put there (and is tried again) is not waited for.
    """
    row = db.row("SELECT 1 FROM deliveries WHERE batch = ? AND delivered_at IS NULL AND tries = 0 LIMIT 1", (batch,))
    return row is None


def add_document(db: Database, sha256: str, size: int, now: float) -> None:
    """Write down that the store holds these bytes."""
    db.execute("INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (sha256, size, now))


def find_job(db: Database, sha256: str, profile: str, origin: str) -> int | None:
    """The job of these bytes, the newest where later engines have converted them again."""
    row = db.row(
        "SELECT id FROM jobs WHERE sha256 = ? AND profile = ? AND origin = ? ORDER BY id DESC LIMIT 1",
        (sha256, profile, origin),
    )
    return None if row is None else int(row["id"])


def reserve(db: Database, path: str, holder: str) -> str:
    """The name a document gets: its own, or with its hash where that is another document's."""
    choices = naming.candidates(path, holder)
    for base in choices:
        db.execute("INSERT INTO names VALUES (?, ?) ON CONFLICT DO NOTHING", (base, holder))
        row = db.row("SELECT holder FROM names WHERE base = ?", (base,))
        if row is not None and row["holder"] == holder:
            return base
    return choices[-1]


def name_waiting(db: Database, job_id: int, holder: str) -> None:
    """Give the names of a job without one (a back-fill's) theirs, now that the document is known."""
    for row in db.rows("SELECT id, path FROM deliveries WHERE job_id = ? AND base IS NULL", (job_id,)):
        db.execute("UPDATE deliveries SET base = ? WHERE id = ?", (reserve(db, row["path"], holder), row["id"]))


def hand_over(db: Database, job_id: int, twin: int) -> None:
    """Have another job, of the same bytes, serve the names of a job."""
    db.execute(
        "UPDATE deliveries SET job_id = ?, ready ="
        " (SELECT state NOT IN ('queued', 'running') FROM jobs WHERE id = ?) WHERE job_id = ?",
        (twin, twin, job_id),
    )
    copy_parts(db, twin)


def add_part(db: Database, container: int, child: int, number: int, file: str) -> None:
    """For every name of a container's job, the name of one of its parts (``file`` as ``03-exhibit.htm``)."""
    for row in db.rows("SELECT id, path, base, batch FROM deliveries WHERE job_id = ?", (container,)):
        if row["base"] is not None:
            _add_part(db, row, child, number, file)


def _add_part(db: Database, parent: Row, child: int, number: int, name: str) -> None:
    if db.row("SELECT 1 FROM deliveries WHERE parent = ? AND part = ?", (parent["id"], number)) is not None:
        return
    document = db.row("SELECT sha256 FROM jobs WHERE id = ?", (child,))
    base = reserve(db, f"{parent['base']}/{name}", document["sha256"] if document is not None else name)
    db.insert(
        "INSERT INTO deliveries(job_id, path, base, parent, part, batch, ready)"
        " SELECT id, ?, ?, ?, ?, ?, state NOT IN ('queued', 'running') FROM jobs WHERE id = ?",
        (f"{parent['path']}/{name}", base, parent["id"], number, parent["batch"], child),
    )
    copy_parts(db, child)


def copy_parts(db: Database, container: int) -> None:
    """Give every name of a container that has been taken apart the parts that its first name has."""
    if db.row("SELECT 1 FROM jobs WHERE id = ? AND state = 'done'", (container,)) is None:
        return
    names = db.rows(
        "SELECT id, path, base, batch FROM deliveries WHERE job_id = ? AND base IS NOT NULL ORDER BY id", (container,)
    )
    if not names:
        return
    parts = db.rows("SELECT job_id, part, path FROM deliveries WHERE parent = ? ORDER BY part", (names[0]["id"],))
    for row in names[1:]:
        for part in parts:
            _add_part(db, row, part["job_id"], part["part"], part["path"].rpartition("/")[2])


def mark_ready(db: Database, job_id: int) -> None:
    """Have every name of a job that has ended served."""
    name_waiting(db, job_id, f"job {job_id}")
    db.execute("UPDATE deliveries SET ready = 1 WHERE job_id = ?", (job_id,))


def find_ready(db: Database, now: float, limit: int = 100) -> list[Delivery]:
    """Names whose job has ended and that were not served yet; a container's only after those of all its parts."""
    rows = db.rows(
        "SELECT d.id, d.job_id, d.path, d.base, d.work_id, d.uri, d.parent, d.part, j.state, j.sha256, j.problem,"
        " j.result_sha256, coalesce(json_extract(j.summary, '$.review'), 0) AS review,"
        " coalesce(json_extract(j.summary, '$.container'), 0) AS container"
        " FROM deliveries d JOIN jobs j ON j.id = d.job_id"
        " WHERE d.ready = 1 AND d.delivered_at IS NULL AND d.next_at <= ?"
        " AND NOT EXISTS (SELECT 1 FROM deliveries p WHERE p.parent = d.id AND p.delivered_at IS NULL)"
        " ORDER BY d.next_at, d.id LIMIT ?",
        (now, limit),
    )
    return [Delivery(**{**dict(row), "container": bool(row["container"])}) for row in rows]


def find_parts(db: Database, delivery: int) -> list[Row]:
    """The parts of a container's name, in order: ``part, base, sha256, state, problem, summary``."""
    return db.rows(
        "SELECT d.part, d.base, j.sha256, j.state, j.problem, j.summary,"
        " coalesce(json_extract(j.summary, '$.container'), 0) AS container"
        " FROM deliveries d JOIN jobs j ON j.id = d.job_id WHERE d.parent = ? ORDER BY d.part",
        (delivery,),
    )


def complete(db: Database, delivery: Delivery, now: float) -> None:
    """Write down that a name was served, unless its job was started again in the meantime."""
    db.execute(
        "UPDATE deliveries SET delivered_at = ? WHERE id = ? AND ready = 1"
        " AND EXISTS (SELECT 1 FROM jobs WHERE id = ? AND state = ?)",
        (now, delivery.id, delivery.job_id, delivery.state),
    )


def postpone(db: Database, delivery: Delivery, now: float) -> float:
    """Try a name again later (the disk was full, something lies in the way), ever more seldom; in how many seconds."""
    row = db.row("UPDATE deliveries SET tries = tries + 1 WHERE id = ? RETURNING tries", (delivery.id,))
    tries = row["tries"] if row is not None else 1
    seconds = min(POSTPONED_LONGEST, POSTPONED_SECONDS * 2.0 ** min(tries - 1, 10))
    db.execute("UPDATE deliveries SET next_at = ? WHERE id = ?", (now + seconds, delivery.id))
    return float(seconds)

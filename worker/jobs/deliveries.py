"""Names that documents came with: one row each, and what is still to be put beside it when its job has ended.

The same bytes are one job, but each name they came with gets its own result. A name (``base``) belongs to one
document for ever; another document that comes with it gets eight characters of its hash into the name.
Functions without a transaction of their own are for use inside one. Who reads a job's state in order to act on it
locks the job first, and a document before a job that may not be there yet: in this order everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from schemas.errors import EncryptedError
from worker import naming
from worker.database import Database, Row, atomic
from worker.jobs import events, names

PROFILE: Final = "default"
# a name whose bytes were sent by somebody who asks for the result: nothing is put into a folder
NOWHERE: Final = "-"
POSTPONED_SECONDS: Final = 2.0
POSTPONED_LONGEST: Final = 300.0
# values in one statement: SQLite takes 32,766
MANY: Final = 5_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """A document whose bytes are in the store, with the name it came with.

    Attributes:
        path: relative, POSIX, as it lay in the inbox.
        work_id: the folder under ``work/`` that holds the file until the job has ended; None for an upload.
        key_id: whose it is: the number of an API key, 0 for the doors of the machine.
        metadata: the caller's JSON object as text, or None.
        site: the home whose folders it is put into ("" any, ``NOWHERE`` none).
    """

    path: str
    sha256: str
    size: int
    kind: str
    urgency: str
    engine: str
    work_id: str | None
    password: str | None = None
    key_id: int = 0
    metadata: str | None = None
    site: str = ""


class Planned(NamedTuple):
    """A file of a back-fill, and what is wished of it: there may be millions."""

    path: str
    uri: str
    kind: str
    urgency: str = "backfill"
    password: str | None = None
    metadata: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A name whose job has ended: what is to be put beside it.

    Attributes:
        base: name under ``results/``, ``done/`` and ``failed/``.
        holder: sha256 of the document, or a stand-in where the file could never be read.
        part: its number in the container, None for a document that came by itself.
        metadata: the caller's JSON object as text, or None.
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
    metadata: str | None
    review: int
    container: bool


@atomic
def arrive(db: Database, arrival: Arrival, now: float) -> int:
    """Write down a document and its name, durably, before anybody is told or its file is moved; the job's id.

    The same arrival twice (after a crash) is one. A document that is dropped again after it failed is tried again:
    that is what the person who drops it wants; one that is done, queued or running gets no second job, but a password
    that comes with it is used where one is asked for.
    """
    if arrival.work_id is not None:
        known = db.row("SELECT job_id FROM deliveries WHERE work_id = ?", (arrival.work_id,))
        if known is not None:
            return int(known["job_id"])
    add_document(db, arrival.sha256, arrival.size, now)
    job = find_job(db, arrival.sha256, PROFILE, "", arrival.key_id)
    if job is None:
        job = _add_job(db, arrival, now)
    elif start_again(db, job):
        values = (arrival.password, arrival.engine, arrival.urgency, arrival.metadata, job)
        db.execute("UPDATE jobs SET password = ?, engine = ?, urgency = ?, metadata = ? WHERE id = ?", values)
    elif arrival.password is not None:
        unlock(db, job, arrival.password, arrival.engine)
    base = arrival.path if arrival.site == NOWHERE else names.reserve(db, arrival.path, arrival.sha256)
    delivery = db.insert(
        "INSERT INTO deliveries(job_id, path, base, work_id, site, metadata, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (job, arrival.path, base, arrival.work_id, arrival.site, arrival.metadata, now),
    )
    _follow_state(db, delivery, job, now)
    copy_parts(db, job, now, delivery)
    if arrival.site != NOWHERE:  # an upload brings callbacks too: who has taken it tells of it
        events.tell_known(db, job, events.Said(arrival.metadata, arrival.path), (), now)
    return job


def _add_job(db: Database, arrival: Arrival, now: float) -> int:
    """The job of a document that has none."""
    return db.insert(
        "INSERT INTO jobs(sha256, profile, engine, password, urgency, kind, key_id, metadata, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(arrival.sha256, PROFILE, arrival.engine, arrival.password, arrival.urgency, arrival.kind),
            *(arrival.key_id, arrival.metadata, now),
        ),
    )


def _follow_state(db: Database, delivery: int, job: int, now: float) -> None:
    """Have a new name served at once where its job, which is locked, has ended already."""
    db.execute(
        "UPDATE deliveries SET ready = 1, delivered_at = CASE WHEN site = ? THEN ? END WHERE id = ?"
        " AND EXISTS (SELECT 1 FROM jobs WHERE id = ? AND state NOT IN ('queued', 'running'))",
        (NOWHERE, now, delivery, job),
    )


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


def unlock(db: Database, job_id: int, password: str, engine: str) -> None:
    """Use a password that came second: for a job, or the parts of a container, that have not ended or asked for one."""
    below = db.rows(
        "WITH RECURSIVE below(id, job_id) AS (SELECT id, job_id FROM deliveries WHERE job_id = ?"
        " UNION SELECT d.id, d.job_id FROM deliveries d JOIN below ON d.parent = below.id)"
        " SELECT DISTINCT job_id FROM below ORDER BY job_id",
        (job_id,),
    )
    for row in below:
        job = lock(db, row["job_id"])
        if job is None:
            continue
        if job["error_code"] == EncryptedError.code:
            start_again(db, job["id"])
        elif json.loads(job["summary"] or "{}").get("locked") and make_again(db, job["id"], engine):
            _reopen_container(db, job["id"])
        db.execute(
            "UPDATE jobs SET password = ? WHERE id = ? AND state IN ('queued', 'running')", (password, job["id"])
        )


def make_again(db: Database, job_id: int, engine: str) -> bool:
    """Queue a job that is done because its result is lost, or can be a better one; False where that must not be done.

    That is so where another engine has made it, or people have corrected it.
    """
    touched = db.execute(
        "UPDATE jobs SET state = 'queued', attempt = 0, hinted_at = 0, finished_at = NULL WHERE id = ?"
        " AND state = 'done' AND engine = ? AND NOT EXISTS (SELECT 1 FROM corrections c WHERE c.job_id = jobs.id)",
        (job_id, engine),
    )
    if touched:
        db.execute("UPDATE deliveries SET ready = 0, delivered_at = NULL WHERE job_id = ?", (job_id,))
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


@atomic
def plan(db: Database, batch: str, rows: Sequence[Planned], engine: str, now: float, site: str = "") -> int:
    """Add a back-fill's files, in one transaction; how many were new.

    A file that the batch has had already is not added again, whoever else adds to it at the same time.
    """
    batch = naming.key_of(batch)
    db.exclude(f"batch {batch}")
    known = _find_known(db, batch, [naming.key_of(row.uri) for row in rows])
    new = {row.uri: row for row in rows if naming.key_of(row.uri) not in known}
    columns = ("uri", "profile", "engine", "urgency", "kind", "password", "metadata", "created_at")
    made = [(r.uri, PROFILE, engine, r.urgency, r.kind, r.password, r.metadata, now) for r in new.values()]
    jobs = db.insert_rows("jobs", columns, made)
    named = [
        (job, row.path, naming.key_of(row.uri), batch, site, row.metadata, now)
        for job, row in zip(jobs, new.values(), strict=True)
    ]
    db.insert_rows("deliveries", ("job_id", "path", "uri", "batch", "site", "metadata", "created_at"), named)
    return len(new)


def _find_known(db: Database, batch: str, uris: list[str]) -> set[str]:
    """Which of these files the batch has had already."""
    known: set[str] = set()
    for start in range(0, len(uris), MANY):
        some = uris[start : start + MANY]
        marks = ", ".join("?" * len(some))
        query = f"SELECT uri FROM deliveries WHERE batch = ? AND uri IN ({marks})"  # noqa: S608 - marks only
        known.update(row["uri"] for row in db.rows(query, (batch, *some)))
    return known


def find_new(db: Database, batch: str, uris: Sequence[str]) -> set[str]:
    """Which of a back-fill's files it has not had yet."""
    named = {naming.key_of(uri): uri for uri in uris}
    known = _find_known(db, naming.key_of(batch), sorted(named))
    return {uri for key, uri in named.items() if key not in known}


def count_batch(db: Database, batch: str) -> dict[str, int]:
    """How many documents of a back-fill, parts of containers included, are in each state."""
    rows = db.rows(
        "SELECT j.state, count(*) AS documents FROM deliveries d JOIN jobs j ON j.id = d.job_id"
        " WHERE d.batch = ? GROUP BY j.state",
        (naming.key_of(batch),),
    )
    return {row["state"]: row["documents"] for row in rows}


def is_delivered(db: Database, batch: str) -> bool:
    """Whether every document of a back-fill has ended and its result, or error, was put where it belongs.

    What could not be put there (and is tried again) is not waited for.
    """
    query = "SELECT 1 FROM deliveries WHERE batch = ? AND delivered_at IS NULL AND tries = 0 LIMIT 1"
    return db.row(query, (naming.key_of(batch),)) is None


def add_document(db: Database, sha256: str, size: int, now: float) -> None:
    """Write down that the store holds these bytes; until the transaction ends, nobody else names or removes them."""
    db.exclude(sha256)
    db.execute(
        "INSERT INTO documents(sha256, bytes, stored_at) VALUES (?, ?, ?)"
        " ON CONFLICT (sha256) DO UPDATE SET bytes = excluded.bytes",
        (sha256, size, now),
    )


def find_job(
    db: Database, sha256: str, profile: str, origin: str, key_id: int = 0, engine: str | None = None
) -> int | None:
    """The job of these bytes, locked: one that is done before all others, then the newest; None where there is none.

    Several engines may have converted them; with ``engine`` only that one's job is looked for.
    """
    query = (
        "SELECT id FROM jobs WHERE sha256 = ? AND profile = ? AND origin = ? AND key_id = ? AND (? = '' OR engine = ?)"
        " ORDER BY CASE WHEN state = 'done' THEN 0 ELSE 1 END, id DESC LIMIT 1"
    )
    values = (sha256, profile, naming.key_of(origin), key_id, engine or "", engine or "")
    found = db.row(query, values)
    while found is not None:
        lock(db, found["id"])
        again = db.row(query, values)  # another may have finished it, or purged it, before it was ours
        if again is not None and again["id"] == found["id"]:
            return int(found["id"])
        found = again
    return None


def lock(db: Database, job_id: int) -> Row | None:
    """A job that nobody else changes until the transaction ends; None where it is gone."""
    return db.row("SELECT * FROM jobs WHERE id = ? FOR NO KEY UPDATE", (job_id,))


def name_waiting(db: Database, job_id: int, holder: str) -> None:
    """Give the names of a job without one (a back-fill's) theirs, now that the document is known."""
    for row in db.rows("SELECT id, path FROM deliveries WHERE job_id = ? AND base IS NULL", (job_id,)):
        db.execute("UPDATE deliveries SET base = ? WHERE id = ?", (names.reserve(db, row["path"], holder), row["id"]))


def hand_over(db: Database, job_id: int, heir: int, now: float) -> None:
    """Have another job, which is locked, serve the names of a job."""
    named = db.rows("SELECT id FROM deliveries WHERE job_id = ?", (job_id,))
    db.execute("UPDATE deliveries SET job_id = ?, ready = 0, delivered_at = NULL WHERE job_id = ?", (heir, job_id))
    for row in named:
        _follow_state(db, row["id"], heir, now)
    copy_parts(db, heir, now)
    _reopen_container(db, heir)


def add_part(db: Database, container: int, child: int, part: tuple[int, str], now: float) -> None:
    """For every name of a container's job, the name of one of its parts (number, and file as ``03-exhibit.htm``)."""
    for row in db.rows("SELECT * FROM deliveries WHERE job_id = ? AND base IS NOT NULL", (container,)):
        _add_part(db, row, child, part, now)


def _add_part(db: Database, parent: Row, child: int, part: tuple[int, str], now: float) -> None:
    """A part's name under one name of its container; an earlier engine may have found another document there."""
    number, name = part
    document = db.row("SELECT sha256 FROM jobs WHERE id = ? FOR NO KEY UPDATE", (child,))
    sha256 = document["sha256"] if document is not None else name
    known = db.row(
        "SELECT d.id, j.sha256 FROM deliveries d JOIN jobs j ON j.id = d.job_id WHERE d.parent = ? AND d.part = ?",
        (parent["id"], number),
    )
    if known is not None and known["sha256"] == sha256:
        return
    path = f"{parent['path']}/{name}"
    base = path if parent["site"] == NOWHERE else names.reserve_part(db, f"{parent['base']}/{name}", sha256)
    if known is not None:
        values = (child, path, base, known["id"])
        db.execute(
            "UPDATE deliveries SET job_id = ?, path = ?, base = ?, ready = 0, delivered_at = NULL WHERE id = ?", values
        )
    delivery = known["id"] if known is not None else _insert_part(db, parent, child, (number, path, base), now)
    _follow_state(db, delivery, child, now)
    copy_parts(db, child, now, delivery)


def _insert_part(db: Database, parent: Row, child: int, part: tuple[int, str, str], now: float) -> int:
    """A new name; its number."""
    number, path, base = part
    inherited = (parent["id"], parent["batch"], parent["site"], parent["metadata"])
    return db.insert(
        "INSERT INTO deliveries(job_id, path, base, part, parent, batch, site, metadata, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (child, path, base, number, *inherited, now),
    )


def copy_parts(db: Database, container: int, now: float, only: int = 0) -> None:
    """Give every name of a container that has been taken apart, or one of them, the parts that its first name has."""
    if db.row("SELECT 1 FROM jobs WHERE id = ? AND state = 'done'", (container,)) is None:
        return
    query = "SELECT * FROM deliveries WHERE job_id = ? AND base IS NOT NULL AND ? IN (0, id) ORDER BY id"
    first = db.row(f"{query} LIMIT 1", (container, 0))
    if first is None:
        return
    parts = db.rows("SELECT job_id, part, path FROM deliveries WHERE parent = ? ORDER BY part", (first["id"],))
    for row in (name for name in db.rows(query, (container, only)) if name["id"] != first["id"]):
        for part in parts:
            _add_part(db, row, part["job_id"], (part["part"], part["path"].rpartition("/")[2]), now)


def mark_ready(db: Database, job_id: int, now: float) -> None:
    """Have every name of a job that has ended served."""
    name_waiting(db, job_id, f"job {job_id}")
    db.execute(
        "UPDATE deliveries SET ready = 1, delivered_at = CASE WHEN site = ? THEN ? END WHERE job_id = ?",
        (NOWHERE, now, job_id),
    )


def serve_again(db: Database, job_id: int, now: float) -> None:
    """Have every name of a job, which is locked, served once more: its result is another one now."""
    mark_ready(db, job_id, now)
    _reopen_container(db, job_id)


def find_ready(db: Database, now: float, limit: int = 100, site: str = "") -> list[Delivery]:
    """Names whose job has ended and that were not served yet; a container's only after those of all its parts."""
    rows = db.rows(
        "SELECT d.id, d.job_id, d.path, d.base, d.work_id, d.uri, d.parent, d.part, j.state, j.sha256, j.problem,"
        " j.result_sha256, j.summary, d.metadata FROM deliveries d JOIN jobs j ON j.id = d.job_id"
        " WHERE d.ready = 1 AND d.delivered_at IS NULL AND d.next_at <= ? AND d.site IN ('', ?)"
        " AND NOT EXISTS (SELECT 1 FROM deliveries p WHERE p.parent = d.id AND p.delivered_at IS NULL)"
        " ORDER BY d.next_at, d.id LIMIT ?",
        (now, site, limit),
    )
    return [_delivery(row) for row in rows]


def _delivery(row: Row) -> Delivery:
    values = dict(row)
    summary = json.loads(values.pop("summary") or "{}")
    return Delivery(**values, review=int(summary.get("review") or 0), container=bool(summary.get("container")))


def find_part_job(db: Database, container: int, number: int, sha256: str) -> int | None:
    """The job, locked, of a container's part with these bytes, the one of this number first; None without one."""
    row = db.row(
        "SELECT p.job_id FROM deliveries p JOIN deliveries d ON d.id = p.parent JOIN jobs j ON j.id = p.job_id"
        " WHERE d.job_id = ? AND j.sha256 = ? ORDER BY CASE WHEN p.part = ? THEN 0 ELSE 1 END, p.job_id DESC LIMIT 1",
        (container, sha256, number),
    )
    return int(row["job_id"]) if row is not None and lock(db, row["job_id"]) is not None else None


def find_parts(db: Database, delivery: int) -> list[Row]:
    """The parts of a container's name, in order: ``id, part, base, sha256, state, problem, summary``."""
    return db.rows(
        "SELECT d.id, d.part, d.base, j.sha256, j.state, j.problem, j.summary"
        " FROM deliveries d JOIN jobs j ON j.id = d.job_id WHERE d.parent = ? ORDER BY d.part",
        (delivery,),
    )


def complete(db: Database, delivery: Delivery, now: float) -> None:
    """Write down that a name was served, unless its job was started again, or another has taken it, in the meantime."""
    db.execute(
        "UPDATE deliveries SET delivered_at = ? WHERE id = ? AND ready = 1 AND job_id = ?"
        " AND EXISTS (SELECT 1 FROM jobs WHERE id = ? AND state = ?)",
        (now, delivery.id, delivery.job_id, delivery.job_id, delivery.state),
    )


def postpone(db: Database, delivery: Delivery, now: float) -> float:
    """Try a name again later (the disk was full, something lies in the way), ever more seldom; in how many seconds."""
    row = db.row("UPDATE deliveries SET tries = tries + 1 WHERE id = ? RETURNING tries", (delivery.id,))
    tries = row["tries"] if row is not None else 1
    seconds = min(POSTPONED_LONGEST, POSTPONED_SECONDS * 2.0 ** min(tries - 1, 10))
    db.execute("UPDATE deliveries SET next_at = ? WHERE id = ?", (now + seconds, delivery.id))
    return float(seconds)


@dataclass(frozen=True, slots=True)
class Above:
    """A container's name above a part's: ``base``, and where its file came in, if it was dropped."""

    base: str
    path: str
    work_id: str | None


def find_above(db: Database, delivery: Delivery) -> list[Above]:
    """The containers' names above a part's."""
    rows = db.rows(
        "WITH RECURSIVE above(id) AS (SELECT parent FROM deliveries WHERE id = ?"
        " UNION SELECT d.parent FROM deliveries d JOIN above ON d.id = above.id)"
        " SELECT base, path, work_id FROM deliveries WHERE id IN (SELECT id FROM above)",
        (delivery.id,),
    )
    return [Above(**row) for row in rows]


@atomic
def forget(db: Database, delivery: Delivery) -> None:
    """Remove a name, with those of its parts, as if it had never come: its document turned out to be another."""
    rows = db.rows(
        "WITH RECURSIVE below(id) AS (SELECT id FROM deliveries WHERE id = ?"
        " UNION SELECT d.id FROM deliveries d JOIN below ON d.parent = below.id)"
        " SELECT d.id, d.base, j.sha256 FROM deliveries d JOIN jobs j ON j.id = d.job_id"
        " WHERE d.id IN (SELECT id FROM below) ORDER BY d.id DESC",
        (delivery.id,),
    )
    for row in rows:
        db.execute("DELETE FROM deliveries WHERE id = ?", (row["id"],))
        if row["base"] is not None and row["sha256"] is not None:
            names.release(db, row["base"], row["sha256"])

"""From bytes that lie on the disk to a job's row: stored first, written down in one transaction, then answered."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final

from worker.api.models import Callback
from worker.api.problems import ApiError
from worker.database import Database, Row, atomic
from worker.jobs.deliveries import NOWHERE, Arrival, arrive, find_job
from worker.jobs.events import Said, tell_known
from worker.jobs.redo import redo_one
from worker.naming import clean

LONGEST_NAME: Final = 255
# states of a job that a second request for the same bytes joins
KNOWN: Final = ("queued", "running", "done")


@dataclass(frozen=True, slots=True)
class Submission:
    """A document that lies in the store, and what is asked of it.

    Attributes:
        key_id: whose it is. name: what its file is called.
        idempotency: the caller's name for the request, or None; request: sha256 over all that was asked.
        force: convert again what an earlier version of the program has converted.
    """

    key_id: int
    sha256: str
    size: int
    kind: str
    urgency: str
    profile: str
    engine: str
    name: str
    metadata: dict[str, Any]
    password: str | None = None
    idempotency: str | None = None
    request: str = ""
    force: bool = False
    callbacks: tuple[Callback, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Submitted:
    """The job of a submission; ``known`` where it was there before."""

    job_id: int
    known: bool


def recall(db: Database, key_id: int, idempotency: str | None, request: str) -> int | None:
    """The job that an idempotency key stands for, None where it is new.

    Raises:
        ApiError: 422, it was used for another request.
    """
    if idempotency is None:
        return None
    row = db.row(
        "SELECT request, job_id FROM idempotency WHERE key_id = ? AND key = ?",
        (key_id, idempotency),
    )
    if row is None:
        return None
    if row["request"] != request:
        raise ApiError(422, "This Idempotency-Key was used for another request.", code="E_IDEMPOTENCY")
    return None if row["job_id"] is None else int(row["job_id"])


@atomic
def submit(db: Database, new: Submission, now: float) -> Submitted:
    """Write down a document, its name and its job; the same bytes under the same key are one job.

    Raises:
        ApiError: 422, the idempotency key was used for another request.
    """
    if new.idempotency is not None:
        # the first statement writes, so that two who come with the same key at once come one after the other
        db.execute(
            "INSERT INTO idempotency(key_id, key, request, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (new.key_id, new.idempotency, new.request, now),
        )
        known = recall(db, new.key_id, new.idempotency, new.request)
        if known is not None:
            return Submitted(known, known=True)
    metadata = json.dumps(new.metadata, ensure_ascii=False) if new.metadata else None
    before = _newest(db, new)
    arrival = _arrival(new, metadata)
    job = arrive(db, arrival, now)
    if new.force:
        job = _force(db, new, job, now)
    # one that listens is told what was said last; each name keeps what was said with it
    db.execute("UPDATE jobs SET metadata = ? WHERE id = ?", (metadata, job))
    said = Said(metadata or "{}", arrival.path)
    added = [_add_callback(db, (new.key_id, job), callback, said, now) for callback in new.callbacks]
    if before is not None:
        tell_known(db, job, said, added, now)
    if new.idempotency is not None:
        db.execute("UPDATE idempotency SET job_id = ? WHERE key_id = ? AND key = ?", (job, new.key_id, new.idempotency))
    return Submitted(job, known=before is not None and before["id"] == job and before["state"] in KNOWN)


def _add_callback(db: Database, whose: tuple[int, int], callback: Callback, said: Said, now: float) -> int:
    """Have an address told of a job (key, job) with what was said; its number, 0 where it is told so already.

    A client that has not had its answer sends everything again.
    """
    words = json.dumps([callback.url, callback.secret, said.metadata])
    return db.insert(
        "INSERT INTO endpoints(key_id, job_id, url, secret, metadata, name, submission, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            *(*whose, callback.url, callback.secret or "", said.metadata, said.name),
            *(hashlib.sha256(words.encode()).hexdigest(), now),
        ),
    )


def _newest(db: Database, new: Submission) -> Row | None:
    return db.row(
        "SELECT id, state, engine FROM jobs WHERE sha256 = ? AND profile = ? AND origin = '' AND key_id = ?"
        " ORDER BY CASE WHEN state = 'done' THEN 0 ELSE 1 END, id DESC LIMIT 1",
        (new.sha256, new.profile, new.key_id),
    )


def _force(db: Database, new: Submission, job: int, now: float) -> int:
    """The job of this version of the program, where an earlier one has done these bytes.

    The name stays with the earlier result until there is another; who asks is told of the new job.
    """
    done = db.row("SELECT id FROM jobs WHERE id = ? AND state = 'done' AND engine != ?", (job, new.engine))
    if done is None:
        return job
    again = redo_one(db, job, (new.engine, new.urgency), now)
    if again is None:
        return find_job(db, new.sha256, new.profile, "", new.key_id, new.engine) or job
    db.execute("UPDATE jobs SET password = ? WHERE id = ?", (new.password, again))
    return again


def _arrival(new: Submission, metadata: str | None) -> Arrival:
    return Arrival(
        path=clean(new.name)[:LONGEST_NAME] or "document",
        sha256=new.sha256,
        size=new.size,
        kind=new.kind,
        urgency=new.urgency,
        engine=new.engine,
        work_id=None,
        password=new.password,
        key_id=new.key_id,
        metadata=metadata,
        site=NOWHERE,
    )

"""Job rows as people see and move them; how they live by themselves is in ``worker.jobs.leases``."""

from __future__ import annotations

import builtins
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self, get_args

from schemas.errors import UsageError
from worker.blobs import DamagedBlobError, MissingBlobError, Store, open_blobs
from worker.database import Database, Row
from worker.jobs import deliveries, events, redo, retention
from worker.settings import Settings, engine_name

State = Literal["queued", "running", "done", "failed", "quarantined", "cancelled"]
STATES: Final[tuple[State, ...]] = get_args(State)
FIELDS: Final = (
    "SELECT id, state, sha256, urgency, kind, attempt, parent, created_at, finished_at, problem, result_sha256,"
    " summary, engine, supersedes, uri FROM jobs"
)

LOST: Final = "its result is lost, and would not come out the same: an earlier engine or people had a part in it."


@dataclass(frozen=True, slots=True)
class Job:
    """A job as people see it.

    Attributes:
        paths: the names its document came with (relative to the inbox or back-fill folder), first one first.
        problem: RFC 9457 details of what went wrong, or None.
        result_sha256: the hash of the result in ``blobs/``, or None.
        summary: what is told of the result without opening it (verdict, outcome, tables, figures, review); for a
            container ``container`` and ``parts``. None for a job without a result.
        results: where results lie, relative to ``settings.results``, one for each of ``paths`` that is served.
        engine: what it was queued for. supersedes: the job of an earlier engine. uri: of a back-fill's file.
    """

    id: int
    state: State
    paths: tuple[str, ...]
    sha256: str | None
    urgency: str
    kind: str
    attempt: int
    parent: int | None
    created_at: float
    finished_at: float | None
    problem: dict[str, str | None] | None
    result_sha256: str | None
    summary: dict[str, object] | None
    results: tuple[str, ...] = ()
    engine: str = ""
    supersedes: int | None = None
    uri: str | None = None


class Jobs:
    """The job rows of one home: ``with Jobs.open(settings) as jobs: …``. One per process and thread."""

    def __init__(self, db: Database, settings: Settings | None = None) -> None:
        self._db = db
        self._settings = settings

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the database, making it where there is none.

        Raises:
            StorageError: it cannot be opened.
        """
        return cls(Database.open(settings), settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def list(self, state: State | None = None, limit: int = 50, before: int | None = None) -> tuple[Job, ...]:
        """The newest jobs first; ``before`` (a job's id) turns the page."""
        conditions = {"state = ?": state, "id < ?": before}
        asked = {k: v for k, v in conditions.items() if v is not None}
        where = " WHERE " + " AND ".join(asked) if asked else ""
        rows = self._db.rows(FIELDS + where + " ORDER BY id DESC LIMIT ?", (*asked.values(), limit))
        return tuple(self._job(row) for row in rows)

    def show(self, job_id: int) -> Job:
        """One job.

        Raises:
            UsageError: there is none of that number.
        """
        row = self._db.row(FIELDS + " WHERE id = ?", (job_id,))
        if row is None:
            raise UsageError(f"There is no job {job_id}.")
        return self._job(row)

    def retry(self, job_id: int, store: Store | None = None) -> Job:
        """Queue a failed, quarantined or cancelled job again for the engine of today, its attempts counted from 0.

        So is one that is done and whose result the store, where it is given, holds damaged or not at all. A password
        is read again where it lies beside the document's file.

        Raises:
            UsageError: there is no such job, it is not in one of these states, or its result cannot be made again.
        """
        job = self.show(job_id)
        lost = job.state == "done" and store is not None and _is_lost(store, job.result_sha256 or "")
        with self._db.transaction():
            again = deliveries.make_again(self._db, job_id, engine_name()) if lost else False
            if not again and not redo.retry_one(self._db, job_id, engine_name(), self._settings):
                why = LOST if lost else "only what has failed is tried again."
                raise UsageError(f"Job {job_id} is {self.show(job_id).state}: {why}")
        return self.show(job_id)

    def retry_failed(self, batch: str = "", code: str = "", *, earlier: bool = False) -> int:
        """Queue again what has failed or was given up: of one back-fill, with one error, by earlier engines; how many.

        Args:
            batch: the name of a back-fill (``backfill.batch_name``), its shards included; "" for everything.
            code: ``E_CORRUPT`` or the like; "" for any. earlier: only what another engine has tried.
        """
        wanted = redo.Wanted(engine_name(), batch, code, earlier)
        return redo.retry_failed(self._db, wanted, self._settings)

    def cancel(self, job_id: int) -> Job:
        """Cancel a queued or running job; what runs is killed within a third of the lease.

        Raises:
            UsageError: there is no such job, or it has ended.
        """
        now = time.time()
        with self._db.transaction():
            touched = self._db.execute(
                "UPDATE jobs SET state = 'cancelled', owner = NULL, lease_until = 0, password = NULL,"
                " progress = NULL, finished_at = ? WHERE id = ? AND state IN ('queued', 'running')",
                (now, job_id),
            )
            if not touched:
                raise UsageError(f"Job {job_id} is {self.show(job_id).state} already.")
            deliveries.mark_ready(self._db, job_id, now)
            events.tell_ended(self._db, job_id, now)
        return self.show(job_id)

    def versions(self, job_id: int) -> builtins.list[dict[str, object]]:
        """Every result of a job's document, by this engine and those before and after it, the newest first."""
        rows = self._db.rows(
            "WITH RECURSIVE line(id) AS (SELECT id FROM jobs WHERE id = ?"
            " UNION SELECT CASE WHEN j.supersedes = l.id THEN j.id ELSE j.supersedes END FROM jobs j JOIN line l"
            " ON j.supersedes = l.id OR (j.id = l.id AND j.supersedes IS NOT NULL))"
            " SELECT job_id AS job, version, engine, sha256, bytes, created_at FROM results"
            " WHERE job_id IN (SELECT id FROM line) ORDER BY version DESC, id DESC",
            (job_id,),
        )
        return [dict(row) for row in rows]

    def redo(self, job_ids: Sequence[int]) -> builtins.list[Job]:
        """Queue jobs that are done for the engine of today; the new jobs (none for what it has done itself).

        Raises:
            UsageError: there is no such job, it is not done, or it is a part of a container.
        """
        new = redo.redo(self._db, engine_name(), job_ids, time.time(), "normal", self._settings)
        return [self.show(job_id) for job_id in new]

    def redo_all(self, batch: str | None = None) -> int:
        """Queue everything that only an earlier engine has done, behind everything else; how many."""
        return redo.redo_all(self._db, engine_name(), time.time(), batch, self._settings)

    def purge(self, settings: Settings, days: float) -> retention.Purged:
        """Remove what ended more than so many days ago, with its documents and results."""
        store = open_blobs(settings)
        gone = retention.purge(self._db, store, time.time() - days * retention.DAY_SECONDS)
        orphans = retention.remove_orphans(self._db, store)
        return retention.Purged(gone.jobs, gone.files + orphans.files, gone.size + orphans.size)

    def counts(self) -> dict[State, int]:
        """How many jobs are in each state (all six keys)."""
        rows = self._db.rows("SELECT state, count(*) AS jobs FROM jobs GROUP BY state")
        found = {row["state"]: row["jobs"] for row in rows}
        return {state: found.get(state, 0) for state in STATES}

    def _job(self, row: Row) -> Job:
        names = self._db.rows(
            "SELECT path, base, delivered_at FROM deliveries WHERE job_id = ? ORDER BY id", (row["id"],)
        )
        summary = json.loads(row["summary"]) if row["summary"] else None
        ending = "/index.json" if summary and summary.get("container") else ".json"
        values = dict(row) | {
            "paths": tuple(name["path"] for name in names),
            "problem": json.loads(row["problem"]) if row["problem"] else None,
            "summary": summary,
            "results": _unique([n["base"] + ending for n in names if n["delivered_at"]])
            if row["state"] == "done"
            else (),
        }
        return Job(**values)


def _is_lost(store: Store, sha256: str) -> bool:
    """Whether the store holds a result damaged, or not at all."""
    try:
        store.read(sha256)
    except (DamagedBlobError, MissingBlobError):
        return True
    return False


def _unique(names: builtins.list[str]) -> tuple[str, ...]:
    """Each name once, in order."""
    return tuple(dict.fromkeys(names))

"""Job rows in SQLite: the truth about what is to be done, what runs and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from worker.settings import Settings

State = Literal["queued", "running", "done", "failed", "quarantined", "cancelled"]


@dataclass(frozen=True, slots=True)
class Job:
    """A job as people see it.

    Attributes:
        paths: the names its document came with (relative to the inbox or back-fill folder), first one first.
        problem: RFC 9457 details of what went wrong, or None.
        result_sha256: the hash of the result in ``blobs/``, or None.
        summary: figures of the result (tables, figures, proved, repaired, review, route, verdict, seconds).
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


class Jobs:
    """The job rows of one home: ``with Jobs.open(settings) as jobs: …``. One per process and thread."""

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the database, making it where there is none.

        Raises:
            StorageError: it cannot be opened.
        """
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""

    def list(self, state: State | None = None, limit: int = 50, before: int | None = None) -> tuple[Job, ...]:
        """The newest jobs first; ``before`` (a job's id) turns the page."""
        raise NotImplementedError

    def show(self, job_id: int) -> Job:
        """One job.

        Raises:
            UsageError: there is none of that number.
        """
        raise NotImplementedError

    def retry(self, job_id: int) -> Job:
        """Queue a failed, quarantined or cancelled job again, its attempts counted from 0.

        Raises:
            UsageError: there is no such job, or it is not in one of these states.
        """
        raise NotImplementedError

    def cancel(self, job_id: int) -> Job:
        """Cancel a queued or running job; what runs is killed within a third of the lease.

        Raises:
            UsageError: there is no such job, or it has ended.
        """
        raise NotImplementedError

    def counts(self) -> dict[State, int]:
        """How many jobs are in each state (all six keys)."""
        raise NotImplementedError

"""Rows as they are shown: what a caller sees of a job, and nothing else of the row."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Any, Final

from worker.api import models
from worker.api.problems import ApiError
from worker.api.rows import read_json
from worker.database import Row
from worker.results import read_problem

RETRY_AFTER: Final = 2
CURSOR: Final = "after:"
LARGEST_ID: Final = 10**18


def time_text(seconds: float | None) -> str | None:
    """Seconds as ``2026-11-21T07:00:00.000Z``."""
    if seconds is None:
        return None
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(seconds: float) -> str:
    """The same where there is always one."""
    return time_text(seconds) or ""


def job_name(job_id: int) -> str:
    """``12`` → ``"job_12"``."""
    return f"job_{job_id}"


def job_number(name: str) -> int:
    """``"job_12"`` → ``12``; the path's pattern has been checked."""
    return int(name.removeprefix("job_"))


def job_view(row: Row) -> models.JobView:
    """A job as its caller sees it."""
    name, result = job_name(row["id"]), row["result_sha256"]
    summary = read_json(row["summary"])
    problem = None
    if row["state"] in ("failed", "quarantined", "cancelled"):
        problem = read_problem(row["state"], row["problem"])
    document = row["sha256"]
    return models.JobView(
        id=name,
        state=row["state"],
        name=row["name"] or "",
        document=document,
        parent=None if row["parent"] is None else job_name(row["parent"]),
        profile=row["profile"],
        urgency=row["urgency"],
        attempt=row["attempt"],
        created_at=moment(row["created_at"]),
        finished_at=time_text(row["finished_at"]),
        progress=read_json(row["progress"]),
        problem=problem,
        result=result,
        summary=None if summary is None else models.Summary(**summary),
        metadata=_metadata(row),
        links=models.Links(
            self=f"/v1/jobs/{name}",
            events=f"/v1/jobs/{name}/events",
            document=None if document is None else f"/v1/documents/{document}",
            result=None if result is None else f"/v1/results/{result}",
        ),
    )


def _metadata(row: Row) -> dict[str, Any]:
    """What was said last, with the document or of the job."""
    return read_json(row["said"]) or read_json(row["metadata"]) or {}


def submission_view(row: Row) -> models.SubmissionView:
    """One time that a document came."""
    return models.SubmissionView(
        job=job_name(row["job_id"]),
        name=row["path"],
        metadata=read_json(row["metadata"]) or {},
        created_at=moment(row["created_at"]),
    )


def result_view(row: Row) -> models.ResultRef:
    """A version of a result."""
    summary = read_json(row["summary"])
    return models.ResultRef(
        id=row["sha256"],
        job=job_name(row["job_id"]),
        engine=row["engine"],
        created_at=moment(row["created_at"]),
        summary=None if summary is None else models.Summary(**summary),
        metadata=_metadata(row),
        links={"self": f"/v1/results/{row['sha256']}", "figures": f"/v1/results/{row['sha256']}/figures"},
    )


def webhook_view(row: Row, secret: str | None = None) -> models.WebhookView:
    """An address that is told; its secret only where it was just made."""
    return models.WebhookView(
        id=str(row["id"]),
        key=row["key_id"],
        url=row["url"],
        events=row["events"].split(),
        enabled=row["disabled_at"] is None,
        created_at=moment(row["created_at"]),
        secret=secret,
    )


def sent_view(row: Row) -> models.DeliveryView:
    """A message to an address."""
    ended, given_up = row["ended_at"] is not None, row["error"] is not None
    return models.DeliveryView(
        id=str(row["id"]),
        job=job_name(row["job_id"]),
        event=row["event"],
        state="waiting" if not ended else "given_up" if given_up else "delivered",
        tries=row["tries"],
        status=row["status"],
        error=row["error"],
        created_at=moment(row["created_at"]),
        next_at=None if ended else time_text(row["next_at"]),
        ended_at=time_text(row["ended_at"]),
    )


def make_cursor(last: int) -> str:
    """Where the next page begins, in a form that nobody counts with."""
    return base64.urlsafe_b64encode(f"{CURSOR}{last}".encode()).decode().rstrip("=")


def read_cursor(text: str | None) -> int | None:
    """What ``make_cursor`` was given.

    Raises:
        ApiError: 422, it is none of ours.
    """
    if text is None:
        return None
    try:
        said = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)).decode()
        number = int(said.removeprefix(CURSOR))
    except (binascii.Error, ValueError, UnicodeError):
        number = -1
        said = ""
    if not said.startswith(CURSOR) or not 0 <= number <= LARGEST_ID:
        raise ApiError(422, "This cursor was not given by a page.", place="query.cursor")
    return number

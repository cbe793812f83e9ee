"""Jobs over HTTP: sent, waited for, listed, cancelled, tried again."""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import Field

from schemas.errors import StorageError, UsageError
from worker.api import intake, models, rows, views
from worker.api.keys import Caller
from worker.api.problems import ApiError, no_key, not_found, responses
from worker.api.results import send_result
from worker.api.service import Reader, Service, Serving, Submitter
from worker.api.submitting import Submitted
from worker.blobs import open_blobs
from worker.database import Database, Row
from worker.jobs.events import ENDED
from worker.jobs.jobs import Jobs, State
from worker.settings import Settings

router = APIRouter(prefix="/v1", tags=["jobs"])

LONGEST_WAIT: Final = 60
# a stream of events says so often that it lives
ALIVE_SECONDS: Final = 15.0
PREFER: Final = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,18})\"?\s*(?:$|[,;\s])", re.IGNORECASE)

JobPath = Annotated[str, Path(pattern=r"^job_[1-9][0-9]{0,17}$", description="The job's id", alias="job")]
JOB_HEADERS: Final[dict[str, Any]] = {
    "Location": {"schema": {"type": "string"}, "description": "The job"},
    "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds until it is worth asking again"},
}
BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": {"$ref": "#/components/schemas/UploadForm"}},
        "application/json": {"schema": {"$ref": "#/components/schemas/NewJob"}},
    },
}


@router.post(
    "/jobs",
    status_code=202,
    response_class=Response,
    openapi_extra={"requestBody": BODY},
    responses={
        200: {
            "description": "The result, as `crossfoot schema` describes it: these bytes were converted before, or"
            " within `Prefer: wait`",
            "content": {"application/json": {}},
        },
        202: {"model": models.JobView, "description": "The job", "headers": JOB_HEADERS},
        **responses(404, 408, 409, 413, 415, 421, 507),
    },
)
async def create_job(
    request: Request,
    service: Serving,
    caller: Submitter,
    *,
    prefer: Annotated[
        str | None, Header(description="`wait=30`: answer with the result, if it is there by then")
    ] = None,
    idempotency_key: Annotated[
        str | None,
        Header(
            pattern=r"^[!-~]{1,255}$",
            description="A name for this request: sent again, it is the same job, for two days at least",
        ),
    ] = None,
    force: Annotated[bool, Query(description="Convert again what an earlier version has converted")] = False,
) -> Response:
    """Send a document, or name one; the answer is a job, or at once its result.

    A document goes into the part `file` of a form; `options` and `metadata` are JSON in parts of their own. The same
    bytes under the same key are one job: what was converted already is answered at once (`X-Crossfoot-Cache: hit`). A
    key without the scope `read` gets the job only.
    """
    begun = time.monotonic()
    submitted = await intake.take(request, service, caller, idempotency_key, force)
    wait = read_wait(prefer)
    row = await _find(service, caller, submitted.job_id)
    if wait is not None:
        row = await _until_ended(service, caller, row, wait - (time.monotonic() - begun))
    return await _answer(service, caller, row, submitted, wait)


async def _answer(service: Service, caller: Caller, row: Row, submitted: Submitted, wait: float | None) -> Response:
    """200 with the result where there is one, else 202 with the job; a failure only where it was waited for."""
    view = views.job_view(row)
    headers = {"Location": view.links.self}
    if wait is not None:
        headers["Preference-Applied"] = f"wait={wait:.0f}"
    if row["state"] == "done" and caller.may("read"):
        headers["X-Crossfoot-Cache"] = "hit" if submitted.known else "miss"
        headers["Content-Location"] = view.links.result or ""
        return await send_result(service, row["result_sha256"], None, headers)
    if wait is not None and view.problem is not None:
        problem = view.problem
        raise ApiError(
            422, problem["detail"], code=problem["code"], place=problem.get("place"), headers=headers, job=view.id
        )
    headers["Retry-After"] = str(views.RETRY_AFTER)
    return JSONResponse(view.model_dump(mode="json"), 202, headers)


class Asked(models.Closed):
    """Which jobs are listed: all that is given must fit."""

    state: State | None = None
    verdict: Annotated[models.Verdict | None, Field(description="Only jobs whose result has this verdict")] = None
    batch: Annotated[str | None, Field(pattern=r"^[^\x00]{1,255}$", description="Only of this back-fill")] = None
    parent: Annotated[models.JobId | None, Field(description="Only the parts of a container")] = None
    document: models.Sha256 | None = None
    cursor: models.Cursor = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50


@router.get("/jobs", responses=responses())
async def list_jobs(
    service: Serving,
    caller: Reader,
    request: Request,
    response: Response,
    asked: Annotated[Asked, Query()],
) -> models.JobPage:
    """The jobs of this key, the newest first."""
    wanted = rows.Filter(
        state=asked.state,
        verdict=asked.verdict,
        batch=asked.batch,
        parent=None if asked.parent is None else views.job_number(asked.parent),
        document=asked.document,
        before=views.read_cursor(asked.cursor),
        limit=asked.limit,
    )
    found = await service.rows.run(rows.list_jobs, caller.sees, wanted)
    limit = asked.limit
    following = views.make_cursor(found[limit - 1]["id"]) if len(found) > limit else None
    if following is not None:
        link = request.url.include_query_params(cursor=following)
        response.headers["Link"] = f'<{link.path}?{link.query}>; rel="next"'
    return models.JobPage(items=[views.job_view(row) for row in found[:limit]], next=following)


@router.get("/jobs/{job}", responses=responses(404))
async def show_job(
    job: JobPath,
    service: Serving,
    caller: Reader,
    wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait until it has ended")] = 0,
) -> models.JobView:
    """A job; with `wait` as soon as it has ended, at the latest after so many seconds."""
    row = await _find(service, caller, views.job_number(job))
    return views.job_view(await _until_ended(service, caller, row, wait))


@router.get(
    "/jobs/{job}/events",
    response_class=StreamingResponse,
    responses={
        200: {"description": "Events `job`, one for each change", "content": {"text/event-stream": {}}},
        204: {"description": "The job has ended, and what `Last-Event-ID` names said so: do not come again"},
        **responses(404),
    },
)
async def follow_job(
    job: JobPath,
    service: Serving,
    caller: Reader,
    last_event_id: Annotated[str | None, Header(max_length=100, description="Of the last event that was had")] = None,
) -> Response:
    """The job as it is, and again whenever it changes, as server-sent events; the stream ends with the job."""
    row = await _find(service, caller, views.job_number(job))
    if row["state"] in ENDED and last_event_id == _event_id(row):
        return Response(status_code=204)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(service, caller, row), media_type="text/event-stream", headers=headers)


async def _events(service: Service, caller: Caller, row: Row) -> AsyncIterator[str]:
    """Server-sent events, each with the whole job: whoever has missed one has missed nothing."""
    until = time.monotonic() + service.longest_stream
    while True:
        view = views.job_view(row)
        yield f"id: {_event_id(row)}\nevent: job\ndata: {view.model_dump_json()}\n\n"
        if view.state in ENDED:
            return
        seen, changed = rows.sign_of(row), None
        while changed is None:
            left = until - time.monotonic()
            if left <= 0 or service.watch.stopped:
                return
            try:
                changed = await service.watch.changed(row["id"], seen, min(ALIVE_SECONDS, left))
            except ApiError:  # too many wait; an answer that has begun can only end
                return
            try:
                row = await _find_again(service, caller, row["id"])
            except ApiError as error:
                if error.status != HTTPStatus.SERVICE_UNAVAILABLE:  # the job is gone, or the key
                    return
                changed = None
            except StorageError:  # the rows are away for a moment: what was said stands till they answer
                changed = None
            if changed is None:
                yield ": alive\n\n"


def _event_id(row: Row) -> str:
    """What tells one event of a job from another: it is the same as long as nothing has changed."""
    return f"{row['state']}.{row['attempt']}.{hashlib.sha256(rows.sign_of(row).encode()).hexdigest()[:16]}"


@router.delete("/jobs/{job}", responses=responses(404, 409))
async def cancel_job(job: JobPath, service: Serving, caller: Submitter) -> models.JobView:
    """Cancel a job that waits or runs."""
    row = await _find(service, caller, views.job_number(job))
    if row["state"] in ENDED:
        raise ApiError(409, f"The job is {row['state']} already.", job=job)
    await service.rows.run(_cancel, row["id"])
    return views.job_view(await _find(service, caller, row["id"]))


def _cancel(db: Database, job: int) -> None:
    with contextlib.suppress(UsageError):  # it has ended in this very moment: then that is what is answered
        Jobs(db).cancel(job)


@router.post("/jobs/{job}/retry", status_code=202, responses=responses(404, 409))
async def retry_job(job: JobPath, service: Serving, caller: Submitter, response: Response) -> models.JobView:
    """Queue a failed, quarantined or cancelled job again, its attempts counted from 0; and one whose result is lost."""
    row = await _find(service, caller, views.job_number(job))
    try:
        await service.rows.run(_retry, row["id"], service.settings)
    except UsageError as error:
        raise ApiError(409, error.detail, job=job) from None
    response.headers["Location"] = f"/v1/jobs/{job}"
    return views.job_view(await _find(service, caller, row["id"]))


def _retry(db: Database, job: int, settings: Settings) -> None:
    Jobs(db, settings).retry(job, open_blobs(settings))


async def _find(service: Service, caller: Caller, job: int) -> Row:
    row = await service.rows.run(rows.find_job, caller.sees, job)
    if row is None:
        raise not_found()
    return row


async def _find_again(service: Service, caller: Caller, job: int) -> Row:
    """The job after a while; 401 where the key was revoked or renewed meanwhile."""
    if not await service.rows.run(rows.is_good, caller):
        raise no_key()
    return await _find(service, caller, job)


async def _until_ended(service: Service, caller: Caller, row: Row, seconds: float) -> Row:
    """The job when it has ended, or as it is after so many seconds."""
    until = time.monotonic() + seconds
    while row["state"] not in ENDED and (left := until - time.monotonic()) > 0:
        changed = await service.watch.changed(row["id"], rows.sign_of(row), left)
        row = await _find_again(service, caller, row["id"])
        if changed is None:
            break
    return row


def read_wait(prefer: str | None) -> float | None:
    """Seconds of ``Prefer: wait=30`` (RFC 7240), at most a minute; None where it is not preferred."""
    found = PREFER.search(prefer or "")
    return None if found is None else float(min(LONGEST_WAIT, int(found.group(1))))

"""Results over HTTP: the bytes as they were written, and their figures and checks as a resource."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from schemas.filing import Check, Status
from worker.api import models, rows, views
from worker.api.keys import Caller
from worker.api.problems import ApiError, not_found, responses
from worker.api.service import Reader, Service, Serving
from worker.api.stored import PIECE, Blob, open_blob

router = APIRouter(prefix="/v1", tags=["results"])

# what is taken apart in memory; whoever has more takes the whole
PARSED_BYTES: Final = 64 << 20
parsing: Final = anyio.CapacityLimiter(2)
IMMUTABLE: Final = "private, max-age=31536000, immutable"

ResultId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="The result's sha256")]
DocumentId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="The document's sha256")]


@router.get("/documents/{sha256}", responses=responses(404))
async def show_document(sha256: DocumentId, service: Serving, caller: Reader) -> models.DocumentView:
    """A document that this key has sent: its size, its names, its jobs."""
    row = await service.rows.run(rows.find_document, caller.sees, sha256)
    if row is None:
        raise not_found()
    names = await service.rows.run(rows.list_names, caller.sees, sha256)
    jobs = await service.rows.run(rows.list_jobs, caller.sees, rows.Filter(document=sha256, limit=100))
    came = await service.rows.run(rows.list_submissions, caller.sees, sha256, 100)
    return models.DocumentView(
        sha256=sha256,
        bytes=row["bytes"],
        names=names,
        jobs=[views.job_name(job["id"]) for job in jobs[:100]],
        submissions=[views.submission_view(each) for each in came],
    )


@router.get("/documents/{sha256}/results", responses=responses(404))
async def list_results(sha256: DocumentId, service: Serving, caller: Reader) -> models.ResultList:
    """The versions of a document's results, the newest first."""
    if await service.rows.run(rows.find_document, caller.sees, sha256) is None:
        raise not_found()
    found = await service.rows.run(rows.list_results, caller.sees, sha256)
    return models.ResultList(items=[views.result_view(row) for row in found])


@router.get(
    "/results/{result}",
    response_class=Response,
    responses={
        200: {"description": "The JSON, as `crossfoot schema` describes it", "content": {"application/json": {}}},
        304: {"description": "What was asked for with If-None-Match is still so"},
        **responses(404, 406),
    },
)
async def show_result(result: ResultId, service: Serving, caller: Reader, request: Request) -> Response:
    """A result, byte for byte; it never changes, so its ETag is its hash. There is JSON, and nothing else."""
    if not _takes_json(request.headers.get("accept", "")):
        raise ApiError(406, "A result is application/json.", place="header.accept")
    await _check(service, caller, result)
    return await send_result(service, result, request.headers.get("if-none-match"))


def _takes_json(accept: str) -> bool:
    """Whether a client that says what it takes takes JSON (RFC 9110: ``q=0`` is what it does not take)."""
    kinds = [[word.strip().lower() for word in each.split(";")] for each in accept.split(",")]
    taken = {kind for kind, *rest in kinds if not any(re.fullmatch(r"q=0(\.0*)?", word) for word in rest)}
    return not accept.strip() or not taken.isdisjoint(("*/*", "application/*", "application/json"))


async def send_result(
    service: Service, result: str, known: str | None = None, headers: dict[str, str] | None = None
) -> Response:
    """The response with a result's bytes, streamed from the store."""
    etag = f'"{result}"'
    said = {"ETag": etag, "Cache-Control": IMMUTABLE, **(headers or {})}
    if known is not None and (known.strip() == "*" or etag in [k.strip().removeprefix("W/") for k in known.split(",")]):
        return Response(status_code=304, headers=said)
    blob = await run_sync(open_blob, service.settings, result)
    if blob is None:
        raise not_found()
    if blob.size <= PIECE:  # whole or, where the store has damaged it, a problem; what is larger can only break off
        return Response(await run_sync(_read, blob), media_type="application/json", headers=said)
    said["Content-Length"] = str(blob.size)
    return StreamingResponse(blob.chunks(), media_type="application/json", headers=said)


class Asked(models.Closed):
    """Which figures are listed."""

    status: Annotated[Status | None, Field(description="Only figures of this status")] = None
    needs_review: Annotated[bool | None, Field(description="Only figures that need review, or do not")] = None
    cursor: models.Cursor = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


@router.get("/results/{result}/figures", responses=responses(404, 413))
async def list_figures(
    result: ResultId, service: Serving, caller: Reader, asked: Annotated[Asked, Query()]
) -> models.FigurePage:
    """The figures of a result, in the order of the document; all, or those of one status."""
    start, limit = views.read_cursor(asked.cursor) or 0, asked.limit
    content = await _parse(service, caller, result)
    wanted = [
        {**figure, "table": table["id"]}
        for table in content.get("tables", [])
        for figure in table["figures"]
        if asked.status in (None, figure["status"]) and asked.needs_review in (None, figure["needs_review"])
    ]
    more = views.make_cursor(start + limit) if start + limit < len(wanted) else None
    items = [_figure(figure) for figure in wanted[start : start + limit]]
    return models.FigurePage(items=items, total=len(wanted), next=more)


@router.get("/results/{result}/figures/{figure}", responses=responses(404, 413))
async def show_figure(
    result: ResultId, figure: Annotated[str, Path(max_length=100)], service: Serving, caller: Reader
) -> models.FigureView:
    """One figure."""
    content = await _parse(service, caller, result)
    for table in content.get("tables", []):
        for found in table["figures"]:
            if found["id"] == figure:
                return _figure({**found, "table": table["id"]})
    raise not_found()


def _figure(content: dict[str, Any]) -> models.FigureView:
    """A figure as JSON has it: from there lists become tuples, at every depth."""
    return models.FigureView.model_validate_json(json.dumps(content))


@router.get("/results/{result}/checks", responses=responses(404, 413))
async def list_checks(
    result: ResultId,
    service: Serving,
    caller: Reader,
    figure: Annotated[str | None, Query(max_length=100, description="Only checks that this figure is part of")] = None,
) -> models.CheckList:
    """The checks of a result: the audit trail."""
    content = await _parse(service, caller, result)
    checks = [check for check in content.get("checks", []) if figure is None or figure in _figures(check)]
    return models.CheckList(items=[Check.model_validate_json(json.dumps(check)) for check in checks])


def _figures(check: dict[str, Any]) -> set[str | None]:
    """The figures of this document that a check is made of."""
    terms = {term["figure"] for term in check["terms"] if term["document"] is None}
    return {check["total"], check["divisor"], *terms}


async def _check(service: Service, caller: Caller, result: str) -> None:
    if not await service.rows.run(rows.may_see_result, caller.sees, result):
        raise not_found()


async def _parse(service: Service, caller: Caller, result: str) -> dict[str, Any]:
    """A result's JSON; two at a time, and none that would fill the memory."""
    blob = await _open(service, caller, result)
    content: dict[str, Any] = await run_sync(_load, blob, limiter=parsing)
    return content


async def read_result(service: Service, caller: Caller, result: str) -> bytes:
    """A result's bytes, where they are few enough to be taken apart; the errors of ``show_result``, and 413."""
    return await run_sync(_read, await _open(service, caller, result), limiter=parsing)


async def _open(service: Service, caller: Caller, result: str) -> Blob:
    await _check(service, caller, result)
    blob = await run_sync(open_blob, service.settings, result)
    if blob is None:
        raise not_found()
    if blob.size > PARSED_BYTES:
        raise ApiError(413, "This result is too large to be taken apart here: take the whole of it.")
    return blob


def _read(blob: Blob) -> bytes:
    return b"".join(blob.chunks())


def _load(blob: Blob) -> Any:
    return json.loads(_read(blob))

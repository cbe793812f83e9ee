"""Corrections over HTTP: what a person says of a result makes a new version of it; nothing is overwritten."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Body, Depends, Header, Query, Response
from pydantic import BaseModel, Field, ValidationError

from schemas.filing import Filing, from_json, to_json
from worker.api import models, results, rows, views
from worker.api.keys import Caller
from worker.api.problems import ApiError, not_found, responses
from worker.api.results import ResultId
from worker.api.service import Reader, Reviewer, Service, Serving
from worker.blobs import open_blobs
from worker.database import Database, Row
from worker.jobs.corrections import Correction, apply_corrections, keep, summarize
from worker.jobs.corrections import rows as kept_rows
from worker.jobs.corrections.rows import Change, Speaker, Version

router = APIRouter(prefix="/v1", tags=["reviews"])

MOST = 500
Person = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$", description="Who says so, by their own name")]
Corrections = Annotated[list[Correction], Field(max_length=MOST)]


class CorrectedView(BaseModel):
    """The result that stands now."""

    job: models.JobId
    corrected: models.Sha256
    result: models.Sha256
    summary: models.Summary
    links: dict[str, str]


class SaidView(BaseModel):
    """A correction as it was made. ``result``: the version with it; null where a later reading has no such figure."""

    correction: Correction
    person: str
    created_at: str
    corrected: models.Sha256
    result: models.Sha256 | None
    carried: bool


class SaidList(BaseModel):
    """Corrections in the order in which they were made."""

    items: list[SaidView]


class Asked(models.Closed):
    """Who says it, and of whose result."""

    person: Person = ""
    job: Annotated[models.JobId | None, Field(description="Where several jobs have this result, which one")] = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which result is to be corrected, by whom; ``looked_at``: an ETag, or None where none was named."""

    result: str
    asked: Asked
    looked_at: str | None

    def check(self) -> None:
        """Refuse to correct another result than the one that was looked at; after the body was found to be good.

        Raises:
            ApiError: 412.
        """
        if self.looked_at is None or self.looked_at.strip() == "*" or f'"{self.result}"' in self.looked_at:
            return
        raise ApiError(412, "If-Match names another result than the one that is corrected.", place="header.if-match")


async def wanted(
    result: ResultId,
    asked: Annotated[Asked, Query()],
    if_match: Annotated[str | None, Header(description="The ETag of the result that was looked at")] = None,
) -> Wanted:
    """What a request wants to correct."""
    return Wanted(result, asked, if_match)


@router.post("/results/{result}/corrections", status_code=201, responses=responses(404, 408, 409, 412, 413))
async def correct_result(
    what: Annotated[Wanted, Depends(wanted)],
    service: Serving,
    caller: Reviewer,
    response: Response,
    corrections: Annotated[list[Correction], Body(min_length=1, max_length=MOST)],
) -> CorrectedView:
    """Say what a figure is, where it is printed, what it sums, or that a check is not meant.

    The answer is a new version of the result; every check is evaluated again. Only the version that stands can be
    corrected: 412 says that there is a later one.
    """
    what.check()
    asked_job = None if what.asked.job is None else views.job_number(what.asked.job)
    number = await service.rows.run(_find_job, caller.sees, what.result, asked_job)
    said = Said(tuple(corrections), Speaker(what.asked.person, caller.key_id))
    version = await correct(service, caller, number, what.result, said)
    response.headers["Location"] = f"/v1/results/{version.sha256}"
    response.headers["ETag"] = f'"{version.sha256}"'
    return CorrectedView(
        job=views.job_name(number),
        corrected=what.result,
        result=version.sha256,
        summary=models.Summary(**version.summary),
        links={"result": f"/v1/results/{version.sha256}", "job": f"/v1/jobs/{views.job_name(number)}"},
    )


@router.get("/results/{result}/corrections", responses=responses(404))
async def list_corrections(result: ResultId, service: Serving, caller: Reader) -> SaidList:
    """What was said of the jobs that have this result, in order: of versions before it, of itself and of later ones."""
    if not await service.rows.run(rows.may_see_result, caller.sees, result):
        raise not_found()
    found = await service.rows.run(_list, caller.sees, result)
    return SaidList(items=[_view(row) for row in found])


@dataclass(frozen=True, slots=True)
class Said:
    """What is said, and by whom.

    ``accept``: everything else that needs review is as it should be. ``ends``: the job's review, with this note.
    """

    corrections: tuple[Correction, ...]
    by: Speaker
    accept: bool = False
    ends: bool = False
    note: str | None = None


async def correct(service: Service, caller: Caller, job: int, result: str, said: Said) -> Version:
    """Store the corrected result and make it the job's.

    Raises:
        ApiError: 404 its bytes are gone, 409 it has no figures, 412 it does not stand any more, 413 it is too large.
        UsageError: what is said does not fit the result.
        reviews.TakenError: it was to end a review that is not this person's.
    """
    content = await results.read_result(service, caller, result)
    apply = partial(_change, service, content, result, said)
    change = await run_sync(apply, limiter=results.parsing)
    if not await service.rows.run(kept_rows.add_version, job, change, time.time()):
        raise _superseded()
    make_sure = partial(open_blobs(service.settings).make_sure, change.version.sha256, apply)
    await run_sync(make_sure, limiter=results.parsing)
    return change.version


def _change(service: Service, content: bytes, result: str, said: Said) -> Change:
    """Apply, and store what comes of it."""
    try:
        filing = from_json(content)
    except ValidationError:
        raise ApiError(409, "This result has no figures: correct those of its parts.") from None
    corrections = [*said.corrections, *(_accepted(filing, said.corrections) if said.accept else ())]
    corrected = apply_corrections(filing, corrections)
    stored = open_blobs(service.settings).put_bytes(to_json(corrected))
    version = Version(stored.sha256, stored.size, summarize(corrected))
    return Change(result, version, [keep(filing, one) for one in corrections], said.by, said.ends, said.note)


def _accepted(filing: Filing, corrections: Sequence[Correction]) -> list[Correction]:
    """Every figure that needs review and of which nothing but its place is said, as it is."""
    named = {correction.figure for correction in corrections if correction.place is None}
    return [
        Correction(figure=figure.id, value=figure.value)
        for table in filing.tables
        for figure in table.figures
        if figure.needs_review and figure.id not in named
    ]


def _superseded() -> ApiError:
    return ApiError(412, "There is a later version of this result: look at that one first.")


def _find_job(db: Database, sees: int, result: str, job: int | None) -> int:
    """The job whose result is corrected.

    Raises:
        ApiError: 404 there is none, 409 there are several, 412 it has another result by now.
    """
    found = db.rows(
        "SELECT DISTINCT j.id FROM results r JOIN jobs j ON j.id = r.job_id WHERE r.sha256 = ?"
        " AND ? IN (-1, j.key_id) AND ? IN (0, j.id)",
        (result, sees, job or 0),
    )
    if not found:
        raise not_found()
    standing = [row["id"] for row in found if kept_rows.is_current(db, row["id"], result)]
    if not standing:
        raise _superseded()
    if len(standing) > 1:
        raise ApiError(409, "Several jobs have this result: say which one is meant.", place="query.job")
    return int(standing[0])


def _list(db: Database, sees: int, result: str) -> list[Row]:
    """The corrections of the jobs that have a result, as far as they may be seen."""
    return db.rows(
        "SELECT c.* FROM corrections c JOIN jobs j ON j.id = c.job_id WHERE ? IN (-1, j.key_id)"
        " AND c.job_id IN (SELECT r.job_id FROM results r WHERE r.sha256 = ?) ORDER BY c.id LIMIT 10000",
        (sees, result),
    )


def _view(row: Row) -> SaidView:
    content: dict[str, Any] = json.loads(row["content"])
    return SaidView(
        correction=Correction.model_validate(content["correction"]),
        person=row["person"],
        created_at=views.moment(row["created_at"]),
        corrected=row["corrected"],
        result=row["result"],
        carried=row["carried_from"] is not None,
    )

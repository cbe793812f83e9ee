"""Reviews over HTTP: what waits for a person, claimed by one, resolved."""

from __future__ import annotations

import time
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from worker.api import models, views
from worker.api.correcting import Corrections, Said, correct
from worker.api.keys import Caller
from worker.api.problems import ApiError, not_found, responses
from worker.api.rows import read_json
from worker.api.service import Reviewer, Service, Serving
from worker.database import Row
from worker.jobs import reviews
from worker.jobs.corrections.rows import Speaker

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])

LONGEST_CLAIM: Final = 86_400
Number = Annotated[str, Path(pattern=r"^[1-9][0-9]{0,17}$", description="The review's id", alias="review")]
Person = Annotated[
    str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$", description="Who, by their own name")
]


class ReviewView(BaseModel):
    """A result that a person should look at; ``figures`` is how many of its figures still need it."""

    id: str
    state: reviews.State
    job: models.JobId
    document: models.Sha256 | None
    result: models.Sha256 | None
    figures: int
    summary: models.Summary | None
    metadata: dict[str, Any]
    person: str | None
    claimed_until: str | None
    note: str | None
    created_at: str
    resolved_at: str | None
    links: dict[str, str]


class ReviewPage(BaseModel):
    """Reviews, the oldest first; ``next`` is the cursor of the following page."""

    items: list[ReviewView]
    next: str | None


class Claim(models.Closed):
    """Who looks at it, and for how long nobody else should."""

    person: Person
    seconds: Annotated[int, Field(ge=1, le=LONGEST_CLAIM)] = 1800


class Release(models.Closed):
    """Who does not look at it any more."""

    person: Person


class Resolution(models.Closed):
    """What came of it: corrections, and whether all else that needs review is as it should be."""

    person: Person
    corrections: Corrections = Field(default_factory=list)
    accept: Annotated[bool, Field(description="Confirm every other figure that needs review")] = False
    note: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] | None = None


class Asked(models.Closed):
    """Which reviews are listed."""

    state: reviews.State | None = None
    cursor: models.Cursor = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50


@router.get("", responses=responses())
async def list_reviews(
    service: Serving, caller: Reviewer, request: Request, response: Response, asked: Annotated[Asked, Query()]
) -> ReviewPage:
    """What waits for a person, or did: the reviews of this key's jobs, the oldest first."""
    after, limit = views.read_cursor(asked.cursor) or 0, asked.limit
    found = await service.rows.run(reviews.list_reviews, caller.sees, asked.state, after, limit)
    following = views.make_cursor(found[limit - 1]["id"]) if len(found) > limit else None
    if following is not None:
        link = request.url.include_query_params(cursor=following)
        response.headers["Link"] = f'<{link.path}?{link.query}>; rel="next"'
    return ReviewPage(items=[_view(row) for row in found[:limit]], next=following)


@router.get("/{review}", responses=responses(404))
async def show_review(review: Number, service: Serving, caller: Reviewer) -> ReviewView:
    """One review; its figures are those of the result that need review."""
    return _view(await _find(service, caller, review))


@router.post("/{review}/claim", responses=responses(404, 408, 409, 413))
async def claim_review(review: Number, wanted: Claim, service: Serving, caller: Reviewer) -> ReviewView:
    """Keep a review for one person for a while; the same person may do so again."""
    row, now = await _find(service, caller, review), time.time()
    if not await service.rows.run(reviews.claim, row["id"], wanted.person, now + wanted.seconds, now):
        raise _taken(row)
    return _view(await _find(service, caller, review))


@router.post("/{review}/release", responses=responses(404, 408, 409, 413))
async def release_review(review: Number, wanted: Release, service: Serving, caller: Reviewer) -> ReviewView:
    """Give a review back to whoever comes."""
    row = await _find(service, caller, review)
    if not await service.rows.run(reviews.release, row["id"], wanted.person):
        raise _taken(row)
    return _view(await _find(service, caller, review))


@router.post("/{review}/resolve", responses=responses(404, 408, 409, 412, 413))
async def resolve_review(review: Number, wanted: Resolution, service: Serving, caller: Reviewer) -> ReviewView:
    """Say that a person has looked: corrections are applied first, and with `accept` all else is confirmed."""
    row = await _find(service, caller, review)
    if row["state"] == "resolved" or not reviews.is_free(row, wanted.person, time.time()):
        raise _taken(row)
    if wanted.corrections or (wanted.accept and row["figures"]):
        by = Speaker(wanted.person, caller.key_id)
        said = Said(tuple(wanted.corrections), by, wanted.accept, ends=True, note=wanted.note)
        try:
            await correct(service, caller, row["job_id"], row["result_sha256"], said)
        except reviews.TakenError:
            raise _taken(await _find(service, caller, review)) from None
    elif not await service.rows.run(reviews.resolve, row["id"], wanted.person, wanted.note, time.time()):
        raise _taken(await _find(service, caller, review))
    return _view(await _find(service, caller, review))


async def _find(service: Service, caller: Caller, review: str) -> Row:
    row = await service.rows.run(reviews.find, caller.sees, int(review))
    if row is None:
        raise not_found()
    return row


def _taken(row: Row) -> ApiError:
    said = "resolved already" if row["state"] == "resolved" else "not claimed by this person"
    return ApiError(409, f"The review is {said}.", job=views.job_name(row["job_id"]))


def _view(row: Row) -> ReviewView:
    result, summary = row["result_sha256"], read_json(row["summary"])
    links = {"self": f"/v1/reviews/{row['id']}", "job": f"/v1/jobs/{views.job_name(row['job_id'])}"}
    if result is not None:
        links |= {"result": f"/v1/results/{result}", "figures": f"/v1/results/{result}/figures?needs_review=true"}
    is_claimed = row["state"] == "claimed"
    return ReviewView(
        id=str(row["id"]),
        state=row["state"],
        job=views.job_name(row["job_id"]),
        document=row["sha256"],
        result=result,
        figures=row["figures"],
        summary=None if summary is None else models.Summary(**summary),
        metadata=read_json(row["metadata"]) or {},
        person=row["person"],
        claimed_until=views.time_text(row["claimed_until"]) if is_claimed else None,
        note=row["note"],
        created_at=views.moment(row["created_at"]),
        resolved_at=views.time_text(row["resolved_at"]),
        links=links,
    )

"""What goes in and out over HTTP, as pydantic models: the OpenAPI document is made of them."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas import filing
from worker.jobs.events import Event
from worker.jobs.jobs import State
from worker.routing import Urgency
from worker.wishes import Metadata, NoNul

Verdict = filing.Verdict
JobId = Annotated[str, Field(pattern=r"^job_[1-9][0-9]{0,17}$", examples=["job_4711"])]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Cursor = Annotated[
    str | None, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$", description="`next` of the page before, as it was given")
]


def read_exactly(text: str | bytes) -> Any:
    """JSON of which nothing is lost when it is written again.

    Raises:
        ValueError: it is none, a number has more digits than can be kept, or an object the same key twice.
    """
    return json.loads(text, parse_float=_number, object_pairs_hook=_object)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number) or _digits(repr(number)) != _digits(text):
        raise InexactError(f"The number {text[:40]} cannot be kept to its last digit: send it as a text")
    return number


def _digits(number: str) -> tuple[bool, str, int]:
    """A number as JSON or Python has it: whether it is negative, its digits without outer noughts, the exponent."""
    mantissa, _, exponent = number.lower().removeprefix("-").partition("e")
    whole, _, rest = mantissa.partition(".")
    digits = (whole + rest).lstrip("0")
    kept = digits.rstrip("0")
    return number.startswith("-"), kept, (int(exponent or 0) - len(rest) + len(digits) - len(kept)) if kept else 0


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InexactError("An object has the same key twice")
    return found


class InexactError(ValueError):
    """JSON that would not come back as it was sent."""


class Closed(BaseModel):
    """Input: an unknown key is an error, not a wish that is silently not fulfilled."""

    model_config = ConfigDict(extra="forbid")


class HttpSource(Closed):
    """A document that the service fetches, once, from the open internet (https)."""

    kind: Literal["http"]
    url: Annotated[str, Field(max_length=2048)]


class DocumentSource(Closed):
    """A document that this key has sent before."""

    kind: Literal["document"]
    sha256: Sha256


class Options(Closed):
    """How a document is to be converted."""

    password: Annotated[NoNul, Field(max_length=1024)] | None = None
    urgency: Urgency = "interactive"


class Callback(Closed):
    """An address that is told of this job only, with the metadata of this request; signed where a secret is given."""

    url: Annotated[str, Field(max_length=2048)]
    secret: Annotated[str, Field(max_length=128)] | None = None


class Asked(Closed):
    """What is asked besides the document; the fields of a form, and the keys of a JSON body."""

    profile: Literal["default"] = "default"
    options: Options = Options()
    metadata: Metadata = {}
    callbacks: Annotated[list[Callback], Field(max_length=4)] = []


class NewJob(Asked):
    """A document named instead of sent."""

    source: Annotated[HttpSource | DocumentSource, Field(discriminator="kind")]


class UploadForm(Asked):
    """A form; ``options``, ``metadata`` and ``callbacks`` are JSON texts in it."""

    file: Annotated[bytes, Field(description="The document: HTML, PDF, text, an image, a ZIP.")]


class Summary(BaseModel):
    """What is told of a result without opening it; a container has ``parts`` instead of figures."""

    model_config = ConfigDict(extra="allow")

    verdict: str | None = None
    outcome: str | None = None
    tables: int | None = None
    figures: int | None = None
    review: int | None = None
    container: bool | None = None
    parts: int | None = None


class Links(BaseModel):
    """Where to go on."""

    self: str
    events: str
    document: str | None
    result: str | None


class JobView(BaseModel):
    """A job. ``problem`` says why there is no result; a result with conflicts is no failed job.

    ``name`` and ``metadata`` are those that came last; all are in the document's ``submissions``.
    """

    id: JobId
    state: State
    name: str
    document: Sha256 | None
    parent: JobId | None
    profile: str
    urgency: str
    attempt: int
    created_at: str
    finished_at: str | None
    progress: dict[str, Any] | None
    problem: dict[str, Any] | None
    result: Sha256 | None
    summary: Summary | None
    metadata: dict[str, Any]
    links: Links


class JobPage(BaseModel):
    """Jobs, the newest first; ``next`` is the cursor of the following page."""

    items: list[JobView]
    next: str | None


class SubmissionView(BaseModel):
    """One time that a document came: its name, and what was said with it."""

    job: JobId
    name: str
    metadata: dict[str, Any]
    created_at: str


class DocumentView(BaseModel):
    """A document as this key sees it; of each list a hundred at most, of submissions the newest."""

    sha256: Sha256
    bytes: int
    names: list[str]
    jobs: list[JobId]
    submissions: list[SubmissionView]


class ResultRef(BaseModel):
    """One version of a document's result."""

    id: Sha256
    job: JobId
    engine: str
    created_at: str
    summary: Summary | None
    metadata: dict[str, Any]
    links: dict[str, str]


class ResultList(BaseModel):
    """The versions of a document's results, the newest first."""

    items: list[ResultRef]


class FigureView(filing.Figure):
    """A figure, and the table it stands in."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=False)

    table: str


class FigurePage(BaseModel):
    """Figures in the order of the document."""

    items: list[FigureView]
    total: int
    next: str | None


class CheckList(BaseModel):
    """The checks of a result."""

    items: list[filing.Check]


class NewWebhook(Closed):
    """An address that is told of events; https on the open internet."""

    url: Annotated[str, Field(max_length=2048)]
    events: Annotated[list[Event], Field(min_length=1, max_length=8)] = [
        "job.completed",
        "job.failed",
        "job.deduplicated",
    ]
    secret: Annotated[str, Field(max_length=128)] | None = None


class WebhookView(BaseModel):
    """An address that is told; ``key`` is whose it is. The secret is shown once, when it is made."""

    id: str
    key: int
    url: str
    events: list[str]
    enabled: bool
    created_at: str
    secret: str | None = None


class WebhookList(BaseModel):
    """All addresses of this key."""

    items: list[WebhookView]


class DeliveryView(BaseModel):
    """One event on its way to one address."""

    id: str
    job: JobId
    event: str
    state: Literal["waiting", "delivered", "given_up"]
    tries: int
    status: int | None
    error: str | None
    created_at: str
    next_at: str | None
    ended_at: str | None


class DeliveryList(BaseModel):
    """Messages to an address, the newest first; ``next`` is the cursor of the following page."""

    items: list[DeliveryView]
    next: str | None


class TestView(BaseModel):
    """What came of a message that was sent at once, to see whether an address works."""

    delivered: bool
    status: int | None
    error: str | None


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """What the rows say."""

    status: Literal["ok", "unavailable"]
    rows: Literal["ok", "unavailable"]
    store: Literal["ok", "unavailable", "full"]
    workers: Literal["ok", "stalled", "unknown"]


class Version(BaseModel):
    """The program and the version of its schema."""

    crossfoot: str
    schema_version: str


class Profiles(BaseModel):
    """The profiles that documents can be converted by."""

    items: list[str]

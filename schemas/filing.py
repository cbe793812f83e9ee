"""The fixed JSON, version 1, as frozen pydantic models. Within version 1 fields are only added.

Figures are decimal strings, never floats; confidences and probabilities are rounded to 4 places, coordinates
to 1. ``to_json`` writes compact UTF-8 with the keys in the order of the models, nulls written: the same filing
always gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.amounts import MAX_CHARACTERS
from schemas.identities import CheckVerdict, IdentityKind

SCHEMA_VERSION: Literal["1.0"] = "1.0"

Kind = Literal["html", "pdf", "image", "text"]
Route = Literal["text_layer", "ocr"]
Outcome = Literal["complete", "partial"]
Verdict = Literal["conflict", "differs", "balanced_with_repairs", "balanced", "unproved"]
TableKind = Literal[
    "balance_sheet",
    "income_statement",
    "comprehensive_income",
    "cash_flow",
    "equity",
    "reconciliation",
    "schedule",
    "other",
]
ColumnKind = Literal["value", "text", "note"]
Status = Literal["proved", "repaired", "unchecked", "conflict", "confirmed"]
Grade = Literal["exact", "rounding"]
Severity = Literal["info", "warning", "error"]


def _isoformat(text: str) -> str:
    dt.date.fromisoformat(text)
    return text


DecimalText = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", max_length=MAX_CHARACTERS)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Date = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_isoformat)]
Probability = Annotated[float, Field(ge=0.0, le=1.0), AfterValidator(lambda p: round(p, 4))]
Coordinate = Annotated[float, Field(allow_inf_nan=False), AfterValidator(lambda c: round(c, 1) + 0.0)]
Count = Annotated[int, Field(ge=0)]
Places = Annotated[int, Field(ge=0, le=MAX_CHARACTERS)]


class Model(BaseModel):
    """Frozen, closed against unknown keys, strict about types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    names: ClassVar[set[str]]

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Know the names of the fields of a kind."""
        cls.names = set(cls.model_fields)

    def model_post_init(self, _: Any, /) -> None:
        """Share one set of names: its own ("which were given?", which nobody asks) takes 0.7 KB of each figure."""
        object.__setattr__(self, "__pydantic_fields_set__", self.names)


class PagePlace(Model):
    """A box on a page of a PDF or an image: points (1/72 inch), top-left origin; left, top, right, bottom."""

    page: Annotated[int, Field(ge=1)]
    bbox: tuple[Coordinate, Coordinate, Coordinate, Coordinate]


class TextPlace(Model):
    """Characters of a text document: line counted from 1, start and end counted from 0, end excluded."""

    line: Annotated[int, Field(ge=1)]
    start: Count
    end: Count


class HtmlPlace(Model):
    """A cell of an HTML document: counted from 0 over all ``table``, their ``tr`` and ``td``/``th``."""

    table: Count
    row: Count
    cell: Count


Place = PagePlace | TextPlace | HtmlPlace


class Instant(Model):
    """A moment: the end of a day."""

    instant: Date


class Duration(Model):
    """A stretch of days, both ends included."""

    start: Date
    end: Date


Period = Instant | Duration


class Source(Model):
    """The bytes the filing was read from."""

    sha256: Sha256
    bytes: Count
    kind: Kind
    media_type: str
    pages: Count | None = None
    parent: Sha256 | None = None
    witnesses: tuple[Sha256, ...] = ()


class Engine(Model):
    """The programs that were used; null where one was not."""

    crossfoot: str
    profile: str
    tesseract: str | None = None
    poppler: str | None = None
    pdfium: str | None = None
    camelot: str | None = None
    recogniser: str | None = None


class Identification(Model):
    """Who filed what, and for when, as far as the document prints it."""

    registrant: str | None = None
    form: str | None = None
    report_date: Date | None = None
    cik: str | None = None
    accession: str | None = None


class PageInfo(Model):
    """How a page was read; width and height in points before rotation, rotation in degrees clockwise."""

    number: Annotated[int, Field(ge=1)]
    route: Route
    width: Coordinate
    height: Coordinate
    rotation: Literal[0, 90, 180, 270]
    confidence: Probability


class Column(Model):
    """A column of the body, counted from 0 at the left; the stub is not a column."""

    index: Count
    kind: ColumnKind
    heads: tuple[str, ...]
    period: Period | None = None


class Row(Model):
    """A row of the body: its stub label, the labels above it that it belongs to, and its depth."""

    index: Count
    label: str
    path: tuple[str, ...]
    level: Count
    concept: str | None = None


class Rival(Model):
    """Another value the figure could have, with the probability left to it."""

    value: DecimalText
    probability: Probability


class Repair(Model):
    """Why the value differs from the plain reading of ``raw``."""

    read_as: DecimalText | None
    reason: str
    checks: tuple[str, ...]
    rivals: tuple[Rival, ...] = ()


class Figure(Model):
    """A number printed in the body of a table. ``value`` is in printed units; value × scale is the amount."""

    id: str
    row: Count
    column: Count
    raw: str
    value: DecimalText
    nil: bool
    decimals: Places
    scale: Annotated[int, Field(ge=1)]
    unit: str
    period: Period | None
    status: Status
    grade: Grade | None
    confidence: Probability
    needs_review: bool
    checks: tuple[str, ...]
    repair: Repair | None
    rivals: tuple[Rival, ...] = ()
    place: Place | None


class Text(Model):
    """A body cell that is not a figure: words, a date, a note letter, "N/A"."""

    row: Count
    column: Count
    text: str
    place: Place | None


class Table(Model):
    """One table: heads, rows, figures and texts."""

    id: str
    kind: TableKind
    title: str | None
    headnote: str | None
    currency: str | None
    scale: Annotated[int, Field(ge=1)]
    pages: tuple[int, ...]
    stub_heads: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    figures: tuple[Figure, ...]
    texts: tuple[Text, ...]


class Term(Model):
    """A term of a check; one of another document carries that document's sha256 and the value found there.

    ``nil``: it is a dash there, which has no rounding interval.
    """

    document: Sha256 | None = None
    figure: str
    value: DecimalText | None = None
    decimals: Places | None = None
    nil: bool = False
    weight: DecimalText


class Check(Model):
    """total = factor · (Σ weight·term) / divisor, evaluated on the figures of this JSON.

    ``evidence``: nats by which the whole relation (all its columns, labels, layout) is meant rather than chance.
    """

    id: str
    kind: IdentityKind
    total: str
    terms: tuple[Term, ...]
    divisor: str | None = None
    factor: DecimalText = "1"
    residual: DecimalText
    tolerance: DecimalText
    verdict: CheckVerdict
    evidence: Annotated[float, AfterValidator(lambda nats: round(nats, 1))] | None = None


class Finding(Model):
    """Something a reader of the JSON should know about the document or about what was left out."""

    code: str
    severity: Severity
    message: str
    figures: tuple[str, ...] = ()
    text: str | None = None
    place: Place | None = None


class Filing(Model):
    """One converted document."""

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    source: Source
    engine: Engine
    outcome: Outcome
    verdict: Verdict
    filing: Identification
    pages: tuple[PageInfo, ...]
    tables: tuple[Table, ...]
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]


def to_json(filing: Filing) -> bytes:
    """The canonical bytes: compact UTF-8, keys in the models' order, nulls written, one newline at the end."""
    return filing.__pydantic_serializer__.to_json(filing) + b"\n"


def from_json(data: bytes) -> Filing:
    """Read a result.

    Raises:
        pydantic.ValidationError: the bytes are not a filing of version 1.
    """
    return Filing.model_validate_json(data)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a result."""
    schema = Filing.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:crossfoot:filing:1",
        **schema,
    }


def schema_text() -> str:
    """The text of ``filing.schema.json``, as ``crossfoot schema`` prints it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"

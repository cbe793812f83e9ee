"""A correction as it is sent, kept and applied."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from schemas.filing import DecimalText, Figure, HtmlPlace, PagePlace, Place, TextPlace
from schemas.identities import IdentityKind

LONGEST_REASON: Final = 1000
WAYS: Final = ("value", "place", "relation", "reject")

FigureId = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$", examples=["t1.r25.c0"])]
Weight = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", max_length=20)]


def _with_tuple(value: Any) -> Any:
    """A place whose box is a tuple, as the fixed JSON's strict models want it: JSON that was parsed has lists only."""
    if isinstance(value, dict) and isinstance(value.get("bbox"), list):
        return {**value, "bbox": tuple(value["bbox"])}
    return value


SaidPlace = Annotated[PagePlace | TextPlace | HtmlPlace, BeforeValidator(_with_tuple)]


class Said(BaseModel):
    """Input that says nothing beyond what it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RelationTerm(Said):
    """A figure of this result, added (1) or taken away (-1)."""

    figure: FigureId
    weight: Weight = "1"


class Relation(Said):
    """total = factor · Σ weight·term / divisor; the total is the figure that the correction names.

    ``factor``: a power of ten, for what is printed in other units.
    """

    kind: IdentityKind = "foot"
    terms: Annotated[tuple[RelationTerm, ...], Field(min_length=1, max_length=1000)]
    divisor: FigureId | None = None
    factor: Weight = "1"


class Correction(Said):
    """What a person says of one figure: one of ``value``, ``place``, ``relation`` and ``reject``.

    Attributes:
        value: what is printed, in printed units; the value it has already confirms it.
        place: where it is printed; of what is printed there nothing is said.
        relation: the document means this figure to be what the relation makes of others.
        reject: the id of a check that the document does not mean.
    """

    figure: FigureId
    value: DecimalText | None = None
    place: SaidPlace | None = None
    relation: Relation | None = None
    reject: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")] | None = None
    reason: Annotated[str, Field(max_length=LONGEST_REASON, pattern=r"^[^\x00]*$")] = ""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if sum(getattr(self, way) is not None for way in WAYS) != 1:
            raise ValueError(f"exactly one of {', '.join(WAYS)} must be given")
        return self

    @property
    def way(self) -> str:
        """Which of the four it is."""
        return next(way for way in WAYS if getattr(self, way) is not None)


class Anchor(Said):
    """What a figure was found by when a correction was made: by this it is found again in another reading."""

    place: Place | None
    raw: str

    @classmethod
    def of(cls, figure: Figure) -> Self:
        """Where a figure stands."""
        return cls(place=figure.place, raw=figure.raw)


class Kept(Said):
    """A correction as it was made, with where its figures stood, and the figures of the check that it took away."""

    correction: Correction
    anchors: dict[str, Anchor]
    rejected: tuple[str, ...] = ()

"""Figures as read: the printed string, what the number grammar makes of it, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from extractors.numbers import Number, Style
from extractors.page import Place, Reading
from schemas.filing import ColumnKind, Finding, Text


@dataclass(frozen=True, slots=True)
class ReadFigure:
    """A number printed in the body of a table.

    Attributes:
        id: ``t3.r7.c0``: table from 1, row and column from 0.
        raw: the printed string, never changed.
        number: the plain reading of ``raw``; None when digits are printed that the grammar cannot read
            ("108 % 89"), which repair may.
        confidence: of the reading alone, 0-1. rivals: other readings of the ink, from the recogniser.
        labelled: whether its row has a label. alone: whether it is the only cell of its row.
        blank: whether nothing legible is printed, and the number is what other figures determine.
        twin: whether the value column beside it has the very same heads: they may be halves of one.
        open: whether nothing in the document decides if its mark parts thousands or decimals, or, of a scan, whether
            hardly another figure stands in its column, so that it may be a stamp's or a hole.
        ghost: whether its row looks like a misspelt second reading of a neighbour, with the same figures.
    """

    id: str
    row: int
    column: int
    raw: str
    number: Number
    place: Place | None
    confidence: float = 1.0
    rivals: tuple[Reading, ...] = ()
    labelled: bool = True
    alone: bool = False
    ghost: bool = False
    twin: bool = False
    blank: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """The figures and texts of one table, with the kind of each column."""

    id: str
    columns: tuple[ColumnKind, ...]
    figures: tuple[ReadFigure, ...]
    texts: tuple[Text, ...]
    style: Style
    findings: tuple[Finding, ...] = ()

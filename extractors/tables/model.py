"""The one table model: whatever the reader, from here on a table is a stub, a boxhead and a body of cells."""

from __future__ import annotations

from dataclasses import dataclass

from extractors.page import Cell, Line, Place
from schemas.filing import Finding

__all__ = ["BodyRow", "Cell", "Layout", "Line", "Table"]


@dataclass(frozen=True, slots=True)
class BodyRow:
    """A row of the body.

    Attributes:
        label: the stub text, wrapped lines joined, leaders and blanks trimmed.
        indent: how far the label is set in, in ems from the leftmost label of the table.
        cells: one entry per column, None where nothing is printed. A cell's text is the figure with its ``$``,
            parentheses and ``%`` joined to it, as printed.
        ruled: a rule is drawn above the figures of this row (a sum follows).
        bold: the label is set in bold type.
    """

    label: str
    indent: float
    cells: tuple[Cell | None, ...]
    place: Place | None = None
    ruled: bool = False
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table as printed.

    Attributes:
        caption: lines printed above the heads, top down: registrant, title, "(in thousands)", …
        stub_heads: text printed above the stub, top down.
        heads: for each column its heads, outermost spanner first.
        rows: the body, top down, rows without cells (section labels) included.
        pages: 1-based numbers, empty for HTML and text.
        notes: lines printed directly below.
        source: which grid finder won ("html", "words", "camelot", "markdown", …).
    """

    caption: tuple[str, ...]
    stub_heads: tuple[str, ...]
    heads: tuple[tuple[str, ...], ...]
    rows: tuple[BodyRow, ...]
    pages: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """The tables of a document in reading order, the running text around them, and what could not be placed."""

    tables: tuple[Table, ...]
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...] = ()

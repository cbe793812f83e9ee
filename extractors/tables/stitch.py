"""A table that goes on over a page end is one table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from extractors.page import Line, PagePlace
from extractors.tables.model import BodyRow, Table
from extractors.tables.words import faceless

_CONTINUED = re.compile(r"(?i)\bcont(?:inued|['’]?d)\b|\(cont\b")
# in points: how exactly columns stand below those of the page before
_COLUMN_JITTER = 5.0
# in ems: a section label is not set in farther
_SECTION_INDENT = 4.0
_SECTION_WORDS = 12

# the foot of a text's page between two page breaks is a stretch of its own
_BEHIND_FOOT = 2

Columns = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A table of one page, with the lines above it and whether it is the first or the last there."""

    table: Table
    above: tuple[Line, ...] = ()
    first: bool = True
    last: bool = True


def stitch(parts: Sequence[Part], furniture: frozenset[str] = frozenset()) -> list[Table]:
    """Join each table to the one before it when it continues it on the next page.

    ``furniture`` holds the faceless running heads and feet: a caption of nothing else is no caption.
    """
    joined: list[Part] = []
    for part in parts:
        going = _continuation(joined[-1], part, furniture) if joined else None
        if going is None:
            joined.append(part)
            continue
        before = joined[-1].table
        whole = replace(before, rows=before.rows + going, pages=before.pages + part.table.pages, notes=part.table.notes)
        joined[-1] = replace(joined[-1], table=whole, last=part.last)
    return [part.table for part in joined]


def _continuation(before: Part, after: Part, furniture: frozenset[str]) -> tuple[BodyRow, ...] | None:
    """The rows that go on with the table of the page before, in its columns; None when ``after`` is another table."""
    upper, lower = before.table, after.table
    if not upper.pages or not lower.pages or not upper.heads or not _next_page(upper, lower):
        return None
    if any(lower.heads) and lower.heads != upper.heads:
        return None
    edges, wanted = _edges(lower), _edges(upper)
    columns = _columns(edges, wanted)
    if columns is None:
        return None
    sections: tuple[BodyRow, ...] = ()
    said = any(_CONTINUED.search(line) for line in (*lower.caption, *lower.stub_heads))
    if not said and any(lower.heads) and _speaks_against(upper, lower):
        return None
    if not said and not all(faceless(line) in furniture for line in lower.caption):
        goes_on = before.last and after.first and not any(lower.heads) and all(edge is not None for edge in edges)
        found = _sections(after, furniture) if goes_on and len(edges) > 1 and _aligned(edges, wanted, columns) else None
        if found is None:
            return None
        sections = found
    rows = (*sections, *lower.rows)
    shift = _shift(upper, lower)
    return tuple(_moved(row, columns, len(upper.heads), shift) for row in rows)


def _speaks_against(upper: Table, lower: Table) -> bool:
    """True when the same heads stand over another table: its stub says something else, or it turns to percentages."""
    if lower.stub_heads and lower.stub_heads != upper.stub_heads:
        return True
    return len(_percentages(upper)) == len(_percentages(lower)) == 1 and _percentages(upper) != _percentages(lower)


def _percentages(table: Table) -> set[bool]:
    """Whether the figures are percentages: one answer where all of them are, or none is."""
    texts = [cell.text for row in table.rows for cell in row.cells if cell is not None]
    return {"%" in text for text in texts if re.search(r"\d", text)}


def _next_page(upper: Table, lower: Table) -> bool:
    """True where the lower stands on the next page, or behind the foot of a page of text and says what it continues."""
    step = lower.pages[0] - upper.pages[-1]
    if step != _BEHIND_FOOT:
        return step == 1
    titles = {_plain_title(line) for line in upper.caption}
    return any(_CONTINUED.search(line) and _plain_title(line) in titles for line in lower.caption)


def _plain_title(line: str) -> str:
    """A title without the remark that it goes on."""
    return re.sub(r"\W+", " ", _CONTINUED.sub(" ", line)).strip().lower()


def _edges(table: Table) -> list[float | None]:
    """The usual right edge of each column; None where no place on paper tells."""
    found: list[float | None] = []
    for i in range(len(table.heads)):
        places = [cell.place for row in table.rows if (cell := row.cells[i]) is not None]
        rights = [place.bbox[2] for place in places if isinstance(place, PagePlace)]
        found.append(median(rights) if rights else None)
    return found


def _columns(edges: Sequence[float | None], wanted: Sequence[float | None]) -> Columns | None:
    """For each column the one of the page before that it goes on with; a column without figures may be missing."""
    if len(edges) == len(wanted):
        return tuple(range(len(edges)))
    if len(edges) > len(wanted) or not edges:
        return None
    found: list[int] = []
    for edge in edges:
        near = [
            i
            for i, other in enumerate(wanted)
            if edge is not None and other is not None and abs(edge - other) < _COLUMN_JITTER and i not in found
        ]
        if not near or (found and near[0] < found[-1]):
            return None
        found.append(near[0])
    return tuple(found)


def _aligned(edges: Sequence[float | None], wanted: Sequence[float | None], columns: Columns) -> bool:
    pairs = [(edge, wanted[i]) for edge, i in zip(edges, columns, strict=True)]
    return all(a is not None and b is not None and abs(a - b) < _COLUMN_JITTER for a, b in pairs)


def _sections(part: Part, furniture: frozenset[str]) -> tuple[BodyRow, ...] | None:
    """The lines above a part without heads as its first section labels; None when one of them is none."""
    rows: list[BodyRow] = []
    labels = [row.place.bbox for row in part.table.rows if isinstance(row.place, PagePlace)]
    if not labels:
        return None
    left = min(box[0] for box in labels)
    lines = [line for line in part.above if faceless(line.text) not in furniture]
    if len(lines) < len(part.table.caption) - (len(part.above) - len(lines)):
        return None
    for line in lines:
        place = line.place
        if not isinstance(place, PagePlace) or line.centred or len(line.text.split()) > _SECTION_WORDS:
            return None
        em = max(place.bbox[3] - place.bbox[1], 1.0)
        indent = (place.bbox[0] - left) / em
        if abs(indent) > _SECTION_INDENT or line.text.endswith("."):
            return None
        cells = (None,) * len(part.table.heads)
        rows.append(BodyRow(line.text, round(max(indent, 0.0), 2), cells, place, bold=line.bold))
    return tuple(rows)


def _shift(upper: Table, lower: Table) -> float:
    """How far the leftmost label of a part is set in from that of the part before, in ems."""
    one, other = ([row.place.bbox for row in t.rows if isinstance(row.place, PagePlace)] for t in (upper, lower))
    if not one or not other:
        return 0.0
    em = max(median(box[3] - box[1] for box in other), 1.0)
    shift = (min(box[0] for box in other) - min(box[0] for box in one)) / em
    return shift if 0 < shift < _SECTION_INDENT else 0.0


def _moved(row: BodyRow, columns: Columns, count: int, shift: float) -> BodyRow:
    """A row in the columns of the page before."""
    placed = dict(zip(columns, row.cells, strict=True))
    return replace(row, cells=tuple(placed.get(i) for i in range(count)), indent=round(row.indent + shift, 2))

"""Tables whose every row has all cells: bars in a frame, tabs of a spreadsheet. Their cells stay in their columns.

A converter's rows drift, lose cells and run together (``segments``). A program's rows do not: as many marks in each,
one thing in each cell, figures or words throughout a column. Only then is the place of a cell believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractors.numbers import is_number
from extractors.page import Cell, Grid
from extractors.text.decode import SourceLine
from extractors.text.markup import Slot, is_delimiter, slots

_FRAME = re.compile(r"\s*[+|]?(?:\s*[-=]{2,}\s*[+|])+(?:\s*[-=]{2,})?\s*\Z|\s*\+[-=+\s]+\+\s*\Z")
_FEWEST_COLUMNS, _FEWEST_ROWS = 3, 3
_YEAR = re.compile(r"(?:19|20)\d\d\Z")


@dataclass(frozen=True, slots=True)
class Square:
    """Rows of as many cells each; ``heads`` of them stand above the first rule that follows a row (0: no rule says)."""

    lines: tuple[SourceLine, ...]
    rows: tuple[tuple[Slot, ...], ...]
    heads: int

    def grid(self) -> Grid:
        """The cells where they stand; a head reaches over the empty cells behind it, but for the last row of heads."""
        columns = len(self.rows[0])
        cells: list[Cell] = []
        for number, (line, row) in enumerate(zip(self.lines, self.rows, strict=True)):
            for slot in row:
                if not slot.text:
                    continue
                span = _reach(row, slot.column) if number < self.heads - 1 and slot.column else 1
                place = line.place(slot.start, slot.end)
                cells.append(Cell(slot.text, number, slot.column, place, column_span=span, head=number < self.heads))
        return Grid(len(self.rows), columns, tuple(cells), source="cells")


def find_squares(lines: Sequence[SourceLine]) -> Iterator[Square | list[SourceLine]]:
    """The tables of whole cells, and the lines between them as they are."""
    rest: list[SourceLine] = []
    at = 0
    while at < len(lines):
        end = _end(lines, at)
        square = _square(lines[at:end]) if end > at else None
        if square is None:
            # a run that is no square is none in parts either
            rest += lines[at : max(end, at + 1)]
        else:
            if rest:
                yield rest
            rest = []
            yield square
        at = max(end, at + 1)
    if rest:
        yield rest


def _mark(text: str) -> str:
    """What parts the cells of a line: a bar, a tab, or nothing; a rule of the frame goes with bars."""
    if "\t" in text.strip(" \n"):
        return "\t"
    bare = text.strip()
    if _FRAME.match(text) or (bare.count("|") >= 2 and bare.startswith("|") and bare.endswith("|")):
        return "|"
    return ""


def _end(lines: Sequence[SourceLine], at: int) -> int:
    """The end of the run of lines that the same mark parts; a blank line between rows of as many cells is in it."""
    mark = _mark(lines[at].text)
    end = at
    while mark and end < len(lines):
        skipped = end > at and lines[end].blank and end + 1 < len(lines)
        row = end + 1 if skipped else end
        if _mark(lines[row].text) != mark:
            break
        if skipped and len(slots(lines[row])) != len(slots(lines[end - 1])):
            break
        end = row + 1
    return end


def _square(run: Sequence[SourceLine]) -> Square | None:
    """The run as a table, when all its rows have all cells and every column holds one kind of thing."""
    lines: list[SourceLine] = []
    rows: list[tuple[Slot, ...]] = []
    heads = 0
    for line in run:
        if line.blank:
            continue
        if _FRAME.match(line.text) or is_delimiter(line.text):
            heads = heads or len(rows)
            continue
        lines.append(line)
        rows.append(tuple(slots(line)))
    widths = {len(row) for row in rows}
    if len(rows) < _FEWEST_ROWS or len(widths) != 1 or widths.pop() < _FEWEST_COLUMNS:
        return None
    first = heads or next((i for i, row in enumerate(rows) if any(_figure(slot) for slot in row[1:])), len(rows))
    body = rows[first:]
    if not body or not any(_figure(slot) for row in body for slot in row[1:]):
        return None
    gaps = any(not slot.text for row in body for slot in row[1:])
    if not gaps or not all(_alike(_own(body, column)) for column in range(len(rows[0]))):
        return None
    return Square(tuple(lines), tuple(rows), heads if heads < len(rows) else 0)


def _figure(slot: Slot) -> bool:
    return len(slot.pieces) == 1 and not slot.dated and is_number(slot.text) and not _YEAR.match(slot.text)


def _own(body: Sequence[Sequence[Slot]], column: int) -> list[Slot]:
    """The cells of a column without those that name a sum to the right of them: nothing stands before those."""
    return [row[column] for row in body if not column or any(slot.text for slot in row[:column])]


def _alike(column: Sequence[Slot]) -> bool:
    """True for a column of figures with nothing but single ones, or of words; a few words among figures are notes."""
    filled = [slot for slot in column if slot.text]
    if any(len(slot.pieces) > 1 or slot.sign for slot in filled):
        return False
    figures = sum(len(slot.pieces) == 1 for slot in filled)
    return figures * 4 >= len(filled) * 3 or figures * 4 <= len(filled)


def _reach(row: Sequence[Slot], column: int) -> int:
    """How many columns a head covers: its own and the empty ones behind it."""
    end = column + 1
    while end < len(row) and not row[end].text:
        end += 1
    return end - column

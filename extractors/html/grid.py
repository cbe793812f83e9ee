"""Displayed rows become a grid: spans resolved and clamped, columns that nothing tells apart joined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractors.html.rows import ShownCell, ShownRow, looks_numeric
from extractors.numbers import is_number, plain
from extractors.page import Cell, Grid, HtmlPlace

MAX_COLUMNS = 2000
_YEAR = re.compile(r"(?:19|20)\d\d\Z")


@dataclass(frozen=True, slots=True)
class _Placed:
    """A cell at its columns, end excluded."""

    cell: ShownCell
    row: int
    start: int
    end: int
    row_span: int


def build_grid(table: int, rows: Sequence[ShownRow]) -> Grid | None:
    """The grid of a table's rows; None when it is wider than any page.

    ``table`` is its number for the places; those of ``NO_TABLE`` the caller has to set.
    """
    placed = _place(rows)
    filled = [item for item in placed if item.cell.lines]
    edges = sorted({edge for item in filled for edge in (item.start, item.end)} | {0})
    if len(edges) > MAX_COLUMNS:
        return None
    narrow = {edge: number for number, edge in enumerate(edges)}
    ruled = _ruled(placed)
    heads = _heads(rows)
    cells = tuple(
        Cell(
            text=item.cell.text,
            row=item.row,
            column=narrow[item.start],
            place=HtmlPlace(table=max(table, 0), row=rows[item.row].index, cell=item.cell.node.index),
            row_span=item.row_span,
            column_span=narrow[item.end] - narrow[item.start],
            indent=round(item.cell.indent, 3),
            head=heads[item.row],
            bold=item.cell.bold,
            ruled=(item.row, item.start) in ruled,
        )
        for item in filled
    )
    return Grid(rows=len(rows), columns=len(edges) - 1, cells=cells, source="html")


def _place(rows: Sequence[ShownRow]) -> list[_Placed]:
    """Each cell at the first free column of its row; a span ends where another cell's span stands."""
    placed: list[_Placed] = []
    taken: dict[int, int] = {}  # column -> first row in which it is free again
    for number, row in enumerate(rows):
        column = 0
        for cell in row.cells:
            while taken.get(column, 0) > number:
                column += 1
            end = column + 1
            while end < column + cell.node.column_span and taken.get(end, 0) <= number:
                end += 1
            row_span = min(cell.row_span, len(rows) - number)
            if row_span > 1:
                taken.update(dict.fromkeys(range(column, end), number + row_span))
            placed.append(_Placed(cell, number, column, end, row_span))
            column = end
    return placed


def _heads(rows: Sequence[ShownRow]) -> list[bool]:
    """Rows that the markup calls heads; a section label set as a head below the first figures is none."""
    heads: list[bool] = []
    seen = False
    for row in rows:
        seen = seen or (not row.head and any(_is_figure(cell) for cell in row.filled))
        heads.append(row.head and not seen)
    return heads


def _is_figure(cell: ShownCell) -> bool:
    text = cell.text
    return looks_numeric(text) and is_number(text) and not _YEAR.match(plain(text))


def _ruled(placed: Sequence[_Placed]) -> set[tuple[int, int]]:
    """Row and start column of the cells that a rule is drawn above, with figures further up.

    Rules under heads announce no sum, and rules in most rows are decoration.
    """
    if not any(item.cell.above or item.cell.below for item in placed):
        return set()
    below: dict[int, int] = {}  # column -> row after the one with the rule
    figures: set[int] = set()
    ruled: set[tuple[int, int]] = set()
    with_figures: set[int] = set()
    last = -1
    blank_rows = 0
    filled_rows = {item.row for item in placed if item.cell.lines}
    for item in placed:
        if item.row != last:
            blank_rows = blank_rows + 1 if last >= 0 and last not in filled_rows else 0
            last = item.row
        columns = range(item.start, min(item.end, item.start + 50))
        # a rule may be drawn in a row of its own, above or below the blank
        near = {item.row - step for step in range(blank_rows + 1)}
        if any(column in figures and (item.cell.above or below.get(column) in near) for column in columns):
            ruled.add((item.row, item.start))
        if item.cell.below or (item.cell.above and not item.cell.lines):
            below.update(dict.fromkeys(columns, item.row + (1 if item.cell.below else 0)))
        if _is_figure(item.cell):
            figures.update(columns)
            with_figures.add(item.row)
    rows = {row for row, _ in ruled} & with_figures
    return ruled if len(rows) * 5 <= len(with_figures) * 3 or len(with_figures) < 4 else set()

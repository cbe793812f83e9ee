"""Structural damage put into true statements: cells merged, torn or lost, rows shifted or repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from corpus.errors import Spot
from extractors.numbers import read_number
from extractors.page import Cell
from extractors.tables import BodyRow, Layout, Table

Row = tuple[Cell | None, ...]
SURE = 0.97


def filled(row: BodyRow) -> list[int]:
    """The columns in which a row prints a figure other than a dash."""
    numbers = [(column, read_number(cell.text)) for column, cell in enumerate(row.cells) if cell]
    return [column for column, number in numbers if number is not None and not number.nil]


def shifted(row: BodyRow, rng: Random) -> list[BodyRow]:
    """All cells one column to the right; what falls over the edge is lost."""
    del rng
    return [replace(row, cells=(None, *row.cells[:-1]))]


def repeated(row: BodyRow, rng: Random) -> list[BodyRow]:
    """The row, and below it a ghost with some of its letters lost."""
    label = "".join(mark for mark in row.label if rng.random() < 0.7) or "—"
    return [row, replace(row, label=label)]


def merged(row: BodyRow, rng: Random) -> list[BodyRow]:
    """Two neighbouring cells in one."""
    columns = [column for column in filled(row) if column + 1 in filled(row)]
    if not columns:
        return lost(row, rng)
    column = rng.choice(columns)
    one, other = row.cells[column], row.cells[column + 1]
    cells = list(row.cells)
    cells[column] = replace(one, text=f"{one.text} {other.text}") if one and other else one
    cells[column + 1] = None
    return [replace(row, cells=tuple(cells))]


def torn(row: BodyRow, rng: Random) -> list[BodyRow]:
    """A figure without its first group of digits, which went elsewhere."""
    columns = [column for column in filled(row) if "," in getattr(row.cells[column], "text", "")]
    if not columns:
        return lost(row, rng)
    column = rng.choice(columns)
    cells = list(row.cells)
    cell = cells[column]
    cells[column] = replace(cell, text=cell.text.split(",", 1)[1]) if cell else None
    return [replace(row, cells=tuple(cells))]


def lost(row: BodyRow, rng: Random) -> list[BodyRow]:
    """A figure that is not there."""
    column = rng.choice(filled(row))
    return [replace(row, cells=tuple(None if c == column else cell for c, cell in enumerate(row.cells)))]


KINDS: dict[str, Callable[[BodyRow, Random], list[BodyRow]]] = {
    "shifted row": shifted,
    "ghost row": repeated,
    "merged cells": merged,
    "torn cell": torn,
    "lost cell": lost,
}


def damage(layout: Layout, kind: str, rng: Random) -> tuple[Layout, dict[Spot, str]]:
    """One row of each table damaged, all figures about equally sure.

    Returns:
        The damaged layout, and what is truly printed in each of its places ("" where nothing is).
    """
    tables: list[Table] = []
    truth: dict[Spot, str] = {}
    for number, table in enumerate(layout.tables):
        rows = [replace(row, cells=tuple(sure(cell) for cell in row.cells)) for row in table.rows]
        chosen = rng.choice([place for place, row in enumerate(rows) if filled(row)])
        after = [*rows[:chosen], *KINDS[kind](rows[chosen], rng), *rows[chosen + 1 :]]
        true: list[BodyRow | None] = [*rows]
        if len(after) > len(rows):
            true.insert(chosen + 1, None)
        for place, printed in enumerate(true):
            for column in range(len(table.heads)):
                cell = printed.cells[column] if printed is not None else None
                truth[number, place, column] = cell.text if cell else ""
        tables.append(replace(table, rows=tuple(after)))
    return replace(layout, tables=tuple(tables)), truth


def sure(cell: Cell | None) -> Cell | None:
    """A cell of which the recogniser was fairly sure."""
    return replace(cell, confidence=SURE) if cell else None

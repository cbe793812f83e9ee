"""Errors put into true statements: misreadings drawn from pairs (printed, read), and damage to the structure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from extractors.numbers import read_number
from extractors.page import Cell, Reading
from extractors.tables import BodyRow, Layout, Table

Spot = tuple[int, int, int]
"""Table, row and column, counted from 0."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """A stretch that is read for another: ``old`` after ``before``; the edges of a string are ``^`` and ``$``."""

    before: str
    old: str
    new: str
    after: str


@dataclass(frozen=True, slots=True)
class Confusions:
    """Confusions with how often each was seen."""

    counts: tuple[tuple[Confusion, int], ...]

    @classmethod
    def read(cls, path: Path) -> Confusions:
        """From the pairs that ``corpus.misreadings`` wrote."""
        return cls.of(json.loads(path.read_text())["misread"])

    @classmethod
    def of(cls, pairs: Sequence[Sequence[str]]) -> Confusions:
        """From pairs (printed, read) that both are numbers, of different values, and differ in one short stretch."""
        counts: Counter[Confusion] = Counter()
        for printed, read in pairs:
            one, other = read_number(printed), read_number(read)
            if one is not None and other is not None and one.value != other.value:
                confusion = _difference(printed.replace("$ ", "$"), read.replace("$ ", "$"))
                if len(confusion.old) <= 2 and len(confusion.new) <= 2:
                    counts[confusion] += 1
        return cls(tuple(sorted(counts.items(), key=lambda item: (-item[1], repr(item[0])))))

    def misread(self, printed: str, rng: Random) -> str | None:
        """What the figure could be read as, a number of another value; None where nothing seen applies to it."""
        true = read_number(printed)
        options: list[tuple[str, int]] = []
        for confusion, count in self.counts:
            for text in _applied(confusion, printed):
                number = read_number(text)
                if number is not None and true is not None and number.value != true.value:
                    options.append((text, count))
        if not options:
            return None
        return rng.choices([text for text, _ in options], [count for _, count in options])[0]


def _difference(printed: str, read: str) -> Confusion:
    """The stretch in which two strings differ, with the marks beside it."""
    one, other = f"^{printed}$", f"^{read}$"
    start = next(i for i in range(len(one) + 1) if one[: i + 1] != other[: i + 1])
    end = 0
    while end < min(len(one), len(other)) - start and one[len(one) - 1 - end] == other[len(other) - 1 - end]:
        end += 1
    return Confusion(one[start - 1], one[start : len(one) - end], other[start : len(other) - end], one[len(one) - end])


def _applied(confusion: Confusion, printed: str) -> list[str]:
    """The figure with the stretch replaced, in each place where the same kind of mark stands beside it."""
    text = f"^{printed}$"
    found = []
    size = len(confusion.old)
    for place in range(1, len(text) - size):
        sides = _kind(text[place - 1]) == _kind(confusion.before) and _kind(text[place + size]) == _kind(
            confusion.after
        )
        # what is added beside a digit depends on that digit; what is lost or replaced less so
        if sides and text[place : place + size] == confusion.old and (size or text[place - 1] == confusion.before):
            found.append((text[:place] + confusion.new + text[place + size :])[1:-1])
    return found


def _kind(mark: str) -> str:
    return "0" if mark.isdigit() else mark


def place_errors(
    layout: Layout, confusions: Confusions, count: int, rng: Random, sure: float | None = 0.97
) -> tuple[Layout, dict[Spot, str]]:
    """Misread so many figures of each table.

    Args:
        sure: the confidence of every figure; None gives each a recogniser's own, with rivals, the truth among them.

    Returns:
        The damaged layout, and the misread places with what is truly printed there.
    """
    changed: dict[Spot, str] = {}
    tables = []
    for number, table in enumerate(layout.tables):
        spots = [(r, c) for r, row in enumerate(table.rows) for c, cell in enumerate(row.cells) if _distinct(cell)]
        misread: dict[tuple[int, int], str] = {}
        for row, column in rng.sample(spots, len(spots)):
            if len(misread) == count:
                break
            cell = table.rows[row].cells[column]
            text = confusions.misread(cell.text, rng) if cell else None
            if cell is not None and text is not None:
                misread[row, column] = text
                changed[number, row, column] = cell.text
        tables.append(_reread(table, misread, confusions, rng, sure))
    return replace(layout, tables=tuple(tables)), changed


def _distinct(cell: Cell | None) -> bool:
    number = read_number(cell.text) if cell else None
    return number is not None and not number.nil


def _reread(
    table: Table, misread: dict[tuple[int, int], str], confusions: Confusions, rng: Random, sure: float | None
) -> Table:
    rows: list[BodyRow] = []
    for r, row in enumerate(table.rows):
        cells: list[Cell | None] = []
        for c, cell in enumerate(row.cells):
            if cell is None or not _distinct(cell):
                cells.append(cell)
            elif sure is not None:
                cells.append(replace(cell, text=misread.get((r, c), cell.text), confidence=sure))
            else:
                cells.append(_with_rivals(cell, misread.get((r, c)), confusions, rng))
        rows.append(replace(row, cells=tuple(cells)))
    return replace(table, rows=tuple(rows))


def _with_rivals(cell: Cell, read: str | None, confusions: Confusions, rng: Random) -> Cell:
    """A cell with a recogniser's n-best: mostly sure where it is right, seldom where it is not."""
    confidence = rng.uniform(0.5, 0.97) if read is not None else 1.0 - min(0.4, rng.expovariate(1 / 0.02))
    left = 1.0 - confidence
    rivals: dict[str, float] = {}
    if read is not None:
        rivals[cell.text], left = left * 0.6, left * 0.4
    for _ in range(rng.randint(1, 3)):
        other = confusions.misread(cell.text, rng)
        if other is not None and other not in (read, cell.text):
            rivals[other] = left * 0.5
            left *= 0.5
    ranked = sorted(rivals.items(), key=lambda item: (-item[1], item[0]))
    readings = tuple(Reading(text, probability) for text, probability in ranked)
    return replace(cell, text=read if read is not None else cell.text, confidence=confidence, rivals=readings)

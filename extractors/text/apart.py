"""Figures in a block of their own, apart from the rows around them, are put in rows where their sums say how.

A converter that tears a table prints the figures of some rows one below the other, a column after the other or a row
after the other, and the labels above or below them. The row that follows, a total, proves the arrangement: it must be
the sum of the rows in every column, in one arrangement only. The labels stay as printed: no sum says whose they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import permutations

from extractors.text.decode import SourceLine
from extractors.text.markup import Slot, bare, numbers_in
from extractors.text.merged import Record
from extractors.text.tokens import Piece, tokens
from schemas.amounts import Amount, total

_FIGURES = re.compile(r"[\s$()%.,\d\u2014\u2013-]*\d[\s$()%.,\d\u2014\u2013-]*\Z")
_TITLE = re.compile(r"\s*(?:#|\*\*)")
_MOST_COLUMNS = 4
_MOST_FIGURES = 60
_LONGEST_LABEL = 100

_Told = tuple[Piece, SourceLine]


def is_figures(line: SourceLine) -> bool:
    """True for a line of nothing but figures."""
    return bool(_FIGURES.match(bare(line.text)))


def find_apart(lines: Sequence[SourceLine], following: Sequence[Slot]) -> list[Record]:
    """The rows of the figures in some lines between two rows of a table, proved by the row that follows.

    Returns:
        A record without a label for each row; none where the sums leave no arrangement or several.
    """
    if any(_TITLE.match(line.text) or len(line.text) > _LONGEST_LABEL for line in lines):
        return []
    told = [(piece, line) for line in lines if is_figures(line) for piece in _pieces(line)]
    sums = [slot.pieces[0].amount for slot in following if len(slot.pieces) == 1]
    if not 1 <= len(sums) <= _MOST_COLUMNS or not 2 * len(sums) <= len(told) <= _MOST_FIGURES or len(told) % len(sums):
        return []
    found = {tuple(map(tuple, way)): way for way in _ways(told, len(sums)) if _foots(way, sums)}
    return [_record(row) for row in zip(*next(iter(found.values())), strict=True)] if len(found) == 1 else []


def _pieces(line: SourceLine) -> tuple[Piece, ...]:
    """Its figures; what stands behind a blank is a figure of its own here, no mark of the one before it."""
    text = bare(line.text)
    start = len(text) - len(text.lstrip())
    whole = numbers_in(text.strip(), start)
    parts = [numbers_in(token.text, token.start) for token in tokens(text)]
    return tuple(piece for part in parts for piece in part) if len(whole) == 1 and all(parts) else whole


def _ways(told: Sequence[_Told], count: int) -> Iterator[list[list[_Told]]]:
    """The columns that the figures may make: blocks in any order, or row by row."""
    size = len(told) // count
    blocks = [list(told[k * size : (k + 1) * size]) for k in range(count)]
    yield from (list(order) for order in permutations(blocks))
    yield [list(told[k::count]) for k in range(count)]


def _foots(columns: Sequence[Sequence[_Told]], sums: Sequence[Amount | None]) -> bool:
    for column, wanted in zip(columns, sums, strict=True):
        values = [piece.amount for piece, _ in column]
        if not wanted or any(value is None for value in values):
            return False
        if total([value for value in values if value is not None]) != wanted:
            return False
    return True


def _record(row: Sequence[_Told]) -> Record:
    return Record(
        row[0][1],
        values={column: (piece,) for column, (piece, _) in enumerate(row)},
        lines={column: line for column, (_, line) in enumerate(row)},
    )

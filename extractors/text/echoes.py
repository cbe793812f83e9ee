"""What a row lost is looked for where a converter printed the figures again, run together in one cell.

Such a cell repeats a column from the top down, or several columns row by row. Its figures are laid over those of the
table: between two that are recognised, where the table has as many blank cells as the repetition has figures, each of
these has its place. Nothing says that it was read right: it stays in doubt until sums prove it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise

from extractors.text.merged import Record, key
from extractors.text.tokens import Piece

_FEWEST = 12  # figures of a row that may be a repetition, and rows above it; the share of them printed there
_FEWEST_ROWS = 3
_KNOWN = 0.6
_LEAST_KNOWN = 6  # figures of two digits and more that a repetition shares with the table
_SHARE = 0.8  # of its figures must have a place in it

_Cell = tuple[int, int]
"""Number of the record, column."""


def echoes_apart(records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """Part the rows from those whose cells, of many figures each, print again what the rows above have printed."""
    kept: list[Record] = []
    echoes: list[Record] = []
    for record in records:
        (echoes if record.merged and _echo(record, kept) else kept).append(record)
    return kept, echoes


def _echo(record: Record, above: Sequence[Record]) -> bool:
    said = [key(piece) for pieces in record.values.values() for piece in pieces]
    if len(said) <= _FEWEST or len(above) < _FEWEST_ROWS:
        return False
    known = {key(pieces[0]) for other in above for pieces in other.values.values() if len(pieces) == 1}
    return sum(figure in known for figure in said) >= _KNOWN * len(said)


def with_echoes(records: Sequence[Record], echoes: Sequence[Record], columns: int) -> list[Record]:
    """The records, their blank cells filled from rows that repeat them; where two repetitions differ, left blank."""
    found: dict[_Cell, list[tuple[Piece, Record]]] = {}
    for echo in echoes:
        for said in echo.values.values():
            for cell, piece in _told(records, said, columns):
                found.setdefault(cell, []).append((piece, echo))
    done = list(records)
    for (number, column), told in sorted(found.items()):
        if len({key(piece) for piece, _ in told}) == 1:
            done[number] = _filled(done[number], column, *told[0])
    return done


def _filled(record: Record, column: int, piece: Piece, echo: Record) -> Record:
    return replace(
        record, values={**record.values, column: (piece.doubted(),)}, lines={**record.lines, column: echo.line}
    )


def _told(records: Sequence[Record], said: Sequence[Piece], columns: int) -> list[tuple[_Cell, Piece]]:
    """The blank cells that a repetition fills, by the order of reading that explains the most of it."""
    keys = [key(piece) for piece in said]
    if sum(_telling(k) for k in keys) < _LEAST_KNOWN:
        return []
    runs = [range(first, last) for first in range(columns) for last in range(first + 1, columns + 1)]
    cells, known = max((_laid(records, run, keys) for run in runs), key=lambda way: (len(way[1]), -len(way[0])))
    filled: list[tuple[_Cell, Piece]] = []
    for (i, at), (j, to) in pairwise(known):
        between = cells[at + 1 : to]
        if len(between) == j - i - 1 and not any(column in records[number].values for number, column in between):
            filled += zip(between, said[i + 1 : j], strict=True)
    enough = sum(_telling(keys[i]) for i, _ in known) >= _LEAST_KNOWN
    return filled if enough and len(known) + len(filled) >= _SHARE * len(keys) else []


def _laid(records: Sequence[Record], columns: range, keys: Sequence[str]) -> tuple[list[_Cell], list[tuple[int, int]]]:
    """The cells of some columns row by row, and which figures of a repetition stand in which of them."""
    cells = [(n, column) for n, record in enumerate(records) for column in columns if record.values]
    filled = [at for at, (n, column) in enumerate(cells) if column in records[n].values]
    shown = [" ".join(key(piece) for piece in records[n].values[column]) for n, column in (cells[at] for at in filled)]
    blocks = SequenceMatcher(None, list(keys), shown, autojunk=False).get_matching_blocks()
    return cells, [(b.a + k, filled[b.b + k]) for b in blocks for k in range(b.size)]


def _telling(said: str) -> bool:
    return len(re.sub(r"\D", "", said)) > 1

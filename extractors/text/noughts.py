"""Dashes that a converter lost: a blank cell is a nought where its column foots without it and the next one with it.

Only in documents that print a dash for nothing elsewhere, so that a blank is none of the publisher's. The sum must hold
in both columns over the same rows; in the other one it needs the figure beside the blank. What is added is as doubtful
as any other guess at what was printed: it stands without doubt only if the arithmetic of the document proves it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from extractors.page import Reading
from extractors.text.ghosts import garbled
from extractors.text.merged import Record
from extractors.text.tokens import DOUBT, Piece
from schemas.amounts import Amount, total

_LEAST_DASHES = 3  # of a document that prints a dash for nothing
_REACH = 12  # rows of a sum
_TELLING = 100  # a smaller total agrees by chance

_Column = list[Amount | None]


def prints_dashes(records: Sequence[Record]) -> bool:
    """True when nothing is a dash in the rows of a document."""
    pieces = [piece for record in records for held in record.values.values() for piece in held]
    return sum(number is not None and number.nil for number in (piece.number for piece in pieces)) >= _LEAST_DASHES


def with_noughts(records: Sequence[Record], columns: int) -> tuple[list[Record], list[Record]]:
    """The records with a nought for each lost dash, and those that got one."""
    rows = [i for i, record in enumerate(records) if record.values and not _scrap(record)]
    values = [[_held(records[i], column) for i in rows] for column in range(columns)]
    done = list(records)
    changed: list[Record] = []
    for at, i in enumerate(rows):
        blank = [c for c in range(columns) if _blank(records[i], c) and _lost(values, c, at)]
        if blank:
            done[i] = replace(done[i], values={**done[i].values, **{c: (_nought(done[i]),) for c in blank}})
            changed.append(done[i])
    return done, changed


def _blank(record: Record, column: int) -> bool:
    return bool(record.label) and column not in record.values and column not in record.texts


def _scrap(record: Record) -> bool:
    """True for a row that was misread beyond reading: no term of a sum."""
    return record.merged or any(garbled(piece.text) for column, piece in record.texts.items() if column >= 0)


def _held(record: Record, column: int) -> Amount | None:
    pieces = record.values.get(column, ())
    return pieces[0].amount if len(pieces) == 1 else None


def _lost(values: Sequence[_Column], column: int, at: int) -> bool:
    """True when a sum over the row holds in its column without a figure, and in another one with a figure there."""
    own = values[column]
    others = [other for other in values if other is not own and other[at]]
    return any(_foots(other, first, end) for first, end in _sums(own, at) for other in others)


def _sums(column: _Column, at: int) -> Iterator[tuple[int, int]]:
    """The runs of rows over a blank whose figures sum up to the one below them."""
    for end in range(at + 1, min(at + _REACH, len(column))):
        for first in range(max(0, end - _REACH), at + 1):
            if sum(bool(value) for value in column[first:end]) > 1 and _foots(column, first, end):
                yield first, end


def _foots(column: _Column, first: int, end: int) -> bool:
    wanted = column[end]
    if wanted is None or abs(wanted) < _TELLING:
        return False
    return total([value for value in column[first:end] if value is not None]) == wanted


def _nought(record: Record) -> Piece:
    end = len(record.line.text)
    return Piece("", end, end, DOUBT, (Reading("\N{EM DASH}", DOUBT),))

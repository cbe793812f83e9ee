"""A cell that holds the figures of several rows is parted where all columns share the sum that it shows.

A converter that loses the rows at the top of a table prints the first figures of a column in one cell and scatters
those of the other columns over the rows below, between misread repetitions. When the figures of the cell foot, and in
every other column exactly one choice of as many figures, in order, foots the same way, these are the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from extractors.numbers import read_number
from extractors.text.decode import SourceLine
from extractors.text.merged import Record, key
from extractors.text.tokens import Piece
from schemas.amounts import Amount, total

_FEWEST, _MOST = 3, 8  # figures of one cell
_MOST_CHOICES = 12  # figures of another column that are tried

_Found = tuple[Piece, SourceLine]


def part_by_sums(records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """Part what ran together at the rows that a sum proves.

    Returns:
        The records, with one figure a cell where they could be parted, and those whose figures they took.
    """
    done: list[Record] = []
    taken: list[Record] = []
    position = 0
    while position < len(records):
        for rows, end in _parted(records, position):
            done += rows
            taken += records[position:end]
            position = end
            break
        else:
            done.append(records[position])
            position += 1
    return done, taken


def _parted(records: Sequence[Record], start: int) -> Iterator[tuple[list[Record], int]]:
    """The rows that begin in a record, and the end of the records that print them; nothing when no sum says."""
    for column, pieces in records[start].values.items():
        sums = _sums([piece.amount for piece in pieces])
        others = {c for r in records for c in r.values} - {column}
        if not sums or not others:
            continue
        for end in range(start + 1, min(start + 2 * len(pieces) + 2, len(records)) + 1):
            region = records[start:end]
            chosen = {c: _chosen(region, c, len(pieces), sums) for c in others}
            rows = {column: [(piece, records[start].line) for piece in pieces]}
            rows |= {c: found for c, found in chosen.items() if found}
            if len(rows) == len(others) + 1 and all(_bare(r) and _accounted(r, rows) for r in region):
                first, *others_below = _rows(rows)
                extras = tuple(piece for record in region[:1] for piece in record.extras)
                yield [replace(first, extras=extras), *others_below], end
                return


def _bare(record: Record) -> bool:
    """True for a row without words; what a currency sign or a head left behind is none."""
    return not record.label and not any(re.search(r"\d", piece.text) for piece in record.extras)


def _sums(values: Sequence[Amount | None]) -> list[tuple[int, int]]:
    """The members that are the sum of those before them, from which on; nothing unless every member is in a sum."""
    if not _FEWEST <= len(values) <= _MOST or any(value is None for value in values):
        return []
    found = [
        (first, at)
        for at in range(2, len(values))
        for first in range(at - 1)
        if values[at] and total([v for v in values[first:at] if v is not None]) == values[at]
    ]
    covered = {member for first, at in found for member in range(first, at + 1)}
    return found if len(covered) == len(values) else []


def _chosen(region: Sequence[Record], column: int, count: int, sums: Sequence[tuple[int, int]]) -> list[_Found]:
    """The only choice of figures of a column that foots as the cell does; none when there are others."""
    shown: dict[Amount, _Found] = {}
    for record in region:
        for piece in record.values.get(column, ()):
            value = piece.amount
            if value is not None:
                shown.setdefault(value, (piece, record.line_of(column)))
    if not count <= len(shown) <= _MOST_CHOICES:
        return []
    ways = [way for way in combinations(shown.values(), count) if set(sums) <= set(_sums([p.amount for p, _ in way]))]
    return list(ways[0]) if len(ways) == 1 else []


def _accounted(record: Record, rows: Mapping[int, Sequence[_Found]]) -> bool:
    """True when each figure of a record is in the rows, or of a form that they do not have: misread."""
    return all(
        any(key(piece) == key(own) for own, _ in rows[column]) or _odd(piece, [own for own, _ in rows[column]])
        for column, pieces in record.values.items()
        for piece in pieces
    )


def _odd(piece: Piece, others: Sequence[Piece]) -> bool:
    number = read_number(piece.text)
    return number is None or bool(number.flaws) or number.decimals not in {_decimals(other) for other in others}


def _decimals(piece: Piece) -> int:
    number = read_number(piece.text)
    return number.decimals if number else 0


def _rows(columns: Mapping[int, Sequence[_Found]]) -> list[Record]:
    count = len(next(iter(columns.values())))
    rows = []
    for number in range(count):
        here = {column: found[number] for column, found in sorted(columns.items())}
        line = next(iter(here.values()))[1]
        values = {column: (piece,) for column, (piece, _) in here.items()}
        rows.append(Record(line, values=values, lines={column: where for column, (_, where) in here.items()}))
    return rows

"""Which cells of the rows of a table hold its columns of figures and its columns of words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from extractors.text.markup import Slot, mark_of

# a wide row with few figures has many places to put them; the first ones are looked at
_MOST_CHOICES = 5000

Row = Sequence[Slot]


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table.

    Attributes:
        figures: for each column of figures the cell number it mostly has.
        texts: the cell numbers of the columns of words.
        by_length: the cell numbers of the figures in rows of so many cells, where such rows show them.
    """

    figures: tuple[int, ...]
    texts: tuple[int, ...]
    by_length: Mapping[int, tuple[int, ...]]

    @property
    def count(self) -> int:
        """How many columns of figures there are."""
        return len(self.figures)

    def placed(self, row: Row, figures: Sequence[Slot]) -> tuple[list[tuple[int, Slot, bool]], list[Slot]]:
        """The figure cells of a row with their columns, in order and each as near as may be, and those left over.

        The third member is False where another column was as near.
        """
        columns = self.by_length.get(len(row), self.figures)
        figures = list(figures)
        if len(figures) > self.count:
            # a dash that stands in no column is a scrap of a rule
            figures = [s for s in figures if s.column in columns or re.search(r"\w", s.text)]
        if len(figures) > self.count:
            near = sorted(figures, key=lambda s: (min((abs(c - s.column) for c in columns), default=0), s.column))
            kept = near[: self.count]
            left = [s for s in figures if s not in kept]
            return [(k, slot, False) for k, slot in enumerate(s for s in figures if s in kept)], left
        if len(figures) == self.count:
            return [(k, slot, True) for k, slot in enumerate(figures)], []
        signs = [s.column for s in row if s.sign or mark_of(s.text)]
        if len(signs) == self.count and all(any(s.column == c + 1 for c in signs) for s in figures):
            return [(signs.index(s.column - 1), s, True) for s in figures], []
        return _nearest(figures, columns), []

    def text_column(self, slot: Slot, taken: Collection[int]) -> int | None:
        """The column of a cell of words: one of words (below 0), or a column of figures that is free beside it."""
        if slot.column in self.texts:
            return self.texts.index(slot.column) - len(self.texts)
        return self.nearest(slot.column, taken)

    def nearest(self, cell: int, taken: Collection[int]) -> int | None:
        """The free column of figures nearest to a cell, the left one of two."""
        free = [k for k in range(self.count) if k not in taken]
        return min(free, key=lambda k: (abs(self.figures[k] - cell), k), default=None)

    def equal_shares(self, heads: Sequence[int]) -> bool:
        """True when heads at these cells may stand over equal shares of the columns."""
        span = self.count // len(heads)
        if span == 1 or len(heads) == 1:
            return True
        return all(k == 0 or cell >= self.figures[k * span - 1] for k, cell in enumerate(heads))


def _nearest(figures: Sequence[Slot], columns: Sequence[int]) -> list[tuple[int, Slot, bool]]:
    best: tuple[int, tuple[int, ...]] | None = None
    ties = 0
    for chosen in islice(combinations(range(len(columns)), len(figures)), _MOST_CHOICES):
        cost = sum(abs(columns[k] - slot.column) for k, slot in zip(chosen, figures, strict=True))
        if best is None or cost < best[0]:
            best, ties = (cost, chosen), 0
        elif cost == best[0]:
            ties += 1
    return [(k, slot, not ties) for k, slot in zip(best[1] if best else (), figures, strict=False)]


def find_layout(rows: Sequence[Row], *, stubbed: bool) -> Layout:
    """The columns of the body rows of a table; ``stubbed``: the first cell of each is its label."""
    figured = [row for row in rows if any(_figures(row, stubbed)) and not any(s.dated for s in row)]
    if not figured:
        texts = sorted({s.column for row in rows for s in row if s.text and not s.sign and (s.column or not stubbed)})
        return Layout((), tuple(texts), {})
    counts = Counter(len(list(_figures(row, stubbed))) for row in figured)
    # full rows may be few, but a row with more figures than the table has columns is rarer still
    count = max((c for c, n in counts.items() if n * 4 >= len(figured)), default=max(counts))
    figures = _positions(figured, count, stubbed)
    by_length: dict[int, tuple[int, ...]] = {}
    for length in {len(row) for row in rows}:
        same = [row for row in rows if len(row) == length]
        found = _positions(same, count, stubbed) or _signed_positions(same, count)
        if found:
            by_length[length] = found
    return Layout(figures, _text_columns(rows, figures), by_length)


def _figures(row: Row, stubbed: bool) -> Iterator[Slot]:
    return (slot for slot in row if slot.pieces and (slot.column > 0 or not stubbed))


def _positions(rows: Sequence[Row], count: int, stubbed: bool) -> tuple[int, ...]:
    """The usual cell number of each figure in the rows that have them all."""
    full = [[s.column for s in _figures(row, stubbed)] for row in rows]
    full = [columns for columns in full if len(columns) == count]
    return tuple(Counter(columns[k] for columns in full).most_common(1)[0][0] for k in range(count)) if full else ()


def _signed_positions(rows: Sequence[Row], count: int) -> tuple[int, ...]:
    """Where no row has all figures, the cells behind the currency signs of a row that has all of those."""
    for row in rows:
        signs = [slot.column for slot in row if slot.sign]
        if len(signs) == count:
            return tuple(column + 1 for column in signs)
    return ()


def _text_columns(rows: Sequence[Row], figures: Collection[int]) -> tuple[int, ...]:
    """Cell numbers where words stand in at least two rows, and currency signs in fewer."""
    words: Counter[int] = Counter()
    signs: Counter[int] = Counter()
    for row in rows:
        for slot in row[1:]:
            signs[slot.column] += slot.sign
            words[slot.column] += bool(slot.text) and not slot.pieces and not slot.sign and not mark_of(slot.text)
    return tuple(sorted(c for c, n in words.items() if n >= 2 and n > signs[c] and c not in figures))

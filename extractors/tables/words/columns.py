"""Tokens of many lines become columns: what overlaps from line to line and never stands side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from extractors.page import TextPlace
from extractors.tables.words.lines import Token

# in ems of the character plane (two characters): how far figures of one column drift
_DRIFT = 1.6
# what lies within a column has so many of its lines at most, and sticks out by so many ems
_NESTED, _INSIDE = 0.1, 0.1
# columns of so many lines that share so much of their width are one
_MANY, _SAME = 5, 0.6


@dataclass(slots=True)
class Column:
    """Tokens that stand below one another; ``left`` and ``right`` are what most of them cover."""

    tokens: list[Token] = field(default_factory=list)
    lines: set[int] = field(default_factory=set)
    left: float = 0.0
    right: float = 0.0

    @property
    def outer(self) -> float:
        """The left edge with the currency signs that stand off the figures."""
        return min((token.left for token in self.tokens), default=self.left)

    @property
    def figures(self) -> int:
        """How many of the tokens are figures."""
        return sum(token.figure for token in self.tokens)

    @property
    def edge(self) -> float:
        """Where its figures end, most of them; its right edge where it has none."""
        return median([token.core[1] for token in self.tokens if token.figure] or [self.right])

    @property
    def centre(self) -> float:
        """The x of the middle."""
        return (self.outer + self.right) / 2

    def add(self, token: Token, line: int) -> None:
        """Take a token of a line in; the column grows to hold it."""
        left, right = token.core
        self.left = min(self.left, left) if self.tokens else left
        self.right = max(self.right, right) if self.tokens else right
        self.tokens.append(token)
        self.lines.add(line)

    def overlap(self, left: float, right: float) -> float:
        """How much of the interval the column shares, in points; negative: how far they are apart."""
        return min(self.right, right) - max(self.left, left)


def find_columns(rows: Sequence[tuple[int, Sequence[Token]]], em: float) -> list[Column]:
    """The columns of the tokens beside the stub, left to right.

    Args:
        rows: line number and its tokens. em: the usual size of the type.
    """
    columns = _by_right_edge(rows, em)
    figures = _unnested(_merged(_unnested([column for column in columns if column.figures], em), em), em)
    # a phrase that runs over two columns of figures is in neither: a note, a running foot
    phrases = [column for column in columns if not column.figures and not _bridges(column, figures, em)]
    return _drifted(sorted(_merged(figures + phrases, em), key=lambda column: column.centre), em)


def _unnested(columns: list[Column], em: float) -> list[Column]:
    """The columns without the rare ones that lie within others on paper: pieces of figures that fell apart.

    Both pieces are one cell then, whose print is no number, so that it is not lost and not believed either.
    """
    kept: list[Column] = []
    for column in sorted(columns, key=lambda column: -len(column.lines)):
        around = next((one for one in kept if _lies_within(column, one, em)), None)
        if around is None:
            kept.append(column)
        else:
            around.tokens += column.tokens
            around.lines |= column.lines
    return kept


def _lies_within(column: Column, other: Column, em: float) -> bool:
    # two figures within the width of one column on one line are one that fell apart
    torn = len(column.lines) == 1 and column.lines <= other.lines and len(other.lines) >= _MANY
    rare = torn or len(column.lines) <= _NESTED * len(other.lines)
    inside = other.left - _INSIDE * em <= column.left and column.right <= other.right + _INSIDE * em
    return rare and inside and not _typed(column)


def _typed(column: Column) -> bool:
    return isinstance(column.tokens[0].words[0].place, TextPlace)


def _drifted(columns: Sequence[Column], em: float) -> list[Column]:
    """Join figures that a typist set a few characters off their column: no line has both, their ends nearly agree."""
    kept: list[Column] = []
    for column in columns:
        before = kept[-1] if kept else None
        if before is not None and _typed(column) and _one_drifted(before, column, em):
            before.tokens += column.tokens
            before.lines |= column.lines
            before.left, before.right = min(before.left, column.left), max(before.right, column.right)
        else:
            kept.append(column)
    return kept


def _one_drifted(one: Column, other: Column, em: float) -> bool:
    apart = not one.lines & other.lines and one.figures > 0 and other.figures > 0
    return apart and abs(one.right - other.right) <= _DRIFT * em


def _bridges(phrases: Column, figures: Sequence[Column], em: float) -> bool:
    return sum(column.overlap(phrases.left, phrases.right) > 0.3 * em for column in figures) > 1


def _by_right_edge(rows: Sequence[tuple[int, Sequence[Token]]], em: float) -> list[Column]:
    """Tokens whose right edges (of phrases: left edges) nearly agree."""
    tokens = [(token, line) for line, found in rows for token in found]
    columns: list[Column] = []
    for phrases in (False, True):
        kind = [(t, line) for t, line in tokens if t.figure != phrases]
        kind.sort(key=lambda item: item[0].core[0] if phrases else item[0].core[1])
        last: float | None = None
        for token, line in kind:
            edge = token.core[0] if phrases else token.core[1]
            if last is None or edge - last > 0.35 * em or line in columns[-1].lines:
                columns.append(Column())
            columns[-1].add(token, line)
            last = edge
    return columns


def _merged(columns: list[Column], em: float) -> list[Column]:
    """Join columns that overlap and never stand side by side on a line; the nearest and fullest first."""
    while True:
        best: tuple[float, int, int] | None = None
        columns.sort(key=lambda column: (column.left, column.right))
        for i, one in enumerate(columns):
            for j in range(i + 1, len(columns)):
                other = columns[j]
                if other.left - one.right > 0.4 * em:
                    break
                score = _kinship(one, other, em)
                if score > 0 and (best is None or score > best[0]):
                    best = (score, i, j)
        if best is None:
            return columns
        _, i, j = best
        one, other = columns[i], columns.pop(j)
        one.tokens += other.tokens
        one.lines |= other.lines
        one.left, one.right = min(one.left, other.left), max(one.right, other.right)


def _kinship(one: Column, other: Column, em: float) -> float:
    """How likely the two are one column: 0 for never, else more for more overlap and more members."""
    both = len(one.lines & other.lines)
    fewer = min(len(one.lines), len(other.lines))
    shared = one.overlap(other.left, other.right)
    narrow = max(min(one.right - one.left, other.right - other.left), 0.3 * em)
    # on paper a figure in two pieces does not make two columns of those that stand below one another
    torn = both == 1 and fewer >= _MANY and shared > _SAME * narrow and not _typed(one)
    if both and both >= 0.1 * fewer and not torn:
        return 0.0
    if shared < 0.25 * narrow:
        return 0.0
    return shared / narrow + 0.01 * len(one.tokens) + 0.01 * len(other.tokens)


def place(
    tokens: Sequence[Token], columns: Sequence[Column], ends: Sequence[float], em: float
) -> dict[int, list[Token]]:
    """The tokens of a line by the index of the column they belong to; order is kept, two share one only in need.

    ``ends``: the ``edge`` of each column.
    """
    placed: dict[int, list[Token]] = {}
    least = 0
    for token in tokens:
        index = _nearest(token, columns, ends, (least, em))
        placed.setdefault(index, []).append(token)
        least = index
    return placed


def _nearest(token: Token, columns: Sequence[Column], ends: Sequence[float], bounds: tuple[int, float]) -> int:
    """The column, ``bounds[0]`` or later, that a token shares most with; ``bounds[1]``: the size of the type."""
    least, em = bounds
    left, right = token.core
    enough = 0.6 * min(em, right - left)

    def fit(index: int) -> tuple[float, float]:
        return min(columns[index].overlap(left, right), enough), -abs(ends[index] - right)

    beside = [i for i in range(least, len(columns)) if columns[i].left < right and columns[i].right > left]
    return max(beside if enough > 0 and beside else range(least, len(columns)), key=fit)

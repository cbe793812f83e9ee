"""Tables that stand side by side are read one after the other.

Where a column of labels begins right of figures, and lines above and below do not cross the strip before it, there may
be a second table. It is one when the two sides go their own ways: titles of their own, rows that have no partner.
A column of words within one table has a head and a partner on every row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from extractors.page import Word
from extractors.tables.words.lines import TextLine, Token, em_of, find_lines

_LEAST_LINES = 3
# in ems
_STRIP = 0.9
_INDENTS = 5.0
_HANG = 2.5
_LEFT_SIDE = 12.0
# share of the rows of one side that have no row beside them
_ALONE = 0.2
# what makes a line, and a column, of running text
_PROSE_WORDS = 5
_PROSE_LINES = 4
_FIGURE = re.compile(r"(?!(?:19|20)\d\d\W*\Z)\W{0,3}\d[\d,.]*\W{0,3}\Z|[-\u2013\u2014]\Z")
_LETTERS = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True)
class Sides:
    """Lines ``start`` to ``end`` (excluded) fall into two sides at ``x``."""

    start: int
    end: int
    x: float


def find_sides(lines: Sequence[TextLine], em: float) -> Sides | None:
    """The longest stretch of lines with two tables side by side, the strip between them wide enough to see."""
    best: Sides | None = None
    for x in _strips(lines, em):
        for sides in _stretches(lines, x, em):
            longer = best is None or sides.end - sides.start > best.end - best.start
            beside = lines[sides.start : sides.end]
            if longer and (_two_tables(beside, x) or _two_columns(beside, x)):
                best = sides
    return best


def _strips(lines: Sequence[TextLine], em: float) -> list[float]:
    """Where labels begin right of other tokens on several lines: places just left of them, and of their titles."""
    least = min(line.left for line in lines) + _LEFT_SIDE * em
    tokens = [token for line in lines for token in line.tokens if token.left > least and not token.figure]
    edges = sorted(token.left for token in tokens if _LETTERS.search(token.text))
    strips: list[float] = []
    for edge in edges:
        near = sum(edge - 0.3 * em <= other <= edge + 0.3 * em for other in edges)
        if near < _LEAST_LINES:
            continue
        # the title and the heads of a side may begin farther left than its labels
        for begin in (min(other for other in edges if other > edge - _HANG * em), edge):
            x = begin - 0.5 * _STRIP * em
            if not strips or x - strips[-1] > 0.5 * em:
                strips.append(x)
    return strips


def _stretches(lines: Sequence[TextLine], x: float, em: float) -> list[Sides]:
    """Stretches of lines that leave a strip at ``x`` free, from the first to the last that has a label behind it."""
    found: list[Sides] = []
    start: int | None = None
    for i in range(len(lines) + 1):
        free = i < len(lines) and not _blocked(lines[i], x, em)
        if free and start is None:
            start = i
        if not free and start is not None:
            trimmed = _trimmed(lines, start, i, x, em)
            found += [trimmed] if trimmed else []
            start = None
    return found


def _blocked(line: TextLine, x: float, em: float) -> bool:
    half = 0.5 * _STRIP * em
    return any(word.left < x + half - 0.01 * em and word.right > x - half for word in line.words)


def _trimmed(lines: Sequence[TextLine], start: int, end: int, x: float, em: float) -> Sides | None:
    labelled = [i for i in range(start, end) if _label_behind(lines[i], x, em)]
    if len(labelled) < _LEAST_LINES:
        return None
    first, last = labelled[0], labelled[-1] + 1
    # the longer side goes on alone, as long as there are rows
    tail = last
    while tail < end and lines[tail].middle - lines[tail - 1].middle < 2.2 * em:
        tail += 1
        last = tail if len(lines[tail - 1].tokens) > 1 else last
    return Sides(first, last, x)


def _label_behind(line: TextLine, x: float, em: float) -> bool:
    behind = [token for token in line.tokens if token.left > x]
    return bool(behind) and not behind[0].figure and behind[0].left < x + _INDENTS * em


def _two_tables(lines: Sequence[TextLine], x: float) -> bool:
    """True when either side has labels and figures of its own, and they do not share their rows."""
    left = _side([word for line in lines for word in line.words if word.left < x], lines, x, left=True)
    right = _side([word for line in lines for word in line.words if word.left > x], lines, x, left=False)
    if min(left.rows, right.rows) < _LEAST_LINES - 1:
        return False
    # of all lines, and of those with figures: what has none may be the rest of a wrapped text
    independent = _alone(left.middles, right.middles, left.em) and _alone(left.told, right.told, left.em)
    figures = left.figures and right.figures
    return independent or (figures and ((left.titled and right.titled) or _twin_heads(lines, x)))


def _twin_heads(lines: Sequence[TextLine], x: float) -> bool:
    """True when a title of each side stands above the same years: "Deposits", "Staff", and 2012, 2011 below either."""
    for above, line in pairwise(lines):
        years = [token for token in line.tokens if token.year]
        left = [token.text for token in years if token.left < x]
        titles = [token.left < x for token in above.tokens if not token.figure and _LETTERS.search(token.text)]
        if len(years) == len(line.tokens) and len(left) > 1 and left == [t.text for t in years if t.left > x]:
            return titles == [True, False] and len(above.tokens) == 2
    return False


def _two_columns(lines: Sequence[TextLine], x: float) -> bool:
    """True on a page of two columns: running text on either side of the strip, whatever else stands there."""
    sides = [[[t for t in line.tokens if (t.left < x) == left] for line in lines] for left in (True, False)]
    prose = [sum(len(found) == 1 and len(found[0].words) >= _PROSE_WORDS for found in side) for side in sides]
    return len(lines) >= 2 * _PROSE_LINES and min(prose) >= _PROSE_LINES and max(prose) * 2 > len(lines)


@dataclass(frozen=True, slots=True)
class _Side:
    """One side: rows with a label and more, whether with figures, the middles of its lines, a title above its rows.

    ``told``: the middles of the lines with figures, where the side has any.
    """

    rows: int
    figures: bool
    middles: tuple[float, ...]
    told: tuple[float, ...]
    titled: bool
    em: float


def _side(words: Sequence[Word], lines: Sequence[TextLine], x: float, *, left: bool) -> _Side:
    own = find_lines(words)
    tokens: list[list[Token]] = [[t for t in line.tokens if (t.left < x) == left] for line in lines]
    rows = [found for found in tokens if len(found) > 1 and not found[0].figure]
    if any(t.figure and not t.year for found in tokens for t in found):
        # a side that has figures has them behind labels of its own
        rows = [found for found in rows if any(t.figure and not t.year for t in found[1:])]
    figures = any(t.figure and not t.year for found in rows for t in found)
    first = next((found for found in tokens if found), [])
    titled = len(first) == 1 and not first[0].figure and len(first[0].words) > 1
    told = [line for line in own if any(_FIGURE.match(word.text) for word in line.words)] if figures else own
    middles = tuple(line.middle for line in own)
    told_middles = tuple(line.middle for line in told)
    return _Side(len(rows), figures, middles, told_middles, titled, em_of(words[0]) if words else 1.0)


def _alone(left: Sequence[float], right: Sequence[float], em: float) -> bool:
    """True when many lines have no line beside them."""
    alone = sum(not _partner(middle, right, em) for middle in left)
    alone += sum(not _partner(middle, left, em) for middle in right)
    return alone >= _ALONE * (len(left) + len(right))


def _partner(middle: float, others: Sequence[float], em: float) -> bool:
    return any(abs(middle - other) < 0.2 * em for other in others)

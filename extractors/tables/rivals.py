"""Two readings of one table: what the words give, and what the drawn cells give. The evidence decides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractors.numbers import is_number, plain
from extractors.page import Grid, Line

Box = tuple[float, float, float, float]

# two grids are readings of one table when they share so much of the smaller one's box
_SAME = 0.6
_TOUCHED = 0.1
_NUMBERS = re.compile(r"(?<![\w.,])[($€£-]{0,3}\d[\d,.']*\)?%?(?![\w])")


def choose(words: Grid, ruled: Grid) -> Grid:
    """The better reading of one table.

    The drawn cells win only where no cell holds several figures, nothing is lost, and they say something that the
    words do not: labels or texts that go over several lines.
    """
    by_words, by_rules = _weigh(words), _weigh(ruled)
    if by_rules.crowded > 0 or by_rules.figures < by_words.figures or by_rules.signs < by_words.signs:
        return words
    if by_rules.figures > by_words.figures or by_words.crowded:
        return ruled
    return ruled if by_rules.rows < by_words.rows else words


def with_ruled(flow: Sequence[Line | Grid], ruled: Sequence[Grid]) -> tuple[Line | Grid, ...]:
    """The flow of a page with each grid that the drawn cells read better replaced by theirs."""
    replaced: list[Line | Grid] = []
    for block in flow:
        rivals = [
            grid for grid in ruled if isinstance(block, Grid) and _same(block, grid) and not _others(grid, block, flow)
        ]
        replaced.append(choose(block, rivals[0]) if isinstance(block, Grid) and len(rivals) == 1 else block)
    return tuple(replaced)


@dataclass(frozen=True, slots=True)
class _Weight:
    """Cells that are one figure, cells that hold several, rows with text, characters printed."""

    figures: int
    crowded: int
    rows: int
    signs: int


def _weigh(grid: Grid) -> _Weight:
    figures = crowded = signs = 0
    for cell in grid.cells:
        text = plain(cell.text)
        signs += len(text.replace(" ", ""))
        if is_number(text):
            figures += 1
        elif len(_NUMBERS.findall(text)) > 1 and not re.search(r"[A-Za-z]{2}", text):
            crowded += 1
    return _Weight(figures, crowded, len({cell.row for cell in grid.cells}), signs)


def _others(ruled: Grid, words: Grid, flow: Sequence[Line | Grid]) -> bool:
    """True when the drawn cells hold a part of another table too, which would be read twice."""
    grids = [block for block in flow if isinstance(block, Grid) and block is not words]
    return any(_shared(ruled, grid) > _TOUCHED * _area(grid.box) for grid in grids if grid.box)


def _same(one: Grid, other: Grid) -> bool:
    if one.box is None or other.box is None:
        return False
    return _shared(one, other) >= _SAME * min(_area(one.box), _area(other.box))


def _shared(one: Grid, other: Grid) -> float:
    """The area that two grids share, in square points; 0 where they have no boxes."""
    if one.box is None or other.box is None:
        return 0.0
    left, top = max(one.box[0], other.box[0]), max(one.box[1], other.box[1])
    right, bottom = min(one.box[2], other.box[2]), min(one.box[3], other.box[3])
    return max(0.0, right - left) * max(0.0, bottom - top)


def _area(box: Box) -> float:
    return max((box[2] - box[0]) * (box[3] - box[1]), 1.0)

"""Ghost rows: what a recogniser read twice, the second time misspelt. They keep their figures, as printed, and doubt.

A row of the same table that repeats the figures of its neighbour under a damaged label of it is most likely no row at
all; what nobody can have misread is never looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from extractors.figures.model import ReadFigure
from extractors.misspelt import is_misspelt, nearly_same
from extractors.page import TextPlace
from extractors.tables import BodyRow


def may_be_misread(figures: Iterable[ReadFigure]) -> bool:
    """True when some of the figures came out of a recogniser, or out of a text, which may have, or look odd."""
    return any(f.confidence < 1.0 or f.number.flaws or isinstance(f.place, TextPlace) for f in figures)


def find_ghosts(
    rows: Sequence[BodyRow], figures: Mapping[int, Sequence[ReadFigure]], words: Mapping[str, int]
) -> frozenset[int]:
    """The rows that repeat a neighbour under a damaged label.

    Args:
        rows: of one table. figures: its figures by row. words: as ``misspelt.vocabulary`` counts them in the document.
    """
    found: set[int] = set()
    for row in sorted(figures):
        above = row - 1
        if above not in figures or above in found or not _same_figures(figures[above], figures[row]):
            continue
        if is_misspelt(rows[row].label, rows[above].label, words):
            found.add(row)
        elif is_misspelt(rows[above].label, rows[row].label, words):
            found.add(above)
    return frozenset(found)


def _same_figures(one: Sequence[ReadFigure], other: Sequence[ReadFigure]) -> bool:
    """True when both rows print figures in the same columns, half of them the same, the others nearly."""
    left, right = ({f.column: f for f in figures} for figures in (one, other))
    if left.keys() != right.keys():
        return False
    pairs = [(left[column], right[column]) for column in left]
    same = sum(a.number.value == b.number.value for a, b in pairs)
    telling = any(a.number.value and a.number.value == b.number.value for a, b in pairs)
    return telling and same * 2 >= len(pairs) and all(nearly_same(a.raw, b.raw) for a, b in pairs)

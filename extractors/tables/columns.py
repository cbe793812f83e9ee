"""Items of many rows become columns: intervals of grid columns that belong together by what they cover.

Number cells of one printed column need not have the same span (a row without ``$`` often spans the ``$`` column
too), so columns are found by overlap: the most frequent intervals first, the rest joined to what they overlap most,
never two items of a row in one column.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from extractors.tables.joining import Item


@dataclass(slots=True)
class Span:
    """An interval of grid columns, end excluded, and how many items stand in it."""

    start: int
    end: int
    count: int = 0

    def overlap(self, start: int, end: int) -> int:
        """How many grid columns are shared."""
        return max(0, min(self.end, end) - max(self.start, start))


def find_columns(rows: Sequence[Sequence[Item]]) -> list[Span]:
    """The columns that the items of body rows stand in, left to right, not overlapping."""
    patterns = Counter((item.start, item.end) for row in rows for item in row)
    apart = _neighbours(rows)
    spans: list[Span] = []
    members: list[set[tuple[int, int]]] = []
    # narrow and frequent first: a wide text cell must not swallow two number columns
    for pattern, count in sorted(patterns.items(), key=lambda p: (-p[1] / (p[0][1] - p[0][0]), p[0])):
        hits = [i for i, span in enumerate(spans) if span.overlap(*pattern)]
        if not hits:
            spans.append(Span(*pattern, count))
            members.append({pattern})
        elif len(hits) == 1 and not (apart.get(pattern, frozenset()) & members[hits[0]]):
            span = spans[hits[0]]
            others = [s for i, s in enumerate(spans) if i != hits[0]]
            span.count += count
            members[hits[0]].add(pattern)
            start, end = min(span.start, pattern[0]), max(span.end, pattern[1])
            if not any(other.overlap(start, end) for other in others):
                span.start, span.end = start, end
    return sorted(spans, key=lambda s: s.start)


def place(items: Sequence[Item], spans: Sequence[Span]) -> dict[int, list[Item]]:
    """Items by the index of the column they overlap most, or of the nearest; the leftmost on a tie."""
    placed: dict[int, list[Item]] = {}
    ends = [span.end for span in spans]
    starts = [span.start for span in spans]
    for item in items:
        # the columns it overlaps, and the next on either side
        first = max(0, bisect_right(ends, item.start) - 1)
        last = min(len(spans), bisect_left(starts, item.end) + 1)
        best = max(
            range(first, last),
            key=lambda i: (spans[i].overlap(item.start, item.end), -_distance(spans[i], item), -i),
        )
        placed.setdefault(best, []).append(item)
    return placed


def covered(item: Item, spans: Sequence[Span]) -> list[int]:
    """The indices of all columns a head covers, or of the nearest one when it stands beside them."""
    hits = [i for i, span in enumerate(spans) if span.overlap(item.start, item.end)]
    if hits or not spans:
        return hits
    return [min(range(len(spans)), key=lambda i: _distance(spans[i], item))]


def _distance(span: Span, item: Item) -> int:
    return max(span.start - item.end, item.start - span.end, 0)


def _neighbours(rows: Sequence[Sequence[Item]]) -> dict[tuple[int, int], set[tuple[int, int]]]:
    """For each interval those that stand beside it in some row: they can never be one column."""
    apart: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for row in rows:
        patterns = [(item.start, item.end) for item in row]
        for pattern in patterns:
            apart.setdefault(pattern, set()).update(p for p in patterns if p != pattern)
    return apart

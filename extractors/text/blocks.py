"""Collapsed text is cut into blocks: rows of figures that belong together, with the heads above them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from extractors.numbers import read_number
from extractors.text.heads import HeadLine
from extractors.text.rows import TextLine

# labels without figures between two rows of one table; a longer run is a torn block or the end of the table
_MOST_LABELS = 8
_MOST_TORN = 40
_REACH = 10  # lines looked at above the first row for its heads
_MOST_SECTIONS = 5
_SOLID = re.compile(r"[$,.()%]")


@dataclass(frozen=True, slots=True)
class Block:
    """Indices of lines: the heads, and the body from ``start`` to ``end`` (excluded); ``count`` columns of figures."""

    heads: tuple[int, ...]
    start: int
    end: int
    count: int


def find_blocks(lines: Sequence[TextLine]) -> list[Block]:
    """The blocks, top down; what lies in none is running text."""
    blocks: list[Block] = []
    for rows in _runs(lines):
        floor = blocks[-1].end if blocks else 0
        block = _block(lines, rows, floor)
        if block is not None:
            blocks.append(block)
    return blocks


def _runs(lines: Sequence[TextLine]) -> list[list[int]]:
    """Rows of figures that nothing parts."""
    runs: list[list[int]] = []
    for index, line in enumerate(lines):
        if not line.count or line.prose or (line.numbered and line.count == 1 and not runs):
            continue
        if runs and _together(lines, runs[-1][-1], index):
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def _together(lines: Sequence[TextLine], before: int, after: int) -> bool:
    between = [line for line in lines[before + 1 : after] if not line.numbered]
    if any(
        _parts(line, lines[before + 2 + i] if before + 2 + i < len(lines) else line) for i, line in enumerate(between)
    ):
        return False
    torn = not re.search(r"[A-Za-z]", lines[after].label) and lines[after].count > 1
    return len(between) <= (_MOST_TORN if torn else _MOST_LABELS)


def _parts(line: TextLine, following: TextLine) -> bool:
    """True when a line cannot stand inside a table."""
    if line.caption:
        return True
    if line.head:
        return line.head.dated and (len(line.head.items) > 1 or not re.fullmatch(r"\d{4}", line.text))
    # a long label goes on in the row below it
    wraps = following.count > 1 and following.label[:1].islower()
    return line.prose and not wraps


def _block(lines: Sequence[TextLine], rows: list[int], floor: int) -> Block | None:
    heads, start = _above(lines, rows[0], floor)
    counts = Counter(lines[i].count for i in rows)
    headed = max((len(_columns(lines[i].head)) for i in heads), default=0)
    count = _column_count([lines[i].count for i in rows], headed)
    wide = sum(n for c, n in counts.items() if c >= 2)
    if count > 1:
        # one row of figures is a table only under heads
        if wide < 2 and not heads:
            return None
    elif not _single_column(lines, rows, bool(heads)):
        return None
    return Block(tuple(heads), start, _below(lines, rows[-1]) + 1, count)


def _columns(head: HeadLine | None) -> tuple[object, ...]:
    return head.items if head else ()


def _column_count(counts: list[int], headed: int) -> int:
    """How many columns: as many as the heads say, where most rows have them, else what most rows show."""
    votes = Counter(counts)
    most = max(votes, key=lambda c: (votes[c], -c))
    if headed and headed != most:
        enough = sum(n for c, n in votes.items() if c >= headed)
        if headed > 1 and (votes[headed] * 4 >= len(counts) or most > headed) and enough * 2 >= len(counts):
            return headed
    return most


def _single_column(lines: Sequence[TextLine], rows: list[int], headed: bool) -> bool:
    """True when rows with one figure each are a table and no prose whose lines end in numbers."""
    solid = 0
    for i in rows:
        last = lines[i].tokens[-1].text
        if read_number(last) is not None and _SOLID.search(last.rstrip(".,")) and len(lines[i].label.split()) < 10:
            solid += 1
    return len(rows) >= (2 if headed else 3) and solid * 2 >= len(rows)


def _above(lines: Sequence[TextLine], first: int, floor: int) -> tuple[list[int], int]:
    """The heads above a row and where the body starts: labels between them and the row are sections."""
    heads: list[int] = []
    start = first
    for index in range(first - 1, max(floor, first - _REACH) - 1, -1):
        line = lines[index]
        if line.head is not None:
            heads.insert(0, index)
        elif line.numbered:
            continue
        elif heads or line.prose or line.caption or first - index > _MOST_SECTIONS:
            break
        elif not heads:
            start = index
    if heads:
        return heads, next((i for i in range(heads[-1] + 1, first) if not lines[i].numbered), first)
    return [], _sections(lines, start, first)


def _sections(lines: Sequence[TextLine], start: int, first: int) -> int:
    """Without heads only what is clearly a section label directly above belongs to the body."""
    index = first
    while index > start and (lines[index - 1].section or _wraps_into(lines, index)):
        index -= 1
    return index


def _wraps_into(lines: Sequence[TextLine], index: int) -> bool:
    line, before = lines[index], lines[index - 1]
    return line.label[:1].islower() and line.source.number - before.source.number == 1 and not before.count


def _below(lines: Sequence[TextLine], last: int) -> int:
    """The last line of the body: the label of the last row may go on in the next line."""
    following = last + 1
    if following < len(lines):
        line = lines[following]
        adjacent = line.source.number - lines[last].source.number == 1
        if adjacent and line.text[:1].islower() and not line.count and not line.head and len(line.text) < 60:
            return following
    return last

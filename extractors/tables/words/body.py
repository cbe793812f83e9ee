"""A block of lines becomes stub and columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from extractors.numbers import is_number, plain
from extractors.tables.words.columns import Column, find_columns, place
from extractors.tables.words.lines import TextLine, Token

_INTEGER = re.compile(r"\(?\d{1,4}[.)]?\Z")
_ITEM = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,2}[.)*+]?\Z")
# columns with fewer members than this share of the rows need better evidence
_RARE = 0.08


@dataclass(slots=True)
class BodyLine:
    """A line of the body: the words of its label, and its tokens by column."""

    line: TextLine
    label: list[Token] = field(default_factory=list)
    cells: dict[int, list[Token]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Body:
    """The lines of a body and its columns, left to right; ``stub_right``: where the labels end at most."""

    lines: list[BodyLine]
    columns: list[Column]

    @property
    def edge(self) -> float:
        """The left edge of the first column."""
        return min((column.outer for column in self.columns), default=float("inf"))

    @property
    def left(self) -> float:
        """Where the labels begin; the left edge of the first column when there are none."""
        return min((line.label[0].left for line in self.lines if line.label), default=self.edge)


def find_body(lines: Sequence[TextLine], em: float) -> Body:
    """Tell labels from values and find the columns of the values."""
    numbered = _numbered(lines, em)
    starts = [line.left for line in lines if not line.tokens[0].figure]
    bodies = [_split(line, numbered, starts) for line in lines]
    columns = find_columns([(i, _values(body)) for i, body in enumerate(bodies)], em)
    columns = _without_strays(bodies, columns, em)
    columns = _released(bodies, columns, em)
    ends = [column.edge for column in columns]
    for body in bodies:
        values = _values(body)
        body.cells = place(values, columns, ends, em) if columns and values else {}
    return Body(bodies, columns)


def _values(body: BodyLine) -> list[Token]:
    taken = {id(token) for token in body.label}
    return [token for token in body.line.tokens if id(token) not in taken]


def _numbered(lines: Sequence[TextLine], em: float) -> float | None:
    """The right edge of a stub that is a column of years or item numbers; None for the usual stub of words."""
    rows = [line for line in lines if line.figures]
    firsts = [line.tokens[0] for line in rows if line.tokens[0].figure]
    if len(firsts) * 2 <= len(rows) or not rows:
        return None
    left = min(token.left for token in firsts)
    bare = [t for t in firsts if t.left < left + 3 * em and (t.year or _INTEGER.match(plain(t.text)))]
    bare = bare if len(bare) == len(firsts) else _items(rows) or bare
    if len(bare) * 2 <= len(rows) or all(len(line.tokens) == 1 for line in rows):
        return None
    return max(token.right for token in bare)


def _items(rows: Sequence[TextLine]) -> list[Token]:
    """The item numbers that rows begin with ("3.1", "10.12"): they rise, and words follow them."""
    pairs = [(line.tokens[0], line.tokens[1]) for line in rows if len(line.tokens) > 1]
    items = [first for first, second in pairs if _ITEM.match(plain(first.text)) and not second.figure]
    numbers = [tuple(int(part) for part in re.findall(r"\d+", token.text)) for token in items]
    falls = sum(later < earlier for earlier, later in pairwise(numbers))
    return items if len(items) > 2 and len(items) * 4 >= len(rows) * 3 and not falls else []


def _split(line: TextLine, numbered: float | None, starts: Sequence[float]) -> BodyLine:
    first = line.tokens[0]
    label = not first.figure or (numbered is not None and first.right <= numbered + 0.1 * line.em)
    if not label and len(line.tokens) > 1 and (first.year or _INTEGER.match(plain(first.text))):
        # "2025" among labels of words, where they begin
        label = any(abs(first.left - start) < 0.6 * line.em for start in starts)
    return BodyLine(line, [first] if label else [])


def _without_strays(bodies: list[BodyLine], columns: list[Column], em: float) -> list[Column]:
    """Labels start at the left: a first phrase that stands among the values is one; a rare piece of label is none."""
    edge = _stub_edge(bodies, columns)
    for body in bodies:
        if body.label and body.label[0].left > edge and not _under_label(body, bodies, em):
            body.label = []
    columns = find_columns([(i, _values(body)) for i, body in enumerate(bodies)], em)
    rare = [column for column in columns if _stray(column, columns, bodies, em)]
    for column in rare:
        gone = {id(token) for token in column.tokens}
        for i in column.lines:
            bodies[i].label += [token for token in _values(bodies[i]) if id(token) in gone]
            bodies[i].label.sort(key=lambda token: token.left)
    return [column for column in columns if column not in rare]


def _stub_edge(bodies: list[BodyLine], columns: list[Column]) -> float:
    """No label starts right of this: the left edge of the first column with a fair share of the rows."""
    rows = sum(bool(body.line.figures) for body in bodies)
    full = [column.left for column in columns if len(column.lines) >= max(2, 0.3 * rows)]
    return min(full, default=min((column.left for column in columns), default=float("inf")))


def _under_label(body: BodyLine, bodies: list[BodyLine], em: float) -> bool:
    """True when other labels start at the same edge."""
    left = body.label[0].left
    return sum(bool(other.label) and abs(other.label[0].left - left) < 0.5 * em for other in bodies) > 2


def _stray(column: Column, columns: list[Column], bodies: list[BodyLine], em: float) -> bool:
    """True when the members of a rare column stand where other rows have their labels, left of the true columns."""
    if _page_number(column, bodies):
        return True
    full = [c for c in columns if len(c.lines) >= 3 * len(column.lines)]
    if not full or column.right > min(c.left for c in full) + 0.3 * em:
        return False
    middle = (column.left + column.right) / 2
    crossed = sum(any(t.left < middle < t.right for t in body.label) for body in bodies)
    labelled = sum(bool(body.label) for body in bodies)
    if crossed >= max(2 * len(column.lines), 0.4 * labelled):
        # where most rows have their labels no column runs: "... of $1,000 and" and, on the next line, "$877"
        return True
    rare = len(column.lines) <= max(1, _RARE * len(bodies))
    return rare and (crossed > len(column.lines) or column.figures == 0)


def _page_number(column: Column, bodies: list[BodyLine]) -> bool:
    """True for a bare number in a column of its own, alone in the last line but for what stands right of it."""
    last = len(bodies) - 1
    if column.lines != {last} or last == 0 or not all(_INTEGER.match(plain(token.text)) for token in column.tokens):
        return False
    line = bodies[last].line
    return len(line.figures) == 1 and line.tokens[0] is column.tokens[0]


def _released(bodies: list[BodyLine], columns: list[Column], em: float) -> list[Column]:
    """Numbers at the end of a label that stand exactly in a column with nothing else on that line are values."""
    for i, body in enumerate(bodies):
        if not body.label or len(body.label[-1].words) < 2:
            continue
        cut = _cut_at(body, i, columns, em)
        if cut is None:
            continue
        token = body.label[-1]
        figure = Token(token.words[cut:], figure=True)
        kept = Token(token.words[:cut])
        at = next(k for k, t in enumerate(body.line.tokens) if t is token)
        body.line.tokens[at : at + 1] = [kept, figure]
        body.label[-1] = kept
        column = next(c for c in columns if _in_column(figure, c, em))
        column.add(figure, i)
    return columns


def _cut_at(body: BodyLine, i: int, columns: list[Column], em: float) -> int | None:
    """The index of the word where a value starts in the last phrase of the label."""
    words = body.label[-1].words
    for start in (len(words) - 2, len(words) - 1):
        if start < 1 or not is_number(" ".join(word.text for word in words[start:])):
            continue
        if start == len(words) - 2 and words[start].text not in {"$", "€", "£"}:
            continue
        figure = Token(words[start:], figure=True)
        if any(_in_column(figure, column, em) and i not in column.lines for column in columns):
            return start
    return None


def _in_column(figure: Token, column: Column, em: float) -> bool:
    """True when the figure ends where the figures of the column end and does not stick out of it."""
    left, right = figure.core
    edges = sorted(token.core[1] for token in column.tokens if token.figure)
    if len(edges) < 2 or left < column.left - 1.5 * em:
        return False
    return any(abs(edge - right) < 0.2 * em for edge in edges)

"""The lines above a body become its boxhead: which columns each head covers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from extractors.page import CHARACTER_WIDTH, Rule, TextPlace
from extractors.tables.words.blocks import timely
from extractors.tables.words.body import Body
from extractors.tables.words.columns import Column
from extractors.tables.words.lines import TextLine, Token

_YEAR = re.compile(r"(?:19|20)\d\d")
_ENDS_IN_YEAR = re.compile(r"\b(?:19|20)\d\d\Z")


@dataclass(frozen=True, slots=True)
class Head:
    """A head over columns ``first`` to ``last`` (included); -1 for both is the stub."""

    token: Token
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a column covers from left to right, its own head included, and whether that head says a time.

    ``outer``: where the signs begin that stand off its figures.
    """

    left: float
    right: float
    outer: float
    timely: bool = False


Anchors = Sequence[Anchor]


def find_anchors(lines: Sequence[TextLine], body: Body) -> list[Anchor]:
    """What each column covers from left to right, its own head included, where a line has one for each of them.

    Heads are centred over the columns as they were set, which the figures, flush right, do not show.
    """
    for line in reversed(lines):
        over = [t for t in head_tokens(line, body) if t.left > body.left + 3 * line.em and t.right > body.edge]
        if len(over) == len(body.columns):
            signed = zip(over, body.columns, strict=True)
            return [Anchor(t.left, t.right, min(t.left, column.outer), timely(t)) for t, column in signed]
    return [Anchor(column.left, column.right, column.outer) for column in body.columns]


def head_row(line: TextLine, body: Body, rules: Sequence[Rule], anchors: Anchors) -> list[Head]:
    """The heads of one line, left to right, not overlapping; ``anchors``: what each column covers."""
    columns = body.columns
    tokens = head_tokens(line, body)
    over = [token for token in tokens if not in_stub(token, body, line.em)]
    heads = [Head(token, -1, -1) for token in tokens if in_stub(token, body, line.em)]
    shifted = [head.token for head in heads if head.token.left > body.left + 3 * line.em]
    if shifted and len(shifted) + len(over) == len(columns):
        # centred over cells wider than their figures, which end at the right
        over = sorted([*shifted, *over], key=lambda token: token.left)
        heads = [head for head in heads if head.token not in shifted]
    spans = [_span(token, over, columns, rules, anchors) for token in over]
    if len(over) == len(columns):
        spans = [(i, i) for i in range(len(columns))]
    least = 0
    for token, span in zip(over, spans, strict=True):
        # where there are more heads than columns the last column takes the rest
        first, last = (min(max(end, least), len(columns) - 1) for end in span)
        before = heads[-1] if heads else None
        if before is not None and before.first < first <= before.last:
            # the last column is its own: the spanner before it ends one earlier
            heads[-1] = replace(before, last=first - 1)
        heads.append(Head(token, first, last))
        least = last + 1
    return heads


def captions(lines: Sequence[list[Head]], rules: Sequence[Rule], body: Body) -> int:
    """How many of the upper lines say the same of all columns: a title that stands over them is no head.

    A time without its year ("Year Ended") is a head; with the year it is one where the columns go on with times. What
    is set in the middle of the columns rather than of the table is a head, and so is what a head below goes on with.
    """
    leaves = [head.token for head in lines[-1] if head.last >= 0] if lines else []
    times = [timely(leaf) for leaf in leaves]
    count = 0
    for line, below in pairwise(lines):
        if len(line) != 1 or line[0].last == line[0].first or _drawn_under(line[0].token, rules):
            break
        said = line[0].token
        dated = bool(_YEAR.search(said.text))
        if timely(said) and not (dated and not any(times)):
            break
        whole = line[0].first == 0 and line[0].last >= max(head.last for head in lines[-1])
        if not whole and not dated and not said.text.startswith("(") and len(said.words) < 3:
            break
        goes_on = len(below) > 1 and any((head.first, head.last) == (line[0].first, line[0].last) for head in below)
        if not said.text.startswith("(") and not dated and (goes_on or (whole and _amid(said, body))):
            break
        count += 1
    return count


def _amid(token: Token, body: Body) -> bool:
    """True for a phrase in the middle of the columns that keeps within them, and stands off the middle of the table."""
    right, em = max(column.right for column in body.columns), token.em
    if token.left < body.edge - em or token.right > right + em:
        return False
    columns, table = (body.edge + right) / 2, (body.left + right) / 2
    return abs(token.centre - columns) < em and abs(token.centre - table) > 2.5 * em


def _drawn_under(token: Token, rules: Sequence[Rule]) -> bool:
    em = token.bottom - token.top
    return any(
        r.horizontal and -0.4 * em < r.top - token.bottom < 0.9 * em and r.left < token.centre < r.right for r in rules
    )


def evened(lines: Sequence[list[Head]], em: float) -> list[list[Head]]:
    """Heads centred below one another cover the same columns: "Three Months Ended" as many as "June 30," under it."""
    spanning = [[head for head in line if head.last > head.first] for line in lines]
    result: list[list[Head]] = []
    for i, line in enumerate(lines):
        others = [head for near in spanning[max(0, i - 1) : i] + spanning[i + 1 : i + 2] for head in near]
        result.append([_as_wide(head, others, line, em) for head in line])
    return result


def _as_wide(head: Head, others: Sequence[Head], line: Sequence[Head], em: float) -> Head:
    for other in others:
        fits = other.first <= head.first <= head.last <= other.last and head.first >= 0
        free = all(h is head or h.last < other.first or h.first > other.last for h in line)
        if fits and free and abs(other.token.centre - head.token.centre) < 0.6 * em:
            return replace(head, first=other.first, last=other.last)
    return head


def in_stub(token: Token, body: Body, em: float) -> bool:
    """True when the token stands above the labels: left of the first column, or beginning where they begin."""
    if token.right <= body.edge + 0.2 * em:
        return True
    first = min(body.columns, key=lambda column: column.outer)
    far = token.left < body.left + 3 * em or token.left < first.outer - 1.2 * (first.right - first.outer)
    return far and token.centre < body.edge - 0.5 * em


def head_tokens(line: TextLine, body: Body) -> list[Token]:
    """The tokens of a line as heads: phrases that stand close together over neighbouring columns are several."""
    return [part for token in line.tokens for part in _parts(token, body, line)]


def _parts(token: Token, body: Body, line: TextLine) -> list[Token]:
    """A phrase cut between columns where each part stands squarely over its own: heads set close together."""
    em = line.em
    parts: list[tuple[int, Token]] = []
    for word in token.words:
        alone = Token([word])
        at = -1 if alone.centre < body.edge - 0.5 * em else _nearest(alone, body.columns)
        if parts and parts[-1][0] == at:
            parts[-1][1].words.append(word)
        else:
            parts.append((at, alone))
    square = all(at < 0 or _square(part, body.columns[at], em) for at, part in parts)
    found = [part for _, part in parts]
    dates = len(found) == len(body.columns) and all(_ENDS_IN_YEAR.search(part.text) for part in found)
    if len(found) < 2 or not square or not (dates or _apart(found, line)):
        return [token]
    return found


def _apart(parts: Sequence[Token], line: TextLine) -> bool:
    """True when the gaps between the parts are wider than those inside them."""
    inner = [b.left - a.right for part in parts for a, b in pairwise(part.words)]
    between = [b.left - a.right for a, b in pairwise(parts)]
    typed = isinstance(parts[0].words[0].place, TextPlace)
    # single words say nothing of the blanks of the type
    least = 1.5 * CHARACTER_WIDTH if typed else max(0.36, 1.2 * line.blank) * line.em
    return min(between) > max(1.2 * max(inner, default=0.0), least)


def _nearest(token: Token, columns: Sequence[Column]) -> int:
    return min(range(len(columns)), key=lambda i: abs(columns[i].centre - token.centre))


def _square(part: Token, column: Column, em: float) -> bool:
    """True when a head is centred over its column, or ends where its figures end."""
    return abs(part.centre - column.centre) < 0.6 * em or abs(part.right - column.right) < 0.4 * em


def _span(
    token: Token, heads: Sequence[Token], columns: Sequence[Column], rules: Sequence[Rule], anchors: Anchors
) -> tuple[int, int]:
    """The first and last column that a head covers."""
    below = _underlined(token, heads, columns, rules)
    if below is not None:
        return below
    inside = [i for i, c in enumerate(columns) if c.overlap(token.left, token.right) > 0]
    nearest = _nearest(token, columns)
    over = inside[0] if inside else nearest
    alone = len(heads) >= len(columns) or (
        not _between(token, columns) and _stacked(token, anchors[over], columns[over])
    )
    if alone and len(inside) <= 1:
        return (inside[0], inside[0]) if inside else (nearest, nearest)
    return _group(token, heads, anchors, inside or [nearest])


def _stacked(token: Token, anchor: Anchor, column: Column) -> bool:
    """True for a head that goes on with the one below it over a single column: centred or flush with that."""
    em = token.em
    if timely(token) and not anchor.timely:
        # a date over "Gross", "Accumulated" and "Net" stands over the middle one too
        return False
    centre = (anchor.left + anchor.right) / 2
    flush = min(abs(token.left - anchor.left), abs(token.right - anchor.right), abs(token.right - column.right))
    return abs(token.centre - centre) < 0.8 * em or flush < 0.6 * em


def _between(token: Token, columns: Sequence[Column]) -> bool:
    """True when the middle of the head stands in no column, or the head covers several."""
    return (
        not any(c.left <= token.centre <= c.right for c in columns)
        or sum(c.overlap(token.left, token.right) > 0 for c in columns) > 1
    )


def _underlined(
    token: Token, heads: Sequence[Token], columns: Sequence[Column], rules: Sequence[Rule]
) -> tuple[int, int] | None:
    """The columns above which the rule under a head runs."""
    for rule in rules:
        em = token.bottom - token.top
        if not rule.horizontal or not -0.4 * em < rule.top - token.bottom < 0.9 * em:
            continue
        if rule.left > token.left + 0.5 * em or rule.right < token.right - 0.5 * em:
            continue
        if any(other is not token and rule.left < other.centre < rule.right for other in heads):
            # a rule under the whole boxhead
            continue
        covered = [i for i, c in enumerate(columns) if rule.left - em <= c.centre <= rule.right + em]
        centred = abs((rule.left + rule.right) / 2 - token.centre) < 1.5 * em
        flush = min(abs(rule.right - token.right), abs(rule.left - token.left)) < 0.6 * em
        if len(covered) > 1 and (centred or flush):
            return covered[0], covered[-1]
    return None


def _group(token: Token, heads: Sequence[Token], anchors: Anchors, inside: Sequence[int]) -> tuple[int, int]:
    """The neighbouring columns around whose middle the head is centred, none of them nearer to another head.

    Columns that no other head stands over may be nearer to one, where the head is centred over them as well.
    """
    near, free = [], []
    for i, anchor in enumerate(anchors):
        taken = any(h is not token and min(h.right, anchor.right) > max(h.left, anchor.left) for h in heads)
        middle = (anchor.left + anchor.right) / 2
        if min(heads, key=lambda h, x=middle: abs(h.centre - x)) is token or i in inside:  # type: ignore[misc]
            near.append(i)
        if i in inside or not taken:
            free.append(i)
    strict = _centred(token, anchors, near, inside)
    if strict and strict[0] > token.em:
        # centred over the cells, with the signs that stand off the figures
        cells = [replace(anchor, left=anchor.outer) for anchor in anchors]
        for own in (free, near):
            signed = _centred(token, cells, own, inside)
            if signed and signed[0] < 0.3 * token.em and signed[2] > signed[1]:
                return signed[1], signed[2]
    wide = _centred(token, anchors, free, inside)
    if wide and wide != strict:
        # centred over the inner columns and over all of them: it heads all where each says a time
        times = all(anchor.timely for anchor in anchors[wide[1] : wide[2] + 1])
        if not strict or (wide[0] < 0.5 * token.em and (times or strict[0] > 1.5 * token.em)):
            return wide[1], wide[2]
    return (strict[1], strict[2]) if strict else (inside[0], inside[-1])


def _centred(
    token: Token, anchors: Anchors, own: Sequence[int], inside: Sequence[int]
) -> tuple[float, int, int] | None:
    """How far the head stands off the middle of the columns it is centred over best, and the first and last of them."""
    found = []
    for first in own:
        for last in own:
            if first > inside[0] or last < inside[-1] or any(i not in own for i in range(first, last + 1)):
                continue
            middle = (anchors[first].left + anchors[last].right) / 2
            found.append((abs(middle - token.centre) - 0.01 * (last - first), first, last))
    return min(found, default=None)

"""Lines become blocks: stretches that may be a table, and lines of running text between them."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from extractors.numbers import plain
from extractors.tables.words.lines import TextLine, Token

# in usual line steps: farther apart two rows are not of one table; a head stands no farther above its body
FAR = 3.6
_PROSE_WORDS = 9
_MOST_BETWEEN = 7
# in usual line steps: two blank lines; and lines that heads take at most
_GAP = 2.4
_MOST_HEADS = 6
# in ems: heads in the middle of wide cells begin so far left of their figures
_WIDE_CELL = 8
_TIMES = re.compile(
    r"(?i)\b(months?|weeks?|quarters?|years?|ended|ending|fiscal|as of|january|february|march|april|may|june|july"
    r"|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b"
)
# rows that tell how a table goes on
_NEAR = 60
_NO_VALUE = re.compile(r"(?i)(?:n/?[am]\.?|n\.[am]\.?|not (?:applicable|meaningful)|nil|none|[*-]|yes|no)\Z")
_BARE = re.compile(r"-?\s?\d{1,4}\s?-?\Z")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines ``start`` to ``end`` (excluded) from the first tabular to the last tabular one."""

    start: int
    end: int


def tabular(line: TextLine) -> bool:
    """True when the line has more than one token, or a figure alone that no page number would be."""
    return len(line.tokens) > 1 or (bool(line.figures) and not _BARE.match(plain(line.text)))


def data(line: TextLine) -> bool:
    """True when the line holds a figure that no head would hold."""
    return any(token.figure and not token.year for token in line.tokens)


def usual_step(lines: Sequence[TextLine], em: float) -> float:
    """The usual distance between neighbouring lines."""
    steps = [b.middle - a.middle for a, b in pairwise(lines)]
    near = [step for step in steps if 0.5 * em < step < 3 * em]
    return median(near) if near else 1.3 * em


def find_blocks(lines: Sequence[TextLine], em: float) -> list[Block]:
    """Stretches of lines that belong to one table, top down; they do not overlap."""
    step = usual_step(lines, em)
    groups: list[list[int]] = []
    for i, line in enumerate(lines):
        if not tabular(line) or _prose(line):
            continue
        if groups and _together(lines, groups[-1], i, step):
            groups[-1].append(i)
        else:
            groups.append([i])
    return [Block(group[0], group[-1] + 1) for group in groups if _worth(lines, group)]


def _prose(line: TextLine) -> bool:
    """True for a line of text whose blanks are wide (justified), not a row with a long label."""
    words = [len(token.words) for token in line.tokens]
    return not line.figures and max(words) >= _PROSE_WORDS and len(words) > 1 and sum(words) >= 14


def _together(lines: Sequence[TextLine], group: list[int], after: int, step: float) -> bool:
    """True when line ``after`` goes on with the table of ``group``."""
    before = group[-1]
    stretch = lines[before : after + 1]
    if max(b.middle - a.middle for a, b in pairwise(stretch)) > FAR * step:
        return False
    between = stretch[1:-1]
    near = [lines[i] for i in group[-_NEAR:]]  # all of them would take the square of the time
    above = [line for line in near if data(line)]
    if above and (headish(lines[after]) or _new_head(stretch, step) or _subhead(above, stretch, step)):
        return False
    if len(above) > 1 and _elsewhere(above, stretch, lines[after : after + _MOST_HEADS], step):
        return False
    return not _interrupts(between, near, lines[after])


def _elsewhere(
    above: Sequence[TextLine], stretch: Sequence[TextLine], following: Sequence[TextLine], step: float
) -> bool:
    """True when below a gap or heads no figure stands in a column above: another table, and other columns."""
    below = next((line for line in following if data(line)), None)
    if below is None:
        return False
    gap = max(b.middle - a.middle for a, b in pairwise(stretch)) > _GAP * step
    heads = any(len(line.tokens) > 1 and not data(line) for line in stretch[1:])
    if not gap and not heads:
        return False
    ends = _ends(above)
    return all(_nearest(token, ends) > 1.1 * below.em for token in below.figures)


def _ends(rows: Sequence[TextLine]) -> list[float]:
    """The right edges of the figures of some rows, from left to right."""
    return sorted({token.core[1] for line in rows for token in line.figures})


def _nearest(token: Token, ends: Sequence[float]) -> float:
    """How far from the right edge of a figure the nearest of other right edges is, given from left to right."""
    own = token.core[1]
    at = bisect(ends, own)
    return min(abs(own - end) for end in ends[max(0, at - 1) : at + 1])


def _interrupts(between: Sequence[TextLine], above: Sequence[TextLine], below: TextLine) -> bool:
    """True when running text or a caption stands between two rows: lines that run into the columns."""
    edge = _edge(above, below)
    if edge is None:
        starts = sorted(line.left for line in above if len(line.tokens) > 1)
        left = starts[len(starts) // 2] if starts else 0.0
        return any(len(line.words) >= _PROSE_WORDS or line.left > left + 3 * line.em for line in between)
    if len(between) > _MOST_BETWEEN and any(line.right > edge + 0.5 * line.em for line in between):
        return True
    crossing = [line for line in between if line.left < edge and line.right > edge + 0.5 * line.em]
    if crossing and not data(below):
        # a caption, and a boxhead below it
        return True
    return len(crossing) > 1 or any(len(line.words) > 2 * _PROSE_WORDS for line in crossing)


def _edge(above: Sequence[TextLine], below: TextLine) -> float | None:
    """Where the columns begin that a caption would run into: those above, and those below where they are others.

    A row below that has figures in the columns above belongs to those; figures left of them are in its label.
    """
    edge = _figures_edge(above)
    if edge is None or not below.figures:
        return edge
    ends = _ends(above[-12:])
    inside = [token for token in below.figures if token.core[1] > edge]
    if inside and all(_nearest(token, ends) < 1.1 * below.em for token in inside):
        return edge
    return min(edge, *(token.core[0] for token in below.figures))


def _figures_edge(rows: Sequence[TextLine]) -> float | None:
    """Where figures begin in the last rows; a row that begins farther left than most ("and" "$6,930") is odd."""
    edges = sorted(min(token.core[0] for token in line.figures) for line in rows[-12:] if data(line))
    return edges[len(edges) // 6] if edges else None


def _new_head(stretch: Sequence[TextLine], step: float) -> bool:
    """True when the last line of the stretch has words in its columns and is set off from the rows above it."""
    line = stretch[-1]
    if line.figures or len(line.tokens) < 3 or any(_NO_VALUE.match(plain(token.text)) for token in line.tokens):
        return False
    bold = all(word.bold for word in line.words) and not all(word.bold for word in stretch[0].words)
    return bold or len(stretch) > 2 or stretch[-1].middle - stretch[-2].middle > 1.5 * step


def _subhead(above: Sequence[TextLine], stretch: Sequence[TextLine], step: float) -> bool:
    """True when words stand over the columns only, below a caption or a gap: the boxhead of another table."""
    edge = _figures_edge(above)
    if edge is None:
        return False
    gap = max(b.middle - a.middle for a, b in pairwise(stretch)) > _GAP * step
    for before, line in pairwise(stretch):
        # heads of cells far wider than their figures begin far left of those: a gap must speak for them
        reach = (_WIDE_CELL if gap and len(line.tokens) > 1 else 3) * line.em
        over = all(token.left > edge - reach and not token.figure for token in line.tokens)
        if not over or any(_NO_VALUE.match(plain(token.text)) for token in line.tokens):
            continue
        if before is not stretch[0] or line.middle - before.middle > 1.4 * step:
            return True
    return False


def headish(line: TextLine) -> bool:
    """True when the line can only be a boxhead: years or words of time in the columns, and no figure."""
    if data(line) or len(line.tokens) < 1:
        return False
    values = line.tokens[1:] if len(line.tokens) > 1 and not timely(line.tokens[0]) else line.tokens
    return all(timely(token) for token in values)


def timely(token: Token) -> bool:
    """True for a head that says a time: a year, a date, "Months Ended"."""
    return token.year or (not token.figure and bool(_TIMES.search(token.text)) and len(token.words) < _PROSE_WORDS)


def _worth(lines: Sequence[TextLine], group: Sequence[int]) -> bool:
    """True when the group is more than a stray line with two words."""
    rows = [lines[i] for i in group]
    figures = [line for line in rows if data(line)]
    if figures:
        # "- 12 -" is a page number
        long = [token for token in figures[0].figures if re.search(r"\d\D?\d", token.text)]
        if len(rows) == 1 and group[0] == 0 and len(rows[0].tokens) > 1 and not rows[0].tokens[0].figure:
            # the last row of a table of the page before
            return any(re.search(r"[$€£.,(]", token.text) for token in long)
        return len(rows) > 1 or (len(figures[0].figures) > 1 and bool(long) and not _BARE.match(plain(rows[0].text)))
    # a table of words: at least three rows whose tokens beside the first stand below one another
    beside = [token for line in rows for token in line.tokens[1:]]
    if len(rows) < 3 or len(beside) < 3:
        return False
    below = sum(any(_below(token, other) for other in beside if other is not token) for token in beside)
    return below >= 0.7 * len(beside)


def _below(token: Token, other: Token) -> bool:
    """True when two tokens start at one edge or have one middle."""
    return min(abs(token.left - other.left), abs(token.centre - other.centre)) < 0.4 * token.em

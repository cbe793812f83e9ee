"""Labels that wrap over several lines become one; what is a label of its own stays one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from extractors.tables.words.body import BodyLine
from extractors.tables.words.lines import Token

_CONNECTIVE = re.compile(
    r"(?i)(?:\b(?:and|or|of|the|a|an|in|to|for|from|on|by|before|with|at|as|per|than|its|our|their|under"
    r"|including|excluding|upon|that|which|into|over|attributable)|[,/&(])\Z"
)
_OPEN = re.compile(r"\([^)]*\Z")
_BULLET = re.compile(r"[-–—•·*]\s?[^\W\d]")
_LOWER = re.compile(r"[\"'“‘(]?[a-z]")


@dataclass(slots=True)
class Row:
    """One row: the lines of its label, and its tokens by column."""

    labels: list[list[Token]] = field(default_factory=list)
    cells: dict[int, list[Token]] = field(default_factory=dict)
    first: BodyLine | None = None
    last: BodyLine | None = None

    @property
    def words(self) -> str:
        """The label as far as it goes."""
        return " ".join(token.text for line in self.labels for token in line)


@dataclass(frozen=True, slots=True)
class Measure:
    """How a body is set: the usual distance between rows, the size of type, and where full labels end (0 = unknown)."""

    step: float
    em: float
    full: float = 0.0


def measure(lines: Sequence[BodyLine], em: float) -> Measure:
    """Take the measure of a body."""
    ends = sorted(max(token.right for token in line.label) for line in lines if line.label)
    full = ends[-1] if ends else 0.0
    # labels wrap where several lines without figures end at one edge; a single long one proves nothing
    open_ends = [line.label[-1].right for line in lines if line.label and not line.cells]
    wraps = sum(full - end < 4 * em for end in open_ends) >= 2
    return Measure(_row_step(lines, em), em, full if wraps else 0.0)


def join_rows(lines: Sequence[BodyLine], measure: Measure) -> list[Row]:
    """The rows of the body, top down."""
    rows: list[Row] = []
    for line in lines:
        if rows and _goes_on(rows[-1], line, measure):
            row = rows[-1]
            row.labels += [line.label] if line.label else []
            row.cells = row.cells or line.cells
            row.last = line
        else:
            rows.append(Row([line.label] if line.label else [], line.cells, line, line))
    return rows


def _row_step(lines: Sequence[BodyLine], em: float) -> float:
    """The usual distance between rows: between neighbouring lines that both have values and a label."""
    steps = [
        after.line.middle - before.line.middle
        for before, after in pairwise(lines)
        if before.cells and after.cells and after.label
    ]
    return median(steps) if steps else 1.4 * em


def _goes_on(row: Row, line: BodyLine, measure: Measure) -> bool:
    """True when ``line`` belongs to the row above it."""
    last, step, em = row.last, measure.step, measure.em
    if last is None or not row.labels:
        # figures without a label, their label centred or printed below: only a tight line can be it
        return False
    gap = line.line.middle - last.line.middle
    if gap > 1.6 * max(step, 1.1 * em):
        return False
    if row.cells and line.cells:
        return False
    if not line.label:
        # figures beside the middle of a label of two lines
        return bool(line.cells) and not row.cells and gap < 0.8 * step
    return _wraps(row, line, gap < 0.87 * step, measure)


def _wraps(row: Row, line: BodyLine, tight: bool, measure: Measure) -> bool:
    """True when the label of ``line`` reads on from the label above."""
    said, goes, em = row.words.rstrip(), line.label[0].text, measure.em
    if said.endswith(":") or _BULLET.match(goes):
        return False
    if re.search(r"\s[-–—]\Z", said) and not _LOWER.match(goes):
        # "Non-cash items –" heads the rows below it
        return False
    if _set_apart(row.labels[-1], line.label):
        return False
    lower = bool(_LOWER.match(goes)) or bool(re.match(r"\d", goes) and not line.label[0].figure)
    bound = bool(_CONNECTIVE.search(said)) or bool(_OPEN.search(said))
    shift = line.label[0].left - row.labels[-1][0].left
    if row.cells:
        # the figures stand on the first line: what follows must clearly belong to it
        return (lower or bound) and (tight or not line.cells) and shift > -0.6 * em
    if lower or bound:
        return shift > -2.2 * em
    first = line.label[0].words[0]
    end = max(token.right for token in row.labels[-1])
    full = 0 < measure.full < end + 0.3 * em + first.right - first.left
    return (tight or (full and abs(shift) < 0.6 * em)) and shift > -0.6 * em


def _set_apart(above: Sequence[Token], below: Sequence[Token]) -> bool:
    """True when one line is bold or in capitals and the other is not: a section and its first row."""
    one, other = ([word for token in tokens for word in token.words] for tokens in (above, below))
    if all(word.bold for word in one) != all(word.bold for word in other):
        return any(word.bold for word in one) != any(word.bold for word in other)
    capitals = [" ".join(word.text for word in words if re.search(r"[^\W\d_]{2}", word.text)) for words in (one, other)]
    return all(capitals) and capitals[0].isupper() and not capitals[1].isupper()


def joined_label(labels: Sequence[Sequence[Token]]) -> str:
    """The label of a row as one string; a hyphen at a line's end stays, the blank after it goes."""
    text = ""
    for line in labels:
        said = " ".join(token.text for token in line)
        if re.search(r"\w[-\N{NON-BREAKING HYPHEN}]\Z", text) and re.match(r"[a-z]", said):
            text += said
        else:
            text = f"{text} {said}" if text else said
    return text

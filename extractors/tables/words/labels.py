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


def join_rows(lines: Sequence[BodyLine], step: float, em: float) -> list[Row]:
    """The rows of the body, top down; ``step`` is the usual distance between them."""
    rows: list[Row] = []
    for line in lines:
        if rows and _goes_on(rows[-1], line, step, em):
            row = rows[-1]
            row.labels += [line.label] if line.label else []
            row.cells = row.cells or line.cells
            row.last = line
        else:
            rows.append(Row([line.label] if line.label else [], line.cells, line, line))
    return rows


def row_step(lines: Sequence[BodyLine], em: float) -> float:
    """The usual distance between rows: between neighbouring lines that both have values and a label."""
    steps = [
        after.line.middle - before.line.middle
        for before, after in pairwise(lines)
        if before.cells and after.cells and after.label
    ]
    return median(steps) if steps else 1.4 * em


def _goes_on(row: Row, line: BodyLine, step: float, em: float) -> bool:
    """True when ``line`` belongs to the row above it."""
    last = row.last
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
    tight = gap < 0.87 * step
    return _wraps(row, line, tight, em)


def _wraps(row: Row, line: BodyLine, tight: bool, em: float) -> bool:
    """True when the label of ``line`` reads on from the label above."""
    said, goes = row.words.rstrip(), line.label[0].text
    if said.endswith(":") or _BULLET.match(goes):
        return False
    if re.search(r"\s[-–—]\Z", said) and not _LOWER.match(goes):
        # "Non-cash items –" heads the rows below it
        return False
    lower = bool(_LOWER.match(goes)) or bool(re.match(r"\d", goes) and not line.label[0].figure)
    bound = bool(_CONNECTIVE.search(said)) or bool(_OPEN.search(said))
    shift = line.label[0].left - row.labels[-1][0].left
    if row.cells:
        # the figures stand on the first line: what follows must clearly belong to it
        return (lower or bound) and (tight or not line.cells) and shift > -0.6 * em
    if lower or bound:
        return shift > -2.2 * em
    return tight and shift > -0.6 * em


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

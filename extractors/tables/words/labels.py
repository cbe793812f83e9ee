"""Labels that wrap over several lines become one; what is a label of its own stays one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from extractors.page import CHARACTER_WIDTH, TextPlace
from extractors.tables.words.body import BodyLine
from extractors.tables.words.lines import Token, spoken

# so many characters at most a label that goes on is set in
_HANGING = 4.5
# lines of labels that say where the room for labels ends
_FEW_LABELS = 5
# wrapped lines that say how far such are set in
_FEW_WRAPS = 2
_CONNECTIVE = re.compile(
    r"(?i)(?:\b(?:and|or|of|the|a|an|in|to|for|from|on|by|before|with|at|as|per|than|its|our|their|under"
    r"|including|excluding|upon|that|which|into|over|attributable)|[,/&(]|\w[sS]['’])\Z"
)
_OPEN = re.compile(r"\([^)]*\Z")
_BULLET = re.compile(r"[-–—•·*]\s?[^\W\d]")
# "net income attributable to Example Mills" and "International, Inc."
_NAME = re.compile(r"\b(?:to|of|by)(?: the| The)?(?: [A-Z][\w.&'’-]*,?)+\Z")
_NAMED = re.compile(r"[A-Z][\w.&'’-]*(?:,? [A-Z&][\w.&'’-]*)*(?:, net of taxe?s?)?")
_SPELLED = re.compile(r"[^\W\d_]{2}")
_CAPITALS = re.compile(r"[^\W\d_]{4,}")
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
    """How a body is set.

    Attributes:
        step: the usual distance between rows. em: the size of type. full: where full labels end (0 = unknown).
        ends: where the lines of labels end, from the left, on the character plane, where that says what fitted.
        hangs: how far lines that clearly go on with a label are set in, at least (0 = not all of them are).
    """

    step: float
    em: float
    full: float = 0.0
    ends: tuple[float, ...] = ()
    hangs: float = 0.0

    def fits(self, end: float, width: float) -> bool:
        """False when a word could not have stood behind a label that ends at ``end``, by where all others end."""
        # a label far longer than all others shows no limit
        if len(self.ends) < _FEW_LABELS or end > self.ends[-2] + 2.5 * CHARACTER_WIDTH:
            return True
        return end + CHARACTER_WIDTH + width <= self.ends[-1]


def measure(lines: Sequence[BodyLine], em: float) -> Measure:
    """Take the measure of a body."""
    ends = sorted(max(token.right for token in line.label) for line in lines if line.label)
    full = ends[-1] if ends else 0.0
    # labels wrap where several lines without figures end at one edge; a single long one proves nothing
    open_ends = [line.label[-1].right for line in lines if line.label and not line.cells]
    wraps = sum(full - end < 4 * em for end in open_ends) >= 2
    typed = any(isinstance(line.line.words[0].place, TextPlace) for line in lines)
    return Measure(_row_step(lines, em), em, full if wraps else 0.0, tuple(ends) if typed else (), _hangs(lines))


def _hangs(lines: Sequence[BodyLine]) -> float:
    """How far the lines that begin in small letters below a label without figures are set in, the least of several."""
    shifts = [
        after.label[0].left - before.label[0].left
        for before, after in pairwise(lines)
        if before.label
        and after.label
        and not before.cells
        and _LOWER.match(after.label[0].text)
        # the third line of a label stands below the second
        and not _LOWER.match(before.label[0].text)
    ]
    return max(min(shifts), 0.0) if len(shifts) >= _FEW_WRAPS else 0.0


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
    if (said.endswith(":") and not _OPEN.search(said)) or _BULLET.match(goes):
        return False
    first, end = line.label[0].words[0], max(token.right for token in row.labels[-1])
    fits = measure.fits(end, first.right - first.left)
    if re.search(r"\s[-–—]\Z", said) and not _LOWER.match(goes) and fits:
        # "Non-cash items –" heads the rows below it
        return False
    if _set_apart(row.labels[-1], line.label, bound=bool(_CONNECTIVE.search(said) or _OPEN.search(said))):
        return False
    lower = bool(_LOWER.match(goes)) or bool(re.match(r"\d", goes) and not line.label[0].figure)
    bound = bool(_CONNECTIVE.search(said)) or bool(_OPEN.search(said)) or _capitals_go_on(said, first.text)
    shift = line.label[0].left - row.labels[-1][0].left
    if row.cells:
        # the figures stand on the first line: what follows must clearly belong to it
        return (lower or bound) and (tight or not line.cells) and shift > -0.6 * em
    if lower or bound:
        return shift > -2.2 * em
    if line.label[0].left - row.labels[0][0].left < 0.5 * measure.hangs:
        # wrapped lines are set in here, and this one is not
        return False
    if not fits and 0 <= shift < _HANGING * CHARACTER_WIDTH and not _complete(said, first.text):
        return True
    if measure.ends:
        # typed lines all stand equally close
        tight = False
    hanging = _HANGING * CHARACTER_WIDTH if measure.ends else 2.5 * em
    if 0.3 * em < shift < hanging and _NAME.search(said) and _NAMED.fullmatch(goes):
        return True
    full = 0 < measure.full < end + 0.3 * em + first.right - first.left and not _complete(said, first.text)
    return (tight or (full and abs(shift) < 0.6 * em)) and shift > -0.6 * em


def _complete(said: str, first: str) -> bool:
    """True for a section in small letters above a row that begins with a capital: "Operating expenses", "Research"."""
    words = [word for word in re.findall(r"[^\W\d_][\w'’-]*", said) if not _CONNECTIVE.fullmatch(word)]
    if not first[:1].isupper() or not words:
        return False
    return said.endswith(")") or (len(words) > 1 and words[-1][0].islower())


def _capitals_go_on(said: str, first: str) -> bool:
    """True where a label in capitals goes on with a word that begins no label: "CASH, END" and "OF PERIOD"."""
    return said.isupper() and first.isupper() and bool(_CONNECTIVE.fullmatch(first))


def _set_apart(above: Sequence[Token], below: Sequence[Token], *, bound: bool) -> bool:
    """True when one line is bold or in capitals and the other is not: a section and its first row.

    ``bound``: the line above cannot end there, so that capitals below it are a name.
    """
    one, other = ([word for token in tokens for word in token.words] for tokens in (above, below))
    if all(word.bold for word in one) != all(word.bold for word in other):
        return any(word.bold for word in one) != any(word.bold for word in other)
    upper, lower = (" ".join(word.text for word in words if _SPELLED.search(word.text)) for words in (one, other))
    if not upper or not lower or upper.isupper() == lower.isupper():
        return False
    # a word or two in capitals may be a name ("FHLB"), and so may more where it begins on the line above
    begun = upper.split()[-1].isupper()
    return upper.isupper() or (not bound and not begun and len(_CAPITALS.findall(lower)) > 1)


def joined_label(labels: Sequence[Sequence[Token]]) -> str:
    """The label of a row as one string; a hyphen at a line's end stays, the blank after it goes."""
    text = ""
    for line in labels:
        said = spoken([word for token in line for word in token.words])
        if re.search(r"\w[-\N{NON-BREAKING HYPHEN}]\Z", text) and re.match(r"[a-z]", said):
            text += said
        else:
            text = f"{text} {said}" if text else said
    return text

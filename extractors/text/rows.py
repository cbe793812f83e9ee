"""The lines of collapsed text, told apart: rows of figures, heads, labels, running text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from extractors.numbers import read_number
from extractors.text.decode import SourceLine
from extractors.text.heads import HeadLine, read_heads
from extractors.text.tokens import Piece, Token, count_figures, leads_with_year, tail, tokens

_CAPTION = re.compile(
    r"(?i)\(?(?:amounts? |dollars? |figures |all )?(?:(?:expressed |stated )?"
    r"in (?:thousands|millions|billions|u\.?s\.? dollars)"
    r"|(?:un)?audited\)|\$?000s?\b)"
)
_CONNECTIVE = re.compile(
    r"(?i)(?:\b(?:and|or|of|to|the|in|on|for|from|by|with|at|a|an|as|than|(?<!, )net|less|under|per|related|other)"
    r"|[,(\-/&\u2013\u2014])\Z"
)
_FURNITURE = re.compile(r"(?i)\s*(?:page\s+)?[-\[(]?\s?\d{1,3}(?:\s+of\s+\d+)?\s?[-\])]?\s*\Z")
_PROSE_WORDS = 12
_LONGEST_ROW = 1000
_CONTINUES = re.compile(r"[a-z(]")


@dataclass(frozen=True)
class TextLine:
    """A printed line and what its form says; whether it is part of a table its neighbours decide."""

    source: SourceLine
    repeated: bool = False

    @cached_property
    def text(self) -> str:
        """The line without blanks at its ends."""
        return self.source.text.strip()

    @cached_property
    def tokens(self) -> list[Token]:
        """Its tokens, with characters counted in the line as it stands in the file."""
        return tokens(self.source.text)

    @cached_property
    def head(self) -> HeadLine | None:
        """The heads it says, if it says nothing else."""
        return read_heads(self.source.text) if len(self.text) <= _LONGEST_ROW else None

    @cached_property
    def count(self) -> int:
        """How many figures end it, no columns known; none in a line of heads."""
        # a longer line is a paragraph without line ends, and no row
        if len(self.text) > _LONGEST_ROW or self.head:
            return 0
        count = count_figures(self.tokens)
        return count - 1 if count > 1 and leads_with_year(self.tokens) else count

    @cached_property
    def dangling(self) -> bool:
        """True when a dash ends the line that may as well lead to the next one ("Guidance -")."""
        number = read_number(self.tokens[-1].text)
        return self.count == 1 and bool(self.label) and number is not None and number.nil

    @cached_property
    def label(self) -> str:
        """What stands before the figures."""
        first = tail(self.tokens)
        return self.source.text[: self.tokens[first].start if first < len(self.tokens) else None].strip()

    @property
    def numbered(self) -> bool:
        """True for a page number that stands alone."""
        return bool(_FURNITURE.match(self.source.text))

    @property
    def caption(self) -> bool:
        """True when it says in what the figures are given."""
        return bool(_CAPTION.match(self.text)) and self.count == 0

    @cached_property
    def prose(self) -> bool:
        """True for running text: many words, or a sentence that ends."""
        words = len(self.text.split())
        if self.count > 1 or self.text.endswith(":"):
            return False
        return words >= _PROSE_WORDS or (words >= 6 and self.text.endswith((".", ";"))) or "://" in self.text

    @property
    def section(self) -> bool:
        """True for a label that takes no figures."""
        return self.text.endswith(":")


def text_lines(lines: Sequence[SourceLine]) -> list[TextLine]:
    """The printed lines; ``repeated`` when the same line stands elsewhere too (a running head)."""
    times = Counter(line.text.strip() for line in lines)
    return [TextLine(line, times[line.text.strip()] > 1) for line in lines if not line.blank]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the body: the label with the characters it covers in its first line, and the pieces.

    ``line`` is where the label starts, ``figures`` where the pieces stand; ``leads``: the rows below say what it is.
    """

    line: SourceLine
    label: str
    label_start: int
    label_end: int
    figures: SourceLine
    pieces: tuple[Piece, ...] = ()
    note: Piece | None = None
    stray: bool = False
    leads: bool = False

    @property
    def label_only(self) -> bool:
        """True when no figure stands behind the label."""
        return not self.pieces and bool(self.label)

    @property
    def section(self) -> bool:
        """True for a label that takes no figures."""
        return self.label_only and (self.leads or self.label.endswith(":"))

    @property
    def value_only(self) -> bool:
        """True when figures stand without a label."""
        return bool(self.pieces) and not re.search(r"\w", self.label)


def join_wrapped(rows: Sequence[Row]) -> list[Row]:
    """Join a label that goes on in the next line: it ends open, or what follows starts small."""
    joined: list[Row] = []
    for i, row in enumerate(rows):
        before = joined[-1] if joined else None
        if before is None or not row.label or row.line.number - _last_line(before) > 1:
            joined.append(row)
        elif before.label_only and not before.section and _goes_on(before.label, row.label):
            joined[-1] = replace(
                before, label=_glued(before.label, row.label), figures=row.figures, pieces=row.pieces, note=row.note
            )
        elif row.label_only and row.label[0].islower() and not _for_next(rows, i):
            joined[-1] = replace(before, label=_glued(before.label, row.label))
        else:
            joined.append(row)
    return joined


def _last_line(row: Row) -> int:
    return max(row.line.number, row.figures.number)


def _goes_on(label: str, following: str) -> bool:
    return bool(_CONTINUES.match(following)) or bool(_CONNECTIVE.search(label))


def _for_next(rows: Sequence[Row], index: int) -> bool:
    """True when a label in small letters is the start of the next row's label rather than the end of the one before."""
    return index + 1 < len(rows) and bool(_CONTINUES.match(rows[index + 1].label))


def _glued(left: str, right: str) -> str:
    hyphened = left.endswith("-") and not left.endswith(" -") and right[:1].islower()
    return left + ("" if hyphened else " ") + right

"""Which dialect a stretch of text is written in, decided by its rows and not for the whole file.

``fixed``: columns stand at character positions. ``collapsed``: figures stand behind the label, one blank apart, as OCR
engines leave them. ``markdown``: cells are parted by tabs or bars.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from extractors.text.decode import SourceLine

Dialect = Literal["fixed", "collapsed", "markdown"]

_TAG = re.compile(r"(?i)\s*</?(?:TABLE|CAPTION|S|C|PAGE)>")
_FIGURE = r"[$\u20ac\u00a3(\[%\u00a7&]*-?[$]?\d[\d,.]*[)\]%]*"
_NIL = r"(?:[$]?\(?[-\u2013\u2014]{1,3}\)?%?)"
_TAIL = re.compile(rf"(?:(?:^|(?<=\s))(?:{_FIGURE}|{_NIL}|[$%\u00a7S]|N/A)\s*)+\Z", re.IGNORECASE)
_TAIL_FIGURE = re.compile(rf"(?:^|(?<=\s))(?:{_FIGURE}|{_NIL})(?=\s|$)")
_GAP = re.compile(r"\S(?:\s{3,}|\s*\.{3,}\s*|\s*(?:\. ){3,}\s*)\S|\S\s{2}[$(]?\s*[\d(]")
_MARKUP = re.compile(r"\\[$%*_#]|\*\*\S|^#{1,6} \S|^\|?\s*:?-{3,}:?\s*\||</?(?:u|sup|sub|del|br)\s*/?>", re.MULTILINE)
# this many rows around a row have a say in what it is: one drifting row makes no new dialect
_WINDOW = 4
_FEW = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring lines of one dialect."""

    dialect: Dialect
    lines: tuple[SourceLine, ...]


@dataclass(frozen=True, slots=True)
class _Vote:
    index: int
    dialect: Dialect
    weight: float


def stretches(lines: Sequence[SourceLine]) -> list[Stretch]:
    """Cut a document into stretches, in order; together they hold every line."""
    votes = _votes(lines)
    if not votes:
        return [Stretch("fixed", tuple(lines))]
    decided = [(vote.index, _decide(votes, i)) for i, vote in enumerate(votes)]
    if has_markup(lines):
        decided = _solid(decided)
    found: list[Stretch] = []
    start = 0
    for (before, dialect), (after, other) in itertools.pairwise(decided):
        if dialect != other:
            cut = _cut(lines, before, after)
            found.append(Stretch(dialect, tuple(lines[start:cut])))
            start = cut
    found.append(Stretch(decided[-1][1], tuple(lines[start:])))
    return found


def _solid(decided: Sequence[tuple[int, Dialect]]) -> list[tuple[int, Dialect]]:
    """In a Markdown document a few odd lines are paragraphs of it, not a stretch of another dialect."""
    done: list[tuple[int, Dialect]] = []
    for dialect, run in itertools.groupby(decided, key=lambda pair: pair[1]):
        members = list(run)
        few = dialect != "markdown" and len(members) < _FEW
        done += [(index, "markdown" if few else dialect) for index, _ in members]
    return done


def _cut(lines: Sequence[SourceLine], before: int, after: int) -> int:
    """Where a stretch ends between two rows: at the first blank line, for a caption belongs to what follows."""
    return next((i for i in range(before + 1, after + 1) if lines[i].blank), before + 1)


def _decide(votes: Sequence[_Vote], index: int) -> Dialect:
    """The dialect that the rows around say; cells parted by marks need no majority."""
    if votes[index].dialect == "markdown":
        return "markdown"
    around: Counter[Dialect] = Counter()
    for vote in votes[max(0, index - _WINDOW) : index + _WINDOW + 1]:
        if vote.dialect != "markdown":
            around[vote.dialect] += vote.weight  # type: ignore[assignment]
    return "collapsed" if around["collapsed"] > around["fixed"] else "fixed"


def _votes(lines: Sequence[SourceLine]) -> list[_Vote]:
    tabbed = _tabs_part_cells(lines)
    votes: list[_Vote] = []
    for index, line in enumerate(lines):
        text = line.text
        if line.blank:
            continue
        if _barred(text) or (tabbed and "\t" in text.strip("\n ") and text.strip()):
            votes.append(_Vote(index, "markdown", 1.0))
        elif _TAG.match(text):
            votes.append(_Vote(index, "fixed", 2.0))
        elif _GAP.search(text.strip() if "\t" not in text else text.expandtabs(8).strip()):
            votes.append(_Vote(index, "fixed", 1.0))
        else:
            votes += _tight(index, text)
    return votes


def _tight(index: int, text: str) -> list[_Vote]:
    """A row whose figures stand one blank apart; a single figure at the end may be prose."""
    tail = _TAIL.search(text[-400:].strip())
    figures = len(_TAIL_FIGURE.findall(tail[0])) if tail else 0
    if not figures or not re.search(r"[^\W\d_]", text):
        return []  # figures alone go with what stands around them
    return [_Vote(index, "collapsed", 1.0 if figures > 1 else 0.25)]


def _barred(text: str) -> bool:
    """A row of a Markdown table."""
    text = text.strip()
    return text.count("|") >= 2 and (text.startswith("|") or text.endswith("|") or text.count("|") >= 3)


def has_markup(lines: Sequence[SourceLine]) -> bool:
    """True when the document writes Markdown."""
    return sum(len(_MARKUP.findall(line.text)) for line in lines) >= 3


def _tabs_part_cells(lines: Sequence[SourceLine]) -> bool:
    """True when tabs part cells, False when they only move to a column of the typewriter.

    A typist's tabs grow fewer as the label grows longer; the tabs of a table are as many in every row.
    """
    rows = [line.text for line in lines if "\t" in line.text.strip()]
    if not rows:
        return False
    if has_markup(lines):
        return True
    inner = [row for row in rows if re.search(r"\S.*\t", row)]
    if len(inner) < 2:
        return False
    same = sum(a.count("\t") == b.count("\t") for a, b in itertools.pairwise(inner))
    if same < 0.7 * (len(inner) - 1):
        return False
    if len(inner) > _FEW and len({row.count("\t") for row in inner}) == 1 and any("\t\t" in row for row in inner):
        # an empty cell was exported, where a typist would have moved on
        return True
    edges = Counter(len(row.expandtabs(8).rstrip(" )%")) for row in inner)
    lengths = [len(row.split("\t")[0]) for row in inner]
    aligned = max(sum(edges[edge + d] for d in (-1, 0, 1)) for edge in edges)
    return max(lengths) // 8 != min(lengths) // 8 or aligned < 0.6 * len(inner)

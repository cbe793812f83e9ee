"""Rows by tabs under heads by blanks: their cells are laid under the columns that tags or rules mark.

Typists set heads and rules at character positions and let the program that wrote the figures part them by tabs. The
marks ``<S> <C> <C>`` or the row of dashes below the heads say where the columns are, the tabs in which one a figure is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from extractors.text.decode import SourceLine

_STOP = re.compile(r"<[SC]>", re.IGNORECASE)
_RUN = re.compile(r"[-=_\u2500\u2501\u2550\u2014]{3,}")
_BARE_RULE = re.compile(r"[\s\-=_\u2500\u2501\u2550\u2014]+\Z")
_TAG = re.compile(r"</?TABLE>|<S>", re.IGNORECASE)
_PHRASE = re.compile(r"\S+(?: \S+)*")
# lines between two rows of one table, and lines above the first in which its columns are looked for
_MOST_BETWEEN = 6
_REACH = 8
# blanks between a label and its first figure, and between two figures
_GAP = 2


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where a column starts, and where its rule ends (0: no rule says)."""

    left: int
    right: int = 0


def lay_tabs(lines: Sequence[SourceLine]) -> list[SourceLine]:
    """The lines with rows by tabs laid at character positions where tags, heads or rules say the columns.

    A laid line still knows the characters of the file: ``SourceLine.place`` counts in those.
    """
    laid = list(lines)
    for rows in _runs(lines):
        cells = {i: lines[i].text.rstrip().split("\t") for i in rows}
        counts = [len(found) - 1 for found in cells.values()]
        if len(rows) < 2 or sum(c == max(counts) for c in counts) * 2 < len(counts):
            continue
        stops = _stops(lines, rows, max(counts))
        if stops:
            rights = _rights(stops, list(cells.values()))
            for i in rows:
                laid[i] = _laid(lines[i], cells[i], rights)
    return laid


def _runs(lines: Sequence[SourceLine]) -> list[list[int]]:
    """Rows by tabs that no tag, no wide gap and no long stretch of other lines parts."""
    runs: list[list[int]] = []
    for i, line in enumerate(lines):
        if "\t" not in line.text.strip():
            continue
        between = lines[runs[-1][-1] + 1 : i] if runs else []
        apart = any(a.blank and b.blank for a, b in pairwise(between)) or any(_TAG.search(b.text) for b in between)
        if runs and len(between) <= _MOST_BETWEEN and not apart:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs


def _stops(lines: Sequence[SourceLine], rows: Sequence[int], count: int) -> list[_Stop]:
    """As many columns as the rows have figures, by the nearest lines that mark so many; nothing when none does."""
    above = [lines[i].text for i in range(rows[0] - 1, max(rows[0] - _REACH, 0) - 1, -1)]
    inside = [lines[i].text for i in range(rows[0], rows[-1] + 3) if i not in rows and i < len(lines)]
    ruled = [_rules(text) for text in (*above, *inside)]
    least = max(len(lines[i].text.split("\t")[0]) for i in rows) if count == 1 else 0
    ruled = [marks for marks in ruled if len(marks) > 1 or (marks and count == 1 and marks[0].left >= least)]
    for marks in [*(_tags(text) for text in above), *ruled, *(_heads(text, count, least) for text in above)]:
        if len(marks) == count:
            return _ruled(marks, [rule for found in ruled for rule in found])
    return []


def _tags(text: str) -> list[_Stop]:
    return [_Stop(tag.start()) for tag in _STOP.finditer(text)][1:]


def _rules(text: str) -> list[_Stop]:
    if not _BARE_RULE.match(text):
        return []
    return [_Stop(run.start(), run.end()) for run in _RUN.finditer(text)]


def _heads(text: str, count: int, least: int) -> list[_Stop]:
    """The phrases of a line of heads; the first stands over the labels when there is one too many."""
    if "\t" in text or _BARE_RULE.match(text):
        return []
    phrases = [_Stop(found.start(), found.end()) for found in _PHRASE.finditer(text)]
    marks = phrases[len(phrases) - count :] if len(phrases) in (count, count + 1) else []
    return marks if count > 1 or (marks and marks[0].left >= least) else []


def _ruled(stops: list[_Stop], rules: Sequence[_Stop]) -> list[_Stop]:
    """The stops with the ends that rules below them say."""
    done = []
    for i, stop in enumerate(stops):
        end = stops[i + 1].left if i + 1 < len(stops) else stop.left + 40
        under = [rule.right for rule in rules if stop.left <= rule.left + 1 and rule.left < end and rule.right <= end]
        done.append(replace(stop, right=under[0]) if under and not stop.right else stop)
    return done


def _rights(stops: Sequence[_Stop], rows: Sequence[Sequence[str]]) -> list[int]:
    """Where the figures of each column end."""
    rights: list[int] = []
    for k, stop in enumerate(stops):
        width = max((len(row[k + 1].strip()) for row in rows if len(row) > k + 1), default=0)
        following = stops[k + 1].left - _GAP if k + 1 < len(stops) else 0
        right = stop.right or following or stop.left + width
        least = (rights[-1] + _GAP if rights else stop.left) + width
        rights.append(max(right, least))
    return rights


def _laid(line: SourceLine, cells: Sequence[str], rights: Sequence[int]) -> SourceLine:
    text = ""
    columns: list[int] = []
    position = 0
    for k, cell in enumerate(cells):
        said = cell.strip() if k else cell.rstrip()
        start = position + cell.find(said)
        if said:
            gap = max(rights[k - 1] - len(said) - len(text), _GAP) if k else 0
            text += " " * gap + said
            columns += [start] * gap + list(range(start, start + len(said)))
        position += len(cell) + 1
    return replace(line, text=text, columns=tuple(columns))

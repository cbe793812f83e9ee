"""Rows by tabs under heads by blanks: their cells are laid under the columns that tags or rules mark.

Typists set heads and rules at character positions and let the program that wrote the figures part them by tabs. The
marks ``<S> <C> <C>`` or the row of dashes below the heads say where the columns are, the tabs in which one a figure is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractors.text.decode import SourceLine

_STOP = re.compile(r"<[SC]>", re.IGNORECASE)
_RUN = re.compile(r"[-=_\u2500\u2501\u2550\u2014]{3,}")
_BARE_RULE = re.compile(r"[\s\-=_\u2500\u2501\u2550\u2014]+\Z")
_END = re.compile(r"</?TABLE>", re.IGNORECASE)
# blanks between a label and its first figure, and between two figures
_GAP = 2


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where a column starts, and where its rule ends (0: no rule says)."""

    left: int
    right: int = 0


def lay_tabs(lines: Sequence[SourceLine]) -> list[SourceLine]:
    """The lines with rows by tabs laid at character positions where tags or rules say the columns; others as they are.

    A laid line still knows the characters of the file: ``SourceLine.place`` counts in those.
    """
    laid = list(lines)
    for start, end, stops in _tables(lines):
        rows = [i for i in range(start, end) if "\t" in lines[i].text.strip()]
        cells = {i: lines[i].text.rstrip().split("\t") for i in rows}
        counts = [len(found) - 1 for found in cells.values()]
        if len(rows) < 2 or max(counts) != len(stops) or sum(c == len(stops) for c in counts) * 2 < len(counts):
            continue
        rights = _rights(stops, list(cells.values()))
        for i in rows:
            laid[i] = _laid(lines[i], cells[i], rights)
    return laid


def _tables(lines: Sequence[SourceLine]) -> list[tuple[int, int, list[_Stop]]]:
    """Stretches of lines below a row of stops, with the stops of their columns."""
    found: list[tuple[int, int, list[_Stop]]] = []
    for i, line in enumerate(lines):
        stops = _stops(line.text)
        if found and found[-1][1] == i and not _END.search(line.text):
            before = found[-1]
            tagged = bool(_STOP.search(line.text))
            if not stops or not tagged:
                found[-1] = (before[0], i + 1, _ruled(before[2], stops))
                continue
        if stops:
            found.append((i + 1, i + 1, stops))
    return found


def _stops(text: str) -> list[_Stop]:
    tags = [tag.start() for tag in _STOP.finditer(text)]
    if len(tags) > 1:
        return [_Stop(start) for start in tags[1:]]
    if _BARE_RULE.match(text):
        runs = [_Stop(run.start(), run.end()) for run in _RUN.finditer(text)]
        return runs if len(runs) > 1 else []
    return []


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

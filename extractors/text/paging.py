"""A fixed-width stretch is cut into sheets: after each table and at each page break, unless a table goes on.

Page numbers and page tags that interrupt a table are set apart, so that the table is whole on the plane.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractors.text.decode import SourceLine

PAGE_TAG = re.compile(r"(?i)\s*<PAGE>\s*(\d*)\s*\Z")
_TABLE_END = re.compile(r"(?i)</TABLE>")
_TABLE_TAG = re.compile(r"(?i)<TABLE>")
_STOPS = re.compile(r"(?i)<S>")
_PAGE_NUMBER = re.compile(
    r"(?i)\s*(?:page\s+)?[-\[(]?\s?(?:[A-Z]{1,2}-)?(\d{1,4}|[ivxl]{1,6})(?:\s+of\s+\d+)?\s?[-\])]?\s*\Z"
)
_FIGURE = re.compile(
    r"(?:(?<=\s)|(?<=\$)|(?<=\())[-+\u2212]?[\d,.'\u2019]*\d[)%-]{0,2}(?=\s|$)|(?<=\s)(?:-{1,3}|\u2014|\u2013)(?=\s|$)"
)
_RULES = re.compile(r"[-=_]{3,}")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_BARE_RULES = re.compile(r"[\s\-=_]+\Z")
# how far the edges of the columns may drift from one page to the next, in characters
_DRIFT = 2
# a figure that ends so many characters left of all columns stands in none, and lines that a label has at most
_LEFT_OF = 12
_LONGEST_LABEL = 5
# lines of a label between the heads and the end of the page, and how far in those begin
_MOST_CUT = 2
_MOST_SET_IN = 8


@dataclass(frozen=True, slots=True)
class Sheet:
    """Lines that belong on one plane; ``furniture``: page numbers that stood inside a table."""

    lines: tuple[SourceLine, ...]
    furniture: bool = False


@dataclass(frozen=True, slots=True)
class _Break:
    """Lines ``start`` to ``end`` (excluded) are a page number, a page tag and the blanks around them."""

    start: int
    end: int


def sheets(lines: Sequence[SourceLine]) -> Iterator[Sheet]:
    """The sheets of a stretch, in order; a sheet of furniture follows the sheet it stood in."""
    furniture: list[SourceLine] = []
    kept: list[SourceLine] = []
    breaks = {found.start: found for found in _breaks(lines)}
    position = 0
    while position < len(lines):
        found = breaks.get(position)
        if found is None:
            kept.append(lines[position])
            position += 1
            if _TABLE_END.search(kept[-1].text):
                yield from _flush(kept, furniture)
            continue
        inside = lines[found.start : found.end]
        position = found.end
        furniture += inside
        if not (_in_heads(kept) or _under_rules(lines, found) or _goes_on(lines, found)):
            yield from _flush(kept, furniture)
    yield from _flush(kept, furniture)


def _flush(kept: list[SourceLine], furniture: list[SourceLine]) -> Iterator[Sheet]:
    if any(not line.blank for line in kept):
        yield Sheet(tuple(kept))
    if any(not PAGE_TAG.match(line.text) and not line.blank for line in furniture):
        yield Sheet(tuple(line for line in furniture if not PAGE_TAG.match(line.text)), furniture=True)
    kept.clear()
    furniture.clear()


def _breaks(lines: Sequence[SourceLine]) -> Iterator[_Break]:
    """Every page break: a tag, a form feed, or a page number that stands alone between blank lines."""
    position = 0
    while position < len(lines):
        end = position
        marks = 0
        while end < len(lines) and (lines[end].blank or _is_mark(lines, end)):
            marks += _is_mark(lines, end)
            end += 1
        if end < len(lines) and lines[end].page_break:
            marks += 1
        if marks:
            yield _Break(position, end)
        position = max(end, position + 1)


def _is_mark(lines: Sequence[SourceLine], index: int) -> bool:
    line = lines[index]
    if PAGE_TAG.match(line.text) or (line.page_break and line.blank):
        return True
    if not _PAGE_NUMBER.match(line.text):
        return False
    # a number alone may be a figure: a page number has blank lines or the edge of a page on both sides
    before = index == 0 or lines[index - 1].blank
    after = index + 1 >= len(lines) or lines[index + 1].blank or bool(PAGE_TAG.match(lines[index + 1].text))
    return before and after


def _in_heads(kept: Sequence[SourceLine]) -> bool:
    """True when a table was opened and its first figures are still to come: it begins on the next page."""
    figures = False
    for line in reversed(kept):
        if _STOPS.search(line.text):
            if figures:
                return False
        elif _TABLE_TAG.search(line.text):
            return True
        elif _TABLE_END.search(line.text):
            return False
        figures = figures or bool(figure_edges(line.text))
    return False


def _under_rules(lines: Sequence[SourceLine], found: _Break) -> bool:
    """True when a page ends with rules under heads, and the first row of figures behind it stands below them."""
    before = [line for line in lines[max(0, found.start - 8) : found.start] if not line.blank]
    labels = 0
    while before and labels < _MOST_CUT and not _BARE_RULES.match(before[-1].text):
        if figure_edges(before[-1].text) or len(before[-1].text) - len(before[-1].text.lstrip()) > _MOST_SET_IN:
            return False
        labels += 1
        before.pop()
    runs = list(_RULES.finditer(before[-1].text)) if before and _BARE_RULES.match(before[-1].text) else []
    # a total ends in rules as well, and figures stand above them, not years
    above = _YEAR.sub("", before[-2].text) if len(before) > 1 else ""
    if not runs or runs[0].start() < _MOST_SET_IN or figure_edges(above):
        return False
    for line in [line for line in lines[found.end : found.end + 8] if not line.blank][: _LONGEST_LABEL + 1]:
        here = figure_edges(line.text)
        if here or _TABLE_TAG.search(line.text):
            return bool(here) and all(any(r.start() < edge <= r.end() + _DRIFT for r in runs) for edge in here)
    return False


def _goes_on(lines: Sequence[SourceLine], found: _Break) -> bool:
    """True when a row of figures before the break has its columns in the first row after it, no title between."""
    before = [line for line in lines[max(0, found.start - 8) : found.start] if not line.blank]
    rows = [figure_edges(line.text) for line in before]
    # a row of fewer figures may be a label that holds some: "231,000,000"
    edges = {edge for row in rows if len(row) == max(map(len, rows)) for edge in row}
    if not before or not edges or _TABLE_END.search(before[-1].text):
        return False
    widest = max(edges)
    for line in [line for line in lines[found.end : found.end + 8] if not line.blank][:_LONGEST_LABEL]:
        if _TABLE_TAG.search(line.text):
            return False
        # figures far left of all columns are in the label: "shares authorized; 25,679,223 and"
        here = [edge for edge in figure_edges(line.text) if edge > min(edges) - _LEFT_OF]
        if here:
            return all(any(abs(edge - other) <= _DRIFT for other in edges) for edge in here)
        # a title is centred; a label that wraps or a section starts at the left
        if len(line.text) - len(line.text.lstrip()) > widest // 4:
            return False
    return False


def figure_edges(text: str) -> list[int]:
    """The right edges of the figures behind a label, tabs expanded, closing marks left out."""
    text = text.expandtabs(8)
    return [
        match.end() - len(match[0]) + len(match[0].rstrip(")%-"))
        for match in _FIGURE.finditer(text)
        if match.start() > 8
    ]

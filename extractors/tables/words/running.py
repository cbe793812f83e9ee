"""Running heads and feet: what stands at the same height of several pages belongs to none of their tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

from extractors.numbers import plain
from extractors.page import Page, Word
from extractors.tables.words.blocks import headish
from extractors.tables.words.leaders import without_leaders
from extractors.tables.words.lines import TextLine, blank_width, em_of, find_lines, find_tokens

# shares of a page's height in which running heads and feet stand, and how many lines of them at most
_TOP = 0.14
_BOTTOM = 0.86
_MOST_LINES = 3
# in points: how exactly they stand at one height
_JITTER = 3.0
_BARE = re.compile(r"\d{1,4}\Z")


def faceless(text: str) -> str:
    """A line with its digits set aside, so that running heads with page numbers are equal."""
    return re.sub(r"\d+", "#", text).strip()


def find_running(pages: Sequence[Page]) -> dict[int, tuple[list[TextLine], list[TextLine]]]:
    """For each page number the running heads and the running feet, top down; pages without any are left out."""
    seen: dict[tuple[str, bool], list[tuple[int, TextLine]]] = {}
    for page in pages:
        for line, foot in _ends(page):
            seen.setdefault((faceless(line.text), foot), []).append((page.number, line))
    found: dict[int, tuple[list[TextLine], list[TextLine]]] = {}
    for (_, foot), places in seen.items():
        for number, line in places:
            if any(other != number and abs(there.middle - line.middle) < _JITTER for other, there in places):
                found.setdefault(number, ([], []))[foot].append(line)
    for heads, feet in found.values():
        heads.sort(key=lambda line: line.middle)
        feet.sort(key=lambda line: line.middle)
    return found


def _ends(page: Page) -> list[tuple[TextLine, bool]]:
    """The lines at the ends of a page that may be running heads (False) or feet (True)."""
    if not page.height or not page.words:
        return []
    heads = _lines([word for word in page.words if word.bottom < _TOP * page.height])
    feet = _lines([word for word in page.words if word.top > _BOTTOM * page.height])
    upper = [(line, False) for line in heads[:_MOST_LINES] if not headish(line) and not _says(line)]
    return upper + [(line, True) for line in feet[-_MOST_LINES:] if not _says(line)]


def _lines(words: Sequence[Word]) -> list[TextLine]:
    lines = find_lines(without_leaders(words))
    blank = blank_width(lines)
    for line in lines:
        line.tokens = find_tokens(line, blank)
    return lines


def _says(line: TextLine) -> bool:
    """True when the line holds a figure that is no page number: a row of a table."""
    bare = [token for token in line.figures if _BARE.match(plain(token.text))]
    return len(bare) < len(line.figures) or len(bare) > 1 or em_of(line.words[0]) <= 0

"""Running heads and feet: what stands at the same height of several pages belongs to none of their tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

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
    ends = {page.number: _ends(page) for page in pages if page.height and page.words}
    seen: dict[tuple[str, bool], list[tuple[int, TextLine]]] = {}
    for number, sides in ends.items():
        for foot, lines in enumerate(sides):
            for line in lines:
                seen.setdefault((faceless(line.text), bool(foot)), []).append((number, line))
    found: dict[int, tuple[list[TextLine], list[TextLine]]] = {}
    for number, sides in ends.items():
        kept: tuple[list[TextLine], list[TextLine]] = ([], [])
        for foot, lines in enumerate(sides):
            for line in lines:
                places = seen[faceless(line.text), bool(foot)]
                if not any(_recurs(line, there, other - number) for other, there in places if other != number):
                    # what stands farther inside is no running head either
                    break
                kept[foot].append(line)
        if kept[0] or kept[1]:
            found[number] = (kept[0], kept[1][::-1])
    return found


def _recurs(line: TextLine, there: TextLine, pages: int) -> bool:
    """True when two faceless lines are one running head: at one height, their numbers equal or counting the pages."""
    if abs(there.middle - line.middle) >= _JITTER:
        return False
    pairs = zip(re.findall(r"\d+", line.text), re.findall(r"\d+", there.text), strict=True)
    return all(a == b or int(b) - int(a) == pages for a, b in pairs)


def _ends(page: Page) -> tuple[list[TextLine], list[TextLine]]:
    """The lines at the upper end of a page and at the lower one that may be running, from the edge inwards."""
    words = tuple(page.words)
    heads = _lines([word for word in words if word.bottom < _TOP * page.height])[:_MOST_LINES]
    feet = _lines([word for word in words if word.top > _BOTTOM * page.height])[::-1][:_MOST_LINES]
    upper = takewhile(lambda line: not headish(line) and not _says(line), heads)
    return list(upper), list(takewhile(lambda line: not _says(line), feet))


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

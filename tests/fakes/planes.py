"""Pages of the character plane, so that each test shows its page."""

from __future__ import annotations

import re

from extractors.page import CHARACTER_WIDTH, LINE_HEIGHT, Grid, Page, Rule, TextPlace, Word
from extractors.tables.words import find_flow


def page(text: str, rules: tuple[Rule, ...] = ()) -> Page:
    """A page of the character plane; rows of dashes become rules."""
    words: list[Word] = []
    drawn = list(rules)
    top = 0.0
    for number, line in enumerate(text.strip("\n").splitlines(), start=1):
        if re.fullmatch(r"[\s\-=]*[-=]{4}[\s\-=]*", line):
            drawn += [
                Rule(m.start() * CHARACTER_WIDTH, top, m.end() * CHARACTER_WIDTH, top)
                for m in re.finditer(r"[-=]+", line)
            ]
            continue
        for match in re.finditer(r"\S+", line):
            left, right = match.start() * CHARACTER_WIDTH, match.end() * CHARACTER_WIDTH
            place = TextPlace(line=number, start=match.start(), end=match.end())
            words.append(Word(match[0], left, top, right, top + LINE_HEIGHT, place))
        top += LINE_HEIGHT
    return Page(1, width=600, height=top, words=tuple(words), rules=tuple(drawn))


def grids(text: str) -> list[Grid]:
    """The grids of a page."""
    return [block for block in find_flow(page(text)) if isinstance(block, Grid)]


def rows(grid: Grid, *, heads: bool = False) -> list[dict[int, str]]:
    """The cells of each row by column; of the body unless ``heads``."""
    found: dict[int, dict[int, str]] = {}
    for cell in grid.cells:
        if cell.head == heads:
            found.setdefault(cell.row, {})[cell.column] = cell.text
    return [found[row] for row in sorted(found)]

"""Titles at the foot of a page go to the table at the top of the next one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from extractors.page import Grid, Line
from extractors.tables.words import faceless

# a title with the company's name, a statement's, a time and a unit; more is running text
_MOST_LINES = 6
_TITLE_WORDS = 16
# what is said at the foot of a statement's page, in the middle of it
_REMARK = re.compile(
    r"(?i)\b(?:accompanying|integral part|see notes|notes to\b.*\bstatements|continued|page \d)\b"
    r"|\A[(\[]?[\d*†]{1,2}[)\]]?\s"
)

Flow = Sequence[Line | Grid]


def with_titles(flows: Sequence[Flow], margins: frozenset[str], furniture: frozenset[str]) -> list[Flow]:
    """The flows of the pages, the titles that stand below all tables of a page moved to the table of the next.

    Args:
        flows: one per page. margins: the faceless running heads and feet, which stay where they are. furniture: these
        and what else recurs at the ends of pages, which is no title of the page below it.
    """
    moved: list[Flow] = []
    titles: list[Line] = []
    for i, flow in enumerate(flows):
        top, rest = _top(flow)
        if titles and _headless(top, rest, furniture):
            running = [line for line in top if _is_furniture(line, furniture)]
            moved.append((*running, *titles, *_said(top, furniture), *rest))
        else:
            moved.append(flow)
        titles = _titles_below(flow, margins) if i + 1 < len(flows) else []
    return moved


def _top(flow: Flow) -> tuple[list[Line], Flow]:
    """The lines above the first grid, and the rest."""
    first = next((i for i, block in enumerate(flow) if isinstance(block, Grid)), len(flow))
    return [block for block in flow[:first] if isinstance(block, Line)], flow[first:]


def _headless(top: Sequence[Line], rest: Flow, furniture: frozenset[str]) -> bool:
    """True when a page begins with a table that has no title of its own; remarks on units are none."""
    return bool(rest) and all(line.text.startswith("(") for line in _said(top, furniture))


def _said(top: Sequence[Line], furniture: frozenset[str]) -> list[Line]:
    return [line for line in top if not _is_furniture(line, furniture)]


def _is_furniture(line: Line, furniture: frozenset[str]) -> bool:
    return faceless(line.text) in furniture


def _titles_below(flow: Flow, margins: frozenset[str]) -> list[Line]:
    """The last lines of a page that are titles: in the middle, in bold type, or announcing what follows."""
    found: list[Line] = []
    for block in reversed(flow):
        if isinstance(block, Line) and (_is_furniture(block, margins) or not re.search(r"[^\W\d_]{2}", block.text)):
            continue
        if isinstance(block, Grid) or len(found) == _MOST_LINES or not _titled(block, found):
            break
        found.insert(0, block)
    return found


def _titled(line: Line, below: Sequence[Line]) -> bool:
    """True for a line of a title, the lines ``below`` of it being found already."""
    if _REMARK.search(line.text):
        return False
    if below and below[0].text[:1].islower():
        return not line.text.endswith((".", ":"))
    if line.text.endswith(":") and not below:
        return len(line.text.split()) > 3
    return (line.centred or line.bold) and len(line.text.split()) <= _TITLE_WORDS and not line.text.endswith(".")

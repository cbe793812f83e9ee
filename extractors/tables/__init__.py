"""Stage: a document becomes tables.

Pages of words go through ``words.find_flow``, pages that a reader handed over as cells keep their flow; then every
grid becomes a stub, a boxhead and a body (``grids``), and tables that go on over a page end are joined (``stitch``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from extractors.page import Document, Grid, Line
from extractors.tables.feet import with_titles
from extractors.tables.grids import grid_tables
from extractors.tables.model import BodyRow, Layout, Table
from extractors.tables.rivals import with_ruled
from extractors.tables.stitch import Part, stitch
from extractors.tables.words import faceless, find_flow, find_running

__all__ = ["BodyRow", "Layout", "Table", "find_tables"]

Flow = Sequence[Line | Grid]

# a caption is what stands between two grids, but a whole page of prose is not
_CAPTION_LINES = 12
_PROSE_CHARACTERS = 300
# a sentence that says what the table below shows, or in what
_ANNOUNCES = re.compile(r"(?i)\b(?:thousands|millions|billions|follow(?:s|ing)|below|tables?|unaudited|audited)\b")
# running heads and page numbers are looked for in so many blocks at either end of a page
_MARGIN_BLOCKS = 2


def find_tables(document: Document) -> Layout:
    """Find the tables of a document, in reading order, with the lines around them."""
    running = find_running(document.pages) if document.page_count is not None else {}
    flows: list[Flow] = [
        with_ruled(page.flow or find_flow(page, running.get(page.number, ((), ()))), page.ruled)
        for page in document.pages
    ]
    margins = frozenset(faceless(line.text) for ends in running.values() for side in ends for line in side)
    furniture = _furniture(flows) | margins
    # no caption reaches beyond a page of paper; HTML and text are one stretch, however they were cut
    whole = [[block for flow in flows for block in flow]]
    stretches = whole if document.page_count is None else with_titles(flows, margins, furniture)
    parts = [part for stretch in stretches for part in _flow_parts(stretch)]
    lines = tuple(block for flow in flows for block in flow if isinstance(block, Line))
    return Layout(tuple(stitch(parts, furniture)), lines)


def _furniture(flows: Sequence[Flow]) -> frozenset[str]:
    """Running heads, running feet and page numbers: lines at a page's ends that recur when digits are set aside."""
    seen: Counter[str] = Counter()
    for flow in flows:
        ends = {*flow[:_MARGIN_BLOCKS], *flow[-_MARGIN_BLOCKS:]}
        seen.update({faceless(block.text) for block in ends if isinstance(block, Line)})
    return frozenset(text for text, count in seen.items() if count > 1 or not re.search(r"[A-Za-z]{2}", text))


def _flow_parts(flow: Flow) -> Iterable[Part]:
    """The tables of one page, each with the lines above it as caption."""
    pending: list[Line] = []
    grids = [block for block in flow if isinstance(block, Grid)]
    for block in flow:
        if isinstance(block, Line):
            pending.append(block)
            continue
        yield from _captioned(block, pending, first=block is grids[0], last=block is grids[-1])
        pending = []


def _ends_prose(text: str) -> bool:
    """True when a line of words ends a paragraph that has nothing to do with the table below it."""
    words = text.split()
    if not text.endswith(".") or len(words) < 3 or not words[-1].strip(".").islower():
        # "Example Mills, Inc." is a title
        return False
    return sum(word[0].islower() for word in words) * 2 > len(words) and not _ANNOUNCES.search(text)


def _captioned(grid: Grid, lines: Sequence[Line], *, first: bool, last: bool) -> Iterable[Part]:
    """The tables of a grid; the first takes the lines above it as caption."""
    caption: list[Line] = []
    for line in reversed(lines[-_CAPTION_LINES:]):
        if len(line.text) > _PROSE_CHARACTERS or (grid.box is not None and _ends_prose(line.text)):
            break
        caption.insert(0, line)
    tables = grid_tables(grid)
    for i, table in enumerate(tables):
        captioned = replace(table, caption=(*(line.text for line in caption), *table.caption))
        yield Part(captioned, tuple(caption), first=first and i == 0, last=last and i == len(tables) - 1)
        caption = []

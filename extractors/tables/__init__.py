"""Stage: a document becomes tables.

Pages of words go through ``words.find_flow``, pages that a reader handed over as cells keep their flow; then every
grid becomes a stub, a boxhead and a body (``grids``), and tables that go on over a page end are joined (``stitch``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from extractors.page import Document, Grid, Line, Page
from extractors.tables.grids import grid_tables
from extractors.tables.model import BodyRow, Layout, Table
from extractors.tables.stitch import stitch
from extractors.tables.words import find_flow

__all__ = ["BodyRow", "Layout", "Table", "find_tables"]

# a caption is what stands between two grids, but a whole page of prose is not
_CAPTION_LINES = 12
_PROSE_CHARACTERS = 300


def find_tables(document: Document) -> Layout:
    """Find the tables of a document, in reading order, with the lines around them."""
    tables: list[Table] = []
    lines: list[Line] = []
    for page in document.pages:
        tables.extend(_page_tables(page, lines))
    return Layout(tuple(stitch(tables)), tuple(lines))


def _page_tables(page: Page, lines: list[Line]) -> Iterable[Table]:
    """The tables of one page; its running text is added to ``lines``."""
    pending: list[Line] = []
    for block in page.flow or find_flow(page):
        if isinstance(block, Line):
            pending.append(block)
            lines.append(block)
            continue
        yield from _captioned(block, pending)
        pending = []


def _captioned(grid: Grid, lines: list[Line]) -> Iterable[Table]:
    """The tables of a grid; the first takes the lines above it as caption."""
    caption: list[str] = []
    for line in reversed(lines[-_CAPTION_LINES:]):
        if len(line.text) > _PROSE_CHARACTERS:
            break
        caption.insert(0, line.text)
    for table in grid_tables(grid):
        yield replace(table, caption=(*caption, *table.caption))
        caption = []

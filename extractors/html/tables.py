"""What a table of the markup is: a table of data becomes a grid, a table for layout dissolves into lines.

EDGAR pages set headings, lists and whole pages as tables. A table around other tables is layout where they stand;
its own rows of figures stay a table. A table of one column, or of bullets beside sentences, is running text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from extractors.html.grid import build_grid
from extractors.html.nodes import NO_TABLE, Block, CellNode, Content, Placed, Preformatted, RowNode, TableNode
from extractors.html.placed import placed_page
from extractors.html.rows import ShownRow, has_figures, shown_rows
from extractors.numbers import is_number
from extractors.page import Grid, HtmlPlace, Line, Page, Place, TextPlace
from schemas.filing import Finding

Flow = Line | Grid | Preformatted | Page

_BULLET = re.compile(
    r"(?:[\u2022\u2023\u25aa\u25ab\u25a0\u25a1\u25cf\u25cb\u25e6\u2043\u2219\u00b7\u2610-\u2612\u2713\u2714\uf0b7o*+-]"
    r"|\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\[\d{1,2}\]|\(\d{1,2}\)|[*\u2020\u2021]{1,3}|[A-Z]\.|(?i:item|note)\s\d{1,2}[A-Z]?\.?"
    r"|\d{1,2}(?:\.\d{1,2}){0,2}\.?)\Z"
)
# longer than any head or label: a sentence, so that two of them side by side are columns of prose
_PROSE = 240


class Layouter:
    """Content in, flow out; counts the lines outside tables and keeps what could not be read."""

    def __init__(self) -> None:
        self.lines = 0
        self.findings: list[Finding] = []

    def flow(self, content: Sequence[Content]) -> Iterator[Flow]:
        """Lines, grids and preformatted stretches in reading order; no recursion, however deep the nesting."""
        stack: list[Iterator[tuple[Content | Grid, Place | None]]] = [iter([(item, None) for item in content])]
        while stack:
            entry = next(stack[-1], None)
            if entry is None:
                stack.pop()
                continue
            item, place = entry
            if isinstance(item, TableNode):
                stack.append(self._table(item))
            elif isinstance(item, Placed):
                # numbered by whoever counts the pages
                yield placed_page(item.boxes, 1, self.lines + 1)
                self.lines += len(item.boxes)
            elif not isinstance(item, Block):
                yield item
            elif item.text:
                yield self._line(item, place)

    def _line(self, block: Block, place: Place | None) -> Line:
        return Line(
            block.text, place or self._counted(block.text), bold=block.bold, size=block.size, centred=block.centred
        )

    def _counted(self, text: str) -> TextPlace:
        """The place of a text outside tables, which has no cell to name: it counts the lines of running text."""
        self.lines += 1
        return TextPlace(line=self.lines, start=0, end=len(text))

    def _table(self, table: TableNode) -> Iterator[tuple[Content | Grid, Place | None]]:
        """What a table is made of: itself as a grid, or the content of its cells."""
        _inline_small_tables(table)
        for nested, group in groupby(table.rows, key=_holds_more):
            rows = list(group)
            if nested:
                yield from _dissolved(table.index, rows)
            else:
                yield from self._leaf(table.index, rows)

    def _leaf(self, index: int, rows: list[RowNode]) -> Iterator[tuple[Content | Grid, Place | None]]:
        shown = shown_rows(TableNode(index, rows))
        if is_running_text(shown):
            yield from _dissolved(index, rows) if _columns(shown) < 2 else _joined(index, shown)
            return
        grid = build_grid(index, shown)
        if grid is not None and index == NO_TABLE:
            grid = replace(grid, cells=tuple(replace(cell, place=self._counted(cell.text)) for cell in grid.cells))
        if grid is not None:
            yield grid, None
            return
        place = _place(index, shown[0].index, 0)
        message = "A table is wider than any page; its cells were read as running text."
        self.findings.append(Finding(code="table_too_wide", severity="error", message=message, place=place))
        yield from _joined(index, shown)


def _holds_more(row: RowNode) -> bool:
    """True when a table or a preformatted stretch stands in one of the row's cells."""
    return any(not isinstance(item, Block) for cell in row.cells for item in cell.content)


def _columns(rows: Sequence[ShownRow]) -> int:
    return max((len(row.filled) for row in rows), default=0)


def is_running_text(rows: Sequence[ShownRow]) -> bool:
    """True for what is set as a table but is none: one column, a list, a heading, columns of prose."""
    filled = [row for row in rows if row.filled]
    if not filled or _columns(filled) < 2:
        return True
    texts = [[cell.text for cell in row.filled] for row in filled]
    beside = [row[1:] if _BULLET.match(row[0]) else row for row in texts]
    figures = any(has_figures(row) for row in beside)
    if not figures and any(len(text) > _PROSE for row in texts for text in row):
        return True
    listed = sum(1 for row in texts if len(row) == 1 or _BULLET.match(row[0]))
    if not figures and listed == len(texts):
        return True
    # a heading in two cells, a running foot with its page number
    return len(filled) == 1 and (not figures or (len(texts[0]) == 2 and not _is_amount(texts[0])))


def _is_amount(texts: Sequence[str]) -> bool:
    """True when a label and a number that is more than a page number stand side by side."""
    number = next((text for text in texts if is_number(text)), "")
    return not re.fullmatch(r"\D?\s?\d{1,3}\s?\D?", number) and any(not is_number(text) for text in texts)


def _place(table: int, row: int, cell: int) -> HtmlPlace | None:
    return None if table == NO_TABLE else HtmlPlace(table=table, row=row, cell=cell)


def _dissolved(index: int, rows: Sequence[RowNode]) -> Iterator[tuple[Content, Place | None]]:
    """The content of the cells, in order."""
    for row in rows:
        for cell in row.cells:
            place = _place(index, row.index, cell.index)
            for item in cell.content:
                yield item, place


def _joined(index: int, rows: Sequence[ShownRow]) -> Iterator[tuple[Content, Place | None]]:
    """A line for each row."""
    for row in rows:
        filled = row.filled
        if filled:
            text = " ".join(cell.text for cell in filled)
            place = _place(index, row.index, filled[0].node.index)
            yield Block(text, filled[0].indent, all(cell.bold for cell in filled)), place


def _inline_small_tables(table: TableNode) -> None:
    """A table of one row in a cell (a ``$`` beside its number) is the text of that cell."""
    for row in table.rows:
        around = [cell for cell in row.cells if any(isinstance(item, TableNode) for item in cell.content)]
        if around and len(row.filled) > 1:
            for cell in around:
                cell.content[:] = [_inlined(item) for item in cell.content]


def _inlined(item: Content) -> Content:
    if not isinstance(item, TableNode):
        return item
    rows = [row for row in item.rows if row.filled]
    if len(rows) > 1 or any(not isinstance(part, Block) for row in rows for cell in row.cells for part in cell.content):
        return item
    cells: list[CellNode] = [cell for row in rows for cell in row.filled]
    if len(cells) > 4 or sum(len(cell.text) for cell in cells) > 60:
        return item
    return Block(" ".join(cell.text for cell in cells), bold=all(cell.blocks[0].bold for cell in cells))

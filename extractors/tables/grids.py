"""A grid becomes a table: captions, boxhead, stub and body are told apart.

The body starts at the first row with a figure. What stands above it in the columns is boxhead; a line above that
covers everything is caption; a line in the stub only, below the last head, is the body's first section label.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractors.numbers import COMMA_STYLE, plain, read_number
from extractors.page import Cell, Grid
from extractors.tables.columns import Span, covered, find_columns, place
from extractors.tables.joining import MARK, REMARK, YEAR, Item, as_printed, row_items
from extractors.tables.model import BodyRow, Table

_HEADISH = re.compile(
    r"(?i)\b(months?|weeks?|quarters?|years?|ended|ending|fiscal|as of|at|january|february|march|april|may|june|july"
    r"|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|unaudited|restated)\b"
)

# what is left of a leader behind a label: dots by the dozen, or the one there was room for
_LEADER = re.compile(r"\s*(?:\.\s?){3,}\s*\Z|\s+\.{1,2}\Z")

# these hand over cells as drawn; the finders that work on words set the stub in column 0
_UNSTUBBED = frozenset({"html", "camelot", "cells"})


@dataclass(frozen=True, slots=True)
class _Row:
    """A grid row as items; ``head`` when the reader flagged it so."""

    index: int
    items: tuple[Item, ...]
    head: bool


def grid_tables(grid: Grid) -> list[Table]:
    """The tables of a grid: one, or one per boxhead when further ones stand in the middle of it."""
    rows = _rows(grid)
    known = grid.source not in _UNSTUBBED
    tables = [_table(panel, grid, known) for panel in _panels(rows, known)]
    return [table for table in tables if table is not None]


def _rows(grid: Grid) -> list[_Row]:
    by_row: dict[int, list[Cell]] = {}
    for cell in grid.cells:
        by_row.setdefault(cell.row, []).append(cell)
    rows = []
    for index in sorted(by_row):
        items = tuple(row_items(by_row[index]))
        if items:
            rows.append(_Row(index, items, all(item.cell.head for item in items)))
    return rows


def _stub_end(rows: Sequence[_Row], known: bool = False) -> int:
    """The grid column where the stub ends: before it nothing but labels stands (column 0 where the reader knows).

    The first item of a row is its label unless it is a figure; a leftmost column of bare numbers (years, item
    numbers) is a stub as long as most rows go on with figures.
    """
    if known:
        return 1
    body = [row for row in rows if _is_body(row)]
    if not body:
        return min((row.items[0].end for row in rows), default=1)
    leftmost = min(item.start for row in rows for item in row.items)
    firsts = [row.items[0] for row in body if row.items[0].start == leftmost]
    clear = sum(_clear_figure(item) for item in firsts)
    if len(firsts) * 2 >= len(body) and clear * 2 > len(firsts):
        return leftmost
    starts = [item.start for row in body for item in row.items[1:] if item.figure]
    starts += [row.items[0].start for row in body if row.items[0].start > leftmost and row.items[0].figure]
    return _before_notes(body, min(starts, default=leftmost + 1))


def _before_notes(body: Sequence[_Row], first_figure: int) -> int:
    """The stub's end, before a column of notes or words that stands between the labels and the figures."""
    between = Counter(
        item.start for row in body for item in row.items[1:] if row.items[0].start < item.start < first_figure
    )
    enough = [start for start, count in between.items() if count >= 2 and count * 6 >= len(body)]
    return min(enough, default=first_figure)


def _clear_figure(item: Item) -> bool:
    number = read_number(item.text) or read_number(item.text, COMMA_STYLE)
    return number is not None and (number.grouped or number.decimals > 0 or number.currency is not None)


def _is_body(row: _Row) -> bool:
    """True when the row holds a figure that no head would hold."""
    return not row.head and any(item.figure for item in row.items[_label_count(row) :])


def _label_count(row: _Row) -> int:
    """1 when the row starts with a label (anything that another item follows), else 0."""
    return 1 if len(row.items) > 1 or not row.items[0].figure else 0


def _is_head(row: _Row, stub_end: int) -> bool:
    """True when the row has nothing but heads in its columns: years, dates, words of time."""
    values = [item for item in row.items if item.end > stub_end and item.start >= stub_end]
    if row.head:
        return True
    if not values or any(item.figure for item in values):
        return False
    label = " ".join(item.text for item in row.items if item.start < stub_end)
    heads = [v for v in values if YEAR.match(plain(v.text)) or _HEADISH.search(v.text)]
    return len(heads) == len(values) and (not label or bool(_HEADISH.search(label)) or label.strip().startswith("("))


def _panels(rows: list[_Row], known: bool) -> list[list[_Row]]:
    """Cut where a second boxhead stands between body rows."""
    stub_end = _stub_end(rows, known)
    panels: list[list[_Row]] = [[]]
    seen_body = False
    for row in rows:
        if seen_body and _is_head(row, stub_end):
            # the section labels directly above a second boxhead are its captions
            tail: list[_Row] = []
            while panels[-1] and len(panels[-1][-1].items) == 1 and not _is_body(panels[-1][-1]):
                tail.insert(0, panels[-1].pop())
            panels.append(tail)
            seen_body = False
        panels[-1].append(row)
        seen_body = seen_body or _is_body(row)
    return [panel for panel in panels if panel]


def _first_body(rows: Sequence[_Row], stub_end: int) -> int:
    """The index of the first body row; section labels directly above it belong to the body."""
    first = next((i for i, row in enumerate(rows) if _is_body(row)), None)
    if first is None:
        return next((i for i, row in enumerate(rows) if not row.head), len(rows)) if any(r.head for r in rows) else 0
    while first > 0:
        row = rows[first - 1]
        stub_only = all(item.start < stub_end for item in row.items) and len(row.items) == 1
        if row.head or not stub_only or _HEADISH.search(row.items[0].text) or row.items[0].text.startswith("("):
            break
        first -= 1
    return first


def _table(rows: list[_Row], grid: Grid, known: bool) -> Table | None:
    stub_end = _stub_end(rows, known)
    # the tags of a schedule are labels, with or without a figure
    first = 0 if grid.source == "schedule" else _first_body(rows, stub_end)
    body = rows[first:]
    if not body:
        return None
    label_rows = [_split(row, stub_end) for row in body]
    spans = find_columns([values for _, values in label_rows if values])
    spans, label_rows = _without_marks(spans, label_rows, rows[:first])
    above, section = _section_beside(rows[:first], label_rows, stub_end)
    label_rows = [(section, []), *label_rows] if section else label_rows
    caption, stub_heads, heads = _boxhead(above, spans, (_labels_end(label_rows, stub_end), stub_end), grid)
    body_rows = tuple(_body_row(labels, values, spans) for labels, values in label_rows)
    return Table(
        caption=caption,
        stub_heads=stub_heads,
        heads=heads,
        rows=body_rows,
        pages=(grid.page,) if grid.page else (),
        source=grid.source,
    )


def _split(row: _Row, stub_end: int) -> tuple[list[Item], list[Item]]:
    """The label items and the value items of a body row."""
    labels = [item for item in row.items if item.start < stub_end]
    return labels, [item for item in row.items if item.start >= stub_end]


def _section_beside(
    above: list[_Row], body: Sequence[tuple[list[Item], list[Item]]], stub_end: int
) -> tuple[list[_Row], list[Item]]:
    """The rows above the body without the label of a section that stands beside the last heads, and that label."""
    stub = [item for item in above[-1].items if item.end <= stub_end] if above else []
    said = plain(stub[0].text) if len(stub) == 1 else ""
    if not re.search(r"[A-Za-z]{2}", said) or said.startswith("(") or REMARK.match(said) or _HEADISH.search(said):
        return above, []
    sisters = [plain(labels[0].text) for labels, values in body if labels and not values]
    colons = said.endswith(":") and (" " in said or any(label.endswith(":") for label in sisters))
    # capitals mean nothing where all labels are set in them
    small = [labels[0].text for labels, values in body if labels and values and not plain(labels[0].text).isupper()]
    capitals = (
        said.isupper() and any(label.isupper() for label in sisters) and len(small) * 2 > len(body) - len(sisters)
    )
    if not colons and not capitals:
        return above, []
    rest = tuple(item for item in above[-1].items if item not in stub)
    return [*above[:-1], *([replace(above[-1], items=rest)] if rest else [])], stub


def _without_marks(
    spans: list[Span], rows: list[tuple[list[Item], list[Item]]], above: Sequence[_Row]
) -> tuple[list[Span], list[tuple[list[Item], list[Item]]]]:
    """Join columns of nothing but footnote marks to the figures on their left."""
    standing: dict[int, list[Item]] = {}
    for _, values in rows:
        for i, items in place(values, spans).items() if spans else ():
            standing.setdefault(i, []).extend(items)
    marks = []
    for i, span in enumerate(spans):
        here = standing.get(i, [])
        headed = any(
            span.overlap(item.start, item.end) and item.end - item.start == 1 for r in above for item in r.items
        )
        if i and here and not headed and all(MARK.match(plain(item.text)) for item in here):
            marks.append(i)
    if not marks:
        return spans, rows
    joined = []
    for labels, values in rows:
        kept: list[Item] = []
        for item in values:
            if kept and next(iter(place([item], spans))) in marks:
                left = kept[-1]
                cell = replace(left.cell, text=f"{left.text} {item.text}")
                kept[-1] = Item(cell, left.start, left.end)
            else:
                kept.append(item)
        joined.append((labels, kept))
    return [span for i, span in enumerate(spans) if i not in marks], joined


def _labels_end(rows: Sequence[tuple[list[Item], list[Item]]], stub_end: int) -> int:
    """The grid column where most labels end."""
    found = Counter(min(labels[0].end, stub_end) for labels, values in rows if labels and values)
    return found.most_common(1)[0][0] if found else stub_end


def _boxhead(
    rows: Sequence[_Row], spans: Sequence[Span], ends: tuple[int, int], grid: Grid
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Captions (lines over the whole width), heads of the stub and heads of each column, top down.

    ``ends``: where the labels end, and where the columns begin: a spanner may begin between the two.
    """
    labels_end, stub_end = ends
    caption: list[str] = []
    stub_heads: list[str] = []
    heads: list[list[str]] = [[] for _ in spans]
    for row in rows:
        values = [item for item in row.items if item.end > stub_end]
        wide = len(row.items) == 1 and row.items[0].start < labels_end and row.items[0].end > stub_end
        if wide and (row.items[0].end - row.items[0].start) * 2 > grid.columns and not any(heads):
            caption.append(as_printed(row.items[0].text))
            continue
        if _is_remark(values, spans):
            # the stub may have a head on this line
            caption.append(as_printed(values[0].text))
            values = []
        for item in row.items:
            if item.end <= stub_end:
                stub_heads.append(as_printed(item.text))
            for i in covered(item, spans) if item in values else ():
                if item.start >= stub_end or item.end > spans[i].start:
                    heads[i].append(as_printed(item.text))
    return tuple(caption), tuple(stub_heads), tuple(tuple(h) for h in heads)


def _is_remark(values: Sequence[Item], spans: Sequence[Span]) -> bool:
    """True for "(in millions)" over all columns, once or over groups of them: a headnote, no head of each."""
    said = {plain(item.text) for item in values}
    over = [covered(item, spans) for item in values]
    if len(said) != 1 or not REMARK.match(said.pop()) or min(map(len, over)) < 2:
        return False
    return sorted(i for found in over for i in found) == list(range(len(spans)))


def _body_row(labels: Sequence[Item], values: Sequence[Item], spans: Sequence[Span]) -> BodyRow:
    cells: list[Cell | None] = [None] * len(spans)
    overflow: list[Item] = []
    for i, items in place(values, spans).items() if spans else ():
        ordered = sorted(items, key=lambda item: not item.numeric)
        cells[i] = ordered[0].cell
        overflow += ordered[1:]
    for item in overflow:
        _settle(item, cells, spans)
    label = " ".join(as_printed(item.text) for item in labels)
    first = labels[0] if labels else None
    return BodyRow(
        label=_LEADER.sub("", label),
        indent=(first.cell.indent + first.start) if first else 0.0,
        cells=tuple(cells),
        place=first.cell.place if first else None,
        ruled=any(cell.ruled for cell in cells if cell),
        bold=bool(first and first.cell.bold),
    )


def _settle(item: Item, cells: list[Cell | None], spans: Sequence[Span]) -> None:
    """Put the second item of a column into the nearest free column, or join it to the text that stands there."""
    free = [i for i, cell in enumerate(cells) if cell is None]
    near = [i for i in free if spans[i].overlap(item.start - 1, item.end + 1)]
    if near:
        cells[near[0]] = item.cell
        return
    i = next(iter(place([item], spans)))
    there = cells[i]
    if there is not None:
        cells[i] = replace(there, text=f"{there.text} {item.text}")

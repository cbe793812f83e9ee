"""Text whose columns an OCR engine collapsed to single blanks becomes lines and grids.

Nothing tells a column but the order of the figures: a block of rows has as many columns as its heads and most of its
rows say, and each row is split from the right. Where a row has fewer figures, nothing says which are missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from extractors.page import Cell, Grid, Line
from extractors.text.blocks import Block, find_blocks
from extractors.text.decode import SourceLine
from extractors.text.heads import HeadItem, HeadLine
from extractors.text.rows import Row, TextLine, join_wrapped, text_lines
from extractors.text.tokens import Piece, split_row
from extractors.text.torn import rejoin
from schemas.filing import Finding

_NOTE = re.compile(r"(?:\(?[A-Z]\)?|\(?\d{1,2}\)?)\Z")
_PARENTHESES = re.compile(r"\(\s?[\d.,]+\s?\)")
_MINUS = re.compile(r"(?:^|\s)\$?-\$?\d")
_DATE_AND_YEARS = re.compile(r"(?i)(.*\D)((?:19|20)\d\d)\Z")
# a level of indentation is two or three blanks
_BLANKS_PER_LEVEL = 2.5
# fewer figures than columns: which column is empty nobody can say
_UNPLACED = 0.5


def read_collapsed(lines: Sequence[SourceLine]) -> tuple[list[Line | Grid], list[Finding]]:
    """The lines and grids of a stretch in reading order, and what could not be put together."""
    printed = text_lines(lines)
    flow: list[Line | Grid] = []
    findings: list[Finding] = []
    position = 0
    parentheses = _in_parentheses(printed)
    for block in find_blocks(printed):
        top = min((*block.heads, block.start))
        flow += [_line(line) for line in printed[position:top]]
        # what stands between the heads or between them and the body (a page number) is kept beside them
        apart = [i for i in range(top, block.start) if i not in block.heads]
        flow += [_line(printed[i]) for i in apart]
        grid, lines_after, noted = _grid(printed, block, parentheses)
        flow += [grid, *lines_after]
        findings += noted
        position = block.end
    flow += [_line(line) for line in printed[position:]]
    return flow, findings


def _line(line: TextLine) -> Line:
    return Line(line.text, line.source.place())


def _grid(printed: Sequence[TextLine], block: Block, parentheses: bool) -> tuple[Grid, list[Line], list[Finding]]:
    body = printed[block.start : block.end]
    heads = [printed[i] for i in block.heads]
    notes = any(line.head and line.head.notes for line in heads)
    rows = [_row(line, block.count, notes, parentheses) for line in body if not _aside(line)]
    rows, strays, findings = rejoin(rows)
    rows = join_wrapped(rows)
    base = 2 if notes else 1
    cells: list[Cell] = []
    count = 0
    for line in heads:
        if line.head is not None:
            for items in _head_rows(line.head, block.count):
                cells += _head_cells(items, line, count, base)
                count += 1
    for number, row in enumerate(rows, count):
        cells += _row_cells(row, number, base)
    grid = Grid(count + len(rows), base + block.count, tuple(cells), source="collapsed")
    after = [_line(line) for line in body if _aside(line)]
    after += [Line(row.label, row.line.place()) for row in strays]
    return grid, after, findings


def _aside(line: TextLine) -> bool:
    """A page number, not a row: its figure stands alone and no label was torn from it."""
    return line.numbered and line.count <= 1


def _in_parentheses(lines: Sequence[TextLine]) -> bool:
    """True when negative values are shown in parentheses."""
    shown = sum(len(_PARENTHESES.findall(line.text)) for line in lines)
    return shown > sum(len(_MINUS.findall(line.text)) for line in lines)


def _row(line: TextLine, count: int, notes: bool, parentheses: bool) -> Row:
    text = line.source.text
    start = len(text) - len(text.lstrip())
    if not line.count or (count > 1 and line.dangling):
        end = len(text.rstrip())
        return Row(line.source, text[start:end], start, end, line.source)
    split = split_row(line.tokens, count, parentheses)
    pieces: tuple[Piece, ...]
    if split is not None:
        pieces = split.pieces
    else:
        fewer = (split_row(line.tokens, k, parentheses) for k in range(count - 1, 0, -1))
        split = next((found for found in fewer if found is not None), None)
        pieces = (
            tuple(replace(piece, confidence=min(piece.confidence, _UNPLACED)) for piece in split.pieces)
            if split
            else ()
        )
    end = split.label_end if split else len(text)
    label = text[start:end].rstrip()
    note = None
    last = re.search(r"\S+\Z", label)
    if notes and pieces and last and last.start() and _NOTE.match(last[0]):
        note = Piece(last[0], start + last.start(), start + last.end())
        label = label[: last.start()].rstrip()
    return Row(line.source, label, start, start + len(label), line.source, pieces, note)


def _row_cells(row: Row, number: int, base: int) -> Iterator[Cell]:
    if row.label:
        indent = round(_indent(row) / _BLANKS_PER_LEVEL, 1)
        yield Cell(row.label, number, 0, row.line.place(row.label_start, row.label_end), indent=indent)
    if row.note:
        yield Cell(row.note.text, number, 1, row.figures.place(row.note.start, row.note.end))
    for column, piece in enumerate(row.pieces, base):
        place = row.figures.place(piece.start, piece.end)
        yield Cell(piece.text, number, column, place, confidence=piece.confidence, rivals=piece.rivals)


def _indent(row: Row) -> int:
    text = row.line.text.expandtabs(8)
    return len(text) - len(text.lstrip())


def _head_rows(head: HeadLine, count: int) -> list[list[tuple[HeadItem, int, int]]]:
    """The head rows that a line says, as (item, first column, span); columns counted from the first figure."""
    items = list(head.items)
    first = _DATE_AND_YEARS.match(items[0].text) if head.dated and len(items) == count > 1 else None
    if first and all(re.fullmatch(r"\d{4}", item.text) for item in items[1:]) and re.search("[a-z]", first[1]):
        # "Year ended December 31, 2011 2010": the date stands over all years
        cut = items[0].end - 4
        spanner = HeadItem(first[1].strip(), items[0].start, cut)
        items[0] = HeadItem(first[2], cut, items[0].end)
        return [[(spanner, 0, count)], [(item, i, 1) for i, item in enumerate(items)]]
    if len(items) != count and not head.dated:
        items = _without_connectives(items)
    if count % len(items) == 0:
        span = count // len(items)
        return [[(item, i * span, span) for i, item in enumerate(items)]]
    whole = HeadItem(" ".join(item.text for item in items), items[0].start, items[-1].end)
    return [[(whole, 0, count)]]


def _without_connectives(items: Sequence[HeadItem]) -> list[HeadItem]:
    """Words that join two heads ("Low to High") go with the head before them."""
    joined: list[HeadItem] = []
    for item in items:
        if joined and item.text.lower() in {"to", "and", "or", "vs", "vs.", "of", "-"}:
            joined[-1] = HeadItem(f"{joined[-1].text} {item.text}", joined[-1].start, item.end)
        else:
            joined.append(item)
    return joined


def _head_cells(items: Sequence[tuple[HeadItem, int, int]], line: TextLine, row: int, base: int) -> Iterator[Cell]:
    notes = line.head.notes if line.head else None
    if notes and base > 1:
        yield Cell(notes.text, row, 1, line.source.place(notes.start, notes.end), head=True)
    for item, column, span in items:
        place = line.source.place(item.start, item.end)
        yield Cell(item.text, row, base + column, place, column_span=span, head=True)

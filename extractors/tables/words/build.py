"""Rows, heads and columns become the cells of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from extractors.page import Cell, Grid, PagePlace, Place, Reading, Rule, TextPlace, Word
from extractors.tables.joining import REMARK
from extractors.tables.words.frame import Frame
from extractors.tables.words.heads import Head
from extractors.tables.words.labels import Row, joined_label
from extractors.tables.words.lines import Token, spoken

# in ems: nobody indents a label that far
_CENTRED = 12.0


def build_grid(frame: Frame, rules: Sequence[Rule], page: int) -> Grid:
    """The grid of a table: heads first, then the rows; the stub is column 0."""
    cells: list[Cell] = []
    for index, line in enumerate(frame.heads):
        _stack(cells, _head_cells(line, index), rules)
    left = min((row.labels[0][0].left for row in frame.rows if row.labels), default=0.0)
    for index, row in enumerate(frame.rows, start=len(frame.heads)):
        cells += _row_cells(row, index, left, rules)
    return Grid(
        rows=len(frame.heads) + len(frame.rows),
        columns=len(frame.body.columns) + 1,
        cells=tuple(cells),
        page=page,
        source="words",
        box=_box(frame),
    )


def _box(frame: Frame) -> tuple[float, float, float, float]:
    tokens = [head.token for line in frame.heads for head in line]
    tokens += [token for row in frame.rows for line in row.labels for token in line]
    tokens += [token for row in frame.rows for found in row.cells.values() for token in found]
    left, right = min(t.left for t in tokens), max(t.right for t in tokens)
    return left, min(t.top for t in tokens), right, max(t.bottom for t in tokens)


def _head_cells(line: Sequence[Head], index: int) -> list[Cell]:
    """The cells of a line of heads; heads that fell on one place are one cell."""
    spans: dict[int, tuple[int, list[Word]]] = {}
    for head in line:
        column = head.first + 1
        last, words = spans.setdefault(column, (head.last + 1, []))
        words += head.token.words
        spans[column] = (max(last, head.last + 1), words)
    return [
        Cell(
            text=spoken(words),
            row=index,
            column=column,
            column_span=last - column + 1,
            place=union(words),
            head=True,
            bold=_bold(words),
            confidence=min(word.confidence for word in words),
        )
        for column, (last, words) in sorted(spans.items())
    ]


def _stack(cells: list[Cell], below: Sequence[Cell], rules: Sequence[Rule]) -> None:
    """Add a line of heads; one that goes on with the head directly above it ("June 30," and "2023") joins that."""
    for cell in below:
        above = next((i for i, c in enumerate(cells) if _over(c, cell)), None)
        if above is None or not _reads_on(cells[above], cell, rules):
            cells.append(cell)
            continue
        upper = cells[above]
        cells[above] = replace(
            upper,
            text=f"{upper.text} {cell.text}",
            row_span=cell.row - upper.row + 1,
            place=joined_place([upper.place, cell.place]),
            confidence=min(upper.confidence, cell.confidence),
        )


def _over(upper: Cell, cell: Cell) -> bool:
    same = (upper.column, upper.column_span) == (cell.column, cell.column_span)
    return same and upper.row + upper.row_span == cell.row


def _reads_on(upper: Cell, cell: Cell, rules: Sequence[Rule]) -> bool:
    """True when no rule is drawn between two heads and neither is a remark of its own."""
    if (cell.column_span > 1 and REMARK.match(cell.text)) or (not cell.column and REMARK.match(upper.text)):
        return False
    if not isinstance(upper.place, PagePlace) or not isinstance(cell.place, PagePlace):
        return not upper.text.rstrip().endswith(")")
    left, _, right, above = upper.place.bbox
    below = cell.place.bbox[1] + 0.4 * (cell.place.bbox[3] - cell.place.bbox[1])
    middle = above - 0.3 * (above - upper.place.bbox[1])
    return not any(r.horizontal and middle < r.top < below and r.left < right and r.right > left for r in rules)


def _row_cells(row: Row, index: int, left: float, rules: Sequence[Rule]) -> list[Cell]:
    cells = []
    if row.labels:
        words = [word for line in row.labels for token in line for word in token.words]
        em = max(words[0].size or words[0].bottom - words[0].top, 1.0)
        cells.append(
            Cell(
                text=joined_label(row.labels),
                row=index,
                column=0,
                place=union(words),
                indent=_indent(row, left, em),
                bold=_bold(words),
                confidence=min(word.confidence for word in words),
            )
        )
    for column, tokens in sorted(row.cells.items()):
        cells.append(_value_cell(tokens, index, column + 1, rules))
    return cells


def _indent(row: Row, left: float, em: float) -> float:
    """How far a label is set in, in ems; a section set in the middle of the page is not set in."""
    indent = max(0.0, row.labels[0][0].left - left) / em
    return 0.0 if not row.cells and indent > _CENTRED else round(indent, 2)


def _value_cell(tokens: Sequence[Token], index: int, column: int, rules: Sequence[Rule]) -> Cell:
    words = [word for token in tokens for word in token.words]
    numeric = max(words, key=lambda word: sum(c.isdigit() for c in word.text))
    return Cell(
        text=printed(words),
        row=index,
        column=column,
        place=union(words),
        bold=_bold(words),
        ruled=_ruled(rules, words),
        confidence=min(word.confidence for word in words),
        rivals=_rivals(words, numeric),
    )


def printed(words: Sequence[Word]) -> str:
    """The words of a figure as printed: parentheses and per cent signs hug the number."""
    text = ""
    for word in words:
        hugs = not text or text.endswith("(") or word.text[0] in ")%]¹²³⁰⁴⁵⁶⁷⁸⁹"
        text += word.text if hugs else f" {word.text}"
    return text


def _rivals(words: Sequence[Word], numeric: Word) -> tuple[Reading, ...]:
    """The rivals of the word with the digits, with the signs around it."""
    if not numeric.rivals:
        return ()
    at = next(i for i, word in enumerate(words) if word is numeric)
    found = []
    for rival in numeric.rivals:
        before, after = printed(words[:at]), printed(words[at + 1 :])
        gap = "" if not before or before.endswith("(") else " "
        tight = "" if not after or after[0] in ")%]" else " "
        found.append(Reading(f"{before}{gap}{rival.text}{tight}{after}".strip(), rival.probability))
    return tuple(found)


def _ruled(rules: Sequence[Rule], words: Sequence[Word]) -> bool:
    """True when a horizontal rule is drawn directly above the words."""
    top, height = min(w.top for w in words), max(w.bottom - w.top for w in words)
    left, right = min(w.left for w in words), max(w.right for w in words)
    near = (rule for rule in rules if -0.55 * height < top - rule.bottom < 0.35 * height and rule.horizontal)
    return any(min(rule.right, right) - max(rule.left, left) > 0.5 * (right - left) for rule in near)


def _bold(words: Sequence[Word]) -> bool:
    return sum(word.bold for word in words) * 2 > len(words)


def union(words: Sequence[Word]) -> Place:
    """The place of several words: the box around them, or their stretch of a line of text."""
    return joined_place([word.place for word in words])


def joined_place(places: Sequence[Place]) -> Place:
    """The box around several places, or their stretch of the first line of text."""
    boxes = [place for place in places if isinstance(place, PagePlace)]
    if boxes:
        return PagePlace(
            page=boxes[0].page,
            bbox=(
                min(p.bbox[0] for p in boxes),
                min(p.bbox[1] for p in boxes),
                max(p.bbox[2] for p in boxes),
                max(p.bbox[3] for p in boxes),
            ),
        )
    lines = [place for place in places if isinstance(place, TextPlace)]
    if not lines:
        return places[0]
    first = min(place.line for place in lines)
    on_first = [place for place in lines if place.line == first]
    return TextPlace(line=first, start=min(p.start for p in on_first), end=max(p.end for p in on_first))

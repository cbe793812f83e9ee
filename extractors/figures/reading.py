"""Cells become figures where a column holds numbers, texts elsewhere; nothing printed is dropped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from extractors.figures.ghosts import find_ghosts, may_be_misread
from extractors.figures.model import Body, ReadFigure
from extractors.misspelt import vocabulary
from extractors.numbers import Flaw, Style, is_open, plain, read_number, style_of
from extractors.page import Cell
from extractors.tables import BodyRow, Table
from schemas.filing import ColumnKind, Finding, Text

_NOTE_HEAD = re.compile(r"(?i)\W*(?:notes?|refs?\.?|reference|footnotes?|schedule|sch)(?:\s?(?:nos?|number)\b)?\W*\Z")
_ONE_NOTE = r"\(?(?:[A-Za-z]|\d{1,2}(?:\.\d{1,2}){0,2}[A-Za-z]?)\)?(?:\s?\((?:[a-z]|[ivx]{1,4}|\d{1,2})\))*"
_NOTE = re.compile(rf"{_ONE_NOTE}(?:\s?(?:[,&;/]|and)\s?{_ONE_NOTE})*\Z")
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
# the name of a form: "10-Q", "S-1"
_CODE = re.compile(r"(?:[A-Z]{1,2}-\d{1,2}|\d{1,2}-[A-Z]{1,2})\Z")
# so many rows of figures to one in a column
_SPARSE = 8
# so many notes to a word among them
_AMONG_NOTES = 2
_DATE = re.compile(
    r"(?i)\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}\Z"
    r"|(?:\d{1,2}\s)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?(?:\s\d{1,2})?(?:,?\s\d{2,4})?\Z"
)
_RANGE = re.compile(r"[$(]*\d[\d,.]*%?\)?\s?(?:-|to|\N{EN DASH})\s?\$?\d[\d,.]*\)?\s?[%x]?(?:\s\w+)?\Z")
_WORDS = re.compile(r"[A-Za-z]{2,}")


def read_figures(tables: Sequence[Table]) -> list[Body]:
    """The figures and texts of each table; ids count tables from 1, rows and columns from 0."""
    style = style_of(cell.text for table in tables for row in table.rows for cell in row.cells if cell)
    bodies = [_body(f"t{number}", table, style) for number, table in enumerate(tables, 1)]
    bodies = [_lonely(_amounts(body)) for body in bodies]
    bodies = _opened(bodies) if style.guessed else bodies
    doubted = {body.id for body in bodies if may_be_misread(body.figures)}
    if not doubted:
        return bodies
    words = vocabulary(row.label for table in tables for row in table.rows)
    pairs = zip(tables, bodies, strict=True)
    return [_with_ghosts(table, body, words) if body.id in doubted else body for table, body in pairs]


def _lonely(body: Body) -> Body:
    """The body with the figures of a scan marked that stand nearly alone in their column, in a table of many rows."""
    columns = Counter(figure.column for figure in body.figures)
    rows = len({figure.row for figure in body.figures})
    sparse = {column for column, count in columns.items() if count * _SPARSE <= rows}
    if not sparse:
        return body
    return replace(
        body,
        figures=tuple(replace(f, open=True) if f.column in sparse and f.confidence < 1.0 else f for f in body.figures),
    )


def _opened(bodies: list[Body]) -> list[Body]:
    """The bodies with the figures marked whose scale nothing decides (sums hold in both), and one finding for all."""
    marked = [
        replace(b, figures=tuple(replace(f, open=True) if is_open(f.raw, b.style) else f for f in b.figures))
        for b in bodies
    ]
    doubtful = [figure for body in marked for figure in body.figures if figure.open]
    if not doubtful:
        return marked
    first = doubtful[0]
    read = "thousands" if first.number.grouped else "decimals"
    message = (
        f"Nothing decides whether the point of {first.raw!r} parts thousands or decimals; it was taken for {read} "
        f"in all {len(doubtful)} figures of this form."
    )
    finding = Finding(code="guessed_style", severity="warning", message=message, text=first.raw, place=first.place)
    at = next(i for i, body in enumerate(marked) if first in body.figures)
    marked[at] = replace(marked[at], findings=(finding, *marked[at].findings))
    return marked


def _amounts(body: Body) -> Body:
    """The body with percent signs taken for misread digits where neither row nor column has another one."""
    percents = [figure for figure in body.figures if figure.number.percent]
    rows, columns = Counter(f.row for f in percents), Counter(f.column for f in percents)
    beside, below = Counter(f.row for f in body.figures), Counter(f.column for f in body.figures)
    odd = {
        f.id
        for f in percents
        if f.confidence < 1.0
        and rows[f.row] == columns[f.column] == 1
        and min(beside[f.row], below[f.column]) > 1
        and any(
            number is not None and not number.percent for r in f.rivals if (number := read_number(r.text, body.style))
        )
    }
    return replace(body, figures=tuple(_amount(f) if f.id in odd else f for f in body.figures)) if odd else body


def _amount(figure: ReadFigure) -> ReadFigure:
    flaws: tuple[Flaw, ...] = (*figure.number.flaws, "stray_mark")
    return replace(figure, number=replace(figure.number, percent=False, flaws=tuple(dict.fromkeys(flaws))))


def _with_ghosts(table: Table, body: Body, words: Counter[str]) -> Body:
    rows: dict[int, list[ReadFigure]] = {}
    for figure in body.figures:
        rows.setdefault(figure.row, []).append(figure)
    ghosts = find_ghosts(table.rows, rows, words)
    if not ghosts:
        return body
    return replace(body, figures=tuple(replace(f, ghost=True) if f.row in ghosts else f for f in body.figures))


def _body(name: str, table: Table, style: Style) -> Body:
    kinds = tuple(_column_kind(table, column, style) for column in range(len(table.heads)))
    twins = _twins(table, kinds)
    figures: list[ReadFigure] = []
    texts: list[Text] = []
    findings: list[Finding] = []
    for row, column, cell in _cells(table):
        figure = _figure(f"{name}.r{row}.c{column}", row, column, cell, style) if kinds[column] == "value" else None
        if figure is not None:
            figure = _in_its_row(figure, table.rows[row])
            figures.append(replace(figure, twin=True) if column in twins else figure)
            continue
        texts.append(Text(row=row, column=column, text=cell.text, place=cell.place))
        if kinds[column] == "value" and _garbled(cell.text):
            findings.append(
                Finding(
                    code="unassigned_number",
                    severity="warning",
                    message=f"The cell reads {cell.text!r}, which is no number and no text that a value column holds.",
                    text=cell.text,
                    place=cell.place,
                )
            )
    return Body(name, kinds, tuple(figures), tuple(texts), style, tuple(findings))


def _twins(table: Table, kinds: Sequence[ColumnKind]) -> frozenset[int]:
    """The value columns beside another with the same heads: nobody prints two of one name next to each other."""
    found = [
        column
        for column in range(1, len(kinds))
        if kinds[column - 1] == kinds[column] == "value"
        and table.heads[column]
        and table.heads[column] == table.heads[column - 1]
    ]
    return frozenset(found) | {column - 1 for column in found}


def _figure(figure_id: str, row: int, column: int, cell: Cell, style: Style) -> ReadFigure | None:
    """The cell as a figure; where the print is no number, the reader's likeliest rival that is one speaks for it."""
    number = read_number(cell.text, style)
    if number is not None:
        return ReadFigure(figure_id, row, column, cell.text, number, cell.place, cell.confidence, cell.rivals)
    for rival in sorted(cell.rivals, key=lambda reading: -reading.probability):
        number = read_number(rival.text, style)
        if number is not None:
            confidence = min(cell.confidence, rival.probability)
            return ReadFigure(figure_id, row, column, cell.text, number, cell.place, confidence, cell.rivals)
    return None


def _in_its_row(figure: ReadFigure, row: BodyRow) -> ReadFigure:
    """The figure, with what its row says of where it belongs."""
    alone = sum(cell is not None for cell in row.cells) == 1
    return figure if row.label and not alone else replace(figure, labelled=bool(row.label), alone=alone)


def _cells(table: Table) -> Iterator[tuple[int, int, Cell]]:
    for row, body_row in enumerate(table.rows):
        for column, cell in enumerate(body_row.cells):
            if cell is not None:
                yield row, column, cell


def _column_kind(table: Table, column: int, style: Style) -> ColumnKind:
    """What a column holds; numbers make it a value column unless they are notes, years or dates."""
    cells = [row.cells[column] for row in table.rows]
    texts = [plain(cell.text) for cell in cells if cell is not None]
    notes = [text for text in texts if _NOTE.match(text)]
    if len(notes) == len(texts) > 0 and all(re.search("[A-Za-z]", text) for text in texts):
        return "note"
    # a stamp or a remark among notes has words and no numbers
    if notes and _heads_notes(table.heads[column], notes) and not _numbers_besides(texts, notes):
        return "note"
    figures = [text for text in texts if read_number(text, style) is not None]
    if not figures or all(_YEAR.match(text) for text in figures):
        return "text"
    if sum(bool(_CODE.match(text)) for text in texts) > len(figures):
        return "text"
    worded = sum(1 for text in texts if _WORDS.search(text) and read_number(text, style) is None)
    return "value" if len(figures) * 3 >= worded else "text"


def _numbers_besides(texts: Sequence[str], notes: Sequence[str]) -> bool:
    """True where what is no note has numbers, or is more than a word or two among many notes."""
    others = [text for text in texts if text not in notes]
    return len(others) * _AMONG_NOTES > len(notes) or any(re.search(r"\d", text) for text in others)


def _heads_notes(heads: Sequence[str], texts: Sequence[str]) -> bool:
    """True under "Note" or "Schedule No."; "Senior notes" head figures, and notes with points need all the heads."""
    said = " ".join(heads) if any("." in text for text in texts) else heads[-1] if heads else ""
    return bool(_NOTE_HEAD.match(said))


def _garbled(text: str) -> bool:
    """True when a text of a value column holds digits that are neither a date, a year, a range nor part of words."""
    text = plain(text)
    if not re.search(r"\d", text) or _DATE.match(text) or _RANGE.match(text) or _YEAR.match(text):
        return False
    return not _WORDS.search(text)

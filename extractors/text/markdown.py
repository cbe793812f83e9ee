"""Rows that a converter parted by tabs or bars become grids; what it ran together, tore or dreamt is told apart.

Nothing is invented: figures that no label can be given to stay without one, rows that only repeat their neighbours
are findings, and what is doubtful carries a low confidence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractors.misspelt import vocabulary
from extractors.numbers import shows_damage
from extractors.page import Cell, Grid, Line
from extractors.text.decode import SourceLine
from extractors.text.dialect import has_markup
from extractors.text.echoes import echoes_apart, with_echoes
from extractors.text.footed import part_by_sums
from extractors.text.ghosts import relabelled, untold, with_doubts, without_ghosts
from extractors.text.markup import bare
from extractors.text.merged import Record, part_rows, sections_apart
from extractors.text.noughts import prints_dashes, with_noughts
from extractors.text.segments import Head, Segment, find_segments
from extractors.text.squared import Square, find_squares
from extractors.text.tokens import Piece
from schemas.filing import Finding

_HEADING = re.compile(r"\s*(?:#{1,6}\s*|[-*+\u00b7]\s+(?=\D))")
_BLANKS_PER_LEVEL = 2.5


def read_markdown(lines: Sequence[SourceLine]) -> tuple[list[Line | Grid], list[Finding]]:
    """The lines and grids of a stretch in reading order, and the rows that were left out of them."""
    words = vocabulary([bare(line.text) for line in lines])
    flow: list[Line | Grid] = []
    findings: list[Finding] = []
    # what writes Markdown is a converter, whose rows drift
    for part in [list(lines)] if has_markup(lines) else find_squares(lines):
        if isinstance(part, Square):
            flow.append(part.grid())
            continue
        read, noted = _read_drifting(part, words)
        flow += read
        findings += noted
    return flow, findings


def _read_drifting(lines: Sequence[SourceLine], words: Counter[str]) -> tuple[list[Line | Grid], list[Finding]]:
    """What a converter wrote, whose cells need not stand in their columns."""
    flow: list[Line | Grid] = []
    findings: list[Finding] = []
    parts = [part if isinstance(part, SourceLine) else _mended(part, words) for part in find_segments(lines)]
    mended = [record for part in parts if isinstance(part, _Mended) for record in part.records]
    # where nothing is misread a blank is the publisher's
    dashes = prints_dashes(mended) and shows_damage(_printed(mended))
    for part in parts:
        if isinstance(part, SourceLine):
            flow.append(_line(part))
            continue
        segment = part.segment
        records, lost = with_noughts(part.records, segment.columns) if dashes else (part.records, [])
        flow += [_line(line) for line in segment.captions]
        flow.append(_grid(segment, records))
        flow += [Line(piece.text, r.line.place(piece.start, piece.end)) for r in records for piece in r.extras]
        for record in part.left_out:
            findings.append(_left_out(record))
            findings += [_alone(record, piece) for piece in untold(record, records)]
        findings += [_lost_dash(record) for record in lost]
        findings += [_stray(line) for line in segment.strays]
    return flow, findings


def _printed(records: Sequence[Record]) -> Iterator[str]:
    return (piece.text for record in records for pieces in record.values.values() for piece in pieces)


@dataclass(frozen=True, slots=True)
class _Mended:
    """A table with its rows put right as far as their order and sums say how, and the rows left out of it."""

    segment: Segment
    records: list[Record]
    left_out: list[Record]


def _mended(segment: Segment, words: Counter[str]) -> _Mended:
    records, taken = part_by_sums(segment.records)
    records, echoes = echoes_apart(records)
    records, repeated = part_rows(records)
    records, ghosts = without_ghosts(list(sections_apart(relabelled(records))), words)
    records = with_doubts(with_echoes(records, echoes, segment.columns), segment.columns)
    left_out = sorted([*taken, *echoes, *repeated, *ghosts], key=lambda record: record.line.number)
    return _Mended(segment, records, left_out)


def _line(line: SourceLine) -> Line:
    text = _HEADING.sub("", bare(line.text), count=1)
    return Line(" ".join(text.split()), line.place(), bold=line.text.lstrip().startswith(("#", "**")))


def _left_out(record: Record) -> Finding:
    return Finding(
        code="repeated_row",
        severity="warning",
        message="The line repeats figures of its neighbours and was left out of the table.",
        text=record.line.text.strip(),
        place=record.line.place(),
    )


def _alone(record: Record, piece: Piece) -> Finding:
    return Finding(
        code="unassigned_number",
        severity="warning",
        message="The figure stands in a line that repeats others, and in no row of the table.",
        text=piece.text,
        place=record.line.place(piece.start, piece.end),
    )


def _lost_dash(record: Record) -> Finding:
    return Finding(
        code="lost_dash",
        severity="info",
        message="A cell of this row is blank where the document prints a dash, and the sums of its columns hold so.",
        text=record.label,
        place=record.line.place(),
    )


def _stray(line: SourceLine) -> Finding:
    return Finding(
        code="unassigned_number",
        severity="warning",
        message="Figures stand between the rows of a table, and nothing says to which they belong.",
        text=line.text.strip(),
        place=line.place(),
    )


def _grid(segment: Segment, records: Sequence[Record]) -> Grid:
    """Column 0 is the stub, then the columns of text, then the figures."""
    base = 1 + segment.text_columns
    cells: list[Cell] = []
    for row, heads in enumerate(segment.heads):
        cells += _head_cells(heads, row, base)
    for row, record in enumerate(records, len(segment.heads)):
        cells += _cells(record, row, base)
    rows = len(segment.heads) + len(records)
    return Grid(max(rows, 1), base + segment.columns, tuple(cells), source="markdown")


def _head_cells(heads: Sequence[Head], row: int, base: int) -> Iterator[Cell]:
    for head in heads:
        place = head.line.place(head.start, head.end)
        yield Cell(head.text, row, base + head.column, place, column_span=head.span, head=True)


def _cells(record: Record, row: int, base: int) -> Iterator[Cell]:
    if record.label:
        line = record.label_line or record.line
        raw = line.text.expandtabs(8)
        indent = round((len(raw) - len(raw.lstrip())) / _BLANKS_PER_LEVEL, 1) if "\t" not in line.text else 0.0
        yield Cell(record.label, row, 0, line.place(record.label_start, record.label_end), indent=indent)
    for column in sorted({*record.values, *record.texts}):
        pieces = record.values.get(column, ())
        if len(pieces) > 1:
            # nothing said how to part them: the cell stays as printed
            text = " ".join(piece.text for piece in pieces)
            place = record.line_of(column).place(pieces[0].start, pieces[-1].end)
            yield Cell(text, row, base + column, place, confidence=min(p.confidence for p in pieces))
        elif pieces:
            piece = pieces[0]
            place = record.line_of(column).place(piece.start, piece.end)
            yield Cell(piece.text, row, base + column, place, confidence=piece.confidence, rivals=piece.rivals)
        else:
            text_piece = record.texts[column]
            yield Cell(text_piece.text, row, base + column, record.line.place(text_piece.start, text_piece.end))

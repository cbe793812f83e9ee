"""Neighbouring rows of cells become one table: its heads, its columns of figures, its records."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from extractors.text.apart import find_apart, is_figures
from extractors.text.decode import SourceLine
from extractors.text.layout import Layout, find_layout
from extractors.text.markup import Slot, bare, is_delimiter, mark_of, slots
from extractors.text.merged import Record
from extractors.text.tokens import Piece

_MONTHS = tuple(calendar.month_name)[1:]
_HEAD_WORDS = re.compile(
    r"(?i)\b(?:months?|weeks?|quarters?|years?|ended|ending|as of|notes?|(?:19|20)\d\d|january|february|march|april|may"
    r"|june|july|august|september|october|november|december)\b"
)
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_DATE_SCRAP = re.compile(r"(?:[0-3]?\d,?\s*)?(?:(?:19|20)?\d\d)?\Z")
# rows this far apart, with nothing but figures or labels between, are still one table
_MOST_BETWEEN = 24


@dataclass(frozen=True, slots=True)
class Head:
    """A head over figure columns ``column`` (from 0; below 0: columns of text) to ``column + span``, end excluded."""

    text: str
    column: int
    span: int
    line: SourceLine
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A table: head rows, records, how many columns of figures and words, lines above, figures that no row took."""

    heads: tuple[tuple[Head, ...], ...]
    records: tuple[Record, ...]
    columns: int
    text_columns: int
    captions: tuple[SourceLine, ...] = ()
    strays: tuple[SourceLine, ...] = ()


@dataclass(frozen=True, slots=True)
class _Printed:
    """A row of cells as printed; ``head``: it stands above the row of dashes of a Markdown table.

    ``given``: its record, where its figures stand in lines of their own.
    """

    line: SourceLine
    slots: tuple[Slot, ...]
    head: bool = False
    given: Record | None = None

    @property
    def figures(self) -> list[Slot]:
        """The cells that hold figures."""
        return [slot for slot in self.slots if slot.pieces]

    @property
    def texts(self) -> list[Slot]:
        """The cells that hold words."""
        return [slot for slot in self.slots if slot.text and not slot.pieces and not slot.sign]


def find_segments(lines: Sequence[SourceLine]) -> Iterator[Segment | SourceLine]:
    """The tables and the lines outside them, in order."""
    group: list[_Printed] = []
    between: list[SourceLine] = []
    for line in lines:
        if line.blank:
            continue
        if not _parted(line.text):
            between.append(line)
            continue
        strays = [other for other in between if is_figures(other)]
        apart = _set_apart(between, line) if group and strays and len(between) <= _MOST_BETWEEN else []
        if apart:
            group += apart
        elif between and group:
            yield from _segments(group, strays if len(between) <= _MOST_BETWEEN else ())
            group = []
            yield from (other for other in between if other not in strays or len(between) > _MOST_BETWEEN)
        else:
            yield from between
        between = []
        if is_delimiter(line.text):
            group = [*group[:-1], replace(group[-1], head=True)] if group else group
            continue
        group.append(_Printed(line, tuple(slots(line))))
    yield from _segments(group, ())
    yield from between


def _set_apart(between: Sequence[SourceLine], following: SourceLine) -> list[_Printed]:
    """The lines between two rows as rows of the same table, where the second proves their figures; else none."""
    row = _Printed(following, tuple(slots(following)))
    records = find_apart(between, row.figures) if _parted(following.text) and not _is_head(row) else []
    labels = [line for line in between if records and not is_figures(line)]
    return [_Printed(line, (_label(line),)) for line in labels] + [_Printed(r.line, (), given=r) for r in records]


def _label(line: SourceLine) -> Slot:
    text = bare(line.text)
    start = len(text) - len(text.lstrip())
    return Slot(0, text.strip(), start, len(text.rstrip()))


def _parted(text: str) -> bool:
    return "\t" in text.strip(" ") or text.count("|") >= 2


def _segments(group: Sequence[_Printed], strays: Iterable[SourceLine]) -> Iterator[Segment]:
    """Cut a group where a second boxhead stands in it; the strays go with the last table."""
    parts: list[list[_Printed]] = [[]]
    body = False
    for row in group:
        if body and _is_head(row) and _dated(row):
            # what stands directly above without a figure is a spanner or a caption of the new heads
            above: list[_Printed] = []
            while len(parts[-1]) > 1 and _leads(parts[-1][-1]):
                above.insert(0, parts[-1].pop())
            parts.append(above)
            body = False
        parts[-1].append(row)
        body = body or (bool(row.figures) and not _is_head(row))
    parts = [part for part in parts if part]
    for i, part in enumerate(parts):
        yield _segment(part, tuple(strays) if i == len(parts) - 1 else ())


def _leads(row: _Printed) -> bool:
    return not row.figures and not any(slot.text.endswith(":") for slot in row.slots[:1])


def _is_head(row: _Printed) -> bool:
    """True when a row has nothing but heads in its cells."""
    if row.head:
        return True
    texts = [slot for slot in row.texts if slot.column > 0 and not mark_of(slot.text)]
    worded = sum(len(slot.text) > 3 and bool(_HEAD_WORDS.search(slot.text)) for slot in texts)
    scraps = all(_DATE_SCRAP.match(slot.text) for slot in row.figures)
    years = all(_YEAR.match(slot.text) for slot in row.figures)
    if not scraps or (not years and worded < 2):
        return False
    return bool(texts or row.figures) and all(_HEAD_WORDS.search(slot.text) for slot in texts if len(slot.text) > 3)


def _dated(row: _Printed) -> bool:
    return any(len(slot.text) > 3 and _HEAD_WORDS.search(slot.text) for slot in row.slots if slot.column)


def _segment(rows: Sequence[_Printed], strays: tuple[SourceLine, ...]) -> Segment:
    first = next((i for i, row in enumerate(rows) if row.figures and not _is_head(row)), len(rows))
    last_head = max((i for i in range(first) if _is_head(rows[i])), default=-1)
    above, body = rows[: last_head + 1], rows[last_head + 1 :]
    stubbed = _stubbed(body)
    layout = find_layout([row.slots for row in body if row.given is None], stubbed=stubbed)
    captions = tuple(row.line for row in above if not _is_head(row) and not any(s.text for s in row.slots[1:]))
    heads = [heads for row in above if row.line not in captions and (heads := _heads(row, layout, stubbed))]
    placed = [row for row in body if row.given is None or len(row.given.values) == layout.count]
    records = tuple(record for row in placed if _says(record := _record(row, layout, stubbed)))
    strays += tuple(line for row in body if row not in placed and row.given for line in row.given.lines.values())
    return Segment(tuple(map(tuple, heads)), records, layout.count, len(layout.texts), captions, strays)


def _says(record: Record) -> bool:
    """False for a row of nothing but dashes: a rule that was taken for cells."""
    said = [piece.text for pieces in record.values.values() for piece in pieces]
    return bool(record.label or record.texts or record.extras) or any(re.search(r"\w", text) for text in said)


def _stubbed(body: Sequence[_Printed]) -> bool:
    """True when the first cell of the rows is a label; a converter may have lost all of them."""
    firsts = [row.slots[0] for row in body if row.slots and (row.slots[0].text)]
    # years are labels
    figures = sum((bool(slot.pieces) and not _YEAR.match(slot.text.strip())) or slot.sign for slot in firsts)
    return figures * 2 <= len(firsts)


def _record(row: _Printed, layout: Layout, stubbed: bool) -> Record:
    if row.given is not None:
        return row.given
    label = row.slots[0] if row.slots and stubbed else None
    placed, left = layout.placed(row.slots, [s for s in row.figures if s is not label])
    values: dict[int, tuple[Piece, ...]] = {}
    for column, slot, sure in placed:
        pieces = _signed(row, slot)
        values[column] = pieces if sure else tuple(replace(piece, confidence=0.5) for piece in pieces)
    words: dict[int, Piece] = {}
    extras = [piece for slot in left for piece in slot.pieces]
    for slot in row.texts:
        piece = Piece(slot.text, slot.start, slot.end)
        free = layout.text_column(slot, {*values, *words})
        if slot is label or (mark_of(slot.text) and slot.column not in layout.texts):
            continue
        if free is None:
            extras.append(piece)
        else:
            words[free] = piece
    return Record(
        row.line,
        label.text if label else "",
        label.start if label else 0,
        label.end if label else 0,
        values=values,
        texts=words,
        dated=any(slot.dated for slot in row.slots),
        extras=tuple(extras),
    )


def _signed(row: _Printed, slot: Slot) -> tuple[Piece, ...]:
    """The figures of a cell, the sign in the cell before it joined to the first."""
    before = next((s for s in reversed(row.slots[: slot.column]) if s.text), None)
    if (
        before is None
        or not before.sign
        or not re.match(r"[(\d.\u2014\u2013-]", slot.pieces[0].text)
        or before.column < slot.column - 2
    ):
        return slot.pieces
    first = slot.pieces[0]
    return (Piece(f"{before.text.split()[-1]} {first.text}", first.start, first.end), *slot.pieces[1:])


def _heads(row: _Printed, layout: Layout, stubbed: bool) -> list[Head]:
    found: list[Head] = []
    cells = _whole([s for s in row.slots if s.text and not s.sign and (s.column or not stubbed)])
    if stubbed and row.slots and row.slots[0].text:
        found.append(_head(row.slots[0], -1 - len(layout.texts), 1, row.line))
    found += [
        _head(s, layout.texts.index(s.column) - len(layout.texts), 1, row.line)
        for s in cells
        if s.column in layout.texts
    ]
    over = [s for s in cells if s.column not in layout.texts]
    if over and layout.count and layout.count % len(over) == 0 and layout.equal_shares([s.column for s in over]):
        span = layout.count // len(over)
        return found + [_head(s, k * span, span, row.line) for k, s in enumerate(over)]
    for slot in over:
        nearest = layout.nearest(slot.column, {head.column for head in found})
        if nearest is not None:
            found.append(_head(slot, nearest, 1, row.line))
    return sorted(found, key=lambda head: head.column)


def _head(slot: Slot, column: int, span: int, line: SourceLine) -> Head:
    return Head(slot.text, column, span, line, slot.start, slot.end)


def _whole(cells: Sequence[Slot]) -> list[Slot]:
    """Heads whose month was torn off ("Sep | tember 30, 2011") are made whole; scraps of a head are left out."""
    scraps = [s for s in cells if len(s.text) <= 3 and not re.search(r"\d", s.text)]
    done: list[Slot] = []
    for slot in cells:
        if slot in scraps and len(cells) > len(scraps):
            continue
        torn = re.match(r"[a-z]{3,}\b", slot.text)
        months = [m for m in _MONTHS if torn and m.endswith(torn[0])]
        told = [m for m in months if any(m.startswith(scrap.text) for scrap in scraps)]
        month = (told or months)[0] if len(told or months) == 1 else None
        done.append(replace(slot, text=month + slot.text[torn.end() :]) if month and torn else slot)
    return done

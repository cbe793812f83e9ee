"""One table set in points: widths of columns, wrapped labels and heads, rules, and a way to draw each line of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reportlab.lib.colors import Color

from corpus.fonts import Face, face, width
from corpus.layouts import Layout, Printed, depth, printed, spanners
from corpus.model import Row, Table

SHADE = Color(0.87, 0.92, 0.96)
NARROWEST = 70.0  # points: no stub may be narrower, whatever the size of type


def wrap(text: str, font: str, size: float, room: float) -> list[str]:
    """Lines no wider than ``room`` where the words allow it."""
    lines: list[str] = []
    for word in text.split():
        if lines and width(f"{lines[-1]} {word}", font, size) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


@dataclass(slots=True)
class Line:
    """One row of the table as it will be drawn: its height, and what stands in it."""

    height: float
    row: Row
    label: list[str]
    cells: list[Printed]
    number: int


class TableBox:
    """A table fitted into ``room`` points; smaller type is taken when it does not fit."""

    def __init__(self, table: Table, layout: Layout, room: float) -> None:
        self.table, self.layout = table, layout
        self.face: Face = face(layout.font)
        self.size = layout.size
        self.pad = 4.0 if layout.rules == "ruled" else 0.0
        self.cells = [
            [printed(c, r, layout.numbers) for c in r.cells] or [Printed()] * len(table.columns) for r in table.rows
        ]
        while True:
            self._measure(room)
            wanted = min(self._label_width(), room * 0.3 if self.size > layout.smallest else NARROWEST)
            if self.stub >= wanted:
                break
            self.size *= 0.94
        self.lines = [self._line(i) for i in range(len(table.rows))]
        self.heads = [self._head(level) for level in range(depth(table))]

    @property
    def step(self) -> float:
        """From one line of a wrapped label to the next."""
        return self.size * 1.12

    def _label_width(self) -> float:
        widest = max(
            (width(r.label, self.face.bold, self.size) + r.level * self.layout.indent for r in self.table.rows),
            default=0,
        )
        return widest + 8

    def _parts(self, cell: Printed) -> tuple[str, str]:
        """What ends at the right edge, and what hangs over it."""
        text = cell.body + cell.tail
        if not self.layout.hanging:
            return text + cell.mark, ""
        core = text.rstrip(")%") if any(c.isdigit() for c in text) else text
        return core, text[len(core) :] + cell.mark

    def _measure(self, room: float) -> None:
        font, size, count = self.face.bold, self.size, len(self.table.columns)
        rows = range(len(self.cells))
        self.signs = [max((width(self.cells[r][c].sign, font, size) for r in rows), default=0) for c in range(count)]
        self.over = [
            max((width(self._parts(self.cells[r][c])[1], font, size) for r in rows), default=0) for c in range(count)
        ]
        cores = [
            max((width(self._parts(self.cells[r][c])[0], font, size) for r in rows), default=0) for c in range(count)
        ]
        words = [
            max((width(w, font, size) for h in col.heads for w in [max(h.split() or [""], key=len)]), default=0)
            for col in self.table.columns
        ]
        inner = [
            s + (3 if s and not self.layout.glued else 0) + c + o
            for s, c, o in zip(self.signs, cores, self.over, strict=True)
        ]
        self.widths = [max(i, w, 22) + 2 * self.pad for i, w in zip(inner, words, strict=True)]
        self.gap = 0.0 if self.pad else size * (1.1 if count < 5 else 0.7)
        body = sum(self.widths) + self.gap * count
        wanted = self._label_width() + 2 * self.pad
        if self.layout.tight:
            self.stub = min(wanted, max(room * self.layout.stub_share, room - body - 40), room - body)
        else:
            self.stub = room - body
            spare = min(self.stub - max(wanted, room * self.layout.stub_share), room * 0.25)
            if spare > 0 and count:
                self.widths = [w + spare / count for w in self.widths]
                self.stub -= spare
        self.width = self.stub + sum(self.widths) + self.gap * count

    def _line(self, number: int) -> Line:
        row = self.table.rows[number]
        inset = row.level * self.layout.indent
        room = (self.width if row.kind == "section" else self.stub) - inset - 6 - 2 * self.pad
        label = wrap(row.label, self.face.regular, self.size, max(room, 30))
        height = self.size * self.layout.leading + (len(label) - 1) * self.step + self.pad
        if row.rule and self.layout.rules in {"totals", "shaded"}:
            height += 2.5
        if row.rule == "double" and self.layout.blank_after_total:
            height += self.size * 0.8
        return Line(height, row, label, self.cells[number], number)

    def _head(self, level: int) -> tuple[float, list[tuple[float, float, list[str], bool]]]:
        """Height of one line of heads, and (left, right, wrapped text, spanner) of each."""
        placed = []
        for first, last, text in spanners(self.table, level):
            left, right = self.left(first), self.left(last) + self.widths[last]
            font = self.face.bold if self.layout.head_bold else self.face.regular
            placed.append((left, right, wrap(text, font, self.size, right - left - self.pad), first != last))
        tallest = max(len(p[2]) for p in placed)
        return tallest * self.step + 3 + self.pad, placed

    def left(self, column: int) -> float:
        """Where a column begins, from the left edge of the table."""
        return self.stub + sum(w + self.gap for w in self.widths[:column]) + self.gap

    @property
    def head_height(self) -> float:
        """The height of the whole boxhead."""
        return sum(h for h, _ in self.heads)

    def draw_heads(self, canvas: Any, x: float, y: float) -> float:
        """Draw the boxhead below ``y``; returns the new ``y``."""
        font = self.face.bold if self.layout.head_bold else self.face.regular
        canvas.setFont(font, self.size)
        top = y
        for level, (height, placed) in enumerate(self.heads):
            bottom = y - height
            for left, right, text, wide in placed:
                for k, part in enumerate(reversed(text)):
                    base = bottom + 3 + self.pad / 2 + k * self.step
                    if self.layout.head_align == "center" or wide:
                        canvas.drawCentredString(x + (left + right) / 2, base, part)
                    else:
                        canvas.drawRightString(x + right - self.pad, base, part)
                if self._head_rule(level, text, wide=wide):
                    canvas.setLineWidth(0.5)
                    canvas.line(x + left, bottom, x + right, bottom)
            y = bottom
        self._stub_head(canvas, x, y)
        if self.layout.rules == "ruled":
            self._head_frames(canvas, x, top, y)
        elif self.layout.rules == "half":
            self._frame(canvas, x, top, y)
        return y if self.pad else y - 1

    def _head_frames(self, canvas: Any, x: float, top: float, bottom: float) -> None:
        """A box around each head, so that no line runs through a spanner."""
        canvas.setLineWidth(0.6)
        canvas.rect(x, bottom, self.stub, top - bottom)
        for height, placed in self.heads:
            for left, right, _, _ in placed:
                canvas.rect(x + left, top - height, right - left, height)
            top -= height

    def _head_rule(self, level: int, text: list[str], *, wide: bool) -> bool:
        return self.layout.head_rules and bool(text[0]) and (wide or level == len(self.heads) - 1)

    def _stub_head(self, canvas: Any, x: float, y: float) -> None:
        text = self.table.stub_head or (self.table.headnote if self.layout.note_in_stub else "")
        lines = wrap(text, self.face.regular, self.size, max(self.stub - 6, 30)) if text else []
        if len(lines) * self.step > self.head_height + 2:
            return
        canvas.setFont(self.face.regular, self.size)
        for k, part in enumerate(reversed(lines)):
            canvas.drawString(x + self.pad, y + 3 + k * self.step, part)

    @property
    def note_fits(self) -> bool:
        """Whether the headnote stands above the stub; else it stands under the title."""
        if not self.layout.note_in_stub or self.table.stub_head:
            return False
        return (
            len(wrap(self.table.headnote, self.face.regular, self.size, max(self.stub - 6, 30))) * self.step
            <= self.head_height + 2
        )

    def _frame(self, canvas: Any, x: float, top: float, bottom: float) -> None:
        canvas.setLineWidth(0.6)
        if self.layout.rules == "half":
            canvas.line(x, top, x + self.width, top)
            canvas.line(x, bottom, x + self.width, bottom)
            return
        canvas.rect(x, bottom, self.width, top - bottom)
        for left in (self.left(i) for i in range(len(self.widths))):
            canvas.line(x + left, bottom, x + left, top)

    def draw_line(self, canvas: Any, line: Line, x: float, y: float) -> float:
        """Draw one row below ``y``; returns the new ``y``."""
        bottom = y - line.height
        if self.layout.rules == "shaded" and line.number % 2 == 0:
            canvas.setFillColor(SHADE)
            canvas.rect(x - 2, bottom, self.width + 4, line.height, stroke=0, fill=1)
            canvas.setFillColor(Color(0, 0, 0))
        extra = self.size * 0.8 if line.row.rule == "double" and self.layout.blank_after_total else 0.0
        base = bottom + extra + self.size * 0.28 + self.pad / 2
        if line.row.rule == "double" and self.layout.rules in {"totals", "shaded"}:
            base += 1.5
        self._draw_label(canvas, line, x, base)
        canvas.setFont(self._weight(line.row), self.size)
        at = base + (len(line.label) - 1) * self.step if self.layout.rules == "ruled" else base
        for column, cell in enumerate(line.cells):
            self._draw_cell(canvas, cell, column, x, at)
        self._draw_rules(canvas, line, x, (y, base, bottom))
        return bottom

    def _weight(self, row: Row) -> str:
        return (
            self.face.bold
            if row.rule == "double" and self.layout.head_bold and self.layout.tight
            else self.face.regular
        )

    def _draw_label(self, canvas: Any, line: Line, x: float, base: float) -> None:
        canvas.setFont(self._weight(line.row), self.size)
        inset = line.row.level * self.layout.indent + self.pad
        for k, part in enumerate(line.label):
            hang = 6 if k else 0
            canvas.drawString(x + inset + hang, base + (len(line.label) - 1 - k) * self.step, part)
        if not self.layout.leaders or self.pad or line.row.kind == "section" or not line.label[-1]:
            return
        font = self._weight(line.row)
        begin = inset + (6 if len(line.label) > 1 else 0) + width(line.label[-1], font, self.size) + 4
        dot = width(" .", font, self.size)
        count = int((self.stub - begin - 2) / dot)
        if count > 2:
            canvas.drawRightString(x + self.stub, base, " ." * count)

    def _draw_cell(self, canvas: Any, cell: Printed, column: int, x: float, base: float) -> None:
        if not cell.body:
            return
        left, right = x + self.left(column) + self.pad, x + self.left(column) + self.widths[column] - self.pad
        kind = self.table.columns[column].kind
        if kind == "text":
            canvas.drawString(left, base, cell.text)
            return
        if kind == "note":
            canvas.drawCentredString((left + right) / 2, base, cell.text)
            return
        core, tail = self._parts(cell)
        edge = right - self.over[column]
        if cell.sign and self.layout.glued:
            core = cell.sign + core
        elif cell.sign:
            canvas.drawString(left, base, cell.sign)
        canvas.drawRightString(edge, base, core)
        canvas.drawString(edge, base, tail)

    def _draw_rules(self, canvas: Any, line: Line, x: float, ys: tuple[float, float, float]) -> None:
        top, base, bottom = ys
        if self.layout.rules == "ruled" and line.row.kind == "section":
            canvas.setLineWidth(0.6)  # one cell over the whole width
            canvas.rect(x, bottom, self.width, top - bottom)
        elif self.layout.rules == "ruled":
            self._frame(canvas, x, top, bottom)
        elif self.layout.rules == "half":
            canvas.setLineWidth(0.8 if line.row.rule else 0.25)
            canvas.line(x, bottom, x + self.width, bottom)
        elif self.layout.rules in {"totals", "shaded"} and line.row.rule:
            canvas.setLineWidth(0.6)
            for left, right in self._figure_spans(line, x):
                canvas.line(left, top - 0.8, right, top - 0.8)
                if line.row.rule == "double":
                    canvas.line(left, base - 2.6, right, base - 2.6)
                    canvas.line(left, base - 4.2, right, base - 4.2)

    def _figure_spans(self, line: Line, x: float) -> Iterator[tuple[float, float]]:
        for column, cell in enumerate(line.cells):
            if cell.body and self.table.columns[column].kind == "value":
                yield x + self.left(column), x + self.left(column) + self.widths[column]

"""PDF with a text layer, set page by page: titles, tables, prose, running heads and page numbers."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from reportlab.lib.pagesizes import A4, letter
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from corpus.fonts import face
from corpus.layouts import Layout
from corpus.model import Filing, Paragraph, Table
from corpus.pdf_table import Line, TableBox, wrap

MARGIN = 50.0


class _Pages:
    """The pages of one document and the pen that moves down them."""

    def __init__(self, filing: Filing, layout: Layout, password: str | None) -> None:
        self.filing, self.layout = filing, layout
        self.face = face(layout.font)
        size = letter if filing.currency == "USD" else A4
        self.paper = size
        wide = layout.landscape
        self.width, self.height = (size[1], size[0]) if wide else size
        self.file = io.BytesIO()
        lock = StandardEncryption(password, canPrint=1, strength=128) if password else None
        self.canvas: Any = Canvas(self.file, pagesize=(self.width, self.height), invariant=1, encrypt=lock)
        self.canvas.setTitle(filing.company)
        self.number = 0
        self.y = 0.0
        self.start()

    @property
    def room(self) -> float:
        """The width of the type area."""
        return float(self.width - 2 * MARGIN)

    def start(self) -> None:
        """Begin a page: its rotation, its running head."""
        self.number += 1
        if self.layout.rotated:
            self.canvas.setPageRotation(90)
            self.canvas.translate(self.paper[0], 0)
            self.canvas.rotate(90)
        self.y = self.height - MARGIN
        if self.layout.running_head and self.number > 1:
            self.canvas.setFont(self.face.regular, 7)
            self.canvas.drawString(MARGIN, self.height - 30, self.filing.company)
            self.canvas.drawRightString(self.width - MARGIN, self.height - 30, f"Form {self.filing.form}")
            self.canvas.setLineWidth(0.4)
            self.canvas.line(MARGIN, self.height - 34, self.width - MARGIN, self.height - 34)

    def _hide(self) -> None:
        """Text that is drawn and not seen: a reader must report it, not read it."""
        text = self.canvas.beginText(MARGIN, self.height / 2)
        text.setFont(self.face.regular, 8)
        text.setTextRenderMode(3)
        text.textLine("Adjusted total 99,999,999 88,888,888")
        self.canvas.saveState()  # the render mode would outlive the text
        self.canvas.drawText(text)
        self.canvas.restoreState()
        self.canvas.setFont(self.face.regular, 8)
        self.canvas.drawString(-400, self.height / 3, "Beyond the edge 77,777,777")

    def finish(self) -> None:
        """Write the footer and turn the page."""
        if self.layout.hidden_text:
            self._hide()
        texts = {
            "number": str(self.number),
            "dashes": f"- {self.number} -",
            "long": f"{self.filing.company}  |  Page {self.number}",
        }
        text = texts.get(self.layout.footer)
        if text:
            self.canvas.setFont(self.face.regular, 8)
            self.canvas.drawCentredString(self.width / 2, 28, text)
        self.canvas.showPage()

    def turn(self) -> None:
        """The next page."""
        self.finish()
        self.start()

    def need(self, height: float) -> None:
        """Turn the page when ``height`` does not fit on this one."""
        if self.y - height < MARGIN and self.y < self.height - MARGIN - 1:
            self.turn()

    def text(self, lines: list[str], size: float, *, bold: bool = False, align: str = "left") -> None:
        """Lines of text below one another."""
        for line in lines:
            self.need(size * 1.25)
            self.canvas.setFont(self.face.bold if bold else self.face.regular, size)
            self.y -= size * 1.2
            if align == "center":
                self.canvas.drawCentredString(self.width / 2, self.y, line)
            else:
                self.canvas.drawString(MARGIN, self.y, line)


def _titles(table: Table, box: TableBox, filing: Filing, *, again: bool = False) -> list[tuple[str, bool]]:
    title = table.title + (" (continued)" if again else "")
    titles = [(filing.company, True), (title, True)]
    if table.dateline:
        titles.append((table.dateline, False))
    if table.headnote and not box.note_fits:
        titles.append((table.headnote, False))
    return titles


def _heading(pages: _Pages, table: Table, box: TableBox, *, again: bool = False) -> None:
    size = min(pages.layout.size * 1.1, 13)
    for text, bold in _titles(table, box, pages.filing, again=again):
        lines = wrap(text, pages.face.bold, size, pages.room)
        pages.text(lines, size, bold=bold, align=pages.layout.title_align)
    pages.y -= size * 0.7


def _draw_table(pages: _Pages, table: Table) -> None:
    box = TableBox(table, pages.layout, pages.room)
    whole = sum(line.height for line in box.lines) + box.head_height + pages.layout.size * 5
    page = pages.height - 2 * MARGIN
    if not pages.layout.split and whole <= page:
        pages.need(whole)
    else:
        pages.need(box.head_height + pages.layout.size * 5 + sum(line.height for line in box.lines[:4]))
    _heading(pages, table, box)
    x = MARGIN + (pages.room - box.width) / 2
    pages.y = box.draw_heads(pages.canvas, x, pages.y)
    for line in box.lines:
        if pages.y - line.height < MARGIN:
            _continue(pages, table, box, x)
        pages.y = box.draw_line(pages.canvas, line, x, pages.y)
    _foot(pages, table)


def _continue(pages: _Pages, table: Table, box: TableBox, x: float) -> None:
    """Go on with a table on the next page, with or without its heads."""
    pages.turn()
    if pages.layout.repeat_heads:
        _heading(pages, table, box, again=True)
        pages.y = box.draw_heads(pages.canvas, x, pages.y)


def _foot(pages: _Pages, table: Table) -> None:
    pages.y -= 4
    for note in table.footnotes:
        pages.text(wrap(note, pages.face.regular, 7.5, pages.room), 7.5)
    pages.y -= max(10.0, pages.layout.size * 1.4)


def _column(pages: _Pages, table: Table, x: float, room: float) -> float:
    """One of two tables side by side: title and all within ``room``; returns the lowest point."""
    layout = replace(pages.layout, tight=False)
    box = TableBox(table, layout, room)
    y = pages.y
    size = min(layout.size * 1.05, 10)
    for text, bold in _titles(table, box, pages.filing)[1:]:
        for part in wrap(text, pages.face.bold, size, room):
            y -= size * 1.2
            pages.canvas.setFont(pages.face.bold if bold else pages.face.regular, size)
            pages.canvas.drawString(x, y, part)
    y = box.draw_heads(pages.canvas, x, y - 6)
    for line in box.lines:
        y = box.draw_line(pages.canvas, line, x, y)
    return y


def _pair_height(pages: _Pages, table: Table, room: float) -> float:
    box = TableBox(table, pages.layout, room)
    lines: list[Line] = box.lines
    return sum(line.height for line in lines) + box.head_height + 60


def _can_pair(table: Table) -> bool:
    return len(table.columns) <= 3 and not table.footnotes and len(table.rows) <= 14 and table.kind in {"note", "other"}


def _draw_pair(pages: _Pages, left: Table, right: Table) -> None:
    room = (pages.room - 28) / 2
    pages.need(max(_pair_height(pages, t, room) for t in (left, right)))
    low = min(_column(pages, left, MARGIN, room), _column(pages, right, MARGIN + room + 28, room))
    pages.y = low - 24


def render(filing: Filing, layout: Layout, password: str | None = None) -> bytes:
    """The whole filing as PDF; with ``password`` it asks for it before it opens."""
    pages = _Pages(filing, layout, password)
    if filing.form != "other":
        pages.text([f"FORM {filing.form}"], 12, bold=True, align="center")
    pages.text(wrap(filing.company, pages.face.bold, 13, pages.room), 13, bold=True, align="center")
    pages.y -= 14
    blocks = list(filing.blocks)
    while blocks:
        block = blocks.pop(0)
        if isinstance(block, Paragraph):
            size = min(max(layout.size, 8), 11)
            pages.text(wrap(block.text, pages.face.regular, size, pages.room), size)
            pages.y -= size
            continue
        after = blocks[0] if blocks else None
        if layout.side_by_side and isinstance(after, Table) and _can_pair(block) and _can_pair(after):
            _draw_pair(pages, block, after)
            blocks.pop(0)
            continue
        _draw_table(pages, block)
    pages.finish()
    pages.canvas.save()
    return pages.file.getvalue()


def page_count(pdf: bytes) -> int:
    """The pages of a PDF this module wrote; 1 for no PDF at all, as text and HTML count."""
    return max(1, pdf.count(b"/Type /Page") - pdf.count(b"/Type /Pages"))

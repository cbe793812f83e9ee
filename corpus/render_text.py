"""Fixed-width text as filings of the 1990s have it: tagged tables, dot leaders, page breaks."""

from __future__ import annotations

import re
import textwrap

from corpus.layouts import Layout, Printed, depth, printed, spanners
from corpus.model import Filing, Paragraph, Row, Table

PAGE_LINES = 58


def _plain(text: str) -> str:
    """What a 1990s file can hold: straight quotes and two hyphens for a dash."""
    return text.replace("’", "'").replace("—", "--").replace("–", "-").replace("€", "EUR ").replace("£", "GBP ")


class _Grid:
    """The columns of one table in characters."""

    def __init__(self, table: Table, layout: Layout) -> None:
        self.table, self.layout = table, layout
        style = layout.numbers
        self.cells = [[printed(c, r, style) for c in r.cells] or [Printed()] * len(table.columns) for r in table.rows]
        count = len(table.columns)
        self.signs = [max((len(_plain(row[c].sign).strip()) for row in self.cells), default=0) for c in range(count)]
        self.bodies = [max([len(self._body(row[c])) for row in self.cells] + [4]) for c in range(count)]
        widest = [max(map(len, " ".join(col.heads).split() or [""])) for col in table.columns]
        self.widths = [max(s + (1 if s else 0) + b, w) for s, b, w in zip(self.signs, self.bodies, widest, strict=True)]
        self.gap = 3 if count < 5 else 2
        page = 130 if layout.wide_text or count > 5 else 79
        labels = [2 * r.level + len(_plain(r.label)) for r in table.rows] + [len(table.stub_head)]
        room = page - sum(w + self.gap for w in self.widths)
        self.stub = max(18, min(max(labels) + 2, room))
        self.heads = [self._head_lines(level) for level in range(depth(table))]

    def _body(self, cell: Printed) -> str:
        """Digits and what hangs on them, with a blank where no parenthesis closes, so that digits align."""
        text = _plain(cell.body + cell.tail + cell.mark)
        hangs = text.endswith((")", "%", "-")) and text.strip("-") != ""
        return text if hangs or not self.layout.hanging or not text else text + " "

    def _head_lines(self, level: int) -> list[list[tuple[int, int, str]]]:
        """The lines of one head level: each a list of (start, width, text)."""
        spans = spanners(self.table, level)
        placed = []
        for first, last, text in spans:
            width = sum(self.widths[first : last + 1]) + self.gap * (last - first)
            placed.append((self.start(first), width, textwrap.wrap(_plain(text), max(width, 4)) or [""], first != last))
        height = max(len(p[2]) for p in placed)
        lines = [
            [(s, w, t[k - height + len(t)] if k >= height - len(t) else "") for s, w, t, _ in placed]
            for k in range(height)
        ]
        if any(p[3] for p in placed):
            lines.append([(s, w, "-" * w if wide else "") for s, w, _, wide in placed])
        return lines

    def start(self, column: int) -> int:
        """Where a column begins."""
        return self.stub + sum(w + self.gap for w in self.widths[:column]) + self.gap

    def value(self, cell: Printed, column: int) -> str:
        """A cell in the width of its column, the currency sign at its left or close to the digits."""
        body, width, sign = self._body(cell), self.widths[column], _plain(cell.sign).strip()
        if not body:
            return " " * width
        if self.table.columns[column].kind == "text":
            return _plain(cell.body).ljust(width)
        if not sign or self.layout.glued:
            return (sign + body).rjust(width)
        return sign + body.rjust(width - len(sign))

    def rule(self, mark: str) -> str:
        """A rule under each column of figures."""
        parts = [" " * self.stub]
        for column, width in zip(self.table.columns, self.widths, strict=True):
            parts.append(" " * self.gap + (mark * width if column.kind == "value" else " " * width))
        return "".join(parts).rstrip()


def _data_lines(grid: _Grid, row: Row, cells: list[Printed], layout: Layout) -> list[str]:
    indent = "  " * row.level
    label = _plain(row.label)
    lines = textwrap.wrap(label, grid.stub - len(indent) - 1, subsequent_indent="  ") if label else [""]
    lines = [indent + text for text in lines] or [""]
    if row.kind == "section" or not any(c.body for c in cells):
        return lines
    return [*lines[:-1], _figures_line(grid, lines[-1], cells, layout)]


def _figures_line(grid: _Grid, label: str, cells: list[Printed], layout: Layout) -> str:
    """The last line of a row: what is left of the label, leaders, and the figures."""
    values = [" " * grid.gap + grid.value(c, i) for i, c in enumerate(cells)]
    if layout.text_habit == "tabs":
        return "\t".join([label, *(v.strip() for v in values)]).rstrip("\t")
    fill = grid.stub - len(label)
    if layout.leaders and fill > 3 and label.strip():
        label += " " + "." * (fill - 1)
        if layout.text_habit == "touching" and values[0].strip():
            values[0] = values[0].lstrip().rjust(len(values[0]), ".")
    shift = " " * (len(label.split()) % 3) if layout.text_habit == "drift" else ""
    return (label.ljust(grid.stub) + shift + "".join(values)).rstrip()


def _head(grid: _Grid, table: Table, layout: Layout) -> list[str]:
    lines = []
    for level in grid.heads:
        for parts in level:
            line = ""
            for start, width, text in parts:
                centred = text.center(width) if layout.head_align == "center" else text.rjust(width)
                line = line.ljust(start) + centred
            lines.append(line.rstrip())
    stub = table.stub_head or (table.headnote if layout.note_in_stub else "")
    if stub and lines and not lines[-1][: len(stub) + 1].strip():
        lines[-1] = stub + lines[-1][len(stub) :]
    elif stub:
        lines.insert(0, stub)
    return lines


def table_lines(table: Table, layout: Layout) -> list[str]:
    """One table in fixed width, tags included when the layout asks for them."""
    grid = _Grid(table, layout)
    lines = ["<TABLE>", "<CAPTION>"] if layout.tags else []
    lines += _head(grid, table, layout)
    if layout.head_rules:
        lines.append(grid.rule("-"))
    if layout.tags:
        tags = "<S>"
        for i in range(len(table.columns)):
            tags = tags.ljust(grid.start(i)) + "<C>"
        lines.append(tags)
    for row, cells in zip(table.rows, grid.cells, strict=True):
        if row.rule and layout.rules != "bare":
            lines.append(grid.rule("-"))
        lines += _data_lines(grid, row, cells, layout)
        if row.rule == "double" and layout.rules != "bare":
            lines.append(grid.rule("="))
        if row.rule and layout.blank_after_total:
            lines.append("")
    if layout.tags:
        lines.append("</TABLE>")
    return [*lines, *(_plain(n) for n in table.footnotes)]


def _title(table: Table, company: str, layout: Layout) -> list[str]:
    width = 130 if layout.wide_text else 79
    parts = [company, table.title, *([table.dateline] if table.dateline else [])]
    if table.headnote and not layout.note_in_stub:
        parts.append(table.headnote)
    place = str.center if layout.title_align == "center" else str.ljust
    return [place(_plain(p), width).rstrip() for p in parts]


def _paged(lines: list[str], layout: Layout) -> list[str]:
    """Page breaks after so many lines, with a page number above each."""
    if not layout.split:
        return lines
    out: list[str] = []
    page, on_page = 1, 0
    for line in lines:
        if on_page >= PAGE_LINES and line.strip() and not re.match(r"\s*[-=]{3}|</?TABLE|<S>|<CAPTION", line):
            out += ["", str(page).center(79).rstrip(), "<PAGE>", ""]
            page, on_page = page + 1, 0
        out.append(line)
        on_page += 1
    return out


def render(filing: Filing, layout: Layout) -> str:
    """The whole filing as fixed-width text."""
    lines = [filing.company.center(79).rstrip()]
    lines += [f"FORM {filing.form}".center(79).rstrip(), ""] if filing.form != "other" else [""]
    for block in filing.blocks:
        if isinstance(block, Paragraph):
            lines += [*textwrap.wrap(_plain(block.text), 78), ""]
        else:
            lines += [*_title(block, filing.company, layout), "", *table_lines(block, layout), "", ""]
    return "\n".join(_paged(lines, layout)) + "\n"

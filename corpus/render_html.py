"""HTML as filers write it: split cells, plain cells, unclosed tags, ``<pre>``, layout tables, inline XBRL."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from corpus import render_text
from corpus.layouts import Layout, Printed, depth, printed, spanners
from corpus.model import Cell, Figure, Filing, Paragraph, Row, Table

FACES = {
    "Times": "Times New Roman,Times,serif",
    "Helvetica": "Arial,Helvetica,sans-serif",
    "Courier": "Courier New,monospace",
}


def _text(text: str) -> str:
    return html.escape(text, quote=False).replace("\u00a0", "&nbsp;")


class _Style:
    """What the writers of one document share."""

    def __init__(self, filing: Filing, layout: Layout) -> None:
        self.layout, self.filing = layout, filing
        self.rng = Random(f"html {filing.seed} {layout.html}")
        self.face = FACES.get(layout.font, "Times New Roman,Times,serif")
        self.indent = self.rng.choice(("padding", "nbsp", "margin"))
        self.padded = self.rng.random() < 0.7  # an empty column between two columns
        self.open_apart = self.rng.random() < 0.15  # the opening parenthesis in the cell of the currency sign
        self.fact = 0

    def label(self, row: Row, text: str | None = None) -> str:
        """The stub cell's content with its indentation."""
        content = _text(row.label if text is None else text)
        if row.level and self.indent == "nbsp":
            return "&nbsp;" * (3 * row.level) + content
        return content

    def label_style(self, row: Row) -> str:
        """The stub cell's own style."""
        if not row.level or self.indent == "nbsp":
            return ""
        name = "padding-left" if self.indent == "padding" else "margin-left"
        return f"{name}:{10 * row.level}pt;"


def _ix(style: _Style, cell: Cell, body: str) -> str:
    """A figure in its inline XBRL wrapper, parentheses outside as the standard asks."""
    if not isinstance(cell, Figure) or style.layout.html != "ixbrl":
        return body
    style.fact += 1
    start = f'<ix:nonFraction unitRef="u1" contextRef="c{style.fact % 7}" id="f-{style.fact}"'
    if cell.nil:
        return f'{start} format="ixt:zerodash">{body}</ix:nonFraction>'
    digits = body.strip("()-")
    sign = ' sign="-"' if cell.units < 0 else ""
    return body.replace(digits, f'{start} decimals="0" name="x:F{style.fact}"{sign}>{digits}</ix:nonFraction>')


def _border(row: Row, layout: Layout) -> str:
    if layout.rules == "bare" or not row.rule:
        return ""
    bottom = "border-bottom:3pt double #000;" if row.rule == "double" else ""
    return "border-top:1pt solid #000;" + bottom


def _split_cells(style: _Style, row: Row, cells: list[tuple[Cell, Printed]], kinds: Sequence[str]) -> str:
    """Three cells for each figure: sign, digits, what closes it; an empty cell between."""
    out = []
    for (cell, part), kind in zip(cells, kinds, strict=True):
        pad = '<td style="width:1%">&nbsp;</td>' if style.padded else ""
        if kind != "value":
            align = "left" if kind == "text" else "center"
            out.append(f'{pad}<td colspan="3" style="text-align:{align}">{_text(part.body) or "&#160;"}</td>')
            continue
        border = _border(row, style.layout) if part.body else ""
        body, close = part.body, part.tail
        if body.endswith(")"):
            body, close = body[:-1], ")" + close
        sign = part.sign
        if style.open_apart and body.startswith("("):
            sign, body = sign + "(", body[1:]
        mark = f"<sup>{_text(part.mark)}</sup>" if part.mark else ""
        out.append(
            f'{pad}<td style="{border}text-align:left">{_text(sign)}</td>'
            f'<td style="{border}text-align:right;white-space:nowrap">{_ix(style, cell, _text(body))}{mark}</td>'
            f'<td style="text-align:left">{_text(close)}</td>'
        )
    return "".join(out)


def _plain_cells(style: _Style, row: Row, cells: list[tuple[Cell, Printed]], kinds: Sequence[str]) -> str:
    """One cell for each figure."""
    out = []
    for (cell, part), kind in zip(cells, kinds, strict=True):
        align = "right" if kind == "value" else "left"
        gap = " " if part.sign and not style.layout.glued else ""
        mark = f"<sup>{_text(part.mark)}</sup>" if part.mark else ""
        content = f"{_text(part.sign)}{gap}{_ix(style, cell, _text(part.body))}{part.tail}{mark}"
        border = _border(row, style.layout) if part.body and kind == "value" else ""
        out.append(f'<td align="{align}" style="{border}">{content or "&nbsp;"}</td>')
    return "".join(out)


def _head_rows(style: _Style, table: Table, unit: int) -> str:
    """The boxhead; ``unit`` cells stand under each column."""
    rows = []
    pad = "<td></td>" if style.padded and unit == 3 else ""
    each = unit + (1 if pad else 0)
    tag = "th" if unit == 1 and style.layout.html in {"simple", "bordered"} else "td"
    for level in range(depth(table)):
        cells = [_stub_head(style, table, level, tag)]
        for first, last, text in spanners(table, level):
            span = each * (last - first + 1) - (1 if pad else 0)
            bold = f"<b>{_text(text)}</b>" if style.layout.head_bold and tag == "td" else _text(text)
            line = "border-bottom:1pt solid #000;" if style.layout.head_rules and text else ""
            cells.append(f'{pad}<{tag} colspan="{span}" style="text-align:center;{line}">{bold or "&nbsp;"}</{tag}>')
        rows.append("<tr>" + "".join(cells) + "</tr>")
    return "\n".join(rows)


def _stub_head(style: _Style, table: Table, level: int, tag: str) -> str:
    """The cell above the stub; with header tags one cell over all lines of heads."""
    text = table.stub_head or (table.headnote if style.layout.note_in_stub else "")
    if tag == "th":
        return f'<th rowspan="{depth(table)}">{_text(text) or "&nbsp;"}</th>' if level == 0 else ""
    place = depth(table) - 1 if table.stub_head else 0
    return f"<td>{(_text(text) if level == place else '') or '&nbsp;'}</td>"


def _body_rows(style: _Style, table: Table, unit: int) -> str:
    kinds = [c.kind for c in table.columns]
    writer = _split_cells if unit == 3 else _plain_cells
    rows = []
    for number, row in enumerate(table.rows):
        shade = ' bgcolor="#cceeff"' if style.layout.rules == "shaded" and number % 2 == 0 else ""
        stub = f'<td style="vertical-align:bottom;{style.label_style(row)}">{style.label(row) or "&nbsp;"}</td>'
        if row.kind == "section":
            span = len(kinds) * (unit + (1 if style.padded and unit == 3 else 0))
            rest = f'<td colspan="{span}"></td>' if span else ""
        else:
            rest = writer(style, row, [(c, printed(c, row, style.layout.numbers)) for c in row.cells], kinds)
        rows.append(f"<tr{shade}>{stub}{rest}</tr>")
        if style.layout.hidden_rows and style.rng.random() < 0.08:
            cells = "<td>99,999</td>" * len(kinds)
            rows.append(f'<tr style="display:none"><td>not shown</td>{cells}</tr>')
        if row.rule and style.layout.blank_after_total:
            rows.append(f'<tr><td colspan="{1 + len(kinds)}">&#160;</td></tr>')
    return "\n".join(rows)


def _modern(style: _Style, table: Table, unit: int) -> str:
    border = ' border="1" cellpadding="3"' if style.layout.rules == "ruled" or style.layout.html == "bordered" else ""
    head = f'<table{border} style="border-collapse:collapse;width:100%;font-size:{style.layout.size}pt">'
    return f"{head}\n{_head_rows(style, table, unit)}\n{_body_rows(style, table, unit)}\n</table>"


def _old(style: _Style, table: Table) -> str:
    """The 1990s: capitals, NOWRAP, no closing tags, fonts opened and left open."""
    layout = style.layout
    lines = [f"<TABLE BORDER=0 WIDTH=100%><CAPTION>{_text(table.headnote)}</CAPTION>"]
    for level in range(depth(table)):
        parts = [f"<TH ALIGN=CENTER COLSPAN={b - a + 1}><FONT SIZE=2>{_text(t)}" for a, b, t in spanners(table, level)]
        stub = table.stub_head if level == 0 else ""
        lines.append(f"<TR VALIGN=BOTTOM><TH ALIGN=LEFT>{_text(stub)}" + "".join(parts))
    for row in table.rows:
        cells = []
        for cell, column in zip(row.cells, table.columns, strict=True):
            part = printed(cell, row, layout.numbers)
            align = "RIGHT" if column.kind == "value" else "LEFT"
            gap = "" if layout.glued or not part.sign else " "
            cells.append(
                f"<TD ALIGN={align} NOWRAP><FONT SIZE=2>{_text(part.sign + gap + part.body + part.tail + part.mark)}"
            )
        indent = "&nbsp;" * (2 * row.level)
        lines.append(f"<TR VALIGN=TOP><TD ALIGN=LEFT><FONT SIZE=2>{indent}{_text(row.label)}" + "".join(cells))
        if row.rule and layout.rules != "bare":
            lines.append("<TR><TD>" + f"<TD><HR SIZE={2 if row.rule == 'double' else 1} NOSHADE>" * len(table.columns))
    lines.append("</TABLE>")
    return "\n".join(lines)


def _pre(style: _Style, table: Table) -> str:
    """A fixed-width table in ``<pre>``."""
    lines = render_text.table_lines(table, replace(style.layout, tags=False))
    return "<pre>\n" + _text("\n".join(lines)) + "\n</pre>"


def _nested(style: _Style, table: Table) -> str:
    """A layout table around the table."""
    inner = _modern(style, table, 3)
    return f'<table width="100%" cellpadding="0"><tr><td width="5%">&nbsp;</td><td>{inner}</td></tr></table>'


WRITERS: dict[str, Callable[[_Style, Table], str]] = {
    "edgar": lambda s, t: _modern(s, t, 3),
    "ixbrl": lambda s, t: _modern(s, t, 3),
    "simple": lambda s, t: _modern(s, t, 1),
    "bordered": lambda s, t: _modern(s, t, 1),
    "old": _old,
    "pre": _pre,
    "nested": _nested,
}


def _heading(style: _Style, table: Table) -> str:
    align = style.layout.title_align
    parts = [f"<b>{_text(style.filing.company)}</b>", f"<b>{_text(table.title)}</b>"]
    if table.dateline:
        parts.append(_text(table.dateline))
    if table.headnote and not style.layout.note_in_stub and style.layout.html != "old":
        parts.append(_text(table.headnote))
    if style.layout.html == "old":
        return f"<P ALIGN={align.upper()}><FONT SIZE=2>" + "<BR>".join(parts)
    return "\n".join(f'<p style="text-align:{align};margin:0">{p}</p>' for p in parts)


def _start(filing: Filing, layout: Layout, style: _Style) -> str:
    form = f"FORM {filing.form}" if filing.form != "other" else ""
    if layout.html == "old":
        return f"<HTML><HEAD><TITLE>{_text(filing.company)}</TITLE></HEAD><BODY>\n<P ALIGN=CENTER><B>{form}</B>"
    wrapper = ' xmlns:ix="http://www.xbrl.org/2013/inlineXBRL"' if layout.html == "ixbrl" else ""
    hidden = ""
    if layout.html == "ixbrl":
        fact = '<ix:nonNumeric contextRef="c0" name="dei:AmendmentFlag" id="h1">false</ix:nonNumeric>'
        hidden = f'<div style="display:none"><ix:header><ix:hidden>{fact}</ix:hidden></ix:header></div>'
    return (
        f"<!DOCTYPE html>\n<html{wrapper}><head><meta charset='utf-8'><title>{_text(filing.company)}</title></head>\n"
        f'<body style="font-family:{style.face}">{hidden}\n'
        f'<p style="text-align:center"><b>{form}</b></p>\n<h2 style="text-align:center">{_text(filing.company)}</h2>'
    )


def _paragraph(style: _Style, text: str) -> str:
    """A sentence; some writers set it as an item of a list made of table cells."""
    if style.layout.html == "old":
        return f"<P><FONT SIZE=2>{_text(text)}"
    if style.rng.random() < 0.2:
        return f'<table><tr><td style="width:3%">•</td><td>{_text(text)}</td></tr></table>'
    return f"<p>{_text(text)}</p>"


def render(filing: Filing, layout: Layout) -> str:
    """The whole filing as HTML in the dialect ``layout.html``."""
    style = _Style(filing, layout)
    writer = WRITERS[layout.html]
    parts = [_start(filing, layout, style)]
    for number, block in enumerate(filing.blocks):
        if isinstance(block, Paragraph):
            parts.append(_paragraph(style, block.text))
            continue
        parts += [_heading(style, block), writer(style, block)]
        if layout.html != "pre":
            parts += [f"<p><font size=1>{_text(n)}</font></p>" for n in block.footnotes]
        if number % 3 == 2 and layout.html != "old":
            parts.append(f'<p style="text-align:center">{number}</p><hr style="page-break-after:always">')
    parts.append("</body></html>")
    return "\n".join(parts) + "\n"

"""Text that came out of an OCR engine: columns fallen together to single spaces, heads stacked, damaged figures.

``collapsed`` is the plain engine's text; ``markdown`` is what an ML converter makes of the same page.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from corpus.damage import Damage, inject
from corpus.layouts import Layout, Printed, depth, printed, spanners
from corpus.model import Filing, Paragraph, Table


@dataclass(slots=True)
class Reading:
    """A text and the damage that was put into it."""

    text: str
    damage: list[Damage] = field(default_factory=list)


def _plain(text: str) -> str:
    return text.replace("’", "'").replace("—", "-").replace("–", "-")


def cells_of(table: Table, layout: Layout) -> list[list[Printed]]:
    """The printed cells of a table, row by row."""
    return [[printed(c, r, layout.numbers) for c in r.cells] or [Printed()] * len(table.columns) for r in table.rows]


def figures_line(cells: Sequence[Printed], *, glued: bool) -> str:
    """The figures of a row with single spaces between; blanks leave no trace."""
    parts = []
    for cell in cells:
        if not cell.body:
            continue
        gap = "" if glued and cell.sign == "$" else " "
        parts.append(_plain((cell.sign + gap if cell.sign else "") + cell.body + cell.tail + cell.mark))
    return " ".join(parts)


def _heads(table: Table) -> list[str]:
    lines = []
    for level in range(depth(table)):
        line = " ".join(_plain(text) for _, _, text in spanners(table, level) if text)
        if line:
            lines.append(line)
    if len(lines) > 1:
        lines.insert(len(lines) - 1, "")
    return lines


def _torn(lines: list[tuple[str, str]], company: str) -> list[str]:
    """Labels first, then a page end with a stray heading, then their figures."""
    labels = [label for label, _ in lines]
    values = [value for _, value in lines if value]
    return ["", "", *labels, "", company, "", *values]


def table_lines(
    table: Table, cells: list[list[Printed]], layout: Layout, *, torn: tuple[int, str] | None = None
) -> list[str]:
    """One table, its columns collapsed; ``torn``: the row from which labels and values part, and a stray heading."""
    rows = [(_plain(r.label), figures_line(c, glued=layout.glued)) for r, c in zip(table.rows, cells, strict=True)]
    cut = torn[0] if torn else len(rows)
    lines = [f"{label} {figures}".strip() for label, figures in rows[:cut]]
    if torn:
        lines += _torn(rows[cut:], torn[1])
    return [*_heads(table), *lines, *table.footnotes]


def collapsed(filing: Filing, layout: Layout, seed: int, per_table: int = 2) -> Reading:
    """The filing as an OCR engine's text with ``per_table`` damaged figures in each table."""
    rng = Random(f"ocr {filing.seed} {seed}")
    reading = Reading("")
    lines: list[str] = [filing.company, ""]
    if filing.form != "other":
        lines.insert(0, f"FORM {filing.form}")
    number = 0
    for block in filing.blocks:
        if isinstance(block, Paragraph):
            lines += [*textwrap.wrap(_plain(block.text), 120), ""]
            continue
        cells = cells_of(block, layout)
        reading.damage += inject(rng, block, cells, number, per_table)
        tear = rng.random() < 0.2 and per_table > 0 and len(cells) > 9
        torn = (len(cells) * 2 // 3, filing.company) if tear else None
        heading = [t for t in (filing.company, block.title, block.dateline, block.headnote) if t]
        lines += [*heading, "", *table_lines(block, cells, layout, torn=torn), ""]
        number += 1
    reading.text = "\n".join(lines) + "\n"
    return reading


def _markdown_cells(cells: Sequence[Printed], kinds: Sequence[str], *, apart: bool) -> list[str]:
    out: list[str] = []
    for cell, kind in zip(cells, kinds, strict=True):
        sign = cell.sign.replace("$", "\\$")
        body = cell.body + cell.tail + cell.mark
        if kind == "value" and apart:
            out += [sign, body]
        else:
            out.append(f"{sign}{body}")
    return out


def markdown_heads(table: Table, *, apart: bool) -> list[list[str]]:
    """The boxhead; a spanner stands in the first of its cells."""
    widths = [2 if apart and c.kind == "value" else 1 for c in table.columns]
    rows = []
    for level in range(depth(table)):
        row = [table.stub_head if level == 0 else ""]
        for first, last, text in spanners(table, level):
            # the head stands over the digits, not over the currency sign
            lead = [""] * (widths[first] - 1)
            row += [*lead, text, *[""] * (sum(widths[first : last + 1]) - len(lead) - 1)]
        rows.append(row)
    return rows


def markdown_rows(table: Table, cells: list[list[Printed]], form: Literal["tab", "pipe"]) -> list[str]:
    """One table as Markdown: rows by tabs with the currency signs in cells of their own, or by pipes."""
    apart = form == "tab"
    kinds = [c.kind for c in table.columns]
    rows = markdown_heads(table, apart=apart)
    heads = len(rows)
    rows += [[r.label, *_markdown_cells(c, kinds, apart=apart)] for r, c in zip(table.rows, cells, strict=True)]
    if form == "tab":
        return ["\t".join(row) for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return [*lines[:heads], "|" + "---|" * len(rows[0]), *lines[heads:]]


def markdown(filing: Filing, layout: Layout, seed: int, *, form: Literal["tab", "pipe"], per_table: int = 1) -> Reading:
    """The filing as an ML converter's Markdown."""
    rng = Random(f"markdown {filing.seed} {seed}")
    reading = Reading("")
    lines = [f"# {filing.company}", ""]
    if filing.form != "other":
        lines.insert(0, f"#### FORM {filing.form}")
    number = 0
    for block in filing.blocks:
        if isinstance(block, Paragraph):
            lines += [block.text.replace("$", "\\$"), ""]
            continue
        cells = cells_of(block, layout)
        reading.damage += inject(rng, block, cells, number, per_table)
        heading = " ".join(t for t in (filing.company, block.title, block.dateline, block.headnote) if t)
        lines += [f"## {heading}", "", *markdown_rows(block, cells, form), ""]
        lines += [n.replace("*", "\\*") for n in block.footnotes]
        number += 1
    reading.text = "\n".join(lines) + "\n"
    return reading

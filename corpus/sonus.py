"""Two documents with the statements of Sonus Networks, Inc. for the second and third quarter of 2011.

Figures and line names are facts and stand in ``corpus/truth/sonus-2011-q*.json``, with the places that OCR and an ML
converter had damaged. The documents around them, their sentences and their layout, are of our own making.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from corpus import sonus_markdown
from corpus.damage import Damage
from corpus.layouts import Layout, NumberStyle, Printed
from corpus.model import Cell, Column, Figure, Filing, Paragraph, Row, Table, Text, Unit
from corpus.render_ocr import Reading, cells_of, table_lines

FACTS = Path(__file__).parent / "truth"
LAYOUT = Layout(NumberStyle(nil="-"), glued=False)
DOLLAR_STARTS = (
    "Net income",
    "Net loss",
    "Total stock-based",
    "Total amortization",
    "Cost of revenue - product",
    "GAAP",
    "Non-GAAP",
    "Cash and cash equivalents, end",
    "Revenue",
)
TITLE_NOTE = {"ops": "(in thousands, except per share data)", "guid": "(In millions, except percentages)"}

Facts = dict[str, Any]


def facts(quarter: int) -> Facts:
    """The facts of the second or third quarter."""
    loaded: Facts = json.loads((FACTS / f"sonus-2011-q{quarter}.json").read_text(encoding="utf-8"))
    return loaded


def _cell(text: str, unit: Unit, scale: int | None) -> Cell:
    if text == "-":
        return Figure(0, nil=True, unit=unit, scale=scale)
    if not any(c.isdigit() for c in text):
        return Text(text) if text else None
    bare = text.strip("()%").replace(",", "")
    decimals = len(bare.partition(".")[2])
    sign = -1 if text.startswith("(") else 1
    return Figure(
        sign * int(bare.replace(".", "")),
        decimals,
        "percent" if "%" in text else unit,
        scale=None if "%" in text else scale,
    )


def _unit(label: str, section: str) -> tuple[Unit, int | None]:
    words = f"{section} {label}".lower()
    if "shares used" in words:
        return "shares", 3
    if "per share" in words:
        return "per_share", 0
    return "currency", None


def _heads(heads: list[str], *, stacked: bool) -> tuple[str, ...]:
    """The head lines of a column; ``stacked`` puts the year below the day."""
    day, comma, year = heads[-1].rpartition(", ")
    return (*heads[:-1], day + ",", year) if stacked and comma else tuple(heads)


def _table(data: Facts, *, stacked: bool) -> Table:
    noted = any(len(r) == len(data["columns"]) + 2 for r in data["rows"])
    columns = [Column(_heads(h, stacked=stacked), p) for h, p in zip(data["columns"], data["periods"], strict=True)]
    if noted:
        columns.insert(0, Column(("",) * (len(columns[0].heads) - 1) + ("Notes",), None, "note"))
    rows, section = [], ""
    for line in data["rows"]:
        if len(line) == 1:
            section = line[0]
            rows.append(Row("section", section, (None,) * len(columns)))
            continue
        unit, scale = _unit(line[0], section)
        values = [_cell(t, unit, scale) for t in line[1 : len(data["columns"]) + 1]]
        if noted:
            values.insert(0, Text(line[-1]) if len(line) == len(data["columns"]) + 2 else None)
        rows.append(Row("data", line[0], tuple(values), money=_dollar(line[0], unit, first=_first(rows))))
    note = next((n for k, n in TITLE_NOTE.items() if data["name"].startswith(k)), "(in thousands)")
    return Table(data["kind"], data["title"], tuple(columns), rows, note, scale=data["scale"])


def _first(rows: list[Row]) -> bool:
    """The first figures of a table, and of the lower half of a balance sheet."""
    return not any(r.kind == "data" for r in rows) or rows[-1].label == "Current liabilities:"


def _dollar(label: str, unit: Unit, *, first: bool) -> bool:
    return first or not label or unit == "per_share" or label.startswith(DOLLAR_STARTS)


PROSE = {
    2: (
        "The amounts below are those of the second quarter and the first half of fiscal 2011.",
        "This page was set anew; only its figures and line names come from the report.",
    ),
    3: (
        "The amounts below are those of the third quarter and the first nine months of fiscal 2011.",
        "Third-quarter revenue came to \\$66.4 million, against \\$51.8 million one quarter earlier.",
    ),
}


def filing(quarter: int) -> Filing:
    """The statements as a filing that any renderer can print without damage."""
    data = facts(quarter)
    blocks: list[Table | Paragraph] = [Paragraph(t) for t in PROSE[quarter]]
    blocks += [_table(t, stacked=quarter == 2) for t in data["tables"]]
    form = "other" if quarter == 2 else "8-K"
    return Filing(f"sonus-2011-q{quarter}", data["company"], form, data["report_date"], blocks, cik="0001105472")


def data_rows(table: Table) -> list[int]:
    """Indexes of the data lines: the recorded damage counts them alone."""
    return [i for i, r in enumerate(table.rows) if r.kind == "data"]


def damages(quarter: int) -> list[Damage]:
    """The recorded damage as places of the filing's tables."""
    data, tables = facts(quarter), filing(quarter).tables
    names = [t["name"] for t in data["tables"]]
    found = []
    for name, row, column, text, kind in data["damage"]:
        table = tables[names.index(name)]
        place = (data_rows(table)[row], table.value_columns()[column])
        cell = table.rows[place[0]].cells[place[1]]
        value = cell.value if isinstance(cell, Figure) else ""
        true = cells_of(table, LAYOUT)[place[0]][place[1]]
        found.append(Damage(names.index(name), place[0], place[1], kind, text, true.body + true.tail, value))
    return found


def _misread(cells: list[list[Printed]], damage: list[Damage], number: int) -> None:
    """Print what the engine printed where a single cell was hit."""
    for hit in damage:
        if hit.table != number or "label" in hit.kind:
            continue
        text = hit.printed
        if "column boundary" in hit.kind:
            text = "$ -8" if "column 2" in text else "38"
        cells[hit.row][hit.column] = Printed(body=text)


def q2_text() -> Reading:
    """The second quarter as OCR'd text: columns collapsed, the end of one table torn into labels and values."""
    made, damage = filing(2), damages(2)
    lines = [" " + "Sonus Networks: statements for the quarter that ended on June 30, 2011", ""]
    lines += [f"{b.text}\n" for b in made.blocks if isinstance(b, Paragraph)]
    for number, table in enumerate(made.tables):
        cells = cells_of(table, LAYOUT)
        _misread(cells, damage, number)
        torn = [d.row for d in damage if d.table == number and "separated" in d.kind]
        layout = replace(LAYOUT, glued=False)
        heading = [made.company, table.title, table.headnote, "(unaudited)", ""]
        lines += [*heading, *table_lines(table, cells, layout, torn=(min(torn), made.company) if torn else None), ""]
    lines.append("A and B stand for stock-based compensation and for amortization of intangible assets.")
    return Reading("\n".join(lines) + "\n", damage)


def q3_markdown() -> Reading:
    """The third quarter as an ML converter's Markdown: rows merged, shifted, doubled and lost."""
    made, damage = filing(3), damages(3)
    names = [t["name"] for t in facts(3)["tables"]]
    lines = ["## UNITED STATES SECURITIES AND EXCHANGE COMMISSION", "", "#### FORM 8-K", "", f"#### {made.company}", ""]
    lines += [f"{b.text}\n" for b in made.blocks if isinstance(b, Paragraph)]
    for number, (name, table) in enumerate(zip(names, made.tables, strict=True)):
        hits = [d for d in damage if d.table == number]
        lines += [f"# {made.company} {table.title} {table.headnote} (unaudited)", ""]
        lines += [*sonus_markdown.table_lines(name, table, hits, LAYOUT), ""]
    return Reading("\n".join(lines) + "\n", damage)

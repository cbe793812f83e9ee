"""The truth of a generated filing, in the format that the scorer of the benchmark reads.

One object per document: ``id company form source pages variants tables``; each table has ``kind title caption
scale columns rows`` and, beyond the benchmark's format, ``identities`` and ``damage``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from corpus.damage import Damage
from corpus.layouts import NumberStyle, digits
from corpus.model import Cell, Column, Figure, Filing, Identity, Row, Table, Text

Json = dict[str, Any]


def _figure(figure: Figure, table: Table, column: Column, style: NumberStyle, order: int) -> Json:
    period = figure.period or column.period
    scale = figure.scale if figure.scale is not None else table.scale
    unit = {"per_share": "currency", "shares": "shares", "percent": "percent"}.get(figure.unit)
    return {
        "col": order,
        "scored": True,
        "text": "—" if figure.nil else digits(figure, style),
        "sign": "-" if figure.units < 0 else "+",
        "fact": period is not None and not figure.nil,
        "value": None if figure.nil else figure.value,
        "is_dash": figure.nil,
        "period": period,
        "unit": unit,
        "concept": None,
        "scale": -2 if figure.unit == "percent" else scale,
    }


def _beside(text: str) -> Json:
    """A cell that is no figure: it shields its own number, nothing more."""
    number = text if re.fullmatch(r"\d{1,9}", text) else None
    return {
        "col": None,
        "scored": False,
        "text": text,
        "value": number,
        "fact": False,
        "period": None,
        "is_dash": False,
        "sign": "+",
    }


def _cells(cells: Sequence[Cell], table: Table, style: NumberStyle) -> list[Json]:
    orders = {c: i for i, c in enumerate(table.value_columns())}
    found = []
    for index, cell in enumerate(cells):
        if isinstance(cell, Figure):
            found.append(_figure(cell, table, table.columns[index], style, orders[index]))
            if cell.mark:
                found.append(_beside(cell.mark.strip("()")))
        elif isinstance(cell, Text):
            numbers = re.findall(r"\d+", cell.text)
            found += [_beside(n) for n in numbers] or [_beside(cell.text)]
    return found


def _heads(table: Table) -> list[Json]:
    rows = []
    for level in range(len(table.columns[0].heads)):
        numbers = [n for c in table.columns for n in re.findall(r"\d+", c.heads[level])]
        rows.append(
            {"label": table.stub_head if level == 0 else "", "kind": "header", "cells": [_beside(n) for n in numbers]}
        )
    return rows


def _row(row: Row, table: Table, style: NumberStyle) -> Json:
    return {"label": row.label, "kind": row.kind, "cells": _cells(row.cells, table, style)}


def _identity(identity: Identity, lead: int) -> Json:
    def ref(place: tuple[int, int]) -> list[int]:
        return [place[0] + lead, place[1]]

    return {
        "kind": identity.kind,
        "total": ref(identity.total),
        "terms": [[*ref(p), w] for p, w in identity.terms],
        "divisor": ref(identity.divisor) if identity.divisor else None,
        "factor": list(identity.factor),
        "slack": identity.slack,
    }


def table_truth(table: Table, number: int, style: NumberStyle, company: str = "") -> Json:
    """One table; rows of identities count the header rows too, their columns all columns of the table."""
    heads = _heads(table)
    columns = [table.columns[i] for i in table.value_columns()]
    return {
        "id": number,
        "kind": table.kind,
        "title": table.title,
        "caption": [t for t in (company, table.title, table.dateline, table.headnote, *table.footnotes) if t],
        "scale": table.scale,
        "columns": [
            {"ord": i, "header": " ".join(h for h in c.heads if h), "period": c.period} for i, c in enumerate(columns)
        ],
        "rows": [*heads, *(_row(r, table, style) for r in table.rows)],
        "identities": [_identity(i, len(heads)) for i in table.identities],
    }


def truth(filing: Filing, style: NumberStyle, variants: Sequence[str], pages: int = 1) -> Json:
    """The truth of a whole filing; ``variants`` names the renderings that lie beside it."""
    return {
        "id": filing.id,
        "company": filing.company,
        "form": filing.form,
        "report_date": filing.report_date,
        "currency": filing.currency,
        "source": f"corpus.generate seed {filing.seed}",
        "pages": pages,
        "variants": list(variants),
        "tables": [table_truth(t, i, style, filing.company) for i, t in enumerate(filing.tables)],
    }


def damage_truth(filing: Filing, damage: Sequence[Damage]) -> list[Json]:
    """What was damaged: ``row`` counts data rows, ``col`` value columns, both from 0, as the benchmark's list does."""
    found = []
    for hit in damage:
        table = filing.tables[hit.table]
        row = sum(r.kind == "data" for r in table.rows[: hit.row])
        found.append(
            {
                "table": hit.table,
                "row": row,
                "col": table.value_columns().index(hit.column),
                "kind": hit.kind,
                "printed": hit.printed,
                "true_text": hit.true_text,
                "true_value": hit.true_value,
                "row_label": table.rows[hit.row].label,
            }
        )
    return found


def dump(document: Json) -> str:
    """Compact JSON, a line for each row, so that a change of the truth can be read in a diff."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace('{"label":', '\n{"label":') + "\n"

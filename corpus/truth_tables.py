"""True statements (``truth.json``) as the stages before footing would hand them over: nothing is read, all is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extractors.page import Cell, PagePlace
from extractors.tables import BodyRow, Layout, Table
from schemas.filing import Duration, Instant, Period

Periods = tuple[tuple[Period | None, ...], ...]


def read_truth(path: Path) -> tuple[Layout, Periods]:
    """The tables of a truth file as a layout, and the periods of their columns."""
    truth = json.loads(path.read_text())
    kept = [table for table in truth["tables"] if table["columns"] and any(_filled(row) for row in table["rows"])]
    tables = tuple(_table(table) for table in kept)
    return Layout(tables, ()), tuple(tuple(_period(c.get("period")) for c in t["columns"]) for t in kept)


def _filled(row: Mapping[str, Any]) -> bool:
    return any(cell.get("col") is not None for cell in row["cells"])


def _table(table: Mapping[str, Any]) -> Table:
    width = len(table["columns"])
    rows = [row for row in table["rows"] if row["kind"] != "header" and (row["label"] or _filled(row))]
    body = tuple(BodyRow(row["label"], 0.0, _cells(row, place, width)) for place, row in enumerate(rows))
    heads = tuple((column["header"],) for column in table["columns"])
    return Table(tuple(table["caption"]), (), heads, body, pages=(1,), source="truth")


def _cells(row: Mapping[str, Any], place: int, width: int) -> tuple[Cell | None, ...]:
    cells: list[Cell | None] = [None] * width
    for cell in row["cells"]:
        column = cell.get("col")
        if column is not None and 0 <= column < width:
            where = PagePlace(page=1, bbox=(0.0, 0.0, 1.0, 1.0))
            cells[column] = Cell(_printed(cell), place, column, where)
    return tuple(cells)


def _printed(cell: Mapping[str, Any]) -> str:
    """The figure with its sign, as statements print it."""
    text = str(cell["text"])
    if cell.get("sign") == "-" and not cell.get("is_dash") and not any(mark in text for mark in "(-"):
        text = f"({text})"
    return f"{text}%" if cell.get("unit") == "percent" and "%" not in text else text


def _period(text: str | None) -> Period | None:
    if not text:
        return None
    start, _, end = text.partition("/")
    return Duration(start=start, end=end) if end else Instant(instant=start)

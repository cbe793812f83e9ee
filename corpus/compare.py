"""Hold a result against the truth of a generated document: how many of its rows came out exactly right.

A strict little judge for tests: a row is right when some row of the result has its label and its values, column by
column. The full scorer of a benchmark forgives more and tells more.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from schemas.amounts import amount
from schemas.filing import Filing, Table

Key = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Score:
    """Rows of the truth, how many of them are right, and figures of the result that are wrong and not flagged."""

    rows: int
    right: int
    silent: int

    @property
    def share(self) -> float:
        """The share of rows that are right, 0-1."""
        return self.right / self.rows if self.rows else 1.0


def compare(filing: Filing, truth: dict[str, Any]) -> Score:
    """Compare a result with a truth in the format of ``corpus.truth``."""
    wanted = Counter(key for table in truth["tables"] for key in _truth_rows(table))
    values = Counter(value for (_, row), count in wanted.items() for value in row for _ in range(count))
    found = Counter(key for table in filing.tables for key in _rows(table))
    unflagged = Counter(
        _plain(figure.value)
        for table in filing.tables
        for figure in table.figures
        if not figure.needs_review and not figure.nil
    )
    silent = sum((unflagged - values).values())
    return Score(sum(wanted.values()), sum((wanted & found).values()), silent)


def _label(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def _plain(value: str | None) -> str:
    """A value without trailing noughts; a dash is nought."""
    number = amount(value or "0").normalize()
    return format(number + 0, "f")


def _truth_rows(table: dict[str, Any]) -> list[Key]:
    rows = []
    for row in table["rows"]:
        cells = [cell for cell in row["cells"] if cell["scored"]]
        if row["kind"] == "data" and cells:
            rows.append((_label(row["label"]), tuple(_plain(c["value"]) for c in sorted(cells, key=_order))))
    return rows


def _order(cell: dict[str, Any]) -> int:
    return int(cell["col"])


def _rows(table: Table) -> list[Key]:
    rows: dict[int, list[tuple[int, str]]] = {}
    for figure in table.figures:
        rows.setdefault(figure.row, []).append((figure.column, _plain(figure.value)))
    labels = {row.index: _label(row.label) for row in table.rows}
    return [(labels[index], tuple(value for _, value in sorted(cells))) for index, cells in rows.items()]

"""Ledgers: the figures of a table by class of unit, as whole numbers, with what the stub says of each row.

Sums are only looked for among figures of one class: amounts of one scale, counts of shares, per-share figures,
percentages. Whole numbers (values in units of the ledger's last place) keep the search fast and exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from extractors.figures import Body, ReadFigure
from extractors.footing.labels import PERCENT_HEAD, plain_label, words_of
from extractors.meaning import RowMeaning, TableMeaning
from extractors.tables import Table
from schemas.amounts import Amount, shifted
from schemas.filing import Period

_CENTS = 2
UnitClass = Literal["amount", "shares", "per_share", "percent"]
_NOTHING: Mapping[int, tuple[UnitClass, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a ledger.

    Attributes:
        label: plain label. words: those that carry meaning. heading: plain label of the section it stands in.
        section: counts the section labels above it; two entries of one section have the same.
        figures, values: one per column of the table, None where nothing of this class is printed; values in units
            of 10^-places of the ledger.
    """

    table: int
    row: int
    label: str
    words: frozenset[str]
    heading: str
    section: int
    ruled: bool
    figures: tuple[ReadFigure | None, ...]
    values: tuple[int | None, ...]
    periods: tuple[Period | None, ...]

    def identifier(self, column: int) -> str:
        """The id of the figure in a column that is known to hold one."""
        figure = self.figures[column]
        if figure is None:
            raise KeyError(f"row {self.row} holds nothing in column {column}")
        return figure.id


@dataclass(frozen=True, slots=True)
class Ledger:
    """The rows of one table that hold figures of one class, top down; ``places`` decimals, ``scale`` as printed."""

    table: int
    kind: str
    unit: UnitClass
    scale: int
    places: int
    columns: int
    heads: tuple[str, ...]
    entries: tuple[Entry, ...]


ClassKey = tuple[UnitClass, int]
"""Class of unit and scale: what a ledger is made of."""


def read_ledgers(
    index: int,
    table: Table,
    body: Body,
    means: TableMeaning,
    likely: Mapping[str, Amount],
    adopted: Mapping[int, ClassKey] = _NOTHING,
) -> list[Ledger]:
    """The ledgers of one table, amounts first.

    Args:
        index: the place of the table in the document. likely: what figures of impossible form say, by id.
        adopted: rows whose figures are of another class than they seem.
    """
    classes = _classes(table, body, means, adopted)
    order: tuple[UnitClass, ...] = ("amount", "shares", "per_share", "percent")
    sections = _sections(table, body)
    heads = tuple(plain_label(" ".join(head)) for head in table.heads)
    found = []
    for unit, scale in sorted(classes, key=lambda key: (order.index(key[0]), -key[1])):
        rows = classes[unit, scale]
        shown = [f.number.decimals for row in rows.values() for f in row.values() if f.id not in likely]
        places = max(shown, default=0)
        entries = tuple(
            _entry(index, table, means, sections, _Cells(row, rows[row], places, likely)) for row in sorted(rows)
        )
        found.append(Ledger(index, means.kind, unit, scale, places, len(table.heads), heads, entries))
    return found


def _classes(
    table: Table, body: Body, means: TableMeaning, adopted: Mapping[int, ClassKey]
) -> dict[ClassKey, dict[int, dict[int, ReadFigure]]]:
    """The figures by class, row and column."""
    percents = {column for column, head in enumerate(table.heads) if any(PERCENT_HEAD.search(text) for text in head)}
    prices = _price_columns(body)
    found: dict[ClassKey, dict[int, dict[int, ReadFigure]]] = {}
    for figure in body.figures:
        key = _class_of(figure, means.rows[figure.row], figure.column in percents)
        if key[0] == "shares" and means.kind == "cash_flow":
            key = "amount", key[1]  # "common stock repurchased": a statement of cash flows counts no shares
        if key[0] != "percent":
            key = ("per_share", 1) if figure.column in prices else adopted.get(figure.row, key)
        found.setdefault(key, {}).setdefault(figure.row, {})[figure.column] = figure
    return found


def _price_columns(body: Body) -> frozenset[int]:
    """Columns of figures with cents beside columns of whole ones: average prices beside numbers of options."""
    places: dict[int, list[int]] = {}
    for figure in body.figures:
        if not figure.number.nil and not figure.number.percent:
            places.setdefault(figure.column, []).append(figure.number.decimals)
    cents = {column for column, own in places.items() if sum(n >= _CENTS for n in own) * 5 >= len(own) * 4}
    whole = {column for column, own in places.items() if sum(not n for n in own) * 5 >= len(own) * 4}
    return frozenset(column for column in cents if whole and len(places[column]) > 1)


def _class_of(figure: ReadFigure, row: RowMeaning, under_percent: bool) -> ClassKey:
    number = figure.number
    # a column headed "%" need not print the sign in each row
    small = under_percent and not number.currency and not number.grouped
    unit, scale = row.unit_at(figure.column)
    if number.percent or unit == "percent" or small:
        return "percent", 1
    if unit.endswith("/shares"):
        return "per_share", 1
    return ("shares" if unit == "shares" else "amount"), scale


def _sections(table: Table, body: Body) -> list[tuple[int, str]]:
    """For each row the count of section labels above it, and the nearest one."""
    filled = {figure.row for figure in body.figures}
    count, heading, found = 0, "", []
    for index, row in enumerate(table.rows):
        if index not in filled and row.label:
            count, heading = count + 1, plain_label(row.label)
        found.append((count, heading))
    return found


@dataclass(frozen=True, slots=True)
class _Cells:
    """The figures of a row by column, the places of the ledger, and what figures of impossible form likely say."""

    row: int
    figures: dict[int, ReadFigure]
    places: int
    likely: Mapping[str, Amount]

    def value(self, figure: ReadFigure) -> int:
        """In units of the last place; as it is most likely meant, so that its sums are found."""
        return int(shifted(self.likely.get(figure.id, figure.number.value), self.places))


def _entry(index: int, table: Table, means: TableMeaning, sections: list[tuple[int, str]], filled: _Cells) -> Entry:
    row, cells = filled.row, filled.figures
    body_row, row_means = table.rows[row], means.rows[row]
    label = plain_label(body_row.label)
    figures = tuple(cells.get(column) for column in range(len(table.heads)))
    section, heading = sections[row]
    own = row_means.periods or ()
    periods = tuple(
        (own[column] if column < len(own) and own[column] else means.periods[column]) for column in range(len(figures))
    )
    values = tuple(None if figure is None else filled.value(figure) for figure in figures)
    return Entry(index, row, label, words_of(label), heading, section, body_row.ruled, figures, values, periods)

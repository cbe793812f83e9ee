"""Columns that are counted in units of their own: rates beside balances, shares beside amounts, dollars beside yen.

Percent signs are often printed in the first row of a column, or in the first column of a row, and nowhere else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractors.figures.model import Body, ReadFigure
from extractors.meaning.scales import Units, read_head_units
from extractors.numbers import MINOR
from extractors.tables.model import Table

Unit = tuple[str, int]

# what a column of percentages is called, without a doubt and with one
_PERCENT = re.compile(r"(?i)(?<!\d)(?<!\d )%|\bper\s?cent(?:ages?|s)?\b")
_RATE = re.compile(r"(?i)\b(?:rates?|yields?|margins?|returns?|coupon)\s*(?:\(\d\)|\([a-z]\)|\(%\))?\W*\Z")
_RATES = re.compile(r"(?i)\b(?:rates?|returns?|yields?|margins?)\b")
_NO_RATE = re.compile(r"(?i)\b(?:exchange|conversion|hourly|daily|per|tax returns?)\b")
_SHARES = re.compile(
    r"(?i)\A\W*(?:total |no\. of |# of )?(?:shares|options|warrants)\s*(?:\(\d\)|\(#\))?\W*\Z"
    r"|\bnumber of (?:\w+ ){0,3}(?:shares|options|warrants|units|securities)\b"
    r"|\bshares (?:beneficially |originally )?(?:owned|held|outstanding|issued|granted|underlying|subject)\b"
    r"|\bshares (?:re)?purchased\b"
    r"|\bsecurities underlying\b|\bbeneficial ownership\b"
)
_PRICES = re.compile(
    r"(?i)\b(?:exercise|market|closing|sales?|stock|share|average|base) prices?\b|\bprices? (?:paid )?per\b"
    r"|\bper (?:\w+ )?share\b"
    r"|\A\W*(?:high|low)\W*\Z"
)
_COUNTS = re.compile(
    r"(?i)\bemployees\b|\bhead\s?count\b|\bnumber of\b|\bno\. of\b|\bsquare (?:feet|meters|metres)\b|\bsq\. ?ft\b"
    r"|\bacres\b|\A\W*(?:qty|quantity|age|rank)\W*\Z"
)
_SHARE_LIMIT, _PERCENT_LIMIT = 100_000, 1000


@dataclass(frozen=True, slots=True)
class Columns:
    """What columns and rows say of the unit of single figures, where it is not that of the row.

    Attributes:
        units: by column. percents: ids of figures that are percentages though no sign stands beside them.
        money: what amounts are counted in. signed: columns in which a percent sign stands.
    """

    units: Mapping[int, Unit]
    percents: frozenset[str]
    money: Unit
    signed: frozenset[int]

    def unit(self, figure: ReadFigure, row: Unit, currency: str | None, *, signs: bool) -> Unit:
        """The unit and scale of a figure in a row of the given ones; ``signs``: percent signs stand in the row."""
        if figure.number.percent or figure.id in self.percents:
            return "percent", 1
        own = self.units.get(figure.column)
        apart = signs and own is None and figure.column not in self.signed
        if row[0] == "percent" and (not _plain(figure) or apart):
            # most of the row are percentages, beside an amount
            return self.money if own is None or own[0] == "percent" else own
        if own is None or (own[0] == "percent" and not _plain(figure)):
            return row
        money = row[0] in (currency, "pure")
        return own if money or own[0] == "percent" else row


def find_columns(table: Table, body: Body, currency: str | None, scale: int, captions: Units) -> Columns:
    """The columns of a table that have units of their own, and the percentages without a sign.

    Args:
        currency, scale: of the table. captions: what the lines above the table, not its heads, say of units.
    """
    standing: dict[int, list[ReadFigure]] = {}
    for figure in body.figures:
        if not figure.number.nil:
            standing.setdefault(figure.column, []).append(figure)
    said = {column: read_head_units(table.heads[column]) for column in standing}
    signs = Counter(figure.row for figure in body.figures if figure.number.percent)
    units: dict[int, Unit] = {}
    for column, figures in standing.items():
        alone = signs[figures[0].row] == 1
        unit = _unit(table.heads[column], figures, Units(captions.scale and scale, captions.shares), currency, alone)
        if unit is None:
            unit = _money(said[column], figures, currency, scale)
        if unit is not None:
            units[column] = unit
    signed = frozenset(figure.column for figure in body.figures if figure.number.percent)
    percents = _unsigned(table, body, units, money=captions != Units())
    return Columns(units, percents, (currency or "pure", scale), signed)


def _unit(
    heads: Sequence[str], figures: Sequence[ReadFigure], said: Units, currency: str | None, alone: bool
) -> Unit | None:
    """The unit that the heads of a column name, where its figures bear it out."""
    head = " ".join(heads)
    last = heads[-1] if heads else ""
    if _is_percent(heads, figures, alone):
        return "percent", 1
    if any(figure.number.currency for figure in figures):
        priced = _PRICES.search(last) and _cents(figures)
        return (f"{currency or 'USD'}/shares", 1) if priced else None
    if _PRICES.search(last):
        return (f"{currency or 'USD'}/shares", 1) if _cents(figures) else None
    whole = not any(figure.number.decimals for figure in figures)
    if (_SHARES.search(last) or _SHARES.search(head)) and not re.search(
        r"(?i)\b(?:value|price|amount of|cost)\b|\$", head
    ):
        return "shares", said.shares or said.scale or 1
    return ("pure", 1) if _COUNTS.search(last) and whole else None


def _is_percent(heads: Sequence[str], figures: Sequence[ReadFigure], alone: bool) -> bool:
    """True for a column of percentages: by its head, or because its first figure alone bears the sign.

    ``alone``: no other figure of that row bears one.
    """
    signs = [figure.number.percent for figure in figures]
    plain = all(_plain(figure) for figure in figures if not figure.number.percent)
    if not plain or all(signs):
        return False
    head = " ".join(heads)
    rate = _RATE.search(head) and not _NO_RATE.search(head)
    if any(_PERCENT.search(text) for text in heads):
        return True
    places = {figure.number.decimals for figure in figures}
    if rate:
        return any(signs) or (0 not in places and all(abs(figure.number.value) < 100 for figure in figures))
    return alone and signs[0] and len(places) == 1 and 0 not in places and len(figures) > 1


def _plain(figure: ReadFigure) -> bool:
    number = figure.number
    return not (number.currency or number.grouped) and abs(number.value) < _PERCENT_LIMIT


def _cents(figures: Sequence[ReadFigure]) -> bool:
    """True when the figures may be prices: most have cents, none is large."""
    numbers = [figure.number for figure in figures]
    return all(abs(number.value) < _SHARE_LIMIT for number in numbers) and (
        sum(number.decimals >= 2 for number in numbers) * 2 >= len(numbers)
    )


def _money(said: Units, figures: Sequence[ReadFigure], currency: str | None, scale: int) -> Unit | None:
    """The currency and scale of a column of money, where they differ from the table's."""
    signs = {figure.number.currency for figure in figures if figure.number.currency} - MINOR
    own = said.currency or (signs.pop() if len(signs) == 1 else None) or currency
    # one sign serves several currencies
    if said.currency is None and own == "USD" and currency in ("CAD", "AUD", "HKD", "TWD", "SGD", "BRL"):
        own = currency
    counted = said.scale or scale
    return (own, counted) if own and (own, counted) != (currency, scale) else None


def _unsigned(table: Table, body: Body, units: Mapping[int, Unit], money: bool) -> frozenset[str]:
    """Figures of rows that print the sign in their first column only, and of tables that print it in the first row.

    ``money``: the lines above the table speak of amounts.
    """
    rows: dict[int, list[ReadFigure]] = {}
    for figure in body.figures:
        if not figure.number.nil and figure.column not in units:
            rows.setdefault(figure.row, []).append(figure)
    found = [
        figure.id
        for figures in rows.values()
        if figures[0].number.percent and not _sign_of_column(figures[0], rows)
        for figure in figures
        if all(_plain(other) for other in figures)
    ]
    whole = [] if money else _whole_table(list(rows.values()))
    return frozenset([*found, *whole, *_rates(table, rows)])


def _rates(table: Table, rows: Mapping[int, Sequence[ReadFigure]]) -> list[str]:
    """The figures of rows called rates that follow a row of percentages, with as many decimals."""
    found: list[str] = []
    places, last = 0, -1
    for index in sorted(rows):
        figures = rows[index]
        if all(figure.number.percent for figure in figures):
            places, last = figures[0].number.decimals, index
            continue
        named = places and last + 1 == index and _RATES.search(table.rows[index].label)
        if named and all(_plain(figure) and figure.number.decimals == places for figure in figures):
            found += [figure.id for figure in figures]
            last = index
    return found


def _sign_of_column(figure: ReadFigure, rows: Mapping[int, Sequence[ReadFigure]]) -> bool:
    """True when the sign is the column's: what stands above or below has it too while its neighbours do not."""
    others = [f for figures in rows.values() for f in figures if f.column == figure.column and f.row != figure.row]
    beside = [f for f in rows[figure.row] if f.column != figure.column]
    return bool(others) and all(f.number.percent for f in others) and not any(f.number.percent for f in beside)


def _whole_table(rows: Sequence[Sequence[ReadFigure]]) -> list[str]:
    """The figures of a table of nothing but percentages, whose sign stands in the first row only."""
    figures = [figure for row in rows for figure in row]
    if len(rows) < 3 or not all(figure.number.percent for figure in rows[0]):
        return []
    places = {figure.number.decimals for figure in figures}
    alike = len(places) == 1 and 0 not in places and all(_plain(figure) for figure in figures)
    return [figure.id for figure in figures] if alike else []

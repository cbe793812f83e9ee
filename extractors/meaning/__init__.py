"""Stage: what the figures mean. Periods of columns, scale and unit of rows, kind and title of tables, who filed.

Tables are read together: a caption above the first of several tables, the end of the fiscal year, the unit that only
the notes' first page states, are said once and hold for others.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from extractors.figures import Body
from extractors.meaning.identity import find_identity, find_registrants
from extractors.meaning.kinds import find_headnote, find_kind, find_title
from extractors.meaning.model import Meaning, RowMeaning, TableMeaning
from extractors.meaning.periods import Times, find_periods, note_ends, read_fiscal_end
from extractors.meaning.rows import Money, find_rows, rolled
from extractors.meaning.scales import Units, common_currency, read_head_units, read_units, whole_notes
from extractors.numbers import MINOR
from extractors.page import Origin
from extractors.tables import Layout, Table
from schemas.filing import Instant, Period, TableKind

__all__ = ["Meaning", "RowMeaning", "TableMeaning", "find_meaning"]

_STATEMENTS: frozenset[TableKind] = frozenset(
    {"balance_sheet", "income_statement", "comprehensive_income", "cash_flow", "equity"}
)


def find_meaning(layout: Layout, bodies: Sequence[Body], origin: Origin) -> Meaning:
    """The meaning of all tables and the identity of the filing.

    Args:
        layout: the tables with the running text around them. bodies: their figures, in the same order.
        origin: the container's header, which knows who filed better than the page does.
    """
    lines = [line.text for line in layout.lines]
    registrants = find_registrants(lines, [line for table in layout.tables for line in table.caption])
    titles = [find_title(table, registrants) for table in layout.tables]
    kinds = [find_kind(table, title) for table, title in zip(layout.tables, titles, strict=True)]
    periods = _periods(layout.tables, kinds, lines)
    money = _money(layout.tables, bodies, kinds, lines)
    tables = tuple(
        TableMeaning(
            kind=kind,
            title=title,
            headnote=find_headnote(table),
            currency=counted.currency,
            scale=counted.scale,
            periods=tuple(
                period if column == "value" else None for period, column in zip(found, body.columns, strict=True)
            ),
            rows=find_rows(table, body, counted, found),
        )
        for table, body, title, kind, found, counted in zip(
            layout.tables, bodies, titles, kinds, periods, money, strict=True
        )
    )
    main = [p for kind, found in zip(kinds, periods, strict=True) if kind in _STATEMENTS for p in found]
    every = main or [period for found in periods for period in found]
    return Meaning(tables, find_identity(lines, registrants, every, origin.header))


def _periods(tables: Sequence[Table], kinds: Sequence[TableKind], lines: Sequence[str]) -> list[list[Period | None]]:
    """The periods of all tables: what heads say by themselves first, then what other tables help to decide."""
    times = Times(fiscal_end=read_fiscal_end(lines))
    note_ends(tables, times)
    found: list[list[Period | None]] = []
    for _ in range(2):
        # the second round knows the calendar that the first one found
        found = [find_periods(table, kind, times) for table, kind in zip(tables, kinds, strict=True)]
        for table, kind, periods in zip(tables, kinds, found, strict=True):
            if kind in _STATEMENTS or any(re.search(r"\d", text) for heads in table.heads for text in heads):
                for period in periods:
                    times.note(period)
            if kind == "balance_sheet":
                times.learn_fiscal_end([dt.date.fromisoformat(p.instant) for p in periods if isinstance(p, Instant)])
    return [rolled(table, periods) for table, periods in zip(tables, found, strict=True)]


def _money(
    tables: Sequence[Table], bodies: Sequence[Body], kinds: Sequence[TableKind], lines: Sequence[str]
) -> list[Money]:
    """Currency and scale of each table; a table that says nothing has what all others of the document say."""
    above = [read_units(_caption_lines(table)) for table in tables]
    said = [_with_heads(units, table) for units, table in zip(above, tables, strict=True)]
    signs = [
        common_currency([sign for f in body.figures if (sign := f.number.currency) is not None and sign not in MINOR])
        for body in bodies
    ]
    scales = {units.scale for units in said if units.scale is not None}
    if len(scales) != 1:
        # captions of tables that were not found, and the notes' remark on all their tables
        scales |= {units.scale for units in map(_line_units, lines) if units.scale is not None}
    stated = [units.scale for units in said if units.scale is not None]
    # of several the most frequent; ties by size, so that the order of tables decides nothing
    inherited = max(sorted(scales), key=stated.count) if scales else None
    currency = _main_currency(said, signs)
    money = []
    for units, captions, sign, kind, body in zip(said, above, signs, kinds, bodies, strict=True):
        own = units.currency if sign in (None, "USD") and units.currency else sign
        counts = own is not None or kind in _STATEMENTS or units.scale not in (None, 1)
        scale = units.scale
        if scale is None:
            scale = inherited if counts and inherited and not _has_cents(body) else 1
        code = (own or currency) if counts else None
        code = "CAD" if code == "USD" and currency == "CAD" else code
        money.append(Money(units, scale, code, kind, captions))
    return money


def _line_units(line: str) -> Units:
    """Units that a line of running text states for what follows."""
    if len(line) >= 400:
        return Units()
    stated = line.startswith("(") or re.search(r"(?i)\b(?:tabular|amounts|dollars)\b", line)
    return read_units([line]) if stated else Units()


def _caption_lines(table: Table) -> list[str]:
    """The lines above the columns that may state units, from the nearest up."""
    return [*reversed(whole_notes([*table.caption, *table.stub_heads]))]


def _with_heads(units: Units, table: Table) -> Units:
    """The units of the captions, and what the heads of the columns say where they are silent."""
    heads = dict.fromkeys(text for column in table.heads for text in column if re.search(r"[A-Za-z\u2019'$]", text))
    lines = read_units(heads)
    columns = [read_head_units(column) for column in (table.stub_heads, *table.heads)]
    scales = [column.scale for column in columns if column.scale is not None]
    codes = [column.currency for column in columns if column.currency is not None]
    scale = scales[0] if scales else lines.scale
    code = codes[0] if codes else lines.currency
    return Units(
        scale if units.scale is None else units.scale,
        lines.shares if units.shares is None else units.shares,
        units.currency or code,
    )


def _has_cents(body: Body) -> bool:
    """True when most amounts are printed to the cent: such a table is in full units."""
    numbers = [figure.number for figure in body.figures if not figure.number.nil]
    return bool(numbers) and sum(number.decimals == 2 for number in numbers) * 10 > len(numbers) * 8


def _main_currency(said: Sequence[Units], signs: Sequence[str | None]) -> str | None:
    named = [units.currency for units in said if units.currency is not None]
    special = [code for code in named if code != "USD"]
    printed = [sign for sign in signs if sign is not None]
    if special and set(printed) <= {"USD"}:
        return common_currency(special)
    return common_currency(printed) or common_currency(named) or "USD"

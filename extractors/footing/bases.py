"""What percentages are shares of: the revenue of their own table, or of another one, column by column.

Columns of two tables are one by their period. Where a column has lost its period, or has the day on which the period
ends, they are one by what they print: the same figures under the same names, and in no other column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import fsum, log

from extractors.footing.evidence import chance, significant
from extractors.footing.labels import REVENUE, is_total, likeness
from extractors.footing.ledger import Entry, Ledger
from schemas.amounts import Amount
from schemas.filing import Duration, Instant, Period

MOST_BASES = 8
_ALIKE = 0.5  # of two names of one figure
_MOST_ROWS = 40  # of a table without labels
_TELLING = 3  # digits of a figure that two columns do not share by chance
_ONE_COLUMN = 9.0  # nats of the figures that two columns share
_APART = 4.5  # nats by which no other column may come as near

Spot = tuple[Entry, int]
"""A row, and a column of its table."""


def find_bases(amounts: Sequence[Entry]) -> list[Entry]:
    """The rows of revenue among the amounts of one table, the first ones."""
    return [entry for entry in amounts if REVENUE.search(f"{entry.label} {entry.heading}")][:MOST_BASES]


def find_bases_elsewhere(
    everything: Sequence[Ledger], amounts: Sequence[Entry], periods: Sequence[Period | None]
) -> list[Entry]:
    """Total revenue of the other tables, its figures set under the columns of this one; none where no column is known.

    A table that has lost its labels may hold it in any row.

    Args:
        everything: the ledgers of the document. amounts: the rows of amounts of one table, at least one.
        periods: of its columns.
    """
    others = [ledger for ledger in everything if ledger.unit == "amount" and ledger.table != amounts[0].table]
    totals = [(ledger, e) for ledger in others for e in ledger.entries if REVENUE.search(e.label) and is_total(e.label)]
    dated: dict[Period, Spot] = {}
    for _, entry in totals:
        for column, period in enumerate(entry.periods):
            if period and entry.figures[column]:
                dated.setdefault(period, (entry, column))
    spots = [dated.get(period) if period else None for period in periods]
    undated = {c: p for c, p in enumerate(periods) if spots[c] is None and not isinstance(p, Duration)}
    for ledger, entry in totals if undated else ():
        for own, column in _alike(ledger, amounts, undated).items():
            if entry.figures[column] and _may_end(undated[own], entry.periods[column]):
                spots[own] = spots[own] or (entry, column)
    found = [_under(spots, periods)]
    for ledger in others if undated else ():
        if _torn(ledger):
            alike = _alike(ledger, amounts, undated)
            rows = ledger.entries[:_MOST_ROWS] if alike else ()
            found += [_under([_spot(entry, alike.get(c)) for c in range(len(periods))], periods) for entry in rows]
    return [entry for entry in found if entry is not None]


def _spot(entry: Entry, column: int | None) -> Spot | None:
    return None if column is None or entry.figures[column] is None else (entry, column)


def _under(spots: Sequence[Spot | None], periods: Sequence[Period | None]) -> Entry | None:
    """A row of what is known under each column."""
    first = next((spot for spot in spots if spot), None)
    if first is None:
        return None
    figures = tuple(spot[0].figures[spot[1]] if spot else None for spot in spots)
    values = tuple(spot[0].values[spot[1]] if spot else None for spot in spots)
    return replace(first[0], figures=figures, values=values, periods=tuple(periods))


def _torn(ledger: Ledger) -> bool:
    """True for a table most of whose rows have no label."""
    return sum(not entry.label for entry in ledger.entries) * 2 > len(ledger.entries)


def _alike(ledger: Ledger, amounts: Sequence[Entry], columns: Iterable[int]) -> dict[int, int]:
    """Columns of this table with the one column of another that prints the same figures."""
    found: dict[int, int] = {}
    for own in columns:
        nats = {column: _shared(amounts, own, ledger, column) for column in range(ledger.columns)}
        best = max(nats, key=lambda c: nats[c])
        apart = all(nats[best] - other >= _APART for column, other in nats.items() if column != best)
        if nats[best] >= _ONE_COLUMN and apart:
            found[own] = best
    return found


def _may_end(day: Instant | None, period: Period | None) -> bool:
    """True unless a period is known that does not end on the day that is known."""
    return day is None or period is None or (isinstance(period, Duration) and period.end == day.instant)


def _shared(amounts: Sequence[Entry], own: int, ledger: Ledger, column: int) -> float:
    """Nats of the figures that a column of this table and a column of another print under the same names.

    A figure without a name counts half.
    """
    printed: dict[Amount, list[Entry]] = {}
    for entry in ledger.entries:
        figure = entry.figures[column]
        if figure is not None and significant(entry.values[column] or 0) >= _TELLING:
            printed.setdefault(figure.number.value, []).append(entry)
    found: dict[Amount, float] = {}
    for entry in amounts:
        figure = entry.figures[own]
        if figure is None or figure.number.value not in printed:
            continue
        rows = printed[figure.number.value]
        named = max(likeness(entry.words, row.words) >= _ALIKE for row in rows)
        share = 1.0 if named else 0.5 if not all(row.label for row in rows) else 0.0
        value = figure.number.value
        found[value] = max(found.get(value, 0.0), -share * log(chance(entry.values[own] or 0)))
    return fsum(found.values())

"""Rows in their place among the others: path and depth, unit and scale, and periods that differ from the column's."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractors.figures.model import Body, ReadFigure
from extractors.meaning.clock import Day, read_clock
from extractors.meaning.columns import Columns, find_columns
from extractors.meaning.model import RowMeaning
from extractors.meaning.paths import find_paths
from extractors.meaning.scales import Units, label_scale
from extractors.numbers import MINOR
from extractors.tables.model import BodyRow, Table
from schemas.filing import Duration, Instant, Period, TableKind

_PER_SHARE = re.compile(
    r"(?i)\bper[\s-]+(?:\w+[\s-]+){0,4}?(?:shares?|stock|units?|ads|adss|warrants?)\b|\bper[\s-]share\b|\bEPS\b"
    r"|\b(?:earnings|loss|income) per\b"
)
_SHARES = re.compile(
    r"(?i)\b(?:weighted|average)\b.*\b(?:shares?|units?|stock|outstanding)\b|\bnumber of (?:\w+ )?(?:shares?|units?)\b"
    r"|\bshares? (?:outstanding|used|issued)\b|\bcommon stock outstanding\b"
    r"|\bshares\b.*\b(?:outstanding|computing|computation|calculat|issued|used)\b"
    r"|\bstock outstanding\b|\A(?:common |basic |diluted )?shares\b"
)
# these count shares in a table of shares, and money elsewhere
_MOVED = re.compile(r"(?i)\bstock (?:repurchased|issued)\b")
_HELD = re.compile(r"(?i)\b(?:stock|shares|units) outstanding\b")
# all that counts shares in statements of cash flows and of position, where what is repurchased and issued is money
_COUNTED = re.compile(r"(?i)\bnumber of\b|\bweighted\b|\baverage\b|\bper share\b")
_DILUTING = re.compile(r"(?i)\bdenominators?\b|\b(?:effect|impact)s? of dilutive\b|\bdilutive effects?\b")
# quotients and counts of things are in no thousands of dollars
_QUOTIENT = re.compile(r"(?i)\bratios?\b|\bturns\b|\bturnover \(times\)|\(times\)|\bmultiple\b")
_HEADS = re.compile(
    r"(?i)\A(?:total |average )?(?:number of )?(?:full-time |part-time )?employees\b|\Anumber of\b|\bheadcount\b"
)
# what was paid for each share ("dividends, $1.80 per share") does not say what the row counts
_PRICE = re.compile(r"(?i)[($\s]*\$\s?\d[\d.,]*\s(?:per|a|each)\s(?:\w+\s){0,3}?(?:shares?|stock|units?|ads)\b\)?")
_CAPITAL = re.compile(r"(?i)\bpar\b|\bauthori[sz]ed\b|\bstated value\b|\bat cost\b|\bpaid-in\b")
# "5% notes" are money
_PERCENT = re.compile(r"(?i)(?<![\d ])\s*%|\bpercent(?:age)?\b|\b(?:tax|interest|discount|growth) rates?\s*\Z")
_BEGINNING = re.compile(
    r"(?i)\b(?:beginning|start)\s+of\s+(?:the\s+)?(?:\w+\s+)?(?:period|year|quarter|month|half)|\A(?:total\s+)?beginning\b"
    r"|\b(?:beginning|opening)\s+(?:balances?|cash|stock|share)|,\s+(?:at\s+)?beginning\b"
    r"|\bbeginning\s+of\s*\Z|\bbrought forward\b"
)
_ENDING = re.compile(
    r"(?i)\b(?:at|,)\s+(?:the\s+)?end\b|\bend of (?:the )?(?:fiscal )?(?:period|year|quarter|month|half)s?\b"
    r"|\b(?:ending|closing)\s+balances?\b|\bbalances?,?\s+(?:at\s+)?end(?:ing)?\b|,\s+end\b|\bend of\s*\Z"
    r"|\bcarried forward\b|\Aending\b(?!\s+\w+\s+\d)|\bbeginning and ending\b"
    r"|\b(?:total\s+)?ending\s+(?:stock|share)holders\b"
)
_BALANCE = re.compile(r"(?i)\bbalances?\b|\bcash\b.*\b(?:at|as of)\b|\boutstanding\b.*\b(?:at|as of)\b")
# what parts a closing balance from another: "less: cash of discontinued operations"
_PART_OF = re.compile(r"(?i)\b(?:less|restricted|of which|included in|discontinued)\b")
_OPENING_BALANCE = re.compile(r"(?i)\W*(?:beginning |opening |closing |ending )?balances?\b")
# more of a share, or more than a share costs, is no figure per share
_SHARE_PRICE = 100_000
_SILENT = Units()


@dataclass(frozen=True, slots=True)
class Money:
    """What the amounts of a table are counted in: ISO code, or None for a table of plain numbers.

    Attributes:
        kind: of the table: what counts shares in one kind of statement is money in another.
        captions: what the lines above the table, not its heads, say of units.
    """

    units: Units
    scale: int
    currency: str | None
    kind: TableKind = "other"
    captions: Units = _SILENT


def find_rows(table: Table, body: Body, money: Money, periods: Sequence[Period | None]) -> tuple[RowMeaning, ...]:
    """The meaning of each row of a table."""
    paths = find_paths(table.rows)
    moments = _all_periods([row.label for row in table.rows], periods)
    figures: dict[int, list[ReadFigure]] = {}
    for figure in body.figures:
        figures.setdefault(figure.row, []).append(figure)
    held = money.kind != "cash_flow" and any(_HELD.search(row.label) for row in table.rows)
    columns = find_columns(table, body, money.currency, money.scale, money.captions)
    rows = []
    for index, row in enumerate(table.rows):
        own = figures.get(index, [])
        unit, scale = _minor(row, own) or _unit(row, paths[index], own, money)
        if held and unit == money.currency and _MOVED.search(row.label):
            unit, scale = "shares", _share_scale(figures.get(index, []), money)
        rows.append(
            RowMeaning(
                path=paths[index],
                level=len(paths[index]),
                scale=scale,
                unit=unit,
                periods=moments[index],
                units=_own_units(figures.get(index, []), (unit, scale), columns, money),
            )
        )
    return tuple(rows)


def _own_units(
    figures: Sequence[ReadFigure], row: tuple[str, int], columns: Columns, money: Money
) -> dict[int, tuple[str, int]]:
    """The units of the figures of a row that differ from the row's."""
    signs = any(figure.number.percent for figure in figures)
    units = {figure.column: columns.unit(figure, row, money.currency, signs=signs) for figure in figures}
    return {column: unit for column, unit in units.items() if unit != row}


# --- unit and scale ---------------------------------------------------------------------------------------------


def _minor(row: BodyRow, figures: Sequence[ReadFigure]) -> tuple[str, int] | None:
    """The unit of a row in pence or cents, by the mark behind its figures or by its label."""
    marked = [figure.number.currency for figure in figures if figure.number.currency in MINOR]
    code = marked[0] if len(marked) * 2 > len(figures) else "GBX" if re.search(r"(?i)\(?\bpence\b", row.label) else None
    if code is None:
        return None
    return f"{code}/shares" if _PER_SHARE.search(row.label) else code, 1


def _unit(row: BodyRow, path: Sequence[str], figures: Sequence[ReadFigure], money: Money) -> tuple[str, int]:
    """Unit and scale of a row, decided by its label, the sections above it and the figures themselves."""
    currency = money.currency
    own = label_scale(row.label) or next((s for s in (label_scale(p) for p in reversed(path)) if s), None)
    numbers = [figure.number for figure in figures if not figure.number.nil]
    if numbers and sum(number.percent for number in numbers) * 2 > len(numbers):
        return "percent", 1
    priced = any(number.currency for number in numbers)
    text = _PRICE.sub(" ", row.label)
    near = path[-1] if path else ""
    per_share = bool(_PER_SHARE.search(text))
    shares = bool(_SHARES.search(text))
    if not per_share and not shares:
        per_share, shares = bool(_PER_SHARE.search(near)), bool(_SHARES.search(near))
        if not (per_share or shares) and len(path) > 1:
            per_share, shares = bool(_PER_SHARE.search(path[-2])), bool(_SHARES.search(path[-2]))
    shares = shares or (not per_share and _diluting(path) and not _looks_per_share(figures))
    if money.kind in ("cash_flow", "balance_sheet") and not _COUNTED.search(f"{text} {near}"):
        shares = False
    if _CAPITAL.search(text) or (_CAPITAL.search(near) and not _looks_per_share(figures)):
        per_share = shares = False
    if per_share and shares:
        per_share = _looks_per_share(figures)
        shares = not per_share
    if per_share and (not numbers or _looks_per_share(figures)):
        return f"{currency or 'USD'}/shares", 1
    if (shares or per_share) and not priced and not _looks_per_share(figures):
        return "shares", own or _share_scale(figures, money)
    return _money_or_pure(text, figures, money, own)


def _money_or_pure(text: str, figures: Sequence[ReadFigure], money: Money, own: int | None) -> tuple[str, int]:
    """Unit and scale of a row that counts no shares; ``own`` is the scale that its label states."""
    numbers = [figure.number for figure in figures if not figure.number.nil]
    priced = any(number.currency for number in numbers)
    if _PERCENT.search(text) and not priced and all(abs(n.value) < 1000 for n in numbers) and numbers:
        return "percent", 1
    if _counts(text, figures) and not own:
        return "pure", 1
    return (money.currency or "pure"), own or money.scale


def _counts(label: str, figures: Sequence[ReadFigure]) -> bool:
    """True for rows of quotients, with decimals, and of things counted, without."""
    numbers = [figure.number for figure in figures if not figure.number.nil]
    if not numbers or any(number.currency for number in numbers):
        return False
    if _QUOTIENT.search(label):
        return all(number.decimals and not number.grouped for number in numbers)
    return bool(_HEADS.search(label)) and not any(number.decimals for number in numbers)


def _diluting(path: Sequence[str]) -> bool:
    """True below "Denominator:" or "Effect of dilutive securities:": shares that are added to shares."""
    said = " ".join(path)
    return bool(_DILUTING.search(said)) and not re.search(r"(?i)\bnumerator", said)


def _looks_per_share(figures: Sequence[ReadFigure]) -> bool:
    """True when the figures have cents and are no larger than prices; dashes say nothing."""
    numbers = [figure.number for figure in figures if not figure.number.nil]
    flawed = [number for number in numbers if number.flaws]
    sound = [number for number in numbers if not number.flaws] or flawed
    return all(abs(number.value) < _SHARE_PRICE and not number.grouped for number in sound) and (
        not sound or sum(number.decimals >= 2 for number in sound) * 2 >= len(sound)
    )


def _share_scale(figures: Sequence[ReadFigure], money: Money) -> int:
    """Shares are in the table's thousands unless the headnote excepts them, or there would be more than exist."""
    scale = money.units.shares or money.scale
    largest = max((abs(figure.number.value) for figure in figures), default=0)
    return 1 if largest * scale > 10**13 else scale


# --- periods ----------------------------------------------------------------------------------------------------


def rolled(table: Table, periods: list[Period | None]) -> list[Period | None]:
    """The stretch between the first and the last balance of a table whose heads name no time at all."""
    days = _balance_days(table.rows)
    if any(periods) or len(days) < 2:
        return periods
    first, last = days[0][1], days[-1][1]
    if first >= last:
        return periods
    stretch = Duration(start=(first + dt.timedelta(days=1)).isoformat(), end=last.isoformat())
    return [stretch for _ in periods]


def _balance_days(rows: Sequence[BodyRow]) -> list[tuple[int, dt.date]]:
    """The rows that are balances at a printed date."""
    found = []
    for index, row in enumerate(rows):
        day = _printed_day(row.label) if _OPENING_BALANCE.match(row.label) else None
        date = day.date() if day else None
        if date is not None:
            found.append((index, date))
    return found


def _all_periods(labels: Sequence[str], periods: Sequence[Period | None]) -> list[tuple[Period | None, ...] | None]:
    """The periods of each row that differ from the columns'; what stands between two closing balances is one too."""
    found = [_row_periods(label, periods) for label in labels]
    closing = [i for i, label in enumerate(labels) if found[i] and _ENDING.search(label)]
    for first, last in itertools.pairwise(closing):
        for row in range(first + 1, last) if last - first <= 4 and found[first] == found[last] else ():
            found[row] = found[first] if _PART_OF.search(labels[row]) else found[row]
    return found


def _row_periods(label: str, periods: Sequence[Period | None]) -> tuple[Period | None, ...] | None:
    """Moments in a table of stretches: balances at the beginning and at the end, balances at a printed date."""
    if not any(isinstance(period, Duration) for period in periods):
        return None
    day = _printed_day(label) if _BALANCE.search(label) else None
    if day is not None:
        return tuple(_on(day, period) for period in periods)
    ending = bool(_ENDING.search(label))
    beginning = not ending and bool(_BEGINNING.search(label))
    if not (ending or beginning) or re.search(r"(?i)\b(?:increase|decrease|change)\b", label):
        return None
    return tuple(_moment(period, beginning) for period in periods)


def _printed_day(label: str) -> Day | None:
    days = read_clock(label).days
    return days[0] if len(days) == 1 and days[0].day is not None else None


def _on(day: Day, period: Period | None) -> Period | None:
    """The moment a label names; without a year it is the end of the column's stretch, or the day before its start."""
    date = day.date()
    if date is not None:
        return Instant(instant=date.isoformat())
    if not isinstance(period, Duration):
        return None
    for moment in (_moment(period, beginning=False), _moment(period, beginning=True)):
        if isinstance(moment, Instant) and moment.instant.endswith(f"-{day.month:02}-{day.day or 0:02}"):
            return moment
    return None


def _moment(period: Period | None, beginning: bool) -> Period | None:
    if not isinstance(period, Duration):
        return None
    if not beginning:
        return Instant(instant=period.end)
    start = dt.date.fromisoformat(period.start) - dt.timedelta(days=1)
    return Instant(instant=start.isoformat())

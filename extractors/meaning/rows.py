"""Rows in their place among the others: path and depth, unit and scale, and periods that differ from the column's."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractors.figures.model import Body, ReadFigure
from extractors.meaning.clock import read_clock
from extractors.meaning.model import RowMeaning
from extractors.meaning.scales import Units, label_scale
from extractors.tables.model import BodyRow, Table
from schemas.filing import Duration, Instant, Period

_PER_SHARE = re.compile(
    r"(?i)\bper[\s-]+(?:\w+[\s-]+){0,4}?(?:shares?|stock|units?|ads|adss|warrants?)\b|\bper[\s-]share\b|\bEPS\b"
    r"|\b(?:earnings|loss|income) per\b"
)
_SHARES = re.compile(
    r"(?i)\b(?:weighted|average)\b.*\b(?:shares?|units?|stock|outstanding)\b|\bnumber of (?:\w+ )?(?:shares?|units?)\b"
    r"|\bshares? (?:outstanding|used|issued)\b|\bcommon stock outstanding\b"
    r"|\bshares\b.*\b(?:outstanding|computing|computation|calculat|issued|used)\b"
    r"|\bstock (?:outstanding|repurchased|issued)\b|\A(?:common |basic |diluted )?shares\b"
)
_CAPITAL = re.compile(r"(?i)\bpar\b|\bauthori[sz]ed\b|\bstated value\b|\bat cost\b|\bpaid-in\b")
_PERCENT = re.compile(r"(?i)%|\bpercent(?:age)?\b|\b(?:tax|interest|discount|growth) rate\b")
_TOTAL = re.compile(r"(?i)\A(?:total|net|subtotal|sum of)\b")
_BEGINNING = re.compile(r"(?i)\b(?:beginning|start|opening)\b(?!.*\b(?:end|ending|closing)\b)|\bbrought forward\b")
_ENDING = re.compile(
    r"(?i)\b(?:at|,)\s+(?:the\s+)?end\b|\bend of (?:the )?(?:fiscal )?(?:period|year|quarter|month|half)s?\b"
    r"|\b(?:ending|closing)\s+balances?\b|\bbalances?,?\s+(?:at\s+)?end(?:ing)?\b|,\s+end\b|\bend of\s*\Z"
    r"|\bcarried forward\b|\b(?:total\s+)?ending\s+(?:stock|share)holders\b"
)
_BALANCE = re.compile(r"(?i)\bbalances?\b|\bcash\b.*\b(?:at|as of)\b|\boutstanding\b.*\b(?:at|as of)\b")
_STEP = 0.3
# more of a share, or more than a share costs, is no figure per share
_SHARE_PRICE = 100_000


@dataclass(frozen=True, slots=True)
class Money:
    """What the amounts of a table are counted in: ISO code, or None for a table of plain numbers."""

    units: Units
    scale: int
    currency: str | None


def find_rows(table: Table, body: Body, money: Money, periods: Sequence[Period | None]) -> tuple[RowMeaning, ...]:
    """The meaning of each row of a table."""
    paths = find_paths(table.rows)
    figures: dict[int, list[ReadFigure]] = {}
    for figure in body.figures:
        figures.setdefault(figure.row, []).append(figure)
    rows = []
    for index, row in enumerate(table.rows):
        unit, scale = _unit(row, paths[index], figures.get(index, []), money)
        rows.append(
            RowMeaning(
                path=paths[index],
                level=len(paths[index]),
                scale=scale,
                unit=unit,
                periods=_row_periods(row.label, periods),
            )
        )
    return tuple(rows)


# --- path -------------------------------------------------------------------------------------------------------


def find_paths(rows: Sequence[BodyRow]) -> list[tuple[str, ...]]:
    """For each row the labels it belongs to, outermost first.

    A row without figures opens a section. It holds what is set in further, and what stands at the same depth until
    the next section or its total.
    """
    open_sections: list[tuple[float, str]] = []
    paths: list[tuple[str, ...]] = []
    flat = _is_flat(rows)
    for row in rows:
        if any(cell is not None for cell in row.cells):
            while open_sections and open_sections[-1][0] > row.indent + _STEP:
                open_sections.pop()
            inside = [
                name for indent, name in open_sections if flat or indent < row.indent - _STEP or name.endswith(":")
            ]
            paths.append(tuple(_plain(name) for name in inside))
            if open_sections and _closes(row.label, open_sections[-1][1]):
                open_sections.pop()
            continue
        while open_sections and (open_sections[-1][0] >= row.indent - _STEP):
            open_sections.pop()
        paths.append(tuple(_plain(name) for _, name in open_sections))
        if row.label:
            open_sections.append((row.indent, row.label))
    return paths


def _is_flat(rows: Sequence[BodyRow]) -> bool:
    """True when nothing is set in, so that depth cannot be seen."""
    indents = [row.indent for row in rows if row.label]
    return not indents or max(indents) - min(indents) <= _STEP


def _closes(label: str, section: str) -> bool:
    """True for the total of a section: "Total current assets" under "Current assets:"."""
    if not _TOTAL.match(label):
        return False
    words = set(re.findall(r"[a-z]{3,}", section.lower()))
    return bool(words) and len(words & set(re.findall(r"[a-z]{3,}", label.lower()))) * 2 >= len(words)


def _plain(label: str) -> str:
    return label.rstrip(" :")


# --- unit and scale ---------------------------------------------------------------------------------------------


def _unit(row: BodyRow, path: Sequence[str], figures: Sequence[ReadFigure], money: Money) -> tuple[str, int]:
    """Unit and scale of a row, decided by its label, the sections above it and the figures themselves."""
    currency = money.currency
    own = label_scale(row.label) or next((s for s in (label_scale(p) for p in reversed(path)) if s), None)
    numbers = [figure.number for figure in figures if not figure.number.nil]
    if numbers and sum(number.percent for number in numbers) * 2 > len(numbers):
        return "percent", 1
    priced = any(number.currency for number in numbers)
    text = row.label
    near = path[-1] if path else ""
    per_share = bool(_PER_SHARE.search(text))
    shares = bool(_SHARES.search(text))
    if not per_share and not shares:
        per_share, shares = bool(_PER_SHARE.search(near)), bool(_SHARES.search(near))
        if not (per_share or shares) and len(path) > 1:
            per_share, shares = bool(_PER_SHARE.search(path[-2])), bool(_SHARES.search(path[-2]))
    if _CAPITAL.search(text) or (_CAPITAL.search(near) and not _looks_per_share(figures)):
        per_share = shares = False
    if per_share and shares:
        per_share = _looks_per_share(figures)
        shares = not per_share
    if per_share and (not numbers or _looks_per_share(figures)):
        return f"{currency or 'USD'}/shares", 1
    if (shares or per_share) and not priced and not _looks_per_share(figures):
        return "shares", own or _share_scale(figures, money)
    if _PERCENT.search(text) and not priced and all(abs(n.value) < 1000 for n in numbers) and numbers:
        return "percent", 1
    return (currency, own or money.scale) if currency else ("pure", own or money.scale)


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


def _row_periods(label: str, periods: Sequence[Period | None]) -> tuple[Period | None, ...] | None:
    """Moments in a table of stretches: balances at the beginning and at the end, balances at a printed date."""
    if not any(isinstance(period, Duration) for period in periods):
        return None
    if _BALANCE.search(label):
        day = _printed_day(label)
        if day is not None:
            return tuple(Instant(instant=day.isoformat()) if period else None for period in periods)
    ending = bool(_ENDING.search(label))
    beginning = not ending and bool(_BEGINNING.search(label))
    if not (ending or beginning) or re.search(r"(?i)\b(?:increase|decrease|change)\b", label):
        return None
    return tuple(_moment(period, beginning) for period in periods)


def _printed_day(label: str) -> dt.date | None:
    days = [day.date() for day in read_clock(label).days]
    return days[0] if len(days) == 1 else None


def _moment(period: Period | None, beginning: bool) -> Period | None:
    if not isinstance(period, Duration):
        return None
    if not beginning:
        return Instant(instant=period.end)
    start = dt.date.fromisoformat(period.start) - dt.timedelta(days=1)
    return Instant(instant=start.isoformat())

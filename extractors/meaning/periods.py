"""The period of each column: what its heads say, completed from the stub's heads, the captions and other tables.

A head rarely says it all: "2023" stands under "Years ended December 31," in the stub, or under a caption, or says
nothing but the fiscal year, whose end is printed above another table. What stays undecided stays None.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from extractors.meaning.calendars import WEEK, month_day, month_end, start_of, start_of_weeks
from extractors.meaning.clock import Day, Said, read_clock
from extractors.tables.model import Table
from schemas.filing import Duration, Instant, Period, TableKind

_CHANGE = re.compile(r"(?i)\b(?:change|variance|increase\s*\(decrease\)\s*%|fav|vs\.?|versus)\b|%\s*(?:inc|chg)")
# captions far above a table, and sentences, speak of other times too
_NEAR_CAPTIONS = 6
_SENTENCE = 220
# a line that is longer is no head of its own
_HEAD = 50
_FLOWS: frozenset[TableKind] = frozenset({"income_statement", "comprehensive_income", "cash_flow", "equity"})
_FLOW_WORDS = re.compile(
    r"(?i)\b(?:expenses?|sales|revenues?|income|earnings|loss|costs?|provision|charges?|payments?|additions?|"
    r"amortization of|depreciation|beginning|proceeds|issued|repurchased|granted|settlements?|paid|tax rate)\b"
)
_STOCK_WORDS = re.compile(
    r"(?i)\b(?:assets?|liabilit(?:y|ies)|receivables?|payables?|inventor(?:y|ies)|deposits|goodwill|allowance|"
    r"accumulated|debt|notes|equipment|land|buildings|cash and cash equivalents|securities|reserves?|balance)\b"
)


@dataclass(slots=True)
class Times:
    """What the heads of a whole document say about its calendar.

    Attributes:
        ends: the full dates that stand in heads. instants: those under balance sheets, by year.
        years: durations of twelve months by the year they end in, spans: all durations found.
    """

    ends: set[dt.date] = field(default_factory=set)
    instants: dict[int, set[dt.date]] = field(default_factory=dict)
    spans: dict[int, set[tuple[dt.date, dt.date]]] = field(default_factory=dict)
    fiscal_end: tuple[int, int] | None = None

    def note(self, period: Period | None) -> None:
        """Remember a period that was found."""
        if isinstance(period, Instant):
            day = dt.date.fromisoformat(period.instant)
            self.instants.setdefault(day.year, set()).add(day)
        elif period is not None:
            span = (dt.date.fromisoformat(period.start), dt.date.fromisoformat(period.end))
            self.spans.setdefault(span[1].year, set()).add(span)

    def year_end(self, year: int) -> dt.date | None:
        """The end of a fiscal year: the one of a yearly stretch, the only instant of that year, or by month and day."""
        yearly = {end for start, end in self.spans.get(year, ()) if (end - start).days > 340}
        if len(yearly) == 1:
            return yearly.pop()
        if self.fiscal_end is None:
            return None
        usual = month_day(year, *self.fiscal_end)
        near = [day for day in self.instants.get(year, ()) if abs((day - usual).days) <= 10]
        return near[0] if near else self._by_weeks(usual)

    def _by_weeks(self, usual: dt.date) -> dt.date:
        """A year end that no table names: whole weeks from one that is named, where those are no month ends."""
        known = sorted(
            day
            for days in self.instants.values()
            for day in days
            if abs((day - month_day(day.year, usual.month, usual.day)).days) <= 10
        )
        if not known or all(day == month_day(day.year, usual.month, 31) for day in known):
            return usual
        nearest = min(known, key=lambda day: abs(day - usual))
        return nearest + round((usual - nearest) / WEEK) * WEEK

    def learn_fiscal_end(self, moments: Sequence[dt.date]) -> None:
        """Balance sheets a year apart are of year ends; of two less apart the older one is."""
        days = sorted(set(moments))
        if self.fiscal_end is None and len(days) > 1:
            apart = (days[-1] - days[-2]).days
            end = days[-1] if 350 <= apart <= 380 else days[-2]
            self.fiscal_end = (end.month, end.day)


@dataclass(frozen=True, slots=True)
class _Clue:
    """What is known of one column before other tables are asked."""

    said: Said
    day: Day | None
    year: int | None
    months: int | None
    weeks: int | None
    own: bool


def heads_of(table: Table, column: int) -> str:
    """The heads of a column as one text."""
    return " ".join(table.heads[column])


def note_ends(tables: Sequence[Table], times: Times) -> None:
    """Collect the full dates of all heads, before any period is worked out."""
    for table in tables:
        for column in range(len(table.heads)):
            said = read_clock(heads_of(table, column))
            for day in said.days:
                year = said.years[0] if day.year is None and len(said.years) == 1 else None
                date = day.date(year)
                if date is not None:
                    times.ends.add(date)


def find_periods(table: Table, kind: TableKind, times: Times) -> list[Period | None]:
    """The period of each column of a table, None where nothing says it."""
    context = _context(table)
    clues = _shared([_own(heads_of(table, column)) for column in range(len(table.heads))])
    clues = [_completed(clue, context) for clue in clues]
    return [_period(clue, table, kind, times, context) for clue in clues]


def _context(table: Table) -> list[Said]:
    """What the stub's heads and the captions say about time, the nearest first."""
    lines = [" ".join(table.stub_heads)] if table.stub_heads else []
    lines += [
        line for line in reversed(table.caption[-_NEAR_CAPTIONS:]) if len(line) <= _SENTENCE or line.endswith(":")
    ]
    context = []
    for line in lines:
        said = read_clock(line)
        if (len(line) > _HEAD and not said.ended) or said.instant:
            # "in the first quarter of 2022 we adjusted" names no column's length, nor does "as of June 30"
            said = replace(said, months=(), weeks=(), part=None)
        if said.timed:
            context.append(said)
    return context


def _own(text: str) -> _Clue:
    """What a column's heads say by themselves."""
    said = read_clock(text)
    if not said.timed and _CHANGE.search(text):
        return _Clue(said, None, None, None, None, own=True)
    day = next((d for d in reversed(said.days) if d.year is not None), said.days[-1] if said.days else said.misread)
    year = day.year if day and day.year else said.years[-1] if len(said.years) == 1 else None
    months = said.months[-1] if said.months else None
    weeks = said.weeks[-1] if said.weeks else None
    return _Clue(said, day, year, months, weeks, said.timed)


def _shared(clues: Sequence[_Clue]) -> list[_Clue]:
    """What stands over one of several columns holds for those beside it that name less.

    "Three months ended June 30, 2023 | 2022": the day is the only one that is named, the length that of the left.
    """
    days = {(clue.day.month, clue.day.day) for clue in clues if clue.day is not None}
    lengths = {(clue.months, clue.weeks) for clue in clues if clue.said.lasting}
    shared: list[_Clue] = []
    months, weeks = lengths.pop() if len(lengths) == 1 else (None, None)
    day: tuple[int, int | None] | None = next(iter(days)) if len(days) == 1 else None
    for clue in clues:
        if clue.said.lasting:
            months, weeks = clue.months, clue.weeks
        elif clue.own and clue.said.timed and not clue.said.instant:
            clue = replace(clue, months=months, weeks=weeks)  # noqa: PLW2901 (the completed one)
        if clue.day is not None:
            day = (clue.day.month, clue.day.day)
        elif day is not None and clue.year is not None and clue.said.part is None:
            clue = replace(clue, day=Day(None, *day))  # noqa: PLW2901 (the completed one)
        shared.append(clue)
    return shared


def _completed(clue: _Clue, context: Sequence[Said]) -> _Clue:
    """What is missing in a column's heads, from the lines around the table."""
    if clue.own and not clue.said.timed:
        return clue
    said, day, year, months, weeks = clue.said, clue.day, clue.year, clue.months, clue.weeks
    for other in context:
        if day is None and (year is not None or not clue.own):
            day = _borrowed(other, year)
        if months is None and weeks is None and len(other.months) + len(other.weeks) == 1 and not said.instant:
            months = other.months[0] if other.months else None
            weeks = other.weeks[0] if other.weeks else None
        if year is None and not (day and day.year) and len(other.years) == 1:
            year = other.years[0]
        if said.start is None and not clue.own and other.start is not None:
            said = replace(said, start=other.start)
    if day is not None and day.year is not None:
        year = day.year
    return _Clue(said, day, year, months, weeks, clue.own)


def _borrowed(other: Said, year: int | None) -> Day | None:
    """The date of another line: the one of the column's year, or the only one."""
    if year is not None:
        same = [day for day in other.days if day.year == year]
        if same:
            return same[0]
        bare = {(day.month, day.day) for day in other.days}
        # "June 30, 2023 and 2022", "Years ended December 31,": one day for all years
        return Day(None, *bare.pop()) if len(bare) == 1 else None
    return other.days[0] if len(other.days) == 1 else None


def _period(clue: _Clue, table: Table, kind: TableKind, times: Times, context: Sequence[Said]) -> Period | None:
    lasting = clue.months is not None or clue.weeks is not None or clue.said.start is not None
    if kind == "balance_sheet" and not clue.said.lasting:
        lasting = False
    end = _end(clue, times, lasting)
    if end is None:
        return None
    if not lasting and _is_stock(clue, table, kind, context):
        return Instant(instant=end.isoformat())
    start = clue.said.start or _start(clue, end, times)
    return Duration(start=start.isoformat(), end=end.isoformat()) if start is not None and start <= end else None


def _end(clue: _Clue, times: Times, lasting: bool) -> dt.date | None:
    if clue.day is not None and clue.day.day == 0:
        # misread: the only date of that month that other heads print, never a date of another month
        same = {end for end in times.ends if (end.year, end.month) == (clue.year, clue.day.month)}
        return same.pop() if len(same) == 1 else None
    if clue.day is not None:
        return clue.day.date(clue.year)
    if clue.year is None:
        return None
    if clue.said.part is not None and clue.months in (3, 6):
        return _end_of_part(clue.year, clue.said.part * clue.months, times)
    if lasting and clue.months not in (None, 12):
        ends = {end for start, end in times.spans.get(clue.year, ()) if _fits(start, end, clue.months)}
        return ends.pop() if len(ends) == 1 else None
    days = times.instants.get(clue.year, set())
    if not lasting and len(days) == 1:
        return next(iter(days))
    return times.year_end(clue.year)


def _fits(start: dt.date, end: dt.date, months: int | None) -> bool:
    return months is not None and abs((end - start).days - months * 30.4) < 12


def _end_of_part(year: int, months: int, times: Times) -> dt.date | None:
    """The end of a quarter or half that is only numbered: by the fiscal year's end, December if nothing says else."""
    month, _ = times.fiscal_end or (12, 31)
    end = (month + months - 1) % 12 + 1
    before = month + months <= 12 and month != 12
    return month_end(year - 1 if before else year, end)


def _is_stock(clue: _Clue, table: Table, kind: TableKind, context: Sequence[Said]) -> bool:
    """True when the figures stand at a moment: "as of", a balance sheet, rows of assets and debts."""
    if kind == "balance_sheet":
        return True
    if kind in _FLOWS:
        return False
    if clue.said.instant or (clue.own and clue.day is not None and clue.day.year is not None):
        return True
    if any(said.instant for said in context[:2]) and not any(said.lasting for said in context[:2]):
        return True
    labels = [row.label for row in table.rows]
    flows = sum(bool(_FLOW_WORDS.search(label)) for label in labels)
    stocks = sum(bool(_STOCK_WORDS.search(label)) for label in labels)
    title = " ".join(table.caption[-1:])
    stocks += 2 * bool(_STOCK_WORDS.search(title)) if not any("beginning" in label.lower() for label in labels) else 0
    return stocks > flows


def _start(clue: _Clue, end: dt.date, times: Times) -> dt.date | None:
    if clue.weeks is not None:
        return start_of_weeks(end, clue.weeks)
    if clue.months is not None:
        return start_of(end, clue.months, times.ends)
    known = {start for start, stop in times.spans.get(end.year, ()) if stop == end}
    if len(known) == 1:
        return known.pop()
    yearly = times.year_end(end.year) == end
    return start_of(end, 12, times.ends) if yearly and not known else None


_FISCAL_END = re.compile(
    r"(?i)\b(?:fiscal\s+year|annual\s+period|for\s+the\s+year|years?)\s+(?:then\s+)?end(?:ed|s|ing)\b.{0,60}"
)


def read_fiscal_end(lines: Sequence[str]) -> tuple[int, int] | None:
    """Month and day on which the fiscal year ends, where running text or a caption says so."""
    for line in lines:
        found = _FISCAL_END.search(line)
        if found and len(line) <= 400:
            days = [day for day in read_clock(found[0]).days if day.day is not None]
            if days:
                return days[0].month, days[0].day or 28
    return None

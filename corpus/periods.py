"""The dates of a filing and the heads that print them."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from corpus.model import Column

MONTHS = list(calendar.month_name)
COUNT = {1: "One", 2: "Two", 3: "Three", 6: "Six", 9: "Nine", 12: "Twelve"}


def day(d: date) -> str:
    """``June 30, 2011``."""
    return f"{MONTHS[d.month]} {d.day}, {d.year}"


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year, month, calendar.monthrange(year, month)[1])


def months_before(end: date, months: int) -> date:
    """The month end ``months`` before a month end."""
    index = end.year * 12 + end.month - 1 - months
    return month_end(index // 12, index % 12 + 1)


def instant(d: date) -> str:
    """The period of a balance."""
    return d.isoformat()


def duration(end: date, months: int) -> str:
    """The period of a flow over whole months."""
    return f"{months_before(end, months) + timedelta(days=1)}/{end}"


def opening(period: str) -> str:
    """The instant at which a duration begins: the close of the day before."""
    return (date.fromisoformat(period.split("/", maxsplit=1)[0]) - timedelta(days=1)).isoformat()


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a company reports: ``end`` closes the period; weeks > 0 for companies that count in weeks."""

    end: date
    quarter: int  # 1-4; 4: an annual report
    weeks: bool

    @property
    def annual(self) -> bool:
        """True for an annual report."""
        return self.quarter == 4

    def closing(self, years_back: int) -> date:
        """The end of the same period ``years_back`` years earlier."""
        if self.weeks:
            return self.end - timedelta(weeks=52 * years_back)
        return months_before(self.end, 12 * years_back)

    @property
    def year_end(self) -> date:
        """The last annual balance date before ``end``."""
        if self.weeks:
            return self.end - timedelta(weeks=13 * self.quarter)
        return months_before(self.end, 3 * self.quarter)

    def flow(self, end: date, quarters: int) -> str:
        """The period of ``quarters`` quarters that ends at ``end``."""
        if self.weeks:
            return f"{end - timedelta(weeks=13 * quarters) + timedelta(days=1)}/{end}"
        return duration(end, 3 * quarters)


def draw_calendar(rng: Random, *, annual: bool) -> Calendar:
    """A reporting date between 1993 and 2024; one company in seven counts in weeks."""
    year = rng.randint(1993, 2024)
    quarter = 4 if annual else rng.randint(1, 3)
    if rng.random() < 0.15:
        end = month_end(year, rng.choice((1, 4, 7, 10)))
        return Calendar(end - timedelta(days=(end.weekday() - 5) % 7), quarter, True)
    year_end = rng.choice((12, 12, 12, 12, 6, 9, 3, 1))
    month = year_end if quarter == 4 else (year_end + 3 * quarter - 1) % 12 + 1
    return Calendar(month_end(year, month), quarter, False)


def _split(d: date, how: int) -> tuple[str, ...]:
    """A date in one line or two."""
    return (day(d),) if how == 0 else (f"{MONTHS[d.month]} {d.day},", str(d.year))


def balance_columns(rng: Random, cal: Calendar) -> list[Column]:
    """Two balance dates, the newer first as a rule."""
    ends = [cal.end, cal.closing(1) if cal.annual else cal.year_end]
    if rng.random() < 0.12:
        ends.reverse()
    style = rng.randrange(4)
    same = len({(e.month, e.day) for e in ends}) == 1
    if style == 3 and same:
        head = rng.choice(("As of ", "")) + f"{MONTHS[cal.end.month]} {cal.end.day},"
        return [Column((head, str(e.year)), instant(e)) for e in ends]
    if style == 2:
        return [Column(("As of", *_split(e, 1)), instant(e)) for e in ends]
    return [Column(_split(e, style % 2), instant(e)) for e in ends]


def _years(rng: Random, cal: Calendar, count: int) -> list[Column]:
    ends = [cal.closing(i) for i in range(count)]
    when = f"{MONTHS[cal.end.month]} {cal.end.day},"
    if cal.weeks:
        head = rng.choice(("Fiscal Year Ended", "52 Weeks Ended"))
        return [Column((head, *_split(e, 1)), cal.flow(e, 4)) for e in ends]
    style = rng.randrange(4)
    heads: list[tuple[str, ...]]
    if style == 0:
        heads = [(str(e.year),) for e in ends]
    elif style == 1:
        heads = [(f"Years Ended {when}", str(e.year)) for e in ends]
    elif style == 2:
        spanner = rng.choice(("For the year ended", "For the fiscal year ended"))
        heads = [(spanner, *_split(e, 1)) for e in ends]
    else:
        heads = [("Year Ended", day(e)) for e in ends]
    return [Column(h, cal.flow(e, 4)) for h, e in zip(heads, ends, strict=True)]


def _spans(rng: Random, cal: Calendar, quarters: list[int]) -> list[Column]:
    style = rng.randrange(3)
    case = rng.choice((str.title, str.upper, str.capitalize))
    columns = []
    for q in quarters:
        length = f"{13 * q} weeks ended" if cal.weeks else f"{COUNT[3 * q]} months ended"
        for end in (cal.closing(0), cal.closing(1)):
            when = f"{MONTHS[end.month]} {end.day},"
            if style == 0 and not cal.weeks:
                heads: tuple[str, ...] = (f"{case(length)} {when}", str(end.year))
            elif style == 1:
                heads = (case(length), day(end))
            else:
                heads = (case(length), when, str(end.year))
            columns.append(Column(heads, cal.flow(end, q)))
    return columns


def flow_columns(rng: Random, cal: Calendar, *, year_to_date: bool = False) -> list[Column]:
    """The columns of a flow statement: years, or quarters with the year to date beside them."""
    if cal.annual:
        return _years(rng, cal, rng.choice((2, 3, 3, 5)) if not year_to_date else rng.choice((2, 3)))
    if year_to_date or cal.quarter == 1:
        return _spans(rng, cal, [cal.quarter])
    return _spans(rng, cal, [1, cal.quarter])

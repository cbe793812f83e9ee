"""From the end of a stretch to its start: calendar months, weeks, and fiscal years of 52 or 53 weeks."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable

# a fiscal year that ends on a weekday moves so far around its date
_DRIFT = dt.timedelta(days=8)
WEEK = dt.timedelta(days=7)
_DAY = dt.timedelta(days=1)


def start_of(end: dt.date, months: int, ends: Iterable[dt.date] = ()) -> dt.date:
    """The first day of so many months that end on ``end``.

    ``ends`` are the ends of other stretches of the document: one close to the day before the calendar's start is that
    day ("years ended September 28, 2024" and "September 30, 2023").
    """
    before = _months_before(end, months) if _is_month_end(end) or months % 3 else end - WEEK * (months * 13 // 3)
    near = [other for other in ends if abs(other - before) <= _DRIFT]
    return min(near, key=lambda other: (abs(other - before), other)) + _DAY if near else before + _DAY


def start_of_weeks(end: dt.date, weeks: int) -> dt.date:
    """The first day of so many weeks that end on ``end``."""
    return end - WEEK * weeks + _DAY


def _is_month_end(day: dt.date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


def _months_before(end: dt.date, months: int) -> dt.date:
    """The same day so many months earlier; month ends stay month ends."""
    count = end.year * 12 + end.month - 1 - months
    year, month = divmod(count, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, last if _is_month_end(end) else min(end.day, last))


def month_day(year: int, month: int, day: int) -> dt.date:
    """A day of a month, the last one where the month is shorter."""
    return dt.date(year, month, min(day, calendar.monthrange(year, month)[1]))


def month_end(year: int, month: int) -> dt.date:
    """The last day of a month."""
    return dt.date(year, month, calendar.monthrange(year, month)[1])

"""What a head, a caption or a label says about time: dates, years, stretches of months or weeks.

Nothing is guessed here; what is missing (a year that stands in another line) stays missing.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache

_NAMES = {
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8,
    "september": 9, "october": 10, "november": 11, "december": 12,
    "januar": 1, "februar": 2, "märz": 3, "juni": 6, "juli": 7, "oktober": 10, "dezember": 12,
}  # fmt: skip
MONTHS = {
    **_NAMES,
    **{name[:3]: month for name, month in _NAMES.items() if name.isascii()},
    "sept": 9,
}
_MONTH = "(?:" + "|".join(sorted((re.escape(name) for name in MONTHS), key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?:19|20)\d\d"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
_DATE = re.compile(
    rf"(?P<m1>{_MONTH})\s*(?P<d1>{_DAY})(?!\d)\s*,?\s*(?P<y1>{_YEAR}\b)?"
    rf"|(?P<d2>{_DAY})\.?\s+(?:of\s+)?(?P<m2>{_MONTH})\s*,?\s*(?P<y2>{_YEAR}\b)?"
    rf"|(?P<y3>{_YEAR})[-/.](?P<n3>1[0-2]|0?[1-9])[-/.](?P<d3>{_DAY})\b"
    rf"|(?P<d4>{_DAY})\.(?P<n4>1[0-2]|0?[1-9])\.(?P<y4>{_YEAR}|\d\d)\b"
    rf"|\b(?P<a5>\d{{1,2}})/(?P<b5>\d{{1,2}})/(?P<y5>{_YEAR}|\d\d)\b"
    rf"|(?P<m6>{_MONTH})\s*,?\s*(?P<y6>{_YEAR})\b",
    re.IGNORECASE,
)
# DEC-31-1997 and 31-Dec-97, as programs print dates
_HYPHENED = re.compile(
    rf"\b(?:(?P<month>{_MONTH})-(?P<day>{_DAY})-(?P<year>{_YEAR})|(?P<first>{_DAY})-(?P<name>{_MONTH})-(?P<last>{_YEAR}|\d\d))\b",
    re.IGNORECASE,
)
# "December 38, 2022", "Decernber 31," on a bad scan: a day is printed, and which one cannot be read
_MISREAD = re.compile(rf"\b(?P<month>[^\W\d_]{{3,10}})\.?\s*(?P<day>[\dOIl]{{1,2}})\s*,\s*(?P<year>{_YEAR}\b)?")
_LIKE_A_MONTH = 0.75
_BARE_YEAR = re.compile(rf"(?<![\d$,.#]){_YEAR}(?![\d%]|,\d|\.\d)")
_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "twenty-six": 26, "twenty six": 26,
    "twenty-seven": 27, "thirty-nine": 39, "thirty nine": 39, "forty": 40, "fifty-two": 52, "fifty two": 52,
    "fifty-three": 53, "fifty three": 53, "sixteen": 16, "twelve-month": 12, "twenty-four": 24, "twenty-eight": 28,
    "thirty-six": 36, "forty-eight": 48,
}  # fmt: skip
_COUNT = r"(?:\d{1,2}|" + "|".join(sorted(_WORDS, key=len, reverse=True)) + ")"
_STRETCH = re.compile(rf"\b(?P<count>{_COUNT})[\s-]*(?P<unit>mon(?:t(?:hs?)?)?|weeks?|quarters?)\b", re.IGNORECASE)
_QUARTER = re.compile(
    r"\b(?:first|second|third|fourth|1st|2nd|3rd|4th)[\s-]+(?:fiscal\s+)?quarter|\bquarters?\b|\bQ[1-4]\b",
    re.IGNORECASE,
)
_HALF = re.compile(r"\b(?:first|second|1st|2nd)[\s-]+half\b|\bhalf[\s-]?years?\b|\b[12]H\b|\bH[12]\b", re.IGNORECASE)
_ORDINAL = re.compile(
    r"\b(?:(first|1st|Q1|1H|H1)|(second|2nd|Q2|2H|H2)|(third|3rd|Q3)|(fourth|4th|Q4))\b", re.IGNORECASE
)
_YEARLY = re.compile(
    r"\b(?:fiscal\s+)?years?[\s-]+(?:then\s+)?(?:ended|ending|to)\b|\bfor\s+the\s+(?:fiscal\s+)?years?\b|\bfiscal(?:\s+years?)?\b"
    r"|\bFY\b|\bFY(?=\d)|\byears?\s+to\b|\bcalendar\s+years?\b",
    re.IGNORECASE,
)
_ENDED = re.compile(r"\b(?:ended|ending|through|thru)\b", re.IGNORECASE)
_INSTANT = re.compile(r"\b(?:as\s+of|as\s+at|at|balances?|outstanding\s+at)\b", re.IGNORECASE)
# running feet, "2023 Form 10-K 40", are no time
_FORM_NAME = re.compile(rf"(?:{_YEAR}\s+)?\bform\s+\d{{1,2}}-\w+(?:\s+\d{{1,3}}\b)?", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*\(?(?:inception\)?\s*)?(?:to|through|thru|until|and\s+ending|-|–|—)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Day:
    """A date as printed; ``year`` or ``day`` is None where it is not, ``day`` nought where it cannot be read."""

    year: int | None
    month: int
    day: int | None

    def date(self, year: int | None = None) -> dt.date | None:
        """The date, in ``year`` where none is printed; the last of the month where no day is. None if none exists."""
        chosen = self.year if self.year is not None else year
        if chosen is None or self.day == 0:
            return None
        last = calendar.monthrange(chosen, self.month)[1]
        if self.day is not None and self.day > last:
            # a head "February 29" over several years
            return dt.date(chosen, self.month, last) if self.month == 2 and self.day == 29 else None
        return dt.date(chosen, self.month, self.day or last)


@dataclass(frozen=True, slots=True)
class Said:
    """What a text says about time.

    Attributes:
        days: the dates, in order. years: years that are no part of a date.
        months, weeks: the lengths of the stretches named (3 for a quarter, 12 for a year), each once.
        part: which quarter or half, from 1. start: the first day of a stretch "from … to …".
        misread: a date that is printed and cannot be read in full, where no other is.
        ended: the text says that something ended then. instant: it says "as of". fiscal: it speaks of fiscal years.
    """

    days: tuple[Day, ...] = ()
    years: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    part: int | None = None
    start: dt.date | None = None
    misread: Day | None = None
    ended: bool = False
    instant: bool = False
    fiscal: bool = False

    @property
    def timed(self) -> bool:
        """True when the text says anything about time."""
        return bool(self.days or self.years or self.months or self.weeks or self.part)

    @property
    def lasting(self) -> bool:
        """True when a length is named."""
        return bool(self.months or self.weeks)


def _unhyphened(found: re.Match[str]) -> str:
    year = found["year"] or found["last"]
    if len(year) == 2:
        year = f"{'19' if int(year) > 60 else '20'}{year}"
    return f"{found['month'] or found['name']} {found['day'] or found['first']}, {year}"


@lru_cache(maxsize=4096)  # the tables of a report share their heads
def read_clock(text: str) -> Said:
    """All that a text says about time."""
    text = _FORM_NAME.sub(" ", re.sub(r"\s+", " ", text))
    text = _HYPHENED.sub(_unhyphened, text) if "-" in text else text
    found = [(match, _day(match)) for match in _DATE.finditer(text)]
    days = [(match, day) for match, day in found if day is not None]
    rest = text
    for match, _ in reversed(days):
        rest = f"{rest[: match.start()]}{' ' * len(match[0])}{rest[match.end() :]}"
    said = Said(
        days=tuple(day for _, day in days),
        years=tuple(dict.fromkeys(int(year) for year in _BARE_YEAR.findall(rest))),
        months=_months(rest),
        weeks=tuple(dict.fromkeys(_count(m["count"]) for m in _STRETCH.finditer(rest) if m["unit"][0] in "wW")),
        part=_part(rest),
        misread=None if days else _misread(text),
        ended=bool(_ENDED.search(rest)),
        instant=bool(_INSTANT.search(rest)),
        fiscal=bool(re.search(r"\b(?:fiscal|FY)", rest, re.IGNORECASE)),
    )
    return _ranged(said, text, days)


def _misread(text: str) -> Day | None:
    """A date whose month is nearly a month's name, or whose day no month has."""
    for found in _MISREAD.finditer(text):
        name = found["month"].lower()
        like = [name] if name in MONTHS else get_close_matches(name, _NAMES, 1, _LIKE_A_MONTH)
        if like:
            return Day(_int(found["year"]), MONTHS[like[0]], 0)
    return None


def _day(match: re.Match[str]) -> Day | None:
    group = match.groupdict()
    if group["m1"]:
        return Day(_int(group["y1"]), _month(group["m1"]), _int(group["d1"]))
    if group["m2"]:
        return Day(_int(group["y2"]), _month(group["m2"]), _int(group["d2"]))
    if group["m6"]:
        return Day(_int(group["y6"]), _month(group["m6"]), None)
    if group["y3"]:
        return Day(_int(group["y3"]), int(group["n3"]), _int(group["d3"]))
    if group["d4"]:
        return Day(_century(group["y4"]), int(group["n4"]), _int(group["d4"]))
    first, second = int(group["a5"]), int(group["b5"])
    # month first, unless that cannot be
    month, day = (first, second) if first <= 12 else (second, first)
    return Day(_century(group["y5"]), month, day) if 1 <= month <= 12 and 1 <= day <= 31 else None


def _month(name: str) -> int:
    return MONTHS[name.lower().rstrip(".")]


def _int(text: str | None) -> int | None:
    return int(re.sub(r"\D", "", text)) if text else None


def _century(text: str) -> int:
    year = int(text)
    return year if year > 99 else year + (1900 if year >= 70 else 2000)


def _count(text: str) -> int:
    return int(text) if text.isdigit() else _WORDS[text.lower()]


def _months(text: str) -> tuple[int, ...]:
    stretches = [(_count(m["count"]), m["unit"][0].lower()) for m in _STRETCH.finditer(text)]
    lengths = [count * (3 if unit == "q" else 1) for count, unit in stretches if unit != "w"]
    # "three and six months ended"
    both = re.search(rf"\b({_COUNT})\s+(?:and|or)\s+{_COUNT}[\s-]*months?\b", text, re.IGNORECASE)
    if both:
        lengths.insert(0, _count(both[1]))
    if not lengths and not re.search(r"\bweeks?\b", text, re.IGNORECASE):
        if _HALF.search(text):
            lengths.append(6)
        elif _QUARTER.search(text):
            lengths.append(3)
        elif _YEARLY.search(text):
            lengths.append(12)
    return tuple(dict.fromkeys(lengths))


def _part(text: str) -> int | None:
    if not (_HALF.search(text) or _QUARTER.search(text)):
        return None
    found = _ORDINAL.search(text)
    return next((i for i, group in enumerate(found.groups(), 1) if group), None) if found else None


def _ranged(said: Said, text: str, days: list[tuple[re.Match[str], Day]]) -> Said:
    """A stretch from one date to another keeps the second as its date and the first as its start."""
    if len(days) != 2:
        return said
    (first, begin), (second, end) = days
    if not _BETWEEN.fullmatch(text[first.end() : second.start()]) or end.year is None:
        return said
    start = begin.date(end.year)
    stop = end.date()
    if start is None or stop is None:
        return said
    if start > stop and begin.year is None:
        start = begin.date(end.year - 1)
    return replace(said, days=(end,), start=start, ended=True) if start is not None and start < stop else said

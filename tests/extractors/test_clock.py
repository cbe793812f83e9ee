"""What heads and captions say about time."""

import datetime as dt

import pytest

from extractors.meaning.calendars import start_of, start_of_weeks
from extractors.meaning.clock import Day, read_clock


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("September 28, 2024", [Day(2024, 9, 28)]),
        ("Sept. 28 2024 (unaudited)", [Day(2024, 9, 28)]),
        ("as at 31 December 2022", [Day(2022, 12, 31)]),
        ("1st of March, 2019", [Day(2019, 3, 1)]),
        ("31.12.2023", [Day(2023, 12, 31)]),
        ("2023-06-30", [Day(2023, 6, 30)]),
        ("6/30/23", [Day(2023, 6, 30)]),
        ("30/6/1998", [Day(1998, 6, 30)]),
        ("March 2012", [Day(2012, 3, None)]),
        ("Years ended December 31,", [Day(None, 12, 31)]),
        ("June 30, 2023 and December 31, 2022", [Day(2023, 6, 30), Day(2022, 12, 31)]),
        ("In May we paid 12,500 in 5 parts", []),
    ],
)
def test_dates(text: str, days: list[Day]) -> None:
    """Dates are found in the orders of all continents; what is not printed stays missing."""
    assert list(read_clock(text).days) == days


@pytest.mark.parametrize(
    ("text", "months", "weeks", "part"),
    [
        ("Three Months Ended", (3,), (), None),
        ("3-month period ended", (3,), (), None),
        ("Three and six months ended June 30, 2011", (3, 6), (), None),
        ("13 Weeks Ended", (), (13,), None),
        ("Fifty-two weeks ended", (), (52,), None),
        ("Quarter Ended", (3,), (), None),
        ("Second Quarter", (3,), (), 2),
        ("Four Quarters Ended", (12,), (), None),
        ("First Half 2022", (6,), (), 1),
        ("Fiscal 2023", (12,), (), None),
        ("For the years ended December 31,", (12,), (), None),
        ("Useful life in years", (), (), None),
        ("December 31, 2022", (), (), None),
    ],
)
def test_lengths(text: str, months: tuple[int, ...], weeks: tuple[int, ...], part: int | None) -> None:
    """Lengths are months or weeks, a year is twelve months, and numbered quarters keep their number."""
    said = read_clock(text)
    assert (said.months, said.weeks, said.part) == (months, weeks, part)


def test_years_beside_dates_and_amounts() -> None:
    """A bare year is a year; years in dates, in amounts and in names of forms are none."""
    assert read_clock("for 2024, 2023 and 2022 (in thousands)").years == (2024, 2023, 2022)
    assert read_clock("June 30, 2023 against $2,022 and 2021.5").years == ()
    assert read_clock("2023 Form 10-K 40").years == ()


def test_range_of_dates() -> None:
    """A stretch "from … to …" is one with a start, also where the first year is not printed."""
    said = read_clock("For the period from July 1, 2010 (inception) to December 31, 2010")
    assert (said.start, said.days) == (dt.date(2010, 7, 1), (Day(2010, 12, 31),))
    assert read_clock("November 2 - January 31, 2015").start == dt.date(2014, 11, 2)
    assert read_clock("June 30, 2023 and December 31, 2022").start is None


@pytest.mark.parametrize(
    ("end", "months", "ends", "start"),
    [
        ("2011-06-30", 3, [], "2011-04-01"),
        ("2012-02-29", 12, [], "2011-03-01"),
        ("2023-12-31", 9, [], "2023-04-01"),
        ("2023-09-01", 9, [], "2022-12-03"),
        ("2024-09-28", 12, ["2023-09-30"], "2023-10-01"),
        ("2023-09-30", 12, ["2022-09-24"], "2022-09-25"),
        ("2021-12-25", 12, [], "2020-12-27"),
    ],
)
def test_start_of_a_stretch(end: str, months: int, ends: list[str], start: str) -> None:
    """Month ends count calendar months, other days count weeks, and a printed year end nearby decides."""
    known = [dt.date.fromisoformat(day) for day in ends]
    assert start_of(dt.date.fromisoformat(end), months, known) == dt.date.fromisoformat(start)


def test_start_of_weeks() -> None:
    """Thirteen weeks are 91 days."""
    assert start_of_weeks(dt.date(2023, 7, 1), 13) == dt.date(2023, 4, 2)


@pytest.mark.parametrize("text", ["DEC-31-1997", "31-Dec-97", "31-DEC-1997"])
def test_dates_with_hyphens_and_names_are_dates(text: str) -> None:
    """As programs print them, no bare year and no range."""
    (day,) = read_clock(text).days
    assert (day.year, day.month, day.day) == (1997, 12, 31)
    assert read_clock(text).years == ()

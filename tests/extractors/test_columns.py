"""Columns and rows whose unit is not that of the table: rates, shares, prices, counts, other currencies."""

from __future__ import annotations

import pytest

from extractors.convert import convert
from extractors.meaning.scales import read_head_units
from schemas.filing import Figure, Table


def _table(markup: str) -> Table:
    """The only table of a page."""
    (table,) = convert(f"<html><body>{markup}</body></html>".encode()).tables
    return table


def _rows(*rows: str) -> str:
    """A table whose cells are parted by bars."""
    cells = ("".join(f"<td>{cell.strip()}</td>" for cell in row.split("|")) for row in rows)
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"


def _units(table: Table) -> dict[str, list[tuple[str, int]]]:
    """Unit and scale of the figures, by label."""
    found: dict[str, list[Figure]] = {}
    for figure in table.figures:
        found.setdefault(table.rows[figure.row].label, []).append(figure)
    return {label: [(figure.unit, figure.scale) for figure in figures] for label, figures in found.items()}


def test_a_column_of_rates_is_percent_where_only_its_first_row_bears_the_sign() -> None:
    """Yields beside balances in thousands are no thousands of dollars."""
    page = "<p>(Dollars in thousands)</p>" + _rows(
        " | Balance | Interest | Rate", "Leases | $ 4,210 | $ 310 | 7.36%", "Notes | 1,120 | 61 | 5.45"
    )
    assert _units(_table(page))["Notes"] == [("USD", 1000), ("USD", 1000), ("percent", 1)]


def test_a_row_is_percent_where_only_its_first_figure_bears_the_sign() -> None:
    """Turnover printed as 31%, 28, 35 is percent throughout; assets "(000)" are in thousands."""
    page = _rows(
        " | 2011 | 2010 | 2009", "Assets (000) | $ 8,812 | $ 9,011 | $ 7,700", "Portfolio turnover | 31% | 28 | 35"
    )
    units = _units(_table(page))
    assert units["Portfolio turnover"] == [("percent", 1)] * 3
    assert units["Assets (000)"] == [("USD", 1000)] * 3


def test_rates_below_a_row_of_percentages_are_percent_too() -> None:
    """Rows called rates or returns that follow with as many decimals need no sign of their own; amounts do."""
    page = "<p>(in millions)</p>" + _rows(
        " | 2004 | 2003",
        "Discount rate | 6.25% | 6.50%",
        "Return on assets | 8.00 | 8.25",
        "Service cost | $ 4.10 | $ 4.40",
    )
    units = _units(_table(page))
    assert units["Return on assets"] == [("percent", 1)] * 2
    assert units["Service cost"] == [("USD", 1_000_000)] * 2


def test_a_margin_does_not_make_the_amounts_below_it_percent() -> None:
    """Amounts with one decimal stay amounts below a row of percentages."""
    page = "<p>($ in millions)</p>" + _rows(" | 2004 | 2003", "Gross margin | 41.2% | 40.8%", "Expenses | 12.4 | 11.9")
    assert _units(_table(page))["Expenses"] == [("USD", 1_000_000)] * 2


@pytest.mark.parametrize(
    ("head", "scale", "currency"),
    [
        ("2008 &pound;m", 1_000_000, "GBP"),
        ("2015<br>HK$'000", 1_000, "HKD"),
        ("31 Dec 2009<br>EUR '000", 1_000, "EUR"),
        ("T&euro;", 1_000, "EUR"),
        ("Rs. in lakhs", 100_000, "INR"),
        ("CHF million", 1_000_000, "CHF"),
    ],
)
def test_units_stand_in_the_heads_of_columns(head: str, scale: int, currency: str) -> None:
    """The head of a column states currency and scale, with or without its time in the same cell."""
    table = _table(_rows(f" | {head}", "Turnover | 4,120", "Cost of sales | 3,010"))
    assert (table.scale, table.currency) == (scale, currency)
    assert _units(table)["Turnover"] == [(currency, scale)]


def test_columns_of_two_currencies_have_each_its_own() -> None:
    """A column of convenience in thousands of dollars stands beside millions of yen."""
    page = (
        "<table><tr><td></td><td colspan=2>Millions of yen</td><td>Thousands of U.S. dollars</td></tr>"
        "<tr><td></td><td>2013</td><td>2012</td><td>2013</td></tr>"
        "<tr><td>Sales</td><td>4,377</td><td>4,004</td><td>46,564</td></tr></table>"
    )
    assert _units(_table(page))["Sales"] == [("JPY", 1_000_000), ("JPY", 1_000_000), ("USD", 1_000)]


def test_shares_and_employees_are_in_no_thousands_that_other_columns_state() -> None:
    """The unit in the head of one column of money says nothing of shares and persons beside it."""
    page = _rows(
        " | Shares | Employees | Value ($000)", "Alder Corp. | 12,400 | 310 | 980", "Birch plc | 8,100 | 44 | 401"
    )
    assert _units(_table(page))["Birch plc"] == [("shares", 1), ("pure", 1), ("USD", 1_000)]


def test_high_and_low_are_prices_of_a_share() -> None:
    """A table of highs and lows holds prices, in cents and per share."""
    page = _rows(" | High | Low", "First quarter | $ 12.40 | $ 9.80", "Second quarter | 13.02 | 10.11")
    assert set(_units(_table(page))["Second quarter"]) == {("USD/shares", 1)}


def test_quotients_and_counts_are_in_no_thousands() -> None:
    """The ratio of earnings to fixed charges and the number of employees are pure numbers."""
    page = "<p>(in thousands)</p>" + _rows(
        " | 1996 | 1995",
        "Earnings | 4,012 | 3,889",
        "Ratio of earnings to charges | 2.22 | 2.09",
        "Number of employees | 41 | 39",
    )
    units = _units(_table(page))
    assert units["Ratio of earnings to charges"] == units["Number of employees"] == [("pure", 1)] * 2
    assert units["Earnings"] == [("USD", 1000)] * 2


def test_earnings_in_pence_are_hundredths_of_pounds() -> None:
    """Earnings per share of 14.2p are in pence, not in pounds, among thousands of pounds."""
    page = _rows(
        " | 1999 &pound;'000", "Turnover | 84,220", "Earnings per share | 14.2p", "Dividend per share (pence) | 6.1"
    )
    units = _units(_table(page))
    assert units["Earnings per share"] == units["Dividend per share (pence)"] == [("GBX/shares", 1)]
    assert units["Turnover"] == [("GBP", 1000)]


def test_an_amount_beside_two_percentages_stays_an_amount() -> None:
    """Revenues with their share and their growth: most of the row is percent, its first figure is not."""
    page = _rows(
        " | 1994 | Percent of total | Change",
        "Cargo | $ 204 | 17.8% | (3.1)%",
        "Charter | 960 | 82.2 | 11.0",
        "Sum | $ 1,164 | 100.0% | 8.0%",
    )
    units = _units(_table(page))
    assert [unit for unit, _ in units["Sum"]] == [unit for unit, _ in units["Cargo"]] == ["USD", "percent", "percent"]


def test_a_head_of_nothing_but_the_sign_makes_its_column_percent() -> None:
    """Reconciliations of tax rates head their columns "Amount" and "%" below the year."""
    page = (
        "<table><tr><td></td><td colspan=2>2010</td></tr><tr><td></td><td>Amount</td><td>%</td></tr>"
        "<tr><td>Federal tax</td><td>$ 3,500</td><td>35.0</td></tr><tr><td>Other</td><td>(120)</td><td>(1.2)</td></tr>"
        "</table>"
    )
    assert _units(_table(page))["Other"] == [("USD", 1), ("percent", 1)]


@pytest.mark.parametrize(
    ("head", "scale", "currency"),
    [
        ("2015 SEK m", 10**6, "SEK"),
        ("DKKm", 10**6, "DKK"),
        ("CHF k", 1000, "CHF"),
        ("2001 HK$'000", 1000, "HKD"),
        ("Mio. EUR", 10**6, "EUR"),
        ("TEUR", 1000, None),
    ],
)
def test_the_letters_of_a_currency_are_no_size(head: str, scale: int, currency: str | None) -> None:
    """The K of SEK and DKK counts no thousands, and a joined "m" does not hide the currency."""
    units = read_head_units([head])
    assert units.scale == scale
    assert currency is None or units.currency == currency


def test_one_mark_of_pence_makes_no_row_of_pence() -> None:
    """A speck read as a p behind one figure leaves the row and its column in pounds."""
    page = _rows(" | 1999 &pound;'000 | 1998 &pound;'000", "Turnover | 84,220 | 79,101", "Stock | 412p | 398")
    assert set(_units(_table(page))["Turnover"]) == {("GBP", 1000)}
    assert ("GBP", 1000) in _units(_table(page))["Stock"]

"""What figures mean: periods, scales, units, kinds, and who filed."""

import pytest

from extractors.figures import read_figures
from extractors.meaning import Meaning, TableMeaning, find_meaning
from extractors.meaning.scales import Units, read_units
from extractors.page import Cell, HtmlPlace, Line, Origin, TextPlace
from extractors.tables import BodyRow, Layout, Table
from schemas.filing import Duration, Identification, Instant, Period

NOWHERE = HtmlPlace(table=0, row=0, cell=0)
YEAR_2011 = Duration(start="2011-01-01", end="2011-12-31")


def row(label: str, *texts: str, indent: float = 0.0, ruled: bool = False) -> BodyRow:
    cells = tuple(Cell(text, 0, i, NOWHERE) if text else None for i, text in enumerate(texts))
    return BodyRow(label, indent, cells, ruled=ruled)


def table(
    heads: list[str],
    rows: list[BodyRow] | None = None,
    caption: tuple[str, ...] = (),
    stub: tuple[str, ...] = (),
) -> Table:
    """A table with one or more heads a column, "a | b" from the top down; rows default to one of figures."""
    split = tuple(tuple(part.strip() for part in head.split("|") if part.strip()) for head in heads)
    body = rows or [row("Sales", *["1,234"] * len(heads))]
    filled = tuple(
        BodyRow(r.label, r.indent, r.cells or (None,) * len(heads), ruled=r.ruled) if not r.cells else r for r in body
    )
    return Table(caption, stub, split, filled)


def mean(*tables: Table, lines: tuple[str, ...] = (), origin: Origin | None = None) -> Meaning:
    texts = tuple(Line(text, TextPlace(line=i, start=0, end=len(text))) for i, text in enumerate(lines, 1))
    return find_meaning(Layout(tables, texts), read_figures(tables), origin or Origin())


def one(made: Table) -> TableMeaning:
    return mean(made).tables[0]


def said(period: Period | None) -> str:
    if period is None:
        return ""
    return period.instant if isinstance(period, Instant) else f"{period.start}/{period.end}"


def periods(made: TableMeaning) -> list[str]:
    return [said(period) for period in made.periods]


INCOME = "Statements of Operations"
BALANCE = "Balance Sheets"


@pytest.mark.parametrize(
    ("title", "heads", "stub", "expected"),
    [
        (INCOME, ["Three Months Ended | June 30, | 2011"], (), ["2011-04-01/2011-06-30"]),
        (INCOME, ["2011", "2010"], ("Years ended December 31,",), ["2011-01-01/2011-12-31", "2010-01-01/2010-12-31"]),
        (BALANCE, ["June 30, 2011", "December 31, 2010"], (), ["2011-06-30", "2010-12-31"]),
        (BALANCE, ["2011", "2010"], ("December 31,",), ["2011-12-31", "2010-12-31"]),
        (INCOME, ["13 Weeks Ended | July 1, 2023"], (), ["2023-04-02/2023-07-01"]),
        (
            INCOME,
            ["Dec 30, 2023", "Dec 31, 2022"],
            ("Years Ended",),
            ["2023-01-01/2023-12-30", "2022-01-01/2022-12-31"],
        ),
        (INCOME, ["Three months ended June 30, 2011", "2010"], (), ["2011-04-01/2011-06-30", "2010-04-01/2010-06-30"]),
        (
            INCOME,
            ["Six Months Ended | 2023", "Six Months Ended | June 30, 2022"],
            (),
            ["2023-01-01/2023-06-30", "2022-01-01/2022-06-30"],
        ),
        (INCOME, ["First Half | 2022"], ("For the periods ended June 30,",), ["2022-01-01/2022-06-30"]),
        (INCOME, ["Year ended 31 March 2019"], (), ["2018-04-01/2019-03-31"]),
        (INCOME, ["July 1, 2010 to December 31, 2010"], (), ["2010-07-01/2010-12-31"]),
        ("Guidance", ["Low", "High"], (), ["", ""]),
        ("Segments", ["Six months ended June 30, 2011", "% Change"], (), ["2011-01-01/2011-06-30", ""]),
    ],
)
def test_periods_of_columns(title: str, heads: list[str], stub: tuple[str, ...], expected: list[str]) -> None:
    """Heads, their neighbours and the stub's head together say the period; where they do not, it stays open."""
    assert periods(one(table(heads, caption=(title,), stub=stub))) == expected


def test_fiscal_years_take_their_ends_from_other_tables() -> None:
    """Fiscal 2023 ends where the balance sheet says, a year further back by whole weeks."""
    income = table(["Fiscal Year | 2024", "Fiscal Year | 2023", "Fiscal Year | 2022"], caption=(INCOME,))
    balance = table(["April 26, 2024", "April 28, 2023"], caption=(BALANCE,))
    assert periods(mean(income, balance).tables[0]) == [
        "2023-04-29/2024-04-26",
        "2022-04-30/2023-04-28",
        "2021-05-01/2022-04-29",
    ]


def test_years_over_assets_are_moments_of_the_balance_sheet() -> None:
    """In a note, years over receivables are the balance sheet's dates; years over expenses are not."""
    balance = table(["September 30, 2023", "December 31, 2022"], caption=(BALANCE,))
    note = table(["2023", "2022"], [row("Trade receivables", "$ 5", "$ 4"), row("Total receivables", "5", "4")])
    assert periods(mean(balance, note).tables[1]) == ["2023-09-30", "2022-12-31"]


def test_balances_of_a_flow_are_moments() -> None:
    """Cash at the beginning and at the end have periods of their own; increases do not."""
    made = one(
        table(
            ["Year ended | December 31, 2011"],
            [
                row("Net increase in cash from beginning to end of year", "5"),
                row("Cash, beginning of year", "10"),
                row("Cash, end of year", "15"),
                row("Balance at June 30, 2011", "12"),
                row("Cash at December 31", "15"),
            ],
            caption=("Statements of Cash Flows",),
        )
    )
    found = [[said(p) for p in r.periods] if r.periods else None for r in made.rows]
    assert found == [None, ["2010-12-31"], ["2011-12-31"], ["2011-06-30"], ["2011-12-31"]]


def test_balances_in_the_stub_date_a_table_without_dates() -> None:
    """Where no head names a time, the stretch runs from the first printed balance to the last."""
    made = one(
        table(
            ["Paid-in capital", "Total"],
            [
                row("Balance at June 30, 2011", "1", "2"),
                row("Net income", "3", "4"),
                row("Balance at September 30, 2011", "4", "6"),
            ],
        )
    )
    assert periods(made) == ["2011-07-01/2011-09-30"] * 2
    assert [[said(p) for p in r.periods or ()] for r in made.rows] == [["2011-06-30"] * 2, [], ["2011-09-30"] * 2]


@pytest.mark.parametrize(
    ("note", "units"),
    [
        ("(in thousands, except per share data)", Units(1_000, None, None)),
        (
            "(In millions, except number of shares, which are reflected in thousands, and per-share amounts)",
            Units(1_000_000, 1_000, None),
        ),
        ("(in thousands, except share and per share data)", Units(1_000, 1, None)),
        ("(In millions, except par value)", Units(1_000_000, None, None)),
        ("(Dollars in Millions Except Share and Per Share Amounts)", Units(1_000_000, 1, "USD")),
        ("(In millions; shares in thousands)", Units(1_000_000, 1_000, None)),
        ("(000's omitted)", Units(1_000, None, None)),
        ("\N{POUND SIGN}'000", Units(1_000, None, "GBP")),
        ("$ in billions", Units(1_000_000_000, None, "USD")),
        ("Millions of euros", Units(1_000_000, None, "EUR")),
        ("Amounts in millions except per share amounts", Units(1_000_000, None, None)),
        ("(expressed in Canadian dollars)", Units(None, None, "CAD")),
        ("Other income is as follows (in millions):", Units(1_000_000, None, None)),
        ("Other income includes a $1.0 billion gain in 2022.", Units()),
        ("Statements of Operations", Units()),
    ],
)
def test_units_of_a_headnote(note: str, units: Units) -> None:
    """Scale of amounts, scale of shares and currency are three things; sizes in sentences are none of them."""
    assert read_units([note]) == units


def test_a_date_that_cannot_be_read_is_no_date_of_another_month() -> None:
    """December 38 may be any day of December: only another head says which, and June 30 is none of them."""
    heads = ["December 38, 2022", "June 30, 2023", "June 30, 2022"]
    assert periods(one(table(heads, caption=(BALANCE,))))[0] == ""
    assert periods(one(table(["Decernber 31, 2022", "June 30, 2022"], caption=(BALANCE,))))[0] == ""
    other = table(["December 31, 2022"], caption=(BALANCE,))
    assert [periods(t)[0] for t in mean(table(heads, caption=(BALANCE,)), other).tables] == ["2022-12-31"] * 2


def test_scale_and_unit_row_by_row() -> None:
    """Money, earnings per share, shares and percentages each have their own scale and unit."""
    made = one(
        table(
            ["Year ended December 31, 2011"],
            [
                row("Net income", "$ 93,736"),
                row("Earnings per share:"),
                row("Basic", "$ 6.11", indent=1.0),
                row("Dividends declared per share", "0.98"),
                row("Shares used in computing earnings per share:"),
                row("Basic", "15,343,783", indent=1.0),
                row("Effective tax rate", "24.1%"),
                row("Common stock, $0.01 par value per share; 900 shares authorized", "12"),
                row("Weighted average units (in thousands)", "77"),
                row("Notes, 5% due 2020", "250"),
            ],
            caption=(INCOME, "(In millions, except number of shares, which are reflected in thousands)"),
        )
    )
    assert [(r.unit, r.scale) for i, r in enumerate(made.rows) if i not in (1, 4)] == [
        ("USD", 1_000_000),
        ("USD/shares", 1),
        ("USD/shares", 1),
        ("shares", 1_000),
        ("percent", 1),
        ("USD", 1_000_000),
        ("shares", 1_000),
        ("USD", 1_000_000),
    ]


def test_what_was_paid_for_each_share_does_not_say_what_a_row_counts() -> None:
    """A price in the label of a dividend leaves the row in money."""
    made = one(table(["2011"], [row("Dividends, $1.80 per share", "$ (1,334)"), row("Earnings per share", "1.80")]))
    assert [r.unit for r in made.rows] == ["USD", "USD/shares"]


@pytest.mark.parametrize(
    ("opening", "title", "unit"),
    [
        ("Common stock outstanding, beginning", "Shares of common stock (in thousands)", "shares"),
        ("Net income", "Statements of Cash Flows (in thousands)", "USD"),
        ("Common stock outstanding", "Statements of Cash Flows (in thousands)", "USD"),
        ("Beginning equity", "Statements of Equity (in thousands)", "USD"),
    ],
)
def test_stock_repurchased_is_money_but_in_a_table_of_shares(opening: str, title: str, unit: str) -> None:
    """The rows around it tell: the same label stands in cash flows and in roll-forwards of shares."""
    rows = [row(opening, "15,550"), row("Common stock repurchased", "(499)"), row("Cash at the end", "15,051")]
    assert one(table(["2011"], rows, caption=(title,))).rows[1].unit == unit


def test_shares_that_dilute_are_shares_and_a_section_of_a_balance_sheet_hands_on_none() -> None:
    """Below a denominator the rows count shares; under "shares issued" in a balance sheet stands money."""
    rows = [row("Effect of dilutive securities:"), row("Stock options", "0.7", indent=1.0), row("Sales", "$ 5")]
    assert [r.unit for r in one(table(["2011"], rows)).rows][1] == "shares"
    rows = [row("Assets", "$ 9"), row("Common stock, shares issued -"), row("Treasury stock", "(5)", indent=1.0)]
    assert [r.unit for r in one(table(["June 30, 2011"], rows, caption=(BALANCE,))).rows][2] == "USD"


def test_scale_is_inherited_where_a_table_of_money_says_nothing() -> None:
    """A table of dollars without a headnote has the document's scale; one of plain numbers has none."""
    balance = table(["June 30, 2011"], caption=(BALANCE, "(in thousands)"))
    note = table(["June 30, 2011"], [row("Trade", "$ 1,200"), row("Other", "300")])
    votes = table(["For", "Against"], [row("Election", "24,503,546", "12")])
    made = mean(balance, note, votes).tables
    assert [(t.currency, t.scale) for t in made] == [("USD", 1_000), ("USD", 1_000), (None, 1)]
    assert made[2].rows[0].unit == "pure"


def test_path_and_level() -> None:
    """Sections hold what is set in, or what stands below them up to their total; sums above end nothing."""
    made = one(
        table(
            ["2011"],
            [
                row("Assets"),
                row("Current assets:", indent=1.0),
                row("Cash", "1", indent=2.0),
                row("Total current assets", "1", indent=2.0),
                row("Property", "2", indent=1.0),
                row("Per share"),
                row("Basic", "1.00"),
                row("Total per share", "1.00"),
                row("Members", "7"),
            ],
        )
    )
    assert [r.path for r in made.rows] == [
        (),
        ("Assets",),
        ("Assets", "Current assets"),
        ("Assets", "Current assets"),
        ("Assets",),
        (),
        ("Per share",),
        ("Per share",),
        (),
    ]
    assert [r.level for r in made.rows] == [0, 1, 2, 2, 1, 0, 1, 1, 0]


def test_sections_below_one_another_at_one_depth() -> None:
    """Two sections directly below one another nest, and the second's siblings stay inside the first."""
    made = one(
        table(
            ["2011"],
            [
                row("Earnings per share:"),
                row("Diluted"),
                row("Continuing operations", "0.25", indent=1.0),
                row("", "0.25"),
                row("Basic"),
                row("Continuing operations", "0.26", indent=1.0),
                row("Average number of shares outstanding:"),
                row("Diluted", "1,829", indent=1.0),
            ],
        )
    )
    assert [r.path for r in made.rows if r.level][1:] == [
        ("Earnings per share", "Diluted"),
        ("Earnings per share", "Diluted"),
        ("Earnings per share",),
        ("Earnings per share", "Basic"),
        ("Average number of shares outstanding",),
    ]
    assert [r.unit for r in made.rows][5] == "USD/shares"


def test_note_on_units_that_goes_on_in_the_next_line() -> None:
    """A note is read whole, so that what it says of single rows is not taken for the table's scale."""
    split = table(["2011"], caption=(INCOME, "For the years (In millions; per-share"), stub=("amounts in dollars)",))
    assert one(split).scale == 1_000_000


@pytest.mark.parametrize(
    ("caption", "kind", "title"),
    [
        (
            ("MILLS INC", "Consolidated Statements of Financial Position", "(unaudited)"),
            "balance_sheet",
            "Consolidated Statements of Financial Position",
        ),
        (("Statement of Condition",), "balance_sheet", "Statement of Condition"),
        (
            ("Consolidated Statement of Results of Operations",),
            "income_statement",
            "Consolidated Statement of Results of Operations",
        ),
        (
            ("Statements of Operations and Comprehensive Loss",),
            "income_statement",
            "Statements of Operations and Comprehensive Loss",
        ),
        (
            ("STATEMENTS OF COMPREHENSIVE INCOME (LOSS)",),
            "comprehensive_income",
            "STATEMENTS OF COMPREHENSIVE INCOME (LOSS)",
        ),
        (("Consolidated Statements of Cash Flow",), "cash_flow", "Consolidated Statements of Cash Flow"),
        (("Statements of Changes in Shareholders' Equity",), "equity", "Statements of Changes in Shareholders' Equity"),
        (
            ("Reconciliation of GAAP to non-GAAP measures",),
            "reconciliation",
            "Reconciliation of GAAP to non-GAAP measures",
        ),
        (
            ("MILLS INC Condensed Statements of Income (in thousands)",),
            "income_statement",
            "Condensed Statements of Income",
        ),
        (
            ("The following table shows costs in the statements of income:",),
            "other",
            "The following table shows costs in the statements of income",
        ),
        (("See accompanying notes.", "7. Customer Deposits", "(in millions)"), "other", "7. Customer Deposits"),
        (("/s/ A. Smith", "Boston", "January 25, 2024"), "other", None),
    ],
)
def test_kind_and_title(caption: tuple[str, ...], kind: str, title: str | None) -> None:
    """Statements are known by their many titles; sentences that mention one are not taken for it."""
    made = one(table(["2011"], caption=caption))
    assert (made.kind, made.title) == (kind, title)


def test_kind_by_rows_where_the_title_is_silent() -> None:
    """The rows of a balance sheet and of a cash flow statement tell what they are."""
    sheet = ["Cash", "Total current assets", "Total assets", "Debt", "Total liabilities", "Total stockholders' equity"]
    flows = ["Net income", "Operating activities", "Sale", "Investing activities", "Loan", "Financing activities"]
    assert one(table(["2011"], [row(label, "1") for label in sheet])).kind == "balance_sheet"
    assert one(table(["2011"], [row(label, "1") for label in flows])).kind == "cash_flow"


def test_identity_from_the_cover() -> None:
    """Registrant, form and date as the cover prints them; a sentence about another form does not count."""
    lines = (
        "FORM 8-K/A",
        "Date of Report (Date of earliest event reported): October 27, 2011",
        "NORTH LAKE MILLS",
        "(Exact name of registrant as specified in its charter)",
        "It refers to the risks in the annual report on Form 10-K for the year ended December 31, 2010.",
    )
    assert mean(table(["2011"]), lines=lines).filing == Identification(
        registrant="NORTH LAKE MILLS", form="8-K/A", report_date="2011-10-27"
    )


@pytest.mark.parametrize(
    ("lines", "registrant", "form"),
    [
        (
            ("FORM 6-K", "GRUPO ALTA, S.A.", "(Translation of Registrant's name into English)"),
            "GRUPO ALTA, S.A.",
            "6-K",
        ),
        (("FORM 12b-25", "Full Name of Registrant: Zed Mills"), "Zed Mills", "12b-25"),
        (("SCHEDULE 14A INFORMATION", "HARBOR FOODS", "(Name of Registrant)"), "HARBOR FOODS", "SCHEDULE 14A"),
        (("Third Quarter Results", "AUSTIN -- Kite Robots (NYSE: KITE) today said"), "Kite Robots", None),
        (("Results", "As our Form 10-K says, Kite Robots rose (see the NYSE: KITE page of our site)"), "Results", None),
    ],
)
def test_identity_beside_the_words_that_announce_it(lines: tuple[str, ...], registrant: str, form: str | None) -> None:
    """Forms of foreign and late filers, and the ticker behind a name in a press release."""
    found = mean(table(["2011"]), lines=lines).filing
    assert (found.registrant, found.form) == (registrant, form)


def test_identity_of_the_header_goes_first() -> None:
    """What EDGAR's header says replaces what the page says, and the page fills what the header lacks."""
    header = Identification(registrant="MILLS CO", form="10-Q", cik="0000000001")
    made = mean(
        table(["June 30, 2011"], caption=(BALANCE,)), lines=("Mills Company Inc.",), origin=Origin(header=header)
    )
    assert made.filing == header.model_copy(update={"report_date": "2011-06-30"})

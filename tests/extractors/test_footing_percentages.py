"""Percentages are checked as rows, blocks and columns, never one by one."""

from __future__ import annotations

import pytest

from extractors.footing import find_identities
from schemas.filing import Duration, Instant
from schemas.identities import Identity, Printed, evaluate
from tests.fakes.statements import Statement, statement

HALF = (Duration(start="2011-01-01", end="2011-06-30"), Duration(start="2010-01-01", end="2010-06-30"))

CHANGES = """
Product sales | 12,345 | 11,020 | 12.0%
Service sales | 4,210  | 4,401  | (4.3)%
Other sales   | 873    | 700    | 24.7%
Total sales   | 17,428 | 16,121 | 8.1%
"""

SHARES = """
Product sales | 12,345 | 70.8%  | 11,020 | 68.4%
Service sales | 4,210  | 24.2%  | 4,401  | 27.3%
Other sales   | 873    | 5.0%   | 700    | 4.3%
Total sales   | 17,428 | 100.0% | 16,121 | 100.0%
"""

MARGINS = """
Revenue
Product            | 29,446 | 35,953
Service            | 22,326 | 31,346
Total revenue      | 51,772 | 67,299
Cost of revenue
Product            | 9,618  | 23,161
Service            | 12,218 | 17,513
Total cost         | 21,836 | 40,674
Gross profit       | 29,936 | 26,625
Gross profit %
Product            | 67.3%  | 35.6%
Service            | 45.3%  | 44.1%
Total gross profit | 57.8%  | 39.6%
"""

RECONCILED = """
GAAP gross profit              | 56,561 | 76,691
Stock-based compensation       | 991    | 983
Amortization                   | 101    | 276
Non-GAAP gross profit          | 57,653 | 77,950
GAAP gross margin              | 47.5%  | 62.1%
Stock-based compensation       | 0.8%   | {plugged}
Amortization                   | 0.1%   | 0.2%
Non-GAAP gross margin          | 48.4%  | 63.1%
"""

STATEMENT = """
Product          | 65,399  | 73,074
Service          | 53,672  | 50,515
Total revenue    | 119,071 | 123,589
Cost of revenue  | 62,510  | 46,898
Gross profit     | 56,561  | 76,691
Operating costs  | 48,214  | 61,377
"""

OPERATIONS = "Product | 65,399 | 73,074\nService | 53,672 | 50,515\nTotal revenue | 119,071 | 123,589"


def quotients(document: Statement) -> dict[str, Identity]:
    """The percentages that were understood, by id."""
    found = find_identities(document.tables, document.bodies, document.meaning)
    return {identity.total: identity for identity in found if identity.kind == "ratio"}


def members(identity: Identity) -> tuple[list[tuple[int, str]], str | None]:
    """Signed terms and divisor, without the name of the table."""
    terms = [(int(term.weight), term.figure.partition(".")[2]) for term in identity.terms]
    return terms, identity.divisor.partition(".")[2] if identity.divisor else None


def verdicts(document: Statement) -> dict[str, str]:
    """How each percentage holds, by row and column."""
    figures = document.figures()
    printed = {k: Printed(f.number.value, f.number.decimals, f.number.nil) for k, f in figures.items()}
    return {key.partition(".")[2]: evaluate(i, printed).verdict for key, i in quotients(document).items()}


def test_a_column_of_changes_is_the_difference_of_two_columns_over_the_older() -> None:
    """Every row of a percent-change column, a decline in parentheses too."""
    found = quotients(statement(CHANGES))
    assert set(found) == {f"t1.r{row}.c2" for row in range(4)}
    assert members(found["t1.r1.c2"]) == ([(1, "r1.c0"), (-1, "r1.c1")], "r1.c1")


def test_columns_of_shares_have_the_total_below_the_line() -> None:
    """Each percentage column goes with the amounts beside it."""
    found = quotients(statement(SHARES))
    assert members(found["t1.r0.c1"]) == ([(1, "r0.c0")], "r3.c0")
    assert members(found["t1.r2.c3"]) == ([(1, "r2.c2")], "r3.c2")


def test_a_column_headed_percent_needs_no_sign_in_each_row() -> None:
    """Bare figures under a head that says % are percentages."""
    bare = statement(CHANGES.replace("%", "")).headed({2: "% Change"})
    assert members(quotients(bare)["t1.r3.c2"]) == ([(1, "r3.c0"), (-1, "r3.c1")], "r3.c1")


def test_margins_of_one_name_are_revenue_less_cost_of_that_name() -> None:
    """Product margin: product revenue less product cost over product revenue; the total over total revenue."""
    found = quotients(statement(MARGINS))
    assert members(found["t1.r10.c0"]) == ([(1, "r1.c0"), (-1, "r5.c0")], "r1.c0")
    assert members(found["t1.r11.c1"]) == ([(1, "r2.c1"), (-1, "r6.c1")], "r2.c1")
    assert members(found["t1.r12.c0"]) == ([(1, "r8.c0")], "r3.c0")


def test_a_block_of_percentages_mirrors_the_amounts_above_over_the_revenue_of_another_table() -> None:
    """Periods say which revenue; a percentage plugged by a last place is a check that does not hold."""
    rows = RECONCILED.format(plugged="0.7%")
    document = statement(rows, periods=HALF).beside(statement(OPERATIONS, periods=HALF, name="t2"))
    assert members(quotients(document)["t1.r5.c1"]) == ([(1, "r1.c1")], "r2.c1")
    assert quotients(document)["t1.r5.c1"].evidence < 3 < quotients(document)["t1.r5.c0"].evidence
    states = verdicts(document)
    assert states.pop("r5.c1") == "broken"
    assert set(states.values()) == {"rounding"}


@pytest.mark.parametrize(
    "periods",
    [None, (Instant(instant="2011-06-30"), Instant(instant="2010-06-30"))],
    ids=["no periods", "days on which they end"],
)
def test_columns_without_a_period_are_those_that_print_the_same_figures(periods: tuple[Instant, ...] | None) -> None:
    """A lost or half lost head does not keep a plugged percentage from its revenue."""
    own = statement(RECONCILED.format(plugged="0.7%"), periods=periods)
    document = own.beside(statement(STATEMENT, periods=HALF, name="t2"))
    assert members(quotients(document)["t1.r5.c1"]) == ([(1, "r1.c1")], "r2.c1")
    states = verdicts(document)
    assert states.pop("r5.c1") == "broken"
    assert len(states) == 7
    assert set(states.values()) == {"rounding"}


@pytest.mark.parametrize(
    ("periods", "other"),
    [
        ((Instant(instant="2011-09-30"), Instant(instant="2010-09-30")), STATEMENT),
        (None, STATEMENT.replace("56,561", "56,516").replace("76,691", "76,619")),
        (None, STATEMENT.replace("76,691", "56,561")),
    ],
    ids=["another day", "other figures", "the same figure in two columns"],
)
def test_columns_that_may_be_of_other_periods_lend_no_revenue(periods: tuple[Instant, ...] | None, other: str) -> None:
    """Where heads say otherwise, or figures do not say which column it is, the percentages have no base."""
    own = statement(RECONCILED.format(plugged="0.7%"), periods=periods)
    assert "t1.r4.c0" not in quotients(own.beside(statement(other, periods=HALF, name="t2")))


def test_a_table_that_lost_its_labels_may_hold_revenue_in_any_row() -> None:
    """Several figures that agree say which column it is, the percentages which row."""
    rows = RECONCILED.format(plugged="0.7%") + "Operating costs | 48,214 | 61,377\n"
    torn = "\n".join(f"| {line.partition('|')[2]}" for line in STATEMENT.strip().splitlines())
    found = quotients(statement(rows).beside(statement(torn, name="t2")))
    assert {members(found[f"t1.r{row}.c{column}"])[1] for row in range(4, 8) for column in (0, 1)} == {"r2.c0", "r2.c1"}


def test_a_percentage_far_off_has_another_base_and_is_left_alone() -> None:
    """What no plug explains is another quantity, when it was read with certainty."""
    rows = RECONCILED.format(plugged="7.9%")
    document = statement(rows, 1.0, periods=HALF).beside(statement(OPERATIONS, 1.0, periods=HALF, name="t2"))
    assert "r5.c1" not in verdicts(document)


@pytest.mark.parametrize(
    "text",
    [
        "Revenue | 1,234 | 1,199\nStaff turnover rate | 12% | 11%\nOccupancy | 87% | 85%",
        "Total assets | 5,210\nTier 1 ratio | 11.2%\nLeverage ratio | 8.1%\nCoverage | 9.4%",
        "Oral care | 42%\nPet nutrition | 22%\nSales | 9,120",
    ],
)
def test_percentages_of_other_things_make_no_quotient(text: str) -> None:
    """Rates that no amounts of the table explain stay as they are."""
    assert quotients(statement(text, 1.0)) == {}

"""Identities are found where an accountant would write them, and nowhere else."""

import re
from random import Random

import pytest

from extractors.footing import find_identities
from schemas.filing import Duration, Instant
from schemas.identities import Identity
from tests.fakes.statements import Statement, statement

BALANCE = """
Current assets
Cash                                  | 73,401  | 62,501
Receivables                           | 39,080  | 52,813
Inventories                           | 18,234  | 22,499
Total current assets                  | 130,715 | 137,813
Property                              | 22,923  | 21,284
Total assets                          | 153,638 | 159,097
Liabilities
Payables                              | 15,160  | 31,025
Accrued expenses                      | 17,364  | 17,098
Total liabilities                     | 32,524  | 48,123
Equity
Common stock                          | 130,277 | 128,277
Accumulated deficit                   | (9,163) | (17,303)
Total equity                          | 121,114 | 110,974
Total liabilities and equity          | 153,638 | 159,097
"""


def found(document: Statement) -> list[Identity]:
    """The identities of a statement."""
    return find_identities(document.tables, document.bodies, document.meaning)


def row_of(figure: str) -> int:
    """The row in the id of a figure."""
    return int(figure.split(".")[1][1:])


def rows_of(identity: Identity) -> tuple[int, dict[int, int]]:
    """Row of the total, and the rows of the terms with their signs."""
    return row_of(identity.total), {row_of(term.figure): int(term.weight) for term in identity.terms}


def sums(document: Statement, column: int = 0) -> dict[int, dict[int, int]]:
    """Row of the total → rows of its terms, for the sums down one column."""
    own = [i for i in found(document) if i.kind in ("foot", "roll_forward") and i.total.endswith(f".c{column}")]
    return dict(rows_of(identity) for identity in own)


def test_nested_subtotals_stand_for_their_addends() -> None:
    """A grand total sums the subtotal and the rows below it, not the rows inside the subtotal."""
    assert sums(statement(BALANCE)) == {
        4: {1: 1, 2: 1, 3: 1},
        6: {4: 1, 5: 1},
        10: {8: 1, 9: 1},
        14: {12: 1, 13: 1},
        15: {10: 1, 14: 1},
    }


def test_the_balance_is_a_tie_between_two_totals() -> None:
    """Total assets tie out against total liabilities and equity in each column."""
    ties = [rows_of(identity) for identity in found(statement(BALANCE)) if identity.kind == "tie_out"]
    assert ties == [(6, {15: 1}), (6, {15: 1})]


def test_the_last_row_of_equity_is_not_assets_less_everything_else() -> None:
    """A plain sum turned round is not taken for a sum of its own."""
    assert 13 not in sums(statement(BALANCE))


def test_costs_are_subtracted_where_the_words_say_so() -> None:
    """Gross profit is revenue less cost, and income is what tax leaves."""
    document = statement("""
        Revenue                  | 51,772 | 67,299
        Cost of revenue          | 21,836 | 25,062
        Gross profit             | 29,936 | 42,237
        Operating expenses       | 17,120 | 19,004
        Income before income tax | 12,816 | 23,233
        Income tax provision     | 1,204  | 2,871
        Net income               | 11,612 | 20,362
    """)
    assert sums(document) == {2: {0: 1, 1: -1}, 4: {2: 1, 3: -1}, 6: {4: 1, 5: -1}}


def test_a_relation_that_holds_in_one_column_is_asked_of_the_others() -> None:
    """The damaged column gets the identity too: that is how damage is found."""
    document = statement(BALANCE).reread({"t1.r2.c1": "52,818"})
    assert 4 in sums(document, column=1)


def test_a_row_that_prints_nothing_in_a_column_takes_no_part_there() -> None:
    """Blank is not nought: the identity of that column has fewer terms."""
    document = statement("""
        Interest         | 1,204 | 1,377
        Dividends        |       | 2,215
        Rent             | 3,317 | 4,108
        Total income     | 4,521 | 7,700
    """)
    assert sums(document, 0) == {3: {0: 1, 2: 1}}
    assert sums(document, 1) == {3: {0: 1, 1: 1, 2: 1}}


@pytest.mark.parametrize(
    "text",
    [
        "Tranche A | 1,000\nTranche B | 1,000\nTranche C | 2,000",
        "Rate one | 7.922939\nRate two | 7.922932\nRate three | 7.922940\nRate four | 7.922947",
        "Apples | 3\nPears | 4\nPlums | 7",
        "Fees | 4,317\nTravel | 2,204\nSalaries | 2,113",
    ],
)
def test_figures_that_agree_by_chance_make_no_identity(text: str) -> None:
    """Round, small or nearly equal figures, and rows not called totals, are no evidence."""
    assert found(statement(text)) == []


def test_quarters_cross_foot_to_the_year() -> None:
    """The last column is the sum of the ones beside it, in every row."""
    document = statement("""
        Hardware | 1,104 | 2,208 | 1,317 | 4,629
        Software | 3,301 | 2,977 | 3,140 | 9,418
        Services | 812   | 934   | 1,001 | 2,747
        Licences | 77    | 81    | 93    | 251
    """)
    cross = [identity for identity in found(document) if identity.kind == "cross_foot"]
    assert [identity.total for identity in cross] == [f"t1.r{row}.c3" for row in range(4)]
    assert [term.figure for term in cross[0].terms] == ["t1.r0.c0", "t1.r0.c1", "t1.r0.c2"]


def test_earnings_per_share_are_income_over_shares() -> None:
    """Basic goes with basic shares, diluted with diluted ones."""
    document = statement("""
        Net income (loss)        | (6,746)   | 11,902  | 8,311
        Basic, per share         | (0.02)    | 0.05    | 0.03
        Diluted, per share       | (0.02)    | 0.04    | 0.03
        Basic, shares            | 277,800   | 245,120 | 268,441
        Diluted, shares          | 277,800   | 290,333 | 271,305
    """)
    ratios = {(i.total, i.terms[0].figure, i.divisor) for i in found(document) if i.kind == "ratio"}
    assert ("t1.r1.c1", "t1.r0.c1", "t1.r3.c1") in ratios
    assert ("t1.r2.c1", "t1.r0.c1", "t1.r4.c1") in ratios


def test_the_same_fact_in_two_tables_ties_out() -> None:
    """Same words, same period: net income opens the cash flow statement."""
    year = (Duration(start="2023-01-01", end="2023-12-31"), Duration(start="2022-01-01", end="2022-12-31"))
    income = statement("Net income | 20,362 | 11,612", periods=year)
    flows = statement("Net income | 20,362 | 11,612\nDepreciation | 4,008 | 3,771", periods=year, name="t2")
    ties = [(i.total, i.terms[0].figure) for i in found(income.beside(flows)) if i.kind == "tie_out"]
    assert ties == [("t2.r0.c0", "t1.r0.c0"), ("t2.r0.c1", "t1.r0.c1")]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Basic, per share", "Diluted, per share"), ("Net income", "Comprehensive income"), ("Sales", "Income taxes")],
)
def test_equal_figures_of_other_facts_do_not_tie_out(one: str, other: str) -> None:
    """A telling word in one label only, or no word in common, makes two facts."""
    day = (Instant(instant="2023-12-31"),)
    left = statement(f"{one} | 20,362", periods=day)
    right = statement(f"{other} | 20,362", periods=day, name="t2")
    assert found(left.beside(right)) == []


def test_opening_and_change_roll_forward_to_closing() -> None:
    """Cash at the end is cash at the beginning and the change."""
    document = statement("""
        Net increase in cash          | (148)   | 2,317
        Cash, beginning of the period | 11,661  | 9,344
        Cash, end of the period       | 11,513  | 11,661
    """)
    assert {identity.kind for identity in found(document)} == {"roll_forward"}


def test_identities_come_in_the_same_order_each_time() -> None:
    """The same statement gives the same list."""
    assert found(statement(BALANCE)) == found(statement(BALANCE))


def test_the_total_of_a_section_of_one_row_stands_for_it() -> None:
    """It proves nothing, but the grand total sums the totals."""
    document = statement("""
        Equity awards
        Restricted units      | 3.8 | 9.1
        Performance units     | 3.7 | 9.9
        Total equity awards   | 7.5 | 19.0
        Liability awards
        Cash-settled units    | 0.3 | 0.4
        Total liability awards| 0.3 | 0.4
        Total compensation    | 7.8 | 19.4
    """)
    assert sums(document) == {3: {1: 1, 2: 1}, 7: {3: 1, 6: 1}}


def test_rows_that_say_less_are_subtracted_below_any_label() -> None:
    """The word less is hint enough where the row below is called nothing like a total."""
    document = statement("""
        Net income                       | 1,501 | 1,263
        Translation                      | (77)  | (102)
        Hedges recognized                | 1,114 | 2,231
        Less: reclassified to income     | 17    | 19
        Changes in hedges                | 1,097 | 2,212
        Other comprehensive income       | 1,020 | 2,110
        Comprehensive income             | 2,521 | 3,373
    """)
    assert sums(document) == {4: {2: 1, 3: -1}, 5: {1: 1, 4: 1}, 6: {0: 1, 5: 1}}


def test_a_total_may_only_round_where_it_does_so_in_several_columns() -> None:
    """Figures of five digits that miss by one twice are no coincidence; once they may be."""
    both = "Payables | 50,876 | 49,631\nBorrowings | 19,711 | 20,320\nTotal liabilities | 70,588 | 69,950"
    assert sums(statement(both)) == {2: {0: 1, 1: 1}}
    assert sums(statement(both.replace("70,588", "71,912"))) == {}


def test_a_row_taken_for_shares_is_money_where_only_so_the_statement_foots() -> None:
    """Capital stock issued may be either; the total of equity decides."""
    document = statement("""
        Equity
        Common shares issued  | 958      | 958
        Paid-in capital       | 8,866    | 8,564
        Treasury stock        | (5,510)  | (4,443)
        Retained earnings     | 46,596   | 45,093
        Total equity          | 50,910   | 50,172
    """)
    assert sums(document) == {5: {1: 1, 2: 1, 3: 1, 4: 1}}


def test_what_makes_basic_shares_diluted_is_shares() -> None:
    """Rows between two counts of shares that sum with them are counted with them."""
    document = statement("""
        Net income                   | 3,676   | 3,758
        Basic shares                 | 1,327.7 | 1,329.8
        Employee stock options       | 0.7     | 1.5
        Restricted units             | 1.4     | 1.0
        Diluted shares               | 1,329.8 | 1,332.3
    """)
    assert sums(document) == {4: {1: 1, 2: 1, 3: 1}}


def test_a_column_called_total_may_carry_single_figures() -> None:
    """One row with two addends and several with one: the head says what the column is."""
    document = statement("""
        Money market funds      | 3,489 | -   | 3,489
        Time deposits           | 160   | -   | 160
        Derivatives             | -     | 112 | 112
        Total assets at value   | 3,649 | 112 | 3,761
    """)
    crossed = [i for i in found(document.headed({2: "Total"})) if i.kind == "cross_foot"]
    assert {identity.total for identity in crossed} == {f"t1.r{row}.c2" for row in range(4)}
    assert not [i for i in found(document) if i.kind == "cross_foot"]


def test_earnings_per_share_are_those_of_the_owners() -> None:
    """Of two incomes that would both do, the one attributable to the company is divided."""
    document = statement("""
        Net income                                   | 1,675 | 8,017
        Less: attributable to noncontrolling owners  | (14)  | 3
        Net income attributable to the company       | 1,689 | 8,014
        Earnings per share, basic                    | 0.40  | 1.95
        Weighted average shares, basic               | 4,190 | 4,108
    """)
    ratios = [i for i in found(document) if i.kind == "ratio"]
    assert {(i.total, i.terms[0].figure) for i in ratios} == {("t1.r3.c0", "t1.r2.c0"), ("t1.r3.c1", "t1.r2.c1")}


def test_average_prices_do_not_roll_forward_with_the_numbers_beside_them() -> None:
    """A column of prices is no broken sum: an accountant would not add it."""
    document = statement("""
        Outstanding at January 1    | 4,503,083 | 78.69
        Granted                     | 765,260   | 59.61
        Exercised                   | (452,771) | 50.94
        Forfeited                   | (80,809)  | 37.35
        Outstanding at December 31  | 4,734,763 | 35.40
    """)
    assert [(i.kind, i.total) for i in found(document)] == [("roll_forward", "t1.r4.c0")]


def test_prices_in_the_columns_of_another_block_are_not_summed_either() -> None:
    """Where amounts stand above the prices in one column, the relation below is still not about them."""
    document = statement("""
        Product revenue             | 29,446    | 35,953
        Service revenue             | 22,326    | 31,346
        Total revenue               | 51,772    | 67,299
        Outstanding at January 1    | 4,503,083 | 78.69
        Granted                     | 765,260   | 59.61
        Exercised                   | (452,771) | 50.94
        Outstanding at December 31  | 4,815,572 | 35.40
    """)
    assert {i.total for i in found(document)} == {"t1.r2.c0", "t1.r2.c1", "t1.r6.c0"}


def test_a_variance_is_what_two_columns_leave() -> None:
    """Budget less actual, not actual and variance."""
    document = statement("""
        General government | 2,240,837 | 1,815,077 | 425,760
        Public safety      | 5,409,979 | 5,031,280 | 378,699
        Health and welfare | 8,516,311 | 8,431,147 | 85,164
        Culture            | 1,204,410 | 1,311,020 | (106,610)
    """).headed({0: "Fiscal year budget", 1: "Fiscal year actual", 2: "Fiscal year variance"})
    first = next(i for i in found(document) if i.kind == "cross_foot")
    assert (first.total, [int(term.weight) for term in first.terms]) == ("t1.r0.c2", [1, -1])


def test_a_closing_balance_is_the_opening_one_less_a_column_further_off() -> None:
    """Prior balance, interest, principal, total, current balance: principal alone reduces the balance."""
    document = statement("""
        Class A | 1,156,444.26 | 9,162.44 | 25,739.98 | 34,902.42 | 1,130,704.28
        Class B | 803,000.00   | 6,362.12 | 12,004.11 | 18,366.23 | 790,995.89
        Class C | 399,000.00   | 3,161.25 | 7,220.40  | 10,381.65 | 391,779.60
    """).headed({0: "Prior principal balance", 2: "Principal", 3: "Total", 4: "Current principal balance"})
    crossed = [i for i in found(document) if i.kind == "cross_foot" and ".r0." in i.total]
    assert {(i.total, tuple((int(t.weight), t.figure) for t in i.terms)) for i in crossed} == {
        ("t1.r0.c3", ((1, "t1.r0.c1"), (1, "t1.r0.c2"))),
        ("t1.r0.c4", ((1, "t1.r0.c0"), (-1, "t1.r0.c2"))),
    }


def test_a_row_that_only_rounds_does_not_speak_against_a_column() -> None:
    """Rates printed with six places miss by the last one now and then."""
    document = statement("""
        Class A | 7.738547 | 21.739846 | 29.478393
        Class B | 7.866958 | 6.599994  | 14.466953
        Class C | 7.482087 | 11.499823 | 18.981910
        Class D | 7.503785 | 8.624867  | 16.128652
    """).headed({2: "Total"})
    assert len([i for i in found(document) if i.kind == "cross_foot"]) == 4


def test_cash_from_operations_is_a_total_without_a_rule_above_it() -> None:
    """The words say so, whatever the page draws."""
    document = statement("""
        Net income                           | 9,443   | 407
        Depreciation                         | 1,473   | 1,564
        Changes in inventories               | (1,524) | (1,925)
        Cash from (used for) operating activities - continuing | 9,392 | 46
    """)
    assert sums(document) == {3: {0: 1, 1: 1, 2: 1}}


def test_figures_drawn_by_lot_have_no_identities() -> None:
    """The labels of a balance sheet alone prove nothing: scrambled digits stay unproved, whatever the lot."""
    rng = Random(1998)
    for _ in range(100):
        lines = BALANCE.strip().splitlines()
        drawn = [re.sub(r"\d", lambda _: rng.choice("123456789"), line) for line in lines]
        assert found(statement("\n".join(drawn), 1.0)) == []

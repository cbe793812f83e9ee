"""What is printed right stays as printed: misprints of the publisher, rows of one name, balances, wide rounding."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from extractors.convert import convert
from schemas.filing import Figure, Filing

BALANCE = """
                 CONSOLIDATED BALANCE SHEETS
                       (in thousands)

                                          December 31,   December 31,
                                              1997          1996
                                          ------------   -----------
Current assets:
  Cash and cash equivalents                 $ 14,231      $ 11,904
  Accounts receivable                         22,518        19,377
  Inventories                                 31,846        28,455
                                            --------      --------
    Total current assets                      69,595        59,736
Property and equipment                        41,277        38,164
Other assets                                   3,415         2,986
                                            --------      --------
    Total assets                            $113,287      $100,886
                                            ========      ========
"""
DIVIDENDS = """
                     SELECTED FINANCIAL DATA
                (in thousands, except per share data)

                                            Years ended December 31,
                                              1997      1996      1995
                                            -------   -------   -------
Net sales                                   213,874   198,331   187,204
Net income                                   21,267    18,309    16,410
Net income per share                           1.42      1.22      1.09
Dividends per share                             .30      .275       .25
"""
LOTS = """
                          PROPERTIES

Location               Zip code     Square feet
--------               --------     -----------
Boston                   02139         41,200
Chicago                  60601         18,300
Newark                   67102         22,750
"""


def figure(filing: Filing, raw: str) -> Figure:
    """The first figure printed so."""
    return next(f for table in filing.tables for f in table.figures if f.raw == raw)


@pytest.mark.parametrize("beside", ["", DIVIDENDS, LOTS], ids=["alone", "dividends of .275", "a code with a nought"])
def test_a_misprint_of_the_publisher_stays_in_a_clean_text(beside: str) -> None:
    """Dividends finer than the earnings speak for no recogniser; one code with a nought in front asks for a person."""
    filing = convert((BALANCE + beside).encode())
    assert (figure(filing, "69,595").value, figure(filing, "69,595").needs_review) == ("69595", beside is LOTS)
    assert filing.verdict == ("conflict" if beside is LOTS else "differs")


def test_a_misreading_is_repaired_where_forms_show_that_the_text_was_recognised() -> None:
    """An impossible form in the same text makes the total that does not foot a misreading."""
    filing = convert((BALANCE + DIVIDENDS.replace("21,267", "(002)")).encode())
    assert (figure(filing, "69,595").value, figure(filing, "69,595").status) == ("68595", "repaired")


SEGMENTS = """
                 SEGMENT INFORMATION
                    (in thousands)

                                             Years ended December 31,
                                          1997       1996       1995
                                        --------   --------   --------
Identifiable assets:
Domestic                                $ 52,341   $ 48,227   $ 45,190
Foreign                                   12,418     11,236     10,774
                                        --------   --------   --------
    Total                                 64,759     59,463     55,964
                                        --------   --------   --------
Collateral pledged:
Domestic                                  52,341     48,227     43,190
Overseas                                   (002)      2,944      2,871
"""
NOTE = SEGMENTS.replace(
    "Collateral pledged:\n",
    "\n\n          NOTE 7. COLLATERAL PLEDGED\n                  (in thousands)\n\n"
    "                                             Years ended December 31,\n"
    "                                          1997       1996       1995\n"
    "                                        --------   --------   --------\n",
)


def test_rows_of_one_name_under_two_headings_are_two_facts() -> None:
    """43,190 is not corrected to the 45,190 of another section, whatever else is misread."""
    assert figure(convert(SEGMENTS.encode()), "43,190").value == "43190"


def test_what_is_printed_twice_without_doubt_and_differs_is_two_facts() -> None:
    """In a clean text two tables that agree in two years and not in the third are not said to be at odds."""
    filing = convert(NOTE.replace("(002)", "3,018").encode())
    assert filing.verdict != "differs"
    assert figure(filing, "43,190").status == "unchecked"


def page(rows: Sequence[tuple[str, ...]], heads: tuple[str, ...]) -> bytes:
    """A page with one table."""
    lines = [("", *heads), *rows]
    cells = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines]
    return f"<html><body><p>(in dollars)</p><table>{''.join(cells)}</table></body></html>".encode()


def test_balances_and_counts_among_flows_are_no_cross_sums() -> None:
    """Cash at the end of the second quarter is cash at the end of the half year."""
    names = ("Revenues", "Cost of revenues", "Research", "Administrative", "Interest", "Tax", "Rent", "Travel", "Audit")
    flows = [(name, 1204 + 131 * at * at, 1377 + 117 * at) for at, name in enumerate(names)]
    rows = [(name, f"{one:,}", f"{two:,}", f"{one + two:,}") for name, one, two in flows]
    states = [("Cash at end of period", "3,211", "3,402", "3,402"), ("Average staff", "311", "341", "326")]
    filing = convert(page(rows + states, ("Q1", "Q2", "Six months total")))
    assert {check.kind for check in filing.checks} >= {"cross_foot"}
    assert filing.verdict == "balanced"


@pytest.mark.parametrize(("off", "status"), [(1, "proved"), (6, "unchecked")])
def test_a_sum_far_off_for_rounding_proves_nobody(off: int, status: str) -> None:
    """Twelve addends leave a last place or two, not six: the check holds by its interval, and a finding says so."""
    values = [[10_007 + 4_111 * at + 977 * at * at * (column + 1) for at in range(12)] for column in range(3)]
    rows = [(f"Expense {chr(65 + at)}", *(f"{column[at]:,}" for column in values)) for at in range(12)]
    totals = [sum(values[0]), sum(values[1]) + off, sum(values[2])]
    filing = convert(page([*rows, ("Total expenses", *(f"{total:,}" for total in totals))], ("2003", "2002", "2001")))
    assert figure(filing, f"{totals[1]:,}").status == status
    assert [f.code for f in filing.findings] == (["rounds_widely"] if status == "unchecked" else [])

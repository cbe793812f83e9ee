"""What is doubted before any arithmetic: rows of a damaged text that say nothing of what they are."""

from dataclasses import replace

import pytest

from extractors.convert import convert
from extractors.figures import read_figures
from extractors.footing import find_identities
from extractors.footing.doubts import find_enclosing
from extractors.repair import Judged, repair_figures
from schemas.filing import Figure, PagePlace
from tests.fakes.statements import statement

CLEAN = """Statements of Operations
(in thousands)

\tSeptember 30, 2011\tSeptember 30, 2010
Product sales\t$ 41,892\t$ 42,739
Service fees\t24,461\t20,120
Total revenue\t66,353\t62,859

Cost of product\t11,504\t7,231
\t1,234\t6,226
\t\t1,114
Other cost\t10,133\t17,157
Sum of cost\t22,871\t31,728
Paid in cash\t2,333\t1,250
\t7,450\t8,110
"""
DAMAGED = CLEAN.replace("2,333", "0,333")


def figure(text: str, raw: str) -> Figure:
    """The figure printed as ``raw``."""
    return next(f for table in convert(text.encode()).tables for f in table.figures if f.raw == raw)


@pytest.mark.parametrize("raw", ["7,450", "8,110"])
def test_a_row_that_lost_its_label_needs_review_where_other_figures_are_misread(raw: str) -> None:
    """No sum proves the row and no label names it, in a text that is visibly damaged."""
    assert figure(DAMAGED, raw).needs_review
    assert not figure(CLEAN, raw).needs_review


def test_a_sum_that_proves_a_figure_alone_in_a_nameless_row_does_not_say_what_it_is() -> None:
    """1,114 closes the column, and still nobody knows which row it was."""
    assert (figure(DAMAGED, "1,114").status, figure(DAMAGED, "1,114").needs_review) == ("proved", True)
    assert (figure(CLEAN, "1,114").status, figure(CLEAN, "1,114").needs_review) == ("proved", False)


def test_rows_with_labels_keep_what_their_sums_prove() -> None:
    """Damage elsewhere takes nothing from a proved row with a label, nor from a proved row without one."""
    assert [figure(DAMAGED, raw).needs_review for raw in ("$ 42,739", "6,226")] == [False, False]


def test_figures_that_may_be_a_thousand_times_as_much_need_review_though_their_sums_hold() -> None:
    """``41.892`` foots as thousands and as decimals; in a document where nothing else has a mark nobody knows."""
    guessed = "Revenue\n\n\t2011\nProducts\t41.892\nServices\t24.461\nTotal revenue\t66.353\n"
    assert [figure(guessed, raw).needs_review for raw in ("41.892", "24.461", "66.353")] == [True] * 3
    known = guessed + "Margin\t12,5 %\n"
    assert (figure(known, "66.353").value, figure(known, "66.353").needs_review) == ("66353", False)


SLID = """
Cash | 2,345 | 1,350
Receivables | 4,100 | 3,900
Inventory | 900 | 800
Goodwill | | 1,234
Patents | 500 | 400
Land | 77 | 66
"""


def slid(text: str, confidence: float) -> Judged:
    """What becomes of the figure beside a blank first cell."""
    document = statement(text, confidence)
    identities = find_identities(document.tables, document.bodies, document.meaning)
    return repair_figures(document.bodies, document.meaning, identities).figures["t1.r3.c1"]


def test_a_row_that_may_have_slid_needs_review_on_a_scan() -> None:
    """A row whole but for the first column may stand one column off; read with certainty it is as printed."""
    assert [slid(SLID, sure).needs_review for sure in (1.0, 0.998)] == [False, True]
    assert not slid(SLID.replace("| | 1,234", "| 5,678 | 1,234"), 0.998).needs_review


def test_a_sum_down_the_column_says_that_a_row_has_not_slid() -> None:
    """What the column needs to foot stands in its column."""
    found = slid(SLID + "Total assets | 7,922 | 7,750\n", 0.998)
    assert (found.status, found.needs_review) == ("proved", False)


def halves(heads: str, gap: float) -> set[bool]:
    """Whether the figures of two columns so far apart (in points) need review."""
    document = statement("Cash | 4 | 809\nReceivables | 8 | 625\nRestricted | 5 | 672\nTotal | 17 | 2,106", 0.998)
    twins = heads == "same"
    places = {0: (300.0, 308.0), 1: (308.0 + gap, 330.0 + gap)}
    body = document.bodies[0]
    figures = tuple(
        replace(f, twin=twins, place=PagePlace(page=1, bbox=(places[f.column][0], 9.0, places[f.column][1], 17.0)))
        for f in body.figures
    )
    document = replace(document, bodies=(replace(body, figures=figures),))
    identities = find_identities(document.tables, document.bodies, document.meaning)
    judged = repair_figures(document.bodies, document.meaning, identities).figures.values()
    return {figure.needs_review for figure in judged}


@pytest.mark.parametrize(
    ("heads", "gap", "doubted"), [("same", 6.0, True), ("same", 40.0, False), ("different", 6.0, False)]
)
def test_figures_close_together_under_the_same_heads_need_review(heads: str, gap: float, doubted: bool) -> None:
    """They may be halves of figures that fell apart: the sums of halves hold as those of wholes do."""
    assert halves(heads, gap) == {doubted}


def test_columns_of_the_same_heads_are_noticed() -> None:
    """Two value columns side by side under one name are marked, others not."""
    document = statement("Cash | 4 | 8 | 6\nLoans | 5 | 9 | 7").headed({0: "2006", 1: "2006", 2: "2005"})
    [body] = read_figures(document.tables)
    assert [f.twin for f in body.figures] == [True, True, False] * 2


@pytest.mark.parametrize(("confidence", "doubted"), [(0.998, True), (1.0, False)])
def test_a_scanned_row_without_a_label_needs_review_unless_it_is_a_total(confidence: float, doubted: bool) -> None:
    """Totals often go without a label; of any other row of a scan the label was not read."""
    document = statement("Rent | 4,310 | 3,809\n | 8,105 | 6,251\nFuel | 5,214 | 6,722\n | 17,629 | 16,782", confidence)
    bodies = tuple(
        replace(b, figures=tuple(replace(f, labelled=bool(document.tables[0].rows[f.row].label)) for f in b.figures))
        for b in document.bodies
    )
    found = repair_figures(bodies, document.meaning, find_identities(document.tables, bodies, document.meaning)).figures
    assert [found[f"t1.r{row}.c0"].needs_review for row in range(4)] == [False, doubted, False, False]


MIXED = (
    "Balance | 5,217 | 4,806\nCharges | - 312 | - 304\nSettled | (625) | (640)\nRefunds | (88) | (71)\nFees | (9) | 14"
)
USUAL = "\n".join(f"Item {row} | ({row + 11}) | ({row + 17})" for row in range(6))


@pytest.mark.parametrize(
    ("text", "beside", "enclosing"),
    [
        (MIXED, "Total | 1,234", set()),
        (MIXED, USUAL, {"t1", "t2"}),
        ("Charges | - 312 | - 304\nRefunds | (88) | (71)", USUAL, {"t2"}),
        ("Charges | - 312 | 304\nRefunds | 88 | - 71", USUAL, {"t2"}),
    ],
    ids=["the table alone", "a document of parentheses", "as many of either", "a table of minus signs"],
)
def test_how_negatives_are_written_the_document_says_where_a_table_leaves_it_open(
    text: str, beside: str, enclosing: set[str]
) -> None:
    """Several specks in one table do not make it a table of minus signs where no other is one."""
    document = statement(text).beside(statement(beside, name="t2"))
    assert find_enclosing(document.bodies) == enclosing

"""What is doubted before any arithmetic: rows of a damaged text that say nothing of what they are."""

import pytest

from extractors.convert import convert
from extractors.footing import find_identities
from extractors.repair import Judged, repair_figures
from schemas.filing import Figure
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


HALVED = """Balance Sheets
(in thousands)

                          March 31, 2006    March 31, 2006    March 31, 2005    March 31, 2005
Cash                          4                 809               6                 904
Receivables                   8                 625              11                 383
Restricted                    5                 672               5                 823
Total                        17               2,106              22               2,110
"""


def test_figures_under_the_same_heads_side_by_side_need_review() -> None:
    """Two columns of one name may be halves of one whose figures fell apart: their sums hold all the same."""
    halves = [f for table in convert(HALVED.encode()).tables for f in table.figures]
    assert len(halves) == 16
    assert all(f.needs_review for f in halves)
    wholes = HALVED.replace("March 31, 2006    March 31, 2005", "March 31, 2004    March 31, 2005", 1)
    wholes = wholes.replace("March 31, 2005\nCash", "March 31, 2003\nCash")
    assert not any(f.needs_review for table in convert(wholes.encode()).tables for f in table.figures)

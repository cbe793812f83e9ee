"""What is doubted before any arithmetic: rows of a damaged text that say nothing of what they are."""

import pytest

from extractors.convert import convert
from schemas.filing import Figure

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

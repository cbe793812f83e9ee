"""Blank cells of a damaged document become figures where two independent sums name them, and only there."""

from __future__ import annotations

import pytest

from extractors.convert import convert
from schemas.filing import Figure, Filing
from schemas.recheck import recheck

NINE = """Stock-based compensation
(in thousands)

\tNine months ended\tNine months ended
\tSeptember 30, 2011\tSeptember 30, 2010
Cost of goods\t1,021\t1,377
Research\t2,511\t3,404
Marketing\t1,802\t2,633
Administration\t4,140\t5,217
Total compensation\t9,474\t12,631
"""
SIX = """Stock-based compensation
(in thousands)

\tSix months ended\tSix months ended
\tJune 30, 2011\tJune 30, 2010
Cost of goods\t714\t918
Research\t1,733\t2,251
Marketing\t1,196\t1,740
Administration\t2,719\t3,486
Total compensation\t6,362\t8,395
"""
QUARTER = """Stock-based compensation
(in thousands)

\tThree months ended\tThree months ended
\tSeptember 30, 2011\tSeptember 30, 2010
Cost of goods\t307\t459
Research\t778\t1,153
Marketing\t606\t893
Administration\t1,421\t1,731
Total compensation\t3,112\t4,236
Other charges\t{damage}\t7,007
"""
DAMAGED, SOUND = "0,705", "8,705"


def document(lost: str, damage: str = DAMAGED) -> str:
    """Nine months and a quarter of which one figure was lost."""
    quarter = QUARTER.format(damage=damage)
    assert quarter.count(f"\t{lost}\n") == 1
    return NINE + "\n\n" + quarter.replace(f"\t{lost}\n", "\t\n")


def filled(text: str, *witnesses: str) -> tuple[Filing, list[Figure]]:
    """The result, and its figures of which nothing is printed."""
    filing = convert(text.encode(), [convert(witness.encode()) for witness in witnesses])
    return filing, [f for table in filing.tables for f in table.figures if not f.raw]


@pytest.mark.parametrize("lost", ["4,236", "893"])
def test_a_lost_figure_is_filled_by_a_sum_and_a_longer_period(lost: str) -> None:
    """The column and nine months less the witness's six name the same value: a repair with its proof."""
    filing, (figure,) = filled(document(lost), SIX)
    assert (figure.value, figure.status, figure.grade) == (lost.replace(",", ""), "repaired", "exact")
    assert not figure.needs_review
    assert figure.place is None
    assert figure.repair is not None
    assert figure.repair.read_as is None
    assert "nothing legible is printed" in figure.repair.reason
    assert recheck(filing) == []


def test_one_sum_alone_fills_nothing() -> None:
    """Without the witness only the column names the figure: the cell stays blank."""
    assert filled(document("893"))[1] == []


def test_a_clean_document_keeps_its_blanks() -> None:
    """Where nothing is misread a blank is what the publisher printed."""
    assert filled(document("893", SOUND), SIX)[1] == []


def test_sums_that_name_two_values_fill_nothing() -> None:
    """Where the column and the periods do not agree one of their figures is wrong: nobody is to guess which."""
    assert filled(document("893"), SIX.replace("1,740", "1,750"))[1] == []


def test_a_filled_figure_proves_nobody() -> None:
    """The total whose only addends' check rests on a filled figure is no better proved than before."""
    filing, (figure,) = filled(document("893"), SIX)
    checks = {check.id: check for check in filing.checks}
    assert {checks[name].verdict for name in figure.checks} == {"exact"}
    others = [f for table in filing.tables for f in table.figures if f.id != figure.id]
    for other in others:
        shared = set(other.checks) & set(figure.checks)
        assert other.status != "repaired" or not shared


TRUNCATED = (("\t459\n", "\t45\n"), ("\t1,153\n", "\t1,15\n"), ("\t893\n", "\t89'\n"), ("\t4,236\n", "\t4,23\n"))


def cut_off(*witnesses: str) -> list[Figure]:
    """The figures of a column in which last digits broke off, in the order of their rows."""
    text = NINE + "\n\n" + QUARTER.format(damage=DAMAGED)
    for whole, cut in TRUNCATED:
        text = text.replace(whole, cut)
    filing, _ = filled(text, *witnesses)
    marks = [cut.strip() for _, cut in TRUNCATED]
    return [f for table in filing.tables for f in table.figures if f.raw in marks]


def test_figures_that_only_another_document_proves_are_repaired_with_it() -> None:
    """Nine months less the witness's six months say what broke off."""
    figures = cut_off(SIX)
    assert [figure.value for figure in figures] == ["459", "1153", "893", "4236"]
    assert [figure.status for figure in figures] == ["repaired"] * 4


def test_figures_that_only_another_document_proves_are_flagged_without_it() -> None:
    """Alone, nothing says which digit is missing: all stay as read and need review."""
    figures = cut_off()
    assert [figure.value for figure in figures] == ["45", "115", "89", "423"]
    assert all(figure.needs_review for figure in figures)

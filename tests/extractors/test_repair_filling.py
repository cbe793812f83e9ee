"""Blank cells of a damaged document become figures where two independent sums name them, and only there."""

from __future__ import annotations

import pytest

from extractors.convert import convert
from schemas.filing import Figure, Filing
from schemas.recheck import recheck

STUB = ("Cost of goods", "Research", "Marketing", "Administration", "Total compensation")


def period(name: str, ends: tuple[str, str], *columns: tuple[str, ...]) -> str:
    """A table of one period in two years, tabs between its cells."""
    heads = [f"\t{name} months ended" * 2, "".join(f"\t{end}" for end in ends)]
    rows = ["\t".join(cells) for cells in zip(STUB, *columns, strict=True)]
    return "\n".join(["Stock-based compensation", "(in thousands)", "", *heads, *rows, ""])


AUTUMN, SUMMER = ("September 30, 2011", "September 30, 2010"), ("June 30, 2011", "June 30, 2010")
NINE = period(
    "Nine",
    AUTUMN,
    ("1,021", "2,511", "1,802", "4,140", "9,474"),
    ("1,377", "3,404", "2,633", "5,217", "12,631"),
)
SIX = period(
    "Six",
    SUMMER,
    ("714", "1,733", "1,196", "2,719", "6,362"),
    ("918", "2,251", "1,740", "3,486", "8,395"),
)
QUARTER = period(
    "Three",
    AUTUMN,
    ("307", "778", "606", "1,421", "3,112"),
    ("459", "1,153", "893", "1,731", "4,236"),
)
OTHER = "Other charges\t{damage}\t7,007\n"
DAMAGED, SOUND = "0,705", "8,705"


def document(lost: str, damage: str = DAMAGED) -> str:
    """Nine months and a quarter of which one figure was lost."""
    quarter = (QUARTER + OTHER).format(damage=damage)
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
    text = NINE + "\n\n" + (QUARTER + OTHER).format(damage=DAMAGED)
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

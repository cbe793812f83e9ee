"""Ghost rows: a row read twice, the second time misspelt, and the genuine repetitions that are none."""

from collections.abc import Callable

import pytest

from extractors.convert import convert
from extractors.figures import read_figures
from extractors.page import Cell, HtmlPlace, Place, TextPlace
from extractors.tables import BodyRow, Table

Row = tuple[str, str, str]


def text_place(row: int, column: int) -> Place:
    """Where a figure of a text stands."""
    return TextPlace(line=row + 1, start=40 + 12 * column, end=45 + 12 * column)


def html_place(row: int, column: int) -> Place:
    """Where a figure of an HTML table stands."""
    return HtmlPlace(table=0, row=row, cell=column)


def ghosts(*rows: Row, place: Callable[[int, int], Place] = text_place) -> list[int]:
    """The rows of a drawn table whose figures are those of ghosts."""
    body = [
        BodyRow(label, 0.0, tuple(Cell(text, r, c, place(r, c)) for c, text in enumerate(texts)))
        for r, (label, *texts) in enumerate(rows)
    ]
    (read,) = read_figures([Table((), (), (("2024",), ("2023",)), tuple(body))])
    return sorted({figure.row for figure in read.figures if figure.ghost})


TRUE = ("Cash provided by financing", "1,020", "834")


@pytest.mark.parametrize(
    "ghost",
    [
        ("The cum provided by maneing", "1,020", "834"),
        ("Cas proided y fnacing", "1,020", "834"),
        ("Cash provided by financing", "1,020", "834"),
        ("Cash provided by flnancing", "1,020", "884"),
        ("—", "1,020", "834"),
        ("cg", "1,020", "834"),
    ],
)
def test_a_misspelt_repetition_is_a_ghost_on_either_side(ghost: Row) -> None:
    """Nearly the same words with the same figures, one of them misread at most, are the neighbour once more."""
    other = ("Other", "12", "15")
    assert ghosts(other, TRUE, ghost) == [2]
    assert ghosts(other, ghost, TRUE) in ([1], [2])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Basic", "Diluted"),
        ("Basic loss per share", "Diluted loss per share"),
        ("Total current assets", "Total assets"),
        ("Net income", "Net income attributable to shareholders"),
        ("Income (loss) before taxes", "Income before taxes"),
        ("Class A-1", "Class A-2"),
        ("Sole addend", ""),
    ],
)
def test_rows_of_other_words_may_print_the_same_figures(one: str, other: str) -> None:
    """Whole words that say something else make another row, whatever its figures."""
    assert ghosts(("Other", "12", "15"), (one, "1,020", "834"), (other, "1,020", "834")) == []


def test_what_nobody_can_have_misread_has_no_ghosts() -> None:
    """In HTML a row that repeats its neighbour was written twice by the publisher."""
    assert ghosts(("Other", "12", "15"), TRUE, TRUE, place=html_place) == []


def test_other_figures_or_another_section_make_another_row() -> None:
    """The same label with other figures is no ghost, nor is one below a heading of its own."""
    assert ghosts(TRUE, ("Cash provided by flnancing", "7,411", "834")) == []
    heading = BodyRow("Later", 0.0, (None, None))
    cells = tuple(Cell(text, 0, c, text_place(0, c)) for c, text in enumerate(TRUE[1:]))
    rows = (BodyRow(TRUE[0], 0.0, cells), heading, BodyRow(TRUE[0], 0.0, cells))
    (read,) = read_figures([Table((), (), (("2024",), ("2023",)), rows)])
    assert not any(figure.ghost for figure in read.figures)


TEXT = """Statements of Operations
(in thousands)

\tSeptember 30, 2011\tSeptember 30, 2010
Product sales\t$ 41,892\t$ 42,739
Service fees\t24,461\t20,120
Total revenue\t66,353\t62,859
Rent of offices\t2,333\t1,250
Rnt f ofices\t2,333\t1,250
Paid in cash\t2,345\t1,350
"""


def test_a_ghost_of_a_damaged_text_needs_review_and_proves_nothing() -> None:
    """Where figures are visibly misread a ghost's figures are doubted; in a clean text the row is as it stands."""

    def doubted(text: str) -> list[tuple[bool, bool]]:
        figures = [f for table in convert(text.encode()).tables for f in table.figures if f.raw in ("2,333", "1,250")]
        return [(figure.needs_review, bool(figure.checks)) for figure in figures]

    assert doubted(TEXT) == [(False, False)] * 4
    assert doubted(TEXT.replace("1,350", "0,350"))[-2:] == [(True, False)] * 2

"""Titles at the foot of the page before their table."""

from extractors.page import Cell, Grid, Line, PagePlace
from extractors.tables.feet import with_titles

GRID = Grid(1, 1, (Cell("Cash", 0, 0, PagePlace(page=1, bbox=(0, 0, 9, 9))),))
NONE: frozenset[str] = frozenset()


def line(text: str, *, centred: bool = True) -> Line:
    """A line, in the middle of the page or at its left."""
    return Line(text, PagePlace(page=1, bbox=(0, 0, 9, 9)), centred=centred)


def test_a_title_at_the_foot_of_a_page_goes_to_the_table_of_the_next() -> None:
    """Title and remark on units stand below the running head of the next page, directly above its table."""
    title, remark, running = line("Balance Sheets"), line("(in millions)"), line("Example Mills 3")
    margins = frozenset({"Example Mills #"})
    first, second = with_titles([[GRID, title, remark], [running, GRID]], margins, margins)
    assert list(first) == [GRID, title, remark]
    assert list(second) == [running, title, remark, GRID]


def test_a_table_with_a_title_of_its_own_takes_none_from_the_page_before() -> None:
    """What stands above the table on its own page is its caption."""
    own: list[Line | Grid] = [line("Statements of Income"), GRID]
    assert list(with_titles([[GRID, line("Balance Sheets")], own], NONE, NONE)[1]) == own


def test_notes_at_the_foot_of_a_page_are_no_titles() -> None:
    """Footnotes, running text and "see accompanying notes" stay below their own table."""
    for note in (
        line("See accompanying notes to financial statements"),
        line("(1) Includes shares held in trust", centred=False),
        line("Sales rose in all regions.", centred=False),
    ):
        assert list(with_titles([[GRID, note], [GRID]], NONE, NONE)[1]) == [GRID]


def test_a_sentence_that_announces_the_next_table_is_its_title() -> None:
    """A sentence that ends in a colon at the foot of a page speaks of the table on the next one."""
    said = line("Inventories consisted of the following at year end:", centred=False)
    assert list(with_titles([[said], [GRID]], NONE, NONE)[1]) == [said, GRID]

"""Columns of words on paper: pieces of figures and numbers of pages make none."""

from __future__ import annotations

from collections.abc import Sequence

from extractors.page import Grid, Page, PagePlace, Word
from extractors.tables.words import find_flow
from extractors.tables.words.lines import find_lines, groups_by_blank


def test_a_piece_of_a_figure_makes_no_column_and_draws_no_figures_off_theirs() -> None:
    """One figure of twelve fell apart: both pieces are one cell, which is no number and is reported."""
    words = []
    for row in range(12):
        top = 100.0 + 12.0 * row
        figures = [("22,364,", 400.0, 440.0), ("78", 444.0, 452.0)] if row == 5 else [("1,234,567", 400.0, 458.0)]
        for text, left, right in ((f"Item {row}", 50.0, 90.0), *figures, ("7,654,321", 500.0, 558.0)):
            box = (left, top, right, top + 7.0)
            words.append(Word(text, *box, place=PagePlace(page=1, bbox=box)))
    (grid,) = [block for block in find_flow(Page(1, 612.0, 792.0, words=tuple(words))) if isinstance(block, Grid)]
    assert grid.columns == 3
    assert [cell.text for cell in grid.cells if cell.column == 1].count("1,234,567") == 11
    assert "22,364, 78" in [cell.text for cell in grid.cells if cell.column == 1]


def test_the_number_of_a_page_beside_a_stamp_is_no_figure_of_the_table_above() -> None:
    """Alone in the last line, in no column of the table, with words only to its right."""
    words = []
    for row in range(6):
        top = 100.0 + 12.0 * row
        line = [(f"Item {row}", 50.0, 90.0), ("1,234,567", 400.0, 458.0), ("7,654,321", 500.0, 558.0)]
        for text, left, right in line if row < 5 else [("2", 300.0, 304.0), ("ENTERED", 315.0, 360.0)]:
            box = (left, top, right, top + 7.0)
            words.append(Word(text, *box, place=PagePlace(page=1, bbox=box)))
    (grid,) = [block for block in find_flow(Page(1, 612.0, 792.0, words=tuple(words))) if isinstance(block, Grid)]
    assert grid.columns == 3
    assert [cell.text for cell in grid.cells if cell.column and cell.text == "2"] == []


def _words(rows: Sequence[Sequence[tuple[str, float, float]]]) -> tuple[Word, ...]:
    """Words of a page by row: text, left and right."""
    words = []
    for row, line in enumerate(rows):
        for text, left, right in line:
            box = (left, 100.0 + 12.0 * row, right, 107.0 + 12.0 * row)
            words.append(Word(text, *box, place=PagePlace(page=1, bbox=box)))
    return tuple(words)


def test_two_hyphens_are_one_nil() -> None:
    """A nil set as "- -" is one figure and no two columns; hyphens of columns far apart are two."""
    rows = [[("Sales", 50.0, 90.0), ("1,234", 430.0, 460.0), ("7,654", 500.0, 530.0)] for _ in range(4)]
    rows += [[("Other", 50.0, 90.0), ("-", 450.0, 454.0), ("-", 456.0, 460.0), ("-", 526.0, 530.0)]]
    (grid,) = [block for block in find_flow(Page(1, 612.0, 792.0, words=_words(rows))) if isinstance(block, Grid)]
    assert [(cell.column, cell.text) for cell in grid.cells if cell.row == 4] == [(0, "Other"), (1, "- -"), (2, "-")]


def test_one_torn_figure_does_not_part_a_column_in_two() -> None:
    """Negative figures end a bracket further right; what tells the two apart on one line only does not part them."""
    rows = []
    for row in range(12):
        figures = [("1,234,567", 400.0, 455.0)] if row % 2 else [("(1,234,567)", 397.0, 462.0)]
        if row == 7:
            figures = [("$72.1", 420.0, 455.0), ("72.1)", 445.0, 462.0)]
        rows.append([(f"Item {row}", 50.0, 90.0), *figures, ("7,654", 520.0, 550.0)])
    (grid,) = [block for block in find_flow(Page(1, 612.0, 792.0, words=_words(rows))) if isinstance(block, Grid)]
    assert grid.columns == 3


def test_a_blank_between_thousands_of_a_scan_is_known_by_long_figures_without_marks() -> None:
    """Where the reader saw no blank in most figures, one of two pieces is a figure; beside commas nothing says so."""
    rows = [[(f"Item {row}", 50.0, 90.0), ("364430", 383.0, 419.0), ("270752", 444.0, 476.0)] for row in range(4)]
    torn = [("Total", 50.0, 90.0), ("361", 383.0, 399.0), ("408", 404.0, 419.0), ("270752", 444.0, 476.0)]
    page = Page(1, 612.0, 792.0, words=_words([*rows, torn]))
    (grid,) = [block for block in find_flow(page) if isinstance(block, Grid)]
    assert [cell.text for cell in grid.cells if cell.row == 4] == ["Total", "361 408", "270752"]
    assert groups_by_blank(find_lines(page.words))
    marked = [[(text.replace("0752", "0,752"), left, right) for text, left, right in row] for row in [*rows, torn]]
    assert not groups_by_blank(find_lines(_words(marked)))

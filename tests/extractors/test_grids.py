"""Grids become tables; the input of each test is drawn as rows of (text, grid column, span)."""

from extractors.page import Cell, Grid, HtmlPlace
from extractors.tables.grids import grid_tables
from extractors.tables.model import Table

Row = list[tuple[str, int, int]]


def grid(*rows: Row, source: str = "html") -> Grid:
    """A grid from rows of (text, column, span)."""
    cells = tuple(
        Cell(text, r, column, HtmlPlace(table=0, row=r, cell=i), column_span=span)
        for r, row in enumerate(rows)
        for i, (text, column, span) in enumerate(row)
    )
    return Grid(len(rows), max(c.column + c.column_span for c in cells), cells, source=source)


def body(table: Table) -> list[tuple[str, ...]]:
    """Labels and cell texts, blanks as empty strings."""
    return [(row.label, *(cell.text if cell else "" for cell in row.cells)) for row in table.rows]


def test_signs_in_cells_of_their_own_are_joined() -> None:
    """``$``, the number and ``)`` are one figure, as EDGAR HTML sets them."""
    (table,) = grid_tables(
        grid(
            [("2024", 2, 3), ("2023", 6, 3)],
            [("Net loss", 0, 2), ("$", 2, 1), ("(5,934", 3, 1), (")", 4, 1), ("$", 6, 1), ("311", 7, 1)],
            [("Margin", 0, 2), ("57.8", 3, 1), ("%", 4, 1), ("\N{EM DASH}", 7, 1), ("%", 8, 1)],
        )
    )
    assert table.heads == (("2024",), ("2023",))
    assert body(table) == [("Net loss", "$ (5,934)", "$ 311"), ("Margin", "57.8%", "\N{EM DASH}%")]


def test_a_number_cell_that_spans_its_sign_column_stays_in_its_column() -> None:
    """Rows without ``$`` often span the ``$`` column; the figures still stand in one column."""
    (table,) = grid_tables(
        grid(
            [("2024", 2, 2), ("2023", 5, 2)],
            [("Revenue", 0, 1), ("$", 2, 1), ("1,200", 3, 1), ("$", 5, 1), ("1,100", 6, 1)],
            [("Shares", 0, 1), ("278,400", 2, 2), ("277,712", 5, 2)],
        )
    )
    assert body(table) == [("Revenue", "$ 1,200", "$ 1,100"), ("Shares", "278,400", "277,712")]


def test_spanners_stand_over_all_their_columns() -> None:
    """A head over two columns is a head of both; text above the stub is a stub head."""
    (table,) = grid_tables(
        grid(
            [("Three Months Ended", 1, 2), ("Six Months Ended", 3, 2)],
            [("(in millions)", 0, 1), ("2024", 1, 1), ("2023", 2, 1), ("2024", 3, 1), ("2023", 4, 1)],
            [("Sales", 0, 1), ("1", 1, 1), ("2", 2, 1), ("3", 3, 1), ("4", 4, 1)],
        )
    )
    assert table.heads[1] == ("Three Months Ended", "2023")
    assert table.heads[2] == ("Six Months Ended", "2024")
    assert table.stub_heads == ("(in millions)",)


def test_years_in_the_stub_are_labels() -> None:
    """A maturity schedule lists years as its labels."""
    (table,) = grid_tables(
        grid(
            [("Amount", 1, 1)],
            [("2024", 0, 1), ("$ 1,200", 1, 1)],
            [("2025", 0, 1), ("900", 1, 1)],
            [("Total", 0, 1), ("$ 2,100", 1, 1)],
        )
    )
    assert body(table) == [("2024", "$ 1,200"), ("2025", "900"), ("Total", "$ 2,100")]


def test_a_column_of_notes_stays_a_column() -> None:
    """Note letters between the labels and the figures are no part of the labels."""
    (table,) = grid_tables(
        grid(
            [("Notes", 1, 1), ("2011", 2, 1), ("2010", 3, 1)],
            [("Gross profit", 0, 1), ("29,936", 2, 1), ("38,513", 3, 1)],
            [("Stock-based compensation", 0, 1), ("A", 1, 1), ("498", 2, 1), ("493", 3, 1)],
            [("Amortization", 0, 1), ("B", 1, 1), ("-", 2, 1), ("38", 3, 1)],
        )
    )
    assert table.heads[0] == ("Notes",)
    assert body(table)[1] == ("Stock-based compensation", "A", "498", "493")


def test_footnote_marks_join_the_figure_on_their_left() -> None:
    """``(1)`` in a cell of its own after a figure is a mark, not minus one."""
    (table,) = grid_tables(
        grid(
            [("2024", 1, 2), ("2023", 3, 2)],
            [("Sales", 0, 1), ("1,200", 1, 1), ("(1)", 2, 1), ("1,100", 3, 1)],
            [("Costs", 0, 1), ("800", 1, 1), ("700", 3, 1)],
        )
    )
    assert body(table) == [("Sales", "1,200 (1)", "1,100"), ("Costs", "800", "700")]


def test_a_second_boxhead_starts_a_second_table() -> None:
    """Heads in the middle of a grid begin another table; its own caption goes with it."""
    first, second = grid_tables(
        grid(
            [("2024", 1, 1), ("2023", 2, 1)],
            [("Sales", 0, 1), ("12", 1, 1), ("11", 2, 1)],
            [("Segment B", 0, 1)],
            [("2024", 1, 1), ("2023", 2, 1)],
            [("Sales", 0, 1), ("7", 1, 1), ("6", 2, 1)],
        )
    )
    assert body(first) == [("Sales", "12", "11")]
    assert body(second)[-1] == ("Sales", "7", "6")
    assert second.heads == (("2024",), ("2023",))


def test_section_labels_belong_to_the_body() -> None:
    """A label without figures below the heads is the body's first row; a title over the width is caption."""
    (table,) = grid_tables(
        grid(
            [("Balance Sheets", 0, 3)],
            [("2024", 1, 1), ("2023", 2, 1)],
            [("Current assets:", 0, 1)],
            [("Cash", 0, 1), ("12", 1, 1), ("11", 2, 1)],
        )
    )
    assert table.caption == ("Balance Sheets",)
    assert body(table) == [("Current assets:", "", ""), ("Cash", "12", "11")]


def test_a_remark_on_units_over_all_columns_is_no_head() -> None:
    """A remark "(in millions)" across the columns is said of the table; in one column it is that column's."""
    (table,) = grid_tables(
        grid(
            [("2024", 1, 1), ("2023", 2, 1)],
            [("(in millions)", 1, 2)],
            [("(unaudited)", 1, 1), ("(audited)", 2, 1)],
            [("Sales", 0, 1), ("12", 1, 1), ("11", 2, 1)],
        )
    )
    assert table.caption == ("(in millions)",)
    assert table.heads == (("2024", "(unaudited)"), ("2023", "(audited)"))


def test_a_remark_over_each_group_of_columns_is_no_head() -> None:
    """A remark "(unaudited)" under each spanner is said of all columns; the head of the stub beside it stays."""
    (table,) = grid_tables(
        grid(
            [("Three Months", 1, 2), ("Six Months", 3, 2)],
            [("(in millions)", 0, 1), ("(unaudited)", 1, 2), ("(unaudited)", 3, 2)],
            [("Sales", 0, 1), ("1,200", 1, 1), ("1,100", 2, 1), ("2,200", 3, 1), ("2,100", 4, 1)],
        )
    )
    assert (table.caption, table.stub_heads) == (("(unaudited)",), ("(in millions)",))
    assert table.heads == (("Three Months",), ("Three Months",), ("Six Months",), ("Six Months",))


def test_a_section_beside_the_last_heads_is_a_row() -> None:
    """A typist saves a line: the first section stands beside "(unaudited)"; its sisters below are rows."""
    (table,) = grid_tables(
        grid(
            [("(in millions)", 0, 1), ("2024", 1, 1), ("2023", 2, 1)],
            [("Cash flows from operating activities:", 0, 1), ("(unaudited)", 1, 1), ("(unaudited)", 2, 1)],
            [("Net income", 0, 1), ("1,200", 1, 1), ("1,100", 2, 1)],
            [("Cash flows from investing activities:", 0, 1)],
            [("Investments", 0, 1), ("(12)", 1, 1), ("(11)", 2, 1)],
        )
    )
    assert table.stub_heads == ("(in millions)",)
    assert table.rows[0].label == "Cash flows from operating activities:"


def test_capitals_beside_the_heads_are_a_section_where_their_sisters_are() -> None:
    """ASSETS beside the years is a section where LIABILITIES is one below, and a head of the stub elsewhere."""
    above = [("ASSETS", 0, 1), ("2024", 1, 1), ("2023", 2, 1)]
    row = [("Cash", 0, 1), ("1,200", 1, 1), ("1,100", 2, 1)]
    (table,) = grid_tables(grid(above, row, [("LIABILITIES", 0, 1)], row))
    assert [r.label for r in table.rows] == ["ASSETS", "Cash", "LIABILITIES", "Cash"]
    (table,) = grid_tables(grid(above, row, row))
    assert table.stub_heads == ("ASSETS",)


def test_labels_and_heads_keep_their_dashes() -> None:
    """Dashes are as printed, blanks of all kinds one space, and hyphens that do not break are hyphens."""
    (table,) = grid_tables(
        grid(
            [("2023\N{EN DASH}24", 1, 1), ("Non\N{NON-BREAKING HYPHEN}GAAP", 2, 1)],
            [("Capital\N{EM DASH}common\N{NO-BREAK SPACE} stock issued .", 0, 1), ("1,200", 1, 1), ("1,100", 2, 1)],
        )
    )
    assert table.heads == (("2023\N{EN DASH}24",), ("Non-GAAP",))
    assert table.rows[0].label == "Capital\N{EM DASH}common stock issued"


def test_a_spanner_that_begins_over_an_empty_column_of_signs_is_a_head() -> None:
    """Between the labels and figures without currency signs stand empty cells; heads span those too."""
    (table,) = grid_tables(
        grid(
            [("Three months ended", 2, 7)],
            [("2024", 2, 3), ("2023", 6, 3)],
            [("Sales", 0, 1), ("1,200", 3, 1), ("1,100", 7, 1)],
            [("Costs", 0, 1), ("800", 3, 1), ("700", 7, 1)],
        )
    )
    assert table.heads == (("Three months ended", "2024"), ("Three months ended", "2023"))

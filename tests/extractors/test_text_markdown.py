"""Markdown of a converter: rows by tabs or bars, with what it ran together, shifted, lost or dreamt."""

import pytest

from extractors.page import DEFAULT, Cell, Document, Grid, Line
from extractors.text import read_text

TITLE = "# ACME CORP\n\n## **Statements of Operations** (in thousands)\n\n### Unaudited\n\n"


def read(*lines: str) -> Document:
    """The document of a heading and these rows; an arrow stands for a tab."""
    return read_text((TITLE + "\n".join(lines).replace("→", "\t") + "\n").encode(), DEFAULT)


def flow(*lines: str) -> list[Line | Grid]:
    """All lines and grids."""
    return [block for page in read(*lines).pages for block in page.flow]


def grids(*lines: str) -> list[Grid]:
    """The grids of the rows."""
    return [block for block in flow(*lines) if isinstance(block, Grid)]


def rows(grid: Grid) -> list[list[str]]:
    """The texts of a grid, blanks as empty strings; a head that spans is repeated."""
    table = [[""] * grid.columns for _ in range(grid.rows)]
    for cell in grid.cells:
        for column in range(cell.column, cell.column + cell.column_span):
            table[cell.row][column] = cell.text
    return table


def cell(grid: Grid, text: str) -> Cell:
    """The first cell that says this."""
    return next(c for c in grid.cells if c.text == text)


HEADS = ("→→Nine months ended→→", "→→September 30, 2011→→September 30, 2010")
ROWS = (
    "Revenue:→→→→",
    "Product→\\$→107,291→\\$→92,465",
    "Service→→78,133→→73,863",
    "Total revenue→→**185,424**→→<u>166,328</u>",
    "Other income, net→→—→→12",
)
BODY = [
    ["Revenue:", "", ""],
    ["Product", "$ 107,291", "$ 92,465"],
    ["Service", "78,133", "73,863"],
    ["Total revenue", "185,424", "166,328"],
    ["Other income, net", "—", "12"],
]
OVER = [
    ["", "Nine months ended", "Nine months ended"],
    ["", "September 30, 2011", "September 30, 2010"],
]


def test_tabs_part_cells_and_marks_are_taken_off() -> None:
    """Signs in cells of their own go with their figures; bold, underline and escapes go."""
    (grid,) = grids(*HEADS, *ROWS)
    assert rows(grid) == OVER + BODY
    assert cell(grid, "September 30, 2011").head


def test_bars_part_cells() -> None:
    """A Markdown table with its row of dashes reads the same."""
    (grid,) = grids(
        "| | 2011 | 2010 |",
        "|---|---:|---:|",
        "| Product<sup>1</sup> | \\$ 107,291 | \\$92,465 |",
        "| Service | 78,133 | (5) |",
    )
    assert rows(grid) == [["", "2011", "2010"], ["Product (1)", "$ 107,291", "$92,465"], ["Service", "78,133", "(5)"]]
    assert cell(grid, "2011").head


def test_places_are_characters_of_the_line() -> None:
    """Marks do not shift the place of what they mark."""
    document = read(*HEADS, *ROWS)
    (grid,) = (b for page in document.pages for b in page.flow if isinstance(b, Grid))
    line = (TITLE + "\n".join((*HEADS, *ROWS))).replace("→", "\t").split("\n")
    for text in ("185,424", "166,328", "73,863"):
        place = cell(grid, text).place.model_dump()
        assert line[place["line"] - 1][place["start"] : place["end"]] == text


def test_headings_and_paragraphs_are_lines() -> None:
    """What is no row is running text, without its marks."""
    said = [block.text for block in flow(*HEADS, *ROWS) if isinstance(block, Line)]
    assert said == ["ACME CORP", "Statements of Operations (in thousands)", "Unaudited"]


def test_torn_months_are_made_whole() -> None:
    """``Sep | tember 30, 2010`` and ``S | eptember`` are the one month that ends so."""
    (grid,) = grids(HEADS[0], "→Sep→September 30, 2011→Se→ptember 30, 2010", *ROWS)
    assert rows(grid)[1] == ["", "September 30, 2011", "September 30, 2010"]


@pytest.mark.parametrize(
    "shifted", ["Licences→1,200→→1,100→", "Licences→→→1,200→1,100", "→→1,200→→1,100", "Licences→→1,200→-→1,100"]
)
def test_shifted_rows_keep_their_order(shifted: str) -> None:
    """A row with as many figures as columns fills them in order, wherever its cells stand."""
    (grid,) = grids(*HEADS, *ROWS, shifted)
    assert rows(grid)[-1][1:] == ["1,200", "1,100"]


def test_a_row_with_a_blank_goes_to_the_nearest_column() -> None:
    """A figure alone stands in the column of its cell."""
    (grid,) = grids(*HEADS, *ROWS, "Restructuring→→→→1,114")
    assert rows(grid)[-1] == ["Restructuring", "", "1,114"]


def test_rows_run_into_one_are_parted_where_all_columns_agree() -> None:
    """Two labels and two figures in each column are two rows."""
    (grid,) = grids(*HEADS, *ROWS, "Basic Diluted→→278,286 278,300→→275,107 275,200")
    assert rows(grid)[-2:] == [["Basic", "278,286", "275,107"], ["Diluted", "278,300", "275,200"]]


def test_rows_run_into_one_stay_where_the_columns_differ() -> None:
    """Two figures beside three: the cell stays as printed, and is doubtful."""
    (grid,) = grids(*HEADS, *ROWS, "Basic Diluted→→278,286 278,300→→275,107 275,200 275,300")
    assert rows(grid)[-1] == ["Basic Diluted", "278,286 278,300", "275,107 275,200 275,300"]
    assert cell(grid, "278,286 278,300").confidence < 0.99


def test_windows_on_a_column_are_laid_over_each_other() -> None:
    """Rows that repeat the rows before with one more at the end are rows, each once."""
    document = read(
        *HEADS,
        "Cash→\\$→76,272→\\$→62,501",
        "Securities Receivables→→249,822 44,279→\\$→258,831",
        "Receivables→→44,279 20,886→\\$→258,831 52,813 22,499",
        "Receivables Inventory Taxes→→44,279 20,886 434→\\$→258,831 52,813 22,499 408",
        "Receivables Inventory Taxes Other→→44,279 20,886 434 13,765→\\$→258,831 52,813 22,499 408 16,474",
    )
    (grid,) = (b for page in document.pages for b in page.flow if isinstance(b, Grid))
    assert rows(grid)[2:] == [
        ["Cash", "$ 76,272", "$ 62,501"],
        ["Securities", "249,822", "$ 258,831"],
        ["Receivables", "44,279", "52,813"],
        ["Inventory", "20,886", "22,499"],
        ["Taxes", "434", "408"],
        ["Other", "13,765", "16,474"],
    ]
    assert {finding.code for finding in document.findings} == {"repeated_row"}


def test_labels_that_slid_down_are_put_back() -> None:
    """Each row shows the labels still to come; its figures are those of the label it dropped."""
    (grid,) = grids(
        *HEADS,
        *ROWS,
        "Gross profit Product Service Operating expenses: Research Marketing→→→→",
        "Service Operating expenses: Research Marketing→→58.7%→→67.2%",
        "Operating expenses: Research Marketing→→45.8%→→51.9%",
        "Marketing→→47,026→→46,272",
        "→→42,246→→37,822",
    )
    assert rows(grid)[7:] == [
        ["Gross profit", "", ""],
        ["Product", "58.7%", "67.2%"],
        ["Service", "45.8%", "51.9%"],
        ["Operating expenses:", "", ""],
        ["Research", "47,026", "46,272"],
        ["Marketing", "42,246", "37,822"],
    ]


def test_a_ghost_is_left_out_and_told() -> None:
    """A misspelt copy of its neighbour with fewer figures is a finding, not a row."""
    ghost = "The cum provided by maneing delivates→→1,020→→<u> </u>"
    document = read(*HEADS, *ROWS, "Net cash provided by financing activities→→1,020→→914", ghost)
    (grid,) = (b for page in document.pages for b in page.flow if isinstance(b, Grid))
    assert rows(grid)[-1] == ["Net cash provided by financing activities", "1,020", "914"]
    assert [(f.code, f.text) for f in document.findings] == [("repeated_row", ghost.replace("→", "\t"))]


def test_a_neighbour_with_equal_figures_is_no_ghost() -> None:
    """Basic and diluted figures often agree, and both rows stay."""
    (grid,) = grids(
        *HEADS,
        *ROWS,
        "Net loss per share, basic→\\$→(0.06)→\\$→(0.08)",
        "Net loss per share, diluted→\\$→(0.06)→\\$→(0.08)",
    )
    assert [row[1] for row in rows(grid)[-2:]] == ["$ (0.06)", "$ (0.06)"]


def test_figures_without_labels_stay_without() -> None:
    """A table whose label column was lost is read; nothing is invented."""
    (grid,) = grids("\\$→1,909→\\$→(5,934)", "→278,721→→278,400", "→66 353→→22,326", "→63.6%→→57.8%")
    assert rows(grid) == [
        ["", "$ 1,909", "$ (5,934)"],
        ["", "278,721", "278,400"],
        ["", "66 353", "22,326"],
        ["", "63.6%", "57.8%"],
    ]


def test_a_last_column_that_was_cut_off_is_doubtful() -> None:
    """Where figures break off at the edge, the whole column needs review."""
    (grid,) = grids(*HEADS, "A→→1,709→→6,21", "B→→796→→4,94", "C→→408→→64'", "D→→505→→61")
    assert all(cell(grid, text).confidence < 0.99 for text in ("6,21", "4,94", "64'", "61"))
    assert cell(grid, "1,709").confidence == 1.0


def test_figures_between_rows_are_told() -> None:
    """Figures on lines of their own that no row takes are findings."""
    document = read(*HEADS, *ROWS, "", "1,301,285", "", "(889,501)", "", "Total equity→→410,491→→418,956", "Net→→5→→6")
    told = [f.text for f in document.findings if f.code == "unassigned_number"]
    assert told == ["1,301,285", "(889,501)"]


def test_a_column_of_notes_stands_beside_the_labels() -> None:
    """Letters stay in their column."""
    (grid,) = grids(
        "→Notes→→2011→→2010", "Gross profit→→\\$→98,777→\\$→100,469", "Pay→A→→1,349→→1,484", "Other→B→→—→→113"
    )
    assert rows(grid) == [
        ["", "Notes", "2011", "2010"],
        ["Gross profit", "", "$ 98,777", "$ 100,469"],
        ["Pay", "A", "1,349", "1,484"],
        ["Other", "B", "—", "113"],
    ]


def test_a_table_of_words_keeps_its_columns() -> None:
    """A table without a figure is a table too."""
    (grid,) = grids("| Name | Title |", "|---|---|", "| Ann Lee | Director |", "| Bo Roy | Secretary |")
    assert rows(grid) == [["Name", "Title"], ["Ann Lee", "Director"], ["Bo Roy", "Secretary"]]


def test_two_tables_without_a_line_between() -> None:
    """A second boxhead starts a second table."""
    first, second = grids(*HEADS, *ROWS, "→→Three months ended→→", "→→June 30, 2011→→June 30, 2010", *ROWS)
    assert rows(second)[:2] == [
        ["", "Three months ended", "Three months ended"],
        ["", "June 30, 2011", "June 30, 2010"],
    ]
    assert rows(first) == OVER + BODY


def test_an_underscore_in_a_cell_of_figures_is_a_dash() -> None:
    """It stays as printed, with the dash as its rival; directly before a figure it was a currency sign."""
    (grid,) = grids(
        *HEADS,
        "Depreciation→$→8,721→$→8,134",
        "Deferred taxes→→_→→60",
        "Restructuring→$→_→$→_",
        "Accounts receivable→_→44,279→→52,813",
        "Other→→14→→81",
    )
    dashes = [[c.text, [rival.text for rival in c.rivals]] for c in grid.cells if "_" in c.text]
    assert dashes == [["_", ["—"]]] * 3
    assert rows(grid)[-2][-2:] == ["44,279", "52,813"]

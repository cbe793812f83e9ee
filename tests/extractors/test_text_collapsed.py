"""OCR'd text whose columns collapsed to single blanks; each test shows its document."""

import pytest

from extractors.page import DEFAULT, Cell, Document, Grid, Line
from extractors.text import read_text


def read(text: str) -> Document:
    """The document of a text."""
    return read_text(text.encode(), DEFAULT)


def flow(text: str) -> list[Line | Grid]:
    """All lines and grids."""
    return [block for page in read(text).pages for block in page.flow]


def grids(text: str) -> list[Grid]:
    """The grids of a text."""
    return [block for block in flow(text) if isinstance(block, Grid)]


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


STATEMENT = """\
ACME CORP
Condensed Statements of Operations
(in thousands)
(unaudited)
Three months ended
June 30, March 31, June 30,
2011 2011 2010
Revenue:
Product $ 29,446 $ 35,953 $ 36,796
Service 22,326 31,346 24,385
Total revenue 51,772 67,299 61,181
Other income, net - - 1
Net income (loss) $ (5,934) $(12,408) $ 311
Gross margin 57.8% 39.6% 62.9%
"""


def test_rows_are_split_from_the_right() -> None:
    """Each row has as many figures as the heads say, signs and parentheses joined."""
    (grid,) = grids(STATEMENT)
    assert rows(grid)[4:] == [
        ["Product", "$ 29,446", "$ 35,953", "$ 36,796"],
        ["Service", "22,326", "31,346", "24,385"],
        ["Total revenue", "51,772", "67,299", "61,181"],
        ["Other income, net", "-", "-", "1"],
        ["Net income (loss)", "$ (5,934)", "$(12,408)", "$ 311"],
        ["Gross margin", "57.8%", "39.6%", "62.9%"],
    ]


def test_heads_of_several_lines_are_cut_by_column() -> None:
    """Dates and years go to their columns, a phrase over all of them spans them."""
    (grid,) = grids(STATEMENT)
    assert rows(grid)[:4] == [
        ["", "Three months ended", "Three months ended", "Three months ended"],
        ["", "June 30,", "March 31,", "June 30,"],
        ["", "2011", "2011", "2010"],
        ["Revenue:", "", "", ""],
    ]
    assert cell(grid, "June 30,").head


def test_the_caption_stays_above_the_grid() -> None:
    """Lines above the heads are running text, in order."""
    assert [block.text for block in flow(STATEMENT) if isinstance(block, Line)] == [
        "ACME CORP",
        "Condensed Statements of Operations",
        "(in thousands)",
        "(unaudited)",
    ]


def test_one_head_line_with_a_date_and_years() -> None:
    """``Year ended December 31, 2011 2010`` is a date over two years."""
    (grid,) = grids("Year ended December 31, 2011 2010\nSales 1,200 1,100\nCosts 900 850\n")
    assert rows(grid)[:2] == [["", "Year ended December 31,", "Year ended December 31,"], ["", "2011", "2010"]]


def test_two_spanners_share_the_columns() -> None:
    """As many columns stand under one as under the other."""
    (grid,) = grids(
        "Three months ended Six months ended\nJune 30, June 30,\n2011 2010 2011 2010\n"
        "Sales 1,200 1,100 2,200 2,100\nCosts 900 850 1,700 1,600\n"
    )
    assert rows(grid)[0] == ["", *["Three months ended"] * 2, *["Six months ended"] * 2]


@pytest.mark.parametrize(
    ("printed", "cells"),
    [
        ("Cost of sales $ 109 % 108 % 89", ["$ 109", "% 108", "% 89"]),
        ("Cost of sales § 109 $ 108 § 89", ["§ 109", "$ 108", "§ 89"]),
        ("Cost of sales $ 4241  $ 108 $ 89", ["$ 4241", "$ 108", "$ 89"]),
        ("Cost of sales $(109)$(108)$(89)", ["$(109)", "$(108)", "$(89)"]),
        ("Cost of sales 10 % 11 % 12 %", ["10 %", "11 %", "12 %"]),
        ("Cost of sales N/A 108 89", ["N/A", "108", "89"]),
        ("Cost of sales (109 108) 89", ["(109", "108)", "89"]),
    ],
)
def test_signs_of_a_row(printed: str, cells: list[str]) -> None:
    """Misread, glued and detached signs go with their figures, as printed."""
    (grid,) = grids(STATEMENT + printed + "\n")
    assert rows(grid)[-1] == ["Cost of sales", *cells]


@pytest.mark.parametrize(
    ("printed", "label"),
    [
        ("Accounts receivable, less allowances of $502 and $516 3,410 3,487 3,500", "less allowances of $502 and $516"),
        ("Balance, December 31, 2010 1,234 5,678 9,012", "Balance, December 31, 2010"),
        ("2012 1,234 5,678 9,012", "2012"),
        ("Series B notes, Note 7 1,234 5,678 9,012", "Note 7"),
        ("4.5% notes due 2019 1,234 5,678 9,012", "4.5% notes due 2019"),
    ],
)
def test_numbers_in_labels_stay_there(printed: str, label: str) -> None:
    """What stands left of as many figures as there are columns is label."""
    (grid,) = grids(STATEMENT + printed + "\n")
    last = rows(grid)[-1]
    assert last[0].endswith(label)
    assert len([text for text in last if text]) == 4


def test_a_lost_comma_is_kept_as_printed_with_its_rival() -> None:
    """``66 353`` among three columns is one figure, or a label's 66: the cell says what is printed."""
    (grid,) = grids(STATEMENT + "Licences 66 353 22,326 23,348\n")
    found = cell(grid, "66 353")
    assert [rival.text for rival in found.rivals] == ["353"]
    assert found.confidence < 0.99


def test_a_nil_and_a_misread_sign_are_a_rival_of_a_negative() -> None:
    """``$ - $ -8 38`` may be ``$ -``, ``$ -``, ``$ 38``: the nil is among the rivals of what is printed."""
    (grid,) = grids(STATEMENT + "Cost of revenue - product $ - $ -8 38\n")
    assert rows(grid)[-1] == ["Cost of revenue - product", "$ -", "$ -8", "38"]
    found = cell(grid, "$ -8")
    assert "$ -" in [rival.text for rival in found.rivals]
    assert found.confidence < 0.99


def test_two_figures_are_never_taken_for_one() -> None:
    """``278,286 278,286`` fits the grammar of thousands and is two columns all the same."""
    (grid,) = grids("2011 2010\nBasic 278,286 278,286\nDiluted 279,100 279,200\n")
    assert rows(grid)[1] == ["Basic", "278,286", "278,286"]


def test_a_row_with_fewer_figures_is_doubtful() -> None:
    """Nobody can say which column is blank, so its figures need review."""
    (grid,) = grids(STATEMENT + "Restructuring 1,114\n")
    assert cell(grid, "1,114").confidence < 0.99


def test_wrapped_labels_are_joined() -> None:
    """A label that goes on in small letters, before or after its figures, is one label."""
    (grid,) = grids(
        STATEMENT
        + "Payment of tax obligations related to net\nshare settlements 902 257 100\n"
        + "Proceeds from sale of common stock 754 609 500\nin connection with the plan\nTotal 1,656 866 600\n"
    )
    labels = [row[0] for row in rows(grid)]
    assert "Payment of tax obligations related to net share settlements" in labels
    assert "Proceeds from sale of common stock in connection with the plan" in labels


def test_a_column_of_notes_is_its_own_column() -> None:
    """Letters under ``Notes`` are neither label nor figure."""
    (grid,) = grids(
        "Notes 2011 2010\nProfit as reported $ 29,936 $ 26,625\nCompensation expense A 498 493\nOther B - 38\n"
    )
    assert rows(grid)[2] == ["Compensation expense", "A", "498", "493"]


TORN = """\
2011 2010
Interest income 767 938

Income before taxes
Tax provision
Net loss per share:
Basic
Diluted

ACME CORP

(17,455) 493
(887) (316)
$ (0.07) $ -
$ (0.07) $ -

Balance Sheets
2011 2010
Cash 1,200 900
Goodwill 50 50
"""


def test_labels_torn_from_their_figures_are_joined_where_the_counts_agree() -> None:
    """Section labels take none, and a running head that strayed between goes to what follows."""
    first, _ = grids(TORN)
    assert rows(first)[2:] == [
        ["Income before taxes", "(17,455)", "493"],
        ["Tax provision", "(887)", "(316)"],
        ["Net loss per share:", "", ""],
        ["Basic", "$ (0.07)", "$ -"],
        ["Diluted", "$ (0.07)", "$ -"],
    ]
    said = [block.text if isinstance(block, Line) else "GRID" for block in flow(TORN)]
    assert said == ["GRID", "ACME CORP", "Balance Sheets", "GRID"]


def test_torn_labels_stay_apart_where_the_counts_differ() -> None:
    """One label more than figures: nothing is guessed, and a finding says so."""
    text = TORN.replace("Basic\n", "Basic\nRestated\n")
    first = grids(text)[0]
    assert ["", "(17,455)", "493"] in rows(first)
    assert [finding.code for finding in read(text).findings] == ["labels_apart"]


def test_a_single_column_is_a_table() -> None:
    """Rows with one amount each are read; prose whose lines end in a number is not."""
    (grid,) = grids("December 31, 2011\nCash $ 1,200\nReceivables 2,300\nTotal $ 3,500\n")
    assert rows(grid)[1] == ["Cash", "$ 1,200"]
    assert not grids("The company was founded on May 5, 1997\nand moved to Delaware in 2003\nwith a staff of 12\n")


def test_places_are_characters_of_the_line() -> None:
    """A figure's place is exactly its characters, sign included."""
    (grid,) = grids(STATEMENT)
    place = cell(grid, "$ 35,953").place
    assert place.model_dump() == {"line": 9, "start": 17, "end": 25}


def test_a_fixed_width_table_may_stand_in_collapsed_text() -> None:
    """The dialect is decided for each stretch."""
    fixed = "".join(
        f"Item {letter}                      {n},200        {n},100\n" for n, letter in enumerate("ABCDEF", 1)
    )
    document = read(STATEMENT + "\n" + fixed)
    assert [bool(page.words) for page in document.pages] == [False, True]


def test_years_label_rows() -> None:
    """A year before as many figures as the other rows have is their label."""
    (grid,) = grids("2022 2021\nRemainder of 2022 $ 174 $ 181\n2023 355 365\n2024 252 227\nTotal 781 773\n")
    assert rows(grid)[-4:] == [
        ["Remainder of 2022", "$ 174", "$ 181"],
        ["2023", "355", "365"],
        ["2024", "252", "227"],
        ["Total", "781", "773"],
    ]

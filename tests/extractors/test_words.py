"""Words and rules become lines and grids: on the character plane, so that each test shows its page."""

from __future__ import annotations

from hypothesis import assume, example, given
from hypothesis import strategies as st

from extractors.page import Grid, Line, Page, PagePlace, TextPlace, Word
from extractors.tables.words import find_flow, find_running
from extractors.tables.words.lines import find_lines, find_tokens
from tests.fakes.planes import grids, page, rows

PLAIN = """
                     EXAMPLE MILLS, INC.
                        Balance Sheet

                                  June 30,   December 31,
(in thousands)                      2011         2010
Cash                             $  1,204     $    988
Inventories                           310          (45)
                                 --------     --------
Total                            $  1,514     $    943
"""


def test_a_statement_becomes_one_grid_with_captions_before_it() -> None:
    """Captions are lines, heads and body are cells, and signs hug their figures."""
    flow = find_flow(page(PLAIN))
    assert [block.text for block in flow if isinstance(block, Line)] == ["EXAMPLE MILLS, INC.", "Balance Sheet"]
    (grid,) = grids(PLAIN)
    assert rows(grid) == [
        {0: "Cash", 1: "$ 1,204", 2: "$ 988"},
        {0: "Inventories", 1: "310", 2: "(45)"},
        {0: "Total", 1: "$ 1,514", 2: "$ 943"},
    ]
    assert rows(grid, heads=True)[0] == {1: "June 30, 2011", 2: "December 31, 2010"}


def test_a_rule_above_figures_marks_them() -> None:
    """Only the cells right below the rule are ruled."""
    (grid,) = grids(PLAIN)
    assert {cell.text for cell in grid.cells if cell.ruled} == {"$ 1,514", "$ 943"}


def test_the_place_of_a_figure_holds_its_sign() -> None:
    """The place of a cell is the union of its words."""
    (grid,) = grids(PLAIN)
    cell = next(cell for cell in grid.cells if cell.text == "$ 1,204")
    assert cell.place == TextPlace(line=6, start=33, end=41)


def test_blank_cells_stay_blank() -> None:
    """A figure stands in the column it is printed under, whatever is blank beside it."""
    (grid,) = grids("""
Alpha            1,000     2,000     3,000
Beta                       2,500
Gamma            1,100               3,100
Delta                                3,200
""")
    assert rows(grid) == [
        {0: "Alpha", 1: "1,000", 2: "2,000", 3: "3,000"},
        {0: "Beta", 2: "2,500"},
        {0: "Gamma", 1: "1,100", 3: "3,100"},
        {0: "Delta", 3: "3,200"},
    ]


def test_spanners_cover_the_columns_below_them() -> None:
    """A head centred over several columns covers them all."""
    (grid,) = grids("""
                  Three Months Ended       Nine Months Ended
                      June 30,                  June 30,
                   2011       2010          2011       2010
Revenue           1,000        900         3,000      2,700
Cost                600        500         1,800      1,500
""")
    spans = {(c.text, c.column, c.column_span) for c in grid.cells if c.head and c.column_span > 1}
    assert spans == {("Three Months Ended June 30,", 1, 2), ("Nine Months Ended June 30,", 3, 2)}


def test_two_tables_with_a_caption_between_are_two_grids() -> None:
    """A caption and a second boxhead start a second grid."""
    found = grids("""
                              2011      2010
Sales                        1,000       900
Costs                          400       300

              Example Mills, Inc. and Subsidiaries
                 Statement of Cash Flows

                              2011      2010
Net income                     600       600
Depreciation                    40        30
""")
    assert [grid.rows for grid in found] == [3, 3]


def test_running_text_with_numbers_is_no_table() -> None:
    """Prose stays lines even when it is full of numbers."""
    text = """
Net sales rose by 12 percent to $1,204 thousand in 2011, from $988 thousand in 2010,
as 31 new customers were won. Of the 45 sites 12 were closed, at a cost of $310 thousand.
"""
    assert grids(text) == []


def test_years_as_labels() -> None:
    """A first column of years is the stub."""
    (grid,) = grids("""
                Operating    Finance
2024               888.3        8.3
2025               841.3        7.6
Thereafter       3,236.2       50.2
Total            7,086.1       88.3
""")
    assert [row[0] for row in rows(grid)] == ["2024", "2025", "Thereafter", "Total"]


def test_a_table_of_words() -> None:
    """Columns of words are columns too."""
    (grid,) = grids("""
Exhibit                  Date filed          Form
Bylaws                   December 3          10-K
Credit agreement         June 17             S-1
List of subsidiaries     March 15            10-Q
""")
    assert {0: "Credit agreement", 1: "June 17", 2: "S-1"} in [*rows(grid), *rows(grid, heads=True)]


def test_words_of_typed_labels_stand_together() -> None:
    """Where only the height of the ink is known, typewriter blanks seem as wide as gaps; they part no label."""
    words = []
    lines = ("Cost of goods sold", "Selling and administrative", "Interest paid on notes", "Loss on sale of land")
    for number, label in enumerate(lines):
        at = 0
        for text in [*label.split(), "1,234"]:
            left = 300.0 if text == "1,234" else at * 6.0
            place = TextPlace(line=number + 1, start=at, end=at + len(text))
            # ink of six points in a type of ten: letters fill four fifths of their pitch
            words.append(
                Word(text, left + 0.6, 12.0 * number, left + 6.0 * len(text) - 0.6, 12.0 * number + 6.0, place)
            )
            at += len(text) + 1
    grid = next(b for b in find_flow(Page(1, width=600, height=80, words=tuple(words))) if isinstance(b, Grid))
    assert [row[0] for row in rows(grid)] == list(lines)


def test_leaders_are_no_words() -> None:
    """Rows of dots neither become cells nor stick to labels and figures."""
    (grid,) = grids("""
Cash . . . . . . . . . . .      1,204       988
Inventories.................      310       245
Total . . . . . . . . . . .     1,514     1,233
""")
    assert [row[0] for row in rows(grid)] == ["Cash", "Inventories", "Total"]
    assert rows(grid)[1] == {0: "Inventories", 1: "310", 2: "245"}


def test_thousands_set_apart_by_blanks_are_one_figure() -> None:
    """Where blanks group thousands and nothing else does, the groups are one figure."""
    words = []
    for i, (label, numbers) in enumerate([("Cash", "578 716 334"), ("Notes", "1 014 699"), ("Total", "579 731 033")]):
        words.append(_word(label, 50, i))
        edge = 400.0
        for part in reversed(numbers.split()):
            words.append(_word(part, edge - 5 * len(part), i))
            edge -= 5 * len(part) + 3
    (grid,) = [b for b in find_flow(Page(1, 600, 800, words=tuple(words))) if isinstance(b, Grid)]
    assert [row[1] for row in rows(grid)] == ["578 716 334", "1 014 699", "579 731 033"]


def _word(text: str, left: float, line: int, size: float = 10.0, up: float = 0.0) -> Word:
    top = 100 + 14 * line - up
    place = TextPlace(line=line + 1, start=0, end=1)
    return Word(text, left, top, left + 0.5 * size * len(text), top + size, place, size=size)


def test_a_raised_note_number_is_no_digit_of_the_figure() -> None:
    """A small raised number behind a figure becomes a superscript, not a figure."""
    words = []
    for i, value in enumerate(("21.0", "17.4", "18.1")):
        words += [_word("Rate", 50, i), _word(value, 300, i)]
    words.append(_word("2", 322, 1, size=6.0, up=1.0))
    (grid,) = [b for b in find_flow(Page(1, 600, 800, words=tuple(words))) if isinstance(b, Grid)]
    assert [row[1] for row in rows(grid)] == ["21.0", "17.4²", "18.1"]


CELL = st.sampled_from(["1,204", "(45)", "$ 3", "—", "12.5%", "word", "Other, net", "2011", "", "of 5", "N/A", "."])


@given(st.lists(st.lists(CELL, min_size=1, max_size=5), min_size=1, max_size=9))
def test_no_word_is_lost_or_doubled(table: list[list[str]]) -> None:
    """Every word of a page ends in exactly one line or cell."""
    # a dozen words of dots are leaders, which are no words
    assume(sum(cell == "." for row in table for cell in row) < 12)
    text = "\n".join("".join(cell.ljust(14) for cell in row) for row in table)
    source = page(text)
    said: list[str] = []
    for block in find_flow(source):
        texts = [block.text] if isinstance(block, Line) else [cell.text for cell in block.cells]
        said += [sign for text in texts for sign in text.replace(" ", "")]
    assert sorted(said) == sorted(sign for word in source.words for sign in word.text)


@example([["word", "", "", "word", "word"], ["1,204", "1,204", "1,204", "", "—"]])
@given(st.lists(st.lists(CELL, min_size=1, max_size=5), min_size=1, max_size=9))
def test_cells_do_not_overlap(table: list[list[str]]) -> None:
    """Cells lie inside their grid, each place is taken once."""
    text = "\n".join("".join(cell.ljust(14) for cell in row) for row in table)
    for grid in grids(text) if text.strip() else []:
        taken: set[tuple[int, int]] = set()
        for cell in grid.cells:
            area = {
                (r, c)
                for r in range(cell.row, cell.row + cell.row_span)
                for c in range(cell.column, cell.column + cell.column_span)
            }
            assert not area & taken
            assert all(0 <= r < grid.rows and 0 <= c < grid.columns for r, c in area)
            taken |= area


def test_a_section_below_the_heads_does_not_hide_them() -> None:
    """A short label between boxhead and first row belongs to the body; the boxhead stays."""
    (grid,) = grids("""
                             2011       2010
Revenue:
  Products                  1,000        900
  Services                    400        300
""")
    assert rows(grid, heads=True) == [{1: "2011", 2: "2010"}]
    assert rows(grid)[0] == {0: "Revenue:"}


def test_tables_side_by_side_are_read_one_after_the_other() -> None:
    """Two tables on the same lines, whose rows have no partners, are two grids."""
    found = grids("""
Property and equipment                       Stock option activity
Land                     365     376         Outstanding at December 31,
Buildings and                                  2013                   2,317
  improvements           219     172         Granted                    289
Machinery                213     166         Exercised                 (548)
Computers                244     289         Forfeited                  (66)
Construction in
  progress                58      12
Total                  1,099   1,015
""")
    assert [rows(grid)[0][0] for grid in found] == ["Land", "Outstanding at December 31, 2013"]
    assert rows(found[0])[-1] == {0: "Total", 1: "1,099", 2: "1,015"}


def test_the_labels_of_a_table_beside_another_may_be_set_in() -> None:
    """The title of the second table begins left of its labels, which belongs to it all the same."""
    found = grids("""
Property and equipment                       Stock option activity
(in millions)                                (in thousands)
                        2024    2023                                  2024
 Land                    365     376
                                               Outstanding in May     2,317
 Buildings               219     172           Granted                  289
 Machinery               213     166
                                               Exercised               (548)
 Computers               244     289           Forfeited                (66)
 Total                 1,099   1,015
""")
    assert [rows(grid)[0][0] for grid in found] == ["Land", "Outstanding in May"]
    assert [rows(grid, heads=True)[-1] for grid in found] == [{1: "2024", 2: "2023"}, {1: "2024"}]


def test_a_column_of_words_between_figures_is_no_second_table() -> None:
    """Rows that share their lines from end to end are one table."""
    (grid,) = grids("""
Name                 Age     Position                Salary
Ada Example           51     Chief Executive        412,000
Ben Sample            47     Treasurer              260,000
Cleo Pattern          62     Counsel                255,000
""")
    assert rows(grid)[0] == {0: "Ada Example", 1: "51", 2: "Chief Executive", 3: "412,000"}


def test_page_numbers_are_lines() -> None:
    """A page number between dashes below a table is no row and no grid."""
    flow = find_flow(
        page("""
Sales                 1,000       900
Costs                   400       300
Margin                  600       600


                   - 4 -
""")
    )
    assert [type(block).__name__ for block in flow] == ["Grid", "Line"]


def test_a_section_in_the_middle_does_not_hide_the_heads() -> None:
    """A section over the middle of the table stands below its heads and is the first row."""
    (grid,) = grids("""
                               2024        2023
                    ASSETS
Current assets:
  Cash                        1,200       1,100
  Inventories                   300         200
Total assets                  1,500       1,300
""")
    assert rows(grid, heads=True) == [{1: "2024", 2: "2023"}]
    assert [row[0] for row in rows(grid)][:2] == ["ASSETS", "Current assets:"]


def test_a_number_between_dashes_is_no_row() -> None:
    """A page number below a table is the number of the page."""
    blocks = find_flow(
        page("""
Cash                      100     90
Inventories                50     40
Total                     150    130
                 - 12 -
""")
    )
    (grid,) = [block for block in blocks if isinstance(block, Grid)]
    assert len(rows(grid)) == 3
    assert isinstance(blocks[-1], Line)


def test_figures_a_typist_set_off_their_column_stay_in_it() -> None:
    """A nil and a short figure two characters off the others make no column."""
    (grid,) = grids(
        """
                     Common       Capital        Total
Balance              $1,600      $ 24,000      $25,600
Sales                     1           800          801
Grants                   --           700          700
Balance              $1,601      $ 25,500      $27,101
""".replace("Sales                     1  ", "Sales                       1")
    )
    assert grid.columns == 4


def test_running_heads_are_told_apart_before_tables() -> None:
    """What stands at the same height of two pages is no head, whatever columns it stands over."""

    def sheet(number: int) -> Page:
        found = page(f"""
EXAMPLE MILLS            Form 10-K
Cash                           1{number}0
Inventories                     50
Total                          1{number + 5}0
""")
        return Page(number, width=600, height=900, words=found.words)

    running = find_running([sheet(1), sheet(2)])
    first, grid = find_flow(sheet(1), running[1])
    assert isinstance(first, Line)
    assert isinstance(grid, Grid)
    assert rows(grid, heads=True) == []


def test_other_columns_below_a_gap_are_another_table() -> None:
    """Titles at the left part two tables when no figure of the second stands in a column of the first."""
    found = grids("""
Cash flows from operations                      1,000      900
Cash flows from investing                         400      300
Cash flows from financing                         200      100


EXAMPLE MILLS, INC.
Contractual maturities

                     Debt     Leases
2027               $  874     $  115
2028               $  355     $  560
""")
    assert len(found) == 2
    assert rows(found[1])[0] == {0: "2027", 1: "$ 874", 2: "$ 115"}


def test_a_phrase_over_two_columns_joins_none_of_them() -> None:
    """Withdrawals and deposits never stand on one line; a phrase below that runs over both makes them no column."""
    (grid,) = grids("""
                     Withdrawals   Deposits     Balance
Opening balance                                   2,740
Rent                         754                  1,986
Salary                                  872       2,858
Check                        302                  2,556
See the page on how     interest is computed
""")
    assert grid.columns == 4


def test_the_last_row_of_a_table_alone_on_its_page_is_a_row() -> None:
    """A total that a page break cut off is no running text."""
    first = find_flow(page("Present value of payments                 $58.9"))[0]
    assert isinstance(first, Grid)


def test_figures_of_a_scan_that_hang_lower_than_their_label_stand_on_its_line() -> None:
    """A page that curls puts the right of a line a third of an em lower; the next line is a whole em away."""
    words = []
    for row, (label, figure) in enumerate((("Cash", "1,234"), ("Inventories", "567"), ("Receivables", "89"))):
        top = 100.0 + 12.0 * row
        for text, left, lower in ((label, 50.0, 0.0), (figure, 400.0, 3.6)):
            box = (left, top + lower, left + 30.0, top + lower + 7.0)
            words.append(Word(text, *box, place=PagePlace(page=1, bbox=box)))
    assert [line.text for line in find_lines(words)] == ["Cash 1,234", "Inventories 567", "Receivables 89"]


def test_a_raised_mark_of_a_scan_is_no_figure() -> None:
    """Half as high as the figure before it and near its top, a digit names a note, though its size is not known."""
    boxes = {
        "Other": (50.0, 100.0, 90.0, 107.0),
        "12.5": (300.0, 100.0, 320.0, 107.0),
        "3": (324.0, 98.0, 326.0, 102.0),
    }
    words = [Word(text, *box, place=PagePlace(page=1, bbox=box)) for text, box in boxes.items()]
    (line,) = find_lines(words)
    assert [(token.text, token.figure) for token in find_tokens(line, 0.3)] == [("Other", False), ("12.5 ³", True)]


def test_a_digit_far_behind_a_figure_is_no_raised_mark() -> None:
    """A figure of the next column that stands a little higher is a figure."""
    boxes = {"27-": (300.0, 100.0, 315.0, 107.0), "20": (355.0, 98.0, 363.0, 103.0)}
    words = [Word(text, *box, place=PagePlace(page=1, bbox=box)) for text, box in boxes.items()]
    (line,) = find_lines(words)
    assert [token.text for token in find_tokens(line, 0.3)] == ["27-", "20"]


def test_a_table_in_one_column_of_a_page_of_two_is_no_neighbour_of_the_prose_beside_it() -> None:
    """Running text left and right, and a table in the right column: its labels are not those of the prose."""
    prose = "Sales of the year rose again here"
    right = ["Sales by channel          2003    2002", "Grocery                    512     498"]
    right += ["Snack                      410     402", "Total                      922     900"]
    text = "\n".join(f"{prose}      {beside}" for beside in [*[prose] * 5, *right, *[prose] * 5])
    (grid,) = grids(text)
    assert rows(grid)[-3:] == [
        {0: "Grocery", 1: "512", 2: "498"},
        {0: "Snack", 1: "410", 2: "402"},
        {0: "Total", 1: "922", 2: "900"},
    ]


def test_titles_over_the_same_years_tell_two_tables_apart() -> None:
    """One word is title enough where the years below it stand on either side."""
    text = """
Deposits                         Staff
                 2012    2011                    2012    2011
Cash              410     377    Mining            88      80
Bonds           1,204   1,188    Sales             41      44
Total           1,614   1,565    Total            129     124
"""
    assert [rows(grid)[-1] for grid in grids(text)] == [
        {0: "Total", 1: "1,614", 2: "1,565"},
        {0: "Total", 1: "129", 2: "124"},
    ]


def test_the_rest_of_a_wrapped_text_is_no_row_of_a_table_of_its_own() -> None:
    """Occupations that take two lines leave ages and shares in one table."""
    text = """
Name          Age    Principal occupation of the person     Shares
Ann Lee        61    Chairman of Lee Holdings, a company   120,400
                     for investments in mines
Bo Chen        48    Partner of Chen and Hall, attorneys     3,000
Cy Young       70    Retired; President of Pitcher Inc.      7,100
                     and of its predecessor
"""
    (grid,) = grids(text)
    assert grid.columns == 4


def test_item_numbers_with_parts_are_the_stub_of_an_index() -> None:
    """Exhibits 10.1, 10.2, 11, 27 are no figures: they rise, and words follow them."""
    text = """
10.1       Stock option plan of the company                  24
10.2       Lease between the company and others              31
11         Computation of earnings                           40
27         Financial data schedule                           41
"""
    (grid,) = grids(text)
    assert rows(grid)[0] == {0: "10.1", 1: "Stock option plan of the company", 2: "24"}


def test_a_page_number_with_its_word_is_no_row() -> None:
    """A line of "Page: 1" above the heads does not begin the body."""
    text = """
AGING REPORT                                       Run date: x
                                                   Page:     1
Customer   Name               Current     1-30     Over 90     Total
---------------------------------------------------------------------
C1001      Able Plumbing     1,204.10   310.00        0.00  1,514.10
C1002      Baker & Sons          0.00   225.50       18.25    243.75
"""
    (grid,) = grids(text)
    assert rows(grid)[0][0] == "C1001"

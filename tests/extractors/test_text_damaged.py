"""Markdown of a converter that lost rows: parted by their sums, filled from repetitions; figures set apart in rows."""

from extractors.page import DEFAULT, Cell, Document, Grid
from extractors.text import read_text

TITLE = "# ACME CORP\n\n## **Statements of Operations** (in thousands)\n\n### Unaudited\n\n"
BELOW = ("→300→→410→→520", "→200→→110→→320", "→800→→950→→901", "→44→→55→→67")


def read(*lines: str) -> Document:
    """The document of a heading and these rows; an arrow stands for a tab."""
    return read_text((TITLE + "\n".join(lines).replace("→", "\t") + "\n").encode(), DEFAULT)


def grid(*lines: str) -> Grid:
    """The only grid of the rows."""
    [found] = [block for page in read(*lines).pages for block in page.flow if isinstance(block, Grid)]
    return found


def body(*lines: str) -> list[list[str]]:
    """The texts of the rows by column, without labels; blanks as empty strings."""
    found = grid(*lines)
    table = [[""] * (found.columns - 1) for _ in range(found.rows)]
    for cell in found.cells:
        if cell.column and not cell.head:
            table[cell.row][cell.column - 1] = cell.text
    return [row for row in table if any(row)]


def cell(found: Grid, text: str) -> Cell:
    """The first cell that says this."""
    return next(c for c in found.cells if c.text == text)


TORN = (
    "→1,250 2,340 3,590→\\$→March 31, 2019 4,100→\\$→11 025",
    "→1,250 2,340→→4,100→→",
    "→2,340→→→→5.014",
    "→→→→→5,104",
    "→3 590→→2,222→→1,003",
    "→03,690→→6,322→→6,107",
)


def test_rows_run_together_are_parted_by_the_sum_of_all_columns() -> None:
    """Three figures in one cell become three rows when one choice in each other column foots like them."""
    assert body(*TORN, *BELOW)[:4] == [
        ["1,250", "$ 4,100", "5,104"],
        ["2,340", "2,222", "1,003"],
        ["3,590", "6,322", "6,107"],
        ["300", "410", "520"],
    ]


def test_what_no_row_took_is_a_finding() -> None:
    """The misread repetitions of the parted figures are named, so that nothing is silently lost."""
    found = [f.text for f in read(*TORN, *BELOW).findings if f.code == "unassigned_number"]
    assert {"5.014", "03,690"} <= set(found)


def test_rows_stay_together_where_a_column_does_not_foot() -> None:
    """One column without the sum leaves the cell as printed."""
    broken = [line.replace("6,107", "6,108") for line in TORN]
    assert body(*broken, *BELOW)[0][0] == "1,250 2,340 3,590"


def test_rows_stay_together_where_two_choices_foot() -> None:
    """Two ways to foot in a column are none."""
    twice = (*TORN[:4], "→→→1,222→→", "→→→5,322→→", *TORN[4:])
    assert body(*twice, *BELOW)[0][0] == "1,250 2,340 3,590"


MORE = ("→231→→332", "→433→→534", "→635→→736", "→837→→938")
TAIL = "514 15 68 231 433 635 837"
WHOLE = ("→120→→221", "→340→→442", "→77→→65", "→→→18", "→→→39", "→983→→871", "→514→→627", "→15→→26", "→68→→79", *MORE)


def test_blank_cells_are_filled_from_a_repetition() -> None:
    """A column printed again in one cell names the figures of its blank cells, in doubt until they are proved."""
    found = grid(*WHOLE, f"→120 340 77 31 42 983 {TAIL}→→")
    assert (cell(found, "31").row, cell(found, "42").row) == (3, 4)
    assert cell(found, "31").confidence <= 0.6


def test_a_repetition_of_two_columns_row_by_row_fills_blanks() -> None:
    """Figures printed again row by row are laid over both columns."""
    found = grid(*WHOLE, "→120 221 340 442 77 65 31 18 42 39 983 871 514 627 15 26 68 79 231 332→→")
    assert [(cell(found, t).row, cell(found, t).column) for t in ("31", "42")] == [(3, 1), (4, 1)]


def test_fewer_figures_than_blank_cells_fill_none() -> None:
    """One figure for two blank cells has no place; it is a finding."""
    read_again = read(*WHOLE, f"→120 340 77 31 983 {TAIL} 231→→")
    [found] = [block for page in read_again.pages for block in page.flow if isinstance(block, Grid)]
    assert "31" not in [c.text for c in found.cells]
    assert "31" in [f.text for f in read_again.findings]


def test_two_repetitions_that_differ_fill_nothing() -> None:
    """What two repetitions say differently is left blank."""
    again = f"→120 340 77 {{}} 42 983 {TAIL}→→"
    found = grid(*WHOLE, again.format("31"), again.format("81"))
    assert not {"31", "81"} & {c.text for c in found.cells}


def test_underlined_nothing_beside_a_label_is_a_dash() -> None:
    """A dash whose ink the converter took for a rule is a nil of its row, place and printed text kept."""
    found = grid("Sales→\\$→900→\\$→800", "Royalties→→<u> </u>→→25", "Total sales→→900→→825")
    dash = cell(found, "<u> </u>")
    assert (dash.row, dash.column, dash.rivals[0].text) == (1, 1, "—")


def test_a_rule_under_a_section_or_without_a_label_is_no_dash() -> None:
    """Underlines in a row of a section label, or with no label, are rules of sums."""
    found = grid("Sales:→→<u> </u>→→", "Bolts→→900→→800", "→→<u> </u>→→<u> </u>", "Nuts→→7→→9", "Total→→907→→809")
    assert not [c for c in found.cells if "<u>" in c.text]


ABOVE = ("Assets→→→→", "Cash→\\$→800→\\$→700", "Land→→450→→330", "Total assets→→1,250→→1,030")
APART = ("", "12", "(38)", "", "940", "(40)", "", "Equity:", "Shares", "Deficit", "")


def test_columns_set_apart_one_after_the_other_are_rows_where_they_foot() -> None:
    """Figures printed a column after the other between two rows stand in the columns whose total they sum up to."""
    found = body(*ABOVE, *APART, "Total equity→→900→→(26)")
    assert found[3:] == [["940", "12"], ["(40)", "(38)"], ["900", "(26)"]]


def test_rows_set_apart_line_by_line_are_rows_where_they_foot() -> None:
    """Rows printed without tabs between two rows of a table are rows of it."""
    apart = ("", "Equity:", "Shares", "Deficit", "", "1,940 1,012", "(40) (38)", "")
    found = body(*ABOVE, *apart, "Total equity→→1,900→→974")
    assert found[3:5] == [["1,940", "1,012"], ["(40)", "(38)"]]


def test_labels_of_figures_set_apart_are_given_to_none() -> None:
    """No sum says which label belongs to which figure: they stay above, as printed."""
    found = grid(*ABOVE, *APART, "Total equity→→900→→(26)")
    labels = {c.row: c.text for c in found.cells if c.column == 0}
    assert [labels.get(cell(found, text).row) for text in ("940", "(40)")] == [None, None]
    assert {"Equity:", "Shares", "Deficit"} <= set(labels.values())


def test_figures_set_apart_that_do_not_foot_are_findings() -> None:
    """What no sum puts into rows stays out of the table and is named."""
    found = [f.text for f in read(*ABOVE, *APART, "Total equity→→901→→(26)").findings]
    assert {"12", "(38)", "940", "(40)"} <= set(found)


def test_figures_set_apart_that_foot_in_two_ways_are_findings() -> None:
    """Two columns with the same total may be exchanged: nothing is placed."""
    apart = ("", "12", "38", "", "20", "30", "", "Shares", "Surplus", "")
    found = [f.text for f in read(*ABOVE, *apart, "Total equity→→50→→50").findings]
    assert {"12", "38", "20", "30"} <= set(found)


DASHES = ("Grants→→—→→9", "Refunds→→—→→4", "Fines→→—→→3", "Fees→\\$→(—)→\\$→2", "Per share→→(002)→→1")
SUMS = ("Sales→\\$→900→\\$→800", "Rent→→410→→330", "Royalties→→→→25", "Total income→→1,310→→1,155")


def test_a_lost_dash_is_a_nought_where_both_columns_foot() -> None:
    """A blank in a row that the other column's sum needs is nothing, when its own column foots without it."""
    found = grid(*SUMS, *DASHES)
    [lost] = [c for c in found.cells if not c.text]
    assert (lost.row, lost.column, lost.rivals[0].text) == (2, 1, "—")
    assert lost.confidence <= 0.6


def test_a_lost_dash_is_told() -> None:
    """That nothing was printed where a nought stands is a finding with the row's label and place."""
    [found] = [f for f in read(*SUMS, *DASHES).findings if f.code == "lost_dash"]
    assert found.text == "Royalties"


def test_a_blank_is_meant_where_nothing_is_misread() -> None:
    """In a clean text a blank is the publisher's, whatever foots without it."""
    assert not [c for c in grid(*SUMS, *DASHES[:-1]).cells if not c.text]


def test_a_blank_is_meant_where_the_document_prints_no_dashes() -> None:
    """A publisher who leaves cells blank, or prints noughts, has lost no dash."""
    assert not [c for c in grid(*SUMS).cells if not c.text]
    assert not [c for c in grid(*SUMS, *(row.replace("—", "0") for row in DASHES)).cells if not c.text]


def test_a_blank_in_a_column_that_does_not_foot_is_no_nought() -> None:
    """Where the column's sum asks for a figure, nothing is a lost one."""
    broken = (*SUMS[:3], "Total income→→1,321→→1,155")
    assert not [c for c in grid(*broken, *DASHES).cells if not c.text]


def test_a_blank_in_a_row_that_no_sum_needs_is_no_nought() -> None:
    """A row outside the sum of the other column may be blank on purpose."""
    outside = (*SUMS[:2], "Employees→→→→25", "Total income→→1,310→→1,130")
    assert not [c for c in grid(*outside, *DASHES).cells if not c.text]

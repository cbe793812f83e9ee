"""Tables over a page end."""

from extractors.page import Cell, Line, PagePlace
from extractors.tables import BodyRow, Table
from extractors.tables.stitch import Part, stitch


def part(page: int, heads: tuple[tuple[str, ...], ...], label: str, *caption: str) -> Part:
    """A table of one row on a page."""
    return Part(Table(caption, (), heads, (BodyRow(label, 0.0, (None,) * len(heads)),), (page,)))


TWO = (("2024",), ("2023",))
BARE: tuple[tuple[str, ...], ...] = ((), ())


def test_a_headless_continuation_joins() -> None:
    """The next page goes on without heads: one table on both pages."""
    (whole,) = stitch([part(1, TWO, "Cash"), part(2, BARE, "Total")])
    assert [row.label for row in whole.rows] == ["Cash", "Total"]
    assert whole.pages == (1, 2)


def test_repeated_heads_join() -> None:
    """Heads repeated on the next page are the same table, also under "(continued)"."""
    assert len(stitch([part(1, TWO, "Cash"), part(2, TWO, "Total", "Balance Sheets (continued)")])) == 1


def test_a_table_with_a_caption_of_its_own_stays_apart() -> None:
    """The same columns under another title are another table."""
    assert len(stitch([part(1, TWO, "Cash"), part(2, TWO, "Sales", "Statements of Income")])) == 2


def test_the_same_heads_over_another_stub_or_over_percentages_are_another_table() -> None:
    """A table on the next page that says other units, or turns from amounts to percentages, does not go on."""

    def made(page: int, text: str, stub: tuple[str, ...]) -> Part:
        cells = (Cell(text, 0, 0, box(180, 100, 200)), Cell(text, 0, 1, box(280, 100, 300)))
        return Part(Table((), stub, TWO, (BodyRow("Cash", 0.0, cells),), (page,)))

    assert len(stitch([made(1, "1,234", ("(In millions)",)), made(2, "2,345", ("(In thousands)",))])) == 2
    assert len(stitch([made(1, "1,234", ()), made(2, "42 %", ())])) == 2
    assert len(stitch([made(1, "1,234", ("(In millions)",)), made(2, "2,345", ("(In millions)",))])) == 1


def test_a_gap_in_the_pages_keeps_tables_apart() -> None:
    """A continuation starts on the very next page."""
    assert len(stitch([part(1, TWO, "Cash"), part(3, BARE, "Total")])) == 2


def test_running_heads_are_no_caption() -> None:
    """A running head above the continuation does not keep it apart."""
    parts = [part(1, TWO, "Cash"), part(2, BARE, "Total", "ACME CORP 12")]
    assert len(stitch(parts, frozenset({"ACME CORP #"}))) == 1
    assert len(stitch(parts)) == 2


def box(left: float, top: float, right: float) -> PagePlace:
    """A place on page 2 (the page does not matter here)."""
    return PagePlace(page=2, bbox=(left, top, right, top + 10))


def placed(page: int, heads: tuple[tuple[str, ...], ...], rights: tuple[float, ...], above: tuple[Line, ...]) -> Part:
    """A table of one row whose figures end at ``rights``, below lines."""
    cells = tuple(Cell("1", 0, i, box(right - 20, 100, right)) for i, right in enumerate(rights))
    rows = (BodyRow("Cash", 0.0, cells, box(50, 100, 90)),)
    return Part(Table(tuple(line.text for line in above), (), heads, rows, (page,)), above)


def test_columns_that_are_missing_on_the_next_page_are_left_blank() -> None:
    """A column of notes without a note on the next page: the figures stay under their heads by their edges."""
    parts = [placed(1, (("Note",), *TWO), (200, 300, 400), ()), placed(2, BARE, (300, 400), ())]
    (whole,) = stitch(parts)
    assert [cell is not None for cell in whole.rows[1].cells] == [False, True, True]


def test_sections_at_the_top_of_the_next_page_are_rows() -> None:
    """A label at the left above a part without heads is a section of the table, no title."""
    parts = [placed(1, TWO, (300, 400), ()), placed(2, BARE, (300, 400), (Line("Liabilities:", box(50, 80, 100)),))]
    (whole,) = stitch(parts)
    assert [row.label for row in whole.rows] == ["Cash", "Liabilities:", "Cash"]


def test_a_title_in_the_middle_of_the_next_page_keeps_tables_apart() -> None:
    """A line set in the middle above the same columns is the title of another table."""
    title = Line("Statements of Income", box(180, 80, 280), centred=True)
    assert len(stitch([placed(1, TWO, (300, 400), ()), placed(2, BARE, (300, 400), (title,))])) == 2


def test_the_foot_of_a_page_of_text_does_not_part_a_table_that_says_it_goes_on() -> None:
    """Between two page breaks stands "-14-", a stretch of its own; the title below says what is continued."""
    first = placed(1, TWO, (300, 400), (Line("Statements of Income", box(180, 80, 280)),))
    going = placed(3, TWO, (300, 400), (Line("Statements of Income (Continued)", box(180, 80, 280)),))
    other = placed(3, TWO, (300, 400), (Line("Balance Sheets (Continued)", box(180, 80, 280)),))
    assert len(stitch([first, going])) == 1
    assert len(stitch([first, other])) == 2

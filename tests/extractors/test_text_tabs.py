"""Rows by tabs under heads by blanks: each test shows its document."""

from extractors.page import DEFAULT
from extractors.tables import Table, find_tables
from extractors.text import read_text
from extractors.text.decode import SourceLine
from extractors.text.tabs import lay_tabs


def tables(text: str) -> list[Table]:
    """The tables of a document."""
    return list(find_tables(read_text(text.encode(), DEFAULT)).tables)


def cells(table: Table) -> list[list[str | None]]:
    """Labels and figures of the rows."""
    return [[row.label, *(cell.text if cell else None for cell in row.cells)] for row in table.rows]


TAGGED = """\
<TABLE>
<CAPTION>
                               Note      2024        2023
<S>                            <C>     <C>         <C>
Sales\t\t1,500\t1,200
Interest expense\t7\t(200)\t(100)
                                       ---------   ---------
Net income\t\t1,300\t1,100
</TABLE>
"""


def test_tags_say_where_the_cells_of_tabs_stand() -> None:
    """An empty cell keeps its place, a rule between the rows parts nothing, and the heads stand over their columns."""
    (table,) = tables(TAGGED)
    assert table.heads == (("Note",), ("2024",), ("2023",))
    assert cells(table) == [
        ["Sales", None, "1,500", "1,200"],
        ["Interest expense", "7", "(200)", "(100)"],
        ["Net income", None, "1,300", "1,100"],
    ]


def test_heads_say_the_columns_where_no_tags_are() -> None:
    """As many phrases above the rows as these have figures are their heads."""
    (table,) = tables(
        """\
                    June 30,    June 30,
                        2024        2023
Cash\t100\t90
Inventories\t50\t40
Total\t150\t130
"""
    )
    assert table.heads == (("June 30, 2024",), ("June 30, 2023",))
    assert cells(table)[2] == ["Total", "150", "130"]


def test_places_count_the_characters_of_the_file() -> None:
    """A line laid out anew still says where its figures stand in the file."""
    lines = [SourceLine(n, text) for n, text in enumerate(TAGGED.splitlines(), 1)]
    sales = lay_tabs(lines)[4]
    assert "\t" not in sales.text
    start = sales.text.index("1,200")
    place = sales.place(start, start + 5)
    assert lines[4].text[place.start : place.end] == "1,200"


def test_rows_whose_columns_nothing_marks_are_left() -> None:
    """Without heads, rules or tags that agree with the cells the tabs stay as they are."""
    lines = [SourceLine(1, "Cash\t100\t90"), SourceLine(2, "Total\t150\t130")]
    assert lay_tabs(lines) == lines

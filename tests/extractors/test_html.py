"""HTML as filing agents write it: what is visible, in reading order, with the place of each cell."""

from collections.abc import Sequence

import pytest

from extractors.convert import convert
from extractors.html import read_html
from extractors.page import DEFAULT, Cell, Document, Grid, HtmlPlace, Line, Page, TextPlace
from extractors.text import read_lines
from schemas.errors import EmptyError
from schemas.filing import Finding

FIGURES = "<tr><td>Sales</td><td>1,234</td></tr><tr><td>Costs</td><td>(234)</td></tr>"
TABLE = f"<table>{FIGURES}</table>"


def read(markup: str | bytes) -> Document:
    return read_html(markup if isinstance(markup, bytes) else markup.encode(), DEFAULT, read_lines)


def lines(document: Document) -> list[str]:
    return [block.text for page in document.pages for block in page.flow if isinstance(block, Line)]


def grids(document: Document) -> list[Grid]:
    return [block for page in document.pages for block in page.flow if isinstance(block, Grid)]


def cells(document: Document) -> list[Cell]:
    return [cell for grid in grids(document) for cell in grid.cells]


def texts(document: Document) -> list[list[str]]:
    """The cells of the first grid, row by row."""
    grid = grids(document)[0]
    return [[cell.text for cell in grid.cells if cell.row == row] for row in range(grid.rows)]


def codes(document: Document) -> set[tuple[str, str]]:
    return {(finding.code, finding.severity) for finding in document.findings}


def test_lines_and_grids_in_reading_order() -> None:
    """Headings, breaks and paragraphs are lines, a table of figures is a grid, in the order of the page."""
    document = read(f"<body><p>Mills Inc<br>Statement of income</p>{TABLE}<div>See notes.</div>")
    flow = document.pages[0].flow
    assert [block.text if isinstance(block, Line) else "grid" for block in flow] == [
        "Mills Inc",
        "Statement of income",
        "grid",
        "See notes.",
    ]
    assert texts(document) == [["Sales", "1,234"], ["Costs", "(234)"]]


def test_places_count_every_table_row_and_cell() -> None:
    """Places count hidden tables, rows and cells too, so that anybody can find the cell in the markup."""
    document = read(
        "<div style='display:none'><table><tr><td>9</td></tr></table></div>"
        "<table><tr style='visibility:hidden'><td>9</td></tr>"
        "<tr><td>Sales</td><td hidden>9</td><td>1,234</td></tr><tr><td>Costs<td>5<td>(234)</tr></table>"
    )
    assert [(c.text, c.place) for c in cells(document)][:2] == [
        ("Sales", HtmlPlace(table=1, row=1, cell=0)),
        ("1,234", HtmlPlace(table=1, row=1, cell=2)),
    ]


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>document.write('{}')</script>",
        "<template>{}</template>",
        "<noscript>{}</noscript>",
        "<!--{}-->",
        "<div style='color:red;display: none'>{}</div>",
        "<div hidden>{}</div>",
        "<ix:header><ix:hidden>{}</ix:hidden></ix:header>",
        "<style>.off td, div.gone {{ display:none }}</style><div class='gone x'>{}</div>",
    ],
)
def test_hidden_copies_are_not_read(hidden: str) -> None:
    """What a browser does not show is not read, however it is hidden."""
    document = read("<body>" + hidden.format(TABLE.replace("1,234", "9,999")) + TABLE)
    assert [cell.text for cell in cells(document)] == ["Sales", "1,234", "Costs", "(234)"]


def test_inline_xbrl_wrappers_are_transparent() -> None:
    """The visible content of inline XBRL is read as if the tags were not there."""
    document = read(
        TABLE.replace("1,234", "<ix:nonfraction scale='3' name='us-gaap:Sales'>1,2<span>34</span></ix:nonfraction>")
    )
    assert texts(document)[0] == ["Sales", "1,234"]


def test_spans_are_resolved_and_clamped() -> None:
    """Spans move the cells beside and below them; impossible ones are cut and reported."""
    document = read(
        "<table><tr><td rowspan=99>2001</td><td colspan=2>Three months</td></tr>"
        "<tr><td>1,234</td><td>1,100</td></tr><tr><td>5</td><td colspan=1000000000>6</td></tr></table>"
    )
    grid = grids(document)[0]
    assert (grid.rows, grid.columns) == (3, 4)
    assert [(c.text, c.row, c.column, c.row_span, c.column_span) for c in grid.cells] == [
        ("2001", 0, 0, 3, 1),
        ("Three months", 0, 1, 1, 2),
        ("1,234", 1, 1, 1, 1),
        ("1,100", 1, 2, 1, 1),
        ("5", 2, 1, 1, 1),
        ("6", 2, 2, 1, 2),
    ]
    assert ("spans_clamped", "error") in codes(document)


def test_layout_tables_dissolve() -> None:
    """A table around other tables is layout; its own rows of figures, before and after, stay a table."""
    document = read(f"<table>{FIGURES}<tr><td>Left note</td><td>{TABLE}</td></tr><tr><td>Tax<td>7.5</tr></table>")
    flow = document.pages[0].flow
    assert [type(block).__name__ for block in flow] == ["Grid", "Line", "Grid", "Grid"]
    assert [cell.place for cell in cells(document)][4] == HtmlPlace(table=1, row=0, cell=0)


def test_small_table_in_a_cell_is_the_text_of_the_cell() -> None:
    """A currency sign and a number set as a table of their own are one cell of the row around them."""
    inner = "<table><tr><td>$</td><td>1,234</td></tr></table>"
    document = read(f"<table><tr><td>Sales</td><td>{inner}</td></tr><tr><td>Costs</td><td>(234)</td></tr></table>")
    assert texts(document) == [["Sales", "$ 1,234"], ["Costs", "(234)"]]


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        ("<table><tr><td>MILLS INC</td></tr><tr><td>Balance sheet</td></tr></table>", ["MILLS INC", "Balance sheet"]),
        ("<table><tr><td>&bull;</td><td>Sales rose by 5</td></tr></table>", ["\N{BULLET} Sales rose by 5"]),
        (
            "<table><tr><td>(1)</td><td>Restated.</td></tr><tr><td>(2)</td><td>New.</td></tr></table>",
            ["(1) Restated.", "(2) New."],
        ),
        ("<table><tr><td>Annual report</td><td>12</td></tr></table>", ["Annual report 12"]),
    ],
)
def test_lists_and_headings_set_as_tables_are_lines(markup: str, said: list[str]) -> None:
    """One column, bullets beside words, a running foot: running text, not tables."""
    document = read(markup)
    assert (lines(document), grids(document)) == (said, [])


def test_table_of_words_is_a_table() -> None:
    """Words in several columns and rows are a table, although nothing in it is a figure."""
    document = read(
        "<table><tr><th>Name<th>Office</tr><tr><td>A. Smith<td>Chair</tr><tr><td>B. Jones<td>Clerk</tr></table>"
    )
    assert texts(document) == [["Name", "Office"], ["A. Smith", "Chair"], ["B. Jones", "Clerk"]]


def test_indent_bold_and_heads() -> None:
    """Padding, hanging indents, hard blanks and style sheets set labels in; th and weight are kept."""
    document = read(
        "<style>td.sub{padding-left:20pt}</style><table><thead><tr><td></td><th>2001</th></tr></thead>"
        "<tr><th scope=row style='padding-left:20pt;text-indent:-10pt'>Sales</th><td>1,234</td></tr>"
        "<tr><td class=sub><b>Costs</b></td><td>(234)</td></tr>"
        "<tr><td>&nbsp;&nbsp;Net</td><td style='font-weight:700'>1,000</td></tr></table>"
    )
    found = {cell.text: cell for cell in cells(document)}
    assert [found[label].indent for label in ("Sales", "Costs", "Net")] == [1.0, 2.0, 1.0]
    assert [text for text, cell in found.items() if cell.bold] == ["2001", "Sales", "Costs", "1,000"]
    assert [text for text, cell in found.items() if cell.head] == ["2001"]


@pytest.mark.parametrize(
    "between",
    [
        ("<td>(234)", "<td style='border-top:1px solid #000'>1,000"),
        ("<td style='border-bottom:solid black 1pt'>(234)", "<td>1,000"),
        ("<td>(234)<hr>", "<td>1,000"),
        ("<td>(234)<br>-----", "<td>1,000"),
        ("<td>(234)<tr><td><td>=====", "<td>1,000"),
    ],
)
def test_rule_above_a_sum(between: tuple[str, str]) -> None:
    """However the rule is drawn, the figure under it is marked, and the rule under the heads marks nothing."""
    document = read(
        "<table><tr><td><td style='border-bottom:1px solid'>2001</tr><tr><td>Sales<td>1,234</tr>"
        f"<tr><td>Costs{between[0]}</tr><tr><td>Net{between[1]}</tr></table>"
    )
    assert [cell.text for cell in cells(document) if cell.ruled] == ["1,000"]


def test_lines_side_by_side_in_one_row_are_rows() -> None:
    """A row whose cells hold as many lines each is as many rows; a label that is merely wrapped is not cut."""
    document = read("<table><tr><td>Sales<br>Costs<td>1,234<br>(234)</tr><tr><td>Net of<br>tax<td>1,000</tr></table>")
    assert texts(document) == [["Sales", "1,234"], ["Costs", "(234)"], ["Net of tax", "1,000"]]
    assert {cell.place for cell in cells(document) if cell.row < 2} == {
        HtmlPlace(table=0, row=0, cell=0),
        HtmlPlace(table=0, row=0, cell=1),
    }


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("1,234<sup>1</sup>", "1,234 (1)"),
        ("<span style='vertical-align:super'>2</span>1,234", "1,234 (2)"),
        ("1,234<sup>(a)</sup>", "1,234(a)"),
        ("Share<sup>1</sup>", "Share1"),
        ("1&#8203;,2&shy;34&nbsp;", "1,234"),
        ("&#151;", "\N{EM DASH}"),
        ("Profit<br>(loss)", "Profit (loss)"),
        ("<img src='/img/emdash.gif'>", "\N{EM DASH}"),
    ],
)
def test_text_of_a_cell(markup: str, text: str) -> None:
    """Raised marks never run into a figure, invisible characters vanish, pictures of dashes are dashes."""
    assert texts(read(TABLE.replace("1,234", markup)))[0][1] == text


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (
            b"<meta charset=windows-1252><table>" + FIGURES.replace("1,234", "\N{EM DASH}").encode("cp1252"),
            None,
        ),
        (b"\xff\xfe" + f"<meta charset=utf-8>{TABLE}".replace("1,234", "\N{EM DASH}").encode("utf-16-le"), None),
        (b"\xef\xbb\xbf<meta charset=koi8-r>" + TABLE.replace("1,234", "\N{EM DASH}").encode(), None),
        (b"<meta charset=utf-8>" + TABLE.replace("1,234", "\N{EM DASH}").encode("cp1252"), "charset"),
        (b"<p>\xe2\x80\x93 \xb7" + TABLE.replace("1,234", "\N{EM DASH}").encode(), "charset"),
        (b"<p>a\0b" + TABLE.replace("1,234", "\N{EM DASH}").encode(), "nul_bytes"),
        (b"<p>a\x07b" + TABLE.replace("1,234", "\N{EM DASH}").encode(), "control_characters"),
    ],
)
def test_dashes_survive_every_encoding(data: bytes, found: str | None) -> None:
    """A dash is a figure: marks, declarations and broken declarations all leave it a dash, and doubt is reported."""
    document = read(data)
    assert texts(document)[0] == ["Sales", "\N{EM DASH}"]
    assert {code for code, _ in codes(document)} == ({found} if found else set())


def test_deep_nesting_loses_nothing() -> None:
    """Unclosed tags by the thousand are read to the end, and said to be more than a browser shows."""
    document = read("<body>" + "<font size=2>" * 20_000 + TABLE)
    assert texts(document)[0] == ["Sales", "1,234"]
    assert codes(document) == {("nested_too_deep", "error")}


def test_text_that_the_tree_lost_is_reported() -> None:
    """A comment that is never closed swallows the page: the result is partial, not silently short."""
    document = read(f"<body><p>Annual report<!-- {TABLE}")
    assert codes(document) == {("text_lost", "error"), ("tables_lost", "error")}


def test_preformatted_text_is_words_on_the_character_plane() -> None:
    """Words of a pre carry the line of the file and their columns; rules of dashes are rules."""
    document = read(
        "<html><p>Mills</p>\n<PRE>\n<TABLE>\n<S>        <C>\nSales    1,234\n         -----\n</TABLE></PRE>"
    )
    page = document.pages[1]
    assert [(word.text, word.left, word.right, word.place) for word in page.words] == [
        ("Sales", 0.0, 30.0, TextPlace(line=5, start=0, end=5)),
        ("1,234", 54.0, 84.0, TextPlace(line=5, start=9, end=14)),
    ]
    assert [(rule.left, rule.right) for rule in page.rules] == [(54.0, 84.0)]


def test_page_that_shows_nothing_is_empty() -> None:
    """Markup without visible text is an empty document."""
    with pytest.raises(EmptyError):
        read("<html><head><title>x</title></head><body><p> </p></body></html>")


def test_endless_references_and_wide_rows_end() -> None:
    """A reference of a million digits and a row of ten thousand cells neither crash nor pass unnoticed."""
    document = read("<table><tr>" + "<td>1" * 10_000 + "</table><p>&#" + "9" * 1_000_000 + ";</p>")
    assert ("table_too_wide", "error") in codes(document)


def test_preformatted_text_goes_to_the_reader_of_lines() -> None:
    """A reader for text set with blanks gets the lines with their numbers and EDGAR's text tags, and numbers pages."""
    seen: list[tuple[list[tuple[int, str]], int]] = []

    def seeing(numbered: Sequence[tuple[int, str]], first: int) -> tuple[list[Page], list[Finding]]:
        seen.append((list(numbered), first))
        return [Page(first, flow=(Line("read", TextPlace(line=1, start=0, end=4)),))], []

    markup = "<html><p>Mills</p>\n<pre>a <b>1</b> &amp; 2\n<S> <C>\n</pre><p>End"
    document = read_html(markup.encode(), DEFAULT, seeing)
    assert seen == [([(2, "a 1 & 2"), (3, "<S> <C>"), (4, "")], 2)]
    assert lines(document) == ["Mills", "read", "End"]
    assert [page.number for page in document.pages] == [1, 2, 3]


@pytest.mark.parametrize(
    ("markup", "code"),
    [
        (f"<p>&#xD800;&#0;&#x110000;&#{'9' * 5000};</p>{TABLE}", "bad_references"),
        (f"<p>{'1,' * 3000}</p>{TABLE}", "endless_word"),
        (f"<p {' '.join(f'a{i}=1' for i in range(2000))}>text</p>{TABLE}", "too_many_attributes"),
    ],
)
def test_what_no_person_wrote_makes_the_page_partial(markup: str, code: str) -> None:
    """Numbers of no character, words without an end and floods of attributes are said; the table is read."""
    document = read(markup)
    assert codes(document) == {(code, "error")}
    assert texts(document) == [["Sales", "1,234"], ["Costs", "(234)"]]


def test_references_to_characters_are_no_finding() -> None:
    """Dashes, blanks and pictures named by their numbers are what they are."""
    document = read(f"<p>&#150;&#8212;&#x2014;&#160;&#x1F4C8;&#065;&#00000066;&#x0000000043;</p>{TABLE}")
    assert lines(document) == ["\N{EN DASH}\N{EM DASH}\N{EM DASH} \U0001f4c8ABC"]
    assert not document.findings


def test_raised_letters_at_figures_are_marks_and_years_with_marks_are_heads() -> None:
    """``9.8%ᵃ`` is 9.8 %, ``2007¹`` no figure of the first row."""
    page = (
        b"<table><tr><td></td><td>2007<sup>1</sup></td><td>2006</td></tr>"
        b"<tr><td>Return</td><td>9.8%<sup>a</sup></td><td>7.1%</td></tr></table>"
    )
    (table,) = convert(page).tables
    assert [figure.value for figure in table.figures] == ["9.8", "7.1"]
    assert table.columns[0].heads == ("2007 (1)",)


@pytest.mark.parametrize(
    "body",
    [
        '<style>.t{display:table}.r{display:table-row}.c{display:table-cell}</style><div class="t"><div class="r">'
        '<div class="c">Fee</div><div class="c">2016</div></div><div class="r"><div class="c">Wire</div>'
        '<div class="c">1,204</div></div><div class="r"><div class="c">Check</div><div class="c">377</div></div></div>',
        '<div style="display:grid;grid-template-columns:2fr repeat(1, minmax(0, 1fr))"><b>Fee</b><b>2016</b>'
        "<i>Wire</i><i>1,204</i><i>Check</i><i>377</i></div>",
        '<div style="display:flex"><p>Fee</p><p>2016</p></div><div style="display:flex"><p>Wire</p><p>1,204</p></div>'
        '<div style="display:flex"><p>Check</p><p>377</p></div>',
    ],
)
def test_tables_that_style_alone_makes_are_tables(body: str) -> None:
    """Boxes set as table, grid or flexible rows hold labels and figures like any table; real ones keep their places."""
    page = f"<html><body>{body}<table><tr><td>Rent</td><td>12</td></tr><tr><td>Heat</td><td>7</td></tr></table></body>"
    laid, real = convert(page.encode()).tables
    assert [(laid.rows[f.row].label, f.value) for f in laid.figures] == [("Wire", "1204"), ("Check", "377")]
    assert laid.columns[0].heads == ("2016",)
    assert real.figures[0].place == HtmlPlace(table=0, row=0, cell=1)


def test_boxes_at_positions_of_their_own_are_laid_on_paper() -> None:
    """What a converter sets box by box reads as rows and columns, in whatever order the boxes come."""
    rows = [
        ("", "2018", "2017"),
        ("Fares", "4,410", "4,002"),
        ("Fuel", "(3,105)", "(2,977)"),
        ("Left", "1,305", "1,025"),
    ]
    boxes = [
        f'<div style="position:absolute;left:{left}px;top:{100 + 16 * y}px;width:60px;'
        f'text-align:{align}">{row[x]}</div>'
        for x, left, align in ((2, 420, "right"), (0, 72, "left"), (1, 320, "right"))
        for y, row in enumerate(rows)
    ]
    (table,) = convert(f"<html><body><div>{''.join(boxes)}</div></body></html>".encode()).tables
    assert [column.heads for column in table.columns] == [("2018",), ("2017",)]
    assert [(table.rows[f.row].label, f.column, f.value) for f in table.figures][:3] == [
        ("Fares", 0, "4410"),
        ("Fares", 1, "4002"),
        ("Fuel", 0, "-3105"),
    ]


_REAL = "<table><tr><td>Rent</td><td>12</td></tr><tr><td>Heat</td><td>7</td></tr></table>"


@pytest.mark.parametrize(
    "body",
    [
        # a child over two tracks, out of its turn, or hidden: counting would put figures under other heads
        '<div style="display:grid;grid-template-columns:1fr 1fr 1fr"><b>Fee</b><b>2016</b><b>2015</b><i>Wire</i>'
        '<i style="grid-column:3">1,204</i><i>Check</i><i>377</i><i>378</i></div>',
        '<div style="display:flex"><p>Fee</p><p style="order:-1">2016</p><p>2015</p></div>'
        '<div style="display:flex"><p>Wire</p><p style="order:-1">1</p><p>2</p></div>',
        '<div style="display:grid;grid-template-columns:1fr 1fr"><b>Fee</b><b style="display:none">2016</b>'
        "<b>2015</b><i>Wire</i><i>1,204</i></div>",
        '<div style="display:flex;flex-direction:row-reverse"><p>2016</p><p>Fee</p></div>'
        '<div style="display:flex;flex-direction:row-reverse"><p>1,204</p><p>Wire</p></div>',
        '<div style="display:grid;grid-template-columns:repeat(999, repeat(999, 1fr))"><i>1</i></div>',
    ],
)
def test_boxes_that_style_moves_about_make_no_table(body: str) -> None:
    """Where boxes do not stand in their turn no table is counted together from them."""
    (real,) = convert(f"<html><body>{body}{_REAL}</body>".encode()).tables
    assert [f.value for f in real.figures] == ["12", "7"]


def test_a_cell_set_as_cell_by_style_in_a_real_one_adds_no_cell() -> None:
    """Boxes with the roles of rows and cells inside a real cell are its content: places and columns stay."""
    box = '<div style="display:table-row"><div style="display:table-cell">12</div></div>'
    (table,) = convert(
        f"<table><tr><td>Rent</td><td>{box}</td><td>9</td></tr><tr><td>Heat</td><td>7</td><td>8</td></tr></table>".encode()
    ).tables
    assert [(f.value, f.place) for f in table.figures] == [
        ("12", HtmlPlace(table=0, row=0, cell=1)),
        ("9", HtmlPlace(table=0, row=0, cell=2)),
        ("7", HtmlPlace(table=0, row=1, cell=1)),
        ("8", HtmlPlace(table=0, row=1, cell=2)),
    ]


def test_boxes_at_positions_show_what_is_shown() -> None:
    """Hidden parts of a box are not read, pieces of a number stand together, a raised digit is a mark."""
    rows = [
        ("", "2018"),
        ("Fares", '4,<span>410</span><span style="display:none !important">9</span>'),
        ("Fuel", "3,105<sup>2</sup>"),
        ("Left", "1,305"),
    ]
    boxes = [
        f'<div style="position:absolute !important;left:{left}px;top:{100 + 16 * y}px;font-size:-3px">{row[x]}</div>'
        for y, row in enumerate(rows)
        for x, left in ((0, 72), (1, 320))
    ]
    (table,) = convert(f"<html><body>{''.join(boxes)}</body></html>".encode()).tables
    assert [(table.rows[f.row].label, f.value) for f in table.figures] == [
        ("Fares", "4410"),
        ("Fuel", "3105"),
        ("Left", "1305"),
    ]

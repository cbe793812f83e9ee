"""PDFs through pdfium, Camelot and poppler: small documents drawn by the tests themselves."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from extractors.page import DEFAULT, Grid, Page, Profile
from extractors.pdf import read_pdf
from extractors.raster import count_with_poppler, open_pdf, read_page, render_page
from extractors.tables.rivals import choose, with_ruled
from extractors.tables.words import find_flow
from schemas.errors import EmptyError, EncryptedError, LimitError, MissingProgramError, UnreadableError

needs_poppler = pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler is not installed")


def drawn(draw: Callable[[Any], None], **options: Any) -> bytes:
    """A PDF of letter size; ``draw`` gets the canvas and ends its own pages but the last."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(612, 792), invariant=1, **options)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def statement(canvas: Any) -> None:
    """Three rows and two columns, 10 point, the figures right-aligned at 400 and 500."""
    canvas.setFont("Helvetica", 10)
    for i, row in enumerate([("Cash", "1,204", "988"), ("Notes", "310", "(45)"), ("Total", "1,514", "943")]):
        y = 700 - 14 * i
        canvas.drawString(60, y, row[0])
        canvas.drawRightString(400, y, row[1])
        canvas.drawRightString(500, y, row[2])
    canvas.line(350, 682, 400, 682)


def words_of(data: bytes, profile: Profile = DEFAULT) -> list[str]:
    return [word.text for page in read_pdf(data, profile).pages for word in page.words]


def first_grid(page: Page) -> list[list[str]]:
    grid = next(block for block in find_flow(page) if isinstance(block, Grid))
    found: dict[int, list[str]] = {}
    for cell in grid.cells:
        found.setdefault(cell.row, []).append(cell.text)
    return list(found.values())


def test_words_have_upright_boxes_and_sizes() -> None:
    """Boxes are points from the top left corner; the base line lies inside them."""
    page = read_pdf(drawn(statement), DEFAULT).pages[0]
    cash = next(word for word in page.words if word.text == "Cash")
    assert (page.width, page.height, page.route, page.rotation) == (612, 792, "text_layer", 0)
    assert cash.left == pytest.approx(60, abs=1)
    assert cash.top < 792 - 700 < cash.bottom
    assert cash.size == pytest.approx(10)
    figure = next(word for word in page.words if word.text == "1,204")
    assert figure.right == pytest.approx(400, abs=0.6)


def test_a_statement_is_read_as_a_grid_with_its_rule() -> None:
    """Words and rules of the page become rows; the rule above the total is seen."""
    page = read_pdf(drawn(statement), DEFAULT).pages[0]
    assert first_grid(page) == [["Cash", "1,204", "988"], ["Notes", "310", "(45)"], ["Total", "1,514", "943"]]
    assert [rule.horizontal for rule in page.rules] == [True]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_pages_are_made_upright(turn: int) -> None:
    """A page whose /Rotate turns it reads as its upright twin when its text is turned back."""

    def draw(canvas: Any) -> None:
        canvas.setPageRotation(turn)
        # reportlab turns the sheet as well: it is 792 wide for a quarter turn
        canvas.translate(*{90: (792, 0), 180: (612, 792), 270: (0, 612)}[turn])
        canvas.rotate(turn)
        canvas.setFont("Helvetica", 10)
        for i in range(3):
            canvas.drawString(60, 500 - 14 * i, f"Row{i}")
            canvas.drawRightString(400, 500 - 14 * i, f"1,{i}00")

    page = read_pdf(drawn(draw), DEFAULT).pages[0]
    assert page.rotation == turn
    assert first_grid(page) == [["Row0", "1,000"], ["Row1", "1,100"], ["Row2", "1,200"]]


def test_hidden_text_is_reported_and_not_read() -> None:
    """Invisible, white and off-page words are a finding."""

    def draw(canvas: Any) -> None:
        statement(canvas)
        text = canvas.beginText(60, 500)
        text.setTextRenderMode(3)
        text.textLine("invisible 9,999")
        canvas.drawText(text)
        canvas.drawString(60, 900, "outside")
        canvas.setFillGray(1)
        canvas.drawString(60, 400, "white")

    document = read_pdf(drawn(draw), DEFAULT)
    assert not {"invisible", "9,999", "outside", "white"} & set(words_of(drawn(draw)))
    (finding,) = document.findings
    assert (finding.code, finding.severity) == ("hidden_text", "warning")
    assert "9,999" in (finding.text or "")


def test_white_print_on_a_dark_band_is_read() -> None:
    """White letters count as visible where something dark lies behind them."""

    def draw(canvas: Any) -> None:
        statement(canvas)
        canvas.rect(50, 590, 300, 20, fill=1)
        canvas.setFillGray(1)
        canvas.drawString(60, 596, "Heading")

    assert "Heading" in words_of(drawn(draw))


def test_shading_is_no_rule() -> None:
    """Filled bands and pale strips are not rules; thin dark ones are."""

    def draw(canvas: Any) -> None:
        canvas.drawString(60, 700, "x")
        canvas.setFillColorRGB(0.8, 0.93, 1)
        canvas.rect(50, 600, 300, 14, stroke=0, fill=1)
        canvas.rect(50, 560, 1.5, 14, stroke=0, fill=1)
        canvas.setFillGray(0)
        canvas.rect(50, 500, 300, 0.75, stroke=0, fill=1)

    with open_pdf(drawn(draw), DEFAULT) as pdf:
        rules = read_page(pdf, 1).rules
    assert [(round(rule.left), round(rule.top), round(rule.right)) for rule in rules] == [(50, 291, 350)]


def scan(canvas: Any, words: str = "") -> None:
    """A page that is one grey image, with an invisible text layer perhaps."""
    image = Image.new("L", (850, 1100), 255)
    image.paste(0, (100, 200, 300, 220))
    canvas.drawImage(ImageReader(image), 0, 0, 612, 792)
    if words:
        text = canvas.beginText(60, 500)
        text.setTextRenderMode(3)
        text.textLine(words)
        canvas.drawText(text)


@pytest.mark.parametrize("layer", ["", "a hidden layer of recognised words"])
def test_scanned_pages_are_left_to_ocr(layer: str) -> None:
    """A page that is an image becomes a stub, whatever its hidden layer says."""
    (page,) = read_pdf(drawn(lambda canvas: scan(canvas, layer)), DEFAULT).pages
    assert (page.route, page.words) == ("ocr", ())


def test_text_without_vowels_is_not_believed() -> None:
    """A font with a wrong mapping gives words that nobody can pronounce: the page goes to OCR."""

    def draw(canvas: Any) -> None:
        for i in range(40):
            canvas.drawString(60, 740 - 14 * i, "Xqrt zvbn wklp 1,204")

    assert read_pdf(drawn(draw), DEFAULT).pages[0].route == "ocr"


def test_the_embedded_image_of_a_scan_is_taken_as_it_is() -> None:
    """A page that is one image is not rendered: its own pixels come back, with their resolution."""
    grey, dpi = render_page(drawn(scan), 1, DEFAULT)
    assert grey.shape == (1100, 850)
    assert dpi == pytest.approx(100)
    assert grey[210, 150] == 0
    assert grey[300, 150] == 255


@needs_poppler
def test_other_pages_are_rendered_in_grey() -> None:
    """Letter size at 300 dpi, ink where the text is."""
    grey, dpi = render_page(drawn(statement), 1, DEFAULT)
    assert (grey.shape, dpi) == ((3300, 2550), 300)
    assert grey[350:420, 240:400].min() < 50


@needs_poppler
def test_a_page_past_the_end_is_an_error() -> None:
    """Poppler says nothing about it; we do."""
    with pytest.raises(UnreadableError, match="Page 7"):
        render_page(drawn(statement), 7, DEFAULT)


def test_missing_poppler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pdftoppm a page that must be rendered fails with the program's name."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingProgramError, match="pdftoppm"):
        render_page(drawn(statement), 1, DEFAULT)
    assert words_of(drawn(statement))


def test_a_poster_is_rendered_at_a_lower_resolution_or_refused() -> None:
    """The limit of pixels holds before anything is rendered."""
    with pytest.raises(LimitError, match="cannot be rendered"):
        render_page(drawn(statement), 1, Profile(max_pixels=1000))


def locked(**options: Any) -> bytes:
    return drawn(statement, encrypt=StandardEncryption(canPrint=1, strength=128, **options))


def test_a_password_opens_what_asks_for_it() -> None:
    """Without it or with a wrong one the error says which; with it the words are read."""
    data = locked(userPassword="geheim", ownerPassword="chef")
    with pytest.raises(EncryptedError, match="asks for a password"):
        read_pdf(data, DEFAULT)
    with pytest.raises(EncryptedError, match="does not open"):
        read_pdf(data, Profile(password="wrong"))  # noqa: S106
    assert "Cash" in words_of(data, Profile(password="geheim"))  # noqa: S106


def test_an_owner_password_alone_locks_nothing() -> None:
    """A PDF that only restricts printing is read."""
    assert "Cash" in words_of(locked(userPassword="", ownerPassword="chef"))


def test_junk_before_the_header_is_skipped() -> None:
    """Mail gateways put lines before the header."""
    assert "Cash" in words_of(b"X-Junk: 1\r\n" * 200 + drawn(statement))


@pytest.mark.parametrize(
    ("data", "error"),
    [(b"%PDF-1.7\n", UnreadableError), (drawn(lambda _: None), EmptyError)],
)
def test_damaged_and_blank_documents_are_refused(data: bytes, error: type[Exception]) -> None:
    """What holds no page, or nothing on any page, is an error with its cause."""
    with pytest.raises(error):
        read_pdf(data, DEFAULT)


def test_too_many_pages_are_a_limit() -> None:
    """The limit is checked before any page is read."""

    def draw(canvas: Any) -> None:
        statement(canvas)
        canvas.showPage()
        statement(canvas)

    with pytest.raises(LimitError, match="2 pages"):
        read_pdf(drawn(draw), Profile(max_pages=1))


def test_only_the_pages_asked_for_are_read() -> None:
    """A stretch of pages keeps their numbers; the count stays the file's."""

    def draw(canvas: Any) -> None:
        for _ in range(3):
            statement(canvas)
            canvas.showPage()
        statement(canvas)

    document = read_pdf(drawn(draw), Profile(first_page=2, last_page=3))
    assert [page.number for page in document.pages] == [2, 3]
    assert document.page_count == 4


@needs_poppler
def test_poppler_counts_the_pages_again() -> None:
    """Two programs that disagree would be a finding; here they agree."""
    assert count_with_poppler(drawn(statement), DEFAULT) == 1


def ruled(canvas: Any) -> None:
    """A ruled table with a label of two lines in one cell."""
    canvas.setFont("Helvetica", 9)
    rows = [("Item", "2011", "2010"), ("Long label that\ngoes on", "1,204", "988"), ("Total", "1,514", "943")]
    for i, row in enumerate(rows):
        top = 700 - 30 * i
        for j, (left, right) in enumerate([(60, 200), (200, 280), (280, 360)]):
            canvas.rect(left, top - 30, right - left, 30)
            for k, part in enumerate(row[j].split("\n")):
                canvas.drawString(left + 4, top - 12 - 11 * k, part)


def test_drawn_cells_are_found_by_camelot() -> None:
    """The cells of a ruled table come back with their texts, and the better reading wins."""
    document = read_pdf(drawn(ruled), DEFAULT)
    (grid,) = document.pages[0].ruled
    assert (grid.rows, grid.columns, grid.source) == (3, 3, "camelot")
    assert [cell.text for cell in grid.cells if cell.column == 0] == ["Item", "Long label that goes on", "Total"]
    assert "camelot" in document.engines
    flow = with_ruled(find_flow(document.pages[0]), document.pages[0].ruled)
    assert [block.source for block in flow if isinstance(block, Grid)] in (["camelot"], ["words"])


def test_drawn_cells_that_hold_several_figures_lose() -> None:
    """A box around a whole column says less than the words do."""
    page = read_pdf(drawn(statement), DEFAULT).pages[0]
    grid = next(block for block in find_flow(page) if isinstance(block, Grid))
    first = grid.cells[0]
    crowded = Grid(
        1,
        2,
        tuple(
            type(first)(text, 0, i, first.place)
            for i, text in enumerate(["Cash Notes Total", "1,204 310 1,514", "988 (45) 943"])
        ),
        1,
        "camelot",
        grid.box,
    )
    assert choose(grid, crowded) is grid


def test_drawn_cells_that_reach_into_another_table_lose() -> None:
    """A row that the words put into another table is not read a second time with the drawn cells."""
    page = read_pdf(drawn(statement), DEFAULT).pages[0]
    grid = next(block for block in find_flow(page) if isinstance(block, Grid))
    assert grid.box is not None
    left, top, right, bottom = grid.box
    first = replace(grid, box=(left, top, right, top + 12))
    rest = replace(grid, box=(left, top + 14, right, bottom))
    ruled = replace(grid, source="camelot", cells=(*grid.cells, replace(grid.cells[0], text="7,003", row=grid.rows)))
    sources = [block.source for block in with_ruled((first, rest), (ruled,)) if isinstance(block, Grid)]
    assert sources == ["words", "words"]
    assert with_ruled((grid,), (ruled,)) == (ruled,)


def test_a_slanted_letter_that_leans_over_the_blank_does_not_close_it() -> None:
    """Blanks moved over, none printed, behind letters whose ink goes on beyond their advance."""

    def draw(canvas: Any) -> None:
        canvas.setFont("Times-Italic", 10)
        left = 72.0
        for word in ("CASH", "FLOWS", "FROM", "DISCONTINUED", "OPERATIONS"):
            canvas.drawString(left, 600, word)
            left += canvas.stringWidth(word, "Times-Italic", 10) + 2.4

    assert words_of(drawn(draw)) == ["CASH", "FLOWS", "FROM", "DISCONTINUED", "OPERATIONS"]


def test_raised_marks_touch_the_words_of_a_label_as_printed() -> None:
    """A raised "(1)" and the colon behind it stand without blanks where none is printed, with one where one is."""

    def draw(canvas: Any) -> None:
        statement(canvas)
        canvas.drawString(60, 656, "Per share")
        left = 60 + canvas.stringWidth("Per share", "Helvetica", 10)
        canvas.setFont("Helvetica", 6.5)
        canvas.drawString(left, 660, "(1)")
        canvas.drawString(100, 646, "(a)")
        left += canvas.stringWidth("(1)", "Helvetica", 6.5)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(left, 656, ":")
        canvas.drawRightString(100 - 2.8, 642, "Basic")
        for x in (400, 500):
            canvas.drawRightString(x, 642, "1.20")

    labels = [row[0] for row in first_grid(read_pdf(drawn(draw), DEFAULT).pages[0])]
    assert labels[3:] == ["Per share(1):", "Basic (a)"]


def test_dates_in_typewriter_letters_are_cut_behind_their_years() -> None:
    """Where blanks are as wide as gaps, dates over each column are told apart."""

    def draw(canvas: Any) -> None:
        canvas.setFont("Courier", 10)
        for i, x in enumerate((300, 355, 410, 465)):
            canvas.drawRightString(x, 714, "31, 19" + str(93 - i))
        for i in range(3):
            canvas.drawString(60, 700 - 14 * i, "Row of words")
            for x in (300, 355, 410, 465):
                canvas.drawRightString(x, 700 - 14 * i, "$11,204")

    grid = next(b for b in find_flow(read_pdf(drawn(draw), DEFAULT).pages[0]) if isinstance(b, Grid))
    assert [cell.text for cell in grid.cells if cell.head] == ["31, 1993", "31, 1992", "31, 1991", "31, 1990"]


def test_figures_of_one_digit_in_columns_are_no_spaced_type() -> None:
    """A short label and four figures of one digit: the gaps between columns say nothing of those between letters."""

    def counts(canvas: Any) -> None:
        canvas.setFont("Helvetica", 9)
        canvas.drawString(60, 700, "Fire")
        for right, figure in zip((305, 345, 385, 425), "38-2", strict=True):
            canvas.drawRightString(right, 700, figure)
        canvas.setFont("Helvetica", 9)
        canvas.drawString(60, 660, "T O T A L S  O F  A L L")

    assert words_of(drawn(counts))[:5] == ["Fire", "3", "8", "-", "2"]

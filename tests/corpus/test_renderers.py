"""Whatever the medium, every figure of the filing is printed, and the same seed gives the same bytes."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pypdfium2
import pytest

from corpus import render_html, render_ocr, render_pdf, render_text
from corpus.demo_set import PASSWORD
from corpus.filings import make
from corpus.layouts import Layout, digits, draw
from corpus.model import Filing

SEEDS = range(24)


def _wanted(filing: Filing, layout: Layout) -> list[str]:
    return [digits(f, layout.numbers) for t in filing.tables for _, _, f in t.figures() if not f.nil]


def _missing(filing: Filing, layout: Layout, text: str) -> list[str]:
    """Figures that stand nowhere in ``text``, each occurrence counted."""
    bare = re.sub(r"[^\S\n]+", " ", text)
    return [d for d in set(_wanted(filing, layout)) if bare.count(d) < _wanted(filing, layout).count(d)]


def _visible(page: str) -> str:
    """What a browser shows of the HTML, blanks between cells."""
    return html.unescape(re.sub(r"<(?!/?ix|/?sup|/?b>|/?font)[^>]*>", " ", re.sub(r"</?(ix|sup)[^>]*>", "", page)))


@pytest.mark.parametrize("dialect", sorted(render_html.WRITERS))
@pytest.mark.parametrize("seed", [3, 10, 14])
def test_html_shows_every_figure(seed: int, dialect: str) -> None:
    """Each HTML dialect shows each figure as often as the filing holds it."""
    filing = make(seed)
    layout = replace(draw(filing, 0), html=dialect)
    assert _missing(filing, layout, _visible(render_html.render(filing, layout))) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_text_shows_every_figure(seed: int) -> None:
    """Fixed-width text shows each figure, and no line of a table is broken."""
    filing = make(seed)
    layout = draw(filing, 0)
    assert _missing(filing, layout, render_text.render(filing, layout)) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_pdf_has_every_figure_in_its_text_layer(seed: int) -> None:
    """A page's text layer holds each figure, in every typeface and layout drawn."""
    filing = make(seed)
    layout = draw(filing, 0)
    document = pypdfium2.PdfDocument(render_pdf.render(filing, layout))
    text = "\n".join(document[i].get_textpage().get_text_bounded() for i in range(len(document)))
    assert _missing(filing, layout, text) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_printed_off_the_page(seed: int) -> None:
    """Every character of a PDF lies inside its page."""
    filing = make(seed)
    document = pypdfium2.PdfDocument(render_pdf.render(filing, draw(filing, 0)))
    for number in range(len(document)):
        page = document[number]
        left, bottom, right, top = page.get_mediabox()
        words = page.get_textpage()
        for i in range(words.count_rects()):
            box = words.get_rect(i)
            assert box[0] >= left - 1
            assert box[1] >= bottom - 1
            assert box[2] <= right + 1
            assert box[3] <= top + 1


@pytest.mark.parametrize("form", ["tab", "pipe"])
@pytest.mark.parametrize("seed", [3, 10, 14])
def test_undamaged_markdown_shows_every_figure(seed: int, form: str) -> None:
    """Without damage the Markdown holds each figure, each row with as many cells as the others."""
    filing = make(seed)
    layout = draw(filing, 0)
    reading = render_ocr.markdown(filing, layout, 1, form="tab" if form == "tab" else "pipe", per_table=0)
    assert _missing(filing, layout, reading.text) == []
    assert reading.damage == []
    table = filing.tables[0]
    rows = render_ocr.markdown_rows(table, render_ocr.cells_of(table, layout), "tab")
    assert len({r.count("\t") for r in rows}) == 1


@pytest.mark.parametrize("seed", [3, 10, 14])
def test_undamaged_ocr_text_shows_every_figure(seed: int) -> None:
    """Without damage the collapsed text holds each figure."""
    filing = make(seed)
    layout = draw(filing, 0)
    assert _missing(filing, layout, render_ocr.collapsed(filing, layout, 1, per_table=0).text) == []


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Rendering twice gives identical HTML, PDF and text."""
    filing = make(5)
    layout = draw(filing, 0)
    assert render_pdf.render(filing, layout) == render_pdf.render(make(5), draw(make(5), 0))
    assert render_html.render(filing, layout) == render_html.render(make(5), layout)
    assert render_text.render(filing, layout) == render_text.render(make(5), layout)


def test_a_rotated_landscape_page_says_so() -> None:
    """The page is upright paper with a rotation entry, and is shown wider than high."""
    filing = make(3)
    pdf = render_pdf.render(filing, replace(draw(filing, 0), landscape=True, rotated=True))
    page = pypdfium2.PdfDocument(pdf)[0]
    assert page.get_rotation() == 90
    assert page.get_width() > page.get_height()


def test_an_encrypted_pdf_opens_with_its_password_only() -> None:
    """Without the password the file does not open."""
    filing = make(3)
    pdf = render_pdf.render(filing, draw(filing, 0), PASSWORD)
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(pdf)
    assert len(pypdfium2.PdfDocument(pdf, password=PASSWORD)) > 0


def test_hidden_text_is_in_the_file_and_not_on_the_page() -> None:
    """Invisible ink leaves the picture of the page as it was."""
    filing = make(3)
    layout = draw(filing, 0)
    plain = pypdfium2.PdfDocument(render_pdf.render(filing, layout))[0]
    hidden = pypdfium2.PdfDocument(render_pdf.render(filing, replace(layout, hidden_text=True)))[0]
    assert "99,999,999" in hidden.get_textpage().get_text_bounded()
    assert hidden.render(scale=1).to_pil().tobytes() == plain.render(scale=1).to_pil().tobytes()

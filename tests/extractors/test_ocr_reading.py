"""Scanned statements read end to end by the real tesseract and the real recogniser."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from extractors.numbers import read_number
from extractors.ocr import read_image, read_pages
from extractors.page import DEFAULT, Page
from tests.fakes.scans import DPI, STATEMENT, draw, encode

FIGURES = sorted(str(number.value) for _, *texts in STATEMENT for text in texts if (number := read_number(text)))


def figures(page: Page) -> list[str]:
    """The values right of the labels, dashes as nought."""
    numbers = [read_number(word.text) for word in page.words if word.left > 300]
    return sorted(str(number.value) for number in numbers if number is not None)


def read(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Page:
    return read_image(encode(pixels), DEFAULT).pages[0]


def lines(page: Page) -> Sequence[str]:
    """The words of the page row by row."""
    rows: dict[int, list[str]] = {}
    for word in sorted(page.words, key=lambda word: word.left):
        rows.setdefault(round((word.middle * DPI / 72 - 135) / 60), []).append(word.text)
    return [" ".join(rows[row]) for row in sorted(rows)]


def test_every_figure_of_a_statement_is_read() -> None:
    """Figures, a lone digit, a dash, brackets and the labels come out as drawn."""
    page = read(draw())
    assert figures(page) == FIGURES
    assert lines(page)[0] == "Revenue from products 8,178 (529)"
    assert page.route == "ocr"
    assert page.findings == ()
    assert len(page.rules) == 2


def test_words_stand_where_they_are_printed() -> None:
    """Boxes are points from the top left corner: right edges are those of the columns."""
    page = read(draw())
    figure = next(word for word in page.words if "8,178" in word.text)
    assert figure.right == pytest.approx(1150 * 72 / DPI, abs=1.5)
    assert 115 * 72 / DPI < figure.top < figure.bottom < 165 * 72 / DPI
    assert (round(page.width), round(page.height)) == (612, 396)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_in_any_position_is_read_upright(quarters: int) -> None:
    """Sideways and upside-down pages give the same figures, and say how they were turned."""
    rows = [*STATEMENT, ("Depreciation and amortization", "744", "(91.3)"), ("Net earnings of the year", "252", "82")]
    page = read(np.ascontiguousarray(np.rot90(draw(rows), quarters)))
    assert page.rotation == quarters * 90
    assert (round(page.width), round(page.height)) == (612, 396)
    assert "8178" in figures(page)
    assert "-91.3" in figures(page)


def test_both_readers_make_a_figure_certain() -> None:
    """A clear figure that both readers give passes the bound of review, and more surely than one that one gives."""
    long = [(f"{label} of the company and its many subsidiaries", *texts) for label, *texts in STATEMENT]
    page = read(draw(long))
    near, far = (next(word for word in page.words if text in word.text) for text in ("5,063", "5,727"))
    assert near.confidence >= DEFAULT.review_bound
    assert near.confidence > far.confidence


def test_a_damaged_page_does_not_lose_the_other() -> None:
    """The last page of a cut-off TIFF is a finding, the first is read."""
    data = encode(draw(), draw())
    document = read_image(data[:-900_000], DEFAULT)
    assert figures(document.pages[0]) == FIGURES
    assert [finding.code for finding in document.findings] == ["damaged_page"]


def test_the_same_bytes_give_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither time zone nor locale nor the number of threads asked for changes a word."""
    data = encode(draw())
    first = read_image(data, DEFAULT)
    for name, value in (("TZ", "Asia/Tokyo"), ("LC_ALL", "de_DE.UTF-8"), ("OMP_THREAD_LIMIT", "7")):
        monkeypatch.setenv(name, value)
    assert read_image(data, DEFAULT) == first


def test_pages_of_a_pdf_are_read_as_scans() -> None:
    """A PDF that is one image gives the words of the image; a page it does not have is a finding."""
    import io  # noqa: PLC0415

    from PIL import Image  # noqa: PLC0415 # only this test writes a PDF

    file = io.BytesIO()
    Image.fromarray(draw()).save(file, "PDF", resolution=DPI)
    page, missing = read_pages(file.getvalue(), [1, 2], DEFAULT)
    assert figures(page) == FIGURES
    assert [finding.severity for finding in missing.findings] == ["error"]
    assert missing.words == ()

"""Print in grey, in a light colour or on a dark band is read like black print; the back of the sheet is not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from extractors.numbers import read_number
from extractors.ocr import read_image
from extractors.ocr.bands import invert_bands
from extractors.page import DEFAULT, Page
from tests.fakes.scans import DPI, draw, encode

ROWS = (
    ("Cash and cash equivalents", "14,231", "11,904"),
    ("Restricted cash held abroad", "7", "5"),
    ("Accounts receivable", "22,518", "19,377"),
    ("Deposits with suppliers", "9", "2"),
    ("Inventories", "31,846", "28,455"),
)
FIRST, SECOND = ["14231", "22518", "31846", "7", "9"], ["11904", "19377", "2", "28455", "5"]
Grey = npt.NDArray[np.uint8]


def paled(page: Grey, grey: int, columns: slice = slice(None)) -> Grey:
    """The page with some of its columns of pixels printed in grey."""
    page = page.copy()
    page[:, columns] = 255 - ((255 - page[:, columns].astype(int)) * (255 - grey) // 255).astype(np.uint8)
    return page


def figures(page: Page) -> list[str]:
    """The values right of the labels."""
    numbers = [read_number(word.text) for word in page.words if word.left > 300]
    return sorted(str(number.value) for number in numbers if number is not None)


def read(page: Grey) -> Page:
    return read_image(encode(page), DEFAULT).pages[0]


@pytest.mark.parametrize("grey", [110, 150, 215])
def test_a_column_in_grey_is_read(grey: int) -> None:
    """The figures of the year before, set in grey beside black ones, are read: those of one digit too."""
    page = read(paled(draw(ROWS), grey, slice(1200, None)))
    assert figures(page) == sorted(FIRST + SECOND)
    assert page.findings == ()


def test_a_pale_page_is_read() -> None:
    """A page without any ink is not blank where something is printed on it."""
    assert figures(read(paled(draw(ROWS), 222))) == sorted(FIRST + SECOND)


def test_white_paper_is_blank() -> None:
    """The grain of the paper alone is neither print nor a finding."""
    grain = np.random.default_rng(4).normal(248, 3, (1100, 1700)).clip(0, 255).astype(np.uint8)
    _, page = read_image(encode(draw(ROWS), grain), DEFAULT).pages
    assert (page.words, page.findings) == ((), ())


def test_the_back_of_the_sheet_is_not_read() -> None:
    """Mirrored pale lines between the rows are left alone; that something was left is said."""
    front, back = draw(ROWS), paled(np.ascontiguousarray(draw(ROWS)[:, ::-1]), 215)
    page = read(np.minimum(front, np.roll(back, 400, axis=0)))
    assert figures(page) == sorted(FIRST + SECOND)
    assert [finding.code for finding in page.findings] == ["unread_print"]


def test_a_page_of_lone_digits_is_read_to_its_end() -> None:
    """Tesseract passes over most digits that stand alone; all of them are read one by one."""
    rows = [
        (f"Region {chr(65 + line)}", *(str((line * 7 + column) % 9 + 1) for column in range(2))) for line in range(15)
    ]
    values = sorted(digit for _, *digits in rows for digit in digits)
    assert figures(read(draw(rows))) == values


@pytest.mark.parametrize(("band", "print_"), [(0, 255), (60, 230), (170, 255), (190, 0), (120, 0)])
def test_a_row_on_a_band_is_read(band: int, print_: int) -> None:
    """Totals in white on a dark band are read, and so is black print on a grey one."""
    page = draw(ROWS)
    row = page[357:412, 100:1560].astype(int)
    page[357:412, 100:1560] = (band + (255 - row) * (print_ - band) // 255).astype(np.uint8)
    assert figures(read(page)) == sorted(FIRST + SECOND)


def test_a_dark_picture_stays_as_it_is() -> None:
    """Only bands with light print on them are turned about: no black box, no photograph, no shadow at the edge."""
    page = draw(ROWS)
    page[700:800, 200:900] = 30
    page[850:1000, 200:900] = np.random.default_rng(3).integers(0, 255, (150, 700))
    page[:, :90] = 20
    assert invert_bands(page, DPI) is page

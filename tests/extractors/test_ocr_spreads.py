"""Two pages on one sheet: found by the paper between them and by labels on either side, read one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from extractors.ocr import read_image
from extractors.ocr.spreads import find_gutter, find_shadow
from extractors.page import DEFAULT
from tests.fakes.scans import DPI, STATEMENT, draw, encode, scan

ROWS = [*STATEMENT, ("Provision for income taxes", "12", "13"), ("Net earnings for the year", "984", "830")]
MORE = [("Long-term borrowings due", "1", "2"), ("Deferred income tax liability", "3", "4")]


def opened(left: int, right: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Two pages side by side, each moved down by so many pixels."""
    pages = [np.roll(draw([*ROWS, *MORE]), down, axis=0) for down in (left, right)]
    return np.hstack(pages)


def test_the_fold_lies_between_two_pages_of_labels() -> None:
    """In the paper between the figures of the left page and the labels of the right one."""
    fold = find_gutter(scan(opened(0, 31)))
    assert fold is not None
    assert 1500 < fold < 1820


def test_a_wide_table_is_no_spread() -> None:
    """Neither columns of figures far apart nor a portrait page are parted, nor two tables below one title."""
    one = draw([*ROWS, *MORE])
    assert find_gutter(scan(one)) is None
    figures_only = draw([("", *figures) for _, *figures in [*ROWS, *MORE]])
    assert find_gutter(scan(np.hstack([one, figures_only]))) is None
    titled = opened(0, 31)
    titled[40:60, 1300:2200] = 0
    assert find_gutter(scan(titled)) is None


def test_the_shadow_of_a_fold_parts_pages_whatever_is_printed_on_them() -> None:
    """A page without labels has its own skew too; a column rule is no shadow, nor is a photograph at the middle."""
    page = np.hstack([draw([*ROWS, *MORE]), draw([("", "12", "13")])])
    assert find_gutter(scan(page)) is None
    shaded = page.copy()
    depth = 120 - np.abs(np.arange(-60, 60)) * 2
    shaded[:, 1640:1760] -= np.minimum(depth, 200).astype(np.uint8)
    fold = find_gutter(scan(shaded))
    assert fold is not None
    assert abs(fold - 1700) <= 2
    ruled = page.copy()
    ruled[:, 1700:1704] = 0
    assert find_shadow(ruled) is None
    ruled[:, 1500:2000] = 90
    assert find_shadow(ruled) is None


def test_the_pages_of_a_spread_may_be_ruled_forms_and_a_lid_may_lie_across_them() -> None:
    """Lines tie all labels together, and a dark edge above crosses the strip between the pages."""
    sheet = opened(0, 31)
    for left in (100, 1800):
        for top in range(100, 620, 60):
            sheet[top : top + 2, left : left + 1450] = 0
        sheet[100:580, left : left + 3] = 0
    sheet[:8] = 0
    fold = find_gutter(scan(sheet))
    assert fold is not None
    assert 1500 < fold < 1820


@pytest.mark.parametrize("shadow", [False, True])
def test_both_pages_are_read_whole(shadow: bool) -> None:
    """The right page's words stand below the left's, their places where they are printed; a dark fold is no matter."""
    sheet = opened(0, 31)
    if shadow:
        sheet[:, 1660:1666] = 60
    page = read_image(encode(sheet), DEFAULT).pages[0]
    earnings = [word for word in page.words if word.text == "984"]
    assert len(earnings) == 2
    first, second = sorted(earnings, key=lambda word: word.top)
    assert second.top - first.top > page.height * 0.9
    places = [word.place.model_dump()["bbox"] for word in (first, second)]
    assert places[1][0] - places[0][0] == pytest.approx(1700 * 72 / DPI, abs=2)
    assert places[1][1] - places[0][1] == pytest.approx(31 * 72 / DPI, abs=2)
    assert (round(page.width), round(page.height)) == (1224, 396)

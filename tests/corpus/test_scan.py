"""Scans are images of the page, reproducible to the pixel, and PDFs that any reader opens."""

from __future__ import annotations

import io
from random import Random

import cv2
import numpy as np
import pypdfium2
import pytest
from PIL import Image

from corpus import render_pdf, scan
from corpus.demo_set import LOOK, brief


@pytest.fixture(scope="module")
def paper() -> bytes:
    """One page with a balance sheet."""
    return render_pdf.render(brief(3, ("balance sheet",), 1), LOOK)


@pytest.mark.parametrize("preset", ["scan150", "fax", "lofax"])
def test_a_scan_has_images_and_no_text(paper: bytes, preset: str) -> None:
    """The PDF opens, shows dark ink on light paper, and holds no text layer."""
    page = pypdfium2.PdfDocument(scan.render(paper, preset, "t"))[0]
    assert page.get_textpage().count_chars() == 0
    grey = np.asarray(page.render(scale=1).to_pil().convert("L"))
    assert grey.mean() > 200
    assert grey.min() < 100


def test_the_same_seed_gives_the_same_pixels(paper: bytes) -> None:
    """Noise, skew and specks come from the seed alone."""
    scanner = scan.Scanner(dpi=100, specks=20, shade=0.3)
    first, second = (scan.images(paper, scanner, "a")[0] for _ in range(2))
    other = scan.images(paper, scanner, "b")[0]
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_a_tiff_holds_every_page() -> None:
    """A filing of several pages becomes a TIFF of as many."""
    pdf = render_pdf.render(brief(27, ("income statement", "balance sheet", "cash flows"), 3), LOOK)
    tiff = Image.open(io.BytesIO(scan.picture(pdf, "fax", "t", "TIFF")), formats=["TIFF"])
    assert getattr(tiff, "n_frames", 1) == len(pypdfium2.PdfDocument(pdf)) > 1


def test_every_drawn_scanner_stays_within_the_stated_limits() -> None:
    """150-400 dpi, at most 2° of skew, JPEG from q30: legibility is fixed beforehand."""
    for number in range(200):
        scanner = scan.drawn(str(number))
        assert 150 <= scanner.dpi <= 400
        assert scanner.skew <= 2
        assert scanner.quality >= (30 if scanner.dpi >= 200 else 60)
        assert scanner.copies <= 2


def test_marks_on_the_paper_darken_it(paper: bytes) -> None:
    """Holes, a stamp and pencil ticks leave ink."""
    clean = next(scan.pages(paper, 100))
    plain = scan.Scanner(100, skew=0, noise=0)
    marked = scan.Scanner(100, skew=0, noise=0, holes=True, stamp=True, pencil=True)
    bare = scan.scanned(clean.copy(), plain, Random(1))
    assert (scan.scanned(clean.copy(), marked, Random(1)) < 160).sum() > (bare < 160).sum() + 500


def _marks(paper: bytes, kind: str) -> tuple[scan.Array, scan.Array, list[scan.Spot]]:
    """The clean page, the page with marks of one kind and nothing else, and the boxes of its figures."""
    page, spots = next(scan.sheets(paper, 150))
    scanner = scan.Scanner(150, skew=0, noise=0, holes=kind == "holes", stamp=kind == "stamp", pencil=kind == "pencil")
    return page, scan.scanned(page.copy(), scanner, Random(3), spots=spots), spots


@pytest.mark.parametrize("kind", ["holes", "stamp", "pencil"])
def test_no_mark_touches_print(paper: bytes, kind: str) -> None:
    """Where there is ink of print the marked page is as before, and a white seam runs around it."""
    clean, marked, _ = _marks(paper, kind)
    changed = marked < clean * 0.93 + 12 - 20
    seam = cv2.dilate((clean < 200).astype(np.uint8), np.ones((3, 3), np.uint8))
    assert changed.any()
    assert not (changed & (seam > 0)).any()


@pytest.mark.parametrize("kind", ["stamp", "pencil"])
def test_marks_stand_near_figures(paper: bytes, kind: str) -> None:
    """Some mark is closer to a figure than half an inch."""
    clean, marked, spots = _marks(paper, kind)
    changed = marked < clean * 0.93 + 12 - 20
    assert spots
    assert any(changed[max(0, s.top - 75) : s.bottom + 75, max(0, s.left - 75) : s.right + 75].any() for s in spots)


def test_figures_are_found_where_they_are_printed(paper: bytes) -> None:
    """The box of each figure holds ink."""
    page, spots = next(scan.sheets(paper, 150))
    assert len(spots) > 20
    assert all((page[s.top : s.bottom, s.left : s.right] < 128).any() for s in spots)


def test_a_spread_shows_two_pages_on_one_sheet() -> None:
    """Half as many sheets as pages, twice as wide, with a dark fold between them."""
    pdf = render_pdf.render(brief(27, ("income statement", "balance sheet", "cash flows"), 3), LOOK)
    single, double = (scan.images(pdf, scan.Scanner(60, 0, 0, spread=s), "t") for s in (False, True))
    assert len(double) == (len(single) + 1) // 2
    assert double[0].shape[1] == 2 * single[0].shape[1]
    middle = double[0].shape[1] // 2
    assert double[0][:, middle].mean() < 0.7 * double[0][:, middle // 8].mean()


def test_turned_pages_do_not_stand_upright(paper: bytes) -> None:
    """Each page lies on a side or on its head."""
    upright = scan.images(paper, scan.Scanner(60, 0, 0), "t")[0]
    for seed in "abcdef":
        turned = scan.images(paper, scan.Scanner(60, 0, 0, turned=True), seed)[0]
        assert turned.shape != upright.shape or np.array_equal(turned[::-1, ::-1], upright)

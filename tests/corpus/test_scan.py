"""Scans are images of the page, reproducible to the pixel, and PDFs that any reader opens."""

from __future__ import annotations

import io
from random import Random

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

"""Scans: pages of a PDF as paper that went through a scanner, a copier or a fax.

Chance comes from ``random.Random`` alone (its bytes become noise), so that one seed gives the same pixels everywhere.
What stays legible is stated in ``corpus.scan.scanner``.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Literal

import numpy as np
import pypdfium2
from PIL import Image

from corpus.scan.files import image_pdf
from corpus.scan.marks import Spot, mark
from corpus.scan.paper import curled, opened, shown_through, through_scanner
from corpus.scan.scanner import DAMAGES, LARGEST, PRESETS, Scanner, drawn, legible, scanner_of

__all__ = [
    "DAMAGES",
    "LARGEST",
    "PRESETS",
    "Scanner",
    "Spot",
    "drawn",
    "image_pdf",
    "images",
    "legible",
    "pages",
    "picture",
    "render",
    "scanned",
    "scanner_of",
    "sheets",
]

Array = np.ndarray[Any, np.dtype[np.uint8]]


def pages(pdf: bytes, dpi: int, password: str | None = None) -> Iterator[Array]:
    """Each page in grey, one at a time."""
    for page, _ in sheets(pdf, dpi, password):
        yield page


def sheets(pdf: bytes, dpi: int, password: str | None = None) -> Iterator[tuple[Array, list[Spot]]]:
    """Each page in grey with the boxes of its figures, one at a time."""
    document = pypdfium2.PdfDocument(pdf, password=password)
    for number in range(len(document)):
        page = document[number]
        bitmap = page.render(scale=dpi / 72, grayscale=True)
        grey = np.array(bitmap.to_numpy(), dtype=np.uint8).reshape(bitmap.height, bitmap.width).copy()
        yield grey, _spots(page, dpi)


def _spots(page: pypdfium2.PdfPage, dpi: int) -> list[Spot]:
    """The boxes of all words without a letter and with a digit; none on a page that is turned by its entry."""
    if page.get_rotation():
        return []
    text = page.get_textpage()
    height, scale = page.get_height(), dpi / 72
    found: list[Spot] = []
    word, boxes = "", []
    for index, sign in enumerate([*text.get_text_range(), " "]):
        if not sign.isspace():
            word += sign
            boxes.append(text.get_charbox(index))
            continue
        if any(s.isdigit() for s in word) and not any(s.isalpha() for s in word):
            left, bottom, right, top = zip(*boxes, strict=True)
            found.append(
                Spot(
                    int(min(left) * scale),
                    int((height - max(top)) * scale),
                    int(max(right) * scale) + 1,
                    int((height - min(bottom)) * scale) + 1,
                )
            )
        word, boxes = "", []
    return found


def _marked(page: Array, back: Array | None, spots: Sequence[Spot], scanner: Scanner, rng: Random) -> Array:
    """What is on the paper before it is scanned."""
    kinds = [kind for kind in ("holes", "stamp", "pencil") if getattr(scanner, kind)]
    if kinds:
        mark(page, spots, scanner.dpi, rng, kinds)
    return shown_through(page, back, scanner.show_through, scanner.dpi)


def scanned(page: Array, scanner: Scanner, rng: Random, back: Array | None = None, spots: Sequence[Spot] = ()) -> Array:
    """One page after the scanner; bitonal pages hold 0 and 255 only."""
    page = _marked(page, back, spots, scanner, rng)
    if scanner.curl:
        page = curled(page, scanner.curl)
    return through_scanner(page, scanner, rng)


def _turned(page: Array, scanner: Scanner, rng: Random) -> Array:
    return np.ascontiguousarray(np.rot90(page, rng.choice((1, 2, 2, 3)))) if scanner.turned else page


def images(pdf: bytes, scanner: Scanner, seed: str) -> list[Array]:
    """All pages of a PDF after the scanner; a spread shows two of them."""
    rng = Random(f"scan {seed}")
    clean = list(sheets(pdf, scanner.dpi))
    if scanner.spread:
        return _spreads(clean, scanner, rng)
    out = []
    for number, (page, spots) in enumerate(clean):
        # the back of a sheet is the page before or after; the first page shows the second
        other = number - 1 if number else 1
        back = clean[other][0] if other < len(clean) else None
        out.append(_turned(scanned(page.copy(), scanner, rng, back, spots), scanner, rng))
    return out


def _spreads(clean: list[tuple[Array, list[Spot]]], scanner: Scanner, rng: Random) -> list[Array]:
    out = []
    for first in range(0, len(clean), 2):
        pair = [_marked(page.copy(), None, spots, scanner, rng) for page, spots in clean[first : first + 2]]
        left, right = pair if len(pair) == 2 else (pair[0], np.full_like(pair[0], 255))
        out.append(through_scanner(opened(left, right, scanner.curl), scanner, rng))
    return out


def render(pdf: bytes, preset: str, seed: str) -> bytes:
    """The scan of a PDF as a PDF of images; presets are the keys of ``PRESETS``, or ``random``."""
    scanner = scanner_of(preset, seed)
    return image_pdf(images(pdf, scanner, f"{preset} {seed}"), scanner)


def picture(pdf: bytes, preset: str, seed: str, form: Literal["PNG", "JPEG", "TIFF"]) -> bytes:
    """The scan as one picture (first page), or as a TIFF of all pages."""
    scanner = scanner_of(preset, seed)
    pictures = [Image.fromarray(p) for p in images(pdf, scanner, f"{preset} {seed}")]
    if scanner.bitonal:
        pictures = [p.convert("1") for p in pictures]
    file = io.BytesIO()
    dpi = (scanner.dpi, scanner.lines_per_inch or scanner.dpi)
    if form == "TIFF":
        squeeze = "group4" if scanner.bitonal else "tiff_lzw"
        pictures[0].save(file, "TIFF", save_all=True, append_images=pictures[1:], compression=squeeze, dpi=dpi)
    elif form == "JPEG":
        pictures[0].save(file, "JPEG", quality=scanner.quality, dpi=dpi)
    else:
        pictures[0].save(file, "PNG", dpi=dpi)
    return file.getvalue()

"""Scans drawn by the tests: a statement in black on white, 200 dpi, as pixels or as the bytes of an image file."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from extractors.ocr.image import Scan

DPI = 200
STATEMENT = (
    ("Revenue from products", "8,178", "(529)"),
    ("Cost of products sold", "5,063", "5,727"),
    ("Research and development", "1", "—"),
    ("Other operating expense", "29.2", "(40.8)"),
    ("Income before income taxes", "$ 996", "$ 843"),
)


def draw(rows: Sequence[Sequence[str]] = STATEMENT, size: int = 30, width: int = 1700) -> npt.NDArray[np.uint8]:
    """A page: labels at the left, figures flush right in columns, a rule above the last row."""
    page = Image.new("L", (width, 1100), 255)
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(size)
    for line, (label, *figures) in enumerate(rows):
        top = 120 + line * 60
        pen.text((120, top), label, fill=0, font=font)
        for column, figure in enumerate(figures):
            right = 1150 + column * 350
            if figure == "—":
                pen.rectangle((right - size, top + size // 2, right, top + size // 2 + 3), fill=0)
            else:
                pen.text((right, top), figure, fill=0, font=font, anchor="ra")
    bottom = 120 + (len(rows) - 1) * 60 - 8
    for right in (1150, 1500):
        pen.line((right - 200, bottom, right, bottom), fill=0, width=3)
    return np.array(page)


def scan(pixels: npt.NDArray[np.uint8]) -> Scan:
    """The pixels as a scan of 200 dpi."""
    return Scan(pixels, (DPI, DPI))


def encode(*pages: npt.NDArray[np.uint8], kind: str = "TIFF") -> bytes:
    """The bytes of an image file of one page, or for TIFF of several."""
    first, *rest = (Image.fromarray(page) for page in pages)
    file = io.BytesIO()
    if rest:
        first.save(file, kind, dpi=(DPI, DPI), save_all=True, append_images=rest)
    else:
        first.save(file, kind, dpi=(DPI, DPI))
    return file.getvalue()

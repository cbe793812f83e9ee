"""Pages of a PDF as scans: the embedded image when the page is one image, else the page rendered in grey."""

from __future__ import annotations

from pathlib import Path

from extractors.ocr.image import Scan
from extractors.page import Profile


def scan_page(data: bytes | Path, number: int, profile: Profile) -> Scan:
    """One page (1-based), upright as the PDF wants it shown.

    Raises:
        UnreadableError: it cannot be rendered. LimitError: it is too large. MissingProgramError: poppler is missing.
    """
    from extractors.raster import render_page  # noqa: PLC0415 # pdfium waits until a PDF asks for it

    grey, dpi = render_page(data, number, profile)
    return Scan(grey, (dpi, dpi))

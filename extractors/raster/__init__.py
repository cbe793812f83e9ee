"""The door to PDF: pdfium for what a page says and draws, poppler for how it looks. Nothing else imports either.

``find_damage`` looks at the bytes and ``open_pdf`` opens them; ``read_page`` gives a page's words, rules and images;
``render_page`` gives its pixels, also of a page in a file that holds the ``mended`` bytes.
Geometry is in points with the origin at the top left, on pages turned upright.
"""

from __future__ import annotations

from extractors.raster.damage import find_damage, find_unread, is_unreadable
from extractors.raster.opening import Pdf, mended, open_pdf, pdfium_version
from extractors.raster.pages import PageContent, read_page
from extractors.raster.rendering import count_with_poppler, poppler_version, render_page

__all__ = [
    "PageContent",
    "Pdf",
    "count_with_poppler",
    "find_damage",
    "find_unread",
    "is_unreadable",
    "mended",
    "open_pdf",
    "pdfium_version",
    "poppler_version",
    "read_page",
    "render_page",
]

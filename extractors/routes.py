"""Which reader reads which kind; the scanned pages of a PDF go to OCR, page by page.

The readers are imported when they are needed: an HTML filing does not wait for Camelot and OpenCV to load.
"""

from __future__ import annotations

from dataclasses import replace

from extractors.page import Document, Kind, Profile
from extractors.source import Source


def read_document(source: Source, kind: Kind, profile: Profile) -> Document:
    """Read a document with the reader for its kind; its bytes may be released.

    Raises:
        UnreadableError: the reader cannot open them. MissingProgramError: tesseract or poppler is needed and missing.
    """
    if kind == "html":
        from extractors.html import read_html
        from extractors.text import read_lines

        return read_html(source.data, profile, read_lines)
    if kind == "pdf":
        return _read_pdf(source, profile)
    if kind == "image":
        from extractors.ocr import read_image

        with source.on_disk() as file:
            return read_image(file, profile)
    from extractors.text import read_text

    return read_text(source.data, profile)


def _read_pdf(source: Source, profile: Profile) -> Document:
    """Text pages from the text layer, the others from OCR."""
    from extractors.pdf import read_pdf

    document = read_pdf(source.data, profile)
    scanned = [page.number for page in document.pages if page.route == "ocr"]
    if not scanned:
        return document
    from extractors.ocr import check_any, engines, read_pages
    from extractors.raster import mended

    with source.on_disk(mended) as file:
        seen = {page.number: page for page in read_pages(file, scanned, profile)}
    pages = [seen.get(page.number, page) for page in document.pages]
    check_any(pages)
    findings = (*document.findings, *(finding for page in pages for finding in page.findings))
    return replace(document, pages=pages, findings=findings, engines={**document.engines, **engines()})

"""Reader for PDF: the words of the text layer, page by page; pages without a usable one are left to OCR."""

from __future__ import annotations

import re
from collections.abc import Sequence

from extractors.page import Document, Page, Profile, Word
from extractors.pdf.ruled import camelot_version, has_cells, read_ruled
from extractors.raster import (
    PageContent,
    Pdf,
    count_with_poppler,
    find_damage,
    find_unread,
    is_unreadable,
    open_pdf,
    pdfium_version,
    poppler_version,
    read_page,
)
from schemas.errors import EmptyError, LimitError, UnreadableError
from schemas.filing import Finding, PagePlace

__all__ = ["needs_ocr", "read_pdf"]

# shares of a page, of its words or of its characters (measured on filings, their scans and OCR layers)
_COVERED = 0.5
_FEW_WORDS = 30
_WITH_VOWEL = 0.6
_ODD = 0.05
# a page without words but with so many shapes has its text drawn as outlines
_OUTLINES = 20
_NOTABLE_PICTURE = 0.15
_SHOWN_HIDDEN = 12


def read_pdf(data: bytes, profile: Profile) -> Document:
    """Read the text layer; pages without a usable one become stubs with the route "ocr" and no words.

    Raises:
        EncryptedError: a password is needed. EmptyError: no page, or nothing on any. LimitError: too many pages, or
        none that can be read within the limits. UnreadableError: no page can be read.
    """
    with open_pdf(data, profile) as pdf:
        last = min(profile.last_page or pdf.page_count, pdf.page_count)
        numbers = range(profile.first_page or 1, last + 1)
        damage = find_damage(data)
        contents, errors = _read_pages(pdf, numbers)
        count = pdf.page_count
    if any(isinstance(content, PageContent) and is_blank(content) for content in contents):
        damage += find_unread(data)
    pages = [_page(data, content, profile) if isinstance(content, PageContent) else content for content in contents]
    _check_any(pages, errors, damage)
    engines = {"pdfium": pdfium_version()}
    if any(page.ruled for page in pages):
        engines["camelot"] = camelot_version()
    findings = [*damage, *(finding for page in pages for finding in page.findings)]
    seen = count_with_poppler(data, profile)
    if seen is not None:
        engines["poppler"] = poppler_version()
        findings += _recounted(count, seen)
    return Document("pdf", "application/pdf", tuple(pages), page_count=count, findings=tuple(findings), engines=engines)


def is_blank(page: PageContent) -> bool:
    """True when pdfium sees nothing on the page."""
    return not (page.characters or page.pictures or page.paths)


def needs_ocr(page: PageContent) -> bool:
    """True when the text layer is absent or cannot be believed, so that the page must be read as a picture."""
    area = max(page.width * page.height, 1.0)
    covered = sum((right - left) * (bottom - top) for left, top, right, bottom in page.pictures) / area
    if not page.words:
        return bool(page.pictures) or page.characters > 0 or page.paths >= _OUTLINES
    if covered >= _COVERED and len(page.words) < _FEW_WORDS:
        return True
    return page.odd > _ODD * page.characters or not _pronounceable(page.words)


def _pronounceable(words: Sequence[Word]) -> bool:
    """True when most words of letters have a vowel, as those of every language in Latin script do."""
    spelled = [word.text for word in words if re.search(r"[A-Za-z]{4}", word.text)]
    # a page of figures has too few to judge by
    if len(spelled) < 10:
        return True
    return sum(bool(re.search(r"[aeiouyAEIOUY\u00c0-\u024f]", text)) for text in spelled) >= _WITH_VOWEL * len(spelled)


def _read_pages(pdf: Pdf, numbers: Sequence[int]) -> tuple[list[PageContent | Page], list[UnreadableError]]:
    """What each page holds; an empty page with its finding where that cannot be told."""
    pages: list[PageContent | Page] = []
    errors: list[UnreadableError] = []
    for number in numbers:
        try:
            pages.append(read_page(pdf, number))
        except UnreadableError as error:
            errors.append(error)
            code = "page_too_large" if isinstance(error, LimitError) else "damaged_page"
            finding = Finding(code=code, severity="error", message=error.detail, place=_spot(number))
            pages.append(Page(number, route="text_layer", confidence=0.0, findings=(finding,)))
    return pages, errors


def _page(data: bytes, content: PageContent, profile: Profile) -> Page:
    if needs_ocr(content):
        return Page(content.number, content.width, content.height, "ocr")
    # Camelot turns pages its own way: on turned ones its cells are not where the words are
    ruled = has_cells(content.rules) and not content.rotation
    return Page(
        content.number,
        content.width,
        content.height,
        "text_layer",
        content.rotation,
        words=content.words,
        rules=content.rules,
        ruled=read_ruled(data, content, profile) if ruled else (),
        findings=tuple(_noted(content)),
    )


def _check_any(pages: Sequence[Page], errors: Sequence[UnreadableError], damage: Sequence[Finding]) -> None:
    """Raise when no page holds anything: the cause of the first page that failed, or that all are blank."""
    if any(page.words or page.route == "ocr" for page in pages):
        return
    if errors:
        raise errors[0]
    for finding in filter(is_unreadable, damage):
        raise UnreadableError(finding.message)
    if pages and not damage and not any(page.findings for page in pages):
        raise EmptyError("Nothing is printed on any page of the PDF.")


def _noted(content: PageContent) -> list[Finding]:
    """What is on the page and was not read: hidden text, pictures beside the text."""
    findings = []
    said = " ".join(word.text for word in content.hidden[:_SHOWN_HIDDEN])
    if content.hidden:
        findings.append(
            Finding(
                code="hidden_text",
                severity="error" if content.contradicted else "warning",
                message=f"Page {content.number} holds {len(content.hidden)} words that are drawn invisibly or outside"
                " the page; they were not read.",
                text=said,
                place=_spot(content.number),
            )
        )
    if content.misfit:
        findings.append(
            Finding(code="page_size", severity="error", message=content.misfit, place=_spot(content.number))
        )
    area = max(content.width * content.height, 1.0)
    for left, top, right, bottom in content.pictures:
        if (right - left) * (bottom - top) > _NOTABLE_PICTURE * area:
            place = PagePlace(page=content.number, bbox=(left, top, right, bottom))
            message = f"A picture on page {content.number} was not read; the text around it was."
            findings.append(Finding(code="picture_not_read", severity="info", message=message, place=place))
    return findings


def _recounted(pdfium: int, poppler: int) -> list[Finding]:
    if pdfium == poppler:
        return []
    message = f"Two programs count the pages differently: pdfium {pdfium}, poppler {poppler}; pdfium's were read."
    return [Finding(code="page_counts_differ", severity="warning", message=message)]


def _spot(number: int) -> PagePlace:
    return PagePlace(page=number, bbox=(0.0, 0.0, 0.0, 0.0))

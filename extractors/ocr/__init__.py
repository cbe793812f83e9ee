"""Scans and images: words with places, read by Tesseract; the only door to it.

As many pages are in memory as are read at once (``crew``), so that a hundred need no more of it than ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from extractors.ocr import recogniser, tesseract
from extractors.ocr.crew import pages_at_once, read_in_order
from extractors.ocr.image import Scan, count_frames, is_noise, open_image, read_frames
from extractors.ocr.memory import give_back, settle
from extractors.ocr.packed import PackedWords
from extractors.ocr.pdfpages import scan_page
from extractors.ocr.reading import read_scan
from extractors.page import Document, Page, PagePlace, Profile
from schemas.errors import EmptyError, LimitError, UnreadableError
from schemas.filing import Finding, Severity

__all__ = ["check_any", "engines", "preload", "read_image", "read_pages"]

_MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
    "BMP": "image/bmp",
}
# pixels: a line of print is no smaller; a page with fewer on its longer side cannot be read, so it is no page
_LEAST_PICTURE = 24
_LEAST_PAGE = 600
_FLAWED = "flawed_image"


def engines() -> dict[str, str]:
    """Which programs read the scans, with their versions.

    Raises:
        MissingProgramError: tesseract or the recogniser's model is not installed.
    """
    return {"tesseract": tesseract.version(), "recogniser": recogniser.version()}


def preload() -> None:
    """Load the recogniser, for a process whose forks will read scans: the model runs without threads, so it survives.

    Raises:
        MissingProgramError: the model is not installed.
    """
    recogniser.load()


def read_image(data: bytes | Path, profile: Profile) -> Document:
    """Read a PNG, a JPEG, a TIFF of one or more pages, a GIF or a BMP, or a file that holds it.

    Raises:
        UnsupportedError: the bytes are none of these. UnreadableError: no page can be decoded.
        EmptyError: there is no ink on any page. LimitError: too many pixels or pages, or no page was read in time.
        MissingProgramError: tesseract or a language is not installed.
    """
    used = engines()
    with open_image(data, profile) as image:
        count = count_frames(image, profile)
        numbers = range(profile.first_page or 1, min(profile.last_page or count, count) + 1)
        pages = _read_all(read_frames(image, numbers, profile), numbers, profile)
        media_type = _MEDIA_TYPES[image.format or "PNG"]
    check_any(pages)
    findings = tuple(finding for page in pages for finding in page.findings)
    return Document("image", media_type, pages, page_count=count, findings=findings, engines=used)


def read_pages(data: bytes | Path, numbers: Sequence[int], profile: Profile) -> Sequence[Page]:
    """Read pages of a PDF (1-based numbers) as scans; one that cannot be read says so in its ``findings``.

    ``data`` may be a file that holds them, mended.

    Raises:
        MissingProgramError: tesseract, a language or poppler is not installed.
    """
    return _read_all(_scans(data, numbers, profile), numbers, profile)


def _read_all(scans: Iterable[Scan | UnreadableError], numbers: Sequence[int], profile: Profile) -> list[Page]:
    """The pages in the order of their numbers, as many at once as the environment allows."""
    numbered, at_once = zip(scans, numbers, strict=True), min(pages_at_once(), len(numbers))
    if at_once > 1:
        settle()
    return read_in_order(numbered, lambda pair: _read(*pair, profile), at_once)


def _scans(data: bytes | Path, numbers: Sequence[int], profile: Profile) -> Iterator[Scan | UnreadableError]:
    for number in numbers:
        try:
            yield scan_page(data, number, profile)
        except UnreadableError as error:
            yield error


def _read(scan: Scan | UnreadableError, number: int, profile: Profile) -> Page:
    if isinstance(scan, Scan) and is_noise(scan.grey):
        scan = LimitError("time", "It is covered with dots; looking for print in them takes longer than is allowed.")
    if isinstance(scan, Scan):
        page = read_scan(scan, number, profile)
        give_back(number)
        return replace(page, words=PackedWords(page.words), findings=(*page.findings, *_noted(scan, page)))
    code = "damaged_page"
    if isinstance(scan, LimitError):
        code = "page_took_too_long" if scan.limit == "time" else "page_too_large"
    return Page(number, route="ocr", confidence=0.0, findings=(_finding(number, code, "error", scan.detail),))


def _noted(scan: Scan, page: Page) -> Iterator[Finding]:
    """What is to be said of an image besides what is printed on it."""
    if scan.flaw:
        yield _finding(page.number, _FLAWED, "error", scan.flaw)
    sides = scan.grey.shape
    if not page.words and not page.findings and min(sides) >= _LEAST_PICTURE and max(sides) < _LEAST_PAGE:
        message = f"Nothing is printed on it; with {sides[1]} x {sides[0]} pixels it is no page but a picture."
        yield _finding(page.number, "small_picture", "warning", message)


def _finding(number: int, code: str, severity: Severity, message: str) -> Finding:
    place = PagePlace(page=number, bbox=(0.0, 0.0, 0.0, 0.0))
    return Finding(code=code, severity=severity, message=f"Page {number}: {message}", place=place)


def check_any(pages: Sequence[Page]) -> None:
    """Raise when nothing at all was read: the document fails as a whole, with the cause of its first page.

    Raises:
        EmptyError: no ink on any page. LimitError, UnreadableError: as the pages say.
    """
    if any(page.words for page in pages) or not pages:
        return
    findings = [finding for page in pages for finding in page.findings]
    if not findings:
        raise EmptyError("There is no ink on any page." if len(pages) > 1 else "There is no ink on the page.")
    first = findings[0]
    if first.code == "page_took_too_long":
        raise LimitError("time", first.message)
    if first.code == "page_too_large":
        raise LimitError("pixels", first.message)
    small = any(finding.code == "small_picture" for finding in findings)
    if first.code == "damaged_page" or (first.code == _FLAWED and not small):
        raise UnreadableError(first.message)

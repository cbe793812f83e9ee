"""One scanned page into words and rules."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from extractors.ocr import tesseract
from extractors.ocr.cells import ReadToken, read_cells
from extractors.ocr.foreign import drop_phantoms
from extractors.ocr.image import Quarter, Scan
from extractors.ocr.pale import Pale, darken, find_pale, is_legible, with_pale
from extractors.ocr.prepare import Sheet, prepare
from extractors.ocr.recogniser import load
from extractors.ocr.rules import find_rules
from extractors.ocr.runs import find_runs
from extractors.ocr.spreads import find_gutter, join_pages
from extractors.ocr.tesseract import EngineError, Token
from extractors.ocr.words import clean_tokens, make_word
from extractors.page import Page, PagePlace, Profile
from schemas.errors import LimitError
from schemas.filing import Finding, Severity

# one column of text of variable size: keeps the cells of a table row on one line and finds more of them than 3, 6, 11
_MODE = 4
# share of Tesseract's own confidence below which the page may stand on its head
_POOR = 0.6
_LEAST_SIDE = 24


def read_scan(scan: Scan, number: int, profile: Profile) -> Page:
    """Words in points on the upright, straightened page; what went wrong is in the page's findings.

    Two pages side by side are read one after the other.

    Raises:
        MissingProgramError: tesseract or a language is not installed.
    """
    fold = find_gutter(scan)
    if fold is not None:
        halves = [replace(scan, grey=np.ascontiguousarray(half)) for half in np.split(scan.grey, [fold], axis=1)]
        left, right = (_read_sheet(half, number, profile) for half in halves)
        if left.rotation == right.rotation == scan.rotation:
            return join_pages(left, right, fold * 72 / scan.dpi[0])
    return _read_sheet(scan, number, profile)


def _read_sheet(scan: Scan, number: int, profile: Profile) -> Page:
    if min(scan.grey.shape) < _LEAST_SIDE:
        width, height = (72 * side / dpi for side, dpi in zip(scan.grey.shape[::-1], scan.dpi, strict=True))
        empty = Page(number, width, height, route="ocr", rotation=scan.rotation)
        if max(scan.grey.shape) < _LEAST_SIDE:
            return empty
        return _failed(empty, "unread_page", "The page is too narrow to hold print.")
    sheet = prepare(scan, tesseract.find_rotation)
    page = _bare(sheet, number)
    faded = is_blank(sheet)
    if faded:
        darker = darken(scan)
        if darker is None or is_blank(sheet := prepare(darker, tesseract.find_rotation)):
            return page
        scan = darker
    try:
        sheet, tokens = _find_tokens(scan, sheet, profile)
    except (EngineError, LimitError) as error:
        code = "page_took_too_long" if isinstance(error, LimitError) else "unread_page"
        return _failed(page, code, error.detail)
    if faded and _confidence(tokens) < _POOR:
        return replace(page, findings=(_unread_print(page),))
    sheet, tokens, findings = _with_pale(sheet, tokens, page, profile)
    read = _page(sheet, tokens, number)
    return replace(read, findings=(*read.findings, *findings))


def _bare(sheet: Sheet, number: int) -> Page:
    return Page(number, sheet.width, sheet.height, route="ocr", rotation=sheet.rotation)


def is_blank(sheet: Sheet) -> bool:
    """True when no ink of the size of print is left on the page."""
    return cv2.countNonZero(sheet.ink) < 0.5 * sheet.glyph**2


def _find_tokens(scan: Scan, sheet: Sheet, profile: Profile) -> tuple[Sheet, list[Token]]:
    tokens = tesseract.find_words(sheet.grey, sheet.dpi, _MODE, profile.languages)
    if _confidence(tokens) >= _POOR:
        return sheet, tokens
    turn = tesseract.find_rotation(sheet.grey, sheet.dpi)
    if not turn:
        return sheet, tokens
    done = (sheet.rotation - scan.rotation) % 360
    turned = prepare(scan, tesseract.find_rotation, _quarter(done + turn))
    try:
        again = tesseract.find_words(turned.grey, turned.dpi, _MODE, profile.languages)
    except (EngineError, LimitError):
        return sheet, tokens
    return (turned, again) if _confidence(again) > _confidence(tokens) else (sheet, tokens)


def _with_pale(
    sheet: Sheet, tokens: list[Token], page: Page, profile: Profile
) -> tuple[Sheet, list[Token], tuple[Finding, ...]]:
    """The page with its pale print made dark, and the words of both; what was not read is a finding."""
    pale = find_pale(sheet)
    if pale is None:
        return sheet, tokens, ()
    darker = with_pale(sheet, pale)
    if not is_legible(darker, pale, load()):
        return sheet, tokens, (_unread_print(page),)
    try:
        found = tesseract.find_words(darker.grey, sheet.dpi, _MODE, profile.languages)
    except (EngineError, LimitError):
        found = []
    faint = [token for token in found if _lies_on(token, pale)]
    return darker, [token for token in tokens if not _lies_on(token, pale)] + faint, ()


def _lies_on(token: Token, pale: Pale) -> bool:
    return bool(pale.mask[(token.top + token.bottom) // 2, (token.left + token.right) // 2])


def _unread_print(page: Page) -> Finding:
    message = "something pale that looks like print reads as no words; it may be the page's back."
    return _finding(page, "unread_print", message, "warning")


def _page(sheet: Sheet, tokens: list[Token], number: int) -> Page:
    if not tokens:
        # the recogniser finds figures in any ink: where there are no words, they are blots
        page = _bare(sheet, number)
        return _failed(page, "unread_page", "There is ink on the page, and tesseract read no word.")
    rules, drawn = find_rules(sheet)
    cleaned = clean_tokens(drop_phantoms(tokens, sheet, drawn), sheet.glyph)
    read, unread = read_cells(sheet, cleaned, find_runs(sheet, drawn), load())
    words = tuple(make_word(sheet, number, word) for word in sorted(read, key=_reading_order))
    page = replace(_bare(sheet, number), confidence=_confidence(tokens), words=words, rules=rules)
    if not unread:
        return page
    message = f"{unread} pieces of ink in which tesseract saw nothing were not read one by one; figures may be lost."
    return replace(page, findings=(_finding(page, "unread_ink", message),))


def _reading_order(word: ReadToken) -> tuple[int, int, str]:
    return word.token.top, word.token.left, word.token.text


def _confidence(tokens: list[Token]) -> float:
    """Mean over the characters read; 0 without any."""
    characters = sum(len(token.text) for token in tokens)
    return sum(token.confidence * len(token.text) for token in tokens) / characters if characters else 0.0


def _quarter(degrees: int) -> Quarter:
    quarters: tuple[Quarter, ...] = (0, 90, 180, 270)
    return quarters[degrees % 360 // 90]


def _failed(page: Page, code: str, message: str) -> Page:
    return replace(page, confidence=0.0, findings=(_finding(page, code, message),))


def _finding(page: Page, code: str, message: str, severity: Severity = "error") -> Finding:
    place = PagePlace(page=page.number, bbox=(0.0, 0.0, page.width, page.height))
    return Finding(code=code, severity=severity, message=f"Page {page.number}: {message}", place=place)

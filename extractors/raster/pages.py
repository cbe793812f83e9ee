"""One page of a PDF: size, words, rules, and what decides whether its text can be believed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium

from extractors.page import Rule, Word
from extractors.raster.characters import Character, Characters, runs, text_turn, word_of
from extractors.raster.drawings import Drawing, Picture, read_drawing, rules_of
from extractors.raster.geometry import Box, Plane, Quarter
from extractors.raster.opening import Pdf
from schemas.errors import LimitError, UnreadableError

# a dense page of 6 point type has 15,000 characters and a table of 60 by 20 drawn edge by edge 5,000 lines
_MOST_CHARACTERS = 120_000
_MOST_OBJECTS = 60_000
_MOST_RULES = 12_000
# points: no reader of PDF takes larger pages, and no paper is larger than A0
_LARGEST_PAGE = 14_400
_LARGEST_PAPER = 3_400
_BAND = 20.0


@dataclass(frozen=True, slots=True)
class PageContent:
    """What a page holds.

    Attributes:
        width, height: points, upright. rotation: degrees clockwise that were undone.
        words: visible ones, in drawing order. hidden: drawn invisibly or off the page.
        rules: thin drawn lines, top to bottom. pictures: boxes of the images on the upright plane.
        characters: how many, blanks left out; odd: without a meaning (controls, private use).
        paths: how many shapes are drawn.
        contradicted: True when a hidden word stands on a visible one and gives another figure.
        misfit: a sentence where the size of the page cannot be right, else "".
    """

    number: int
    width: float
    height: float
    rotation: Quarter
    words: tuple[Word, ...]
    hidden: tuple[Word, ...]
    rules: tuple[Rule, ...]
    pictures: tuple[Box, ...]
    characters: int
    odd: int
    paths: int
    contradicted: bool = False
    misfit: str = ""


def read_page(pdf: Pdf, number: int) -> PageContent:
    """Read page ``number`` (from 1).

    Raises:
        UnreadableError: the page cannot be loaded. LimitError: it holds more than any printed page does.
    """
    page = load_page(pdf, number)
    try:
        textpage = page.get_textpage()
        try:
            return _content(page, textpage, number)
        finally:
            textpage.close()
    except pdfium.PdfiumError as error:
        raise UnreadableError(f"Page {number} of the PDF is damaged: {error}") from None
    finally:
        page.close()


def load_page(pdf: Pdf, number: int) -> Any:
    """The page as pdfium has it; the caller closes it.

    Raises:
        UnreadableError: it cannot be loaded.
    """
    try:
        return pdf.document[number - 1]
    except (pdfium.PdfiumError, IndexError):
        raise UnreadableError(f"Page {number} of the PDF is damaged: it cannot be loaded.") from None


def plane_of(page: Any, turn: Quarter | None = None) -> Plane:
    """The visible box of a page, turned as its /Rotate says or by ``turn`` degrees clockwise."""
    turns: dict[int, Quarter] = {0: 0, 90: 90, 180: 180, 270: 270}
    rotation = turns[page.get_rotation()]
    width, height = page.get_size()
    if rotation in (90, 270):
        width, height = height, width
    # the crop box, the part outside the media box left out; both may be handed down by the page's parents
    left, bottom = page.get_bbox()[:2]
    return Plane(left, bottom, left + max(width, 1.0), bottom + max(height, 1.0), rotation if turn is None else turn)


def _content(page: Any, textpage: Any, number: int) -> PageContent:
    reader = Characters(textpage)
    if reader.count > _MOST_CHARACTERS:
        said = f"Page {number} holds {reader.count} characters, more than the {_MOST_CHARACTERS} that are read of one."
        raise LimitError("memory", said, f"page {number}")
    characters = reader.read()
    drawing = read_drawing(page, _MOST_OBJECTS)
    if not drawing.complete or len(drawing.strokes) > _MOST_RULES:
        raise LimitError("memory", f"Page {number} is made of too many pieces to be a printed page.", f"page {number}")
    plane = plane_of(page, text_turn(characters))
    misfit = _misfit(page, plane, number)
    words, hidden = _words(characters, plane, drawing, number)
    return PageContent(
        number=number,
        width=plane.width,
        height=plane.height,
        rotation=plane.turn,
        words=words,
        hidden=hidden,
        rules=rules_of(drawing, plane),
        pictures=tuple(plane.box(*picture.box) for picture in drawing.pictures),
        characters=reader.characters,
        odd=reader.odd,
        paths=drawing.paths,
        contradicted=_contradicted(words, hidden),
        misfit=misfit,
    )


def _misfit(page: Any, plane: Plane, number: int) -> str:
    """A sentence where the size of the page cannot be right, else "".

    Raises:
        LimitError: the page is larger than any can be.
    """
    inches = f"{plane.width / 72:.0f} x {plane.height / 72:.0f} inches"
    longest = max(plane.width, plane.height)
    if longest > _LARGEST_PAGE:
        raise LimitError("pixels", f"Page {number} would measure {inches}, more than a page can.", f"page {number}")
    if longest > _LARGEST_PAPER:
        return f"Page {number} measures {inches}: no paper is as large, and it cannot be looked at as a whole."
    own = page.get_mediabox(fallback_ok=False)
    if own is not None and not (abs(own[2] - own[0]) >= 1 and abs(own[3] - own[1]) >= 1):
        return f"Page {number} gives no size that it could have; it was taken to measure {inches}."
    return ""


def _contradicted(words: Iterable[Word], hidden: Iterable[Word]) -> bool:
    """True when a figure that does not show stands where another one shows."""
    shown: dict[int, list[Word]] = {}
    for word in words:
        if _has_digit(word):
            for band in range(int(word.top // _BAND), int(word.bottom // _BAND) + 1):
                shown.setdefault(band, []).append(word)
    return any(
        word.text != other.text and other.top < word.middle < other.bottom and _overlap(word, other)
        for word in hidden
        if _has_digit(word)
        for other in shown.get(int(word.middle // _BAND), ())
    )


def _has_digit(word: Word) -> bool:
    return any(character.isdigit() for character in word.text)


def _overlap(word: Word, other: Word) -> bool:
    """True when at least half of the narrower word stands over the other."""
    common = min(word.right, other.right) - max(word.left, other.left)
    return common > 0.5 * min(word.right - word.left, other.right - other.left)


def _words(
    characters: list[Character], plane: Plane, drawing: Drawing, number: int
) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """The words that show, and those that do not."""
    words: list[Word] = []
    hidden: list[Word] = []
    for run in runs(characters):
        word = word_of(run, plane, number)
        shown = run[0].style.visible and _on_page(word, plane) and not _white_on_white(run, drawing)
        (words if shown else hidden).append(word)
    return tuple(words), tuple(hidden)


def _on_page(word: Word, plane: Plane) -> bool:
    x, y = (word.left + word.right) / 2, word.middle
    return 0 <= x <= plane.width and 0 <= y <= plane.height


def _white_on_white(run: list[Character], drawing: Drawing) -> bool:
    """True when white print stands on nothing that is darker."""
    if not run[0].style.white:
        return False
    left, bottom, right, top = run[0].box
    return not _holds((left + right) / 2, (bottom + top) / 2, drawing.fills, drawing.pictures)


def _holds(x: float, y: float, fills: Iterable[Box], pictures: Iterable[Picture]) -> bool:
    boxes = [*fills, *(picture.box for picture in pictures)]
    return any(left <= x <= right and bottom <= y <= top for left, bottom, right, top in boxes)

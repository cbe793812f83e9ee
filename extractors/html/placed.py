"""Pages set by absolute positions, as programs that turn PDF into HTML write them, become words with places.

Only pages that speak of such positions are searched. The boxes of one sheet are taken out of the tree before it is
read; what they say is laid on paper, in points, for the finder that reads paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement

from extractors.html.nodes import Box, Placed
from extractors.html.styles import StyleSheet
from extractors.page import Page, TextPlace, Word

SHEET = "crossfoot-sheet"
_SPOKEN = re.compile(r"(?i)position\s*:\s*absolute")
_FEWEST = 6
_LENGTH = re.compile(r"(-?[\d.]{1,12})\s*(px|pt|in|cm|mm|em)?\Z")
_POINTS = {"px": 0.75, "pt": 1.0, "in": 72.0, "cm": 28.35, "mm": 2.835, "em": 12.0}
_SIZE = 12.0
# width of a character in a usual typeface, in sizes; of a bold one
_WIDTH = 0.5
_LARGEST = 1_000_000.0


def take_placed(soup: BeautifulSoup, markup: str, sheet: StyleSheet) -> list[Placed]:
    """Take the positioned boxes out of the tree, a placeholder for the boxes of each sheet in their stead."""
    if not _SPOKEN.search(markup):
        return []
    sheets: dict[int, tuple[Tag, list[tuple[Tag, Box]]]] = {}
    for tag in soup.find_all(["div", "p", "span"]):
        said = _said(tag, sheet)
        if said.get("position") != "absolute" or tag.find("table") is not None:
            continue
        box = _box(tag, said, sheet)
        if box is None or any(_said(child, sheet).get("position") == "absolute" for child in tag.find_all(True)):
            continue
        around = tag.parent
        if isinstance(around, Tag):
            sheets.setdefault(id(around), (around, []))[1].append((tag, box))
    taken: list[Placed] = []
    for _, boxes in sheets.values():
        if len(boxes) < _FEWEST:
            continue
        mark = soup.new_tag(SHEET, attrs={"n": str(len(taken))})
        boxes[0][0].insert_before(mark)
        for tag, _ in boxes:
            tag.extract()
        taken.append(Placed(tuple(box for _, box in boxes)))
    return taken


def _said(tag: Tag, sheet: StyleSheet) -> dict[str, str]:
    pairs = (declaration.partition(":") for declaration in sheet.said(tag).split(";"))
    return {name.strip().lower(): value.strip().lower().removesuffix("!important").strip() for name, _, value in pairs}


def _shown(tag: Tag, sheet: StyleSheet) -> str:
    """The text of a box as displayed: nothing hidden, a raised mark of its own in parentheses."""
    said = _said(tag, sheet)
    if said.get("display") == "none" or said.get("visibility") == "hidden" or "hidden" in tag.attrs:
        return ""
    if tag.name == "br":
        return " "
    parts = [_shown(part, sheet) if isinstance(part, Tag) else _words_of(part) for part in tag.children]
    text = "".join(parts)
    return f" ({text.strip()})" if tag.name == "sup" and re.fullmatch(r"\s*\d{1,2}\s*", text) else text


def _words_of(part: PageElement) -> str:
    return str(part) if type(part) is NavigableString else ""


def _points(length: str | None) -> float | None:
    found = _LENGTH.match(length or "")
    if not found or found[1].count(".") > 1 or found[1].strip("-.") == "":
        return None
    return max(-_LARGEST, min(_LARGEST, float(found[1]) * _POINTS[found[2] or "px"]))


def _box(tag: Tag, said: dict[str, str], sheet: StyleSheet) -> Box | None:
    """The box of an element with a place; None where it shows nothing or its place is not said."""
    text = " ".join(_shown(tag, sheet).split())
    left, top = _points(said.get("left")), _points(said.get("top"))
    if not text or left is None or top is None:
        return None
    size = _points(said.get("font-size")) or 0.0
    size = size if size > 0 else _SIZE * 0.75
    width, own = _points(said.get("width")), len(text) * size * _WIDTH
    align = said.get("text-align")
    if width is None or align not in ("right", "center"):
        right = left + own
    else:
        spare = max(width - own, 0.0)
        left += spare if align == "right" else spare / 2
        right = left + min(own, width)
    bold = said.get("font-weight") in ("bold", "600", "700", "800", "900") or tag.find(["b", "strong"]) is not None
    return Box(text, left, top, right, size, bold)


def placed_page(boxes: Sequence[Box], number: int, first_line: int) -> Page:
    """A page of the words of the boxes; their places count the boxes as lines, from ``first_line``."""
    ordered = sorted(boxes, key=lambda box: (round(box.top), box.left))
    words = [word for line, box in enumerate(ordered, first_line) for word in _words(box, line)]
    width = max((word.right for word in words), default=0.0)
    height = max((word.bottom for word in words), default=0.0)
    return Page(number, width=width, height=height, words=tuple(words))


def _words(box: Box, line: int) -> Iterator[Word]:
    step = (box.right - box.left) / len(box.text)
    for found in re.finditer(r"\S+", box.text):
        yield Word(
            found[0],
            left=box.left + found.start() * step,
            top=box.top,
            right=box.left + found.end() * step,
            bottom=box.top + box.size,
            place=TextPlace(line=line, start=found.start(), end=found.end()),
            bold=box.bold,
            size=box.size,
        )

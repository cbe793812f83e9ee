"""The characters of a page become words: what is visible, with boxes, size and weight; what is hidden, apart."""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import pypdfium2.raw as native

from extractors.page import PagePlace, Word
from extractors.raster.geometry import Box, Plane, Quarter

# in ems: a blank that the typesetter moved over instead of printing it; and a jump back to another line or column
_GAP = 0.22
# where letters touch a blank shows even if it was kerned away in part ("Class A")
_EXACT_GAP = 0.11
_BACK = 0.6
# type is not spaced out farther than this
_SPACED = 0.5
# a printed blank narrower than this parts no words
_BLANK_GAP = 0.06
# the farthest that slanted letters reach beyond their advance
_OVERHANG = 0.18
# of the size, from the base line: ascenders and descenders of ordinary type
_ASCENT = 0.74
_DESCENT = 0.22
_LEAST_SIZE = 1.0
_LINE_END_HYPHENS = {0x02: "-", 0xFFFE: "-", 0xAD: "-"}
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_BLANKS = frozenset((*range(9, 14), 32, 0xA0, *range(0x2000, 0x200C), 0x202F, 0x205F, 0x3000, 0xFEFF))


@dataclass(frozen=True, slots=True)
class Style:
    """What all characters of a text object share: size in points, direction, weight, and whether they show.

    ``wide``: points along the line per em of advance; ``font``: which font, 0 for none.
    """

    size: float
    angle: float
    bold: bool
    visible: bool
    white: bool
    wide: float = 0.0
    font: int = 0


@dataclass(frozen=True, slots=True)
class Character:
    """One character: what it is, its origin and extent in user space; ``text`` is a blank for what separates.

    ``over``: how far the box reaches beyond the advance, in points, as the boxes of slanted letters do.
    """

    text: str
    x: float
    y: float
    box: Box
    style: Style
    over: float = 0.0


class Characters:
    """Reads the characters of one text page; asks each text object once for what they share."""

    def __init__(self, textpage: Any) -> None:
        self._page = textpage.raw
        self.count = max(0, native.FPDFText_CountChars(self._page))
        self._styles: dict[int, Style] = {}
        self._fonts: dict[int, bool] = {}
        self._handles: dict[int, Any] = {}
        self._advances: dict[tuple[int, int], float] = {}
        self.odd = 0
        self.characters = 0

    def read(self) -> list[Character]:
        """All characters in the order in which they are drawn."""
        x, y = ctypes.c_double(), ctypes.c_double()
        rect = native.FS_RECTF()
        found: list[Character] = []
        style = Style(0.0, 0.0, False, False, False)
        for i in range(self.count):
            code = native.FPDFText_GetUnicode(self._page, i)
            if native.FPDFText_IsGenerated(self._page, i) == 1:
                # pdfium's guess at a blank, sometimes between all letters of a word: the gaps say it better
                continue
            if code in _BLANKS:
                found.append(Character(" ", 0.0, 0.0, (0.0, 0.0, 0.0, 0.0), style))
                continue
            self.characters += 1
            text = self._text(code)
            style = self._style(i)
            native.FPDFText_GetCharOrigin(self._page, i, x, y)
            native.FPDFText_GetLooseCharBox(self._page, i, rect)
            box = (rect.left, rect.bottom, rect.right, rect.top)
            over = self._over(code, style, rect.right - x.value) if -1 < style.angle < 1 else 0.0
            found.append(Character(text, x.value, y.value, box, style, over))
        return found

    def _over(self, code: int, style: Style, reach: float) -> float:
        """How far a box that ends ``reach`` behind its origin goes beyond the advance; 0 where that is not known."""
        key = style.font, code
        advance = self._advances.get(key)
        if advance is None:
            width = ctypes.c_float()
            known = native.FPDFFont_GetGlyphWidth(self._handles.get(style.font), code, 1.0, width)
            advance = self._advances[key] = width.value if known else 0.0
        over = reach - advance * style.wide
        # a font may have several glyphs for a letter: what differs by more is another one
        return over if advance > 0 and 0 < over < _OVERHANG * style.size else 0.0

    def _text(self, code: int) -> str:
        if code in _LINE_END_HYPHENS:
            return "-"
        if code in _LIGATURES:
            return _LIGATURES[code]
        odd = code < 32 or code == 0xFFFD or 0xE000 <= code <= 0xF8FF or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF
        if odd:
            self.odd += 1
            return "\N{REPLACEMENT CHARACTER}"
        return chr(code)

    def _style(self, i: int) -> Style:
        item = native.FPDFText_GetTextObject(self._page, i)
        key = ctypes.cast(item, ctypes.c_void_p).value or 0
        style = self._styles.get(key)
        if style is None:
            style = self._styles[key] = self._new_style(i, item)
        return style

    def _new_style(self, i: int, item: Any) -> Style:
        matrix = native.FS_MATRIX()
        native.FPDFText_GetMatrix(self._page, i, matrix)
        points = native.FPDFText_GetFontSize(self._page, i)
        size = points * math.hypot(matrix.c, matrix.d)
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        native.FPDFText_GetFillColor(self._page, i, red, green, blue, alpha)
        mode = native.FPDFTextObj_GetTextRenderMode(item)
        strokes = mode in (native.FPDF_TEXTRENDERMODE_STROKE, native.FPDF_TEXTRENDERMODE_FILL_STROKE)
        visible = mode not in (native.FPDF_TEXTRENDERMODE_INVISIBLE, native.FPDF_TEXTRENDERMODE_CLIP)
        visible = visible and (alpha.value > 0 or strokes) and size >= _LEAST_SIZE
        white = not strokes and min(red.value, green.value, blue.value) >= 250
        angle, wide = math.degrees(math.atan2(matrix.b, matrix.a)), points * math.hypot(matrix.a, matrix.b)
        font = native.FPDFTextObj_GetFont(item)
        key = ctypes.cast(font, ctypes.c_void_p).value or 0
        return Style(size, angle, self._bold(font, key), visible, white, wide, key)

    def _bold(self, font: Any, key: int) -> bool:
        if key not in self._fonts:
            self._handles[key] = font
            name = ctypes.create_string_buffer(256)
            native.FPDFFont_GetBaseFontName(font, name, 256)
            said = name.value.lower()
            heavy = any(word in said for word in (b"bold", b"black", b"heavy", b"-demi", b"semibd"))
            self._fonts[key] = heavy or native.FPDFFont_GetWeight(font) >= 600
        return self._fonts[key]


def quarter(angle: float) -> Quarter:
    """The quarter turn nearest to an angle in degrees."""
    quarters: tuple[Quarter, ...] = (0, 90, 180, 270)
    return quarters[round(angle / 90) % 4]


def text_turn(characters: Sequence[Character]) -> Quarter | None:
    """Degrees clockwise that make most of the text run from left to right; None without text."""
    turns = Counter(quarter(c.style.angle) for c in characters if c.text != " " and c.style.visible)
    return turns.most_common(1)[0][0] if turns else None


def runs(characters: Sequence[Character]) -> Iterator[list[Character]]:
    """Characters that stand beside one another without a blank, in drawing order."""
    for line in _lines(characters):
        gap = _wide(line)
        run: list[Character] = []
        blank = False
        for character in line:
            if character.text == " ":
                blank = True
                continue
            if run and _gap(run[-1], character) > (_BLANK_GAP if blank else gap):
                yield run
                run = []
            blank = False
            run.append(character)
        if run:
            yield run


def _lines(characters: Sequence[Character]) -> Iterator[list[Character]]:
    """Characters that follow one another on one base line, blanks among them."""
    line: list[Character] = []
    last: Character | None = None
    for character in characters:
        if character.text != " ":
            if last is not None and _parted(last, character):
                yield line
                line = []
            last = character
        line.append(character)
    if line:
        yield line


def _wide(line: Sequence[Character]) -> float:
    """What separates words on this line, in ems; more where the type is spaced out, less where it is set exactly."""
    gaps = [_gap(a, b) for a, b in pairwise(line) if a.text != " " and b.text != " "]
    usual = median(gaps) if len(gaps) >= 6 else 0.0
    # farther apart stand figures of one digit, in columns
    if 0.06 < usual < _SPACED:
        return _GAP + usual
    exact = sum(abs(gap) < 0.02 for gap in gaps)
    return _EXACT_GAP if len(gaps) >= 6 and exact >= 0.6 * len(gaps) else _GAP


def _gap(before: Character, after: Character) -> float:
    """The gap between two characters of a line, in ems."""
    along = math.radians(quarter(after.style.angle))
    cos, sin = math.cos(along), math.sin(along)
    gap = _start(after, cos, sin) - _end(before, cos, sin) + before.over
    return gap / max(before.style.size, after.style.size, 0.1)


def _parted(before: Character, after: Character) -> bool:
    """True when the second cannot stand on one line behind the first."""
    size = max(before.style.size, after.style.size)
    if before.style.visible != after.style.visible or quarter(before.style.angle) != quarter(after.style.angle):
        return True
    along = math.radians(quarter(after.style.angle))
    cos, sin = math.cos(along), math.sin(along)
    rise = -(after.x - before.x) * sin + (after.y - before.y) * cos
    shift = abs(rise)
    # a raised note mark is smaller than what it hangs on; glyphs of one size may dance a little
    if shift > 0.3 * size or (shift > 0.12 * size and abs(before.style.size - after.style.size) > 0.1 * size):
        return True
    wide = _end(before, cos, sin) - _start(before, cos, sin)
    return _start(after, cos, sin) - _end(before, cos, sin) < -_BACK * size - 0.5 * wide


def _start(character: Character, cos: float, sin: float) -> float:
    return character.x * cos + character.y * sin


def _end(character: Character, cos: float, sin: float) -> float:
    left, bottom, right, top = character.box
    return max(x * cos + y * sin for x in (left, right) for y in (bottom, top))


def word_of(run: Sequence[Character], plane: Plane, number: int) -> Word:
    """The word that a run of characters makes, on the upright plane."""
    style = max((c.style for c in run), key=lambda s: s.size)
    boxes = [plane.box(*c.box) for c in run]
    left, right = min(b[0] for b in boxes), max(b[2] for b in boxes)
    top, bottom = min(b[1] for b in boxes), max(b[3] for b in boxes)
    if quarter(style.angle) == plane.turn:
        # the boxes of fonts with odd metrics overlap the lines above and below: the base line does not lie
        base = sorted(plane.point(c.x, c.y)[1] for c in run)[len(run) // 2]
        top, bottom = base - _ASCENT * style.size, base + _DESCENT * style.size
    bold = sum(c.style.bold for c in run) * 2 > len(run)
    text = "".join(c.text for c in run)
    place = PagePlace(page=number, bbox=(left, top, right, bottom))
    return Word(text, left, top, right, bottom, place, bold=bold, size=style.size)

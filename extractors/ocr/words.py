"""From Tesseract's tokens to words in points; only what no reader of the page would see otherwise is changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from extractors.ocr.cells import ReadToken
from extractors.ocr.levels import level
from extractors.ocr.prepare import Sheet
from extractors.ocr.tesseract import Token
from extractors.page import PagePlace, Word

# Tesseract reports 95 to 99 of 100 on wrong digits: alone it is never believed further than this
ALONE = 0.98
_LIGATURES = str.maketrans({"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl"})
_FLAT = re.compile(r"[~_=]+")
_ONLY_BARS = re.compile(r"[|¦\[\]_\\/]+")


def clean_tokens(tokens: Sequence[Token], glyph: float = 0.0) -> list[Token]:
    """Undo ligatures and bars at the edges; drop tokens that are only bars (rules taken for letters).

    A lone flat mark (lower than 0.4 of ``glyph``, the height of the print) read as ``~``, ``_`` or ``=`` is a dash.
    """
    cleaned = []
    for token in tokens:
        text = token.text.translate(_LIGATURES)
        if _FLAT.fullmatch(text) and token.bottom - token.top < 0.4 * glyph:
            text = "\N{EN DASH}"
        # a bar before a letter is an I ("|P-based"), anywhere else at an edge it is a rule
        text = re.sub(r"^\|(?=[A-Za-z])", "I", text)
        text = text if _ONLY_BARS.fullmatch(text) else text.strip("|¦")
        if text and not re.fullmatch(r"[|¦]+", text):
            bound = ALONE if any(sign.isdigit() for sign in text) else 1.0
            cleaned.append(replace(token, text=text, confidence=min(token.confidence, bound)))
    return cleaned


def make_word(sheet: Sheet, number: int, read: ReadToken) -> Word:
    """A token as a word of page ``number``: points, as high as its line has it, placed where its ink is printed."""
    token = read.token
    box = (token.left, token.top, token.right, token.bottom)
    top, bottom = level(token.text, token.top, token.bottom)
    return Word(
        token.text,
        *sheet.points(token.left, top, token.right, bottom),
        place=PagePlace(page=number, bbox=sheet.printed(*box)),
        confidence=token.confidence,
        rivals=read.rivals,
    )

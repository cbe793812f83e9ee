"""Signs that are not figures themselves: dashes that stand for nil, currency signs, and what is no print at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from extractors.ocr.runs import Run
from extractors.ocr.tesseract import Token
from extractors.page import Reading

# in heights of the print
_NARROW = 1.3
_ALIGNED = 0.5
_TALL = 1.8
# a shorter one is a dash only at the end of a column
_NARROWEST_DASH = 0.5
_NEXT_LINES = 12.0
# from the middle of a line of print to the rule below it, at most
_LINE = 1.2
# a currency sign that stands alone is taken for nothing else: what it is like (5, 8) stands in a column of figures
SURE_SIGN = 0.995
_SIGN_RIVAL = 0.02
_DIGITS_LIKE_SIGN = frozenset("5893")
# what Tesseract makes of a $ besides digits
LIKE_SIGN = frozenset("§Ss")
_DASHES = re.compile("[-_=~\N{EN DASH}\N{EM DASH}]+")
_PRINT = re.compile(r"[^\W_]|[$§€£%()]")
_LEAST_TRUST = 0.6


def is_dash(run: Run, text: str, beside: Sequence[Run], glyph: float) -> bool:
    """True when a flat run stands at half the height of something beside it, and nothing stands right above it.

    ``text`` is what Tesseract read in it: a run of ink as flat as that is no letter, whatever was read.
    """
    middle = (run.top + run.bottom) / 2
    if run.width < _NARROWEST_DASH * glyph and not _ends_with_column(run, beside, glyph):
        return False
    # between two lines of print it is a piece of a rule, even where Tesseract took it for a dash
    level = bool(_DASHES.fullmatch(text)) and not any(
        0.55 * glyph < abs((other.top + other.bottom) / 2 - middle) < _LINE * glyph
        for other in beside
        if not other.dash
    )
    for other in beside:
        if other.dash:
            continue
        overlaps = other.left < run.right and run.left < other.right
        if overlaps and -0.2 * glyph < run.top - other.bottom < 0.35 * glyph:
            return False
        level = level or abs((other.top + other.bottom) / 2 - middle) < 0.42 * glyph
    return level


def is_flat(text: str) -> bool:
    """True for nothing but dashes: whether they are any is decided by where their ink stands."""
    return bool(_DASHES.fullmatch(text))


def _ends_with_column(run: Run, beside: Sequence[Run], glyph: float) -> bool:
    """True when two runs a few lines above or below end where a hyphen does: some print nil as a short one."""
    ends = [other for other in beside if not other.dash and abs(other.right - run.right) < _ALIGNED * glyph]
    return sum(abs(other.top - run.top) < _NEXT_LINES * glyph for other in ends) > 1


def is_print(token: Token, glyph: float) -> bool:
    """False for what Tesseract makes of specks and pieces of rules where no run of ink is.

    Marks without a letter, a figure or its signs are none, nor are one or two signs without trust or far too tall.
    """
    if not _PRINT.search(token.text):
        return False
    tall = token.bottom - token.top > _TALL * glyph
    return len(token.text) > 2 or (token.confidence >= _LEAST_TRUST and not tall)


def is_currency_sign(run: Run, readings: Sequence[Reading], seen: str, signs: Sequence[Run], glyph: float) -> bool:
    """True for a lone ``$`` that looks like a digit: it stands in line with others and something says it is one.

    Args:
        run: one narrow glyph. readings: what the recogniser makes of it. seen: what Tesseract read.
        signs: the runs on the page that surely are or begin with a currency sign.
    """
    if run.width > _NARROW * glyph or seen not in _DIGITS_LIKE_SIGN | LIKE_SIGN | {"", "$"}:
        return False
    likely = any(reading.text == "$" and reading.probability >= _SIGN_RIVAL for reading in readings)
    if not likely and seen not in LIKE_SIGN | {"$"}:
        return False
    return any(abs(sign.left - run.left) < _ALIGNED * glyph for sign in signs)


def trusted_sign(token: Token, run: Run | None, glyph: float) -> Token:
    """A ``$`` that stands alone is trusted: it is no figure, and says nothing of the figure beside it."""
    if token.text != "$" or token.confidence >= SURE_SIGN or run is None or run.width > _NARROW * glyph:
        return token
    return replace(token, confidence=SURE_SIGN)

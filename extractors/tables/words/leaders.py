"""Rows of dots that lead the eye from a label to its figures are neither; what they run into is cut off from them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from extractors.page import Place, TextPlace, Word

_DOTS = re.compile(r"[.·•_\N{HORIZONTAL ELLIPSIS}]+\Z")
_LONG = re.compile(r"\.{3,}|\N{HORIZONTAL ELLIPSIS}+|(?:·){3,}|_{3,}")
# so many words of dots on a page are leaders, whatever their length
_MANY = 12


def without_leaders(words: Sequence[Word]) -> list[Word]:
    """The words that say something: "Cash.......12" becomes "Cash" and "12", a word of dots nothing."""
    dotted = sum(bool(_DOTS.match(word.text)) for word in words)
    kept: list[Word] = []
    for word in words:
        if _DOTS.match(word.text) and (dotted >= _MANY or len(word.text) >= 3):
            continue
        kept += _cut(word) if _LONG.search(word.text) else [word]
    return kept


def _cut(word: Word) -> list[Word]:
    """The parts of a word before, between and behind its leaders, each with its share of the box."""
    parts = []
    start = 0
    for leader in [*_LONG.finditer(word.text), None]:
        end = leader.start() if leader else len(word.text)
        if end > start:
            parts.append(_part(word, start, end))
        start = leader.end() if leader else end
    return parts


def _part(word: Word, start: int, end: int) -> Word:
    # dots are half as wide as figures and letters
    weights = [0.5 if sign in ".·" else 1.0 for sign in word.text]
    unit = (word.right - word.left) / sum(weights)
    left, right = word.left + unit * sum(weights[:start]), word.left + unit * sum(weights[:end])
    return replace(
        word, text=word.text[start:end], left=left, right=right, place=_place(word.place, start, end), rivals=()
    )


def _place(place: Place, start: int, end: int) -> Place:
    if isinstance(place, TextPlace):
        return TextPlace(line=place.line, start=place.start + start, end=place.start + end)
    return place

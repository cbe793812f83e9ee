"""What was read twice: of words with figures that lie on the same ink the longer one stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from extractors.ocr.tesseract import Token

_FIGURE = re.compile(r"\d|\A[-\N{EN DASH}\N{EM DASH}$€£()]+\Z")
# share of the smaller box
_SAME = 0.6
# where the two do not say the same a person is to look
_UNSURE = 0.9


def find_echoes(tokens: Sequence[Token]) -> dict[int, Token | None]:
    """By index: None for a word that goes, since another covers it; for the one that stays, the word with its trust."""
    numeric = [index for index, token in enumerate(tokens) if _FIGURE.search(token.text)]
    if len(numeric) < 2:
        return {}
    boxes = np.array([(tokens[i].left, tokens[i].top, tokens[i].right, tokens[i].bottom) for i in numeric])
    left, top, right, bottom = boxes.T
    found: dict[int, Token | None] = {}
    order = np.lexsort((-(right - left), top))
    for at in order.tolist():
        across = np.minimum(right, right[at]) - np.maximum(left, left[at])
        down = np.minimum(bottom, bottom[at]) - np.maximum(top, top[at])
        areas = (right - left) * (bottom - top)
        covers = (across > 0) & (down > 0) & (across * down > _SAME * np.minimum(areas, areas[at]))
        for other in np.flatnonzero(covers).tolist():
            if other != at and numeric[at] not in found and numeric[other] not in found:
                _settle(tokens, numeric[at], numeric[other], found)
    return found


def _settle(tokens: Sequence[Token], one: int, other: int, found: dict[int, Token | None]) -> None:
    kept, gone = (one, other) if len(tokens[one].text) >= len(tokens[other].text) else (other, one)
    found[gone] = None
    word, echo = tokens[kept], tokens[gone]
    if re.sub(r"\D", "", echo.text) not in re.sub(r"\D", "", word.text):
        found[kept] = replace(word, confidence=min(word.confidence, _UNSURE))

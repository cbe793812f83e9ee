"""Decoding what the recogniser sees as a number: only the signs of printed figures are allowed.

The recogniser gives, for each of T narrow strips of a cell, a probability for every character of its large alphabet
and for "none". Characters that are forms of the same sign are added up; a beam over prefixes gives the most probable
readings with their probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from extractors.page import Reading

Strips = npt.NDArray[np.float32]

SIGNS = "0123456789,.()$-%"
_FORMS = {
    "（": "(",
    "）": ")",
    "[": "(",
    "]": ")",
    "，": ",",
    "．": ".",
    "。": ".",
    # raised between thousands it says what a comma says there; as no sign at all it would come out as a 1
    "'": ",",
    "\N{RIGHT SINGLE QUOTATION MARK}": ",",
    "％": "%",
    "＄": "$",
    "O": "0",
    "o": "0",
    "l": "1",
    "I": "1",
    "|": "1",
    "S": "$",
    "一": "-",
    "—": "-",
    "–": "-",
    "－": "-",
    "−": "-",
}
_BEAM = 8
_LEAST = 1e-6
_BRANCH = 1e-4


@dataclass(frozen=True, slots=True)
class Alphabet:
    """Which columns of the recogniser's output are which sign; column 0 is "none"."""

    characters: Sequence[str]
    columns: Sequence[npt.NDArray[np.int64]]

    @classmethod
    def of(cls, characters: Sequence[str]) -> Alphabet:
        """The alphabet of a recogniser whose columns from 1 on are these characters."""
        found: dict[str, list[int]] = {sign: [] for sign in SIGNS}
        for column, character in enumerate(characters, start=1):
            sign = _FORMS.get(character, character)
            if sign in found:
                found[sign].append(column)
        return cls(characters, [np.array(found[sign], dtype=np.int64) for sign in SIGNS])

    def fold(self, strips: Strips) -> npt.NDArray[np.float64]:
        """T x (1 + signs): probabilities of "none" and of each sign, adding to 1 in each strip."""
        parts = [strips[:, 0], *(strips[:, columns].sum(axis=1) for columns in self.columns)]
        folded = np.maximum(np.stack(parts, axis=1).astype(np.float64), _LEAST)
        return np.asarray(folded / folded.sum(axis=1, keepdims=True))

    def freely(self, strips: Strips) -> Reading:
        """The best reading over the whole alphabet, letters included; its probability is that of its weakest sign."""
        best = strips.argmax(axis=1)
        text, weakest, before = "", 1.0, 0
        for strip, column in enumerate(best):
            if column not in (0, before):
                text += self.characters[column - 1] if column <= len(self.characters) else " "
                weakest = min(weakest, float(strips[strip, column]))
            before = column
        return Reading(text, weakest if text else 0.0)


def find_readings(folded: npt.NDArray[np.float64]) -> list[Reading]:
    """The most probable readings of T x (1 + signs) probabilities, best first; their probabilities add to 1."""
    # prefix -> probability that it ends in "none", and that it ends in its last sign
    beam: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}
    for strip in folded:
        likely = [index for index in np.argsort(-strip[1:], kind="stable")[:5] if strip[1 + index] > _BRANCH]
        grown: dict[str, tuple[float, float]] = {}
        for prefix, (none, last) in beam.items():
            _add(grown, prefix, (none + last) * strip[0], last * strip[1 + SIGNS.index(prefix[-1])] if prefix else 0.0)
            for index in likely:
                sign = SIGNS[index]
                before = none if prefix.endswith(sign) else none + last
                _add(grown, prefix + sign, 0.0, before * strip[1 + index])
        best = sorted(grown.items(), key=lambda item: (-sum(item[1]), item[0]))[:_BEAM]
        scale = sum(sum(ends) for _, ends in best) or 1.0
        beam = {prefix: (ends[0] / scale, ends[1] / scale) for prefix, ends in best}
    ranked = sorted(((sum(ends), prefix) for prefix, ends in beam.items()), key=lambda item: (-item[0], item[1]))
    return [Reading(prefix, float(probability)) for probability, prefix in ranked]


def _add(beam: dict[str, tuple[float, float]], prefix: str, none: float, last: float) -> None:
    known = beam.get(prefix, (0.0, 0.0))
    beam[prefix] = (known[0] + none, known[1] + last)

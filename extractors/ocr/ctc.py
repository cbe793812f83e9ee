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
Beam = dict[str, tuple[float, float]]

SIGNS = "0123456789,.()$-%€£¥"
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
    "￡": "£",
    "￥": "¥",
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
_INDEX = {sign: index for index, sign in enumerate(SIGNS)}
_NOTHING = (0.0, 0.0)
_BEAM = 8
_LIKELY = 5
_LEAST = 1e-6
_BRANCH = 1e-4


@dataclass(frozen=True, slots=True)
class Alphabet:
    """Which columns of the recogniser's output are which sign; column 0 is "none".

    Attributes:
        characters: what the columns from 1 on stand for. columns: a row for "none" and for each sign: the columns of
            its forms, filled up to one length. counts: 1 where a column counts, 0 where it fills up.
    """

    characters: Sequence[str]
    columns: npt.NDArray[np.int64]
    counts: npt.NDArray[np.float32]

    @classmethod
    def of(cls, characters: Sequence[str]) -> Alphabet:
        """The alphabet of a recogniser whose columns from 1 on are these characters."""
        found: dict[str, list[int]] = {sign: [] for sign in SIGNS}
        for column, character in enumerate(characters, start=1):
            sign = _FORMS.get(character, character)
            if sign in found:
                found[sign].append(column)
        groups = [[0], *(found[sign] for sign in SIGNS)]
        most = max(map(len, groups))
        columns = np.array([[*group, *[0] * (most - len(group))] for group in groups], dtype=np.int64)
        counts = np.arange(most) < np.array([[len(group)] for group in groups])
        return cls(characters, columns, counts.astype(np.float32))

    def fold(self, strips: Strips) -> npt.NDArray[np.float64]:
        """T x (1 + signs): probabilities of "none" and of each sign, adding to 1 in each strip."""
        # one after the other: the order of a sum shows in its last place
        parts = sum(strips[:, forms] * counted for forms, counted in zip(self.columns.T, self.counts.T, strict=True))
        folded = np.maximum(np.ascontiguousarray(parts, dtype=np.float64), _LEAST)
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
    beam: Beam = {"": (1.0, 0.0)}
    order = np.argsort(-folded[:, 1:], axis=1, kind="stable")[:, :_LIKELY].tolist()
    # plain numbers: one at a time they are several times as fast as numpy's
    for strip, first in zip(folded.tolist(), order, strict=True):
        likely = [(SIGNS[index], strip[1 + index]) for index in first if strip[1 + index] > _BRANCH]
        best = sorted(_grown(beam, strip, likely).items(), key=_rank)[:_BEAM]
        scale = sum(none + last for _, (none, last) in best) or 1.0
        beam = {prefix: (none / scale, last / scale) for prefix, (none, last) in best}
    ranked = sorted(beam.items(), key=_rank)
    return [Reading(prefix, none + last) for prefix, (none, last) in ranked]


def _rank(item: tuple[str, tuple[float, float]]) -> tuple[float, str]:
    """The most probable prefixes first."""
    prefix, (none, last) = item
    return -(none + last), prefix


def _grown(beam: Beam, strip: Sequence[float], likely: Sequence[tuple[str, float]]) -> Beam:
    """What the prefixes become with one more strip: as they are, or longer by one of the likely signs."""
    grown: Beam = {}
    for prefix, (none, last) in beam.items():
        end = prefix[-1:]
        same = last * strip[1 + _INDEX[end]] if end else 0.0
        known = grown.get(prefix, _NOTHING)
        grown[prefix] = (known[0] + (none + last) * strip[0], known[1] + same)
        for sign, probability in likely:
            longer = prefix + sign
            known = grown.get(longer, _NOTHING)
            before = none if sign == end else none + last
            grown[longer] = (known[0], known[1] + before * probability)
    return grown

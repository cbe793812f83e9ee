"""How likely a reading is as a printed figure, before looking at the ink.

Below 200 dpi a comma and a point are the same blot. What decides then is how figures are printed: thousands in
threes, decimals seldom in threes, brackets in pairs. A page that groups by points (continental style) turns it round.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from extractors.page import Reading

# how much rarer a figure is that breaks the grammar
_ODD = 0.02
# probability that a blot read as the one mark is the other
_BLOT = 0.1
# how rare a currency sign is where hardly any other figure of the page has it: it is a 6 or a 2
_STRANGE = 0.001
_CURRENCIES, _FEW = "€£¥", 2
_SWAP = str.maketrans(",.", ".,")
_PLAIN = re.compile(
    r"""-?[$€£¥]?-?(?:\([$€£¥]?-?(?P<inside>[\d,.]+)%?\)|(?P<bare>[\d,.]+))%?-?[€£]?(?:\(\d\))?\Z
    |-\Z|[$€£¥]-?\Z|[$€£¥]?\(-\)\Z""",
    re.VERBOSE,
)
_POINT_FIGURE = re.compile(r"(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)?(?:\.(?:\d{1,2}|\d{4}))?|0?\.\d{3}")


def groups_by_points(texts: Iterable[str]) -> bool:
    """True when most figures that can only be grouped or only have decimals follow the continental style."""
    commas = points = 0
    for text in texts:
        digits = re.sub(r"[^\d.,]", "", text)
        commas += bool(re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d{1,2})?", digits))
        points += bool(re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d{1,2})?", digits))
    return points > 3 * commas and points >= 3


def is_regular(text: str, continental: bool = False) -> bool:
    """True when the text is a figure as figures are printed."""
    found = _PLAIN.match(text.translate(_SWAP) if continental else text)
    if not found:
        return False
    figure = found["inside"] or found["bare"]
    return figure is None or bool(_POINT_FIGURE.fullmatch(figure))


def strange_signs(texts: Iterable[str]) -> str:
    """The currency signs besides $ that hardly any of the figures of a page has."""
    found = Counter(sign for text in texts for sign in set(text))
    return "".join(sign for sign in _CURRENCIES if found[sign] < _FEW)


def weigh_readings(readings: Sequence[Reading], continental: bool, strange: str = "") -> list[Reading]:
    """The readings and their variants (comma for point, a speck behind it away) by ink and by grammar together.

    ``strange``: currency signs that the page does not use.
    """
    weights: dict[str, float] = {}
    for reading in readings:
        for text, likelihood in _variants(reading.text, continental):
            factor = 1.0 if is_regular(text, continental) else _ODD
            factor *= 1.0 if not strange or set(strange).isdisjoint(text) else _STRANGE
            weight = reading.probability * likelihood * factor
            weights[text] = weights.get(text, 0.0) + weight
    total = sum(weights.values()) or 1.0
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return [Reading(text, weight / total) for text, weight in ranked]


def _variants(text: str, continental: bool) -> list[tuple[str, float]]:
    """The text itself, and where it is odd what it may be with its marks exchanged."""
    variants = [(text, 1.0)]
    if is_regular(text, continental):
        return variants
    # a full stop behind a closed bracket or a figure is a speck; a comma behind it ends a day of the month
    short = text.rstrip(".")
    if short != text:
        variants.append((short, _BLOT))
    marks = [index for index, sign in enumerate(short) if sign in ",."]
    for number in range(1, 1 << min(len(marks), 4)):
        changed = list(short)
        for bit, index in enumerate(marks[:4]):
            if number >> bit & 1:
                changed[index] = "." if changed[index] == "," else ","
        variant = "".join(changed)
        if is_regular(variant, continental):
            variants.append((variant, _BLOT ** number.bit_count()))
    return variants

"""Whether what is printed is a second, damaged reading of its neighbour: labels by their letters, figures by digits.

Recognisers and converters print a row twice now and then, the second time misspelt. Genuine neighbours with the same
figures are told apart by their words ("Basic" and "Diluted", "Total current assets" and "Total assets"): a damaged
label has words that stand nowhere else in the document and look like a word of the other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher

_ALIKE = 0.6  # of the letters of two labels or words
_LEAST_LEFT = 0.3  # of the letters of a label of which some were lost
_NEARLY = 0.6  # of the digits of two figures
_LETTERS = 3  # of a word that says something


def vocabulary(texts: Iterable[str]) -> Counter[str]:
    """How often each word stands in the texts of a document."""
    return Counter(word for text in texts for word in _words(text))


def is_misspelt(label: str, other: str, words: Mapping[str, int]) -> bool:
    """True when ``label`` is a damaged ``other``; ``words`` as ``vocabulary`` counts them in the document."""
    if not label or not other:
        return False  # a total of one row may go without a label
    mine, theirs = _letters(label), _letters(other)
    if mine == theirs or not mine:
        return bool(theirs)
    known = set(_words(other))
    if _within(mine, theirs):
        strange = [word for word in _words(label) if word not in known]
        # a letter or two are within many labels: what is left must stand nowhere else in the document
        return any(len(mine) >= _LEAST_LEFT * len(theirs) or words.get(word, 0) <= 1 for word in strange)
    foreign = [w for w in _words(label) if _telling(w) and words.get(w, 0) <= 1 and w not in known]
    return alike(mine, theirs) and any(alike(word, own) for word in foreign for own in known)


def nearly_same(one: str, other: str) -> bool:
    """True when two printed figures have nearly the same digits in the same order."""
    mine, theirs = (re.sub(r"\D", "", text) for text in (one, other))
    return mine == theirs or SequenceMatcher(None, mine, theirs).ratio() >= _NEARLY


def alike(one: str, other: str) -> bool:
    """True when two strings have most of their characters in common, in the same order."""
    return SequenceMatcher(None, one, other).ratio() >= _ALIKE


def _telling(word: str) -> bool:
    return len(word) >= _LETTERS and word.isalpha()


def _within(part: str, whole: str) -> bool:
    """True when the letters of ``part`` stand in ``whole`` in this order."""
    rest = iter(whole)
    return all(mark in rest for mark in part)


def _letters(label: str) -> str:
    return "".join(mark for mark in label.lower() if mark.isalnum())


def _words(label: str) -> list[str]:
    """The words of a label; what hyphens join is one, so that half a code is none."""
    return [word for part in re.split(r"[\s/]+", label.lower()) if (word := part.strip(".,:;()'*"))]

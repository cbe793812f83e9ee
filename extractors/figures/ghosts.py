"""Ghost rows: a recogniser reads a row twice, the second time misspelt; its figures are not printed there.

Genuine neighbours with the same figures are told apart by their words ("Basic" and "Diluted", "Total current assets"
and "Total assets"): a ghost's words are damaged ones of its neighbour.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from extractors.figures.model import ReadFigure
from extractors.tables import BodyRow

_ALIKE = 0.6  # of the letters of two labels
_LEAST_LEFT = 0.3  # of the letters of a label of which some were lost
_NEARLY = 0.6  # of the digits of two figures
_LETTERS = 3  # of a word that says something


def vocabulary(labels: Sequence[str]) -> Counter[str]:
    """How often each word stands in the labels of a document."""
    return Counter(word for label in labels for word in _words(label))


def find_ghosts(
    rows: Sequence[BodyRow], figures: Mapping[int, Sequence[ReadFigure]], words: Counter[str]
) -> frozenset[int]:
    """The rows that repeat a neighbour under a damaged label.

    Args:
        rows: of one table. figures: its figures by row. words: as ``vocabulary`` counts them in the document.
    """
    found: set[int] = set()
    for row in sorted(figures):
        above = row - 1
        if above not in figures or above in found or not _same_figures(figures[above], figures[row]):
            continue
        if _ghost(rows[row].label, rows[above].label, words):
            found.add(row)
        elif _ghost(rows[above].label, rows[row].label, words):
            found.add(above)
    return frozenset(found)


def _same_figures(one: Sequence[ReadFigure], other: Sequence[ReadFigure]) -> bool:
    """True when both rows print figures in the same columns, half of them the same, the others nearly."""
    left, right = ({f.column: f for f in figures} for figures in (one, other))
    if left.keys() != right.keys():
        return False
    pairs = [(left[column], right[column]) for column in left]
    same = sum(a.number.value == b.number.value for a, b in pairs)
    telling = any(a.number.value and a.number.value == b.number.value for a, b in pairs)
    return telling and same * 2 >= len(pairs) and all(_nearly(a.raw, b.raw) for a, b in pairs)


def _nearly(one: str, other: str) -> bool:
    mine, theirs = (re.sub(r"\D", "", text) for text in (one, other))
    return mine == theirs or SequenceMatcher(None, mine, theirs).ratio() >= _NEARLY


def _ghost(label: str, other: str, words: Counter[str]) -> bool:
    """True when ``label`` is a damaged ``other``."""
    if not label or not other:
        return False  # a total of one row may go without a label
    mine, theirs = _letters(label), _letters(other)
    if mine == theirs or not mine:
        return bool(theirs)
    known = set(_words(other))
    if len(mine) >= _LEAST_LEFT * len(theirs) and _within(mine, theirs):
        return any(word not in known for word in _words(label))
    strange = [w for w in _words(label) if len(w) >= _LETTERS and w.isalpha() and words[w] <= 1 and w not in known]
    return _alike(mine, theirs) and any(_alike(word, own) for word in strange for own in known)


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other).ratio() >= _ALIKE


def _within(part: str, whole: str) -> bool:
    """True when the letters of ``part`` stand in ``whole`` in this order."""
    rest = iter(whole)
    return all(mark in rest for mark in part)


def _letters(label: str) -> str:
    return "".join(mark for mark in label.lower() if mark.isalnum())


def _words(label: str) -> list[str]:
    """The words of a label; what hyphens join is one, so that half a code is none."""
    return [word for part in re.split(r"[\s/]+", label.lower()) if (word := part.strip(".,:;()'*"))]

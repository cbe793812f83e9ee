"""Two pages on one sheet, an open book or two pages copied at once: each is read on its own.

They lie askew each in its own way, and a line of the one is no line of the other. On the plane of words the right
page stands below the left one; where they are printed is told by their places.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from extractors.ocr.components import find_components
from extractors.ocr.image import Pixels, Scan
from extractors.ocr.prepare import find_ink, flatten, print_height
from extractors.ocr.skew import runs_sideways
from extractors.page import Page, PagePlace, Rule, Word

# an open book is wider than high; shares of its width: where the fold lies, and how wide the paper around it is
_LANDSCAPE = 1.15
_FOLD = (0.42, 0.58)
_GUTTER = 0.04
# the shadow of a fold: rows looked at, where the paper beside it begins, levels of grey, share of the width
_SAMPLES, _BESIDE, _DARKER, _NARROWEST = 400, 0.25, 25, 0.005
# a share of the height, above and below: dark borders
_EDGE = 0.03
# a column of pixels with less ink is empty (dust), with more it is the shadow of the fold
_DUST, _SHADOW = 0.002, 0.6
# in heights of the print: labels are longer than figures, and begin at one edge or are set in
_LABEL, _GAP, _INDENTS = 10.0, 0.7, 6.0
_LEAST_LABELS = 8
# no stroke of a letter is as long
_LINE = 3.0


def find_gutter(scan: Scan) -> int | None:
    """The column of pixels between two pages of print, or None.

    The shadow of an open book's fold decides. Without one: a wide table has its labels at the left only, and two
    tables side by side below one title are no spread, since the title crosses the strip between them.
    """
    height, width = scan.grey.shape
    if width * scan.dpi[1] < _LANDSCAPE * height * scan.dpi[0]:
        return None
    deep = find_shadow(scan.grey)
    if deep is not None:
        halves = (find_ink(flatten(np.ascontiguousarray(half))) for half in np.split(scan.grey, [deep], axis=1))
        return None if all(runs_sideways(half) for half in halves) else deep
    ink = find_ink(flatten(scan.grey))
    start, edge = round(_FOLD[0] * width), round(_EDGE * height)
    # the shadow of the lid lies across both pages
    share = (ink[edge : height - edge, start : round(_FOLD[1] * width)] > 0).mean(axis=0)
    first, last = _longest((share < _DUST) | (share > _SHADOW))
    if last - first < _GUTTER * width:
        return None
    ink[:, start + first : start + last] = 0
    if runs_sideways(ink) is not False:
        return None
    fold = start + (first + last) // 2
    glyph = print_height(ink, max(scan.dpi))
    ink = _without_lines(ink, glyph)
    return fold if all(_has_labels(half, glyph) for half in (ink[:, :fold], ink[:, fold:])) else None


def find_shadow(grey: Pixels) -> int | None:
    """The darkest column of pixels of a shadow down the middle of a sheet with light paper on both sides, or None."""
    height, width = grey.shape
    columns = np.median(grey[:: max(1, height // _SAMPLES)], axis=0)
    start, end = (round(share * width) for share in _FOLD)
    beside = (columns[round(_BESIDE * width) : start], columns[end : round((1 - _BESIDE) * width)])
    dark = columns[start:end] < min(float(np.median(side)) for side in beside) - _DARKER
    first, last = _longest(dark)
    # a rule is narrower, a photograph wider and not lighter at both of its sides
    if last - first < _NARROWEST * width or dark[0] or dark[-1]:
        return None
    deepest: int = start + first + int(np.argmin(columns[start + first : start + last]))
    return deepest


def join_pages(left: Page, right: Page, fold: float) -> Page:
    """Both pages as one, ``fold`` points being the width of the left one."""
    shifted = tuple(_below(word, left.height, fold) for word in right.words)
    rules = tuple(
        Rule(rule.left, rule.top + left.height, rule.right, rule.bottom + left.height) for rule in right.rules
    )
    count = len(left.words) + len(right.words)
    trust = left.confidence * len(left.words) + right.confidence * len(right.words)
    return replace(
        left,
        width=fold + right.width,
        height=max(left.height, right.height),
        words=(*left.words, *shifted),
        rules=left.rules + rules,
        findings=(*left.findings, *right.findings),
        confidence=trust / count if count else 0.0,
    )


def _below(word: Word, down: float, across: float) -> Word:
    """A word of the right page below the left one; its place stays where it is printed."""
    place = word.place
    if isinstance(place, PagePlace):
        x0, y0, x1, y1 = place.bbox
        place = PagePlace(page=place.page, bbox=(x0 + across, y0, x1 + across, y1))
    return replace(word, top=word.top + down, bottom=word.bottom + down, place=place)


def _longest(free: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[int, int]:
    """Start and end (excluded) of the longest stretch of free columns."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], free, [False])).astype(np.int8)))
    stretches = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    return max(stretches, key=lambda stretch: stretch[1] - stretch[0], default=(0, 0))


def _without_lines(ink: Pixels, glyph: float) -> Pixels:
    """The ink without drawn lines: in a ruled form every label hangs together with all the others."""
    long = 2 * round(_LINE * glyph / 2) + 1
    lines = [cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(shape, np.uint8)) for shape in ((1, long), (long, 1))]
    return np.asarray(cv2.subtract(ink, cv2.bitwise_or(*lines)), dtype=np.uint8)


def _has_labels(ink: Pixels, glyph: float) -> bool:
    """True when enough phrases begin at the left edge of the print."""
    close = np.ones((1, 2 * round(_GAP * glyph / 2) + 1), np.uint8)
    stats = find_components(np.asarray(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, close), dtype=np.uint8)).stats
    lefts, widths, heights = stats[1:, 0], stats[1:, 2], stats[1:, 3]
    phrases = np.sort(lefts[(widths > _LABEL * glyph) & (heights > 0.6 * glyph) & (heights < 2.4 * glyph)])
    if len(phrases) < _LEAST_LABELS:
        return False
    edge = phrases[len(phrases) // 10]
    return int((np.abs(phrases - edge) < _INDENTS * glyph).sum()) >= _LEAST_LABELS

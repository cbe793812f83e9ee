"""Runs of ink: print without a gap as wide as the space between columns, found whether Tesseract saw it or not."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from extractors.ocr.components import Places, Stats, find_components
from extractors.ocr.image import Pixels
from extractors.ocr.prepare import Sheet

Box = tuple[int, int, int, int]

# in heights of the print
_GAP = 0.7
_TALLEST = 2.4
_WIDEST_GLYPH = 6.0
# a point rises so high, and stands so near a figure
_RISE, _FIGURE_NEAR = 0.5, 1.0
# pieces of a broken rule: how thin they are, how far from its level, how far from its end
_THIN, _LEVEL, _NEAR = 0.22, 0.12, 3.0
# dashes of one row are alike, and no more than there are columns
_MANY, _UNLIKE = 20, 0.5
# a dash is so much wider than high
_FLAT = 1.5


@dataclass(frozen=True, slots=True)
class Run:
    """A box of ink in pixels; ``dash`` when it is flat enough to be one."""

    left: int
    top: int
    right: int
    bottom: int
    dash: bool = False

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.bottom - self.top


def find_runs(sheet: Sheet, rules: Pixels) -> list[Run]:
    """The runs of ink of the page without its rules, in reading order."""
    glyph = sheet.glyph
    # rules and ink are 0 or 255
    stats = find_components(np.asarray(cv2.subtract(sheet.ink, rules), dtype=np.uint8)).stats
    width, height, area = (stats[:, column] for column in (2, 3, 4))
    keep = (height < _TALLEST * glyph) & (width < _WIDEST_GLYPH * glyph) & (area >= 4)
    keep[0] = False
    keep &= ~_broken_rules(stats, rules, glyph)
    pieces = stats[keep, :4].astype(np.int64)
    pieces[:, 2:] += pieces[:, :2]
    groups = _group(pieces, sheet.ink.shape, glyph)
    # dots in a row are as flat as a dash together: a dash, or each part of one, is flat itself
    flat = width[keep] >= _FLAT * height[keep]
    boxes: dict[int, Box] = {}
    solid: set[int] = set()
    for group, box, level in zip(groups.tolist(), map(tuple, pieces.tolist()), flat.tolist(), strict=True):
        boxes[group] = _joined(boxes.get(group), box)
        if level:
            solid.add(group)
    runs = [_run(box, glyph, group in solid) for group, box in boxes.items()]
    return sorted((run for run in runs if run is not None), key=lambda run: (run.top, run.left))


def _group(pieces: Places, shape: tuple[int, ...], glyph: float) -> Places:
    """For each piece of print (left, top, right, bottom) the number of its run.

    What belongs together is found on a picture of half the height.
    """
    left, top, right, bottom = pieces.T
    low = (bottom - top < 0.6 * glyph) & (right - left < 0.6 * glyph)
    mask = np.zeros((shape[0] // 2 + 1, shape[1]), np.uint8)
    _fill(mask, pieces[~low])
    risen = pieces[low]
    # what is as low but does not stand at the feet of a figure (an apostrophe, the rings of a per cent sign) would
    # rise into the line above
    reach, step = round(_FIGURE_NEAR * glyph), round(_RISE * glyph)
    for at, (first, above, last, _) in enumerate(risen.tolist()):
        beside = mask[max(0, above - step) // 2 : max(0, above - step // 2) // 2, max(0, first - reach) : last + reach]
        if beside.any(axis=1).all():
            # the gap across points and commas is not counted twice
            risen[at, 1] = max(0, above - step)
    _fill(mask, risen)
    # an odd width: with an even one OpenCV's closing moves everything by a pixel
    close = np.ones((1, 2 * round(_GAP * glyph / 2) + 1), np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, close), dtype=np.uint8)
    return find_components(mask).numbers((top + bottom) // 4, (left + right) // 2)


def _fill(mask: Pixels, pieces: Places) -> None:
    """Boxes (left, top, right, bottom) of the page on a picture of half its height."""
    for first, above, last, below in pieces.tolist():
        mask[above // 2 : (below + 1) // 2, first:last] = 255


def _broken_rules(stats: Stats, rules: Pixels, glyph: float) -> npt.NDArray[np.bool_]:
    """Pieces of hair rules that a copier broke.

    They are flat, and on a level with a drawn rule not far to the left or right, or with many others of many lengths.
    """
    left, top, width, height = (stats[:, column] for column in range(4))
    flat = (height <= _THIN * glyph) & (width >= height)
    flat[0] = False
    found = np.zeros_like(flat)
    drawn = cv2.morphologyEx(rules, cv2.MORPH_OPEN, np.ones((1, round(glyph)), np.uint8))
    down, across = round(_LEVEL * glyph), round(_NEAR * glyph)
    for at in np.flatnonzero(flat).tolist():
        x, y = int(left[at] + width[at] // 2), int(top[at] + height[at] // 2)
        found[at] = drawn[max(0, y - down) : y + down + 1, max(0, x - across) : x + across + 1].any()
    line = (2 * top + height) // max(2, round(2 * _LEVEL * glyph))
    for at in np.unique(line[flat]):
        # pieces at the edge of a band belong to the next one as well
        pieces = np.flatnonzero(flat & (np.abs(line - at) <= 1))
        if len(pieces) >= _MANY and np.ptp(width[pieces]) > _UNLIKE * glyph:
            found[pieces] = True
    return found


def _joined(one: Box | None, other: Box) -> Box:
    if one is None:
        return other
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _run(box: Box, glyph: float, solid: bool) -> Run | None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    if height > _TALLEST * glyph:
        return None
    flat = solid and height <= 0.4 * glyph and width >= max(_FLAT * height, 0.25 * glyph) and width <= 3.5 * glyph
    if not flat and (height < 0.6 * glyph or width < 0.2 * glyph):
        return None
    return Run(left, top, right, bottom, dash=flat)

"""How a page lies: its skew, and whether its lines run down instead of across.

Both come from the row profile (ink per row of pixels): it is sharpest where the rows of pixels run along the lines.
"""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from extractors.ocr.image import Pixels

Places = npt.NDArray[np.int64]

MAX_DEGREES = 5.0
_WORKING_SIDE = 1100
_MAX_POINTS = 60_000
# points of ink without which nothing is said
_LEAST_FOR_SKEW, _LEAST_FOR_WAY = 50, 500
# pixels of the small page by which a turn may move ink over its edge
_MARGIN = 64
# range and step of the search, coarse to fine; a skew below the last step moves the end of a line by a pixel
_SEARCH = ((MAX_DEGREES, 0.5), (0.5, 0.1), (0.1, 0.02))


class Lie:
    """How the print of a page lies; each question is answered once, when it is first asked.

    ``ink`` is 255 where there is ink.
    """

    def __init__(self, ink: Pixels) -> None:
        self._ink = ink

    @cached_property
    def skew(self) -> float:
        """Degrees (clockwise positive) by which the lines fall to the right; 0 for a page without enough ink.

        At most ``MAX_DEGREES`` either way.
        """
        return self._across[0] if len(self._points[0]) >= _LEAST_FOR_SKEW else 0.0

    @cached_property
    def sideways(self) -> bool | None:
        """True when the lines run down the page, False when across, None when the ink does not tell."""
        rows, columns = self._points
        if len(rows) < _LEAST_FOR_WAY:
            return None
        across = self._across[1]
        down = _best(columns, rows, self._small.shape[1])[1]
        if down > 1.5 * across:
            return True
        return None if down > 0.8 * across else False

    @cached_property
    def _small(self) -> Pixels:
        return _shrink(self._ink)

    @cached_property
    def _points(self) -> tuple[Places, Places]:
        rows, columns = np.nonzero(self._small)
        stride = len(rows) // _MAX_POINTS + 1
        return rows[::stride], columns[::stride]

    @cached_property
    def _across(self) -> tuple[float, float]:
        return _best(*self._points, self._small.shape[0])


def find_skew(ink: Pixels) -> float:
    """The skew of one page (``Lie.skew``)."""
    return Lie(ink).skew


def runs_sideways(ink: Pixels) -> bool | None:
    """Whether the lines of one page run down it (``Lie.sideways``)."""
    return Lie(ink).sideways


def _shrink(ink: Pixels) -> Pixels:
    scale = _WORKING_SIDE / max(ink.shape)
    if scale >= 1:
        return ink
    small = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray((small > 96) * np.uint8(255), dtype=np.uint8)


def _best(rows: Places, columns: Places, size: int) -> tuple[float, float]:
    """The skew with the sharpest profile, and how sharp it is per point of ink."""
    middle = float(columns.mean())
    apart, down = columns - middle, rows.astype(np.float64)
    farthest = max(-apart.min(), apart.max()) * np.tan(np.radians(MAX_DEGREES))
    shifted = np.empty_like(apart)
    best, sharpness = 0.0, -1.0
    for reach, step in _SEARCH:
        centre = best
        for count in range(-round(reach / step), round(reach / step) + 1):
            degrees = round(centre + count * step, 4)
            if abs(degrees) > MAX_DEGREES:
                continue
            np.multiply(apart, np.tan(np.radians(degrees)), out=shifted)
            np.subtract(down, shifted, out=shifted)
            shifted += _MARGIN
            if farthest >= _MARGIN:
                np.clip(shifted, 0, size + 2 * _MARGIN, out=shifted)
            profile = np.bincount(shifted.astype(np.int64), minlength=size + 2 * _MARGIN + 1)
            score = float((np.diff(profile.astype(np.float64)) ** 2).sum())
            # of equal scores the smaller turn wins, so that a page without lines stays as it is
            if score > sharpness * (1 + 1e-9):
                best, sharpness = degrees, score
    return best, sharpness / len(rows)

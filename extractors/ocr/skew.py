"""How a page lies: its skew, and whether its lines run down instead of across.

Both come from the row profile (ink per row of pixels): it is sharpest where the rows of pixels run along the lines.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from extractors.ocr.image import Pixels

MAX_DEGREES = 5.0
_WORKING_SIDE = 1100
_MAX_POINTS = 60_000
# range and step of the search, coarse to fine; a skew below the last step moves the end of a line by a pixel
_SEARCH = ((MAX_DEGREES, 0.5), (0.5, 0.1), (0.1, 0.02))


def find_skew(ink: Pixels) -> float:
    """Degrees (clockwise positive) by which the lines fall to the right; 0 for a page without enough ink.

    ``ink`` is 255 where there is ink. At most ``MAX_DEGREES`` either way.
    """
    rows, columns, size = _points(_shrink(ink))
    return _best(rows, columns, size)[0] if len(rows) >= 50 else 0.0


def runs_sideways(ink: Pixels) -> bool | None:
    """True when the lines run down the page, False when across, None when the ink does not tell."""
    small = _shrink(ink)
    rows, columns, size = _points(small)
    if len(rows) < 500:
        return None
    across = _best(rows, columns, size)[1]
    down = _best(columns, rows, small.shape[1])[1]
    if down > 1.5 * across:
        return True
    return None if down > 0.8 * across else False


def _shrink(ink: Pixels) -> Pixels:
    scale = _WORKING_SIDE / max(ink.shape)
    if scale >= 1:
        return ink
    small = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray((small > 96) * np.uint8(255), dtype=np.uint8)


def _points(ink: Pixels) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    rows, columns = np.nonzero(ink)
    stride = len(rows) // _MAX_POINTS + 1
    return rows[::stride], columns[::stride], ink.shape[0]


def _best(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], size: int) -> tuple[float, float]:
    """The skew with the sharpest profile, and how sharp it is per point of ink."""
    middle = float(columns.mean())
    best, sharpness = 0.0, -1.0
    for reach, step in _SEARCH:
        centre = best
        for count in range(-round(reach / step), round(reach / step) + 1):
            degrees = round(centre + count * step, 4)
            if abs(degrees) > MAX_DEGREES:
                continue
            shifted = rows - (columns - middle) * np.tan(np.radians(degrees))
            profile = np.bincount(np.clip(shifted + 64, 0, size + 128).astype(np.int64), minlength=size + 129)
            score = float((np.diff(profile.astype(np.float64)) ** 2).sum())
            # of equal scores the smaller turn wins, so that a page without lines stays as it is
            if score > sharpness * (1 + 1e-9):
                best, sharpness = degrees, score
    return best, sharpness / len(rows)

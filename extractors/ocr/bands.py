"""Light print on a dark band, as totals and heads are set in reports: turned into dark print on white.

What makes shaded rows white would take the light print with it, and Tesseract loses most of what it sees inverted.
"""

from __future__ import annotations

import cv2
import numpy as np

from extractors.ocr.image import Pixels

# bands are looked for on a picture of an eighth of the size
_CELL = 8
# levels of grey: a band is darker than that; what stands on it is lighter than it by a share of what is left to white
_DARKEST_PAPER, _LIGHTER = 185, 0.4
# of inches: the least width and height of a band, and the greatest height
_WIDTH, _LOW, _HIGH = 0.4, 0.1, 1.2
# shares: of a box that the band fills, of light print on it, of dark print that speaks against it
_FILLED, _PRINT, _DARK = 0.8, (0.003, 0.5), 0.01
# of a cell, and of a row or column of a box, that is dark
_MOSTLY, _SOLID = 0.6, 0.3


def invert_bands(grey: Pixels, dpi: float) -> Pixels:
    """The page with light print on dark bands turned dark on white; all else as it was."""
    if min(grey.shape) < 64:
        return grey
    turned = grey
    for left, top, right, bottom in _dark_boxes(grey, dpi):
        box = _trimmed(grey[top:bottom, left:right])
        part = grey[top:bottom, left:right][box]
        if part.size and _is_reverse(part):
            if turned is grey:
                turned = grey.copy()
            turned[top:bottom, left:right][box] = _inverted(part)
    return turned


def _dark_boxes(grey: Pixels, dpi: float) -> list[tuple[int, int, int, int]]:
    """Boxes in pixels around what is dark, wide and filled; what lies at an edge of the page is its shadow."""
    mask = cv2.threshold(grey, _DARKEST_PAPER - 1, 255, cv2.THRESH_BINARY_INV)[1]
    small = cv2.resize(mask, None, fx=1 / _CELL, fy=1 / _CELL, interpolation=cv2.INTER_AREA)
    dark = np.asarray(small > _MOSTLY * 255, dtype=np.uint8)
    # the light print makes holes in the band; dark print makes no cell dark
    whole = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((3, 5), np.uint8))
    whole = cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(whole, connectivity=4)
    unit = dpi / _CELL
    boxes = []
    for left, top, width, height, area in stats[1:].tolist():
        at_edge = left < 1 or top < 1 or left + width >= small.shape[1] or top + height >= small.shape[0]
        sized = width >= _WIDTH * unit and _LOW * unit <= height <= _HIGH * unit
        if sized and not at_edge and area >= _FILLED * width * height:
            edges = (left - 1, top - 1, left + width + 1, top + height + 1)
            first, above, last, below = (edge * _CELL for edge in edges)
            boxes.append((max(0, first), max(0, above), last, below))
    return boxes


def _trimmed(part: Pixels) -> tuple[slice, slice]:
    """The rows and columns of a box that belong to the band."""
    dark = part < _DARKEST_PAPER
    rows, columns = np.flatnonzero(dark.mean(axis=1) >= _SOLID), np.flatnonzero(dark.mean(axis=0) >= _SOLID)
    if not len(rows) or not len(columns):
        return np.s_[0:0, 0:0]
    return np.s_[int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]


def _is_reverse(part: Pixels) -> bool:
    """True where light print stands on the band and no dark print does."""
    band = float(np.median(part))
    light = float((part > band + _LIGHTER * (255 - band)).mean())
    dark = float((part < band - _LIGHTER * 255 / 2).mean())
    return band < _DARKEST_PAPER and _PRINT[0] <= light <= _PRINT[1] and dark <= _DARK


def _inverted(part: Pixels) -> Pixels:
    band = float(np.median(part))
    lighter = np.clip((part.astype(np.float32) - band) / (255 - band), 0, 1)
    return np.asarray(255 - lighter * 255, dtype=np.uint8)

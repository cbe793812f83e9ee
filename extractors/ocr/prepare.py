"""From a scan to a sheet: upright, square pixels, straight, its borders white, its size fit for reading.

What was measured to harm reading is left alone: no thresholding, no smoothing, no removal of rules from what the
engines see. Specks are taken away only where no glyph is near, so that no decimal point goes with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from extractors.ocr.bands import invert_bands
from extractors.ocr.components import Components, Stats, find_components
from extractors.ocr.image import Pixels, Quarter, Scan
from extractors.ocr.skew import Lie

Box = tuple[float, float, float, float]
# the left, top, right and bottom edges of many boxes
Edges = tuple[npt.NDArray[np.generic], npt.NDArray[np.generic], npt.NDArray[np.generic], npt.NDArray[np.generic]]
Reach = tuple[float | npt.NDArray[np.float64], float, float]

# below this Tesseract reads noticeably better on an enlarged page
_LOW_DPI = 190.0
_ENLARGED_DPI = 300.0
_LEAST_SKEW = 0.05
# how far from a glyph a small mark may be that belongs to it, in heights of the print: beside, above and below it, and
# beside it on its base line (below which old-style figures descend) or raised (an apostrophe between thousands)
_HANGING, _ABOVE, _BELOW = 0.3, 0.5, 0.35
_APART, _BASE, _RAISED = 0.65, 0.65, 0.3
# digits are so much higher than the usual print at most, where that is small letters
_TALLER = 1.6


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as the engines see it.

    Attributes:
        grey: upright and straight, 0 black, 255 white.
        ink: 255 where ``grey`` holds ink, without borders and specks; the rules are still in it.
        dpi: pixels per inch, the same across and down.
        rotation: degrees clockwise that were undone. width, height: of the upright page in points.
        glyph: usual height of the print in pixels.
        back: affine map (2 x 3) from pixels of ``grey`` to points on the page before it was straightened.
        offset: pixels by which straightening moved the page's top left corner.
    """

    grey: Pixels
    ink: Pixels
    dpi: float
    rotation: Quarter
    width: float
    height: float
    glyph: float
    back: npt.NDArray[np.float64]
    offset: tuple[float, float]

    def points(self, left: float, top: float, right: float, bottom: float) -> Box:
        """A box of pixels in points on the straightened page."""
        scale, (x, y) = 72 / self.dpi, self.offset
        return (left - x) * scale, (top - y) * scale, (right - x) * scale, (bottom - y) * scale

    def printed(self, left: float, top: float, right: float, bottom: float) -> Box:
        """The same box in points where it is printed on the upright page, skew and all."""
        x, y = self.back @ np.array([(left + right) / 2, (top + bottom) / 2, 1.0])
        wide, high = (right - left) * 36 / self.dpi, (bottom - top) * 36 / self.dpi
        return float(x) - wide, float(y) - high, float(x) + wide, float(y) + high


def prepare(scan: Scan, find_rotation: Callable[[Pixels, float], Quarter | None], turn: Quarter | None = None) -> Sheet:
    """Make a page ready to be read.

    ``find_rotation`` (image, dpi → degrees clockwise that set it upright) is asked only when the lines do not run
    across; ``turn`` overrides all of it.
    """
    grey, dpi = _square(scan)
    untouched = _turned(flatten(invert_bands(grey, dpi)), turn or 0)
    grey, ink, glyph = clean(untouched, find_ink(untouched), dpi)
    lie = Lie(ink)
    if turn is None:
        turn = _turn(grey, lie, dpi, find_rotation)
        if turn:
            # which specks are points is only known of upright print
            untouched = _turned(untouched, turn)
            grey, ink, glyph = clean(untouched, find_ink(untouched), dpi)
            lie = Lie(ink)
    if dpi < _LOW_DPI:
        before = dpi
        grey, ink, dpi = _enlarge(grey, dpi)
        glyph, lie = glyph * (dpi / before), Lie(ink)
    height, width = grey.shape
    skew = lie.skew
    straight = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    offset = (0.0, 0.0)
    if abs(skew) >= _LEAST_SKEW:
        grey, straight, offset = _straighten(grey, skew)
        ink = find_ink(grey)
    back = np.asarray(cv2.invertAffineTransform(straight) * (72 / dpi), dtype=np.float64)
    rotation = cast("Quarter", (scan.rotation + turn) % 360)
    return Sheet(grey, ink, dpi, rotation, width * 72 / dpi, height * 72 / dpi, glyph, back, offset)


def flatten(grey: Pixels) -> Pixels:
    """The page with shaded rows, shadows and uneven light made white paper; black and white pages stay as they are.

    Tesseract loses what stands on shading: on a page with grey bands it found 22 of 80 figures, without them 76.
    """
    if not ((grey > 0) & (grey < 255)).any():
        return grey
    small = cv2.resize(grey, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA) if min(grey.shape) > 64 else grey
    # closing takes away what is thinner than five cells of the small page: print, and never a shaded row
    paper = cv2.medianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), 3)
    paper = cv2.resize(paper, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(grey, np.maximum(paper, 1), scale=255.0), dtype=np.uint8)


def find_ink(grey: Pixels) -> Pixels:
    """255 where a flattened page holds ink."""
    threshold, ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    # on a page with hardly any ink Otsu would split the grain of the paper: the threshold stays in the middle
    within = min(max(threshold, 96.0), 208.0)
    if within != threshold:
        _, ink = cv2.threshold(grey, within, 255, cv2.THRESH_BINARY_INV)
    return np.asarray(ink, dtype=np.uint8)


def clean(grey: Pixels, ink: Pixels, dpi: float) -> tuple[Pixels, Pixels, float]:
    """Whiten dark borders and lone specks; also gives the height of the print in pixels."""
    components = find_components(ink)
    stats = components.stats
    glyph = _glyph(stats, dpi)
    if len(stats) <= 1:
        return grey, ink, glyph
    away = _borders(stats, ink.shape) | _corners(components) | _specks(stats, ink.shape, glyph)
    if not away.any():
        return grey, ink, glyph
    mask = components.paint(away)
    left = cv2.bitwise_xor(ink, mask)
    # beside what goes its blurred edge goes as well, and no ink that stays
    wide = cv2.subtract(cv2.dilate(mask, np.ones((3, 3), np.uint8)), left)
    return np.asarray(cv2.bitwise_or(grey, wide), np.uint8), np.asarray(left, np.uint8), glyph


def _square(scan: Scan) -> tuple[Pixels, float]:
    across, down = scan.dpi
    if abs(across - down) <= 0.02 * max(across, down):
        return scan.grey, max(across, down)
    dpi = max(across, down)
    grey = cv2.resize(scan.grey, None, fx=dpi / across, fy=dpi / down, interpolation=cv2.INTER_CUBIC)
    return np.asarray(grey, dtype=np.uint8), dpi


def _turn(grey: Pixels, lie: Lie, dpi: float, find_rotation: Callable[[Pixels, float], Quarter | None]) -> Quarter:
    sideways = lie.sideways
    if sideways is False:
        return 0
    turn = find_rotation(grey, dpi)
    if turn is None:
        return 90 if sideways else 0
    if sideways and turn in (0, 180):
        return 90
    return turn


def _turned(pixels: Pixels, turn: Quarter) -> Pixels:
    return np.ascontiguousarray(np.rot90(pixels, -turn // 90))


def _enlarge(grey: Pixels, dpi: float) -> tuple[Pixels, Pixels, float]:
    """A page of few dots, its ink and its dots per inch in a size that is read well."""
    factor = min(2.0, _ENLARGED_DPI / dpi)
    grey = np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    return grey, find_ink(grey), dpi * factor


def _straighten(grey: Pixels, skew: float) -> tuple[Pixels, npt.NDArray[np.float64], tuple[float, float]]:
    """Turn the page by its skew on a canvas large enough to hold its corners."""
    height, width = grey.shape
    sine = abs(np.sin(np.radians(skew)))
    across, down = int(np.ceil(height * sine / 2)), int(np.ceil(width * sine / 2))
    straight = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    straight[:, 2] += (across, down)
    turned = cv2.warpAffine(
        grey,
        straight,
        (width + 2 * across, height + 2 * down),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(255.0,),
    )
    return np.asarray(turned, dtype=np.uint8), np.asarray(straight, dtype=np.float64), (float(across), float(down))


def print_height(ink: Pixels, dpi: float) -> float:
    """The usual height of the print in pixels."""
    return _glyph(find_components(ink).stats, dpi)


def _glyph(stats: Stats, dpi: float) -> float:
    """Usual height of digits and capitals: between 4 and 30 points, neither rules nor specks; 7 points if unknown."""
    heights, widths = stats[1:, 3], stats[1:, 2]
    low, high = 3.5 * dpi / 72, 30 * dpi / 72
    print_like = (heights > low) & (heights < high) & (widths < 3 * heights) & (widths * 12 > heights)
    return float(np.median(heights[print_like])) if print_like.any() else 7 * dpi / 72


def _borders(stats: Stats, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Components that lie along an edge of the page: shadows of the lid, the margin of a photocopy."""
    high, wide = shape[0], shape[1]
    left, top, width, height = (stats[:, column] for column in range(4))
    reach = 0.01
    touches = (left <= reach * wide) | (left + width >= (1 - reach) * wide)
    edge = touches & (left + width <= 0.06 * wide) | touches & (left >= 0.94 * wide)
    upright = edge & (height > 3 * width)
    touches = (top <= reach * high) | (top + height >= (1 - reach) * high)
    edge = touches & (top + height <= 0.06 * high) | touches & (top >= 0.94 * high)
    lying = edge & (width > 10 * height)
    found = upright | lying
    found[0] = False
    return np.asarray(found)


def _corners(components: Components) -> npt.NDArray[np.bool_]:
    """Borders along two edges or more that are one component: long, at an edge, and nowhere far from the edges.

    They lie as the scanner does: left in, they would hide the skew of the page.
    """
    stats = components.stats
    high, wide = components.shape[:2]
    left, top, width, height = (stats[:, column] for column in range(4))
    found = np.zeros(len(stats), dtype=bool)
    middle = int(0.06 * wide), int(0.06 * high), int(0.94 * wide), int(0.94 * high)
    edge = (left <= 0.01 * wide) | (top <= 0.01 * high) | (left + width >= 0.99 * wide) | (top + height >= 0.99 * high)
    for index in np.flatnonzero(edge & (width > 0.5 * wide) & (height > 0.3 * high)):
        found[index] = index > 0 and not components.reaches(int(index), middle)
    return found


def _specks(stats: Stats, shape: tuple[int, ...], glyph: float) -> npt.NDArray[np.bool_]:
    """Components far smaller than a glyph that cannot belong to one.

    What belongs to a glyph hangs on it (a dot, an accent, a piece of broken print) or stands on its base line not far
    off (a point, a comma; in typewriter type half a glyph away). The dots of leaders do neither, and go as well.
    """
    left, top, width, height = (stats[:, column] for column in range(4))
    size = np.maximum(width, height)
    # dashes and rules are long: they stay
    flat = (width >= 1.8 * height) & (width >= 0.25 * glyph)
    small = (size < 0.42 * glyph) & ~flat
    large = size >= 0.55 * glyph
    small[0] = large[0] = False
    if not small.any():
        return np.asarray(small)
    near = np.zeros(shape[:2], dtype=bool)
    x, y, right, bottom = (edges[large] for edges in (left, top, left + width, top + height))
    # in the small print of a monospaced page letters are low, and a point stands a third of a digit's pitch off
    apart = np.asarray(_APART * np.clip(height[large], glyph, _TALLER * glyph), dtype=np.float64)
    _mark(near, (x, y, right, bottom), (_HANGING * glyph, _ABOVE * glyph, _BELOW * glyph))
    _mark(near, (x, bottom - _BASE * glyph, right, bottom), (apart, 0.0, _BELOW * glyph))
    _mark(near, (x, y, right, y + _RAISED * glyph), (apart, 0.0, 0.0))
    return np.asarray(small & ~near[top + height // 2, left + width // 2])


def _mark(near: npt.NDArray[np.bool_], boxes: Edges, reach: Reach) -> None:
    """Mark boxes (left, top, right, bottom), widened by ``reach`` (across, above, below; in pixels)."""
    across, above, below = (np.rint(pixels).astype(np.int64) for pixels in reach)
    left, top, right, bottom = (np.rint(edges).astype(np.int64) for edges in boxes)
    starts, ends = np.maximum(0, top - above).tolist(), (bottom + below).tolist()
    firsts, lasts = np.maximum(0, left - across).tolist(), (right + across).tolist()
    for start, end, first, last in zip(starts, ends, firsts, lasts, strict=True):
        near[start:end, first:last] = True

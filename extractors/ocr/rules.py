"""Drawn lines: found in the ink, handed on as rules, and absent from the ink in which cells are looked for."""

from __future__ import annotations

import cv2
import numpy as np

from extractors.ocr.components import find_components
from extractors.ocr.image import Pixels
from extractors.ocr.prepare import Sheet
from extractors.page import Rule

# inches; a dash is at most an em long (0.17 inch in 12 point type), a letter of a title half an inch high
_LEAST_WIDTH = 0.25
_LEAST_HEIGHT = 0.5
_THICKEST = 0.045
# share of a rule that may have ink right beside it: figures touch it here and there, letters hang on all along (of 2200
# lines on pages of four filings 0.2 to 0.4 was reached by 5 that were not the feet or the waist of a word, and by 300
# that were)
_PRINT = 0.2
# share of a rule that is ink and not a bridged gap: 0.93 at least of those of ruled pages, 0.6 of a column of digits
_SOLID = 0.8


def find_rules(sheet: Sheet) -> tuple[tuple[Rule, ...], Pixels]:
    """The rules in points, top to bottom, and a mask (255 = part of a rule) in pixels of the sheet."""
    dpi = sheet.dpi / 2
    half = _halved(sheet.ink)
    across = _lines(half, round(_LEAST_WIDTH * dpi), horizontal=True)
    down = _lines(half, round(_LEAST_HEIGHT * dpi), horizontal=False)
    mask = np.zeros_like(half)
    rules: list[Rule] = []
    for lines, horizontal in ((across, True), (down, False)):
        components = find_components(lines)
        stats = components.stats
        keep = np.zeros(len(stats), dtype=bool)
        for index in range(1, len(stats)):
            left, top, width, height, area = (int(value) for value in stats[index])
            long, thick = (width, area / width) if horizontal else (height, area / height)
            box = (left, top, width, height)
            if thick > _THICKEST * dpi or long < 6 * thick or _in_print(half, box, horizontal):
                continue
            if not _is_solid(half, lines, box):
                continue
            keep[index] = True
            rules.append(Rule(*sheet.points(2 * left, 2 * top, 2 * (left + width), 2 * (top + height))))
        mask |= components.paint(keep)
    rules.sort(key=lambda rule: (rule.top, rule.left))
    full = cv2.resize(mask, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    full = full[: sheet.ink.shape[0], : sheet.ink.shape[1]]
    return tuple(rules), np.asarray(cv2.dilate(full, np.ones((3, 3), np.uint8)), dtype=np.uint8)


def _is_solid(half: Pixels, lines: Pixels, box: tuple[int, int, int, int]) -> bool:
    """False for digits set so tight below one another that only the bridges between them make a line of them."""
    left, top, width, height = box
    inside = np.s_[top : top + height, left : left + width]
    return float(np.mean(half[inside][lines[inside] > 0] > 0)) >= _SOLID


def _in_print(half: Pixels, box: tuple[int, int, int, int], horizontal: bool) -> bool:
    """True when ink hangs on both or either side of most of the line: letters set tight, not a rule."""
    left, top, width, height = box
    page, start, end, side, other = half, left, left + width, top - 2, top + height + 1
    if not horizontal:
        page, start, end, side, other = half.T, top, top + height, left - 2, left + width + 1
    return any(0 <= row < page.shape[0] and float(np.mean(page[row, start:end] > 0)) > _PRINT for row in (side, other))


def _halved(ink: Pixels) -> Pixels:
    """Half as wide and high, ink where any of the four pixels was: a quarter of the work, and no line is lost."""
    high, wide = ink.shape
    if high % 2 or wide % 2:
        ink = np.pad(ink, ((0, high % 2), (0, wide % 2)))
    rows = np.bitwise_or(ink[::2], ink[1::2])
    # two pixels side by side as one number, since steps of two bytes are slow
    pairs = rows.view(np.uint16)
    return np.asarray(pairs | (pairs >> np.uint16(8)), dtype=np.uint16).astype(np.uint8)


def _lines(ink: Pixels, least: int, horizontal: bool) -> Pixels:
    """The ink that runs straight for at least so many pixels; gaps as small as bad print leaves are bridged."""
    # odd: with an even kernel OpenCV's closing moves the lines by a pixel
    bridge = 2 * (least // 30) + 1
    close = np.ones((1, bridge) if horizontal else (bridge, 1), np.uint8)
    bridged = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, close)
    least += 1 - least % 2
    kernel = np.ones((1, least) if horizontal else (least, 1), np.uint8)
    return np.asarray(cv2.morphologyEx(bridged, cv2.MORPH_OPEN, kernel), dtype=np.uint8)

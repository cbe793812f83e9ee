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


def find_rules(sheet: Sheet) -> tuple[tuple[Rule, ...], Pixels]:
    """The rules in points, top to bottom, and a mask (255 = part of a rule) in pixels of the sheet."""
    across = _lines(sheet.ink, round(_LEAST_WIDTH * sheet.dpi), horizontal=True)
    down = _lines(sheet.ink, round(_LEAST_HEIGHT * sheet.dpi), horizontal=False)
    mask = np.zeros_like(sheet.ink)
    rules: list[Rule] = []
    for lines, horizontal in ((across, True), (down, False)):
        labels, stats = find_components(lines)
        keep = np.zeros(len(stats), dtype=bool)
        for index in range(1, len(stats)):
            left, top, width, height, area = (int(value) for value in stats[index])
            long, thick = (width, area / width) if horizontal else (height, area / height)
            if thick > _THICKEST * sheet.dpi or long < 6 * thick:
                continue
            keep[index] = True
            rules.append(Rule(*sheet.points(left, top, left + width, top + height)))
        mask |= np.where(keep[labels], np.uint8(255), np.uint8(0))
    rules.sort(key=lambda rule: (rule.top, rule.left))
    return tuple(rules), np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), dtype=np.uint8)


def _lines(ink: Pixels, least: int, horizontal: bool) -> Pixels:
    """The ink that runs straight for at least so many pixels; gaps as small as bad print leaves are bridged."""
    bridge = max(2, least // 15)
    close = np.ones((1, bridge) if horizontal else (bridge, 1), np.uint8)
    bridged = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, close)
    kernel = np.ones((1, least) if horizontal else (least, 1), np.uint8)
    return np.asarray(cv2.morphologyEx(bridged, cv2.MORPH_OPEN, kernel), dtype=np.uint8)

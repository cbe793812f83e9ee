"""Print that is much fainter than the rest of its page: a column set in grey or in a light colour, a pale page.

One threshold cannot hold both: between black print and white paper it takes the pale for paper. So pale print is looked
for by itself, made as dark as the rest, and the page read once more for its words. What shows through from the back of
the sheet is pale too: its lines are mirrored, and the recogniser says of them that it cannot read them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from extractors.ocr.cells import crop
from extractors.ocr.components import Stats, find_components
from extractors.ocr.image import Pixels, Scan
from extractors.ocr.prepare import Sheet, flatten
from extractors.ocr.recogniser import Recogniser
from extractors.ocr.runs import find_runs

# levels of grey: how far from white print is at least, and how far beyond the grain of the paper
_PALEST, _BEYOND_GRAIN = 20.0, 6.0
# in heights of the print: of a glyph at least and at most, between the glyphs of a line, paper around it
_LEAST, _MOST, _APART, _AROUND = 0.45, 2.2, 1.6, 0.45
# glyphs that make a line, and lines that make it worth while to read them
_GLYPHS, _LINES = 3, 2
# share of a glyph that is ink already: it belongs to the dark print
_DARK = 0.35
_SOLID = 0.15
# pieces of pale print that are tried, and how sure the recogniser is of print: of what is mirrored it is to 0.4
_TRIED, _LEGIBLE = 40, 0.9

Edges = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Pale:
    """The pale print of a page: ``grey`` shows it as dark as print, and holds only where ``mask`` is true."""

    grey: Pixels
    mask: npt.NDArray[np.bool_]


def find_pale(sheet: Sheet) -> Pale | None:
    """The pale print of a page, None where there is none worth reading."""
    level = _level(sheet.grey)
    if level is None:
        return None
    faint = np.asarray(cv2.threshold(sheet.grey, level, 255, cv2.THRESH_BINARY_INV)[1], dtype=np.uint8)
    beside = cv2.subtract(faint, cv2.dilate(sheet.ink, np.ones((5, 5), np.uint8)))
    if cv2.countNonZero(beside) < _GLYPHS * _LINES * _SOLID * sheet.glyph**2:
        return None
    components = find_components(faint)
    stats = components.stats
    alike = components.count(sheet.ink) < _DARK * stats[:, 4]
    alike[0] = False
    glyphs = alike & _like_glyphs(stats, sheet.glyph)
    if glyphs.sum() < _GLYPHS * _LINES:
        return None
    boxes = _lines(stats[glyphs], sheet.grey.shape, sheet.glyph)
    if len(boxes) < _LINES:
        return None
    boxes += _in_columns(stats[glyphs | alike & _like_dashes(stats, sheet.glyph)], boxes, sheet.glyph)
    mask = np.zeros(sheet.grey.shape, dtype=bool)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = True
    alike[0] = True
    mask &= components.paint(alike) > 0
    return Pale(_raised(sheet.grey, mask & (faint > 0)), mask)


def with_pale(sheet: Sheet, pale: Pale) -> Sheet:
    """The page and its ink with the pale print on it as dark as the rest."""
    grey = np.where(pale.mask, pale.grey, sheet.grey)
    ink = np.where(pale.mask, np.where(pale.grey < 128, np.uint8(255), np.uint8(0)), sheet.ink)
    return replace(sheet, grey=np.asarray(grey, dtype=np.uint8), ink=np.asarray(ink, dtype=np.uint8))


def is_legible(darker: Sheet, pale: Pale, recogniser: Recogniser) -> bool:
    """True where most pieces of the pale print, made dark in ``darker``, are read without doubt."""
    only = replace(darker, ink=np.where(pale.mask, darker.ink, np.uint8(0)))
    runs = [run for run in find_runs(only, np.zeros_like(only.ink)) if run.width > only.glyph][:_TRIED]
    sure = [free.probability for free, _ in recogniser.read([crop(darker, run) for run in runs])]
    return bool(sure) and float(np.median(sure)) >= _LEGIBLE


def darken(scan: Scan) -> Scan | None:
    """A page without ink with whatever is on it as dark as print; None where nothing is."""
    grey = flatten(scan.grey)
    level = _level(grey)
    if level is None or not (grey < level).any():
        return None
    return replace(scan, grey=_raised(grey, grey < level))


def _level(grey: Pixels) -> float | None:
    """The grey from which on it is paper; None for pages in black and white, and where the grain is as dark as that."""
    paper = grey[::4, ::4]
    paper = paper[paper > 208]
    if not paper.size or paper.min() == paper.max():
        # without grain; what is neither black nor white is print, or there is nothing of the kind
        return 255.0 - _PALEST if ((grey > 0) & (grey < 255)).any() else None
    spread = 1.4826 * float(np.median(np.abs(paper.astype(np.float32) - float(np.median(paper)))))
    level = float(np.median(paper)) - max(_PALEST, _BEYOND_GRAIN * spread)
    return level if level > 128 else None


def _like_glyphs(stats: Stats, glyph: float) -> npt.NDArray[np.bool_]:
    width, height, area = stats[:, 2], stats[:, 3], stats[:, 4]
    sized = (height >= _LEAST * glyph) & (height <= _MOST * glyph) & (width <= 4 * glyph)
    return np.asarray(sized & (area >= _SOLID * width * height) & (width * 12 >= height))


def _like_dashes(stats: Stats, glyph: float) -> npt.NDArray[np.bool_]:
    width, height = stats[:, 2], stats[:, 3]
    return np.asarray((width >= 0.3 * glyph) & (width <= 3 * glyph) & (height <= 0.3 * glyph))


def _in_columns(marks: Stats, lines: list[Edges], glyph: float) -> list[Edges]:
    """Boxes around single glyphs and dashes that have lines of pale print above or below them: lone digits, nils."""
    found = []
    around = round(_AROUND * glyph)
    for left, top, width, height in marks[:, :4].tolist():
        middle = left + width / 2
        if sum(line[0] < middle < line[2] for line in lines) >= _LINES:
            box = left - 2 * around, top - around, left + width + 2 * around, top + height + around
            found.append((max(0, box[0]), max(0, box[1]), box[2], box[3]))
    return found


def _lines(glyphs: Stats, shape: tuple[int, ...], glyph: float) -> list[Edges]:
    """Boxes (left, top, right, bottom) around at least three glyphs beside each other, with some paper."""
    rows = np.zeros(shape, dtype=np.uint8)
    reach, around = round(_APART * glyph / 2), round(_AROUND * glyph)
    rise = (round(glyph / 2) | 1) // 2
    middles, centres = glyphs[:, 1] + glyphs[:, 3] // 2, glyphs[:, 0] + glyphs[:, 2] // 2
    for left, middle, width in zip(glyphs[:, 0].tolist(), middles.tolist(), glyphs[:, 2].tolist(), strict=True):
        rows[max(0, middle - 1 - rise) : middle + 2 + rise, max(0, left - reach) : left + width + reach] = 255
    own = find_components(rows).numbers(middles, centres)
    boxes = []
    for line in np.unique(own).tolist():
        members = glyphs[own == line]
        if len(members) < _GLYPHS:
            continue
        left, top = members[:, 0].min() - 2 * around, members[:, 1].min() - around
        right = (members[:, 0] + members[:, 2]).max() + 2 * around
        bottom = (members[:, 1] + members[:, 3]).max() + around
        boxes.append((max(0, int(left)), max(0, int(top)), int(right), int(bottom)))
    return boxes


def _raised(grey: Pixels, print_: npt.NDArray[np.bool_]) -> Pixels:
    """The image with its contrast raised, so that the darkest of its print is black."""
    darkest = float(np.percentile(grey[print_], 10)) if print_.any() else 0.0
    raised = 255.0 - (255.0 - grey.astype(np.float32)) * (255.0 / max(1.0, 255.0 - darkest))
    return np.asarray(np.clip(raised, 0, 255), dtype=np.uint8)

"""What people leave on paper: stamps, ticks, underlines, punch holes. All beside the print, none on it.

Places are found on the page as it was set: a mark lies where ``CLEAR`` points around it are white.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import cv2
import numpy as np

from corpus.scan.scanner import CLEAR

Array = np.ndarray[Any, np.dtype[np.uint8]]
Mask = np.ndarray[Any, np.dtype[np.int64]]

STAMPS = ("RECEIVED", "COPY", "PAID", "FILED", "CONFIDENTIAL", "ENTERED", "MAR 12", "AUDITED", "No. 4417")
# ISO 838 and the American three holes, in inches: distance of the centre from the edge, radius
HOLE_INSET, HOLE_RADIUS = 0.47, 0.125


class Spot(NamedTuple):
    """The box of a printed figure, in pixels."""

    left: int
    top: int
    right: int
    bottom: int


class _Paper:
    """The page with a table of sums over its ink, so that the whiteness of any box is known at once."""

    def __init__(self, page: Array, dpi: int) -> None:
        self.page, self.dpi = page, dpi
        self.clear = round(CLEAR * dpi / 72)
        self.sums: Mask = np.asarray(cv2.integral((page < 200).astype(np.uint8)), dtype=np.int64)

    def free(self, left: int, top: int, right: int, bottom: int) -> bool:
        """True when the box and its surroundings are on the page and white."""
        left, top, right, bottom = left - self.clear, top - self.clear, right + self.clear, bottom + self.clear
        height, width = self.page.shape
        if left < 0 or top < 0 or right >= width or bottom >= height:
            return False
        s = self.sums
        return bool(s[bottom, right] - s[top, right] - s[bottom, left] + s[top, left] == 0)


def mark(page: Array, spots: Sequence[Spot], dpi: int, rng: Random, kinds: Sequence[str]) -> None:
    """Put marks of the kinds (``holes stamp pencil``) on a page in place."""
    paper = _Paper(page, dpi)
    done = page.copy()
    if "holes" in kinds:
        _holes(done, paper, rng)
    if "stamp" in kinds:
        for _ in range(rng.randint(1, 3)):
            _stamp(done, paper, spots, rng)
    if "pencil" in kinds:
        _ticks(done, paper, spots, rng)
        _underlines(done, paper, spots, rng)
    page[:] = done


def _holes(done: Array, paper: _Paper, rng: Random) -> None:
    """Along the left or the right edge; dark where the lid behind is, or paper with a shadow around the edge."""
    height, width = done.shape
    inset, radius = int(HOLE_INSET * paper.dpi), int(HOLE_RADIUS * paper.dpi)
    x = rng.choice((inset, inset, width - inset))
    grey, shadow = rng.choice(((60, 60), (20, 20), (235, 120)))
    half = rng.choice(((1.57,), (4.25, 0.0)))  # inches from the middle of the page
    for offset in {o * s for o in half for s in (-1, 1)}:
        y = int(height / 2 + offset * paper.dpi)
        if paper.free(x - radius, y - radius, x + radius, y + radius):
            cv2.circle(done, (x, y), radius, (grey,), -1, cv2.LINE_AA)
            cv2.circle(done, (x, y), radius, (shadow,), max(1, paper.dpi // 100), cv2.LINE_AA)


def _stamp(done: Array, paper: _Paper, spots: Sequence[Spot], rng: Random) -> None:
    """A word in a frame, tilted, in the white place nearest to some figure."""
    dpi = paper.dpi
    size = rng.choice((1.0, 0.8, 0.6, 0.45))
    face = _stamp_face(rng.choice(STAMPS), round(size * 0.3 * dpi), rng.uniform(-9, 9), rng)
    height, width = face.shape
    target = rng.choice(spots) if spots else Spot(done.shape[1] // 2, dpi, done.shape[1] // 2, dpi)
    step = max(1, dpi // 24)
    places = [
        (abs(x + width // 2 - target.right) + 2 * abs(y + height // 2 - target.top), x, y)
        for x in range(0, done.shape[1] - width, step)
        for y in range(max(0, target.top - 3 * dpi), min(done.shape[0] - height, target.top + 3 * dpi), step)
        if paper.free(x, y, x + width, y + height)
    ]
    if places:
        _, x, y = min(places)
        done[y : y + height, x : x + width] = np.minimum(done[y : y + height, x : x + width], face)


def _stamp_face(text: str, height: int, degrees: float, rng: Random) -> Array:
    """The stamp on white paper, of ink that did not take everywhere."""
    grey, scale, thick = rng.randint(95, 150), height / 34, max(1, height // 16)
    (wide, tall), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, thick)
    pad = height // 2
    face = np.full((tall + 2 * pad, wide + 2 * pad), 255, dtype=np.uint8)
    cv2.putText(face, text, (pad, pad + tall), cv2.FONT_HERSHEY_DUPLEX, scale, (grey,), thick, cv2.LINE_AA)
    cv2.rectangle(face, (thick, thick), (face.shape[1] - 1 - thick, face.shape[0] - 1 - thick), (grey,), thick)
    h, w = face.shape
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), degrees, 1.0)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    size = (int(h * sin + w * cos), int(h * cos + w * sin))
    turn[0, 2] += size[0] / 2 - w / 2
    turn[1, 2] += size[1] / 2 - h / 2
    return np.asarray(cv2.warpAffine(face, turn, size, borderValue=(255,)), dtype=np.uint8)


def _ticks(done: Array, paper: _Paper, spots: Sequence[Spot], rng: Random) -> None:
    """Ticks to the right or to the left of figures, where there is room."""
    dpi = paper.dpi
    for spot in rng.sample(list(spots), min(len(spots), rng.randint(5, 18))):
        s = round(dpi * rng.uniform(0.06, 0.11))
        gap = paper.clear + round(dpi * rng.uniform(0.0, 0.05))
        middle = (spot.top + spot.bottom) // 2
        for x in (spot.right + gap, spot.left - gap - round(1.4 * s)):
            if paper.free(x, middle - s, x + round(1.4 * s), middle + s // 2):
                line = [(x, middle), (x + s // 3, middle + s // 2), (x + round(1.4 * s), middle - s)]
                _stroke(done, line, rng.randint(100, 165), dpi)
                break


def _underlines(done: Array, paper: _Paper, spots: Sequence[Spot], rng: Random) -> None:
    """Lines drawn by hand under some figures: never quite level, a little longer than the figure."""
    dpi = paper.dpi
    for spot in rng.sample(list(spots), min(len(spots), rng.randint(2, 7))):
        over = round(dpi * rng.uniform(0.0, 0.06))
        slope = rng.randint(-dpi // 100, dpi // 100)
        y = spot.bottom + paper.clear + abs(slope) + dpi // 150
        if paper.free(spot.left - over, y - abs(slope), spot.right + over, y + abs(slope)):
            middle = ((spot.left + spot.right) // 2, y + rng.randint(-dpi // 150, dpi // 150))
            ends = (spot.left - over, y - slope // 2), (spot.right + over, y + slope // 2)
            _stroke(done, [ends[0], middle, ends[1]], rng.randint(90, 160), dpi)


def _stroke(done: Array, line: Sequence[tuple[int, int]], grey: int, dpi: int) -> None:
    layer = np.full_like(done, 255)
    cv2.polylines(layer, [np.array(line, dtype=np.int32)], False, (grey,), max(1, dpi // 110), cv2.LINE_AA)
    left, right = min(x for x, _ in line) - 9, max(x for x, _ in line) + 9
    top, bottom = min(y for _, y in line) - 9, max(y for _, y in line) + 9
    part = np.s_[max(0, top) : bottom, max(0, left) : right]
    done[part] = np.minimum(done[part], layer[part])

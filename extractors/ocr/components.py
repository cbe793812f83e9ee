"""Connected components of ink, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from extractors.ocr.image import Pixels

# one row per component: left, top, width, height, area; row 0 is the paper
Stats = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

# pages are spread over processes and threads of our own: OpenCV's threads cost more than they save
cv2.setNumThreads(1)


@dataclass(frozen=True, slots=True)
class Components:
    """The components of the ink of a page.

    Attributes:
        stats: a row for each component, the paper first.
        labels: the number of the component of each pixel, of the box that holds all ink only: margins are a third of
            most pages, and labels are four times as large as the page. left, top: where the box lies on the page.
        shape: of the page.
    """

    stats: Stats
    labels: npt.NDArray[np.int32]
    left: int
    top: int
    shape: tuple[int, ...]

    def paint(self, chosen: Truths) -> Pixels:
        """255 on the components that are chosen (one truth for each row of ``stats``), 0 on the others."""
        values = chosen * np.uint8(255)
        painted = np.full(self.shape, values[0], dtype=np.uint8)
        painted[self._box()] = values[self.labels]
        return painted

    def numbers(self, rows: Places, columns: Places) -> Places:
        """The number of the component at each of some places that hold ink."""
        return np.asarray(self.labels[rows - self.top, columns - self.left], dtype=np.int64)

    def count(self, ink: Pixels) -> Places:
        """How many pixels of each component hold ink of another picture of the page."""
        under = self.labels[ink[self._box()] > 0]
        return np.asarray(np.bincount(under, minlength=len(self.stats)), dtype=np.int64)

    def reaches(self, number: int, edges: tuple[int, int, int, int]) -> bool:
        """True when a component has a pixel within edges (left, top, right, bottom) of the page."""
        left, right = (max(0, edge - self.left) for edge in edges[::2])
        top, bottom = (max(0, edge - self.top) for edge in edges[1::2])
        return bool((self.labels[top:bottom, left:right] == number).any())

    def _box(self) -> tuple[slice, slice]:
        height, width = self.labels.shape
        return np.s_[self.top : self.top + height, self.left : self.left + width]


def find_components(ink: Pixels) -> Components:
    """The components of the ink of a page, numbered as they begin from the top."""
    left, top, width, height = cv2.boundingRect(ink)
    if not width:
        return Components(np.zeros((1, 5), np.int32), np.zeros((0, 0), np.int32), 0, 0, ink.shape)
    # the fastest of the algorithms that number them alike
    inside = ink[top : top + height, left : left + width]
    _, labels, found, _ = cv2.connectedComponentsWithStatsWithAlgorithm(inside, 8, cv2.CV_32S, cv2.CCL_BBDT)
    stats = np.asarray(found, dtype=np.int32)
    stats[:, 0] += left
    stats[:, 1] += top
    return Components(stats, np.asarray(labels, dtype=np.int32), left, top, ink.shape)

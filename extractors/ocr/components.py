"""Connected components of ink, as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from extractors.ocr.image import Pixels

Labels = npt.NDArray[np.int32]
# one row per component: left, top, width, height, area; row 0 is the paper
Stats = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]

# pages are spread over processes and threads of our own: OpenCV's threads cost more than they save
cv2.setNumThreads(1)


def find_components(ink: Pixels) -> tuple[Labels, Stats]:
    """The number of its component for each pixel (0 = paper), and the box and area of each component."""
    left, top, width, height = cv2.boundingRect(ink)
    found, stats = _find(ink, (left, top, width, height))
    labels = np.zeros(ink.shape, dtype=np.int32)
    labels[top : top + height, left : left + width] = found
    return labels, stats


def find_boxes(ink: Pixels) -> Stats:
    """The box and area of each component, for those who need no labels: they are four times as large as the page."""
    return _find(ink, cv2.boundingRect(ink))[1]


def paint(ink: Pixels, chosen: npt.NDArray[np.bool_], labels: Labels) -> Pixels:
    """255 on the components that are chosen (one truth for each row of their stats), 0 everywhere else.

    ``ink`` is what the components were found in.
    """
    left, top, width, height = cv2.boundingRect(ink)
    inside = np.s_[top : top + height, left : left + width]
    painted = np.zeros(ink.shape, dtype=np.uint8)
    painted[inside] = (chosen * np.uint8(255))[labels[inside]]
    return painted


def find_groups(ink: Pixels, rows: Places, columns: Places) -> Places:
    """The number of the component at each of some places that hold ink; equal numbers are one component."""
    box = cv2.boundingRect(ink)
    return np.asarray(_find(ink, box)[0][rows - box[1], columns - box[0]], dtype=np.int64)


def _find(ink: Pixels, box: Sequence[int]) -> tuple[Labels, Stats]:
    """Labels of the inside of the box, which holds all ink, and the stats of the whole."""
    left, top, width, height = box
    if not width:
        return np.zeros((0, 0), dtype=np.int32), np.zeros((1, 5), dtype=np.int32)
    # margins are a third of most pages: they need no labels; the algorithm is the fastest of those with one result
    inside = ink[top : top + height, left : left + width]
    _, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(inside, 8, cv2.CV_32S, cv2.CCL_BBDT)
    boxes = np.asarray(stats, dtype=np.int32)
    boxes[:, 0] += left
    boxes[:, 1] += top
    return np.asarray(labels, dtype=np.int32), boxes

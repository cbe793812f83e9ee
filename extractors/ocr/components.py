"""Connected components of ink, as plain arrays."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from extractors.ocr.image import Pixels

Labels = npt.NDArray[np.int32]
# one row per component: left, top, width, height, area; row 0 is the paper
Stats = npt.NDArray[np.int32]


def find_components(ink: Pixels) -> tuple[Labels, Stats]:
    """The number of its component for each pixel (0 = paper), and the box and area of each component."""
    left, top, width, height = cv2.boundingRect(ink)
    labels = np.zeros(ink.shape, dtype=np.int32)
    if not width:
        return labels, np.zeros((1, 5), dtype=np.int32)
    # margins are a third of most pages: they need no labels
    inside = np.s_[top : top + height, left : left + width]
    _, found, stats, _ = cv2.connectedComponentsWithStats(ink[inside], connectivity=8, ltype=cv2.CV_32S)
    labels[inside] = found
    boxes = np.asarray(stats, dtype=np.int32)
    boxes[:, 0] += left
    boxes[:, 1] += top
    return labels, boxes

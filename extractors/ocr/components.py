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
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    return np.asarray(labels, dtype=np.int32), np.asarray(stats, dtype=np.int32)

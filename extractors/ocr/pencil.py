"""What lies beside the ink of a figure: a tick made by hand is no part of it, a faint minus is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from extractors.ocr.foreign import PALER, darkness
from extractors.ocr.image import Pixels
from extractors.ocr.prepare import Sheet
from extractors.ocr.runs import Run

# in heights of the print: between a figure and a mark beside it; how high a mark is at least
_APART, _TALL = 0.15, 0.5
# grey that is no paper any more
_INK = 200
# in heights of the print: how far left of its figure a minus begins at most
_MINUS = 0.9
_LEAST_INK = 2


def without_tick(sheet: Sheet, run: Run) -> Run:
    """The run without a mark much paler than the rest of it at its right or left end."""
    gaps = _gaps(sheet.grey[run.top : run.bottom, run.left : run.right], _APART * sheet.glyph)
    if not len(gaps):
        return run
    start, end = run.left + int(gaps[-1][1]), run.left + int(gaps[0][0])
    for mark, rest in (
        (replace(run, left=start), replace(run, right=run.left + int(gaps[-1][0]))),
        (replace(run, right=end), replace(run, left=run.left + int(gaps[0][1]))),
    ):
        if _height(sheet.grey, mark) > _TALL * sheet.glyph and darkness(sheet, mark) > darkness(sheet, rest) + PALER:
            return rest
    return run


def minus_before(sheet: Sheet, run: Run) -> int:
    """Pixels by which a run is to be widened at its left, since half way up there stands what may be a minus.

    It is thinner than any other sign, and the first that bad copies lose from the ink.
    """
    wide, third = round(_MINUS * sheet.glyph), max(1, run.height // 3)
    beside = sheet.grey[run.top : run.bottom, max(0, run.left - wide) : max(0, run.left - 1)] < _INK
    if not beside.any() or beside[:third].any() or beside[-third:].any():
        return 0
    columns = np.flatnonzero(beside.any(axis=0))
    # ink at the very edge of what is looked at goes on beyond it
    return wide if len(columns) >= _LEAST_INK and columns[0] > 0 else 0


def _gaps(grey: Pixels, least: float) -> npt.NDArray[np.int64]:
    """Starts and ends of the stretches of paper inside a piece of print."""
    empty = grey.min(axis=0) >= _INK
    edges = np.flatnonzero(np.diff(np.concatenate(([False], empty, [False])).astype(np.int8))).reshape(-1, 2)
    inside = (edges[:, 0] > 0) & (edges[:, 1] < grey.shape[1]) & (edges[:, 1] - edges[:, 0] >= least)
    return np.asarray(edges[inside], dtype=np.int64)


def _height(grey: Pixels, run: Run) -> int:
    rows = np.flatnonzero((grey[run.top : run.bottom, run.left : run.right] < _INK).any(axis=1))
    return int(rows[-1] - rows[0] + 1) if len(rows) else 0

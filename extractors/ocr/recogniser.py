"""The door to the recogniser: PP-OCRv6, which ships inside the rapidocr wheel, run by onnxruntime on one thread.

Only the model file of that wheel is used; none of its code is imported.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as native

from extractors.ocr.ctc import Alphabet, Strips, find_readings
from extractors.ocr.image import Pixels
from extractors.page import Reading
from schemas.errors import MissingProgramError

_MODEL = Path("models") / "PP-OCRv6_rec_small.onnx"
_HEIGHT = 48
# onnxruntime's own exceptions have no base of their own
_LOAD_ERRORS = (native.Fail, native.InvalidProtobuf, native.InvalidGraph, native.NoSuchFile, native.InvalidArgument)
# cells are padded to multiples of this width, and cells of one width are read together
_STEP = 32
_BATCH = 8
_WIDEST = 640

# a run after which onnxruntime gives back what it has held for the largest
_SHRINK = onnxruntime.RunOptions()
_SHRINK.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
# the best reading over all letters, and the readings as a number
Seen = tuple[Reading, list[Reading]]


class Recogniser:
    """Reads small images of single cells."""

    def __init__(self, session: onnxruntime.InferenceSession, alphabet: Alphabet) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self._alphabet = alphabet

    def read(self, cells: Sequence[Pixels]) -> list[Seen]:
        """For each cell its best reading over all letters and its readings as a number, in the order given.

        What the model says of a cell takes a megabyte: it is decoded at once, so that no page needs more than a batch.
        """
        widths = [_width(cell) for cell in cells]
        seen: dict[int, Seen] = {}
        order = sorted(range(len(cells)), key=lambda index: (widths[index], index))
        while order:
            width = widths[order[0]]
            batch = [index for index in order[:_BATCH] if widths[index] == width]
            order = order[len(batch) :]
            block = np.stack([_normalised(cells[index], width) for index in batch])
            strips = self._session.run(None, {self._input: block})[0]
            seen.update(zip(batch, map(self._decode, strips), strict=True))
        return [seen[index] for index in range(len(cells))]

    def give_back(self) -> None:
        """Return the memory that was needed for the largest cells so far."""
        least = np.zeros((1, 3, _HEIGHT, _STEP), np.float32)
        self._session.run(None, {self._input: least}, _SHRINK)

    def _decode(self, strips: Strips) -> Seen:
        return self._alphabet.freely(strips), find_readings(self._alphabet.fold(strips))


@functools.cache
def load() -> Recogniser:
    """The recogniser, loaded once per process.

    Raises:
        MissingProgramError: the model file is not there or cannot be loaded.
    """
    path = model_path()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        characters = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    except (*_LOAD_ERRORS, RuntimeError, KeyError, ValueError) as error:
        raise MissingProgramError(f"The recogniser's model cannot be loaded: {str(error)[:120]}") from None
    return Recogniser(session, Alphabet.of(characters))


def model_path() -> Path:
    """Where the model lies.

    Raises:
        MissingProgramError: it is not there.
    """
    found = importlib.util.find_spec("rapidocr")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / _MODEL
        if path.is_file():
            return path
    raise MissingProgramError(f"The recogniser's model {_MODEL.name} is missing (it ships with the rapidocr wheel).")


def version() -> str:
    """Name and version of the model's wheel."""
    try:
        return f"PP-OCRv6 (rapidocr {importlib.metadata.version('rapidocr')})"
    except importlib.metadata.PackageNotFoundError:
        raise MissingProgramError("The rapidocr wheel, which holds the recogniser's model, is not installed.") from None


def _width(cell: Pixels) -> int:
    width: int = math.ceil(_HEIGHT * cell.shape[1] / cell.shape[0] / _STEP) * _STEP
    return min(max(width, _STEP), _WIDEST)


def _normalised(cell: Pixels, width: int) -> Strips:
    """3 x 48 x width, -1 (black) to 1 (white); nought where the cell is narrower."""
    wide = min(width, max(1, math.ceil(_HEIGHT * cell.shape[1] / cell.shape[0])))
    scaled = cv2.resize(cell, (wide, _HEIGHT)).astype(np.float32) / np.float32(127.5) - np.float32(1)
    block = np.zeros((3, _HEIGHT, width), np.float32)
    block[:, :, :wide] = scaled[None]
    return block

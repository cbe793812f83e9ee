"""Importing the readers once, before the first fork, where several documents will want them."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import re
from collections import Counter
from collections.abc import Sequence

from schemas.errors import MissingProgramError, UnsafeError
from worker.local.inputs import Input, open_input
from worker.routing import HEAD_BYTES, QueueKind, kind_of_bytes

THREAD_LIMITS = ("OMP_THREAD_LIMIT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
# a scan holds a picture within so many bytes, and names no font before it
_LOOKED_AT = 65536
_SCANNED = re.compile(rb"/Subtype\s*/Image\b")


def limit_threads() -> None:
    """One thread for each program, unless the environment says otherwise; before anything reads these.

    Tesseract with a thread per core, one for each child, is many times slower than with one.
    """
    for name in THREAD_LIMITS:
        os.environ.setdefault(name, "1")


def warm(inputs: Sequence[Input]) -> None:
    """Import the readers that more than one document needs, as far as their first bytes tell.

    A single document imports its own reader in its child: nothing would be saved.
    """
    kinds = Counter(kind for kinds in map(_kinds, inputs) for kind in kinds)
    names = [f"extractors.{kind}" for kind, documents in sorted(kinds.items()) if documents > 1]
    warm_up([*names, "extractors.convert"] if len(inputs) > 1 and kinds else names)


def warm_up(names: Sequence[str]) -> None:
    """Import modules and load what they ``preload``, for the children that will be forked from this process."""
    for name in names:
        # what is missing is said by the conversion that needs it, with its name and place
        with contextlib.suppress(ImportError, MissingProgramError):
            module = importlib.import_module(name)
            getattr(module, "preload", _nothing)()
    gc.collect()
    gc.freeze()  # the collector of a child would otherwise touch, and so copy, every page it shares with us


def _nothing() -> None:
    """What most modules preload."""


def _kinds(item: Input) -> tuple[QueueKind, ...]:
    """Which readers a document needs by its first bytes: a PDF with pictures may be scanned; none if unreadable."""
    head = _head(item)
    if not head:
        return ()
    kind = kind_of_bytes(head[:HEAD_BYTES])
    return ("pdf", "ocr") if kind == "pdf" and _SCANNED.search(head) and b"/Font" not in head else (kind,)


def _head(item: Input) -> bytes:
    """The first bytes of a document, none where it cannot be read."""
    try:
        with os.fdopen(open_input(item.path), "rb") as file:
            return file.read(_LOOKED_AT)
    except (UnsafeError, OSError):
        return b""

"""Importing the readers once, before the first fork, where several documents will want them."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
from collections import Counter
from collections.abc import Sequence

from schemas.errors import UnsafeError
from worker.local.inputs import Input, open_input
from worker.routing import HEAD_BYTES, kind_of_bytes

THREAD_LIMITS = ("OMP_THREAD_LIMIT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


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
    kinds = Counter(kind_of_bytes(head) for head in map(_head, inputs) if head)
    for kind, documents in sorted(kinds.items()):
        if documents > 1:
            with contextlib.suppress(ImportError):  # the conversion that needs it will say so
                importlib.import_module(f"extractors.{kind}")
    if kinds.total() > 1:
        with contextlib.suppress(ImportError):
            importlib.import_module("extractors.convert")
    gc.collect()
    gc.freeze()  # the collector of a child would otherwise touch, and so copy, every page it shares with us


def _head(item: Input) -> bytes:
    """The first bytes of a document, none where it cannot be read."""
    try:
        with os.fdopen(open_input(item.path), "rb") as file:
            return file.read(HEAD_BYTES)
    except (UnsafeError, OSError):
        return b""

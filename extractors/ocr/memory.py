"""Memory given back to the system from time to time, so that a hundred pages need no more of it than ten."""

from __future__ import annotations

import contextlib
import ctypes

from extractors.ocr import recogniser

# to take it again costs a page a twentieth of a second
_PAGES = 4


def give_back(number: int) -> None:
    """After every fourth page (``number`` is that of the page read last) return what is free.

    The recogniser would keep what its largest cells took, and the C library pieces that fit nothing, more with every
    page. C libraries without ``malloc_trim`` (musl) keep less by themselves.
    """
    if number % _PAGES:
        return
    recogniser.load().give_back()
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)

"""Memory given back to the system from time to time, so that a hundred pages need no more of it than ten."""

from __future__ import annotations

import contextlib
import ctypes

from extractors.ocr import recogniser

# to take it again costs a page a twentieth of a second
_PAGES = 4
# options of glibc's mallopt, and bytes: pictures of a page of 300 dpi have 8 MB, of 200 dpi nearly 4
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_PICTURE, _TOP = 4 << 20, 32 << 20


def settle() -> None:
    """Before pages are read side by side: pictures of whole pages are taken from the system one by one.

    Left to itself, glibc takes what is as large as the largest piece freed so far from its heap, where the pieces of
    one page leave gaps between those of the other: the peak would grow by a fifth over a hundred pages. Pages that are
    read one after the other leave none, and are spared the 30 ms that it costs each. Other C libraries do as they like.
    """
    with contextlib.suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _PICTURE)
        library.mallopt(_TRIM_THRESHOLD, _TOP)


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

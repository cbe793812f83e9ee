"""Pages of one document read at the same time, with the same result as one after the other.

Most of a page's time passes in tesseract, a process of its own, and in the recogniser, which lets other threads run.
Pages are decoded and rendered by the calling thread alone: pdfium serves one thread at a time.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# how many pages a document may have under way; whoever starts the process knows how many cores are free
AT_ONCE = "CROSSFOOT_PAGES_AT_ONCE"
# a page of 300 dpi takes 150 MB while it is read, and a process is to stay below 700
_MOST = 2


def pages_at_once() -> int:
    """What the environment asks for, 1 or 2; 1 where it says nothing or nonsense."""
    said = os.environ.get(AT_ONCE, "")
    return min(max(int(said), 1), _MOST) if said.isascii() and said.isdigit() else 1


def read_in_order(items: Iterable[Item], read: Callable[[Item], Result], at_once: int) -> list[Result]:
    """``read`` of each item, in the order of the items, at most ``at_once`` under way and one more in hand.

    The first error, in the order of the items, is raised once those under way have ended; no further item is begun.
    """
    if at_once < 2:
        return [read(item) for item in items]
    results: list[Result] = []
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(at_once, thread_name_prefix="page") as crew:
        try:
            for item in items:
                if len(waiting) == at_once:
                    results.append(waiting.popleft().result())
                waiting.append(crew.submit(read, item))
            results += [future.result() for future in waiting]
        finally:
            for future in waiting:
                future.cancel()
    return results

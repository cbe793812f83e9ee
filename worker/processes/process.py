"""What every process of the service does at its start: one line a message, and a clean end when it is told to."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from worker.processes.logs import make_formatter
from worker.settings import load


@contextlib.contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; messages go to stderr meanwhile. For the main thread."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    log = logging.getLogger("crossfoot")
    handler = logging.StreamHandler()
    handler.setFormatter(make_formatter(load().log_format))
    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    level = log.level
    root = logging.getLogger()
    root.addHandler(handler)  # what libraries warn of is a line like ours too
    log.setLevel(logging.INFO)
    try:
        yield stop
    finally:
        root.removeHandler(handler)
        log.setLevel(level)
        for number, action in before.items():
            signal.signal(number, action)

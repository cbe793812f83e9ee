"""Pages read at the same time: the same result, in order, never more under way than allowed."""

from __future__ import annotations

import os
import threading
import time

import pytest

from extractors.ocr import read_image
from extractors.ocr.crew import AT_ONCE, pages_at_once, read_in_order
from extractors.page import DEFAULT
from schemas.errors import MissingProgramError
from tests.fakes.scans import STATEMENT, draw, encode


@pytest.mark.parametrize(("said", "meant"), [("", 1), ("2", 2), ("0", 1), ("-2", 1), ("many", 1), ("999", 2)])
def test_the_environment_says_how_many(said: str, meant: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number within bounds counts, nonsense means one page after the other."""
    monkeypatch.setenv(AT_ONCE, said)
    assert pages_at_once() == meant


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(at_once: int) -> None:
    """However long each item takes, and never with more of them begun than may be."""
    under_way, most, lock = 0, 0, threading.Lock()

    def read(item: int) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.02 if item % 2 else 0.001)
        with lock:
            under_way -= 1
        return -item

    assert read_in_order(range(9), read, at_once) == [-item for item in range(9)]
    assert most <= at_once


def test_the_first_error_ends_it() -> None:
    """A missing program on one page is the error of the document, and the pages behind it are not begun."""
    begun = []

    def read(item: int) -> int:
        begun.append(item)
        if item == 1:
            raise MissingProgramError("gone")
        time.sleep(0.01)
        return item

    with pytest.raises(MissingProgramError):
        read_in_order(range(50), read, 2)
    assert len(begun) < 6


def test_pages_read_at_once_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three pages give the same words one by one and two at a time, and the environment is as it was."""
    data = encode(draw(), draw(STATEMENT[::-1]), draw(STATEMENT[1:]))
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv(AT_ONCE, "1")
    one_by_one = read_image(data, DEFAULT)
    monkeypatch.setenv(AT_ONCE, "2")
    assert read_image(data, DEFAULT) == one_by_one
    assert "LC_ALL" not in os.environ

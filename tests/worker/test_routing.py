"""Queues: which document waits where."""

from __future__ import annotations

import pytest

from schemas.errors import ConfigurationError
from worker.routing import FRONT_QUEUES, QUEUES, kind_of_bytes, kind_of_name, queue_name, read_queues


def test_there_is_a_queue_for_each_urgency_and_kind() -> None:
    """Three urgencies times four kinds, the most urgent first, and none twice."""
    assert len(set(QUEUES)) == 12
    assert QUEUES[0] == "interactive.html"
    assert queue_name("backfill", "ocr") in QUEUES


def test_the_front_worker_takes_no_back_fill() -> None:
    """Whoever waits for an answer has a worker that no back-fill can fill."""
    assert set(QUEUES) - set(FRONT_QUEUES) == {q for q in QUEUES if q.startswith("backfill.")}


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"\n\n  junk %PDF-1.4", "pdf"),
        (b"\x89PNG\r\n", "ocr"),
        (b"II*\0\x08", "ocr"),
        (b"\xef\xbb\xbf<!DOCTYPE HTML>", "html"),
        (b"<?xml version='1.0'?><html>", "html"),
        (b"-----BEGIN PRIVACY-ENHANCED MESSAGE-----", "text"),
        (b"", "text"),
    ],
)
def test_the_first_bytes_choose_the_queue(head: bytes, kind: str) -> None:
    """The kind of a queue is guessed from content."""
    assert kind_of_bytes(head) == kind


def test_a_name_chooses_the_queue_where_nothing_may_be_opened() -> None:
    """A back-fill's row is routed by the ending of its name, in any case, and by nothing else."""
    assert [kind_of_name(n) for n in ("a.PDF", "a.htm", "a.tif", "a", "pdf.txt")] == [
        "pdf",
        "html",
        "ocr",
        "text",
        "text",
    ]


def test_queues_are_named_one_by_one_or_by_a_star() -> None:
    """``backfill.*`` is four queues; nothing is all; the order is that of urgency."""
    assert read_queues("") == QUEUES
    assert read_queues("backfill.pdf, interactive.*") == (
        "interactive.html",
        "interactive.pdf",
        "interactive.ocr",
        "interactive.text",
        "backfill.pdf",
    )


@pytest.mark.parametrize("text", ["backfill", "normal.png", "x*", "normal.pdf,oops"])
def test_a_queue_that_does_not_exist_is_refused(text: str) -> None:
    """A misspelt queue would be a worker that waits for ever."""
    with pytest.raises(ConfigurationError):
        read_queues(text)

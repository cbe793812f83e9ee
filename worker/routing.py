"""Which queue a document waits in: a pure function and a table.

A queue is ``<urgency>.<kind>``, so that a fleet for scans and a fleet for HTML grow apart and nobody's upload waits
behind a back-fill. Only the first bytes (or, for a back-fill, the name) are looked at here: a wrong queue costs
nothing but a place in another line, because the reader decides by the whole content.
"""

from __future__ import annotations

import os
from typing import Final, Literal, get_args

from schemas.errors import ConfigurationError

Urgency = Literal["interactive", "normal", "backfill"]
QueueKind = Literal["html", "pdf", "ocr", "text"]

URGENCIES: Final[tuple[Urgency, ...]] = get_args(Urgency)
KINDS: Final[tuple[QueueKind, ...]] = get_args(QueueKind)
QUEUES: Final = tuple(f"{urgency}.{kind}" for urgency in URGENCIES for kind in KINDS)
# a worker that never takes a back-fill: somebody who waits is served whatever the backlog
FRONT_QUEUES: Final = tuple(q for q in QUEUES if not q.startswith("backfill."))

SIGNATURES: Final[tuple[tuple[bytes, QueueKind], ...]] = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG", "ocr"),
    (b"\xff\xd8\xff", "ocr"),
    (b"II*\0", "ocr"),
    (b"MM\0*", "ocr"),
    (b"GIF8", "ocr"),
    (b"BM", "ocr"),
)
HTML_SIGNS: Final = (b"<html", b"<!doctype html", b"<table", b"<body", b"<?xml")
SUFFIXES: Final[dict[str, QueueKind]] = {
    ".pdf": "pdf",
    ".htm": "html",
    ".html": "html",
    ".xhtml": "html",
    ".png": "ocr",
    ".jpg": "ocr",
    ".jpeg": "ocr",
    ".tif": "ocr",
    ".tiff": "ocr",
}
HEAD_BYTES: Final = 4096


def queue_name(urgency: Urgency, kind: QueueKind) -> str:
    """``("backfill", "ocr")`` → ``"backfill.ocr"``."""
    return f"{urgency}.{kind}"


def kind_of_bytes(head: bytes) -> QueueKind:
    """The queue's kind by the first ``HEAD_BYTES`` bytes of a document; text where nothing else shows."""
    if b"%PDF-" in head[:1024]:
        return "pdf"
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    lowered = head.lower()
    return "html" if any(sign in lowered for sign in HTML_SIGNS) else "text"


def kind_of_name(name: str) -> QueueKind:
    """The queue's kind by the ending of a name, where the bytes are not to be opened yet (a back-fill's rows)."""
    return SUFFIXES.get(os.path.splitext(name)[1].lower(), "text")  # noqa: PTH122 - a million names at a time


def read_queues(text: str) -> tuple[str, ...]:
    """``"normal.pdf,backfill.*"`` → the names of existing queues, in the order of service; empty text is all.

    Raises:
        ConfigurationError: a name that is no queue.
    """
    words = [w.strip() for w in text.split(",") if w.strip()]
    chosen: set[str] = set()
    for word in words:
        stem = word.removesuffix("*")
        found = {q for q in QUEUES if q == word or (stem != word and q.startswith(stem))}
        if not found:
            raise ConfigurationError(f"{word!r} is not a queue; there are {', '.join(QUEUES)}.")
        chosen |= found
    return tuple(q for q in QUEUES if q in chosen) if words else QUEUES

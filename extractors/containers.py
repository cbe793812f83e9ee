"""Containers: a file that holds several documents (EDGAR full submission, ZIP)."""

from __future__ import annotations

from dataclasses import dataclass

from extractors.page import Origin


@dataclass(frozen=True, slots=True)
class Part:
    """A document inside a container: ``<nn>-<part>`` is its name on disk, ``origin`` what the container says of it."""

    number: int
    name: str
    data: bytes
    origin: Origin

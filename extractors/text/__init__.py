"""Reader for plain text: fixed width, text that came out of an OCR engine, Markdown of a converter.

The dialect is decided for each stretch of the document. Fixed width becomes words on the character plane (the grid
finder serves it like paper); the other two have no geometry left, so their rows and columns are found here.
"""

from __future__ import annotations

from extractors.page import Document, Page, Profile
from extractors.text.collapsed import read_collapsed
from extractors.text.decode import decode
from extractors.text.dialect import Stretch, stretches
from extractors.text.fixed import read_fixed
from schemas.filing import Finding

__all__ = ["read_text"]


def read_text(data: bytes, profile: Profile) -> Document:  # noqa: ARG001 (all readers have one signature)
    """Read a text file; each stretch of one dialect, each table and each printed page of fixed width is a page.

    Raises:
        EmptyError: nothing is printed. UnreadableError: the bytes are no text.
    """
    lines, findings = decode(data)
    pages: list[Page] = []
    found: list[Finding] = list(findings)
    for stretch in stretches(lines):
        read, noted = _read(stretch, len(pages) + 1)
        pages += read
        found += noted
    return Document(kind="text", media_type="text/plain", pages=tuple(pages), findings=tuple(found))


def _read(stretch: Stretch, number: int) -> tuple[list[Page], list[Finding]]:
    if stretch.dialect == "fixed":
        return list(read_fixed(stretch.lines, number)), []
    flow, findings = read_collapsed(stretch.lines)
    return ([Page(number, flow=tuple(flow))] if flow else []), findings

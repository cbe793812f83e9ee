"""Reader for HTML: the only door to BeautifulSoup and lxml. What is visible is read, nothing is fetched.

The result is one flow of lines and grids in reading order; stretches set with blanks (``<pre>``) are pages of words.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeAlias

from bs4 import BeautifulSoup

from extractors.html.charset import decode
from extractors.html.complete import find_depth, find_losses
from extractors.html.preformatted import numbered_lines, take_out
from extractors.html.tables import Flow, Layouter
from extractors.html.walk import read_content
from extractors.page import Document, Grid, Line, Page, Profile
from schemas.errors import EmptyError
from schemas.filing import Finding

__all__ = ["read_html"]

_DECLARATION = re.compile(r"<\?xml\b[^>]*>", re.IGNORECASE)
# EDGAR's wrapper around a single document
_WRAPPER = re.compile(r"\A\s*<DOCUMENT>.{0,2000}?<TEXT>", re.IGNORECASE | re.DOTALL)
_ANY_BLOCK = re.compile(r"<(?:html|body|p|div|br)\b", re.IGNORECASE)


# reads lines of text with their numbers in the file into pages, numbered from the second argument
LinesReader: TypeAlias = Callable[[Sequence[tuple[int, str]], int], tuple[Sequence[Page], Sequence[Finding]]]


def read_html(
    data: bytes,
    profile: Profile,  # noqa: ARG001 (all readers have one signature)
    read_lines: LinesReader,
) -> Document:
    """Read a page: lines (text outside tables of data) and grids, in reading order.

    Places of cells are ``HtmlPlace``; those of lines outside any table count the lines of running text; those of
    preformatted words are the line of the file and the characters of that line as displayed.

    Args:
        read_lines: the reader for text set with blanks (``<pre>``).

    Raises:
        EmptyError: the page shows nothing.
    """
    with _collector_paused():
        return _read(data, read_lines)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the cycle collector from walking the growing tree again and again: a third of the time, for nothing."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _read(data: bytes, read_lines: LinesReader) -> Document:
    markup, findings = decode(data)
    markup, pres = take_out(_DECLARATION.sub("", _WRAPPER.sub("", markup)))
    soup = BeautifulSoup(markup, "lxml")
    findings += find_losses(markup, soup)
    content, clamped, deepest = read_content(soup, markup, pres, keep_lines=not _ANY_BLOCK.search(markup))
    findings += find_depth(deepest)
    layouter = Layouter()
    pages = list(_pages(layouter.flow(content), read_lines, findings))
    if not pages and not findings:
        raise EmptyError("The page shows no text.")
    if clamped:
        message = f"{clamped} cells span an impossible number of rows or columns; the spans were cut to what exists."
        findings.append(Finding(code="spans_clamped", severity="error", message=message))
    return Document("html", "text/html", tuple(pages), findings=(*findings, *layouter.findings))


def _pages(flow: Iterable[Flow], read_lines: LinesReader, findings: list[Finding]) -> Iterator[Page]:
    """One page for each run of lines and grids, and those of each preformatted stretch, whose findings are added."""
    blocks: list[Line | Grid] = []
    number = 1
    for item in flow:
        if isinstance(item, Line | Grid):
            blocks.append(item)
            continue
        if blocks:
            yield Page(number, flow=tuple(blocks))
            number += 1
            blocks = []
        read, noted = ([item], []) if isinstance(item, Page) else read_lines(numbered_lines(item), number)
        findings += noted
        for page in read:
            if page.words or page.flow:
                yield replace(page, number=number)
                number += 1
    if blocks:
        yield Page(number, flow=tuple(blocks))

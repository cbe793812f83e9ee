"""Reader for plain text: fixed width, text that came out of an OCR engine, Markdown of a converter.

The dialect is decided for each stretch of the document. Fixed width becomes words on the character plane (the grid
finder serves it like paper); the other two have no geometry left, so their rows and columns are found here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from extractors.page import Document, Grid, Page, Profile
from extractors.text.collapsed import read_collapsed
from extractors.text.decode import SourceLine, decode
from extractors.text.dialect import Stretch, has_markup, stretches
from extractors.text.fixed import read_fixed
from extractors.text.markdown import read_markdown
from extractors.text.markup import bare
from extractors.text.schedule import find_schedules
from extractors.text.tabs import lay_tabs
from extractors.text.watch import find_lost
from schemas.filing import Finding

__all__ = ["read_lines", "read_text"]


def read_text(data: bytes, profile: Profile) -> Document:  # noqa: ARG001 (all readers have one signature)
    """Read a text file; each stretch of one dialect, each table and each printed page of fixed width is a page.

    Raises:
        EmptyError: nothing is printed. UnreadableError: the bytes are no text.
    """
    lines, findings = decode(data)
    pages, found = _read_stretches(lines, 1)
    return Document(kind="text", media_type="text/plain", pages=tuple(pages), findings=(*findings, *found))


def read_lines(lines: Sequence[tuple[int, str]], first: int) -> tuple[list[Page], list[Finding]]:
    """Read text set with blanks inside another document: lines with their numbers, the number of the first page."""
    return _read_stretches([SourceLine(number, text) for number, text in lines], first)


def _read_stretches(lines: Sequence[SourceLine], first: int) -> tuple[list[Page], list[Finding]]:
    pages: list[Page] = []
    found: list[Finding] = []
    marked = has_markup(lines)
    for part in find_schedules(lines):
        if isinstance(part, Grid):
            pages.append(Page(first + len(pages), flow=(part,)))
            continue
        for stretch in stretches(lay_tabs(part)):
            read, noted = _read(_bared(stretch) if marked else stretch, first + len(pages))
            pages += read
            found += noted
    return pages, found


def _bared(stretch: Stretch) -> Stretch:
    """Collapsed rows of a Markdown document without its marks; bare lines are as long, so that places stay true."""
    if stretch.dialect != "collapsed":
        return stretch
    return Stretch("collapsed", tuple(replace(line, text=bare(line.text)) for line in stretch.lines))


def _read(stretch: Stretch, number: int) -> tuple[list[Page], list[Finding]]:
    if stretch.dialect == "fixed":
        return list(read_fixed(stretch.lines, number)), []
    read = read_markdown if stretch.dialect == "markdown" else read_collapsed
    flow, findings = read(stretch.lines)
    findings += find_lost(stretch.lines, flow, findings)
    return ([Page(number, flow=tuple(flow))] if flow else []), findings

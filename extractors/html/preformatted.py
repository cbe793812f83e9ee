"""Stretches of a page that are set with blanks: ``<pre>``, and the tables of 1990s text that have no cells.

They are taken out of the markup before it is parsed, because a parser ends a ``<pre>`` at the ``<TABLE>`` that EDGAR
text has in it; the reader of text reads what they hold. A place in them is the line of the file, and the
characters of that line as displayed: tags left out, character references resolved.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from extractors.html.nodes import Preformatted

PLACEHOLDER = "x-pre"
LOST_TABLE = "x-table"

_PRE = re.compile(r"(?i)<pre\b[^>]*>")
_PRE_END = re.compile(r"(?i)</pre\s*>|</body\b|<pre\b")
_CELL = re.compile(r"(?i)<t[dhr]\b")
_TABLE_TOKEN = re.compile(r"(?i)<(/?)(table|t[dhr])\b[^>]*>")
_SET_WITH_BLANKS = re.compile(r"\S {2,}\S.*\n|\t\S.*\n")
# the tags of EDGAR's text tables stay: a reader for such text takes them for what they are
_TAG = re.compile(r"(?i)<!--.*?-->|</?(?!(?:TABLE|CAPTION|S|C|PAGE|FN)>)[a-z][^<>]*>", re.DOTALL)
_BREAK = re.compile(r"(?i)<br\s*/?>(?!\n)")


@dataclass(frozen=True, slots=True)
class _Stretch:
    start: int
    end: int
    inner: int
    inner_end: int


def take_out(markup: str) -> tuple[str, list[Preformatted]]:
    """The markup with a numbered placeholder for each preformatted stretch, and the stretches."""
    found: list[Preformatted] = []
    kept: list[str] = []
    position = line = 0
    counted = 0
    for stretch in _stretches(markup):
        if stretch.start < position:
            continue
        inner = markup[stretch.inner : stretch.inner_end]
        line += markup.count("\n", counted, stretch.inner)
        counted = stretch.inner
        kept.append(markup[position : stretch.start])
        kept.append(f'<{PLACEHOLDER} n="{len(found)}"></{PLACEHOLDER}>')
        # the tables among the tags still count when tables are counted
        tables = len(re.findall(r"(?i)<table\b", markup[stretch.start : stretch.inner_end]))
        kept.append(f"<{LOST_TABLE}></{LOST_TABLE}>" * tables)
        shown = html.unescape(_TAG.sub("", _BREAK.sub("\n", inner)))
        found.append(Preformatted(shown, line + 1))
        position = stretch.end
    return "".join([*kept, markup[position:]]), found


def _stretches(markup: str) -> list[_Stretch]:
    return sorted([*_pres(markup), *_cell_less(markup)], key=lambda s: (s.start, -s.end))


def _pres(markup: str) -> Iterator[_Stretch]:
    position = 0
    while opened := _PRE.search(markup, position):
        closed = _PRE_END.search(markup, opened.end())
        inner_end = closed.start() if closed else len(markup)
        end = closed.end() if closed and closed[0].lower().startswith("</pre") else inner_end
        if not _CELL.search(markup, opened.end(), inner_end):
            yield _Stretch(opened.start(), end, opened.end(), inner_end)
        position = end


def _cell_less(markup: str) -> Iterator[_Stretch]:
    """Tables that end before any row or cell started, and whose text is set with blanks."""
    opened: re.Match[str] | None = None
    for token in _TABLE_TOKEN.finditer(markup):
        closes, name = token[1], token[2].lower()
        if name != "table":
            opened = None
        elif not closes:
            opened = token
        elif opened is not None:
            if _SET_WITH_BLANKS.search(markup, opened.end(), token.start()):
                yield _Stretch(opened.start(), token.end(), opened.end(), token.start())
            opened = None


def numbered_lines(pre: Preformatted) -> list[tuple[int, str]]:
    """The lines of a stretch as displayed, each with its number in the file, from 1."""
    return list(enumerate(pre.text.replace("\N{NO-BREAK SPACE}", " ").split("\n"), pre.first_line))

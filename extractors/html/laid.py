"""Tables that style alone makes: ``display: table``, grids, neighbouring rows of a flexible box.

They become tables before the tree is read; only pages that speak of such styles are searched. Tables so made are
marked, since places count the tables of the markup and these are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from extractors.html.styles import StyleSheet

LAID = "data-crossfoot-laid"
_SPOKEN = re.compile(r"(?i)display\s*:\s*(?:inline-)?(?:table|grid|flex)")
_DISPLAY = re.compile(r"(?i)(?:\A|;)\s*display\s*:\s*([\w-]+)")
_TRACKS = re.compile(r"(?i)(?:\A|;)\s*grid-template-columns\s*:\s*([^;]+)")
_COLUMN = re.compile(r"(?i)(?:\A|;)\s*flex-(?:direction|flow)\s*:\s*(?:\w+\s+)?(?:column|row-reverse)")
_ELSEWHERE = re.compile(r"(?i)(?:\A|;)\s*(?:grid-(?:column|row|area)[\w-]*|order)\s*:|display\s*:\s*none")
_LONGEST_TRACKS = 1000
_PARTS = ["table", "tr", "td", "th", "thead", "tbody", "tfoot"]
_REPEAT = re.compile(r"repeat\(\s*(\d{1,3})\s*,([^()]*(?:\([^()]*\)[^()]*)*)\)")
_OWN = frozenset({"table", "tr", "td", "th", "thead", "tbody", "tfoot", "body", "html"})
_ROLES = {
    "table": "table",
    "inline-table": "table",
    "table-row": "tr",
    "table-cell": "td",
    "table-header-group": "thead",
    "table-row-group": "tbody",
    "table-footer-group": "tfoot",
}


def lay_tables(soup: BeautifulSoup, markup: str, sheet: StyleSheet) -> None:
    """Rename what style sets as a table, a row or a cell to the tag that says so, in place."""
    if not _SPOKEN.search(markup):
        return
    said: list[tuple[Tag, str, str]] = []
    for tag in soup.find_all(True):
        style = sheet.said(tag)
        found = _DISPLAY.findall(style)
        if found and tag.name not in _OWN:
            said.append((tag, found[-1].lower(), style))
    for tag, display, _ in said:
        if display in _ROLES and (_ROLES[display] == "table" or _inside(tag)):
            _become(tag, _ROLES[display])
    plain = [(tag, display, style) for tag, display, style in said if not _moved(tag, sheet)]
    for tag, display, style in plain:
        if display.endswith("grid"):
            _lay_grid(soup, tag, _tracks(style))
    _lay_rows(soup, [tag for tag, display, style in plain if display == "flex" and not _COLUMN.search(style)])


def _inside(tag: Tag) -> bool:
    """True where the nearest table, row or cell around is one that style made: a real one has its own cells."""
    around = tag.find_parent(_PARTS)
    return isinstance(around, Tag) and LAID in around.attrs


def _moved(tag: Tag, sheet: StyleSheet) -> bool:
    """True where a child reaches over tracks, stands elsewhere than in its turn, or is hidden: no counting helps."""
    return any(_ELSEWHERE.search(sheet.said(child)) for child in _children(tag))


def _become(tag: Tag, name: str) -> None:
    """The element under another name; what made it one no longer says anything."""
    tag.name = name
    tag.attrs[LAID] = ""
    inline = str(tag.attrs.get("style") or "")
    tag.attrs["style"] = f"{inline};display:{'block' if name == 'table' else name}"


def _tracks(style: str) -> int:
    """How many columns ``grid-template-columns`` gives; 0 where it does not say."""
    found = _TRACKS.findall(style)
    if not found or len(found[-1]) > _LONGEST_TRACKS or "auto-f" in found[-1]:
        return 0
    repeated = sum(int(hit[1]) * _counted(hit[2]) for hit in _REPEAT.finditer(found[-1]))
    return repeated + _counted(_REPEAT.sub(" ", found[-1]))


def _counted(tracks: str) -> int:
    """The tracks of a list, without the names of lines and what stands in parentheses."""
    bare = re.sub(r"\[[^\]]*\]|\([^()]*\)", "", re.sub(r"\([^()]*\([^()]*\)[^()]*\)", "", tracks))
    return len(bare.split())


def _children(tag: Tag) -> list[Tag]:
    return [child for child in tag.children if isinstance(child, Tag)]


def _bare(tag: Tag) -> bool:
    """True when text stands in the element beside its children: it holds no cells then."""
    return any(isinstance(child, NavigableString) and child.strip() for child in tag.children)


def _lay_grid(soup: BeautifulSoup, tag: Tag, tracks: int) -> None:
    """A grid whose children are cells: as many to a row as it has tracks."""
    children = _children(tag)
    if tracks < 2 or _bare(tag) or len(children) < 2 * tracks or len(children) % tracks:
        return
    for first in range(0, len(children), tracks):
        row = soup.new_tag("tr")
        children[first].insert_before(row)
        for child in children[first : first + tracks]:
            row.append(_cell(soup, child))
    _become(tag, "table")


def _lay_rows(soup: BeautifulSoup, rows: Sequence[Tag]) -> None:
    """Neighbours that set as many children each side by side are the rows of a table."""
    for run in _runs(rows):
        table = soup.new_tag("table")
        run[0].insert_before(table)
        _become(table, "table")
        for row in run:
            for child in _children(row):
                _cell(soup, child)
            table.append(row)
            _become(row, "tr")


def _runs(rows: Sequence[Tag]) -> Iterator[list[Tag]]:
    """Stretches of neighbouring rows with as many children, at least two rows of two."""
    run: list[Tag] = []
    for row in rows:
        if run and (row.find_previous_sibling() is not run[-1] or len(_children(row)) != len(_children(run[-1]))):
            if len(run) > 1:
                yield run
            run = []
        if len(_children(row)) > 1 and not _bare(row) and row.find("table") is None:
            run.append(row)
    if len(run) > 1:
        yield run


def _cell(soup: BeautifulSoup, child: Tag) -> Tag:
    """A cell around an element, in its place."""
    cell = soup.new_tag("td")
    child.insert_before(cell)
    cell.append(child)
    return cell

"""Tables whose cells are drawn: Camelot finds the cells, the words of the text layer fill them. The only door to it."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from extractors.page import Cell, Grid, Profile, Rule, Word
from extractors.raster import PageContent
from schemas.filing import PagePlace

# what pdfminer and Camelot raise on pages they do not understand
_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    NotImplementedError,
    RecursionError,
)
_CLOSE = 3.0
_LEAST_DOWN = 2
_LEAST_ACROSS = 3
# a table takes part only when so much of what stands in its box fell into its cells
_LEAST_FILLED = 0.9


def has_cells(rules: Sequence[Rule]) -> bool:
    """True when rules across and down cross, so that they may enclose cells."""
    down = [rule for rule in rules if not rule.horizontal]
    across = [rule for rule in rules if rule.horizontal]
    if len(down) < _LEAST_DOWN or len(across) < _LEAST_ACROSS:
        return False
    crossed = sum(any(_cross(rule, other) for other in down) for rule in across)
    return crossed >= _LEAST_ACROSS


def _cross(across: Rule, down: Rule) -> bool:
    inside = across.left - _CLOSE <= down.left <= across.right + _CLOSE
    return inside and down.top - _CLOSE <= across.top <= down.bottom + _CLOSE


def read_ruled(data: bytes, page: PageContent, profile: Profile) -> tuple[Grid, ...]:
    """The ruled tables of a page; none where Camelot does not understand it."""
    from camelot.io import read_pdf as read_tables  # noqa: PLC0415 # it loads OpenCV and pandas: only a page that is ruled pays for that

    logging.getLogger("camelot").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read_tables(
                data,
                pages=str(page.number),
                flavor="lattice",
                engine="vector",
                password=profile.password,
                suppress_stdout=True,
            )
    except _ERRORS:
        return ()
    grids = (_grid(table, page) for table in found)
    return tuple(grid for grid in grids if grid is not None)


def camelot_version() -> str:
    """The version of Camelot, "2.0.0" for example."""
    return version("camelot-py")


def _grid(table: Any, page: PageContent) -> Grid | None:
    cells = table.cells
    rows, columns = len(cells), len(cells[0]) if cells else 0
    if rows < 2 or columns < 2:
        return None
    box = (
        min(row[0].x1 for row in cells),
        page.height - max(cell.y2 for cell in cells[0]),
        max(row[-1].x2 for row in cells),
        page.height - min(cell.y1 for cell in cells[-1]),
    )
    within = [w for w in page.words if _inside(w, box)]
    made = [cell for area in _areas(cells) if (cell := _cell(cells, area, within, page)) is not None]
    filled = sum(len(cell.text.split()) for cell in made)
    if not made or filled < _LEAST_FILLED * len(within):
        return None
    made.sort(key=lambda cell: (cell.row, cell.column))
    return Grid(rows, columns, tuple(_indented(made)), page.number, "camelot", box)


def _inside(word: Word, box: tuple[float, float, float, float]) -> bool:
    x, y = (word.left + word.right) / 2, word.middle
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _areas(cells: Sequence[Sequence[Any]]) -> Iterator[tuple[int, int, int, int]]:
    """Cells without a line between them as one: first row, first column, last row, last column."""
    taken: set[tuple[int, int]] = set()
    rows, columns = len(cells), len(cells[0])
    for i in range(rows):
        for j in range(columns):
            if (i, j) in taken:
                continue
            last = j
            while last + 1 < columns and not cells[i][last].right and (i, last + 1) not in taken:
                last += 1
            low = i
            while low + 1 < rows and all(
                not cells[low][k].bottom and (low + 1, k) not in taken for k in range(j, last + 1)
            ):
                low += 1
            taken.update((a, b) for a in range(i, low + 1) for b in range(j, last + 1))
            yield i, j, low, last


def _cell(
    cells: Sequence[Sequence[Any]], area: tuple[int, int, int, int], words: Sequence[Word], page: PageContent
) -> Cell | None:
    i, j, low, last = area
    box = (cells[i][j].x1, page.height - cells[i][j].y2, cells[low][last].x2, page.height - cells[low][last].y1)
    found = [word for word in words if _inside(word, box)]
    if not found:
        return None
    left, top = min(w.left for w in found), min(w.top for w in found)
    place = PagePlace(page=page.number, bbox=(left, top, max(w.right for w in found), max(w.bottom for w in found)))
    return Cell(
        text=_text(found),
        row=i,
        column=j,
        row_span=low - i + 1,
        column_span=last - j + 1,
        place=place,
        indent=left / max(found[0].size, 1.0),
        bold=sum(word.bold for word in found) * 2 > len(found),
    )


def _indented(cells: Sequence[Cell]) -> Iterator[Cell]:
    """The cells with their indents counted from the leftmost text of their column."""
    least: dict[int, float] = {}
    for cell in cells:
        least[cell.column] = min(least.get(cell.column, cell.indent), cell.indent)
    for cell in cells:
        yield replace(cell, indent=round(cell.indent - least[cell.column], 2))


def _text(words: Sequence[Word]) -> str:
    """The words of a cell, line by line; a hyphen at a line's end stays, the blank after it goes."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda w: (w.middle, w.left)):
        if lines and abs(lines[-1][-1].middle - word.middle) < 0.45 * max(word.bottom - word.top, 1.0):
            lines[-1].append(word)
        else:
            lines.append([word])
    text = ""
    for line in lines:
        said = " ".join(word.text for word in sorted(line, key=lambda w: w.left))
        hyphen = re.search(r"\w-\Z", text) and re.match(r"[a-z]", said)
        text = f"{text}{'' if hyphen or not text else ' '}{said}"
    return text

"""Financial data schedules of EDGAR (exhibit 27): one tag a line, its name the label and what follows the cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from extractors.page import Cell, Grid
from extractors.text.decode import SourceLine

_ROW = re.compile(r"\s*<(?P<tag>[A-Z][A-Z0-9&.,/ -]{1,40})>(?P<rest>\s+\S.*)?\Z")
_CELL = re.compile(r"\S+(?: \S+)*")
# tags that set a table or speak of the schedule, and name no row
_NO_ROW = frozenset(
    {"S", "C", "TABLE", "CAPTION", "PAGE", "ARTICLE", "LEGEND", "CIK", "NAME", "MULTIPLIER", "CURRENCY", "RESTATED"}
    | {"TEXT", "DOCUMENT", "TYPE", "SEQUENCE", "DESCRIPTION", "FILENAME", "FN"}
)
_FEWEST = 5


def find_schedules(lines: Sequence[SourceLine]) -> Iterator[Grid | list[SourceLine]]:
    """The schedules of a document and the lines between them, in order."""
    rest: list[SourceLine] = []
    run: list[SourceLine] = []
    for line in [*lines, None]:
        if line is not None and (_tag(line) or (run and line.blank)):
            run.append(line)
            continue
        rows = [one for one in run if not one.blank]
        if len(rows) >= _FEWEST:
            if rest:
                yield rest
            yield _grid(rows)
            rest = []
        else:
            rest += run
        run = []
        if line is not None:
            rest.append(line)
    if rest:
        yield rest


def _tag(line: SourceLine) -> re.Match[str] | None:
    """The line as a row of a schedule; one whose tag has no value yet is a row too."""
    found = _ROW.match(line.text) if line.text.lstrip().startswith("<") else None
    return found if found and found["tag"] not in _NO_ROW else None


def _grid(lines: Sequence[SourceLine]) -> Grid:
    """Column 0 holds the names of the tags; the values of a row stand in as many columns as there are."""
    cells: list[Cell] = []
    most = 1
    for row, line in enumerate(lines):
        found = _tag(line)
        if found is None:
            continue
        cells.append(Cell(found["tag"], row, 0, line.place(found.start("tag"), found.end("tag"))))
        values = list(_CELL.finditer(line.text[found.end("tag") + 1 :]))
        most = max(most, len(values))
        for column, value in enumerate(values, 1):
            start = found.end("tag") + 1 + value.start()
            cells.append(Cell(value[0], row, column, line.place(start, start + len(value[0]))))
    return Grid(len(lines), 1 + most, tuple(cells), source="schedule")

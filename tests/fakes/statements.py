"""Statements written as text in the tests, as the stages before footing would hand them over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from extractors.figures import Body, ReadFigure
from extractors.meaning import Meaning, RowMeaning, TableMeaning
from extractors.numbers import POINT_STYLE, read_number
from extractors.page import Cell, HtmlPlace, Reading
from extractors.tables import BodyRow, Table
from schemas.filing import ColumnKind, Identification, PagePlace, Period, TableKind


@dataclass(frozen=True)
class Statement:
    """Tables with their bodies and meaning."""

    tables: tuple[Table, ...]
    bodies: tuple[Body, ...]
    meaning: Meaning

    def figures(self) -> dict[str, ReadFigure]:
        """All figures by id."""
        return {figure.id: figure for body in self.bodies for figure in body.figures}

    def reread(self, changes: Mapping[str, str], rivals: Mapping[str, tuple[Reading, ...]] | None = None) -> Statement:
        """The statement with other strings read for some figures."""
        bodies = tuple(
            replace(body, figures=tuple(_reread(f, changes.get(f.id), (rivals or {}).get(f.id)) for f in body.figures))
            for body in self.bodies
        )
        return replace(self, bodies=bodies)

    def headed(self, heads: Mapping[int, str]) -> Statement:
        """The statement with heads over some columns of its first table."""
        table = self.tables[0]
        over = tuple((heads.get(column, ""),) for column in range(len(table.heads)))
        return replace(self, tables=(replace(table, heads=over), *self.tables[1:]))

    def beside(self, other: Statement) -> Statement:
        """Both statements as one document; the other keeps its ids."""
        means = Meaning((*self.meaning.tables, *other.meaning.tables), Identification())
        return Statement((*self.tables, *other.tables), (*self.bodies, *other.bodies), means)


def _reread(figure: ReadFigure, raw: str | None, rivals: tuple[Reading, ...] | None) -> ReadFigure:
    if raw is None:
        return figure
    number = read_number(raw)
    if number is None:
        raise ValueError(f"{raw!r} is no number")
    if rivals is None:
        return replace(figure, raw=raw, number=number)
    left = 1.0 - sum(rival.probability for rival in rivals)
    return replace(figure, raw=raw, number=number, rivals=rivals, confidence=left)


def statement(
    text: str,
    confidence: float = 0.97,
    periods: Sequence[Period] | None = None,
    kind: TableKind = "other",
    name: str = "t1",
) -> Statement:
    """Read ``label | figure | figure`` lines; a line without bars is a section label, an empty field a blank cell.

    With a confidence below 1 the figures come from a scan; with 1 from HTML. A label with "per share" makes per-share
    figures, one with "shares" counts of shares.
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    split = [[field.strip() for field in line.split("|")] for line in lines]
    width = max(len(fields) for fields in split) - 1
    rows, figures, means = [], [], []
    for row, fields in enumerate(split):
        cells: list[Cell | None] = [None] * width
        for column, raw in enumerate(fields[1:]):
            number = read_number(raw)
            if number is None:
                continue
            place = HtmlPlace(table=0, row=row, cell=column)
            cells[column] = Cell(raw, row, column, place)
            scanned = PagePlace(page=1, bbox=(0.0, 0.0, 1.0, 1.0)) if confidence < 1 else place
            figures.append(ReadFigure(f"{name}.r{row}.c{column}", row, column, raw, number, scanned, confidence))
        rows.append(BodyRow(fields[0], 0.0, tuple(cells)))
        means.append(_row_meaning(fields[0]))
    table = Table((), (), (("",),) * width, tuple(rows))
    value: ColumnKind = "value"
    body = Body(name, (value,) * width, tuple(figures), (), POINT_STYLE)
    meaning = TableMeaning(kind, None, None, "USD", 1000, tuple(periods or (None,) * width), tuple(means))
    return Statement((table,), (body,), Meaning((meaning,), Identification()))


def _row_meaning(label: str) -> RowMeaning:
    if "per share" in label:
        return RowMeaning(unit="USD/shares")
    return RowMeaning(unit="shares" if "shares" in label else "USD", scale=1000)

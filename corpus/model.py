"""What a generated filing holds before it is printed: exact figures, the rows they stand in, and the sums they obey.

Figures are whole numbers of their last printed place, so that no sum of the generator ever rounds by accident.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["currency", "per_share", "shares", "percent", "pure"]
ColumnKind = Literal["value", "note", "text"]
RowKind = Literal["section", "data"]
Rule = Literal["", "single", "double"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One printed number: ``units`` × 10^-``decimals``, in the scale of its table unless ``scale`` says otherwise."""

    units: int
    decimals: int = 0
    unit: Unit = "currency"
    nil: bool = False  # printed as a dash
    mark: str = ""  # a footnote mark printed behind it
    period: str | None = None  # only where it differs from its column's
    scale: int | None = None  # power of ten; None: the table's

    @property
    def value(self) -> str:
        """The canonical decimal string, sign as presented."""
        digits = str(abs(self.units)).rjust(self.decimals + 1, "0")
        whole, part = digits[: len(digits) - self.decimals], digits[len(digits) - self.decimals :]
        return ("-" if self.units < 0 else "") + whole + ("." + part if part else "")


@dataclass(frozen=True, slots=True)
class Text:
    """A body cell that is no figure: a note letter, a date, a word, "N/A"."""

    text: str


Cell = Figure | Text | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the body; ``heads`` from top to bottom, equal neighbours in the upper lines form a spanner."""

    heads: tuple[str, ...]
    period: str | None = None
    kind: ColumnKind = "value"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; ``cells`` runs parallel to the table's columns."""

    kind: RowKind
    label: str
    cells: tuple[Cell, ...] = ()
    level: int = 0
    rule: Rule = ""  # the rule drawn above its figures; "double" also draws two below them
    money: bool = False  # where the currency sign stands when it stands on first and total rows only


Ref = tuple[int, int]  # row and column, counted over all rows and columns of the table


@dataclass(frozen=True, slots=True)
class Identity:
    """``total = factor · Σ weight·term / divisor`` over cells of one table; ``slack`` in last places of the total."""

    kind: Literal["foot", "cross_foot", "ratio", "roll_forward"]
    total: Ref
    terms: tuple[tuple[Ref, int], ...]
    divisor: Ref | None = None
    factor: tuple[int, int] = (1, 1)  # numerator and denominator
    slack: int = 0  # sums of rounded figures may differ by their rounding


@dataclass(slots=True)
class Table:
    """A table of a filing, ready to be printed by any renderer."""

    kind: str  # the names of truth.json: "balance sheet", "income statement", "cash flows", "note" …
    title: str
    columns: tuple[Column, ...]
    rows: list[Row] = field(default_factory=list)
    headnote: str = ""
    dateline: str = ""  # "For the years ended June 30," where the heads hold years alone
    stub_head: str = ""
    scale: int = 0  # power of ten of plain amounts
    identities: list[Identity] = field(default_factory=list)
    footnotes: list[str] = field(default_factory=list)

    def value_columns(self) -> list[int]:
        """Indexes of the columns that hold figures."""
        return [i for i, c in enumerate(self.columns) if c.kind == "value"]

    def figures(self) -> list[tuple[int, int, Figure]]:
        """Row, column and figure of each printed figure, in reading order."""
        return [
            (r, c, cell)
            for r, row in enumerate(self.rows)
            for c, cell in enumerate(row.cells)
            if isinstance(cell, Figure) and self.columns[c].kind == "value"
        ]

    def figure(self, ref: Ref) -> Figure:
        """The figure at a place.

        Raises:
            TypeError: no figure stands there.
        """
        cell = self.rows[ref[0]].cells[ref[1]]
        if not isinstance(cell, Figure):
            raise TypeError(f"no figure at {ref} of {self.title!r}")
        return cell


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or two between tables."""

    text: str


@dataclass(slots=True)
class Filing:
    """A whole document before it is printed."""

    id: str
    company: str
    form: str
    report_date: str
    blocks: list[Table | Paragraph]
    currency: str = "USD"
    cik: str = "0009990000"
    accession: str = "0009990000-00-000000"
    seed: int = 0

    @property
    def tables(self) -> list[Table]:
        """The tables, in reading order."""
        return [b for b in self.blocks if isinstance(b, Table)]


def rounded(numerator: int, denominator: int) -> int:
    """The nearest whole number, halves away from zero as accountants round."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    n, d = abs(numerator), abs(denominator)
    return sign * ((2 * n + d) // (2 * d))


class Sheet:
    """Writes the rows of a table and the identities they obey, so that both always agree."""

    def __init__(self, columns: Sequence[Column], decimals: int = 0) -> None:
        self.columns = tuple(columns)
        self.decimals = decimals
        self.rows: list[Row] = []
        self.identities: list[Identity] = []
        self.values = [i for i, c in enumerate(self.columns) if c.kind == "value"]

    def section(self, label: str, level: int = 0) -> None:
        """A line with a label and nothing else."""
        self.rows.append(Row("section", label, (None,) * len(self.columns), level))

    def add(self, row: Row, figures: Sequence[Figure | Text | None], beside: str = "") -> int:
        """Append ``row`` with ``figures`` in its value columns and ``beside`` in its note column; returns its index."""
        cells: list[Cell] = [None] * len(self.columns)
        for index, figure in zip(self.values, figures, strict=True):
            cells[index] = figure
        for index, column in enumerate(self.columns):
            if column.kind == "note" and beside:
                cells[index] = Text(beside)
        self.rows.append(Row(row.kind, row.label, tuple(cells), row.level, row.rule, row.money))
        return len(self.rows) - 1

    def line(self, label: str, values: Sequence[int], level: int = 1, *, money: bool = False, note: str = "") -> int:
        """A line of amounts; a nought is printed as a dash."""
        figures = [Figure(v, self.decimals if v else 0, nil=v == 0) for v in values]
        return self.add(Row("data", label, level=level, money=money), figures, note)

    def total(self, row: Row, terms: Sequence[tuple[int, int]]) -> int:
        """A line that is the weighted sum of other lines, column by column; returns its index."""
        sums = [sum(w * self.amount(r, c) for r, w in terms) for c in self.values]
        figures = [Figure(v, self.decimals if v else 0, nil=v == 0) for v in sums]
        index = self.add(row, figures)
        for c in self.values:
            self.identities.append(Identity("foot", (index, c), tuple(((r, c), w) for r, w in terms)))
        return index

    def amount(self, row: int, column: int) -> int:
        """The amount at a place in units of the sheet's last place; a dash counts as nought."""
        cell = self.rows[row].cells[column]
        return cell.units if isinstance(cell, Figure) else 0

    def amounts(self, row: int) -> list[int]:
        """The amounts of a line, value column by value column."""
        return [self.amount(row, c) for c in self.values]

    def ratio(self, row: Row, over: tuple[int, int], shape: tuple[int, Unit], factor: tuple[int, int]) -> int:
        """A line of ``factor`` · over[0] / over[1], rounded to shape[0] places, in unit shape[1]; returns its index."""
        decimals, unit = shape
        figures: list[Figure | None] = []
        index = len(self.rows)
        for c in self.values:
            top, bottom = self.figure(over[0], c), self.figure(over[1], c)
            if not bottom.units:
                figures.append(None)
                continue
            numerator = top.units * factor[0] * 10 ** (decimals + bottom.decimals)
            units = rounded(numerator, bottom.units * factor[1] * 10**top.decimals)
            figures.append(Figure(units, decimals, unit, scale=0 if unit == "per_share" else None))
            self.identities.append(
                Identity("ratio", (index, c), (((over[0], c), 1),), divisor=(over[1], c), factor=factor, slack=1)
            )
        return self.add(row, figures)

    def figure(self, row: int, column: int) -> Figure:
        """The figure at a place; a nought where none stands."""
        cell = self.rows[row].cells[column]
        return cell if isinstance(cell, Figure) else Figure(0)

    def cross_foot(self, rows: Sequence[int], total: int, terms: Sequence[int]) -> None:
        """Note that in each of ``rows`` column ``total`` is the sum of columns ``terms``."""
        for r in rows:
            self.identities.append(Identity("cross_foot", (r, total), tuple(((r, c), 1) for c in terms)))

"""What the figures mean: periods of columns, scale and unit of rows, kind and title of tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.filing import Identification, Period, TableKind


@dataclass(frozen=True, slots=True)
class RowMeaning:
    """A row of the body in its place among the others.

    Attributes:
        path: the labels above it that it belongs to, outermost first. level: its depth, 0 outermost.
        scale: what one printed unit is worth (1, 1000, 1000000). unit: ``USD``, ``USD/shares``, ``shares``,
            ``percent`` or ``pure``.
        units: unit and scale of single figures that differ from the row's, by column.
        period: only where it differs from the column's (cash at the beginning of the year), one entry per column.
    """

    path: tuple[str, ...] = ()
    level: int = 0
    scale: int = 1
    unit: str = "pure"
    periods: tuple[Period | None, ...] | None = None
    units: Mapping[int, tuple[str, int]] = field(default_factory=dict)

    def unit_at(self, column: int) -> tuple[str, int]:
        """The unit and the scale of the figure in a column."""
        return self.units.get(column, (self.unit, self.scale))


@dataclass(frozen=True, slots=True)
class TableMeaning:
    """A table's kind, title and headnote, its currency and scale, the periods of its columns, and its rows."""

    kind: TableKind
    title: str | None
    headnote: str | None
    currency: str | None
    scale: int
    periods: tuple[Period | None, ...]
    rows: tuple[RowMeaning, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of all tables, in their order, and the identity of the filing."""

    tables: tuple[TableMeaning, ...]
    filing: Identification

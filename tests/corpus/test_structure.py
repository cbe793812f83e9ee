"""Structural damage keeps count of what is truly printed where."""

from __future__ import annotations

from random import Random

import pytest

from corpus.structure import KINDS, damage
from extractors.page import Cell, PagePlace
from extractors.tables import BodyRow, Layout, Table

PLACE = PagePlace(page=1, bbox=(0.0, 0.0, 1.0, 1.0))


def layout() -> Layout:
    """One table of two rows and three columns."""
    rows = [("Net sales", ("18,112", "17,318", "16,904")), ("Cost of sales", ("9,877", "9,012", "8,455"))]
    body = tuple(
        BodyRow(label, 0.0, tuple(Cell(text, place, column, PLACE) for column, text in enumerate(texts)))
        for place, (label, texts) in enumerate(rows)
    )
    return Layout((Table((), (), (("2011",), ("2010",), ("2009",)), body),), ())


@pytest.mark.parametrize(
    ("kind", "rows", "figures"),
    [("shifted row", 2, 5), ("ghost row", 3, 9), ("merged cells", 2, 5), ("torn cell", 2, 6), ("lost cell", 2, 5)],
)
def test_each_kind_does_what_it_is_called(kind: str, rows: int, figures: int) -> None:
    """So many rows and cells are left; the truth still knows all six figures."""
    damaged, truth = damage(layout(), kind, Random(3))
    body = damaged.tables[0].rows
    assert (len(body), sum(1 for row in body for cell in row.cells if cell)) == (rows, figures)
    assert sum(1 for text in truth.values() if text) == 6


def test_undamaged_rows_stay_as_they_are() -> None:
    """One row of the two is touched, whatever the kind."""
    true = [[cell.text for cell in row.cells if cell] for row in layout().tables[0].rows]
    for kind in KINDS:
        damaged, _ = damage(layout(), kind, Random(3))
        read = [[cell.text for cell in row.cells if cell] for row in damaged.tables[0].rows]
        assert any(row in read for row in true)

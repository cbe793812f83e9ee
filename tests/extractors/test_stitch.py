"""Tables over a page end."""

from extractors.tables import BodyRow, Table
from extractors.tables.stitch import Part, stitch


def part(page: int, heads: tuple[tuple[str, ...], ...], label: str, *caption: str) -> Part:
    """A table of one row on a page."""
    return Part(Table(caption, (), heads, (BodyRow(label, 0.0, (None,) * len(heads)),), (page,)))


TWO = (("2024",), ("2023",))
BARE: tuple[tuple[str, ...], ...] = ((), ())


def test_a_headless_continuation_joins() -> None:
    """The next page goes on without heads: one table on both pages."""
    (whole,) = stitch([part(1, TWO, "Cash"), part(2, BARE, "Total")])
    assert [row.label for row in whole.rows] == ["Cash", "Total"]
    assert whole.pages == (1, 2)


def test_repeated_heads_join() -> None:
    """Heads repeated on the next page are the same table, also under "(continued)"."""
    assert len(stitch([part(1, TWO, "Cash"), part(2, TWO, "Total", "Balance Sheets (continued)")])) == 1


def test_a_table_with_a_caption_of_its_own_stays_apart() -> None:
    """The same columns under another title are another table."""
    assert len(stitch([part(1, TWO, "Cash"), part(2, TWO, "Sales", "Statements of Income")])) == 2


def test_a_gap_in_the_pages_keeps_tables_apart() -> None:
    """A continuation starts on the very next page."""
    assert len(stitch([part(1, TWO, "Cash"), part(3, BARE, "Total")])) == 2


def test_running_heads_are_no_caption() -> None:
    """A running head above the continuation does not keep it apart."""
    parts = [part(1, TWO, "Cash"), part(2, BARE, "Total", "ACME CORP 12")]
    assert len(stitch(parts, frozenset({"ACME CORP #"}))) == 1
    assert len(stitch(parts)) == 2

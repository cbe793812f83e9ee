"""Tables in text whose rows have all cells: framed by bars, or exported with tabs."""

from __future__ import annotations

from extractors.convert import convert
from schemas.filing import Table


def _table(text: str) -> Table:
    (table,) = convert(text.encode()).tables
    return table


def _values(table: Table) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for figure in table.figures:
        found.setdefault(table.rows[figure.row].label, []).append((figure.column, figure.value))
    return found


def test_empty_cells_of_a_frame_keep_their_columns() -> None:
    """Debit, credit and balance stand where the bars say, though most cells are empty; the rules part nothing."""
    table = _table(
        "+-------+----------+---------+--------+---------+\n"
        "| Day   | Text     |   Debit | Credit | Balance |\n"
        "+-------+----------+---------+--------+---------+\n"
        "| 01/02 | Opening  |         |        |  120.55 |\n"
        "| 01/05 | Check    |   31.00 |        |   89.55 |\n"
        "| 01/09 | Deposit  |         |  20.00 |  109.55 |\n"
        "+-------+----------+---------+--------+---------+\n"
        "| Sum   |          |   31.00 |  20.00 |         |\n"
        "+-------+----------+---------+--------+---------+\n"
    )
    assert [column.heads for column in table.columns] == [("Text",), ("Debit",), ("Credit",), ("Balance",)]
    values = _values(table)
    assert values["01/09"] == [(2, "20.00"), (3, "109.55")]
    assert values["Sum"] == [(1, "31.00"), (2, "20.00")]


def test_exported_tabs_keep_the_order_of_columns() -> None:
    """Quantities before the names of goods are no column behind them, and sums stand below what they add."""
    table = _table(
        "Qty\tItem\tPrice\tAmount\n12\tToner\t49.90\t598.80\n3\tPaper\t21.50\t64.50\n1\tDelivery\t\t15.00\n\t\tNet\t678.30\n"
    )
    assert table.columns[-1].heads == ("Amount",)
    assert [figure.value for figure in table.figures if figure.column == len(table.columns) - 1] == [
        "598.80",
        "64.50",
        "15.00",
        "678.30",
    ]


def test_a_blank_line_between_rows_of_as_many_cells_parts_no_table() -> None:
    """Sections of a statement are set apart by blank lines; the heads stand over all of them."""
    text = "\t2011\t2010\nSales\t$ 41\t$ 42\nFees\t24\t20\n\nCosts\t11\t7\n\t\t3\nOther\t10\t17\n"
    (table,) = convert(text.encode()).tables
    assert [len(table.rows), [column.heads for column in table.columns]] == [5, [("2011",), ("2010",)]]

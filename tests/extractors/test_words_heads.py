"""Heads on the character plane: what they cover and where they begin another table."""

from __future__ import annotations

from tests.fakes.planes import grids, rows


def test_heads_in_the_middle_of_wide_cells_begin_another_table() -> None:
    """Below a gap and a title, words far left of the figures above are heads of the next table."""
    first, second = grids("""
                                               2024             2023
Buildings                                    24,509           19,015
Machinery                                    26,096           24,912
Total                                        50,605           43,927


Minimum payments
(in thousands)
                                   Debt         Purchase Obligations
Remainder of 2010                            12,032            9,796
2011                                          5,645            6,257
Total                                        17,677           16,053
""")
    assert rows(first)[-1][0] == "Total"
    assert rows(second, heads=True) == [{1: "Debt", 2: "Purchase Obligations"}]


def test_a_phrase_in_the_middle_of_the_columns_is_their_head() -> None:
    """What stands over the columns only is a head of each; a title in the middle of the table is none."""
    (grid,) = grids("""
                           % of Net sales
                            by operating
                            segment (1)
                           Three Months
                               Ended
                            2023     2022
  Fabric Care                23%      23%
  Home Care                  12%      12%
  Total                     100%     100%
""")
    said = [cell.text for cell in grid.cells if cell.head and cell.column_span == 2]
    assert said == ["% of Net sales by operating segment (1)", "Three Months Ended"]


def test_the_upper_line_of_a_wrapped_spanner_is_no_title() -> None:
    """The words "Health Care and" over "Life", beside "Pension", goes on with it."""
    (grid,) = grids("""
                                     Health Care and
                     Pension               Life
                 2023      2022      2023      2022
Service cost     $ 91    $  116    $   23    $   40
Interest           14        16         4         7
""")
    heads = {cell.text: (cell.column, cell.column_span) for cell in grid.cells if cell.head}
    assert heads["Pension"] == (1, 2)
    assert heads["Health Care and Life"] == (3, 2)

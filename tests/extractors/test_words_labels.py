"""Labels that wrap and labels of their own, on the character plane."""

from __future__ import annotations

from tests.fakes.planes import grids, rows


def test_wrapped_labels_are_one_row() -> None:
    """A label that ends in a connective, or goes on in lower case, reads on; a hyphen at a line's end stays."""
    (grid,) = grids("""
Receivables, less allowances of $502 and
  $516, respectively                        3,410     3,487
Changes in investments available-
  for-sale                                     24        37
Purchases of property,
  plant and equipment                      (1,852)   (1,484)
""")
    assert rows(grid) == [
        {0: "Receivables, less allowances of $502 and $516, respectively", 1: "3,410", 2: "3,487"},
        {0: "Changes in investments available-for-sale", 1: "24", 2: "37"},
        {0: "Purchases of property, plant and equipment", 1: "(1,852)", 2: "(1,484)"},
    ]


def test_a_section_is_a_row_of_its_own() -> None:
    """Labels without figures that head the rows below them are not joined to those."""
    (grid,) = grids("""
Current assets:
  Cash                  100     90
  Inventories            50     40
Long-term liabilities
  Notes payable          30     20
  Leases                  5      6
""")
    labels = [row[0] for row in rows(grid)]
    assert labels[-5:] == ["Cash", "Inventories", "Long-term liabilities", "Notes payable", "Leases"]
    assert rows(grid)[-3] == {0: "Long-term liabilities"}


def test_numbers_in_labels_stay_there() -> None:
    """Numbers within or at the end of a label are not figures."""
    (grid,) = grids("""
Loss, net of tax of $0, $0, and $2          (48)       12
Cash at beginning of June 30, 2022        1,000       900
Notes due 2026                               17        18
""")
    assert [row[0] for row in rows(grid)] == [
        "Loss, net of tax of $0, $0, and $2",
        "Cash at beginning of June 30, 2022",
        "Notes due 2026",
    ]


def test_a_label_that_had_no_room_goes_on_in_the_next_line() -> None:
    """Where the next word did not fit, a capital or a number goes on with the label; where it did, it is a row."""
    (grid,) = grids("""
Payments under First Lien Notes due 2025      100     90
Payments under First Lien Toggle Notes due
  2026                                         50     40
Other financing
  Dividends                                    30     20
Shares withheld for taxes                       5      6
Net cash used in financing activities         185    156
""")
    assert [row[0] for row in rows(grid)] == [
        "Payments under First Lien Notes due 2025",
        "Payments under First Lien Toggle Notes due 2026",
        "Other financing",
        "Dividends",
        "Shares withheld for taxes",
        "Net cash used in financing activities",
    ]


CAPITALS_BELOW = """
                                                    2024          2023
PROPERTY, PLANT AND EQUIPMENT, NET                21,636        21,909
TRADEMARKS AND OTHER INTANGIBLE ASSETS,
  NET                                             23,637        23,783
TOTAL ASSETS                                     122,531       120,829
Liabilities and Shareholders' Equity
CURRENT LIABILITIES
  Accounts payable                                14,435        14,598
  Investments in shares of the
    FHLB                                             812           819
  Net income attributable to EXAMPLE
    COTTON MILLS, INC.                             1,812         1,819
"""


def test_capitals_below_small_letters_are_a_label_of_their_own() -> None:
    """A heading and the section below it at the same margin are two rows, though the heading is long."""
    labels = [row[0] for row in rows(grids(CAPITALS_BELOW)[0])]
    assert labels[3:5] == ["Liabilities and Shareholders' Equity", "CURRENT LIABILITIES"]
    assert labels[-2] == "Investments in shares of the FHLB"
    assert labels[-1] == "Net income attributable to EXAMPLE COTTON MILLS, INC."


HANGING = """
                                                    2024          2023
Proceeds from the sale of property and
  equipment                                       21,636        21,909
Effect of exchange rates on cash and cash
  equivalents                                        637           783
Depreciation of buildings and of other
  property                                           637           783
Net cash provided by continuing activities
Discontinued operations                              531           829
Sales of other assets                             14,435        14,598
"""


def test_a_line_at_the_margin_goes_on_with_nothing_where_wrapped_lines_are_set_in() -> None:
    """A long label without figures is a row of its own where all wrapped lines hang."""
    labels = [row[0] for row in rows(grids(HANGING)[0])]
    assert labels[3:5] == ["Net cash provided by continuing activities", "Discontinued operations"]

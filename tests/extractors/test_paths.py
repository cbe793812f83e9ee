"""Which labels a row belongs to, by depth, names and sums."""

import pytest

from extractors.meaning.paths import find_paths
from extractors.page import Cell
from extractors.tables import BodyRow
from schemas.filing import TextPlace

PLACE = TextPlace(line=1, start=0, end=1)


def paths(text: str) -> list[str]:
    """The path of each row with figures; a row is ``label | figure``, two blanks set it in by an em."""
    rows = []
    for line in text.strip("\n").splitlines():
        label, _, figure = line.partition("|")
        cells = (Cell(figure.strip(), 0, 1, PLACE),) if figure.strip() else (None,)
        rows.append(BodyRow(label.strip(), (len(label) - len(label.lstrip())) / 2, cells))
    found = find_paths(rows)
    return ["/".join(path) for path, row in zip(found, rows, strict=True) if row.cells[0]]


def test_a_total_of_a_part_does_not_end_the_section() -> None:
    """The minority's share follows on the owners' total and belongs to equity as they do."""
    text = """
Equity
  Retained earnings | 90
  Total owners' equity | 90
  Noncontrolling interests | 4
  Total equity | 94
Total liabilities and equity | 200
"""
    assert paths(text) == ["Equity"] * 4 + [""]


def test_a_sum_set_in_further_belongs_to_the_section_it_names() -> None:
    """It closes the activities, not the list of changes that stands above it."""
    text = """
Cash flows from operating activities:
  Net income | 10
  Changes in assets and liabilities:
    Receivables | 2
        Net cash provided by operating activities | 12
Cash flows from investing activities:
  Purchases | (3)
"""
    operating = "Cash flows from operating activities"
    changes = f"{operating}/Changes in assets and liabilities"
    assert paths(text) == [operating, changes, operating, "Cash flows from investing activities"]


def test_rows_that_stand_out_after_a_page_end_stay_in_their_section() -> None:
    """Deeper rows and the sum of the section follow: the row farther out ended nothing."""
    text = """
Current assets:
  Cash | 10
Prepaid expenses | 4
  Inventories | 6
Total current assets | 20
Goodwill | 5
"""
    assert paths(text) == ["Current assets"] * 3 + ["", ""]


def test_a_row_farther_out_ends_its_section_where_no_sum_of_it_follows() -> None:
    """Without the section's own sum the depth decides."""
    text = """
Current assets:
  Cash | 10
Goodwill | 4
  Of which acquired | 6
Total assets | 14
"""
    assert paths(text)[1] == ""


def test_a_row_named_as_an_earlier_section_is_its_sum() -> None:
    """What was opened at the same depth after that section has ended with it."""
    text = """
Other comprehensive loss:
  Translation | 1
Pension adjustments:
Net gain | 2
  Other comprehensive loss: | 3
Total comprehensive loss | 9
"""
    assert paths(text) == ["Other comprehensive loss", "Pension adjustments", "", ""]


@pytest.mark.parametrize("label", ["Commitments and contingencies (Note 13)", "Commitments and contingencies"])
def test_commitments_open_no_section(label: str) -> None:
    """The line stands in every balance sheet without a figure, and nothing belongs to it."""
    assert paths(f"{label}\nRedeemable interests | 8\nCommon stock | 1") == ["", ""]

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


def test_cash_from_operations_is_the_sum_of_the_activities_not_of_the_adjustments() -> None:
    """The list of adjustments repeats the words of the sum, and is only a step to it."""
    text = """
Operating activities
  Net income | 10
  Adjustments to reconcile net income to net cash provided by operations
    Depreciation | 2
    Net cash provided by operations | 12
"""
    assert paths(text)[2] == "Operating activities"


def test_a_label_that_ends_in_a_dash_holds_nothing() -> None:
    """What follows at its depth goes on with the section around it."""
    text = """
Equity
  Preferred stock | 1
  Common stock, shares issued -
  June 2023 | 4
  Paid-in capital | 6
  Total equity | 11
"""
    assert paths(text) == ["Equity"] * 4


def test_a_flat_section_ends_with_what_repeats_its_name_and_not_with_an_earlier_sum() -> None:
    """The sum of the changes need not say that it is a total; the total of a section may follow on another sum."""
    text = """
Changes in other income, net of tax:
Translation | 1
Hedges | 2
Other income | 3
Total income | 9
"""
    assert paths(text)[2:] == ["Changes in other income, net of tax", ""]
    text = """
Property and plant
Land | 1
Machines | 2
Total gross value | 3
Depreciation | (1)
Total property and plant | 2
"""
    assert set(paths(text)) == {"Property and plant"}

"""Damaged copies of a label and of a figure, and what is none."""

import pytest

from extractors.misspelt import is_misspelt, nearly_same, vocabulary

WORDS = vocabulary(["Proceeds from borrowings", "Repayments of borrowings", "Class B-1", "Class B-2"])


@pytest.mark.parametrize(
    "damaged",
    ["Proceeds fom boorowings", "Procds from borrwngs", "Proceeds from borrowings", "···"],
)
def test_a_label_that_lost_or_changed_letters_is_misspelt(damaged: str) -> None:
    """Letters lost, letters changed, nothing but marks left: a copy of the label."""
    assert is_misspelt(damaged, "Proceeds from borrowings", WORDS)


@pytest.mark.parametrize(
    ("label", "other"),
    [("Repayments of borrowings", "Proceeds from borrowings"), ("Class B-1", "Class B-2"), ("", "Class B-2")],
)
def test_another_label_is_not_misspelt(label: str, other: str) -> None:
    """Words of the document, other codes and no label at all are no copies."""
    assert not is_misspelt(label, other, WORDS)


@pytest.mark.parametrize(
    ("one", "other", "same"), [("4,815", "4.815", True), ("4,815", "4,315", True), ("4,815", "7", False)]
)
def test_figures_are_compared_by_their_digits(one: str, other: str, same: bool) -> None:
    """Marks do not count, and most digits must agree in order."""
    assert nearly_same(one, other) is same

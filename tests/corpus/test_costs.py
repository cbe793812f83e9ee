"""The table of the noisy channel follows what was seen."""

from __future__ import annotations

from corpus.costs import cheapest, fitted, seen_edits

PRINTED = dict.fromkeys("0123456789,", 500)


def test_an_alignment_names_what_was_misread() -> None:
    """One edit each: a digit for another, a lost mark, an added digit, two in each other's place."""
    assert cheapest("1,234", "1,284") == [("3", "8")]
    assert cheapest("1,234", "1234") == [("lost", ",")]
    assert cheapest("1,234", "1,23") == [("lost", "last digit")]
    assert seen_edits([("1,234", "1,243")]) == {("swapped", ""): 1}


def test_what_was_seen_often_costs_less() -> None:
    """Of two confusions of one digit the more frequent one is the cheaper, and both than one never seen."""
    pairs = [("13", "18")] * 20 + [("13", "15")] * 5
    three = fitted(pairs, 500, PRINTED)["replaced"]["3"]  # type: ignore[index]
    assert three["8"] < three["5"] < three["7"]


def test_what_was_never_seen_still_has_a_price() -> None:
    """Other typefaces are misread otherwise: no edit is impossible."""
    table = fitted([("13", "18")], 500, PRINTED)
    costs = [cost for costs in table["replaced"].values() for cost in costs.values()]  # type: ignore[attr-defined]
    assert 0 < min(costs) <= max(costs) <= 9.0

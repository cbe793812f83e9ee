"""Trust follows what was counted: agreement above all, then the recogniser's own probability."""

from __future__ import annotations

import pytest

from extractors.ocr.calibrated import Agreement, agreement_of, trust


@pytest.mark.parametrize("agreement", ["agreed", "rival", "unreadable", "alone"])
def test_a_likelier_reading_is_trusted_no_less(agreement: Agreement) -> None:
    """The trust never falls with the probability, and never says certain or impossible."""
    found = [trust(share / 1000, agreement) for share in range(1001)]
    assert found == sorted(found)
    assert 0 < found[0] <= found[-1] < 1


def test_two_engines_are_trusted_more_than_one() -> None:
    """Agreement makes any reading more trustworthy than it is against Tesseract's."""
    assert all(trust(p, "agreed") > trust(p, "rival") for p in (0.2, 0.6, 0.95, 1.0))


@pytest.mark.parametrize(
    ("seen", "best", "agreement"),
    [
        ("1,234", "1,234", "agreed"),
        ("(1234)", "(1,234)", "agreed"),
        ("1,284", "1,234", "rival"),
        ("T7251", "1,725.1", "unreadable"),
        ("", "5", "alone"),
    ],
)
def test_how_two_readings_stand_to_one_another(seen: str, best: str, agreement: Agreement) -> None:
    """The same value however printed agrees; another number is a rival; what is no number says nothing of the value."""
    assert agreement_of(seen, best) == agreement

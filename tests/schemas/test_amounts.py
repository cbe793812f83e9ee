"""Amounts: the only door to Decimal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.amounts import amount, canonical, decimals_of, half_unit, shifted, trimmed


@pytest.mark.parametrize("text", ["", "1,234", "1e5", "+1", ".5", "1.", "NaN", "٣", " 1", "1\n", "9" * 41])
def test_only_canonical_strings_are_amounts(text: str) -> None:
    """A printed form, an exponent or a foreign digit is never taken for an amount."""
    with pytest.raises(ValueError, match="not a canonical decimal"):
        amount(text)


@given(st.integers(-(10**20), 10**20), st.integers(0, 8))
def test_canonical_is_the_inverse_of_amount(units: int, places: int) -> None:
    """Writing and reading an amount changes neither its value nor its printed places."""
    value = shifted(amount(str(units)), -places)
    text = canonical(value)
    assert amount(text) == value
    assert decimals_of(amount(text)) == places


def test_there_is_no_minus_nought() -> None:
    """A printed (0.00) is nought, not minus nought."""
    assert canonical(-amount("0.00")) == "0.00"


@pytest.mark.parametrize(("decimals", "half"), [(0, "0.5"), (2, "0.005")])
def test_half_a_unit_of_the_last_place(decimals: int, half: str) -> None:
    """The rounding interval of XBRL Calculations 1.1."""
    assert half_unit(decimals) == amount(half)


@pytest.mark.parametrize(
    ("value", "text"), [("0.0013000", "0.0013"), ("100", "100"), ("-0.0000001", "0"), ("-2.50", "-2.5")]
)
def test_residuals_are_trimmed(value: str, text: str) -> None:
    """Residuals are written short and never as minus nought."""
    assert trimmed(amount(value)) == text

"""Decimal amounts: the only maker of ``Decimal`` in the program.

Every other module gets its numbers from here (ruff bans ``decimal.Decimal`` elsewhere), so that no figure
ever passes through a float.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, localcontext

Amount = Decimal
"""The type of every figure; made only by the functions of this module."""

ZERO = Decimal(0)
ONE = Decimal(1)

MAX_CHARACTERS = 40
_CANONICAL = re.compile(r"-?\d+(?:\.\d+)?\Z", re.ASCII)
# 40 characters a figure and a few thousand addends stay exact within this precision
_EXACT = Context(prec=120)


def amount(text: str) -> Decimal:
    """Read a canonical decimal string, ``-1234.50`` for example.

    Args:
        text: ASCII digits with an optional leading minus and one point; at most 40 characters.

    Raises:
        ValueError: anything else, so that a printed form is never taken for a canonical one.
    """
    if len(text) > MAX_CHARACTERS or not _CANONICAL.match(text):
        raise ValueError(f"not a canonical decimal: {text[:60]!r}")
    return Decimal(text)


def whole(number: int) -> Decimal:
    """An integer as an amount."""
    return Decimal(number)


def shifted(value: Decimal, places: int) -> Decimal:
    """``value × 10^places``, exactly."""
    return value.scaleb(places, context=_EXACT)


def canonical(value: Decimal) -> str:
    """The decimal string that goes into the JSON: no exponent, no plus, no minus zero, places kept."""
    text = format(value, "f")
    return text[1:] if text.startswith("-") and not any(c in "123456789" for c in text) else text


def trimmed(value: Decimal, places: int = 6) -> str:
    """A residual or tolerance as the JSON writes it: at most ``places`` places, trailing noughts dropped."""
    text = canonical(round(value, places))
    return text.rstrip("0").rstrip(".") if "." in text else text


def decimals_of(value: Decimal) -> int:
    """The number of places after the point, never negative."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def total(values: list[Decimal]) -> Decimal:
    """The exact sum."""
    with localcontext(_EXACT):
        return sum(values, ZERO)


def product(left: Decimal, right: Decimal) -> Decimal:
    """The exact product."""
    return _EXACT.multiply(left, right)


def quotient(left: Decimal, right: Decimal) -> Decimal:
    """``left / right`` to 40 significant digits.

    Raises:
        ZeroDivisionError: ``right`` is zero.
    """
    if not right:
        raise ZeroDivisionError("division of an amount by zero")
    return Context(prec=40).divide(left, right)


def half_unit(decimals: int) -> Decimal:
    """Half a unit of the last printed place: 0.005 for two decimals, 0.5 for none."""
    return Decimal(5).scaleb(-decimals - 1)

"""The height of a word as its line has it: from the base line to the top of its capitals, whatever letters it holds.

The ink of "per" hangs a third of its height below that of "Basic" on the same line, and brackets reach farther up and
down than the digits between them. Lines are found by the middles of words: those must not depend on the letters.
"""

from __future__ import annotations

# shares of the height of a capital: of small letters, and below the base line
_SMALL, _BELOW, _COMMA_BELOW, _BRACKET_BELOW, _BRACKET_ABOVE = 0.68, 0.3, 0.18, 0.24, 0.06
_HANGS = frozenset("gjpqyQ")
_COMMAS = frozenset(",;")
_BRACKETS = frozenset("()[]{}|/$")
_LOW = frozenset("acegmnopqrsuvwxyz")
_MARKS = frozenset(".,;:'\"`*-_=~+")


def level(text: str, top: float, bottom: float) -> tuple[float, float]:
    """Top and bottom of a capital on the line of a word whose ink reaches from ``top`` to ``bottom``.

    A word without a letter or a digit (a dash, a mark) keeps its own.
    """
    if not any(sign.isalnum() for sign in text):
        return top, bottom
    signs = set(text)
    rise = _SMALL if signs - _MARKS <= _LOW else 1.0 + (_BRACKET_ABOVE if signs & _BRACKETS else 0.0)
    below = max(
        _BELOW if signs & _HANGS else 0.0,
        _BRACKET_BELOW if signs & _BRACKETS else 0.0,
        _COMMA_BELOW if signs & _COMMAS else 0.0,
    )
    capital = (bottom - top) / (rise + below)
    base = bottom - below * capital
    return base - capital, base

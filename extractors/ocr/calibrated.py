"""How often a figure of a scan is right, by what the two engines said of it: counted, not guessed.

The table is what ``python -m benchmarks.fit_confidence`` prints; how it was counted stands beside it.
"""

from __future__ import annotations

from typing import Literal

from extractors.numbers import read_number

Agreement = Literal["agreed", "rival", "unreadable", "alone"]
"""Tesseract read the same value, another value, something that is no number, or nothing there."""

# Provenance: corpus.generate scans --seed 37 --count 36 and --seed 23 --count 30 (all typefaces and damages), read
# without repair and scored, 2026-11-21; 8,500 figures, nothing of any real filing among them. Each pair: from this
# probability of the recogniser's best reading on, that share of the figures was right (structure included).
_TRUST: dict[Agreement, tuple[tuple[float, float], ...]] = {
    "agreed": ((0.999, 0.9978), (0.0, 0.9915)),
    "rival": ((0.999, 0.982), (0.99, 0.9375), (0.9, 0.9167), (0.7, 0.6111), (0.5, 0.2273), (0.0, 0.1667)),
    "unreadable": ((0.999, 0.982), (0.99, 0.9375), (0.9, 0.9167), (0.7, 0.6111), (0.5, 0.2273), (0.0, 0.1667)),
    "alone": ((0.999, 0.9062), (0.99, 0.75), (0.5, 0.4), (0.0, 0.2)),
}


def trust(probability: float, agreement: Agreement) -> float:
    """The share (0-1) of right ones among figures whose best reading had that probability (0-1)."""
    return next(share for least, share in _TRUST[agreement] if probability >= least)


def agreement_of(seen: str, best: str) -> Agreement:
    """How Tesseract's reading (``seen``) and the recogniser's best stand to one another."""
    if not seen:
        return "alone"
    if same_value(seen, best):
        return "agreed"
    return "rival" if read_number(seen) else "unreadable"


def same_value(one: str, other: str) -> bool:
    """True when two strings are the same figure, however printed."""
    if one == other:
        return True
    first, second = read_number(one), read_number(other)
    return first is not None and second is not None and (first.value, first.nil) == (second.value, second.nil)

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
# probability of the recogniser's best reading on, that share of the figures was right (structure included); bins of
# fewer than ten figures are pooled with their neighbours ("alone", 0 wrong of 18, with "unreadable"), and the lowest
# are estimates where nothing was counted.
_TRUST: dict[Agreement, tuple[tuple[float, float], ...]] = {
    "agreed": ((0.999, 0.9995), (0.9, 0.9979), (0.7, 0.9886), (0.5, 0.9773), (0.0, 0.9286)),
    "rival": ((0.999, 0.9762), (0.9, 0.9583), (0.7, 0.5625), (0.5, 0.2143), (0.0, 0.125)),
    "unreadable": ((0.999, 0.9963), (0.9, 0.9559), (0.7, 0.875), (0.5, 0.5), (0.0, 0.2)),
    "alone": ((0.999, 0.9963), (0.9, 0.9559), (0.7, 0.75), (0.5, 0.4), (0.0, 0.2)),
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

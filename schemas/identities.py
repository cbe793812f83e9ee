"""Identities: total = factor · (Σ weight·term) / divisor, as pure arithmetic. No document is needed.

The rounding interval of a printed figure is half a unit of its last place either way (XBRL Calculations 1.1,
REC 2023-02-22). A sum of n addends therefore tolerates (n + 1)/2 last places: a misread *last digit* can hide in
it, which is why ``exact`` and ``rounding`` are told apart and ``rounding`` proves less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import exp
from typing import Literal

from schemas.amounts import ONE, ZERO, half_unit, product, quotient, total

IdentityKind = Literal["foot", "cross_foot", "tie_out", "roll_forward", "ratio"]
CheckVerdict = Literal["exact", "rounding", "broken"]

_MOST_EVIDENCE = 500.0  # nats; beyond them a chance is nought in any reckoning


@dataclass(frozen=True, slots=True)
class Printed:
    """A figure as the arithmetic sees it: its value in printed units and its printed places.

    ``nil`` marks a printed dash, which stands for an exact nought and has no rounding interval of its own.
    """

    value: Decimal
    decimals: int
    nil: bool = False

    @property
    def half(self) -> Decimal:
        """Half a unit of the last place; nought for a dash."""
        return ZERO if self.nil else half_unit(self.decimals)


@dataclass(frozen=True, slots=True)
class Addend:
    """One term: a figure id of this document, or of ``document`` (a sha256), with its weight (±1, scale).

    ``printed`` is what the other document prints, carried along because its figures are not at hand.
    """

    figure: str
    weight: Decimal = ONE
    document: str | None = None
    printed: Printed | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """A relation between figures, found in the data or known from accounting.

    Attributes:
        evidence: log-likelihood ratio (nats) of the relation being meant against its being a coincidence, summed over
            the columns or rows in which it should hold, labels and layout weighed in.
    """

    kind: IdentityKind
    total: str
    terms: tuple[Addend, ...]
    divisor: str | None = None
    factor: Decimal = ONE
    evidence: float = 0.0

    @property
    def coincidence(self) -> float:
        """The chance (0-1) that unrelated figures stand in this relation, by the evidence."""
        return 1.0 / (1.0 + exp(min(self.evidence, _MOST_EVIDENCE)))

    def members(self) -> tuple[str, ...]:
        """The ids of this document's figures that take part, total first."""
        own = [term.figure for term in self.terms if term.document is None]
        return (self.total, *own, *([self.divisor] if self.divisor else []))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """residual = total − factor·Σ/divisor, in units of the total; tolerance: how much of it rounding can explain."""

    residual: Decimal
    tolerance: Decimal
    verdict: CheckVerdict


Figures = Mapping[str, Printed]
"""Figure id → figure. A term of another document that does not carry its own is found under ``<sha256>/<id>``."""


def key_of(term: Addend) -> str:
    """The key under which the figures of an evaluation hold a term."""
    return term.figure if term.document is None else f"{term.document}/{term.figure}"


def evaluate(identity: Identity, figures: Figures) -> Evaluation:
    """Evaluate an identity on printed figures.

    Raises:
        KeyError: a member is not among the figures.
        ZeroDivisionError: the divisor is zero.
    """
    goal = figures[identity.total]
    parts = [(term.weight, term.printed or figures[key_of(term)]) for term in identity.terms]
    summed = total([product(weight, part.value) for weight, part in parts])
    slack = total([product(abs(weight), part.half) for weight, part in parts])
    if identity.divisor is None:
        reached, tolerance = product(identity.factor, summed), product(abs(identity.factor), slack)
    else:
        reached, tolerance = _quotient(identity.factor, summed, slack, figures[identity.divisor])
    residual = goal.value - reached
    tolerance += goal.half
    return Evaluation(residual, tolerance, _verdict(residual, tolerance, identity.divisor is not None))


def _quotient(factor: Decimal, summed: Decimal, slack: Decimal, divisor: Printed) -> tuple[Decimal, Decimal]:
    """factor·summed/divisor and the first-order spread that the rounding of both can cause."""
    reached = product(factor, quotient(summed, divisor.value))
    spread = product(abs(factor), quotient(slack, abs(divisor.value)))
    spread += product(abs(reached), quotient(divisor.half, abs(divisor.value)))
    return reached, spread


def _verdict(residual: Decimal, tolerance: Decimal, ratio: bool) -> CheckVerdict:
    # a quotient is never printed in full, so a ratio that holds is a rounding match even when the rest is nought
    if not residual and not ratio:
        return "exact"
    return "rounding" if abs(residual) <= tolerance else "broken"

"""Evaluate the checks of a result again, with nothing but the JSON.

What ``crossfoot check`` does: every check is computed from the figures as they stand and compared with what the
result says, and the statuses that lean on checks are held against them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.amounts import amount, decimals_of, trimmed
from schemas.filing import Check, Figure, Filing
from schemas.identities import Addend, Identity, Printed, evaluate, key_of


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A check or figure of the result that its own arithmetic does not bear out."""

    subject: str
    message: str


def printed(figure: Figure) -> Printed:
    """A figure of the JSON as the arithmetic sees it."""
    return Printed(amount(figure.value), figure.decimals, figure.nil)


def identity_of(check: Check) -> Identity:
    """The identity that a check evaluates."""
    terms = tuple(Addend(term.figure, amount(term.weight), term.document) for term in check.terms)
    return Identity(check.kind, check.total, terms, check.divisor, amount(check.factor))


def recheck(filing: Filing) -> list[Discrepancy]:
    """All discrepancies of a result; empty when its checks and statuses hold."""
    figures = {figure.id: figure for table in filing.tables for figure in table.figures}
    checks = {check.id: check for check in filing.checks}
    found = [d for check in filing.checks for d in _check_discrepancies(check, figures)]
    found += [d for figure in figures.values() for d in _status_discrepancies(figure, checks)]
    return found


def _check_discrepancies(check: Check, figures: dict[str, Figure]) -> Iterator[Discrepancy]:
    identity = identity_of(check)
    known = {key: printed(figure) for key, figure in figures.items()}
    for term, addend in zip(check.terms, identity.terms, strict=True):
        if term.document is not None:
            value = amount(term.value or "0")
            places = decimals_of(value) if term.decimals is None else term.decimals
            known[key_of(addend)] = Printed(value, places)
    try:
        again = evaluate(identity, known)
    except KeyError as missing:
        yield Discrepancy(check.id, f"refers to {missing.args[0]}, which is no figure of this result")
        return
    except ZeroDivisionError:
        yield Discrepancy(check.id, f"divides by {check.divisor}, which is nought")
        return
    if again.verdict != check.verdict:
        yield Discrepancy(check.id, f"says {check.verdict}, but the figures say {again.verdict}")
    if check.residual != trimmed(again.residual):
        yield Discrepancy(check.id, f"says residual {check.residual}, but it is {trimmed(again.residual)}")


def _status_discrepancies(figure: Figure, checks: dict[str, Check]) -> Iterator[Discrepancy]:
    missing = [key for key in figure.checks if key not in checks]
    if missing:
        yield Discrepancy(figure.id, f"names {', '.join(missing)}, which this result does not hold")
        return
    holding = [key for key in figure.checks if checks[key].verdict != "broken"]
    if figure.status in ("proved", "repaired") and not holding:
        yield Discrepancy(figure.id, f"is {figure.status}, but no check of it holds")
    if figure.grade == "exact" and not any(checks[key].verdict == "exact" for key in holding):
        yield Discrepancy(figure.id, "is graded exact, but no check of it is")

"""Evaluate the checks of a result again, with nothing but the JSON.

What ``crossfoot check`` does: every check is computed from the figures as they stand and compared with what the
result says, and the statuses that lean on checks are held against them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schemas.amounts import amount, decimals_of, trimmed
from schemas.filing import Check, Figure, Filing, Status, Term, Verdict
from schemas.identities import Addend, CheckVerdict, Identity, Printed, evaluate, key_of


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A check or figure of the result that its own arithmetic does not bear out."""

    subject: str
    message: str


def printed(figure: Figure) -> Printed:
    """A figure of the JSON as the arithmetic sees it."""
    return Printed(amount(figure.value), figure.decimals, figure.nil)


def carried(term: Term) -> Printed:
    """A term of another document, as the check carries it."""
    value = amount(term.value or "0")
    return Printed(value, decimals_of(value) if term.decimals is None else term.decimals, term.nil)


def identity_of(check: Check) -> Identity:
    """The identity that a check evaluates."""
    terms = tuple(Addend(term.figure, amount(term.weight), term.document) for term in check.terms)
    return Identity(check.kind, check.total, terms, check.divisor, amount(check.factor))


def recheck(filing: Filing) -> list[Discrepancy]:
    """All discrepancies of a result; empty when its checks and statuses hold."""
    every = [figure for table in filing.tables for figure in table.figures]
    figures = {figure.id: figure for figure in every}
    checks = {check.id: check for check in filing.checks}
    counts = Counter([figure.id for figure in every]) + Counter([check.id for check in filing.checks])
    found = [Discrepancy(name, f"stands {count} times in this result") for name, count in counts.items() if count > 1]
    found += [d for check in filing.checks for d in _check_discrepancies(check, figures)]
    found += [d for figure in every for d in _status_discrepancies(figure, checks)]
    verdict = verdict_of((figure.status for figure in every), (check.verdict for check in filing.checks))
    if filing.verdict != verdict:
        found.append(Discrepancy("verdict", f"says {filing.verdict}, but the figures and checks say {verdict}"))
    return found


def verdict_of(statuses: Iterable[Status], verdicts: Iterable[CheckVerdict]) -> Verdict:
    """A document's verdict: the worst that the statuses of its figures and the verdicts of its checks say."""
    stands, holds = set(statuses), set(verdicts)
    if "conflict" in stands:
        return "conflict"
    if "broken" in holds:
        return "differs"
    if "repaired" in stands:
        return "balanced_with_repairs"
    return "balanced" if holds else "unproved"


def _check_discrepancies(check: Check, figures: dict[str, Figure]) -> Iterator[Discrepancy]:
    identity = identity_of(check)
    known = {key: printed(figure) for key, figure in figures.items()}
    for term, addend in zip(check.terms, identity.terms, strict=True):
        if term.document is not None:
            known[key_of(addend)] = carried(term)
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
    if check.tolerance != trimmed(again.tolerance):
        yield Discrepancy(check.id, f"says tolerance {check.tolerance}, but it is {trimmed(again.tolerance)}")


def _status_discrepancies(figure: Figure, checks: dict[str, Check]) -> Iterator[Discrepancy]:
    named = [*figure.checks, *(figure.repair.checks if figure.repair else ())]
    missing = [key for key in named if key not in checks]
    if missing:
        yield Discrepancy(figure.id, f"names {', '.join(missing)}, which this result does not hold")
        return
    foreign = [key for key in figure.checks if figure.id not in identity_of(checks[key]).members()]
    if foreign:
        yield Discrepancy(figure.id, f"names {', '.join(foreign)}, which it takes no part in")
        return
    if figure.status == "repaired" and figure.repair is None:
        yield Discrepancy(figure.id, "is repaired, but does not say from what")
    if figure.status == "conflict" and not figure.needs_review:
        yield Discrepancy(figure.id, "is in conflict, but not up for review")
    holding = [key for key in figure.checks if checks[key].verdict != "broken"]
    if figure.status in ("proved", "repaired") and not holding:
        yield Discrepancy(figure.id, f"is {figure.status}, but no check of it holds")
    if figure.grade == "exact" and not any(checks[key].verdict == "exact" for key in holding):
        yield Discrepancy(figure.id, "is graded exact, but no check of it is")

"""Corrections → the result with them: pure, so that the same corrections of the same result are the same bytes.

Only what a person names is changed; what follows by arithmetic follows, and nothing else: every check is evaluated
again, proofs that are gone are taken back, and a figure in conflict whose checks all hold now is proved. Where that
was not said by a sum that closes to the last digit, it stays with a person to look at. A relation that a person has
told proves only what it says to the last digit: nothing is known of how often such a one would hold by chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any, Final

from schemas.amounts import amount, decimals_of, trimmed
from schemas.errors import UsageError
from schemas.filing import Check, Figure, Filing, Finding, Repair, Status, Term
from schemas.identities import evaluate, key_of
from schemas.recheck import carried, identity_of, printed, verdict_of
from worker.jobs.corrections.model import Correction, Relation

# a figure whose proof is gone: as likely wrong as right until somebody has looked
UNPROVED: Final = 0.5
# the bound of the default profile: from here on nobody has to look
BOUND: Final = 0.99
CODE: Final = "corrected"
DIFFERS: Final = "does_not_foot"

Figures = dict[str, Figure]
Checks = dict[str, Check]


def apply_corrections(filing: Filing, corrections: Sequence[Correction]) -> Filing:
    """The result as a person says it should be; ``recheck`` finds no fault with it.

    Raises:
        UsageError: a figure or check that the result does not have, or a relation that cannot be evaluated.
    """
    before: Figures = {figure.id: figure for table in filing.tables for figure in table.figures}
    figures, checks = dict(before), {check.id: check for check in filing.checks}
    findings: list[Finding] = []
    for correction in corrections:
        _apply(correction, figures, checks)
        findings.append(_finding(correction, figures[correction.figure]))
    checks = {key: _evaluated(check, figures) for key, check in checks.items()}
    changed = _changed(filing.checks, checks)
    members = _members(checks)
    for key in sorted(changed | _moved(before, figures)):
        mine = tuple(checks[name] for name in figures[key].checks)
        figures[key] = _restated(figures[key], mine)
    kept = [finding for finding in filing.findings if not _is_settled(finding, changed, checks, members)]
    findings += _differences(filing.checks, checks, kept)
    return filing.model_copy(
        update={
            "tables": tuple(
                table.model_copy(update={"figures": tuple(figures[figure.id] for figure in table.figures)})
                for table in filing.tables
            ),
            "checks": tuple(checks.values()),
            "findings": (*kept, *findings),
            "verdict": verdict_of((f.status for f in figures.values()), (check.verdict for check in checks.values())),
        }
    )


def summarize(filing: Filing) -> dict[str, Any]:
    """What a job's row tells of its result."""
    figures = [figure for table in filing.tables for figure in table.figures]
    return {
        "verdict": filing.verdict,
        "outcome": filing.outcome,
        "tables": len(filing.tables),
        "figures": len(figures),
        "review": sum(figure.needs_review for figure in figures),
    }


def _apply(correction: Correction, figures: Figures, checks: Checks) -> None:
    """One correction; checks are evaluated when all are applied."""
    figure = _find(figures, correction.figure)
    if correction.reject is not None:
        _reject(correction, figures, checks)
    elif correction.relation is not None:
        _relate(correction, figures, checks)
    elif correction.place is not None:
        figures[figure.id] = figure.model_copy(update={"place": correction.place})
    else:
        figures[figure.id] = _confirmed(figure, correction)


def _find(figures: Figures, key: str) -> Figure:
    figure = figures.get(key)
    if figure is None:
        raise UsageError(f"This result has no figure {key!r}.", key)
    return figure


def _confirmed(figure: Figure, correction: Correction) -> Figure:
    """The figure with a person's word for it."""
    certain: dict[str, Any] = {"status": "confirmed", "confidence": 1.0, "needs_review": False, "rivals": ()}
    value = figure.value if correction.value is None else correction.value
    if amount(value) != amount(figure.value):
        read = figure.value if figure.repair is None else figure.repair.read_as
        reason = f"a person says so: {correction.reason}" if correction.reason else "a person says so"
        certain |= {"value": value, "decimals": decimals_of(amount(value)), "nil": False}
        certain["repair"] = Repair(read_as=read, reason=reason, checks=())
    return figure.model_copy(update=certain)


def _reject(correction: Correction, figures: Figures, checks: Checks) -> None:
    """Take a check away that was never meant."""
    check = checks.get(correction.reject or "")
    if check is None or correction.figure not in _own(check):
        raise UsageError(f"{correction.figure} is part of no check {correction.reject!r}.", correction.figure)
    del checks[check.id]
    for key in _own(check):
        figure = figures[key]
        figures[key] = figure.model_copy(update={"checks": tuple(c for c in figure.checks if c != check.id)})
        if figure.repair is not None and check.id in figure.repair.checks:
            left = tuple(c for c in figure.repair.checks if c != check.id)
            figures[key] = figures[key].model_copy(update={"repair": figure.repair.model_copy(update={"checks": left})})


def _relate(correction: Correction, figures: Figures, checks: Checks) -> None:
    """Add a check that a person has found."""
    said = correction.relation
    if said is None:
        return
    named = [term.figure for term in said.terms] + ([said.divisor] if said.divisor else [])
    for key in named:
        _find(figures, key)
    if correction.figure in named or len(set(named)) < len(named):
        raise UsageError("A relation holds each figure once.", correction.figure)
    _check_numbers(said)
    key = next(name for n in count(len(checks)) if (name := f"k{n}") not in checks)
    checks[key] = Check(
        id=key,
        kind=said.kind,
        total=correction.figure,
        terms=tuple(Term(figure=term.figure, weight=term.weight) for term in said.terms),
        divisor=said.divisor,
        factor=said.factor,
        residual="0",
        tolerance="0",
        verdict="exact",
    )
    for member in (correction.figure, *named):
        figures[member] = figures[member].model_copy(update={"checks": (*figures[member].checks, key)})


def _check_numbers(said: Relation) -> None:
    """Refuse numbers by which anything could be made to hold.

    Raises:
        UsageError: a term is neither added nor taken away, or the factor is no other unit of the sum.
    """
    for term in said.terms:
        if abs(amount(term.weight)) != 1:
            raise UsageError("The weights of a relation are 1 and -1.", term.figure)
    factor = amount(said.factor).normalize()
    if factor.is_signed() or factor.as_tuple().digits != (1,):
        raise UsageError("The factor of a relation is a power of ten.", said.factor)


def _own(check: Check) -> tuple[str, ...]:
    """The figures of this document that a check is made of."""
    return identity_of(check).members()


def _members(checks: Mapping[str, Check]) -> dict[str, frozenset[str]]:
    return {key: frozenset(_own(check)) for key, check in checks.items()}


def _evaluated(check: Check, figures: Figures) -> Check:
    """A check with what the figures say of it now.

    Raises:
        UsageError: it divides by nought.
    """
    identity = identity_of(check)
    known = {key: printed(figures[key]) for key in identity.members()}
    foreign = [(term, addend) for term, addend in zip(check.terms, identity.terms, strict=True) if term.document]
    known |= {key_of(addend): carried(term) for term, addend in foreign}
    try:
        state = evaluate(identity, known)
    except ZeroDivisionError:
        raise UsageError(f"Then {check.id} would divide by {check.divisor}, which is nought.", check.divisor) from None
    said = {"residual": trimmed(state.residual), "tolerance": trimmed(state.tolerance), "verdict": state.verdict}
    return check.model_copy(update=said)


def _changed(before: Iterable[Check], after: Checks) -> set[str]:
    """The figures of checks that are new, gone, or have another verdict."""
    old = {check.id: check for check in before}
    touched = [check for key, check in after.items() if key not in old or old[key].verdict != check.verdict]
    touched += [check for key, check in old.items() if key not in after]
    return {member for check in touched for member in _own(check)}


def _moved(before: Figures, after: Figures) -> set[str]:
    """The figures of which more was said than where they are printed."""
    return {
        key for key, figure in after.items() if figure.model_copy(update={"place": before[key].place}) != before[key]
    }


def _restated(figure: Figure, checks: Sequence[Check]) -> Figure:
    """A figure with the status that its checks leave it."""
    holding = [
        check for check in checks if check.verdict == "exact" or (check.verdict == "rounding" and _is_found(check))
    ]
    is_broken = any(check.verdict == "broken" for check in checks)
    exact = any(check.verdict == "exact" for check in holding)
    grade = "exact" if exact else "rounding" if holding else None
    if figure.status == "confirmed":
        return figure.model_copy(update={"grade": grade})
    if not holding:
        return _doubted(figure, broken=is_broken)
    update: dict[str, Any] = {"grade": grade}
    if figure.status in ("conflict", "unchecked") and not is_broken and _may_be_proved(figure):
        confidence = max(figure.confidence, BOUND) if exact else figure.confidence
        update |= {"status": "proved", "rivals": (), "confidence": confidence, "needs_review": confidence < BOUND}
    elif figure.status in ("conflict", "unchecked"):
        update["grade"] = figure.grade
    return figure.model_copy(update=update)


def _is_found(check: Check) -> bool:
    """Whether a check was found in the document, and weighed; a person's word comes without evidence."""
    return check.evidence is not None


def _may_be_proved(figure: Figure) -> bool:
    """Noughts and percentages agree by chance; no sum of them proves one."""
    return bool(amount(figure.value)) and figure.unit != "percent" and not figure.unit.endswith("/shares")


def _doubted(figure: Figure, *, broken: bool) -> Figure:
    """A figure that no check vouches for any more."""
    if figure.status not in ("proved", "repaired"):
        return figure.model_copy(update={"grade": None})
    status: Status = "conflict" if broken else "unchecked"
    confidence = min(figure.confidence, UNPROVED)
    return figure.model_copy(update={"status": status, "grade": None, "confidence": confidence, "needs_review": True})


def _finding(correction: Correction, figure: Figure) -> Finding:
    """What the JSON itself says of a correction; who said it, and when, is in the rows."""
    said = {
        "value": f"A person read {correction.value}.",
        "place": "A person said where it is printed.",
        "relation": "A person added a relation.",
        "reject": f"A person took {correction.reject} away: it is not meant.",
    }[correction.way]
    reason = f" {correction.reason}" if correction.reason else ""
    return Finding(code=CODE, severity="info", message=said + reason, figures=(figure.id,), place=figure.place)


def _is_settled(finding: Finding, changed: set[str], checks: Checks, members: Mapping[str, frozenset[str]]) -> bool:
    """Whether what a finding says does not hold holds now: no broken check has all its figures any more."""
    if finding.code not in (DIFFERS, "ambiguous_repair") or not changed & set(finding.figures):
        return False
    named = set(finding.figures)
    return not any(checks[key].verdict == "broken" and named <= own for key, own in members.items())


def _differences(before: Iterable[Check], after: Checks, kept: Sequence[Finding]) -> list[Finding]:
    """Findings for checks that held and do not any more, or were added and do not hold."""
    old = {check.id: check.verdict for check in before}
    told = {frozenset(finding.figures) for finding in kept if finding.code == DIFFERS}
    return [
        Finding(
            code=DIFFERS,
            severity="warning",
            message=f"{check.id} does not hold as corrected: the difference is {check.residual}.",
            figures=_own(check),
        )
        for key, check in after.items()
        if check.verdict == "broken" and old.get(key) != "broken" and frozenset(_own(check)) not in told
    ]

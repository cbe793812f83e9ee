"""The stage itself: evaluate the checks, repair what is broken, evaluate again, judge every figure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from extractors.figures import Body
from extractors.footing.doubts import (
    read_displaced,
    read_doubts,
    read_halved,
    read_nameless,
    read_open,
    read_strays,
    read_unsettled,
)
from extractors.meaning import Meaning
from extractors.page import DEFAULT, Profile
from extractors.repair.board import Board
from extractors.repair.judging import Evidence, Standing, find_wide, judge
from extractors.repair.model import Judged, Outcome
from extractors.repair.proposing import Proposal, propose_repairs, rivals_of
from extractors.repair.readings import Readings, read_readings
from extractors.repair.telling import name_change, write_difference, write_identity, write_reason
from extractors.repair.trust import learn_trust
from schemas.amounts import Amount, canonical, trimmed
from schemas.filing import Check, Finding, Repair, Rival, Term
from schemas.identities import Evaluation, Identity, Printed
from schemas.recheck import verdict_of

THRESHOLD = 0.99
"""The posterior probability from which a change is a repair."""

NO_PROPOSAL = Proposal({}, {})
_AGREED = 0.99  # the trust in a cell that two engines read alike


def repair_figures(
    bodies: Sequence[Body],
    meaning: Meaning,
    identities: Sequence[Identity],
    profile: Profile = DEFAULT,
    threshold: float = THRESHOLD,
) -> Outcome:
    """Prove the figures by the identities, repair those that only one reading can close, flag the rest.

    Deterministic, and independent of the order of the identities and of their terms. Where nothing is broken, or
    nothing is in doubt, nothing is searched.

    Args:
        bodies: the figures as read, never changed. meaning: the units of their rows.
        identities: what should hold. profile: ``repair`` False leaves every figure as read; ``review_bound``.
        threshold: least probability (0-1) of a repair; raising it never adds one.
    """
    figures = {f.id: Printed(f.number.value, f.number.decimals, f.number.nil) for body in bodies for f in body.figures}
    ordered = sorted((_ordered(identity) for identity in identities), key=_place)
    doubts = read_doubts(bodies, meaning)
    board = Board(ordered, figures, _readings(bodies, meaning, ordered, doubts), _weak(bodies, meaning))
    states = [board.evaluate(number, {}) for number in range(len(ordered))]
    proposal = propose_repairs(board, threshold) if board.readings else NO_PROPOSAL
    fixed = read_unsettled(bodies, meaning) if profile.repair else frozenset(proposal.changes)
    proposal = Proposal(_kept(board, proposal.changes, fixed), proposal.beliefs)
    if proposal.changes:
        states = [board.evaluate(number, proposal.changes) for number in range(len(ordered))]
    final = dict(figures)
    final.update({member: board.readings[member].printed(value) for member, value in proposal.changes.items()})
    verdicts = [None if state is None else state.verdict for state in states]
    strays = read_strays(bodies, meaning) | read_halved(bodies) | read_open(bodies)
    displaced = read_displaced(bodies, doubts)
    blanks = frozenset(f.id for body in bodies for f in body.figures if f.blank)
    nameless = read_nameless(bodies)
    evidence = Evidence(board, final, verdicts, proposal, doubts, strays, displaced, blanks, nameless)
    return _Writer(evidence, states, judge(evidence), profile.review_bound).outcome(bodies)


def _readings(
    bodies: Sequence[Body], meaning: Meaning, identities: Sequence[Identity], doubts: Mapping[str, float]
) -> dict[str, Readings]:
    """The readings of the doubted figures; how likely a misreading is, the sums of the document say too."""
    found = read_readings(bodies, meaning, doubts)
    figures = {f.id: Printed(f.number.value, f.number.decimals, f.number.nil) for body in bodies for f in body.figures}
    odd = frozenset(member for member, readings in found.items() if readings.at_odds)
    likelier = learn_trust(identities, figures, {member: doubts[member] for member in found}, odd)
    return {member: replace(readings, likelier=likelier.get(member, 0.0)) for member, readings in found.items()}


def _kept(board: Board, changes: Mapping[str, Amount], fixed: frozenset[str]) -> dict[str, Amount]:
    """The changes without those of figures that stay as read, and without what was to be changed along with them.

    What two engines read alike, and neither of them as the new value, is as likely the publisher's misprint: a person
    is to look at it.
    """
    back = {member for member in changes if member in fixed}
    for member, value in changes.items():
        readings = board.readings[member]
        agreed = _AGREED <= readings.figure.confidence < 1.0 and not readings.at_odds
        if agreed and value not in readings.recorded:
            back.add(member)
    while back:
        beside = {
            other
            for member in back
            for number in board.touching[member]
            for other in board.identities[number].members()
        }
        further = (beside & changes.keys()) - back
        if not further:
            break
        back |= further
    return {member: value for member, value in changes.items() if member not in back}


def _ordered(identity: Identity) -> Identity:
    """The same identity with its terms in the order of their places."""
    terms = tuple(sorted(identity.terms, key=lambda term: (term.document or "", _position(term.figure), term.weight)))
    return Identity(identity.kind, identity.total, terms, identity.divisor, identity.factor, identity.evidence)


def _place(identity: Identity) -> tuple[object, ...]:
    terms = tuple((term.document or "", _position(term.figure)) for term in identity.terms)
    return _position(identity.total), identity.kind, terms, identity.divisor or ""


def _position(figure: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", figure))


def _weak(bodies: Sequence[Body], meaning: Meaning) -> frozenset[str]:
    """Percents and per-share figures: few digits, so that their sums agree by chance."""
    return frozenset(
        figure.id
        for body, means in zip(bodies, meaning.tables, strict=True)
        for figure in body.figures
        if figure.number.percent
        or means.rows[figure.row].unit == "percent"
        or means.rows[figure.row].unit.endswith("/shares")
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes down what was judged; decides nothing but what stands in words."""

    evidence: Evidence
    states: Sequence[Evaluation | None]
    standings: Mapping[str, Standing]
    review_bound: float

    def outcome(self, bodies: Sequence[Body]) -> Outcome:
        evaluated = [number for number, state in enumerate(self.states) if state is not None]
        names = {number: f"k{place}" for place, number in enumerate(evaluated, 1)}
        checks = tuple(self._check(number, names[number]) for number in evaluated)
        judged = {f.id: self._judged(f.id, names) for body in bodies for f in body.figures}
        verdict = verdict_of((f.status for f in judged.values()), (check.verdict for check in checks))
        return Outcome(judged, checks, self._findings(), verdict)

    def _check(self, number: int, name: str) -> Check:
        identity, state = self.evidence.board.identities[number], self.states[number]
        if state is None:
            raise ValueError(f"{name} was not evaluated")
        return Check(
            id=name,
            kind=identity.kind,
            total=identity.total,
            terms=tuple(
                Term(
                    document=term.document,
                    figure=term.figure,
                    value=canonical(term.printed.value) if term.printed else None,
                    decimals=term.printed.decimals if term.printed else None,
                    nil=term.printed.nil if term.printed else False,
                    weight=canonical(term.weight),
                )
                for term in identity.terms
            ),
            divisor=identity.divisor,
            factor=canonical(identity.factor),
            residual=trimmed(state.residual),
            tolerance=trimmed(state.tolerance),
            verdict=state.verdict,
            evidence=identity.evidence,
        )

    def _judged(self, member: str, names: Mapping[int, str]) -> Judged:
        standing, final = self.standings[member], self.evidence.final[member]
        touching = [n for n in self.evidence.board.touching.get(member, []) if n in names]
        belief = self.evidence.proposal.beliefs.get(member)
        confidence = round(standing.confidence, 4)
        return Judged(
            value=final.value,
            decimals=final.decimals,
            nil=final.nil,
            status=standing.status,
            grade=standing.grade,
            confidence=confidence,
            needs_review=standing.status == "conflict" or confidence < self.review_bound,
            checks=tuple(names[number] for number in touching),
            repair=self._repair(member, touching, names) if standing.status == "repaired" else None,
            rivals=self._rivals(member) if standing.status != "repaired" and belief else self._own_rivals(member),
        )

    def _rivals(self, member: str) -> tuple[Rival, ...]:
        belief = self.evidence.proposal.beliefs.get(member)
        if belief is None:
            return ()
        others = rivals_of(belief, self.evidence.final[member].value)
        return tuple(Rival(value=canonical(value), probability=min(1.0, weight)) for value, weight in others)

    def _own_rivals(self, member: str) -> tuple[Rival, ...]:
        """What the printed form alone speaks for, where no check could decide."""
        readings = self.evidence.board.readings.get(member)
        if readings is None or not readings.at_odds or self.standings[member].status != "unchecked":
            return ()
        return tuple(
            Rival(value=canonical(readings.printed(value).value), probability=0.5)
            for value, cost in readings.near[:3]
            if cost < 0
        )

    def _repair(self, member: str, touching: Sequence[int], names: Mapping[int, str]) -> Repair:
        held = [number for number in touching if self.evidence.verdicts[number] != "broken"]
        strongest = max(held, key=lambda number: self._telling(number, member))
        final, read = self.evidence.final[member], None
        change = "nothing legible is printed"
        if member not in self.evidence.blanks:
            readings: Readings = self.evidence.board.readings[member]
            change = name_change(readings.figure, final.value, final.decimals, readings.style)
            read = canonical(readings.figure.number.value)
        identity = self.evidence.board.identities[strongest]
        return Repair(
            read_as=read,
            reason=write_reason(change, identity, self.evidence.final, names[strongest]),
            checks=tuple(names[number] for number in held),
            rivals=self._rivals(member),
        )

    def _telling(self, number: int, member: str) -> tuple[bool, int, bool, float]:
        """How well a check explains a repair: exact, of figures as read, and best with the figure as its total."""
        identity = self.evidence.board.identities[number]
        changed = sum(1 for other in identity.members() if other in self.evidence.proposal.changes)
        return self.evidence.verdicts[number] == "exact", -changed, identity.total == member, identity.evidence

    def _findings(self) -> tuple[Finding, ...]:
        conflicts = self.evidence.conflicts
        found = []
        for number, state in enumerate(self.states):
            if state is None or state.verdict != "broken":
                continue
            identity = self.evidence.board.identities[number]
            members = tuple(dict.fromkeys(identity.members()))
            ambiguous = any(member in conflicts for member in members)
            found.append(
                Finding(
                    code="ambiguous_repair" if ambiguous else "does_not_foot",
                    severity="warning",
                    message=write_difference(identity, self.evidence.final, state),
                    figures=tuple(m for m in members if m in conflicts) if ambiguous else members,
                )
            )
        found += [self._rounds_widely(number) for number in sorted(find_wide(self.evidence))]
        if any(not belief.complete for belief in self.evidence.proposal.beliefs.values()):
            cut = tuple(m for m, belief in self.evidence.proposal.beliefs.items() if not belief.complete)
            found.append(
                Finding(
                    code="search_limit",
                    severity="warning",
                    message="Too many figures are at odds here to try all readings; they are left as read.",
                    figures=cut,
                )
            )
        return tuple(found)

    def _rounds_widely(self, number: int) -> Finding:
        identity, state = self.evidence.board.identities[number], self.states[number]
        written = write_identity(identity, self.evidence.final)
        message = f"{written} is off by {trimmed(state.residual) if state else ''}: more than rounding usually leaves."
        members = tuple(dict.fromkeys(identity.members()))
        return Finding(code="rounds_widely", severity="warning", message=message, figures=members)

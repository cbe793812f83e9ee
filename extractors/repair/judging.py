"""Status, grade and confidence of every figure, from the checks that hold and those that do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, sqrt

from extractors.footing.doubts import CERTAIN
from extractors.footing.stack import ACCEPT
from extractors.repair.board import Board
from extractors.repair.cancelling import find_cancelling
from extractors.repair.proposing import Belief, Proposal
from schemas.amounts import Amount, shifted
from schemas.filing import Grade, Status
from schemas.identities import CheckVerdict, Printed

_UNNOTICED_EXACT = 0.002  # the share of misreadings that an exact sum lets pass (two that cancel)
_UNNOTICED_ROUNDING = 0.15  # a misread last digit hides in the rounding of a sum
_UNNOTICED_RATIO = 0.05
_BLAMED_MOST, _BLAMED_LEAST = 0.5, 0.02  # doubt of a member of a broken check that nothing explains
_BEST = 0.9999
_FILLED = 0.995  # a figure that is not legible, and that two sums name alike
_TWO = 2
_AGAINST_A_BROKEN_CHECK = 9.0  # nats of evidence of the checks that hold for a figure in a broken one
_STRAY = 0.05  # a sum proves the value of a figure, not the row it stands in
_LAST_DIGIT = 0.15  # the share of misreadings that move a figure by a last place or two
_WIDE = 2.6  # standard deviations: one sum in a hundred is off by more
_NEXT_PLACE = 0.2  # how much rarer a rounding difference is for each further last place


@dataclass(frozen=True, slots=True)
class Standing:
    """Status, grade and confidence (0-1) of a figure."""

    status: Status
    grade: Grade | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known when figures are judged.

    Attributes:
        final: the figures after repair. verdicts: of each identity on them, None where it divides by nought.
        doubts: probability of a misreading by id. strays: figures of whose row nothing is known.
        displaced: figures whose cells may have slid into another column.
        blanks: figures of which nothing legible is printed. nameless: scanned figures whose row has no label.
    """

    board: Board
    final: Mapping[str, Printed]
    verdicts: Sequence[CheckVerdict | None]
    proposal: Proposal
    doubts: Mapping[str, float]
    strays: frozenset[str] = frozenset()
    displaced: frozenset[str] = frozenset()
    blanks: frozenset[str] = frozenset()
    nameless: frozenset[str] = frozenset()

    @property
    def conflicts(self) -> frozenset[str]:
        """Figures that a near-optimal repair would change, in a check that is still broken."""
        return frozenset(
            member
            for member, belief in self.proposal.beliefs.items()
            if member not in self.proposal.changes
            and belief.moves(self.board.figures[member].value)
            and any(self.verdicts[number] == "broken" for number in self.board.touching[member])
        )


def judge(evidence: Evidence) -> dict[str, Standing]:
    """The standing of every figure."""
    conflicts = evidence.conflicts
    vouched = _vouchers(evidence, conflicts)
    blame = _blame(evidence, conflicts, vouched)
    for member, doubt in find_cancelling(evidence.board, evidence.verdicts, evidence.proposal.changes).items():
        blame[member] = max(doubt, blame.get(member, 0.0))
    return {
        member: _standing(evidence, member, conflicts, vouched.get(member, []), blame.get(member, 0.0))
        for member in evidence.final
    }


def _standing(
    evidence: Evidence, member: str, conflicts: frozenset[str], vouchers: list[int], blame: float
) -> Standing:
    doubt = max(CERTAIN, evidence.doubts.get(member, 0.0))
    belief = evidence.proposal.beliefs.get(member)
    if member in conflicts:
        return Standing("conflict", None, _kept(belief, evidence.board.figures[member].value))
    grade = _grade(evidence, vouchers)
    if member in evidence.blanks and vouchers:
        return Standing("repaired", grade, _filled(evidence) if len(vouchers) >= _TWO and not blame else 0.5)
    if member in evidence.proposal.changes:
        probability = belief.best[1] if belief else 0.0
        own = _changed_grade(evidence, member) if grade is None else grade
        return Standing("repaired", own, min(_BEST, probability))
    slid = member in evidence.displaced and not _in_its_column(evidence, member, vouchers)
    stray = slid or member in evidence.strays or _nameless(evidence, member, vouchers)
    if not vouchers:
        return Standing("unchecked", None, 1.0 - max(doubt, blame, _STRAY if stray else 0.0))
    remaining = max(1.0 - _BEST, doubt * _unnoticed(evidence, vouchers), blame)
    remaining = min(doubt if not blame else 1.0, remaining)
    return Standing("proved", grade, 1.0 - (max(_STRAY, remaining) if stray else remaining))


def _filled(evidence: Evidence) -> float:
    """The probability that a figure is right which is not legible: sums that only round may be off alike."""
    return min(_FILLED, 1.0 - evidence.board.rounding_rate() ** 2 / 2)


def _nameless(evidence: Evidence, member: str, vouchers: Sequence[int]) -> bool:
    """True for a figure of a scanned row without a label that is the total of nothing: its label was not read."""
    return member in evidence.nameless and not any(evidence.board.identities[n].total == member for n in vouchers)


def _in_its_column(evidence: Evidence, member: str, vouchers: Sequence[int]) -> bool:
    """True when a sum down the column holds, which it would not without the figure."""
    down = (n for n in vouchers if evidence.board.identities[n].kind in ("foot", "roll_forward"))
    return bool(evidence.final[member].value) and any(evidence.verdicts[number] == "exact" for number in down)


def _kept(belief: Belief | None, read: Amount) -> float:
    """The probability that a figure in conflict is right as read; never enough to pass unseen."""
    if belief is None or not belief.complete:
        return 0.5
    return min(0.95, belief.probability(read))


def _grade(evidence: Evidence, vouchers: Sequence[int]) -> Grade | None:
    if not vouchers:
        return None
    return "exact" if any(evidence.verdicts[number] == "exact" for number in vouchers) else "rounding"


def _changed_grade(evidence: Evidence, member: str) -> Grade:
    held = [evidence.verdicts[number] for number in evidence.board.touching[member]]
    return "exact" if "exact" in held else "rounding"


def _unnoticed(evidence: Evidence, vouchers: Sequence[int]) -> float:
    """The share of misreadings that would have passed all the checks that vouch."""
    share = 1.0
    for number in vouchers:
        identity = evidence.board.identities[number]
        if identity.divisor is not None:
            let_pass = _UNNOTICED_RATIO
        else:
            let_pass = _UNNOTICED_EXACT if evidence.verdicts[number] == "exact" else _UNNOTICED_ROUNDING
        share *= max(let_pass, exp(-identity.evidence))
    return share


def _vouchers(evidence: Evidence, conflicts: frozenset[str]) -> dict[str, list[int]]:
    """Figure → the identities that vouch for it."""
    found: dict[str, list[int]] = {}
    wide = find_wide(evidence)
    for number, verdict in enumerate(evidence.verdicts):
        if verdict is None or verdict == "broken" or number in wide:
            continue
        for member in _vouched_by(evidence, number, conflicts):
            found.setdefault(member, []).append(number)
    refuted = {n for member, numbers in found.items() if not _outweighs(evidence, member, numbers) for n in numbers}
    left = {member: [n for n in numbers if n not in refuted] for member, numbers in found.items()}
    return {member: numbers for member, numbers in left.items() if numbers and _strong(evidence, member, numbers)}


def _outweighs(evidence: Evidence, member: str, numbers: Sequence[int]) -> bool:
    """True unless a check of a doubted figure is broken that is surer than those that hold: these may hold by chance.

    A total and its addend that were misread alike leave their sum as it is, and break those beside it.
    """
    touching = evidence.board.touching[member] if member in evidence.doubts else ()
    against = [evidence.board.identities[n].evidence for n in touching if evidence.verdicts[n] == "broken"]
    return sum(evidence.board.identities[n].evidence for n in numbers) >= max(against, default=0.0)


def find_wide(evidence: Evidence) -> frozenset[int]:
    """Sums that hold only by a rounding difference greater than addends of their number are wont to leave.

    The rounding errors of n addends and their total spread with a variance of (n + 1)/12 squares of a last place.
    """
    return frozenset(
        number
        for number, verdict in enumerate(evidence.verdicts)
        if verdict == "rounding" and evidence.board.is_sum(number) and _spread(evidence, number) > _WIDE
    )


def _spread(evidence: Evidence, number: int) -> float:
    """The residual of a sum in standard deviations of its rounding; nought where it is one last place."""
    identity = evidence.board.identities[number]
    state = evidence.board.evaluate(number, evidence.proposal.changes)
    places = min(evidence.final[member].decimals for member in identity.members())
    units = float(abs(shifted(state.residual, places))) if state else 0.0
    return 0.0 if units <= 1 else units / sqrt((len(identity.terms) + 1) / 12)


def _strong(evidence: Evidence, member: str, numbers: Sequence[int]) -> bool:
    """True when the checks that hold are enough to vouch for a figure.

    Sums of percents or of per-share figures never prove alone: a quotient or a second printing must. Where another
    check of the figure is broken, those that hold must be more than a few digits that agree.
    """
    if member in evidence.board.weak:
        kinds = [evidence.board.identities[number].kind for number in numbers]
        if len(numbers) < _TWO and not any(kind in ("ratio", "tie_out") for kind in kinds):
            return False
    if any(evidence.verdicts[number] == "broken" for number in evidence.board.touching[member]):
        return sum(evidence.board.identities[number].evidence for number in numbers) >= _AGAINST_A_BROKEN_CHECK
    return True


def _vouched_by(evidence: Evidence, number: int, conflicts: frozenset[str]) -> list[str]:
    """The members that a holding identity vouches for."""
    identity = evidence.board.identities[number]
    members = list(dict.fromkeys(identity.members()))
    others = [member for member in members if member in conflicts]
    if others or any(_odd(evidence, member) for member in members):
        return []
    blank = [member for member in members if member in evidence.blanks]
    if blank:
        return blank if evidence.verdicts[number] == "exact" else []  # what was filled in proves nobody else
    changed = [member for member in members if member in evidence.proposal.changes]
    if identity.divisor is not None:
        # a quotient has few digits: it speaks for itself, not for the figures it comes from
        return [] if len(changed) > (identity.total in changed) else [identity.total]
    if _vacuous(evidence, members):
        return []
    if not changed:
        return members
    if len(changed) > 1:
        return []
    # a repaired figure uses up the check that repaired it, unless another one bears it out too
    held = [n for n in evidence.board.touching[changed[0]] if evidence.verdicts[n] == "exact"]
    return members if len(held) > 1 else changed


def _odd(evidence: Evidence, member: str) -> bool:
    """True for a figure of impossible form that no repair changed: a sum of figures cut off alike holds too."""
    readings = evidence.board.readings.get(member)
    return readings is not None and readings.at_odds and member not in evidence.proposal.changes


def _vacuous(evidence: Evidence, members: Sequence[str]) -> bool:
    """Noughts that sum to nought prove nothing."""
    return not any(evidence.final[member].value for member in members)


def _blame(evidence: Evidence, conflicts: frozenset[str], vouched: Mapping[str, list[int]]) -> dict[str, float]:
    """Doubt that checks cast on doubted members: broken ones that no repair explains, and those that only round.

    Where everything was read with certainty the publisher erred, and no reading is blamed.
    """
    found: dict[str, float] = {}
    rounded = evidence.board.rounding_rate()
    for number, verdict in enumerate(evidence.verdicts):
        members = list(dict.fromkeys(evidence.board.identities[number].members()))
        if verdict == "broken" and evidence.board.identities[number].evidence < ACCEPT:
            continue  # told, for what it is worth: not even odds of a coincidence speak against a reading
        if verdict == "broken" and not any(member in conflicts for member in members):
            suspects = [m for m in members if m in evidence.doubts and m not in vouched]
            share = max(_BLAMED_LEAST, _BLAMED_MOST / max(1, len(suspects)))
        elif verdict == "rounding" and evidence.board.identities[number].divisor is None:
            # the same fact printed twice does not round: there an exact sum may be two errors that cancel
            twice = len(evidence.board.identities[number].terms) == 1
            suspects = [
                m for m in members if m in evidence.doubts and (twice or not _exactly(evidence, vouched.get(m, [])))
            ]
            share = _misread_last(evidence, number, suspects, rounded)
        else:
            continue
        for member in suspects:
            found[member] = max(share, found.get(member, 0.0))
    return found


def _exactly(evidence: Evidence, vouchers: Sequence[int]) -> bool:
    return any(evidence.verdicts[number] == "exact" for number in vouchers)


def _misread_last(evidence: Evidence, number: int, suspects: Sequence[str], rounded: float) -> float:
    """The probability that a sum which only rounds hides a misread last digit, shared among its suspects."""
    if not suspects:
        return 0.0
    state = evidence.board.evaluate(number, evidence.proposal.changes)
    total = evidence.final[evidence.board.identities[number].total]
    units = max(1, int(abs(shifted(state.residual, total.decimals)))) if state else 1
    misread = sum(evidence.doubts[m] for m in suspects) * _LAST_DIGIT
    odds = misread / (rounded * _NEXT_PLACE ** (units - 1))
    return odds / (1.0 + odds) / len(suspects)

"""From solutions to repairs: a change is accepted only where the arithmetic leaves one answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

from extractors.repair.board import Board
from extractors.repair.components import components
from extractors.repair.readings import FARTHEST
from extractors.repair.weighing import Weighed, weigh
from schemas.amounts import Amount

_ALL_STEPS, _LEAST_STEPS = 120_000, 3_000  # of all searches in a document, about a quarter of a minute; of a component
_RIVAL = 0.0005  # a reading less probable than this is not worth telling
_NEAR_OPTIMAL = 0.01
_MOST_RIVALS = 5
_FURTHER_MISREADING = 3.5  # nats by which a reading is farther than the one that the form names


@dataclass(frozen=True, slots=True)
class Belief:
    """What the solutions say of one figure: its readings with their probabilities, most probable first."""

    readings: tuple[tuple[Amount, float], ...]
    component: int
    complete: bool

    @property
    def best(self) -> tuple[Amount, float]:
        """The most probable reading."""
        return self.readings[0]

    def probability(self, value: Amount) -> float:
        """Of one reading."""
        return sum(weight for reading, weight in self.readings if reading == value)

    def moves(self, read: Amount) -> bool:
        """True when a near-optimal repair would change the figure."""
        return not self.complete or 1.0 - self.probability(read) >= _NEAR_OPTIMAL


@dataclass(frozen=True, slots=True)
class Proposal:
    """Changes that are unique (id → value), and the beliefs about all figures that some repair would change."""

    changes: Mapping[str, Amount]
    beliefs: Mapping[str, Belief]


def propose_repairs(board: Board, threshold: float) -> Proposal:
    """The unique repairs of the broken identities.

    Args:
        threshold: least posterior probability (0-1) of a change. Raising it never adds a change.
    """
    suspicious = [number for number in range(len(board.identities)) if board.doubted(number) and _broken(board, number)]
    beliefs: dict[str, Belief] = {}
    accepted: list[dict[str, Amount]] = []
    groups = components(board, suspicious)
    # shared out beforehand, so that no table's search depends on the tables before it
    allowance = max(_LEAST_STEPS, _ALL_STEPS // max(1, len(groups)))
    for index, group in enumerate(groups):
        own = _beliefs(board, weigh(board, group, allowance), index)
        beliefs.update(own)
        accepted.append(
            {
                member: belief.best[0]
                for member, belief in own.items()
                if belief.complete and belief.best[1] >= threshold and belief.best[0] != board.figures[member].value
            }
        )
    turned = _turned(board, beliefs)
    changes: dict[str, Amount] = {}
    for found in accepted:
        changes.update(_borne_out(board, {m: value for m, value in found.items() if m not in turned}))
    return Proposal(changes, beliefs)


def _turned(board: Board, beliefs: Mapping[str, Belief]) -> frozenset[str]:
    """Figures of which nothing but the sign would change, as that of others in their row: the relation is mistaken.

    A row that is taken away may be printed without a sign in every column; that each lost its own is less likely.
    """
    rows: dict[str, list[str]] = {}
    for member, belief in beliefs.items():
        value = belief.best[0]
        if value and value == -board.figures[member].value and not board.readings[member].printed_evidence(value):
            rows.setdefault(member.rpartition(".")[0], []).append(member)
    return frozenset(member for members in rows.values() if len(members) > 1 for member in members)


def _broken(board: Board, number: int) -> bool:
    """True when an identity does not hold as read, or as the form of its figures suggests."""
    states = (board.evaluate(number, {}), board.evaluate(number, board.likely))
    return any(state is not None and state.verdict == "broken" for state in states) or _better_exact(board, number)


def _better_exact(board: Board, number: int) -> bool:
    """True when a sum only rounds, and a reading that the recogniser saw too makes it exact for less than rounding."""
    state = board.evaluate(number, {})
    if state is None or state.verdict != "rounding" or not board.is_sum(number):
        return False
    price = board.price_rounding(number, state)
    return any(
        board.readings[member].printed_evidence(value) and board.cost(member, value) < price
        for member, value in board.closings(number, state)
    )


def _beliefs(board: Board, weighed: Weighed, index: int) -> dict[str, Belief]:
    """The probability of each reading of each figure that the optimum or an alternative changes."""
    weights: dict[str, dict[Amount, float]] = {member: {} for member in (*weighed.best, *sorted(weighed.cut))}
    for diff, nats in weighed.alternatives.items():
        for member, value in diff:
            own = weights.setdefault(member, {})
            own[value] = own.get(value, 0.0) + exp(-nats)
    found: dict[str, Belief] = {}
    for member, others in sorted(weights.items()):
        plain = board.figures[member].value
        best = weighed.best.get(member, plain)
        others[best] = others.get(best, 0.0) + 1.0
        others.setdefault(plain, 0.0)
        every = sum(others.values())
        ranked = sorted(((value, weight / every) for value, weight in others.items()), key=lambda o: (-o[1], o[0]))
        found[member] = Belief(tuple(ranked), index, member not in weighed.cut)
    return found


def _borne_out(board: Board, accepted: dict[str, Amount]) -> dict[str, Amount]:
    """The changes after which each has a check that holds and none that it broke; the others are dropped."""
    while True:
        kept = {member: value for member, value in accepted.items() if _stands(board, member, accepted)}
        if len(kept) == len(accepted):
            return kept
        accepted = kept


def _stands(board: Board, member: str, changes: Mapping[str, Amount]) -> bool:
    """True when the change closes a check of the figure and breaks none."""
    closed = 0
    for number in board.touching[member]:
        before, after = board.evaluate(number, {}), board.evaluate(number, changes)
        held = before is not None and before.verdict != "broken"
        holds = after is not None and after.verdict != "broken"
        if held and not holds:
            return False
        # a quotient has too few digits to say which dividend or divisor is printed; so has a sum of percents
        is_sum = board.identities[number].divisor is None
        coarse = is_sum and after is not None and after.verdict == "rounding" and _coarse(board, number, member)
        better = holds and (not held or _made_exact(board, number, member, changes))
        decides = _decides(board, number, member, changes[member]) and not _taken_up(board, number, member, changes)
        closed += better and not coarse and decides
    # where the form itself names a reading, another one is two misreadings of one figure: one check is not enough
    readings = board.readings[member]
    farther = readings.cost(changes[member]) - readings.cost(readings.favourite)
    twice = (readings.at_odds and farther >= _FURTHER_MISREADING) or readings.cost(changes[member]) > FARTHEST
    return closed > twice


def _made_exact(board: Board, number: int, member: str, changes: Mapping[str, Amount]) -> bool:
    """True when a sum that only rounded is exact with a reading that the recogniser saw too."""
    before, after = board.evaluate(number, {}), board.evaluate(number, changes)
    if before is None or after is None or before.verdict != "rounding" or after.verdict != "exact":
        return False
    return board.is_sum(number) and board.readings[member].printed_evidence(changes[member])


def _taken_up(board: Board, number: int, member: str, changes: Mapping[str, Amount]) -> bool:
    """True when only the sign changes, and another addend takes the figure up: such a sum holds for any figure."""
    if changes[member] != -board.figures[member].value:
        return False
    own = [term for term in board.identities[number].terms if term.document is None]
    terms = {t.figure: t.weight * changes.get(t.figure, board.figures[t.figure].value) for t in own}
    return member in terms and any(value == -terms[member] for other, value in terms.items() if other != member)


def _coarse(board: Board, number: int, member: str) -> bool:
    """True when a sum holds within rounding only because the figure is read with fewer decimals than the others."""
    others = (board.places(other) for other in board.identities[number].members() if other != member)
    return board.readings[member].places < max(others, default=0)


def _decides(board: Board, number: int, member: str, value: Amount) -> bool:
    """True when an identity that holds can decide on a reading of the member."""
    identity = board.identities[number]
    if identity.divisor is not None:
        return identity.total == member or board.readings[member].printed_evidence(value)
    return member not in board.weak or identity.kind == "tie_out" or board.readings[member].printed_evidence(value)


def rivals_of(belief: Belief, value: Amount) -> list[tuple[Amount, float]]:
    """The readings other than ``value``, most probable first."""
    others = [(reading, weight) for reading, weight in belief.readings if reading != value and weight >= _RIVAL]
    return others[:_MOST_RIVALS]

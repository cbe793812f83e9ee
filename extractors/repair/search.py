"""The cheapest readings that close the broken checks: exact, best-first, on one component at a time.

A solution chooses a reading for some doubted figures and pays for each identity that stays broken. The search takes
the first broken identity and branches: pay for it, read one of its members so that it closes, or two. Solutions come
out in the order of their cost; all within a margin of the cheapest are kept, because their weights are what tells a
unique repair from a guess. At most two misreadings in one identity are considered; more, and it is paid for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import log

from extractors.repair.readings import FARTHEST, Readings
from schemas.amounts import ONE, ZERO, Amount, product, quotient, shifted, whole
from schemas.identities import Evaluation, Figures, Identity, Printed, evaluate

UNSEEN = float("inf")
MARGIN = 7.0
"""Nats above the cheapest solution within which others count (their weights fall below a thousandth)."""

_UNFORESEEN = 4.0  # nats of a misreading, somewhere in an identity, that the channel does not know
_LEAST_PRICE, _MOST_PRICE = 5.0, 15.0  # nats of an identity that is meant but does not hold as printed
_LEAST_ROUNDING, _MOST_ROUNDING = 1.5, 6.0  # nats of a sum that holds only within rounding
_FURTHER_UNIT = 1.6  # nats for each further last place of a rounding difference
_MOST_UNITS = 3
_MOST_CHANGES = 24
_MOST_STEPS = 6000
_MOST_STEPS_SINGLE = 800
_MOST_PAIRS = 80


@dataclass(frozen=True, slots=True)
class Solution:
    """Readings that differ from the plain ones, sorted by id, and the cost in nats."""

    changes: tuple[tuple[str, Amount], ...]
    cost: float


@dataclass(frozen=True, slots=True)
class Solved:
    """The solutions of a component, cheapest first; ``complete`` is False when the limit of steps was reached."""

    members: tuple[str, ...]
    identities: tuple[int, ...]
    solutions: tuple[Solution, ...]
    complete: bool


@dataclass(slots=True)
class Board:
    """All identities, the figures as read, and the readings of the doubted ones."""

    identities: Sequence[Identity]
    figures: Figures
    readings: Mapping[str, Readings]
    weak: frozenset[str] = frozenset()
    """Figures with few digits (percents, per share): a sum of them proves nothing alone."""
    touching: dict[str, list[int]] = field(init=False)
    _members: list[tuple[str, ...]] = field(init=False, repr=False)
    _doubted: list[list[str]] = field(init=False, repr=False)
    _known: dict[tuple[int, tuple[tuple[str, Amount], ...]], Evaluation | None] = field(init=False, repr=False)
    rounding_price: float = field(init=False)
    """What a sum costs that holds only within rounding: the rarer they are in the document, the more."""

    def __post_init__(self) -> None:
        self.touching = {}
        self._members = [tuple(dict.fromkeys(identity.members())) for identity in self.identities]
        self._doubted = [[m for m in members if m in self.readings] for members in self._members]
        self._known = {}
        for number, members in enumerate(self._members):
            for member in members:
                self.touching.setdefault(member, []).append(number)
        self.rounding_price = min(_MOST_ROUNDING, max(_LEAST_ROUNDING, -log(self.rounding_rate())))

    def rounding_rate(self) -> float:
        """How often the sums of this document, as read, hold only within rounding (0-1)."""
        states = [self.evaluate(n, {}) for n in range(len(self.identities)) if self.is_sum(n)]
        verdicts = [state.verdict for state in states if state is not None]
        return (verdicts.count("rounding") + 0.5) / (len(verdicts) + 10.0)

    def price_rounding(self, number: int, state: Evaluation) -> float:
        """What it costs that a sum holds only within rounding: more for each further last place."""
        places = self.figures[self.identities[number].total].decimals
        units = max(1, int(abs(shifted(state.residual, places))))
        return self.rounding_price + _FURTHER_UNIT * (units - 1)

    def is_sum(self, number: int) -> bool:
        """True for a relation of three figures or more without a quotient."""
        return self.identities[number].divisor is None and len(self.identities[number].terms) > 1

    def evaluate(self, number: int, changes: Mapping[str, Amount]) -> Evaluation | None:
        """An identity with some figures read otherwise; None when it divides by nought."""
        own = tuple((m, changes[m]) for m in self._members[number] if m in changes) if changes else ()
        key = number, own
        if key not in self._known:
            self._known[key] = self._evaluate(number, own)
        return self._known[key]

    def _evaluate(self, number: int, changes: tuple[tuple[str, Amount], ...]) -> Evaluation | None:
        values: Figures = self.figures
        if changes:
            members = {member: self.figures[member] for member in self._members[number]}
            members.update({m: self.readings[m].printed(v) for m, v in changes})
            values = members
        try:
            return evaluate(self.identities[number], values)
        except ZeroDivisionError:
            return None

    def price(self, number: int) -> float:
        """What it costs to leave an identity broken: its evidence, or a misreading beyond all readings considered.

        Such a misreading leaves any residual, so that the more digits its members have the less likely it is this one.
        """
        largest = max(abs(int(shifted(self.figures[m].value, self.figures[m].decimals))) for m in self._members[number])
        unforeseen = _UNFORESEEN + log(1 + largest)
        return min(_MOST_PRICE, unforeseen, max(_LEAST_PRICE, self.identities[number].evidence))

    def doubted(self, number: int) -> list[str]:
        """The members of an identity that may be read otherwise."""
        return self._doubted[number]


def solve(board: Board, broken: Sequence[int]) -> Solved:
    """All near-optimal solutions of one component of broken identities."""
    return _Search(board, tuple(broken)).run()


def solve_without(board: Board, broken: Sequence[int], member: str, value: Amount) -> tuple[float, Amount | None]:
    """The least cost of a solution in which a figure is not read as ``value``, and how it is read there.

    When the limit of steps is reached before one is found, a bound on that cost, and None.
    """
    return _Search(board, tuple(broken), (member, value), single=True).best()


_State = tuple[tuple[tuple[str, Amount], ...], frozenset[int]]
"""The readings chosen, and the identities paid for."""


class _Search:
    """A* over (changes, paid identities): what is still broken cannot be cheaper than its cheapest way out."""

    def __init__(
        self, board: Board, broken: tuple[int, ...], forbidden: tuple[str, Amount] | None = None, single: bool = False
    ) -> None:
        self.board = board
        self.broken = broken
        self.forbidden = forbidden
        self.single = single
        self.watched = (*broken, *_rounding_beside(board, broken))
        self.limit = sum(board.price(number) for number in broken) + MARGIN
        self.limit += _MOST_ROUNDING * (len(self.watched) - len(broken))
        self.heap: list[tuple[float, int, float, _State, bool]] = []
        self.order = count()
        self.found: dict[tuple[tuple[str, Amount], ...], float] = {}
        self.seen: dict[_State, float] = {}
        self.ways: dict[tuple[int, tuple[tuple[str, Amount], ...]], float] = {}
        self.steps = 0
        self.most = _MOST_STEPS_SINGLE if single else _MOST_STEPS

    def run(self) -> Solved:
        """All solutions within the margin of the cheapest."""
        self._search()
        complete = self.steps < self.most
        members = tuple(dict.fromkeys(m for number in self.broken for m in self.board.doubted(number)))
        ranked = sorted(self.found.items(), key=lambda item: (item[1], item[0]))
        return Solved(members, self.broken, tuple(Solution(changes, cost) for changes, cost in ranked), complete)

    def best(self) -> tuple[float, Amount | None]:
        """The cost of the cheapest solution, and what it makes of the figure that is not to be read as forbidden."""
        self._search()
        if self.forbidden is None or not self.found:
            return (self.heap[0][0] if self.heap else self.limit), None
        member = self.forbidden[0]
        changes, cost = min(self.found.items(), key=lambda item: (item[1], item[0]))
        return cost, dict(changes).get(member, self.board.figures[member].value)

    def _search(self) -> None:
        self._push(0.0, ((), frozenset()))
        while self.heap and self.steps < self.most:
            bound, _, cost, state, closed = heappop(self.heap)
            if bound > self.limit:
                break
            self.steps += 1
            if closed:
                self._keep(state[0], cost)
                if self.single:
                    break
                continue
            self._expand(cost, state)

    def _keep(self, changes: tuple[tuple[str, Amount], ...], cost: float) -> None:
        if changes not in self.found:
            self.found[changes] = cost
            self.limit = min(self.limit, cost + MARGIN)

    def _push(self, cost: float, state: _State, closed: bool = False) -> None:
        if len(state[0]) > _MOST_CHANGES or (not closed and self.seen.get(state, UNSEEN) <= cost):
            return
        bound = cost if closed else cost + self._to_come(state)
        if bound > self.limit:
            return
        if not closed:
            self.seen[state] = cost
        heappush(self.heap, (bound, next(self.order), cost, state, closed))

    def _to_come(self, state: _State) -> float:
        """A bound on what the state will still cost: broken identities that share no figure, each its cheapest way."""
        chosen, paid = dict(state[0]), state[1]
        taken: set[str] = set()
        met: set[str] = set()
        bound = 0.0
        for number in self._touched(chosen):
            free = [member for member in self.board.doubted(number) if member not in chosen]
            met.update(free)
            if _debt(number, broken=True) in paid or not taken.isdisjoint(free):
                continue
            evaluated = self.board.evaluate(number, chosen)
            if evaluated is not None and evaluated.verdict == "broken":
                taken.update(free)
                bound += min(self.board.price(number), self._cheapest_way(number, evaluated, chosen))
        gain = sum(min(0.0, self._least(member)) for member in sorted(met))
        return bound + gain

    def _cheapest_way(self, number: int, state: Evaluation, chosen: Mapping[str, Amount]) -> float:
        """A bound on closing an identity: one figure read as it implies, or any two read otherwise."""
        key = number, tuple((m, chosen[m]) for m in self.board.identities[number].members() if m in chosen)
        known = self.ways.get(key)
        if known is None:
            free = [member for member in self.board.doubted(number) if member not in chosen]
            least = sorted(max(0.0, self._least(member)) for member in free)
            if self.board.identities[number].divisor is not None:
                known = min(least, default=UNSEEN)
            else:
                # relative to the cheapest reading of a figure at odds with its form, which the caller counts
                singles = (
                    cost - min(0.0, self._least(member)) + self._rest(number, {**chosen, member: value})
                    for cost, closing in self._single_closings(number, state, free)
                    for member, value in closing.items()
                    if (member, value) != self.forbidden
                )
                known = max(0.0, min(singles, default=UNSEEN))
                known = min(known, sum(least[:2])) if len(least) > 1 else known
            self.ways[key] = known
        return known

    def _rest(self, number: int, chosen: Mapping[str, Amount]) -> float:
        """What an identity still costs that was closed within rounding only."""
        state = self.board.evaluate(number, chosen)
        rounds = state is not None and state.verdict == "rounding" and self.board.is_sum(number)
        return self.board.rounding_price if rounds else 0.0

    def _least(self, member: str) -> float:
        return self.board.readings[member].least

    def _expand(self, cost: float, state: _State) -> None:
        changes, paid = state
        chosen = dict(changes)
        violated = self._violated(chosen, paid)
        if violated is None:
            self._push(cost, state, closed=True)
            return
        number, evaluated = violated
        broken = evaluated.verdict == "broken"
        price = self.board.price(number) if broken else self.board.price_rounding(number, evaluated)
        self._push(cost + price, (changes, paid | {_debt(number, broken)}))
        for extra, readings in self._closings(number, evaluated, chosen, self.limit - cost):
            if self.forbidden is None or readings.get(self.forbidden[0]) != self.forbidden[1]:
                merged = tuple(sorted({**chosen, **readings}.items()))
                self._push(cost + extra, (merged, paid))

    def _violated(self, chosen: Mapping[str, Amount], paid: frozenset[int]) -> tuple[int, Evaluation] | None:
        """The first identity that is broken, else the first sum that only rounds, and is not paid for."""
        rounding: tuple[int, Evaluation] | None = None
        for number in self._touched(chosen):
            state = self.board.evaluate(number, chosen)
            if state is None or state.verdict == "exact":
                continue
            if state.verdict == "broken":
                if _debt(number, broken=True) not in paid:
                    return number, state
            elif rounding is None and self.board.is_sum(number) and _debt(number, broken=False) not in paid:
                rounding = number, state
        return rounding

    def _touched(self, chosen: Mapping[str, Amount]) -> list[int]:
        """The broken identities of the component and all that hold a changed figure, in order."""
        touched = set(self.watched)
        for member in chosen:
            touched.update(self.board.touching[member])
        return sorted(touched)

    def _closings(
        self, number: int, state: Evaluation, chosen: Mapping[str, Amount], budget: float
    ) -> Iterator[tuple[float, dict[str, Amount]]]:
        """Readings of one or two members under which the identity holds, with their cost."""
        free = [member for member in self.board.doubted(number) if member not in chosen]
        identity = self.board.identities[number]
        if identity.divisor is not None:
            yield from self._ratio_closings(number, free, chosen)
            return
        yield from self._single_closings(number, state, free)
        yield from self._pairs(free, _weights(identity), state.residual, budget)

    def _single_closings(
        self, number: int, state: Evaluation, free: Sequence[str]
    ) -> Iterator[tuple[float, dict[str, Amount]]]:
        weights = _weights(self.board.identities[number])
        for member in free:
            for value in _implied(self._value(member), self.board.readings[member].places, weights[member], state):
                cost = self.board.readings[member].cost(value)
                if cost <= FARTHEST and value != self._value(member).value:
                    yield cost, {member: value}

    def _value(self, member: str) -> Printed:
        return self.board.figures[member]

    def _ratio_closings(
        self, number: int, free: list[str], chosen: Mapping[str, Amount]
    ) -> Iterator[tuple[float, dict[str, Amount]]]:
        for member in free:
            for value, cost in self.board.readings[member].near:
                state = self.board.evaluate(number, {**chosen, member: value})
                if state is not None and state.verdict != "broken":
                    yield cost, {member: value}

    def _pairs(
        self, free: list[str], weights: Mapping[str, Amount], residual: Amount, budget: float
    ) -> Iterator[tuple[float, dict[str, Amount]]]:
        """Two members read otherwise whose changes cancel the residual, cheapest first, at most so many."""
        moves: dict[Amount, list[tuple[float, str, Amount]]] = {}
        found: list[tuple[float, str, str, Amount, Amount]] = []
        for member in free:
            own: list[tuple[float, str, Amount, Amount]] = []
            for value, cost in self.board.readings[member].near:
                if cost > budget:
                    break
                shift = product(weights[member], value - self._value(member).value)
                own.append((cost, member, value, shift))
                for other_cost, other, other_value in moves.get(-residual - shift, ()):
                    if cost + other_cost <= budget:
                        found.append((cost + other_cost, other, member, other_value, value))
            for cost, _, value, shift in own:
                moves.setdefault(shift, []).append((cost, member, value))
        for cost, other, member, other_value, value in sorted(found)[:_MOST_PAIRS]:
            yield cost, {other: other_value, member: value}


def _debt(number: int, broken: bool) -> int:
    """The entry of a paid identity: one that was paid as rounding must be paid again if it breaks."""
    return 2 * number + broken


def _rounding_beside(board: Board, broken: Sequence[int]) -> list[int]:
    """Sums that only round and share a doubted member with the broken ones: their last digits are suspect too."""
    near = {n for number in broken for member in board.doubted(number) for n in board.touching[member]} - set(broken)
    found = []
    for number in sorted(near):
        state = board.evaluate(number, {})
        if state is not None and state.verdict == "rounding" and board.is_sum(number):
            found.append(number)
    return found


def _weights(identity: Identity) -> dict[str, Amount]:
    """How the residual moves with each member: +1 for the total, minus factor·weight for a term."""
    weights = {identity.total: ONE}
    for term in identity.terms:
        if term.document is None:
            weights[term.figure] = weights.get(term.figure, ZERO) - product(identity.factor, term.weight)
    return weights


def _implied(read: Printed, places: int, weight: Amount, state: Evaluation) -> Iterator[Amount]:
    """The value that closes the identity exactly, and those one last place off where rounding allows it."""
    if not weight:
        return
    exact = read.value - quotient(state.residual, weight)
    yield exact
    unit = shifted(whole(1), -places)
    if exact != round(exact, places):
        return
    for units in range(1, min(_MOST_UNITS, int(state.tolerance / unit)) + 1):
        yield exact + unit * units
        yield exact - unit * units


def components(board: Board, broken: Sequence[int]) -> list[list[int]]:
    """The broken identities in groups that share a doubted figure, or whose doubted figures an identity bridges."""
    parent = {number: number for number in broken}

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    doubted_in: dict[str, list[int]] = {}
    for number in broken:
        for member in board.doubted(number):
            doubted_in.setdefault(member, []).append(number)
    for numbers in doubted_in.values():
        for number in numbers[1:]:
            parent[root(number)] = root(numbers[0])
    for number in sorted({n for member in doubted_in for n in board.touching[member]}):
        linked = [doubted_in[m][0] for m in board.identities[number].members() if m in doubted_in]
        for other in linked[1:]:
            parent[root(other)] = root(linked[0])
    groups: dict[int, list[int]] = {}
    for number in broken:
        groups.setdefault(root(number), []).append(number)
    return sorted(sorted(group) for group in groups.values())

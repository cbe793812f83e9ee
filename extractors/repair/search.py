"""The cheapest readings that close broken checks: best-first, from any state of the board.

A solution reads some figures otherwise than at the start and pays for each identity that stays broken. The search
takes the broken identity with the fewest figures and branches: pay for it, read one of its members so that it closes,
or two. Solutions come out in the order of their cost. At most two misreadings in one identity are considered at once;
others of its figures are settled by other identities first, or it is paid for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from extractors.repair.board import Board
from extractors.repair.readings import FARTHEST
from schemas.amounts import Amount, product, quotient, shifted, whole
from schemas.identities import Evaluation, Printed

UNSEEN = float("inf")
_MOST_UNITS = 3
_MOST_CHANGES = 24
_MOST_PAIRS = 80

Changes = tuple[tuple[str, Amount], ...]
"""Figures with their readings, sorted by id."""

_State = tuple[Changes, frozenset[int]]
"""The readings chosen, and the identities paid for."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is searched.

    Attributes:
        start: readings from which the search begins, for figures not read plainly.
        watched: identities that must hold or be paid for; those of changed figures join them.
        limit: nats beyond which a solution is of no interest. steps: states thought of before the search gives up.
        first: stop at the cheapest solution. forbidden: a reading that may not be chosen.
        unpayable: a debt not to be made. paid: debts that may stay, with their prices, given back if they do not.
    """

    start: Mapping[str, Amount]
    watched: tuple[int, ...]
    limit: float
    steps: int
    first: bool = False
    forbidden: tuple[str, Amount] | None = None
    unpayable: int | None = None
    paid: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """Readings that differ from the start with their cost, cheapest first; ``complete``: no limit cut the search."""

    solutions: tuple[tuple[float, Changes], ...]
    complete: bool


@dataclass(slots=True)
class Search:
    """A* over (readings chosen, identities paid for): what is still broken cannot be cheaper than its cheapest way."""

    board: Board
    task: Task
    limit: float = field(init=False)
    heap: list[tuple[float, int, float, _State, bool]] = field(init=False, default_factory=list)
    order: Iterator[int] = field(init=False, default_factory=count)
    found: dict[Changes, float] = field(init=False, default_factory=dict)
    seen: dict[_State, float] = field(init=False, default_factory=dict)
    steps: int = field(init=False, default=0)
    ways: dict[tuple[int, Changes], float] = field(init=False, default_factory=dict)
    known: dict[str, list[tuple[float, Amount]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.limit = self.task.limit

    def run(self) -> Found:
        """Search until nothing cheaper than the limit is left."""
        self._push(0.0, ((), frozenset(self.task.paid)))
        while self.heap and self.heap[0][0] <= self.limit:
            if self.steps >= self.task.steps:
                return self._result(complete=False)
            _, _, cost, state, closed = heappop(self.heap)
            if not closed:
                self._expand(cost, state)
            elif state[0] not in self.found:
                self.found[state[0]] = cost
                if self.task.first:
                    break
        return self._result(complete=True)

    def _result(self, complete: bool) -> Found:
        ranked = sorted((cost, changes) for changes, cost in self.found.items())
        return Found(tuple(ranked), complete)

    def _push(self, cost: float, state: _State, closed: bool = False) -> None:
        if len(state[0]) > _MOST_CHANGES or (not closed and self.seen.get(state, UNSEEN) <= cost):
            return
        self.steps += 1  # counted here, since this is where the time goes: a state may lead to hundreds of others
        bound = cost if closed else cost + self._to_come(state)
        if bound > self.limit:
            return
        if not closed:
            self.seen[state] = cost
        heappush(self.heap, (bound, next(self.order), cost, state, closed))

    def _reading(self, member: str) -> Amount:
        """How a figure is read at the start."""
        value = self.task.start.get(member)
        return self.board.figures[member].value if value is None else value

    def _cost(self, member: str, value: Amount) -> float:
        return self.board.cost(member, value) - self.board.cost(member, self._reading(member))

    def _options(self, member: str) -> list[tuple[float, Amount]]:
        """The other readings of a figure that need no identity to be thought of, cheapest first."""
        known = self.known.get(member)
        if known is None:
            readings, now = self.board.readings[member], self._reading(member)
            paid = self.board.cost(member, now)
            plain = readings.figure.number.value
            found = [(cost - paid, value) for value, cost in readings.near if value != now]
            if plain != now:
                found.append((-paid, plain))
            known = self.known[member] = sorted(o for o in found if (member, o[1]) != self.task.forbidden)
        return known

    def _least(self, member: str) -> float:
        options = self._options(member)
        return min(options[0][0] if options else FARTHEST, FARTHEST)

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
            evaluated = self._evaluate(number, chosen)
            if evaluated is not None and evaluated.verdict == "broken":
                taken.update(free)
                price = UNSEEN if _debt(number, broken=True) == self.task.unpayable else self.board.price(number)
                bound += min(price, self._cheapest_way(number, evaluated, chosen))
        # only figures that the start reads dearly can be had for less than nothing
        return bound + sum(min(0.0, self._least(member)) for member in met if member in self.task.start)

    def _evaluate(self, number: int, chosen: Mapping[str, Amount]) -> Evaluation | None:
        return self.board.evaluate(number, {**self.task.start, **chosen})

    def _cheapest_way(self, number: int, state: Evaluation, chosen: Mapping[str, Amount]) -> float:
        """A bound on closing an identity: one figure read as it implies, or any two read otherwise."""
        key = number, tuple((m, chosen[m]) for m in self.board.doubted(number) if m in chosen)
        known = self.ways.get(key)
        if known is None:
            free = [member for member in self.board.doubted(number) if member not in chosen]
            least = sorted(max(0.0, self._least(member)) for member in free)
            if self.board.identities[number].divisor is not None:
                known = min(least, default=UNSEEN)
            else:
                # relative to the cheapest reading of a figure that the start reads dearly, which the caller counts
                singles = (
                    cost - min(0.0, self._least(member)) + self._rest(number, {**chosen, member: value})
                    for cost, closing in self._single_closings(number, state, free, chosen)
                    for member, value in closing.items()
                    if (member, value) != self.task.forbidden
                )
                known = max(0.0, min(singles, default=UNSEEN))
                known = min(known, sum(least[:2])) if len(least) > 1 else known
            self.ways[key] = known
        return known

    def _rest(self, number: int, chosen: Mapping[str, Amount]) -> float:
        """What an identity still costs that was closed within rounding only."""
        state = self._evaluate(number, chosen)
        rounds = state is not None and state.verdict == "rounding" and self.board.is_sum(number)
        return self.board.rounding_price if rounds else 0.0

    def _expand(self, cost: float, state: _State) -> None:
        changes, paid = state
        chosen = dict(changes)
        violated = self._violated(chosen, paid)
        if violated is None:
            self._push(self._settled(cost, chosen), state, closed=True)
            return
        number, evaluated = violated
        broken = evaluated.verdict == "broken"
        if _debt(number, broken) != self.task.unpayable:
            price = self.board.price(number) if broken else self.board.price_rounding(number, evaluated)
            self._push(cost + price, (changes, paid | {_debt(number, broken)}))
        for extra, readings in self._closings(number, evaluated, chosen, self.limit - cost):
            forbidden = self.task.forbidden
            if forbidden is None or readings.get(forbidden[0]) != forbidden[1]:
                merged = tuple(sorted({**chosen, **readings}.items()))
                self._push(cost + extra, (merged, paid))

    def _settled(self, cost: float, chosen: Mapping[str, Amount]) -> float:
        """The cost of a solution when what was paid at the start, and is owed no more, is given back."""
        back = 0.0
        for debt, price in self.task.paid.items():
            state = self._evaluate(debt // 2, chosen)
            if state is None or state.verdict == "exact" or _debt(debt // 2, state.verdict == "broken") != debt:
                back += price
        return cost - back

    def _violated(self, chosen: Mapping[str, Amount], paid: frozenset[int]) -> tuple[int, Evaluation] | None:
        """The broken identity with the fewest figures, else a sum that only rounds, that is not paid for."""
        broken: list[tuple[int, int, Evaluation]] = []
        rounding: list[tuple[int, int, Evaluation]] = []
        for number in self._touched(chosen):
            state = self._evaluate(number, chosen)
            if state is None or state.verdict == "exact":
                continue
            free = sum(1 for member in self.board.doubted(number) if member not in chosen)
            if state.verdict == "broken":
                if _debt(number, broken=True) not in paid:
                    broken.append((free, number, state))
            elif self.board.is_sum(number) and _debt(number, broken=False) not in paid:
                rounding.append((free, number, state))
        for kind in (broken, rounding):
            if kind:
                _, number, state = min(kind, key=lambda item: item[:2])
                return number, state
        return None

    def _touched(self, chosen: Mapping[str, Amount]) -> list[int]:
        """The watched identities and all that hold a changed figure, in order."""
        touched = set(self.task.watched)
        for member in chosen:
            touched.update(self.board.touching[member])
        return sorted(touched)

    def _closings(
        self, number: int, state: Evaluation, chosen: Mapping[str, Amount], budget: float
    ) -> Iterator[tuple[float, dict[str, Amount]]]:
        """Readings of one or two members under which the identity holds, with their cost."""
        free = [member for member in self.board.doubted(number) if member not in chosen]
        if self.board.identities[number].divisor is not None:
            yield from self._ratio_closings(number, free, chosen)
            return
        yield from self._single_closings(number, state, free, chosen)
        yield from self._pairs(free, self.board.weights(number), state.residual, budget)

    def _single_closings(
        self, number: int, state: Evaluation, free: Sequence[str], chosen: Mapping[str, Amount]
    ) -> Iterator[tuple[float, dict[str, Amount]]]:
        weights = self.board.weights(number)
        for member in free:
            now = self.board.printed(member, self._reading(member))
            for value in _implied(now, self.board.readings[member].places, weights[member], state):
                if value == now.value:
                    continue
                if self.board.cost(member, value) <= FARTHEST or self._closes_two(member, value, chosen):
                    yield self._cost(member, value), {member: value}

    def _closes_two(self, member: str, value: Amount, chosen: Mapping[str, Amount]) -> bool:
        """True when two broken sums ask for a reading: then it is considered however far it is from what was read."""
        closed = 0
        for number in self.board.touching[member]:
            before = self._evaluate(number, chosen)
            if self.board.is_sum(number) and before is not None and before.verdict == "broken":
                after = self._evaluate(number, {**chosen, member: value})
                closed += after is not None and after.verdict == "exact"
        return closed > 1

    def _ratio_closings(
        self, number: int, free: Sequence[str], chosen: Mapping[str, Amount]
    ) -> Iterator[tuple[float, dict[str, Amount]]]:
        for member in free:
            for cost, value in self._options(member):
                state = self._evaluate(number, {**chosen, member: value})
                if state is not None and state.verdict != "broken":
                    yield cost, {member: value}

    def _pairs(
        self, free: Sequence[str], weights: Mapping[str, Amount], residual: Amount, budget: float
    ) -> Iterator[tuple[float, dict[str, Amount]]]:
        """Two members read otherwise whose changes cancel the residual, cheapest first, at most so many."""
        moves: dict[Amount, list[tuple[float, str, Amount]]] = {}
        found: list[tuple[float, str, str, Amount, Amount]] = []
        for member in free:
            own: list[tuple[float, str, Amount, Amount]] = []
            for cost, value in self._options(member):
                if cost > budget:
                    break
                shift = product(weights[member], value - self._reading(member))
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


def debts(board: Board, numbers: Sequence[int], changes: Mapping[str, Amount]) -> dict[int, float]:
    """What identities that do not hold exactly under some readings cost."""
    found = {}
    for number in numbers:
        state = board.evaluate(number, changes)
        if state is not None and state.verdict != "exact" and (price := board.charge(number, changes)):
            found[_debt(number, state.verdict == "broken")] = price
    return found


def rounding_beside(board: Board, broken: Sequence[int]) -> list[int]:
    """Sums that only round and share a doubted member with the broken ones: their last digits are suspect too."""
    near = {n for number in broken for member in board.doubted(number) for n in board.touching[member]} - set(broken)
    found = []
    for number in sorted(near):
        state = board.evaluate(number, {})
        if state is not None and state.verdict == "rounding" and board.is_sum(number):
            found.append(number)
    return found


def _implied(now: Printed, places: int, weight: Amount, state: Evaluation) -> Iterator[Amount]:
    """The value that closes the identity exactly, and those one last place off where rounding allows it."""
    if not weight:
        return
    exact = now.value - quotient(state.residual, weight)
    yield exact
    unit = shifted(whole(1), -places)
    if exact != round(exact, places):
        return
    for units in range(1, min(_MOST_UNITS, int(state.tolerance / unit)) + 1):
        yield exact + unit * units
        yield exact - unit * units

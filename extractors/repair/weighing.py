"""The cheapest solution of a component of broken checks, and what else could be meant instead.

First the optimum. Then, for each reading that it changes, the solutions without that reading; for each check that it
leaves broken, those in which it holds. Both are searched from the optimum, so that what lies elsewhere stays as it is:
the cost does not grow with the number of errors in a document, only with what one error touches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log

from extractors.repair.board import MOST_ROUNDING, Board
from extractors.repair.search import Changes, Search, Task, debts, rounding_beside
from schemas.amounts import Amount, shifted

MARGIN = 7.0
"""Nats above the optimum within which alternatives count (their weights fall below a thousandth)."""

MOST_STEPS = 20_000  # of the search for one optimum: twenty times what the worst of 250 broken components needed
_MOST_STEPS_BESIDE = 8_000
_ALIKE = 1e-6
_MOST_ROUNDS = 4  # times that a better optimum, found among the alternatives, is taken


@dataclass(slots=True)
class Weighed:
    """A component with its optimum.

    Attributes:
        members: doubted figures of its broken identities. best: the readings that are not plain.
        alternatives: what differs from the optimum → nats that it costs more.
        cut: figures of which not all was tried; all of them when no optimum was found.
    """

    members: tuple[str, ...]
    best: dict[str, Amount]
    alternatives: dict[Changes, float] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)


def weigh(board: Board, group: Sequence[int], allowance: int = MOST_STEPS) -> Weighed:
    """The optimum of a component and its alternatives, in at most about so many steps."""
    members = tuple(dict.fromkeys(m for number in group for m in board.doubted(number)))
    watched = (*group, *rounding_beside(board, group))
    limit = sum(board.price(number) for number in group) + MOST_ROUNDING * (len(watched) - len(group)) + MARGIN
    search = Search(board, Task(board.likely, watched, limit, min(MOST_STEPS, allowance), first=True))
    found, allowance = search.run(), allowance - search.steps
    start = {m: v for m, v in board.likely.items() if m in members}
    if not found.complete or not found.solutions:
        return Weighed(members, start, cut=set(members))
    best = _plainly(board, {**start, **dict(found.solutions[0][1])})
    weighed = Weighed(members, best)
    for _ in range(_MOST_ROUNDS):
        weighed = Weighed(members, best)
        better, allowance = _look_beside(board, weighed, watched, allowance)
        if better is None:
            return weighed
        best = better
    return weighed


def _plainly(board: Board, readings: Mapping[str, Amount]) -> dict[str, Amount]:
    return {m: value for m, value in sorted(readings.items()) if value != board.figures[m].value}


def _look_beside(
    board: Board, weighed: Weighed, watched: Sequence[int], allowance: int
) -> tuple[dict[str, Amount] | None, int]:
    """Fill in the alternatives; a better optimum when one shows, and the steps that are left."""
    for offset, back, task, members in _tasks(board, weighed.best, watched):
        search = Search(board, replace(task, steps=max(0, min(task.steps, allowance))))
        found, allowance = search.run(), allowance - search.steps
        if not found.complete:
            weighed.cut.update(members)
        for cost, changes in found.solutions:
            other = {**back, **dict(changes)}
            diff = tuple(sorted((m, v) for m, v in other.items() if v != _now(board, weighed.best, m)))
            if offset + cost < -_ALIKE:
                return _plainly(board, {**weighed.best, **dict(diff)}), allowance
            if diff:
                nats = offset + cost + _coincidence(board, weighed.best, diff)
                weighed.alternatives[diff] = min(nats, weighed.alternatives.get(diff, nats))
    for diff, nats in _taken_back(board, weighed.best, watched):
        if nats < -_ALIKE:
            return _plainly(board, {**weighed.best, **dict(diff)}), allowance
        if nats <= MARGIN:
            weighed.alternatives[diff] = min(nats, weighed.alternatives.get(diff, nats))
    _drop_composed(weighed.alternatives)
    return None, allowance


def _taken_back(board: Board, best: Mapping[str, Amount], watched: Sequence[int]) -> Iterator[tuple[Changes, float]]:
    """For each check all that was changed in it taken back at once, with what that costs more: the check is paid for.

    A search from the optimum goes on from what it changed; it finds these only where each change is dear by itself.
    """
    for number in watched:
        back = {m: board.likely.get(m, board.figures[m].value) for m in board.identities[number].members() if m in best}
        changed = {m: value for m, value in back.items() if value != best[m]}
        if changed:
            nats = sum(board.cost(m, value) - board.cost(m, best[m]) for m, value in sorted(changed.items()))
            for touched in sorted({n for m in changed for n in board.touching[m]}):
                nats += board.charge(touched, {**best, **changed}) - board.charge(touched, best)
            diff = tuple(sorted(changed.items()))
            yield diff, nats + _coincidence(board, best, diff)


def _coincidence(board: Board, best: Mapping[str, Amount], diff: Changes) -> float:
    """What an alternative leaves to chance: checks that it breaks, and that a reading on record closes exactly.

    If such a check were not meant, the recogniser's rivals would hardly name just the figure that it asks for.
    """
    other = {**best, **dict(diff)}
    nats = 0.0
    for number in sorted({number for member, _ in diff for number in board.touching[member]}):
        before, after = board.evaluate(number, best), board.evaluate(number, other)
        if before is None or after is None or before.verdict != "exact" or after.verdict != "broken":
            continue
        named = [member for member, _ in diff if member in best and number in board.touching[member]]
        named = [member for member in named if board.readings[member].printed_evidence(best[member])]
        if named:
            rivals = sum(board.readings[member].on_record for member in board.doubted(number))
            digits = min(len(str(abs(int(shifted(best[member], board.places(member)))))) for member in named)
            nats += max(0.0, digits * log(10) - log(max(1, rivals)))
    return nats


def _now(board: Board, best: Mapping[str, Amount], member: str) -> Amount:
    return best.get(member, board.figures[member].value)


def _tasks(
    board: Board, best: Mapping[str, Amount], watched: Sequence[int]
) -> Iterator[tuple[float, dict[str, Amount], Task, list[str]]]:
    """Searches beside the optimum: nats at their start, what they begin with otherwise, the task, figures concerned."""
    everywhere = {**board.likely, **best}
    for member in (m for m in board.likely if m not in best):
        everywhere.pop(member)
    touched = sorted({*watched, *(n for m in best for n in board.touching[m])})
    owed = debts(board, touched, everywhere)
    for member, value in best.items():
        plain = board.figures[member].value
        back = plain if board.likely.get(member, value) == value else board.likely[member]
        offset = board.cost(member, back) - board.cost(member, value)
        start = {**everywhere, member: back}
        own = tuple(board.touching[member])
        given_back = sum(price for debt, price in sorted(owed.items()) if debt // 2 in own)
        limit = MARGIN - offset + given_back
        task = Task(start, own, limit, _MOST_STEPS_BESIDE, forbidden=(member, value), paid=owed)
        yield offset, {member: back}, task, [member]
    for debt, price in sorted(owed.items()):
        if debt // 2 in watched:
            others = {key: cost for key, cost in owed.items() if key != debt}
            task = Task(everywhere, (debt // 2,), MARGIN + price, _MOST_STEPS_BESIDE, unpayable=debt, paid=others)
            yield -price, {}, task, board.doubted(debt // 2)


def _drop_composed(alternatives: dict[Changes, float]) -> None:
    """Drop those that are two others side by side: they say nothing that these do not."""
    known = {frozenset(changes): nats for changes, nats in alternatives.items()}
    for own, nats in sorted(known.items(), key=lambda item: (-len(item[0]), sorted(item[0]))):
        parts = ((other, own - other) for other in known if other < own and own - other in known)
        if any(known[one] + known[two] <= nats + _ALIKE for one, two in parts):
            del alternatives[tuple(sorted(own))]

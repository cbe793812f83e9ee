"""Two misreadings that cancel: a sum that holds as read, and also as the recogniser read two of its figures otherwise.

The sum proves neither reading then; how doubtful the figures are, the recogniser has said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import exp

from extractors.repair.board import Board
from schemas.amounts import Amount, product
from schemas.identities import CheckVerdict

_FARTHEST = 6.0  # nats beyond which two misreadings need no thought


def find_cancelling(
    board: Board, verdicts: Sequence[CheckVerdict | None], changes: Mapping[str, Amount]
) -> dict[str, float]:
    """Figure → probability (0-1) that it and another one of a sum that holds exactly are both misread.

    Args:
        verdicts: of each identity with the repaired figures. changes: the repaired figures, of which none is doubted.
    """
    found: dict[str, float] = {}
    for number, verdict in enumerate(verdicts):
        if verdict == "exact" and board.is_sum(number):
            for nats, pair in _pairs(board, number, changes):
                if all(_chance(nats) <= found.get(member, 0.0) for member in pair):
                    continue  # what other checks say makes it only rarer
                chance = _chance(nats + _broken_by(board, verdicts, {**changes, **pair}, pair))
                for member in pair:
                    found[member] = max(found.get(member, 0.0), chance)
    return found


def _chance(nats: float) -> float:
    """The probability whose odds are so many nats below even."""
    return exp(-nats) / (1.0 + exp(-nats))


def _pairs(board: Board, number: int, changes: Mapping[str, Amount]) -> Iterator[tuple[float, dict[str, Amount]]]:
    """Rivals of two members that leave the sum as it is, with their nats."""
    weights = board.weights(number)
    moves = sorted(
        (board.cost(member, value), member, value, product(weights[member], value - board.figures[member].value))
        for member in board.doubted(number)
        if member not in changes
        for value in board.readings[member].recorded
    )
    known: dict[Amount, list[tuple[float, str, Amount]]] = {}
    for nats, member, value, shift in moves:
        if nats > _FARTHEST:
            break
        for other_nats, other, other_value in known.get(-shift, ()):
            if nats + other_nats > _FARTHEST:
                break
            if other != member:
                yield nats + other_nats, {member: value, other: other_value}
        known.setdefault(shift, []).append((nats, member, value))


def _broken_by(
    board: Board,
    verdicts: Sequence[CheckVerdict | None],
    readings: Mapping[str, Amount],
    pair: Mapping[str, Amount],
) -> float:
    """What the checks cost that hold as read and would not hold so."""
    nats = 0.0
    for number in sorted({number for member in pair for number in board.touching[member]}):
        state = board.evaluate(number, readings)
        if verdicts[number] in ("exact", "rounding") and state is not None and state.verdict == "broken":
            nats += board.price(number)
    return nats

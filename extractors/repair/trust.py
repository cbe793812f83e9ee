"""How far the reader of a document may be trusted, as the document's own sums show.

A recogniser says how sure it is of each figure; whether that is too much or too little shows where figures are summed:
the members of a sum that holds exactly were read right, one member at least of a sum that is broken was not. So the
odds of a misreading are scaled, by how sure the reader was, to what is seen here (expectation maximisation, with half a
misreading's worth of belief in what the reader says).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, log, prod

from schemas.identities import Figures, Identity, evaluate

_BANDS = (0.01, 0.05, 0.15)  # probabilities of a misreading between which readers are wont to be alike
_BELIEF = 0.5  # misreadings' worth of belief in the reader
_LEAST, _MOST = 0.1, 3.0
_ROUNDS = 8
_MEANT = 6.0  # nats from which a relation that does not hold says that something was misread


@dataclass(frozen=True, slots=True)
class _Seen:
    """Doubted figures of sums that hold exactly, and those of each broken sum that stand in no other that holds."""

    sound: frozenset[str]
    broken: tuple[tuple[str, ...], ...]


def learn_trust(
    identities: Sequence[Identity], figures: Figures, doubts: Mapping[str, float], odd: frozenset[str]
) -> dict[str, float]:
    """Nats by which a misreading of each doubted figure is likelier than the reader says, negative where it is rarer.

    Args:
        doubts: probability (0-1) of a misreading by id, before the arithmetic.
        odd: figures whose form is impossible: they are misread, and say nothing of how sure the reader is of others.
    """
    seen = _look(identities, figures, doubts)
    judged = seen.sound.union(*seen.broken) - odd
    bands = {member: sum(doubt >= edge for edge in _BANDS) for member, doubt in doubts.items()}
    factors = [1.0] * (len(_BANDS) + 1)
    for _ in range(_ROUNDS):
        wrong = _blamed(seen.broken, doubts, bands, factors)
        factors = [
            _factor(
                [doubts[m] for m in judged if bands[m] == band], [wrong.get(m, 0.0) for m in judged if bands[m] == band]
            )
            for band in range(len(factors))
        ]
    return {member: log(factors[bands[member]]) for member in doubts if member not in odd}


def _look(identities: Sequence[Identity], figures: Figures, doubts: Mapping[str, float]) -> _Seen:
    sound: set[str] = set()
    broken: list[tuple[str, ...]] = []
    for identity in identities:
        if identity.divisor is not None or identity.evidence < _MEANT:
            continue
        verdict = evaluate(identity, figures).verdict
        members = tuple(sorted({member for member in identity.members() if member in doubts}))
        if verdict == "exact":
            sound.update(members)
        elif verdict == "broken" and len(identity.terms) > 1:
            broken.append(members)
    left = (tuple(m for m in members if m not in sound) for members in broken)
    return _Seen(frozenset(sound), tuple(members for members in left if members))


def _blamed(
    broken: Sequence[Sequence[str]], doubts: Mapping[str, float], bands: Mapping[str, int], factors: Sequence[float]
) -> dict[str, float]:
    """Figure → probability that it was misread, given that one at least of each broken sum was."""
    found: dict[str, float] = {}
    for members in broken:
        chances = [_scaled(doubts[m], factors[bands[m]]) for m in members]
        some = 1.0 - prod(1.0 - each for each in chances)
        for member, each in zip(members, chances, strict=True):
            # of figures that are certain none is to blame
            found[member] = max(found.get(member, 0.0), each / some if some else 0.0)
    return found


def _scaled(doubt: float, factor: float) -> float:
    """The probability (0-1) whose odds are so many times those of another one."""
    return factor * doubt / (factor * doubt + 1.0 - doubt)


def _factor(expected: Sequence[float], seen: Sequence[float]) -> float:
    return min(_MOST, max(_LEAST, (fsum(seen) + _BELIEF) / (fsum(expected) + _BELIEF)))

"""The same fact in another document of the company: same name, same section, same period, unit and scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log

from extractors.footing.facts import Fact, Sheet, explained, support
from extractors.footing.stack import ACCEPT
from schemas.amounts import ONE
from schemas.identities import Identity

_RESTATED = -log(0.01)  # how much rarer than not a company prints a past figure otherwise
_CONTRADICTED = -6.0
_MISREAD = -1.0
_ENOUGH = 3  # rows that agree before a row is believed whose difference no misreading explains
_MOST_EVIDENCE = 12.0


def find_witnessed(own: Sequence[Sheet], others: Sequence[Sheet], doubts: Mapping[str, float]) -> list[Identity]:
    """Ties to results of the same company, table by table.

    A figure that was read with certainty and differs was restated: there is no tie.
    """
    found: list[Identity] = []
    for sheet in own:
        for other in others:
            found += _ties(sheet, other, doubts)
    return found


def _ties(sheet: Sheet, other: Sheet, doubts: Mapping[str, float]) -> list[Identity]:
    shared = [(fact, other.like(name, period, fact)) for name, period, fact in sheet.facts()]
    pairs = [(fact, witness) for fact, witness in shared if witness is not None]
    nats, held, against = 0.0, 0, 0
    differing: list[tuple[Fact, Fact]] = []
    kept: list[tuple[Fact, Fact]] = []
    for fact, witness in pairs:
        if fact.value == witness.value:
            nats += support(fact.value, fact.printed.decimals)
            held += bool(fact.value)
            kept.append((fact, witness))
        elif explained(fact, witness.value, doubts):
            nats += _MISREAD
            kept.append((fact, witness))
        else:
            nats += _CONTRADICTED
            against += 1
            if fact.figure in doubts:
                differing.append((fact, witness))
    if not held or nats <= ACCEPT:
        return []
    if held >= _ENOUGH and held > 4 * against:
        kept += differing
    return [_tie(fact, witness, nats) for fact, witness in kept]


def _tie(fact: Fact, witness: Fact, nats: float) -> Identity:
    """The evidence of one tie: that of the tables, and what a restatement to this very figure would have to be."""
    own = _RESTATED + support(witness.value, witness.printed.decimals)
    evidence = min(_MOST_EVIDENCE, nats, own)
    return Identity("tie_out", fact.figure, (witness.addend(ONE),), evidence=evidence)

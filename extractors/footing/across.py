"""Cross-footing: one column is the sum of others, or their difference, in every row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import log

from extractors.footing.evidence import chance
from extractors.footing.labels import DIFFERENCE_HEAD, TOTAL_HEAD, words_of
from extractors.footing.ledger import Entry, Ledger
from extractors.footing.stack import ACCEPT
from schemas.amounts import whole
from schemas.identities import Addend, Identity

_CONTRADICTED = -4.0
_NOT_CALLED_TOTAL = -4.0
_ROWS = 3  # rows in which at least two addends sum exactly: fewer is coincidence, unless the head says "total"
_MOST_COLUMNS, _MOST_FREE = 24, 12  # columns of a table; of one in which any two may be subtracted
_ROUNDED = log(0.04)
_DIFFERENCE = -99.0  # a variance is what is left of two columns, no part of one
_MANY = 6
NO_DOUBTS: Mapping[str, float] = {}
_ALIKE = 0.6  # of the words of the shorter head


@dataclass(frozen=True, slots=True)
class _Relation:
    total: int
    terms: tuple[tuple[int, int], ...]  # sign, column
    strict: bool = False  # many of its kind are tried, so that it must hold in every row

    @property
    def columns(self) -> frozenset[int]:
        """All that take part."""
        return frozenset((self.total, *(column for _, column in self.terms)))


def find_cross_sums(ledgers: Sequence[Ledger], doubts: Mapping[str, float] = NO_DOUBTS) -> list[Identity]:
    """Sums across the columns of one table; evidence is summed over its rows, whatever their unit.

    Balances and averages among them take no part: at the end of the year there is as much as at the end of its last
    quarter.
    """
    entries = [entry for ledger in ledgers if ledger.unit in ("amount", "shares") for entry in ledger.entries]
    if len(entries) < _ROWS or not 3 <= ledgers[0].columns <= _MOST_COLUMNS:
        return []
    found: list[Identity] = []
    chosen: list[_Relation] = []
    heads = [words_of(head) for head in ledgers[0].heads]
    relations = [*_relations(entries), *_balances(entries, heads)]
    scored = [(_weigh(relation, entries, ledgers[0]), relation) for relation in relations]
    for nats, relation in sorted(scored, key=lambda item: (-item[0], item[1].total, item[1].terms)):
        # a = b + c says all that b = a - c would
        if nats <= ACCEPT or any(relation.total == old.total or relation.columns <= old.columns for old in chosen):
            continue
        chosen.append(relation)
        summed = [entry for entry in entries if not _is_state(entry, relation, doubts)]
        found += [identity for entry in summed if (identity := _identity(entry, relation, nats)) is not None]
    return found


def _is_state(entry: Entry, relation: _Relation, doubts: Mapping[str, float]) -> bool:
    """True for a balance, which repeats one addend, and an average, which lies between them: neither is a sum."""
    value = entry.values[relation.total]
    addends = [sign * (entry.values[column] or 0) for sign, column in relation.terms]
    filled = [addend for addend in addends if addend]
    if value is None or len(filled) < 2 or value == sum(addends):
        return False
    if value in (filled[0], filled[-1]):
        return True
    certain = not any(entry.identifier(column) in doubts for column in relation.columns if entry.figures[column])
    return certain and min(filled) <= value <= max(filled) and min(filled) * max(filled) > 0


def _relations(entries: Sequence[Entry]) -> Iterator[_Relation]:
    """Runs of columns directly beside another, all added, or the two before it subtracted."""
    used = [c for c in range(len(entries[0].values)) if any(entry.values[c] is not None for entry in entries)]
    for place, total in enumerate(used):
        for start in range(place - 1):
            yield _Relation(total, tuple((1, c) for c in used[start:place]))
        for end in range(place + 3, len(used) + 1):
            yield _Relation(total, tuple((1, c) for c in used[place + 1 : end]))
        if place >= 2:
            first, second = used[place - 2], used[place - 1]
            yield _Relation(total, ((1, first), (-1, second)))
            yield _Relation(total, ((-1, first), (1, second)))


def _balances(entries: Sequence[Entry], heads: Sequence[frozenset[str]]) -> Iterator[_Relation]:
    """Closing balances: a column less one further off, where the heads of both balances are alike."""
    used = [c for c in range(len(entries[0].values)) if any(entry.values[c] is not None for entry in entries)]
    if len(used) > _MOST_FREE:
        return
    for total, first in permutations(used, 2):
        fewest = min(len(heads[total]), len(heads[first]))
        if "balance" not in heads[total] or len(heads[total] & heads[first]) < max(2, _ALIKE * fewest):
            continue
        for change in used:
            if change not in (total, first):
                yield _Relation(total, ((1, first), (-1, change)), strict=True)


def _weigh(relation: _Relation, entries: Sequence[Entry], ledger: Ledger) -> float:
    head = ledger.heads[relation.total]
    nats = 0.0 if TOTAL_HEAD.search(head) else _NOT_CALLED_TOTAL
    nats -= log(1 + len(entries[0].values)) + (2.5 if any(sign < 0 for sign, _ in relation.terms) else 0.0)
    nats += sum(_DIFFERENCE for _, column in relation.terms if DIFFERENCE_HEAD.search(ledger.heads[column]))
    holding = contradicted = carried = 0
    for entry in entries:
        value = entry.values[relation.total]
        numbers = [sign * (entry.values[column] or 0) for sign, column in relation.terms]
        if value is None or all(entry.values[column] is None for _, column in relation.terms):
            continue
        filled = sum(1 for number in numbers if number)
        if not filled and not value:
            continue
        residual = abs(value - sum(numbers))
        if residual and residual <= _slack(relation, ledger) and filled > 1:
            nats += _ROUNDED - log(min(1.0, 2 * chance(value)))
        elif not residual:
            nats += -log(chance(value)) if filled > 1 else 0.3
            holding += filled > 1
            carried += filled == 1
        else:
            contradicted += 1
            nats += _CONTRADICTED
    sparse = "total" in head and holding and not contradicted and holding + carried > _ROWS
    enough = holding >= _ROWS and holding > 3 * contradicted and not (relation.strict and contradicted)
    return nats if sparse or enough else -99.0


def _slack(relation: _Relation, ledger: Ledger) -> int:
    """Last places that rounding may leave."""
    return 0 if ledger.unit != "amount" else 1 if len(relation.terms) < _MANY else 2


def _identity(entry: Entry, relation: _Relation, nats: float) -> Identity | None:
    present = [(sign, column) for sign, column in relation.terms if entry.values[column] is not None]
    if entry.values[relation.total] is None or not present:
        return None
    terms = tuple(Addend(entry.identifier(column), whole(sign)) for sign, column in present)
    return Identity("cross_foot", entry.identifier(relation.total), terms, evidence=nats)

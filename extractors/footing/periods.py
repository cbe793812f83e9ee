"""Sums over time: nine months are six months and a quarter, a year is its quarters, in one document or between several.

Candidates come from periods that lie end to end; whether the rows of two or three tables really add up is asked of all
of them together, so that a column in which every figure is damaged is still known by its sound neighbour.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log

from extractors.footing.facts import Fact, Name, Sheet, explained, support
from extractors.footing.stack import ACCEPT
from schemas.amounts import ONE, shifted, total, whole
from schemas.filing import Duration, Period
from schemas.identities import Addend, Identity

_CONTRADICTED = -4.0
_ROUNDED = -0.5
_HELD_ROWS = 3  # rows in which a relation between columns must hold: fewer is coincidence
_MOST_PARTS = 4
_SLACK_DAYS = 3  # ends of months and of fiscal weeks
_MOST_EVIDENCE = 12.0

Split = tuple[Duration, tuple[Duration, ...]]


@dataclass(frozen=True, slots=True)
class _Instance:
    """The relation in one row: total and parts, what is left, and whether a misreading explains it."""

    name: Name
    total: Fact
    parts: tuple[Fact, ...]

    @property
    def residual(self) -> int:
        """Total less its parts, in units of the last printed place."""
        places = max(fact.printed.decimals for fact in (self.total, *self.parts))
        left = self.total.value - total([part.value for part in self.parts])
        return int(shifted(left, places))

    def explained(self, doubts: Mapping[str, float]) -> bool:
        """True when one member, misread, makes up the difference."""
        left = self.total.value - total([part.value for part in self.parts])
        if explained(self.total, self.total.value - left, doubts):
            return True
        return any(explained(part, part.value + left, doubts) for part in self.parts)


@dataclass(slots=True)
class _Relation:
    """A table's columns as sums of columns of the same or other tables: all rows, all pairs of columns."""

    instances: list[_Instance] = field(default_factory=list)


def find_period_sums(own: Sequence[Sheet], others: Sequence[Sheet], doubts: Mapping[str, float]) -> list[Identity]:
    """Sums over time among the facts of the document and of its witnesses."""
    sheets = [*own, *others]
    found: list[Identity] = []
    for relation in _relations(sheets):
        found += _believed(relation, doubts)
    return found


def _relations(sheets: Sequence[Sheet]) -> Iterator[_Relation]:
    """For each table and each way its periods split, the rows that can be compared."""
    durations = {p for sheet in sheets for p in sheet.periods if isinstance(p, Duration)}
    splits = split_periods(durations)
    for sheet in sheets:
        relations: dict[tuple[tuple[str | None, int], ...], _Relation] = {}
        for longest, parts in splits:
            if longest not in sheet.periods:
                continue
            partners = [_partners(sheet, part, sheets) for part in parts]
            for name, period, fact in sheet.facts():
                if period != longest or name[2] != "amount":
                    continue
                chosen = [_member(fact, name, part, of) for part, of in zip(parts, partners, strict=True)]
                if all(chosen):
                    pairs = [pair for pair in chosen if pair is not None]
                    key = tuple((partner.document, partner.index) for partner, _ in pairs)
                    instance = _Instance(name, fact, tuple(part for _, part in pairs))
                    relations.setdefault(key, _Relation()).instances.append(instance)
        yield from relations.values()


def split_periods(durations: set[Duration]) -> list[Split]:
    """All ways in which some of the periods fill one of them, end to end."""
    return [split for longest in sorted(durations, key=_key) for split in _splits(longest, durations)]


def _key(period: Duration) -> tuple[str, str]:
    return period.start, period.end


def _splits(longest: Duration, durations: set[Duration]) -> Iterator[Split]:
    """The ways in which shorter periods, end to end, fill a longer one."""
    end = _day(longest.end)

    def fill(start: dt.date, parts: tuple[Duration, ...]) -> Iterator[tuple[Duration, ...]]:
        if abs((start - end).days - 1) <= _SLACK_DAYS:
            yield parts
            return
        if len(parts) == _MOST_PARTS:
            return
        for period in sorted(durations, key=_key):
            close = abs((_day(period.start) - start).days) <= _SLACK_DAYS
            if close and period != longest and _day(period.end) <= end + dt.timedelta(_SLACK_DAYS):
                yield from fill(_day(period.end) + dt.timedelta(1), (*parts, period))

    for parts in fill(_day(longest.start), ()):
        if len(parts) > 1:
            yield longest, parts


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _partners(sheet: Sheet, period: Period, sheets: Sequence[Sheet]) -> list[Sheet]:
    """The tables that print the period, those with the most rows in common first."""
    having = [other for other in sheets if period in other.periods]
    return sorted(having, key=lambda other: -len(sheet.rows.keys() & other.rows.keys()))


def _member(fact: Fact, name: Name, period: Period, partners: Sequence[Sheet]) -> tuple[Sheet, Fact] | None:
    for partner in partners:
        other = partner.like(name, period, fact)
        if other is not None:
            return partner, other
    return None


def _believed(relation: _Relation, doubts: Mapping[str, float]) -> list[Identity]:
    """The instances of a relation that holds in enough rows; rows that speak against it (averages) left out."""
    nats, held, against = 0.0, 0, 0
    kept: list[_Instance] = []
    sound = {instance.name for instance in relation.instances if not instance.residual and _filled(instance) > 1}
    for instance in relation.instances:
        if not instance.total.value and not _filled(instance):
            continue
        left = instance.residual
        if not left:
            places = instance.total.printed.decimals
            nats += support(instance.total.value, places) if _filled(instance) > 1 else 0.3
            held += _filled(instance) > 1
            kept.append(instance)
        elif abs(left) <= len(instance.parts) - 1:
            nats += _ROUNDED
            kept.append(instance)
        elif instance.explained(doubts) or (doubts and instance.name in sound):
            kept.append(instance)
        else:
            nats += _CONTRADICTED
            against += 1
    if held < _HELD_ROWS or held <= against or nats <= ACCEPT:
        return []
    evidence = min(_MOST_EVIDENCE, nats, 6.0 + log((held + 0.5) / (against + 0.5)))
    return [identity for instance in kept if (identity := _identity(instance, evidence)) is not None]


def _filled(instance: _Instance) -> int:
    return sum(1 for part in instance.parts if part.value)


def _identity(instance: _Instance, evidence: float) -> Identity | None:
    """With a figure of this document as its total; None where all members are witnesses'."""
    if instance.total.document is None:
        terms = tuple(part.addend(ONE) for part in instance.parts)
        return Identity("cross_foot", instance.total.figure, terms, evidence=evidence)
    own = next((part for part in instance.parts if part.document is None), None)
    if own is None:
        return None
    rest: list[Addend] = [part.addend(whole(-1)) for part in instance.parts if part is not own]
    return Identity("cross_foot", own.figure, (instance.total.addend(ONE), *rest), evidence=evidence)

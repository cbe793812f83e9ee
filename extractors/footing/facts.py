"""Facts: figures under a name and a period, of this document and of its witnesses, table by table.

Tables are compared as wholes: two tables that agree in many rows are about the same things, and a row in which they do
not agree is then more likely misread than meant otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

from extractors.figures import ReadFigure
from extractors.footing.channel import bare, misreading_cost, printed_form
from extractors.footing.evidence import chance
from extractors.footing.labels import likeness, plain_label, words_of
from extractors.footing.ledger import Ledger, UnitClass
from schemas.amounts import Amount, amount, shifted
from schemas.filing import Filing, Period
from schemas.filing import Table as Filed
from schemas.identities import Addend, Printed

EDITABLE = 7.2
"""Nats of the channel up to which one common misreading explains a difference."""

Name = tuple[frozenset[str], bool, UnitClass, int]
"""Words of the label, whether it is called a total, class of unit, scale."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure of this document (``read``) or of a witness (``document``)."""

    figure: str
    printed: Printed
    section: frozenset[str]
    read: ReadFigure | None = None
    document: str | None = None

    @property
    def value(self) -> Amount:
        """As printed, in printed units."""
        return self.printed.value

    def addend(self, weight: Amount) -> Addend:
        """As a term of an identity."""
        if self.document is None:
            return Addend(self.figure, weight)
        return Addend(self.figure, weight, self.document, self.printed)


@dataclass(frozen=True)
class Sheet:
    """The facts of one table: by name the rows that bear it (one in each section), by period the facts of a row."""

    document: str | None
    index: int
    rows: Mapping[Name, Sequence[Mapping[Period, Fact]]]

    @cached_property
    def periods(self) -> frozenset[Period]:
        """Those in which the table prints anything."""
        return frozenset(period for rows in self.rows.values() for facts in rows for period in facts)

    def facts(self) -> Iterator[tuple[Name, Period, Fact]]:
        """All of them."""
        for name, rows in self.rows.items():
            for facts in rows:
                for period, fact in facts.items():
                    yield name, period, fact

    def like(self, name: Name, period: Period, fact: Fact) -> Fact | None:
        """The only fact of that name and period whose section does not speak against ``fact``."""
        rows = self.rows.get(name, ())
        alike = [facts[period] for facts in rows if period in facts and same_section(fact, facts[period])]
        return alike[0] if len(alike) == 1 else None


def own_sheets(ledgers: Sequence[Ledger]) -> list[Sheet]:
    """The facts of this document's tables."""
    found: dict[int, list[tuple[Name, Period, Fact]]] = {}
    for ledger in ledgers:
        for entry in ledger.entries:
            name = _name(entry.label, ledger.unit, ledger.scale)
            section = words_of(entry.heading)
            for figure, period in zip(entry.figures, entry.periods, strict=True):
                if figure is not None and period is not None and name[0]:
                    number = figure.number
                    printed = Printed(number.value, number.decimals, number.nil)
                    found.setdefault(ledger.table, []).append((name, period, Fact(figure.id, printed, section, figure)))
    return [Sheet(None, table, _by_section(facts)) for table, facts in sorted(found.items())]


def witness_sheets(witnesses: Sequence[Filing]) -> list[Sheet]:
    """The facts of the witnesses' tables, without those that need review: doubt is no evidence."""
    found = []
    for witness in sorted(witnesses, key=lambda filing: filing.source.sha256):
        for index, table in enumerate(witness.tables):
            facts = list(_witness_facts(witness.source.sha256, table))
            if facts:
                found.append(Sheet(witness.source.sha256, index, _by_section(facts)))
    return found


def _witness_facts(document: str, table: Filed) -> Iterator[tuple[Name, Period, Fact]]:
    rows = {row.index: row for row in table.rows}
    columns = {column.index: column.period for column in table.columns}
    for figure in table.figures:
        period, row = figure.period or columns.get(figure.column), rows.get(figure.row)
        if period is None or row is None or figure.needs_review:
            continue
        name = _name(plain_label(row.label), _class_of(figure.unit), figure.scale)
        if name[0]:
            section = words_of(plain_label(row.path[-1])) if row.path else frozenset[str]()
            printed = Printed(amount(figure.value), figure.decimals, figure.nil)
            yield name, period, Fact(figure.id, printed, section, document=document)


def _class_of(unit: str) -> UnitClass:
    if unit.endswith("/shares"):
        return "per_share"
    return "percent" if unit == "percent" else "shares" if unit == "shares" else "amount"


def _name(label: str, unit: UnitClass, scale: int) -> Name:
    return words_of(label), "total" in label, unit, scale


def _by_section(facts: Sequence[tuple[Name, Period, Fact]]) -> dict[Name, list[dict[Period, Fact]]]:
    """Rows of one name are told apart by their section; several facts of one name, section and period are none."""
    found: dict[Name, dict[tuple[str, ...], dict[Period, list[Fact]]]] = {}
    for name, period, fact in facts:
        section = tuple(sorted(fact.section))
        found.setdefault(name, {}).setdefault(section, {}).setdefault(period, []).append(fact)
    return {
        name: [{period: own[0] for period, own in periods.items() if len(own) == 1} for periods in sections.values()]
        for name, sections in found.items()
    }


def same_section(one: Fact, other: Fact) -> bool:
    """True unless both stand under headings that have little in common."""
    if not one.section or not other.section:
        return True
    return likeness(one.section, other.section) >= 0.5


def support(value: Amount, places: int) -> float:
    """Nats that an equality of this value is worth against coincidence."""
    return -log(chance(int(shifted(value, places))))


def explained(fact: Fact, true: Amount, doubts: Mapping[str, float]) -> bool:
    """True when the figure is in doubt, and one common misreading makes of ``true`` what was read."""
    if fact.read is None or fact.figure not in doubts or fact.printed.nil:
        return False
    places = fact.printed.decimals
    if true != round(true, places):
        return False
    return misreading_cost(printed_form(true, places), bare(fact.read.raw)) <= EDITABLE

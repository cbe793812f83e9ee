"""All the kinds of identities of a document, each once, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from extractors.figures import Body
from extractors.footing.across import find_cross_sums
from extractors.footing.adopting import read_all_ledgers
from extractors.footing.between import find_equal_totals, find_same_facts
from extractors.footing.doubts import read_doubts, without_ghosts
from extractors.footing.facts import own_sheets, witness_sheets
from extractors.footing.labels import OPENING
from extractors.footing.percentages import find_percentages
from extractors.footing.periods import find_period_sums
from extractors.footing.ratios import find_per_share
from extractors.footing.stack import Sum, find_sums
from extractors.footing.witnessed import find_witnessed
from extractors.meaning import Meaning
from extractors.tables import Table
from schemas.amounts import whole
from schemas.filing import Filing
from schemas.identities import Addend, Identity, IdentityKind

_LACKING = 5.0  # nats: a cell is lost about as often as a figure is misread


def find_identities(
    tables: Sequence[Table], bodies: Sequence[Body], meaning: Meaning, witnesses: Sequence[Filing] = ()
) -> list[Identity]:
    """Identities over the figures of the document, as accountants would write them, strongest form first in each table.

    A relation that holds exactly in one column is believed of the others too, so some of the identities may be broken:
    that is what they are for. Deterministic; each relation between the same figures is found once.

    Args:
        tables, bodies: as read, in the same order. meaning: units, scales and periods of their rows and columns.
        witnesses: results of the same company; facts of the same name, unit and period tie out against them.
    """
    doubts = read_doubts(bodies, meaning)
    ledgers = read_all_ledgers(tables, without_ghosts(bodies, doubts), meaning, doubts)
    found: list[Identity] = []
    for _, group in groupby(ledgers, key=lambda ledger: ledger.table):
        of_table = list(group)
        for ledger in of_table:
            sums = find_sums(ledger, doubts)
            found += [identity for relation in sums for identity in _instances(relation)]
            found += find_equal_totals(ledger, {relation.total.row for relation in sums})
        found += find_cross_sums(of_table, doubts)
        found += find_per_share(of_table, doubts)
        found += find_percentages(of_table, ledgers, doubts)
    found += find_same_facts(ledgers, doubts)
    own, others = own_sheets(ledgers), witness_sheets(witnesses)
    found += find_witnessed(own, others, doubts)
    found += find_period_sums(own, others, doubts)
    return _distinct(found)


def _instances(relation: Sum) -> Iterator[Identity]:
    """A sum as it stands in each column; a row that prints nothing there takes no part."""
    opening = any(OPENING.search(entry.label) for _, entry in relation.terms)
    kind: IdentityKind = "roll_forward" if opening else "foot"
    for column in relation.columns:
        terms = tuple(
            Addend(entry.identifier(column), whole(sign))
            for sign, entry in relation.terms
            if entry.values[column] is not None
        )
        nats = min(_LACKING, relation.nats) if _lacks(relation, column) else relation.nats
        yield Identity(kind, relation.total.identifier(column), terms, evidence=nats)


def _lacks(relation: Sum, column: int) -> bool:
    """True for a sum that does not hold in a column in which it lacks an addend that others print: it may be lost."""
    addends = [(sign, entry) for sign, entry in relation.terms if entry.values[column] is not None]
    holds = relation.total.values[column] == sum(sign * (entry.values[column] or 0) for sign, entry in addends)
    gone = (entry for _, entry in relation.terms if entry.values[column] is None)
    return not holds and any(entry.values[other] is not None for entry in gone for other in relation.columns)


def _distinct(identities: list[Identity]) -> list[Identity]:
    """Each relation once: a tie-out read from either side is the same."""
    seen: set[tuple[str, frozenset[str], str | None]] = set()
    found = []
    for identity in identities:
        own = frozenset(f"{term.document or ''}/{term.figure}" for term in identity.terms)
        kind = "ratio" if identity.divisor else "sum"
        key = kind, own | {f"/{identity.total}"}, identity.divisor
        if key not in seen:
            seen.add(key)
            found.append(identity)
    return found

"""Rows that the words put among the shares and the sums among the amounts, or the other way round, or percentages.

"Common stock issued" may be money or a number of shares, "effect of dilutive securities" either; the words of a label
do not always tell, and a statement that foots with a row and not without it does. Percentages whose sign is printed
once a column are no longer seen to be some where one of their figures is misread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from extractors.figures import Body
from extractors.footing.doubts import find_likely
from extractors.footing.ledger import ClassKey, Ledger, UnitClass, read_ledgers
from extractors.footing.stack import Sum, find_sums
from extractors.meaning import Meaning
from extractors.tables import Table

_SURE = 8.0  # nats of a sum that may overrule the words


def read_all_ledgers(
    tables: Sequence[Table], bodies: Sequence[Body], meaning: Meaning, doubts: Mapping[str, float]
) -> list[Ledger]:
    """The ledgers of all tables, in the order of the tables, each row in the class in which it foots."""
    found: list[Ledger] = []
    likely = find_likely(bodies, meaning)
    for index, (table, body, means) in enumerate(zip(tables, bodies, meaning.tables, strict=True)):
        found += _adopted(partial(read_ledgers, index, table, body, means, likely), doubts)
    return found


def _adopted(read: Callable[[Mapping[int, ClassKey]], list[Ledger]], doubts: Mapping[str, float]) -> list[Ledger]:
    ledgers = read({})
    moved: dict[int, ClassKey] = {}
    for target, rows in _pairs(ledgers, bool(doubts)):
        key = target.unit, target.scale
        trial = next(ledger for ledger in read(dict.fromkeys(rows, key)) if (ledger.unit, ledger.scale) == key)
        gained = _gained(find_sums(target, doubts), find_sums(trial, doubts), rows)
        moved.update((row, key) for row in gained if row not in moved)
    return read(moved) if moved else ledgers


_DONORS: Mapping[UnitClass, UnitClass] = {"amount": "shares", "shares": "amount", "percent": "amount"}


def _pairs(ledgers: Sequence[Ledger], doubtful: bool) -> Iterator[tuple[Ledger, frozenset[int]]]:
    """A ledger, and the rows of another that lie among its own; capital stock may open a statement of money."""
    for target in ledgers:
        if target.unit == "per_share" or (target.unit == "percent" and not doubtful):
            continue
        first, last = target.entries[0].row - (target.unit == "amount"), target.entries[-1].row
        for donor in ledgers:
            if donor.unit != _DONORS[target.unit]:
                continue
            rows = frozenset(entry.row for entry in donor.entries if first <= entry.row < last)
            if rows:
                yield target, rows


def _gained(before: Sequence[Sum], after: Sequence[Sum], rows: frozenset[int]) -> set[int]:
    """The rows with which sums close that did not close without them."""
    closed = {relation.total.row for relation in before if not relation.contradicted}
    found: set[int] = set()
    for relation in after:
        own = {entry.row for _, entry in relation.terms} & rows
        sound = relation.nats > _SURE and not relation.contradicted
        if own and sound and relation.total.row not in rows and relation.total.row not in closed:
            found |= own
    return found

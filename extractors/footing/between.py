"""Ties between rows: equal totals of one table, the same fact in two tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from math import log

from extractors.figures import ReadFigure
from extractors.footing.channel import bare, misreading_cost, printed_form
from extractors.footing.evidence import chance, significant
from extractors.footing.facts import EDITABLE
from extractors.footing.labels import is_total, likeness, words_of
from extractors.footing.ledger import Entry, Ledger
from extractors.footing.stack import ACCEPT
from schemas.amounts import ONE
from schemas.filing import Period
from schemas.identities import Addend, Identity

_CONTRADICTED = -99.0  # the same fact has one value: another is another fact
_MISREAD = -1.0  # one common misreading explains the difference
_TELLING = frozenset(
    {
        "basic",
        "diluted",
        "comprehensive",
        "continuing",
        "discontinued",
        "non",
        "before",
        "after",
        "attributable",
        "gross",
        "adjusted",
        "excluding",
    }
)
"""Words that make another fact of a row when only one of two labels has them."""

_LIKE = 0.5
_DISTINCT = 3  # digits of two figures a last place apart under one label, which then are one fact in any section
_MOST_ALIKE = 12  # rows with one value in one period; more is a filler, no fact


def find_equal_totals(ledger: Ledger, closed: set[int]) -> list[Identity]:
    """Assets against liabilities and equity: two sums of one balance sheet that must be equal."""
    if ledger.unit != "amount":
        return []
    sums = [entry for entry in ledger.entries if entry.row in closed or (is_total(entry.label) and entry.label)]
    found: list[Identity] = []
    for one, other in combinations(sums, 2):
        if not _balance(one, other, closed):
            continue
        shared = [c for c in range(ledger.columns) if one.values[c] is not None and other.values[c] is not None]
        held = [c for c in shared if one.values[c] == other.values[c] and one.values[c]]
        nats = sum(-log(chance(one.values[c] or 0)) for c in held) - 4.0 * (len(shared) - len(held)) - 2.0
        if held and nats > ACCEPT:
            found += [_tie(one.identifier(c), Addend(other.identifier(c)), nats) for c in shared]
    return found


def _balance(one: Entry, other: Entry, closed: set[int]) -> bool:
    """True when one label speaks of assets, the other of liabilities and equity (or the closing sum has none)."""
    if "assets" not in one.label and one.label:
        return False
    if not other.label:
        return other.row in closed and one.row in closed
    claims = "liabilit" in other.label and (
        "equity" in other.label or "deficit" in other.label or "capital" in other.label
    )
    return claims or ("liabilit" in other.label and other.label != "total liabilities" and one.row in closed)


def _tie(total: str, term: Addend, nats: float) -> Identity:
    return Identity("tie_out", total, (term,), evidence=nats)


Place = tuple[int, int, int]
"""Ledger, entry and column, counted from 0."""


def find_same_facts(ledgers: Sequence[Ledger], doubts: Mapping[str, float]) -> list[Identity]:
    """The same fact printed twice in a document: same words, same period, same unit.

    Where neither figure is in doubt another value is another fact; otherwise one of them may be misread.
    """
    spots: dict[tuple[str, int, int, Period, int], list[Place]] = {}
    for number, ledger in enumerate(ledgers):
        for place, entry in enumerate(ledger.entries):
            for column, value in enumerate(entry.values):
                period = entry.periods[column]
                if value and period is not None and significant(value) >= 2:
                    key = (ledger.unit, ledger.scale, ledger.places, period, abs(value))
                    spots.setdefault(key, []).append((number, place, column))
    pairs: set[tuple[tuple[int, int], tuple[int, int]]] = set()
    for places in spots.values():
        rows = sorted({(number, place) for number, place, _ in places})
        if len(rows) <= _MOST_ALIKE:
            pairs.update((rows[0], row) for row in rows[1:])
            pairs.update(pairwise(rows))
    found: list[Identity] = []
    for one, other in sorted(pairs):
        found += _same_fact((ledgers[one[0]], one[1]), (ledgers[other[0]], other[1]), doubts)
    return found


def _same_fact(one: tuple[Ledger, int], other: tuple[Ledger, int], doubts: Mapping[str, float]) -> list[Identity]:
    """Tie-outs of two rows over the periods they share, none when they are two facts."""
    left, right = one[0].entries[one[1]], other[0].entries[other[1]]
    nats, one_section = _alike(left, right), _one_section(left, right)
    best: list[Identity] = []
    for sign in (1, -1):
        total = nats - (2.0 if sign < 0 else 0.0)
        columns, holding, broken = [], 0, 0
        for a, b in _shared(left, right):
            x, y = left.values[a] or 0, right.values[b] or 0
            if not x and not y:
                continue
            columns.append((a, b))
            if x == sign * y:
                total += -log(chance(x))
                holding += 1
                continue
            broken += 1
            near = one_section or (abs(x - sign * y) <= 1 and significant(x) >= _DISTINCT)
            misread = near and _misread((left.figures[a], right.figures[b]), sign, doubts)
            total += _MISREAD if misread else _CONTRADICTED
        if holding > broken and total > ACCEPT + 1:
            weight = ONE * sign
            best = [_tie(right.identifier(b), Addend(left.identifier(a), weight), total) for a, b in columns]
            break
    return best


def _alike(left: Entry, right: Entry) -> float:
    """Nats the labels give to two rows being one fact."""
    if left.table == right.table and _told_apart(left, right):
        return -99.0  # basic and diluted earnings of one caption
    if left.label and left.label == right.label:
        return 0.0
    if left.table == right.table or (left.words ^ right.words) & _TELLING:
        return -99.0
    words = likeness(left.words, right.words)
    return -5.0 + 4.0 * words if words >= 0.5 else -99.0


def _one_section(left: Entry, right: Entry) -> bool:
    """True unless the rows stand under headings that have little in common: there "Domestic" may be two facts."""
    if not left.heading or not right.heading:
        return left.table != right.table or left.heading == right.heading
    alike = likeness(words_of(left.heading), words_of(right.heading))
    return alike >= _LIKE and not _told_apart(left, right)


def _told_apart(left: Entry, right: Entry) -> bool:
    """True when a word that makes another fact stands in one of two headings."""
    told = (words_of(left.heading) ^ words_of(right.heading)) & _TELLING
    return bool(left.heading and right.heading and told)


def _shared(left: Entry, right: Entry) -> Iterator[tuple[int, int]]:
    """Pairs of columns in which both rows print a figure of the same period."""
    where: dict[Period, int] = {}
    for column, period in enumerate(left.periods):
        if period is not None and left.values[column] is not None:
            where.setdefault(period, column)
    for column, period in enumerate(right.periods):
        if period is not None and right.values[column] is not None and period in where:
            pair = where[period], column
            if (left.table, left.row, pair[0]) != (right.table, right.row, column):
                yield pair


def _misread(pair: tuple[ReadFigure | None, ReadFigure | None], sign: int, doubts: Mapping[str, float]) -> bool:
    """True when one is in doubt, and what a common misreading makes of the other."""
    one, other = pair
    if one is None or other is None or one.number.nil or other.number.nil:
        return False
    return any(
        misreading_cost(printed_form(true.number.value * sign, true.number.decimals), bare(figure.raw)) <= EDITABLE
        for figure, true in ((one, other), (other, one))
        if figure.id in doubts
    )

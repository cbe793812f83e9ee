"""Earnings per share: income over the weighted number of shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from extractors.footing.labels import INCOME, NET_INCOME, OTHERS, OWNERS, likeness
from extractors.footing.ledger import Entry, Ledger
from schemas.amounts import ONE, Amount, shifted
from schemas.identities import Addend, Identity, Printed, evaluate

_HOLDS, _FAILS = 1.6, -1.0  # a column in which a per-share figure agrees, or does not but may be misread
_CONTRADICTED = -99.0  # read with certainty, it is another figure
_ACCEPT_PER_SHARE = 4.0
_OWNERS = 1.5  # earnings per share are those of the owners of the shares
_NEAREST = 1.0  # the last line above
_OTHER_OPERATIONS = -3.0
_MOST_PER_SHARE = 60  # rows of one table; more are prices and values of units, no earnings


@dataclass(frozen=True, slots=True)
class _Quotient:
    """One row as the quotient of two others, with the power of ten between their scales."""

    quotient: Entry
    dividend: Entry
    divisor: Entry
    factor: Amount

    def identities(self, nats: float) -> list[Identity]:
        """One identity for each column in which all three are printed and the divisor is not nought."""
        return [
            Identity(
                "ratio",
                self.quotient.identifier(c),
                (Addend(self.dividend.identifier(c)),),
                self.divisor.identifier(c),
                self.factor,
                nats,
            )
            for c in self.columns()
        ]

    def columns(self) -> Iterator[int]:
        """The columns in which it can be evaluated."""
        for c in range(len(self.quotient.figures)):
            figure = self.quotient.figures[c]
            # a dash per share is less than half a cent, which a nought is not
            if figure and not figure.number.nil and self.dividend.figures[c] and self.divisor.values[c]:
                yield c

    def doubted(self, column: int, doubts: Mapping[str, float]) -> bool:
        """True when one of the three may be misread there."""
        members = (self.quotient, self.dividend, self.divisor)
        return any(entry.identifier(column) in doubts for entry in members)

    def holds(self, column: int) -> bool:
        """True when the quotient in a column is right within the rounding of the three figures."""
        members = {"q": self.quotient, "n": self.dividend, "d": self.divisor}
        figures = {name: _printed(entry, column) for name, entry in members.items()}
        return evaluate(Identity("ratio", "q", (Addend("n"),), "d", self.factor), figures).verdict != "broken"


def _printed(entry: Entry, column: int) -> Printed:
    figure = entry.figures[column]
    if figure is None:
        raise KeyError(f"row {entry.row} holds nothing in column {column}")
    return Printed(figure.number.value, figure.number.decimals, figure.number.nil)


def find_per_share(ledgers: Sequence[Ledger], doubts: Mapping[str, float]) -> list[Identity]:
    """Earnings per share against net income and the weighted shares of the same table."""
    incomes = [(ledger, entry) for ledger in ledgers if ledger.unit == "amount" for entry in ledger.entries]
    incomes = [item for item in incomes if INCOME.search(item[1].label) and not OTHERS.search(item[1].label)][-30:]
    shares = [(ledger, entry) for ledger in ledgers if ledger.unit == "shares" for entry in ledger.entries][:12]
    shares += [(one, _merged(a, b)) for (one, a), (two, b) in combinations(shares, 2) if one is two and _disjoint(a, b)]
    found: list[Identity] = []
    for ledger in ledgers:
        if ledger.unit != "per_share" or not incomes or not shares:
            continue
        for entry in ledger.entries[:_MOST_PER_SHARE]:
            found += _best_per_share(entry, incomes, shares, doubts)
    return found


def _disjoint(one: Entry, other: Entry) -> bool:
    """True when no column has a figure in both rows: losses are divided by basic shares, profits by diluted ones."""
    return all(a is None or b is None for a, b in zip(one.figures, other.figures, strict=True))


def _merged(one: Entry, other: Entry) -> Entry:
    """Two disjoint rows as one."""
    figures = tuple(a if a is not None else b for a, b in zip(one.figures, other.figures, strict=True))
    values = tuple(a if a is not None else b for a, b in zip(one.values, other.values, strict=True))
    return replace(one, figures=figures, values=values)


def _best_per_share(
    entry: Entry,
    incomes: list[tuple[Ledger, Entry]],
    shares: list[tuple[Ledger, Entry]],
    doubts: Mapping[str, float],
) -> list[Identity]:
    best: tuple[float, _Quotient] | None = None
    nearest = max((income.row for _, income in incomes if income.row < entry.row), default=-1)
    for amounts, dividend in incomes:
        for counts, divisor in shares:
            factor = shifted(ONE, _power(amounts.scale) - _power(counts.scale))
            quotient = _Quotient(entry, dividend, divisor, factor)
            nats = _weigh_per_share(quotient, doubts) + (_NEAREST if dividend.row == nearest else 0.0)
            if best is None or nats > best[0] + 1e-9:
                best = nats, quotient
    return best[1].identities(best[0]) if best and best[0] > _ACCEPT_PER_SHARE else []


def _weigh_per_share(quotient: _Quotient, doubts: Mapping[str, float]) -> float:
    entry, dividend, divisor = quotient.quotient, quotient.dividend, quotient.divisor
    if _kind(entry) and _kind(divisor) and not _kind(entry) & _kind(divisor):
        return -99.0
    columns = [c for c in quotient.columns() if dividend.values[c]]
    held = sum(1 for c in columns if quotient.holds(c))
    if held * 2 < len(columns) or not held:
        return -99.0
    nats = sum(
        _HOLDS if quotient.holds(c) else _FAILS if quotient.doubted(c, doubts) else _CONTRADICTED for c in columns
    )
    nats += 3.0 * likeness(_kind(entry), _kind(divisor))
    nats += 3.0 if NET_INCOME.search(dividend.label) else 0.0
    nats += _OWNERS if OWNERS.search(dividend.label) else 0.0
    if _operations(entry) != _operations(dividend):
        nats += _OTHER_OPERATIONS
    return nats + (1.5 if ("non" in entry.words) == ("non" in dividend.words) else -3.0)


def _operations(entry: Entry) -> frozenset[str]:
    """Whether a row is about continuing or discontinued operations, or says nothing."""
    return frozenset(word for word in ("continuing", "discontinued") if word in entry.label)


def _kind(entry: Entry) -> frozenset[str]:
    """Basic or diluted, or both, as label and heading say."""
    return frozenset(word for word in ("basic", "dilut") if word in entry.label) or frozenset(
        word for word in ("basic", "dilut") if word in entry.heading
    )


def _power(scale: int) -> int:
    return len(str(scale)) - 1

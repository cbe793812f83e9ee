"""Percentages: margins, shares of revenue or of a total, changes from one column to another.

A percentage has few digits, so one that agrees says little: what is believed is a whole row, a block of rows that
mirrors the amounts above it, or a column. Publishers plug percentages so that they add up; one that is off by a last
place is therefore kept as a check that does not hold, one that is far off has another base and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product
from math import log

from extractors.footing.bases import MOST_BASES, find_bases, find_bases_elsewhere
from extractors.footing.evidence import significant
from extractors.footing.labels import REVENUE, is_total, likeness
from extractors.footing.ledger import Entry, Ledger
from schemas.amounts import ONE, Amount, half_unit, whole
from schemas.identities import Addend, Evaluation, Identity, Printed, evaluate

_HOLDS = 2.3  # nats of each significant digit of a percentage that agrees
_FAILS = -3.0
_ACCEPT_ROW = 7.0
_ACCEPT_MANY = 9.0  # a block or a column; many are tried
_PLUGGED = 3  # halves of a last place beyond rounding that a plugged percentage is off by
_PLUG = 1.0  # nats of an instance that is off by a last place: as likely plugged as misread
_LEAST = 3  # percentages that must hold before a block or a column is believed
_MOST_COLUMNS = 16
_ALIKE = 0.34

HUNDRED = whole(100)


@dataclass(frozen=True, slots=True)
class _Share:
    """One percentage as 100 · Σ weight·term / divisor, the terms and the divisor as row and column."""

    percentage: tuple[Entry, int]
    terms: tuple[tuple[int, Entry, int], ...]
    divisor: tuple[Entry, int]
    factor: Amount = HUNDRED

    def state(self) -> Evaluation | None:
        """None where something is missing, a dash, or nought below the line."""
        if any(_missing(entry, column) for entry, column in (self.percentage, self.divisor)):
            return None
        if any(entry.figures[column] is None for _, entry, column in self.terms) or self._nil():
            return None
        members = [self.percentage, self.divisor, *((entry, column) for _, entry, column in self.terms)]
        return evaluate(self.identity(0.0), {e.identifier(c): _printed(e, c) for e, c in members})

    def _nil(self) -> bool:
        return _printed(*self.percentage).nil or _printed(*self.divisor).value <= 0

    def identity(self, nats: float) -> Identity:
        """The share as an identity."""
        terms = tuple(Addend(entry.identifier(column), ONE * sign) for sign, entry, column in self.terms)
        percentage, divisor = self.percentage[0].identifier(self.percentage[1]), self.divisor[0]
        return Identity("ratio", percentage, terms, divisor.identifier(self.divisor[1]), self.factor, nats)

    def digits(self) -> int:
        """Significant digits of the percentage, at most three: more are not independent."""
        return min(3, significant(self.percentage[0].values[self.percentage[1]] or 0))

    def plugged(self) -> bool:
        """True for one that is off, by no more than a last place."""
        state = self.state()
        return state is not None and state.verdict == "broken" and self.near(state)

    def near(self, state: Evaluation) -> bool:
        """True for one that is off by no more than a plugged last place."""
        beyond = abs(state.residual) - state.tolerance
        return beyond <= _PLUGGED * half_unit(_printed(*self.percentage).decimals)

    def doubted(self, doubts: Mapping[str, float]) -> bool:
        """True when the percentage may be misread."""
        return self.percentage[0].identifier(self.percentage[1]) in doubts


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Shares that one relation makes: nats, how many hold, how many are off, and those worth keeping."""

    nats: float
    held: int
    failed: int
    kept: tuple[_Share, ...]

    def identities(self) -> list[Identity]:
        """One for each share that is kept; one that may be plugged is no reason to read anything otherwise."""
        return [share.identity(min(self.nats, _PLUG) if share.plugged() else self.nats) for share in self.kept]


_NONE = _Weighed(-99.0, 0, 0, ())


def _missing(entry: Entry, column: int) -> bool:
    return entry.figures[column] is None


def _printed(entry: Entry, column: int) -> Printed:
    figure = entry.figures[column]
    if figure is None:
        raise KeyError(f"row {entry.row} holds nothing in column {column}")
    return Printed(figure.number.value, figure.number.decimals, figure.number.nil)


def find_percentages(
    ledgers: Sequence[Ledger], everything: Sequence[Ledger], doubts: Mapping[str, float]
) -> list[Identity]:
    """The percentages of one table.

    Args:
        ledgers: those of the table. everything: those of the document; revenue may stand in another table.
        doubts: probability of a misreading by figure id, for those in doubt.
    """
    percents = [ledger for ledger in ledgers if ledger.unit == "percent"]
    amounts = [entry for ledger in ledgers if ledger.unit == "amount" for entry in ledger.entries]
    if not percents or not amounts:
        return []
    found: list[Identity] = []
    for ledger in percents:
        claimed: set[int] = set()
        for share in _columns(ledger, amounts, doubts):
            found += share.identities()
            claimed.update(kept.percentage[0].row for kept in share.kept)
        own = find_bases(amounts)
        for block in _blocks([entry for entry in ledger.entries if entry.row not in claimed]):
            best = _block(block, amounts, own or find_bases_elsewhere(everything, amounts, block[0].periods), doubts)
            found += best.identities()
            claimed.update(entry.row for entry in block if best.kept)
        for entry in ledger.entries:
            if entry.row not in claimed:
                found += _row(entry, amounts, own, doubts).identities()
    return found


def _weigh(shares: Sequence[_Share], doubts: Mapping[str, float]) -> _Weighed:
    nats, held, failed = 0.0, 0, 0
    kept: list[_Share] = []
    for share in shares:
        state = share.state()
        if state is None:
            continue
        if state.verdict != "broken":
            held += 1
            nats += _HOLDS * share.digits()
            kept.append(share)
            continue
        failed += 1
        nats += _FAILS
        if share.near(state) or share.doubted(doubts):
            kept.append(share)
    return _Weighed(nats, held, failed, tuple(kept))


def _better(best: _Weighed, other: _Weighed) -> _Weighed:
    return other if other.nats > best.nats + 1e-9 else best


def _across(entry: Entry, terms: Sequence[tuple[int, Entry]], base: Entry) -> list[_Share]:
    """The shares of one row, one in each column."""
    places = range(len(entry.figures))
    return [_Share((entry, c), tuple((sign, e, c) for sign, e in terms), (base, c)) for c in places]


# --- rows -----------------------------------------------------------------------------------------------------------


def _row(entry: Entry, amounts: Sequence[Entry], bases: Sequence[Entry], doubts: Mapping[str, float]) -> _Weighed:
    """A margin against the row it speaks of and revenue, or against revenue less the cost of the same name."""
    best = _NONE
    for dividend in amounts:
        alike = likeness(entry.words, dividend.words)
        if alike < _ALIKE and dividend.row != entry.row - 1:
            continue
        for base in bases:
            if base is not dividend:
                weighed = _weigh(_across(entry, ((1, dividend),), base), doubts)
                nats = weighed.nats + 2.0 * alike - log(1 + len(bases))
                best = _better(best, replace(weighed, nats=nats))
    for revenue, cost in _margins(entry, amounts):
        weighed = _weigh(_across(entry, ((1, revenue), (-1, cost)), revenue), doubts)
        best = _better(best, replace(weighed, nats=weighed.nats + 2.0))
    return best if best.nats > _ACCEPT_ROW and best.held > best.failed else _NONE


def _margins(entry: Entry, amounts: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Revenue and cost of one name, for the margin of that name: "Product" under each of the three headings."""
    alike = [amount for amount in amounts if amount.words and amount.words == entry.words]
    for revenue, cost in permutations(alike, 2):
        if "cost" in cost.heading and "cost" not in revenue.heading and REVENUE.search(revenue.heading):
            yield revenue, cost


# --- blocks ---------------------------------------------------------------------------------------------------------


def _blocks(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Runs of percentages in rows directly below one another."""
    found: list[list[Entry]] = []
    for entry in entries:
        if found and found[-1][-1].row == entry.row - 1:
            found[-1].append(entry)
        else:
            found.append([entry])
    return found


def _block(
    block: Sequence[Entry], amounts: Sequence[Entry], bases: Sequence[Entry], doubts: Mapping[str, float]
) -> _Weighed:
    """Percentages that mirror the amounts directly above them, row by row, as shares of one base."""
    above = [entry for entry in amounts if entry.row < block[0].row][-len(block) :]
    if len(block) < _LEAST or len(above) < len(block) or block[0].row - above[-1].row > len(block):
        return _NONE
    if any(likeness(one.words, other.words) < _ALIKE for one, other in zip(block, above, strict=True)):
        return _NONE
    best = _NONE
    for base in bases:
        pairs = zip(block, above, strict=True)
        shares = [share for one, other in pairs for share in _across(one, ((1, other),), base)]
        best = _better(best, _weigh(shares, doubts))
    return _believed(best, len(bases))


def _believed(best: _Weighed, tried: int) -> _Weighed:
    """The relation, where it holds often enough to be more than the luckiest of those tried."""
    nats = best.nats - log(1 + tried)
    sound = best.held >= _LEAST and best.held >= 3 * best.failed and nats > _ACCEPT_MANY
    return replace(best, nats=nats) if sound else _NONE


# --- columns --------------------------------------------------------------------------------------------------------


def _columns(ledger: Ledger, amounts: Sequence[Entry], doubts: Mapping[str, float]) -> Iterator[_Weighed]:
    """Columns of percentages beside columns of amounts: shares of one row, or changes from one column to another."""
    rows = {entry.row: entry for entry in amounts}
    pairs = [(entry, rows[entry.row]) for entry in ledger.entries if entry.row in rows]
    if len(pairs) < _LEAST or ledger.columns > _MOST_COLUMNS:
        return
    used = [c for c in range(ledger.columns) if sum(1 for _, row in pairs if row.figures[c]) >= _LEAST]
    bases = [entry for entry in amounts if REVENUE.search(entry.label) or is_total(entry.label)][: 2 * MOST_BASES]
    for column in range(ledger.columns):
        printed = [(entry, row) for entry, row in pairs if entry.figures[column]]
        if len(printed) < _LEAST:
            continue
        tried, best = 0, _NONE
        for shares in _column_relations(printed, column, used, bases):
            tried += 1
            best = _better(best, _weigh(shares, doubts))
        best = _believed(best, tried)
        if best.kept:
            yield best


def _column_relations(
    printed: Sequence[tuple[Entry, Entry]], column: int, used: Sequence[int], bases: Sequence[Entry]
) -> Iterator[list[_Share]]:
    for own, base in product(used, bases):
        if own != column and base.figures[own]:
            yield [_Share((entry, column), ((1, row, own),), (base, own)) for entry, row in printed]
    for new, old in permutations(used, 2):
        if column not in (new, old):
            yield [_Share((entry, column), ((1, row, new), (-1, row, old)), (row, old)) for entry, row in printed]

"""The board that repair plays on: identities, figures, and what any reading of them costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log

from extractors.repair.readings import Readings
from schemas.amounts import ONE, ZERO, Amount, product, quotient, shifted
from schemas.identities import Evaluation, Figures, Identity, Printed, evaluate

_UNFORESEEN = 4.0  # nats of a misreading, somewhere in an identity, that the channel does not know
_LEAST_PRICE, _MOST_PRICE = 5.0, 15.0  # nats of an identity that is meant but does not hold as printed
_LEAST_ROUNDING, MOST_ROUNDING = 1.5, 7.0  # nats of a sum that holds only within rounding
_ROUNDED, _SUMS = 0.1, 3.0  # publishers round either often or never: a few sums seen say much
_FURTHER_UNIT = 1.6  # nats for each further last place of a rounding difference


@dataclass(slots=True)
class Board:
    """All identities, the figures as read, and the readings of the doubted ones.

    Attributes:
        weak: figures with few digits (percents, per share); a sum of them proves nothing alone.
        likely: what the printed form itself says of figures at odds with it, where that is not what was read.
        rounding_price: what a sum costs that holds only within rounding: the rarer they are here, the more.
    """

    identities: Sequence[Identity]
    figures: Figures
    readings: Mapping[str, Readings]
    weak: frozenset[str] = frozenset()
    touching: dict[str, list[int]] = field(init=False)
    likely: dict[str, Amount] = field(init=False)
    rounding_price: float = field(init=False)
    _members: list[tuple[str, ...]] = field(init=False, repr=False)
    _doubted: list[list[str]] = field(init=False, repr=False)
    _weights: dict[int, dict[str, Amount]] = field(init=False, repr=False)
    _prices: dict[int, float] = field(init=False, repr=False)
    _known: dict[tuple[int, tuple[tuple[str, Amount], ...]], Evaluation | None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.touching = {}
        self._members = [tuple(dict.fromkeys(identity.members())) for identity in self.identities]
        self._doubted = [[m for m in members if m in self.readings] for members in self._members]
        self._known, self._weights, self._prices = {}, {}, {}
        for number, members in enumerate(self._members):
            for member in members:
                self.touching.setdefault(member, []).append(number)
        favoured = ((m, self.readings[m].favourite) for m in self.touching if m in self.readings)
        self.likely = {m: value for m, value in favoured if value != self.figures[m].value}
        self.rounding_price = min(MOST_ROUNDING, max(_LEAST_ROUNDING, -log(self.rounding_rate())))

    def rounding_rate(self) -> float:
        """How often the sums of this document, as read, hold only within rounding (0-1)."""
        states = [(n, self.evaluate(n, {})) for n in range(len(self.identities)) if self.is_sum(n)]
        rounded = sum(
            1
            for n, state in states
            if state is not None and state.verdict == "rounding" and not self._misread(n, state)
        )
        return (rounded + _ROUNDED) / (len(states) + _SUMS)

    def _misread(self, number: int, state: Evaluation) -> bool:
        """True when a reading that the recogniser saw too makes a sum exact that only rounds."""
        return any(self.readings[member].printed_evidence(value) for member, value in self.closings(number, state))

    def closings(self, number: int, state: Evaluation) -> Iterator[tuple[str, Amount]]:
        """Each doubted member of a sum with the value that makes it exact."""
        weights = self.weights(number)
        for member in self.doubted(number):
            if weights[member]:
                yield member, self.figures[member].value - quotient(state.residual, weights[member])

    def price_rounding(self, number: int, state: Evaluation) -> float:
        """What it costs that a sum holds only within rounding: more for each further last place."""
        units = max(1, int(abs(shifted(state.residual, self.places(self.identities[number].total)))))
        return self.rounding_price + _FURTHER_UNIT * (units - 1)

    def places(self, member: str) -> int:
        """The decimals that a figure should show."""
        return self.readings[member].places if member in self.readings else self.figures[member].decimals

    def is_sum(self, number: int) -> bool:
        """True for a relation of three figures or more without a quotient."""
        return self.identities[number].divisor is None and len(self.identities[number].terms) > 1

    def evaluate(self, number: int, changes: Mapping[str, Amount]) -> Evaluation | None:
        """An identity with some figures read otherwise; None when it divides by nought."""
        own: tuple[tuple[str, Amount], ...] = ()
        if changes:
            own = tuple(
                (m, changes[m]) for m in self._members[number] if m in changes and changes[m] != self.figures[m].value
            )
        key = number, own
        if key not in self._known:
            self._known[key] = self._evaluate(number, own)
        return self._known[key]

    def _evaluate(self, number: int, changes: tuple[tuple[str, Amount], ...]) -> Evaluation | None:
        values: Figures = self.figures
        if changes:
            members = {member: self.figures[member] for member in self._members[number]}
            members.update({m: self.readings[m].printed(v) for m, v in changes})
            values = members
        try:
            return evaluate(self.identities[number], values)
        except ZeroDivisionError:
            return None

    def charge(self, number: int, changes: Mapping[str, Amount]) -> float:
        """What an identity costs under some readings: its price when it is broken, that of rounding, or nothing."""
        state = self.evaluate(number, changes)
        if state is None or state.verdict == "exact":
            return 0.0
        if state.verdict == "broken":
            return self.price(number)
        return self.price_rounding(number, state) if self.is_sum(number) else 0.0

    def price(self, number: int) -> float:
        """What it costs to leave an identity broken: its evidence, or a misreading beyond all readings considered.

        Such a misreading, or a row that was lost, leaves any residual: the more digits it has, the less likely is this.
        """
        known = self._prices.get(number)
        if known is None:
            largest = max(abs(self._units(m, self.figures[m].value)) for m in self._members[number])
            state = self.evaluate(number, self.likely)
            left = abs(self._units(self.identities[number].total, state.residual)) if state else largest
            # sizes are spread evenly over the powers of ten, either way
            unforeseen = _UNFORESEEN + min(log(1 + largest), log(1 + 2 * left * log(1 + largest)))
            known = min(_MOST_PRICE, max(_LEAST_PRICE, min(unforeseen, self.identities[number].evidence)))
            self._prices[number] = known
        return known

    def _units(self, member: str, value: Amount) -> int:
        """A value in last places of a figure."""
        return int(shifted(value, self.figures[member].decimals))

    def doubted(self, number: int) -> list[str]:
        """The members of an identity that may be read otherwise."""
        return self._doubted[number]

    def cost(self, member: str, value: Amount) -> float:
        """Nats of reading a figure as ``value`` rather than as it was read."""
        return 0.0 if value == self.figures[member].value else self.readings[member].cost(value)

    def printed(self, member: str, value: Amount) -> Printed:
        """The figure when it is read as ``value``."""
        return self.figures[member] if value == self.figures[member].value else self.readings[member].printed(value)

    def weights(self, number: int) -> dict[str, Amount]:
        """How the residual moves with each member: +1 for the total, minus factor·weight for a term."""
        known = self._weights.get(number)
        if known is None:
            identity = self.identities[number]
            known = {identity.total: ONE}
            for term in identity.terms:
                if term.document is None:
                    known[term.figure] = known.get(term.figure, ZERO) - product(identity.factor, term.weight)
            self._weights[number] = known
        return known

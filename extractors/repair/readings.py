"""Other readings of a doubted figure, and what each costs in nats more than the plain one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import log, log10
from statistics import median

from extractors.figures import Body, ReadFigure
from extractors.footing.channel import LOST_COMMA, UNRELATED, bare, misreading_cost, neighbours, printed_form
from extractors.footing.doubts import find_enclosing, usual_places
from extractors.meaning import Meaning
from extractors.numbers import Style, read_number
from schemas.amounts import Amount, decimals_of, shifted, whole
from schemas.identities import Printed

FARTHEST = 12.0
"""Nats beyond which a reading is not considered."""

_USUAL_DOUBT = 0.06  # the rate of misreadings at which the costs of the channel are the right ones
_LEAST_SHIFT, _MOST_SHIFT = -2.5, 8.0
_UNLISTED = 4.5  # nats of a reading that a recogniser with alternatives did not think of
_FORM_AT_ODDS = LOST_COMMA + 0.1  # a plain reading that costs more than a lost comma is doubted by its form already
_ENOUGH = 2
_THOUSANDS = 3  # digits of a group
_FREE_MAGNITUDE, _MAGNITUDE = 1.2, 1.5  # decades that per-share figures of a table differ by; nats per further decade


@dataclass(frozen=True)
class Readings:
    """A doubted figure: its plain reading, and the cost of any other.

    Attributes:
        doubt: probability (0-1) of a misreading before the arithmetic. places: decimals it should show.
        minus: whether such figures write negatives with a minus.
        magnitude: usual log10 of such figures, where that is known (per-share rows).
        likelier: nats by which a misreading is likelier in this document than the reader says.
    """

    figure: ReadFigure
    doubt: float
    places: int
    style: Style
    minus: bool = False
    magnitude: float | None = None
    likelier: float = 0.0
    _costs: dict[Amount, float] = field(init=False, default_factory=dict, repr=False, compare=False)

    @cached_property
    def _read(self) -> str:
        return bare(self.figure.raw, self.style)

    @cached_property
    def _plain_cost(self) -> float:
        # a dash is the usual form of nought, not "0" misread
        return 0.0 if self.figure.number.nil else self._distance(self.figure.number.value)

    @property
    def at_odds(self) -> bool:
        """True when the printed form itself speaks against the plain reading."""
        return self._plain_cost > _FORM_AT_ODDS

    @cached_property
    def _shift(self) -> float:
        if self.at_odds:
            return 0.0
        return min(_MOST_SHIFT, max(_LEAST_SHIFT, log(_USUAL_DOUBT / self.doubt) - self.likelier))

    @cached_property
    def _listed(self) -> dict[Amount, float]:
        """The recogniser's own rivals."""
        own = max(self.figure.confidence, 0.01)
        found: dict[Amount, float] = {}
        for rival in self.figure.rivals:
            number = read_number(rival.text, self.style)
            if number is not None and rival.probability > 0 and number.value != self.figure.number.value:
                cost = max(0.0, log(own / rival.probability) - self.likelier)
                found[number.value] = min(cost, found.get(number.value, cost))
        return found

    def cost(self, value: Amount) -> float:
        """Nats more than the plain reading costs; negative where the form speaks for ``value``."""
        known = self._costs.get(value)
        if known is None:
            known = self._distance(value) - self._plain_cost + self._shift
            if self._listed and value not in self._listed:
                known += _UNLISTED
            if value != round(value, self.places):
                known = UNRELATED  # a reading shows the decimals of its row
            known = self._costs[value] = min(known, self._listed.get(value, UNRELATED))
        return known

    def printed(self, value: Amount) -> Printed:
        """The figure as the arithmetic sees it when it is read as ``value``."""
        places = self.places if value == round(value, self.places) else decimals_of(value)
        return Printed(value.quantize(shifted(whole(1), -places)), places)

    @cached_property
    def favourite(self) -> Amount:
        """The reading that the form speaks for before any arithmetic: the plain one unless that is at odds with it."""
        if self.at_odds and self.near and self.near[0][1] < 0:
            return self.near[0][0]
        return self.figure.number.value

    @cached_property
    def near(self) -> tuple[tuple[Amount, float], ...]:
        """All readings one edit away, or the recogniser's, cheapest first."""
        number = self.figure.number
        digits = {"".join(mark for mark in self._read if mark.isdigit())}
        digits.add(str(abs(int(shifted(number.value, self.places)))))
        found = set(self._listed)
        for text in {edited for own in digits if own for edited in neighbours(own)}:
            value = shifted(whole(int(text)), -self.places)
            # a digit and the sign are seldom misread together, unless the form shows that much went wrong
            both = self.at_odds or text in digits
            found.update((value, -value) if both else (value.copy_sign(number.value),))
        found.discard(number.value)
        costs = [(self.cost(value), value) for value in found]
        return tuple((value, cost) for cost, value in sorted(costs) if cost <= FARTHEST)

    def _distance(self, value: Amount) -> float:
        """Cost of the raw string when ``value`` is printed in the usual form."""
        cost = misreading_cost(printed_form(value, self.places, self.minus), self._read)
        if self.magnitude is not None and value:
            cost += _MAGNITUDE * max(0.0, abs(log10(abs(value)) - self.magnitude) - _FREE_MAGNITUDE)
        return cost

    def second_thought(self, most: float) -> list[Amount]:
        """The recogniser's best rival within so many nats of what was read, if there is one."""
        close = sorted((cost, value) for value, cost in self._listed.items() if cost <= most)
        return [value for _, value in close[:1]]

    @property
    def recorded(self) -> frozenset[Amount]:
        """The other readings that the recogniser named."""
        return frozenset(self._listed)

    @property
    def on_record(self) -> int:
        """How many other readings the recogniser named, or the form demands."""
        return len(self._listed) + (self.favourite != self.figure.number.value)

    def printed_evidence(self, value: Amount) -> bool:
        """True for a reading that what is printed speaks for: the recogniser saw it too, or the form demands it."""
        return value in self._listed or (self.at_odds and self.cost(value) < 0)


def read_readings(bodies: Sequence[Body], meaning: Meaning, doubts: Mapping[str, float]) -> dict[str, Readings]:
    """The readings of the doubted figures, by id. A dash is doubted only where the reader saw something else too."""
    found: dict[str, Readings] = {}
    everywhere = Counter(figure.number.sign for body in bodies for figure in body.figures)
    enclosing = find_enclosing(bodies)
    parentheses = everywhere["parentheses"] >= _ENOUGH and everywhere["parentheses"] > 4 * everywhere["leading"]
    for body, means in zip(bodies, meaning.tables, strict=True):
        usual, enclosed = usual_places(body, means), parentheses or body.id in enclosing
        own_row = _places_of_rows(body) | _points_for_commas(body)
        per_share = {f.id for f in body.figures if means.rows[f.row].unit.endswith("/shares")}
        sound = [f.number for f in body.figures if f.id in per_share and usual.get(f.id) == f.number.decimals]
        sizes = [log10(abs(number.value)) for number in sound if number.value]
        for figure in body.figures:
            if figure.id not in doubts or (figure.number.nil and not figure.rivals):
                continue
            places = usual.get(figure.id, own_row.get(figure.id, figure.number.decimals))
            magnitude = median(sizes) if figure.id in per_share and len(sizes) > 1 else None
            minus = not enclosed and figure.number.sign in ("leading", "trailing")
            found[figure.id] = Readings(figure, doubts[figure.id], places, body.style, minus, magnitude)
    return found


def _points_for_commas(body: Body) -> dict[str, int]:
    """Figures with three decimals in a table of whole figures: their points are commas, however many there are."""
    plain = [f for f in body.figures if not f.number.nil and not f.number.percent]
    whole_figures = sum(1 for f in plain if not f.number.decimals)
    three = [f.id for f in plain if f.number.decimals == _THOUSANDS]
    if whole_figures + len(three) == len(plain) and whole_figures * 2 > len(plain):
        return dict.fromkeys(three, 0)
    return {}


def _places_of_rows(body: Body) -> dict[str, int]:
    """The decimals on which all the other figures of a row agree, by id; two others at least."""
    rows: dict[int, list[ReadFigure]] = {}
    for figure in body.figures:
        if not figure.number.nil and not figure.number.percent:
            rows.setdefault(figure.row, []).append(figure)
    found: dict[str, int] = {}
    for figures in rows.values():
        for figure in figures:
            others = {other.number.decimals for other in figures if other is not figure}
            if len(figures) > _ENOUGH and len(others) == 1:
                found[figure.id] = others.pop()
    return found

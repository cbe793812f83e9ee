"""How strongly figures speak for a relation: nats against coincidence, summed over the columns it should hold in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log

from extractors.figures import ReadFigure
from extractors.footing.channel import bare, misreading_cost, printed_form
from extractors.footing.ledger import Entry
from extractors.numbers import read_number
from schemas.amounts import shifted, whole

Signed = tuple[int, Entry]

_HOLDS = log(0.93)
_ROUNDED = log(0.04)
_CONTRADICTED = -4.0
_CENTS = 2  # decimals of prices
_EDITABLE = 7.2  # one common misreading, in nats of the channel
_BY_RIVAL = 6.0  # most that a column counts which holds only as the recogniser's second thought has it
_MOST_MOVES = 60  # rivals of a column of which any two are tried
_REPEATED = 0.6  # a "sum" of one nonzero addend only repeats it


@dataclass(frozen=True, slots=True)
class Weighed:
    """A relation weighed over columns.

    Attributes:
        columns: those it can be instantiated in. holding, rounded, contradicted: in how many of them it holds exactly,
            within rounding, not at all.
    """

    nats: float
    columns: tuple[int, ...]
    holding: int
    contradicted: int
    rounded: int = 0


def significant(value: int) -> int:
    """Digits without trailing noughts: the length of the coincidence that equality would be."""
    return len(str(abs(value)).rstrip("0"))


def chance(value: int) -> float:
    """The probability that an unrelated figure equals ``value``."""
    digits = significant(value)
    return 1.0 if not value else min(1.0, max(10.0**-digits, 1e-6) * (2 if digits < 3 else 1))


def _coincidence(value: int, numbers: Sequence[int]) -> float:
    """Among figures that are nearly equal (rates, prices) only the digits in which they differ are evidence."""
    spread = max(abs(abs(value) - abs(number)) for number in numbers)
    return max(chance(value), chance(spread)) if spread * 20 < abs(value) else chance(value)


def weigh(total: Entry, terms: Sequence[Signed], places: int, doubts: Mapping[str, float], slack: int = 0) -> Weighed:
    """Weigh total = Σ sign·term over the columns.

    Args:
        places: decimals of the ledger. doubts: probability of a misreading by figure id, for those in doubt.
        slack: last places that rounding may explain.
    """
    nats, holding, contradicted, rounded, columns = 0.0, 0, 0, 0, []
    seen: set[tuple[int, ...]] = set()
    strange = _other_places(total, terms)
    for column, value in enumerate(total.values):
        present = [(sign, entry) for sign, entry in terms if entry.values[column] is not None]
        if value is None or not present:
            continue
        numbers = [sign * (entry.values[column] or 0) for sign, entry in present]
        filled = sum(1 for number in numbers if number)
        residual = value - sum(numbers)
        if not filled and not value:
            continue
        columns.append(column)
        if not residual and (value, *numbers) in seen:
            continue  # a column that repeats another is no further evidence
        seen.add((value, *numbers))
        if not residual:
            nats += (_HOLDS - log(_coincidence(value, numbers))) * (1.0 if filled > 1 else _REPEATED)
            holding += filled > 1 or significant(value) > 1
        elif slack and abs(residual) <= slack and filled > 1:
            nats += _ROUNDED - log(min(1.0, chance(value) * 2 * slack))
            rounded += 1
        elif strange.get(column):
            columns.pop()  # prices beside amounts: the relation is not about them
        else:
            by_rival = _by_rivals(column, residual, _members(total, present), places) if doubts else _CONTRADICTED
            mismatch = _mismatch((column, residual), _members(total, present), places, doubts)
            nats += max(by_rival, mismatch)
            holding += by_rival > 0.0
            contradicted += by_rival <= 0.0
    return Weighed(nats, tuple(columns), holding, contradicted, rounded)


def _members(total: Entry, terms: Sequence[Signed]) -> list[Signed]:
    """The total and its terms as they stand in the residual."""
    return [(1, total), *((-sign, entry) for sign, entry in terms)]


def _other_places(total: Entry, terms: Sequence[Signed]) -> dict[int, bool]:
    """The columns whose figures all show cents where those of another column show none."""
    places: dict[int, set[bool]] = {}
    for entry in (total, *(entry for _, entry in terms)):
        for column, figure in enumerate(entry.figures):
            if figure is not None and not figure.number.nil:
                places.setdefault(column, set()).add(figure.number.decimals >= _CENTS)
    whole = any(shown == {False} for shown in places.values())
    return {column: whole and shown == {True} for column, shown in places.items()}


def _mismatch(miss: tuple[int, int], members: Sequence[Signed], places: int, doubts: Mapping[str, float]) -> float:
    """Nats of a column where the relation does not hold: about neutral when one cheap misreading explains it."""
    column, residual = miss
    if not doubts or len(members) > 24:
        return _CONTRADICTED
    if not any(_explains(entry.figures[column], sign * residual, places, doubts) for sign, entry in members):
        return _CONTRADICTED
    size = max(abs(entry.values[column] or 0) for _, entry in members)
    return min(3.0, log(0.08 / min(1.0, 60.0 * len(members) / max(1, 2 * size))))


def rival_values(figure: ReadFigure | None, places: int) -> dict[int, float]:
    """What else the recogniser saw, in units of 10^-places, with its nats against what was read."""
    found: dict[int, float] = {}
    for rival in figure.rivals if figure is not None else ():
        number = read_number(rival.text)
        if number is not None and number.decimals <= places and rival.probability > 0:
            nats = max(0.0, log(max(figure.confidence, 0.01) / rival.probability)) if figure is not None else 0.0
            value = int(shifted(number.value, places))
            found[value] = min(nats, found.get(value, nats))
    return found


@dataclass(frozen=True, slots=True)
class _Move:
    """What a rival of one member (``members``), or rivals of two, would do to the residual, and their nats."""

    members: tuple[int, ...]
    shift: int
    nats: float


def _by_rivals(column: int, residual: int, members: Sequence[Signed], places: int) -> float:
    """Nats of a column that holds when one member is read as the recogniser saw it too, or two are."""
    moves: list[_Move] = []
    for number, (sign, entry) in enumerate(members):
        now = entry.values[column] or 0
        rivals = rival_values(entry.figures[column], places)
        moves += [_Move((number,), sign * (value - now), nats) for value, nats in sorted(rivals.items())]
    kinds = [moves]
    if len(moves) <= _MOST_MOVES:
        two = [(one, other) for one, other in combinations(moves, 2) if one.members != other.members]
        kinds.append([_Move((*a.members, *b.members), a.shift + b.shift, a.nats + b.nats) for a, b in two])
    best = _CONTRADICTED
    for tried in kinds:
        for move in tried:
            if move.shift == -residual:
                legible = [abs(e.values[column] or 0) for n, (_, e) in enumerate(members) if n not in move.members]
                best = max(best, -log(_chance_of(legible)) - log(len(tried)) - move.nats)
    return min(_BY_RIVAL, best)


def _chance_of(legible: Sequence[int]) -> float:
    """The probability that figures agree by chance: all but one alike, as rates are, say nothing."""
    return _coincidence(max(legible), legible) if len(legible) > 1 and max(legible) else 1.0


def _explains(figure: ReadFigure | None, excess: int, places: int, doubts: Mapping[str, float]) -> bool:
    """True when the figure, less ``excess`` (units of the ledger's last place), is cheaply misread as printed."""
    if figure is None or figure.id not in doubts:
        return False
    true = figure.number.value - shifted(whole(excess), -places)
    return misreading_cost(printed_form(true, figure.number.decimals), bare(figure.raw)) <= _EDITABLE

"""Footing down a column, as accountants foot: each row is tried as the signed sum of rows above it.

Bottom-up stack parse: the rows not yet part of a sum lie on a stack; a row that sums a suffix of the stack takes its
addends off and stands for them (a subtotal is an addend of what follows). Candidates come only from suffixes that hold
exactly in at least one column, or that the labels announce, so that a table costs (rows × stack × columns), never more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log

from extractors.footing.evidence import Signed, Weighed, rival_values, weigh
from extractors.footing.labels import MINUS, PLAIN_TOTAL, expected, is_total
from extractors.footing.ledger import Entry, Ledger

ACCEPT = 3.0
"""Nats above which a relation is believed."""

_LONGEST = 40  # rows of one sum
_LOOK_AHEAD = 5  # rows within which the plain sum would close
_NOT_CALLED_TOTAL = -4.0
_NO_BOUNDARY = -1.0  # the addends do not begin where a section or a closed sum does
_HINTED_MINUS, _PLAIN_MINUS, _FIRST_MINUS = -0.7, -2.5, -5.0
_MINUS_NOT_CALLED_TOTAL = -14.0  # a rearranged identity (trap): a = b + c seen as c = a - b
_SAID_LESS = -1.0  # the rows that are subtracted say so themselves
_TORN = 8.0  # nats of a sum that as many columns contradict as bear out, all read with certainty
_ONLY_ROUNDED = 10.0  # nats of a total that holds nowhere exactly
_BEYOND_THE_STACK = 8.0  # nats of a sum over totals that do not close themselves
_FARTHEST = 24  # rows above a total that may be none of its own
_BORNE_OUT = 6.0  # nats for the sum of a total that another sum shows to be one
_ANNOUNCED = 4.0  # labels alone make a relation worth weighing


@dataclass(frozen=True, slots=True)
class Sum:
    """total = Σ sign·term, believed with ``nats``, to be instantiated in ``columns``; ``contradicted`` by so many."""

    total: Entry
    terms: tuple[Signed, ...]
    nats: float
    columns: tuple[int, ...]
    contradicted: int = 0


@dataclass(frozen=True, slots=True)
class _Candidate:
    start: int
    signs: tuple[int, ...]


def find_sums(ledger: Ledger, doubts: Mapping[str, float]) -> list[Sum]:
    """The sums down the columns of a ledger, top down."""
    stack: list[Entry] = []
    closed: set[int] = set()
    found: list[Sum] = []
    for place, entry in enumerate(ledger.entries):
        best = _best(ledger, entry, stack, closed, doubts)
        if best is not None and _rearranged(best, stack, ledger.entries[place : place + _LOOK_AHEAD]):
            best = None
        elif best is None and doubts:
            best, skipped = _beyond(ledger, entry, stack, closed, doubts)
            found += [own for known in skipped for own in _borne_out(ledger, known, stack, closed, doubts)]
        if best is not None:
            start, relation = best
            found.append(relation)
            del stack[start:]
            closed.add(entry.row)
        elif _repeats(entry, stack, closed):
            stack.pop()
            closed.add(entry.row)
        stack.append(entry)
    return found


@dataclass(frozen=True, slots=True)
class _Skipped:
    """A row of the stack (``place``) that is called a total and may stand for the rows from ``start`` on."""

    start: int
    place: int


def _beyond(
    ledger: Ledger, entry: Entry, stack: list[Entry], closed: set[int], doubts: Mapping[str, float]
) -> tuple[tuple[int, Sum] | None, list[_Skipped]]:
    """A sum over totals that do not close themselves, and these totals. Doubtful documents only.

    So many figures of a total and its addends may be misread that nothing shows what it sums; the sum of which it is
    an addend may show it yet.
    """
    best: tuple[int, Sum] | None = None
    chosen: list[_Skipped] = []
    hypotheses = [known for known in _hypotheses(stack, closed) if known]
    least = _BEYOND_THE_STACK + log(1 + len(hypotheses))
    for skipped in hypotheses:
        places = _without(range(len(stack)), skipped)
        found = _best(ledger, entry, [stack[place] for place in places], closed, doubts)
        if found is None or found[1].nats <= max(least, best[1].nats if best else 0.0):
            continue
        start = places[found[0]]
        own = [known for known in skipped if known.place >= start]
        if own:
            best = min([start, *(known.start for known in own)]), found[1]
            chosen = own
    return best, chosen


def _hypotheses(stack: list[Entry], closed: set[int]) -> Iterator[list[_Skipped]]:
    """Which totals stand for which rows: each for its section, or the last one for the rows above it down from any."""
    yield _by_section(stack, closed)
    last = len(stack) - 1
    if last > 1 and _open_total(stack[last], closed):
        for start in range(max(1, last - _FARTHEST), last - 1):
            yield [_Skipped(start, last)]


def _by_section(stack: Sequence[Entry], closed: set[int]) -> list[_Skipped]:
    found = []
    for place, entry in enumerate(stack):
        start = place
        while start and stack[start - 1].section == entry.section:
            start -= 1
        if place - start > 1 and _open_total(entry, closed):
            found.append(_Skipped(start, place))
    return found


def _open_total(entry: Entry, closed: set[int]) -> bool:
    """True for a row that is called a total and sums nothing as yet."""
    return entry.row not in closed and bool(entry.label) and is_total(entry.label)


def _without(places: range, skipped: Sequence[_Skipped]) -> list[int]:
    """The places of the stack without the rows that totals stand for."""
    gone = {place for known in skipped for place in range(known.start, known.place)}
    return [place for place in places if place not in gone]


def _borne_out(
    ledger: Ledger, known: _Skipped, stack: list[Entry], closed: set[int], doubts: Mapping[str, float]
) -> Iterator[Sum]:
    """The sum of a total that another sum shows to be the total of what stands above it, and of totals among that."""
    inner = range(known.start, known.place)
    within = [
        _Skipped(s.start + known.start, s.place + known.start)
        for s in _by_section(stack[inner.start : inner.stop], closed)
    ]
    options: list[list[_Skipped]] = [[], *([one] for one in within), *([within] if len(within) > 1 else [])]
    best: tuple[float, Sum, list[_Skipped]] | None = None
    for skipped in options:
        terms, total = tuple((1, stack[place]) for place in _without(inner, skipped)), stack[known.place]
        weighed = weigh(total, terms, ledger.places, doubts, _slack(1, len(terms)))
        nats = weighed.nats + _BORNE_OUT - log(len(options))
        if len(terms) > 1 and weighed.columns and nats > max(ACCEPT, best[0] if best else 0.0):
            best = nats, Sum(total, terms, nats, weighed.columns, weighed.contradicted), skipped
    if best is not None:
        yield best[1]
        for own in best[2]:
            yield from _borne_out(ledger, own, stack, closed, doubts)


def _repeats(entry: Entry, stack: list[Entry], closed: set[int]) -> bool:
    """True for the total of a section of one row: it stands for that row, though repeating it proves nothing."""
    if not stack or not PLAIN_TOTAL.search(entry.label):
        return False
    only = stack[-1]
    opens = only.section == entry.section and not _boundary(len(stack) - 1, stack, closed)
    return opens and bool(only.heading) and not is_total(only.label) and only.values == entry.values


def _rearranged(best: tuple[int, Sum], stack: list[Entry], following: Sequence[Entry]) -> bool:
    """True when the difference only turns a plain sum round that closes a few rows below, over some of the same rows.

    The last row of equity is assets less everything else; what an accountant writes is the total of equity below it.
    """
    start, relation = best
    if all(sign > 0 for sign, _ in relation.terms):
        return False
    for reach in range(1, len(following)):
        total, below = following[reach], following[:reach]
        for first in range(start + 1, len(stack)):
            items = [*stack[first:], *below]
            if all(_adds_up(total, items, column) for column in relation.columns if total.values[column] is not None):
                return True
    return False


def _adds_up(total: Entry, items: Sequence[Entry], column: int) -> bool:
    value = total.values[column]
    return bool(value) and sum(item.values[column] or 0 for item in items) == value


def _best(
    ledger: Ledger, entry: Entry, stack: list[Entry], closed: set[int], doubts: Mapping[str, float]
) -> tuple[int, Sum] | None:
    best: tuple[int, Sum] | None = None
    called_total = is_total(entry.label) or entry.ruled
    slack = 1 if ledger.unit in ("percent", "amount") and called_total else 0
    for candidate in _candidates(entry, stack, slack, ledger.places if doubts else None):
        terms = tuple(zip(candidate.signs, stack[candidate.start :], strict=True))
        boundary = _boundary(candidate.start, stack, closed)
        announced = expected(entry.label, [e.label for _, e in terms], candidate.signs, _heading(terms, boundary))
        weighed = weigh(entry, terms, ledger.places, doubts, _slack(slack, len(terms)))
        nats = weighed.nats + _prior(terms, called_total) + boundary + announced - log(1 + len(stack))
        rounds = weighed.rounded > 1 and not weighed.contradicted and nats > _ONLY_ROUNDED
        if not weighed.columns or not (weighed.holding or rounds or announced >= _ANNOUNCED):
            continue
        torn = not doubts and weighed.holding <= weighed.contradicted and weighed.contradicted
        if nats <= (_TORN if torn else ACCEPT):
            continue
        if not _plausible(weighed, announced if doubts else 0.0, -1 in candidate.signs):
            continue
        if best is None or nats > best[1].nats + 1e-9:
            best = candidate.start, Sum(entry, terms, nats, weighed.columns, weighed.contradicted)
    return best


def _plausible(weighed: Weighed, announced: float, minus: bool) -> bool:
    """A sum that fails in more columns than it holds in, a difference in as many, needs the labels to say so.

    Where nothing is in doubt (``announced`` 0) the labels do not help: no publisher errs in most columns.
    """
    held = weighed.holding + (weighed.rounded if not weighed.contradicted else 0)
    return held >= weighed.contradicted + minus or announced >= _ANNOUNCED


def _slack(slack: int, terms: int) -> int:
    """Last places that the rounding of so many addends is wont to leave: one, two where they are many."""
    return 0 if not slack else 1 if terms < 6 else 2


def _boundary(start: int, stack: list[Entry], closed: set[int]) -> float:
    """0 where the addends begin at a natural place: the top, a section, below a closed sum."""
    if not start:
        return 0.0
    before, first = stack[start - 1], stack[start]
    return 0.0 if before.section != first.section or before.row in closed else _NO_BOUNDARY


def _heading(terms: tuple[Signed, ...], boundary: float) -> str:
    return terms[0][1].heading if not boundary else ""


def _prior(terms: tuple[Signed, ...], called_total: bool) -> float:
    nats = 0.0 if called_total else _NOT_CALLED_TOTAL
    minus = [place for place, (sign, _) in enumerate(terms) if sign < 0]
    if not minus:
        return nats
    if not called_total:
        said = all(terms[place][1].label.startswith("less") for place in minus)
        nats += _SAID_LESS if said else _MINUS_NOT_CALLED_TOTAL
    if len(minus) == len(terms) - 1 and minus[0] == 1 and len(terms) > 2:
        return nats + (_HINTED_MINUS if any(_hinted(entry) for _, entry in terms[1:]) else _PLAIN_MINUS)
    unhinted = [place for place in minus if not _hinted(terms[place][1])]
    nats += _HINTED_MINUS * (len(minus) - len(unhinted)) + (_PLAIN_MINUS - log(len(terms))) * len(unhinted)
    return nats + (_FIRST_MINUS if minus[0] == 0 else 0.0)


def _hinted(entry: Entry) -> bool:
    """True when the row is one that is subtracted: its words say so, and it is not already shown as negative."""
    if entry.label.startswith("less"):
        return True
    shown = [value for value in entry.values if value]
    if 2 * sum(1 for value in shown if value < 0) > len(shown):
        return False
    return MINUS.search(entry.label) is not None or MINUS.search(entry.heading) is not None


def _differences(entry: Entry, column: int, places: int, sign: int) -> set[int]:
    """By how much a sum is off when a figure was read as it stands and the recogniser's rival is right."""
    now = entry.values[column] or 0
    return {sign * (now - value) for value in rival_values(entry.figures[column], places)} - {0}


def _candidates(entry: Entry, stack: list[Entry], slack: int, places: int | None) -> Iterator[_Candidate]:
    """Suffixes of the stack, longest last, with the signs under which they are worth weighing, each once.

    ``places``: decimals of the ledger where readings are in doubt, else None.
    """
    doubtful = places is not None
    plus = [0] * len(entry.values)
    hinted = [0] * len(entry.values)
    spare = (
        [_differences(entry, column, places, -1) for column in range(len(entry.values))] if places is not None else []
    )
    for start in range(len(stack) - 1, max(-1, len(stack) - 1 - _LONGEST), -1):
        newest = stack[start]
        minus = _hinted(newest)
        for column, value in enumerate(newest.values):
            plus[column] += value or 0
            hinted[column] += -(value or 0) if minus else value or 0
            if places is not None:
                spare[column] |= _differences(newest, column, places, 1)
        size = len(stack) - start
        if size < 2:
            continue
        yield from (_Candidate(start, signs) for signs in _sign_patterns(entry, stack[start:], plus, hinted, slack))
        if any(
            plus[c] - (value or 0) in spare[c] for c, value in enumerate(entry.values) if spare and value is not None
        ):
            yield _Candidate(start, (1,) * size)
        if doubtful and size <= 24 and _might_be_announced(entry, stack[start:]):
            yield _Candidate(start, (1,) * size)
            if size == 2:
                yield _Candidate(start, (1, -1))


def _might_be_announced(entry: Entry, items: list[Entry]) -> bool:
    labels = [item.label for item in items]
    plus = expected(entry.label, labels, (1,) * len(items), items[0].heading)
    return plus >= _ANNOUNCED or (
        len(items) == 2 and expected(entry.label, labels, (1, -1), items[0].heading) >= _ANNOUNCED
    )


def _sign_patterns(
    entry: Entry, items: list[Entry], plus: list[int], hinted: list[int], slack: int
) -> Iterator[tuple[int, ...]]:
    """Signs under which the items sum to the entry in at least one column."""
    size = len(items)
    seen: set[tuple[int, ...]] = set()
    for column, value in enumerate(entry.values):
        if not value:
            continue
        for signs in _column_patterns(value, (plus[column], hinted[column]), items, column, slack):
            if signs not in seen and len(signs) == size:
                seen.add(signs)
                yield signs


def _column_patterns(
    value: int, sums: tuple[int, int], items: list[Entry], column: int, slack: int
) -> Iterator[tuple[int, ...]]:
    plus, hinted = sums
    size = len(items)
    if abs(plus - value) <= slack:
        yield (1,) * size
    if abs(hinted - value) <= slack:
        yield tuple(-1 if _hinted(item) else 1 for item in items)
    first = items[0].values[column] or 0
    if abs(2 * first - plus - value) <= slack:
        yield (1, *(-1,) * (size - 1))
    excess = plus - value
    if excess % 2 or not excess:
        return
    numbers = [item.values[column] or 0 for item in items]
    if size <= 16 and excess // 2 in numbers:
        for flipped in (place for place, number in enumerate(numbers) if number == excess // 2):
            yield tuple(-1 if place == flipped else 1 for place in range(size))
    if size <= 6:
        for pair in combinations(range(size), 2):
            if numbers[pair[0]] + numbers[pair[1]] == excess // 2 and numbers[pair[0]] and numbers[pair[1]]:
                yield tuple(-1 if place in pair else 1 for place in range(size))

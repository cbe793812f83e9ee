"""Blank cells whose figure the arithmetic determines: what a recogniser lost, and two independent sums name alike.

Only in documents that show the marks of a recogniser. A value comes from sums that hold in the columns beside, from the
same fact elsewhere or from longer periods; it becomes a figure where two of them that share no other figure agree, and
then it proves nobody else. A nought is never filled in: it cannot be told from a cell that is blank.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from extractors.figures import Body, ReadFigure
from extractors.footing import find_identities
from extractors.footing.doubts import find_likely
from extractors.footing.facts import own_sheets, witness_sheets
from extractors.footing.implied import find_implied
from extractors.footing.ledger import read_ledgers
from extractors.meaning import Meaning
from extractors.repair.model import Judged
from extractors.tables import Table
from schemas.amounts import ZERO, Amount, decimals_of, product, total
from schemas.filing import Filing
from schemas.identities import Figures, Identity, Printed, evaluate, key_of

_MOST = 200  # blanks of a document: with more it is the layout that was lost
_LEAST_IN_COLUMN = 3
_EVIDENCE, _TOGETHER = 3.0, 12.0  # nats of each of the identities that determine a figure, and of two of them
_DOUBTFUL = 0.05  # probability of a misreading, before any arithmetic
_MOST_ROUNDS = 3  # a figure that was filled may determine the next


@dataclass(frozen=True, slots=True)
class Document:
    """What was read of a document: tables, bodies and meaning in the same order, and its witnesses."""

    tables: Sequence[Table]
    bodies: Sequence[Body]
    meaning: Meaning
    witnesses: Sequence[Filing] = ()

    def identities(self, bodies: Sequence[Body]) -> list[Identity]:
        """The identities that other bodies of the same tables bear out."""
        return find_identities(self.tables, bodies, self.meaning, self.witnesses)


def fill_blanks(read: Document, judged: Mapping[str, Judged], doubts: Mapping[str, float]) -> list[ReadFigure]:
    """Figures for blank cells, ``blank``; none where nothing is in doubt.

    Args:
        judged: the figures after repair; those of doubtful readings are no evidence. doubts: as ``read_doubts`` says.
    """
    blanks = _blanks(read, doubts)
    if not blanks or len(blanks) > _MOST:
        return []
    found: list[ReadFigure] = []
    sure = [_settled(body, judged, doubts) for body in read.bodies]
    for _ in range(_MOST_ROUNDS):
        left = {name: figure for name, figure in blanks.items() if name not in {f.id for f in found}}
        fresh = _determined(read, with_figures(sure, found), left)
        found += fresh
        if not fresh:
            break
    return sorted(found, key=lambda figure: figure.id)


def with_figures(bodies: Sequence[Body], added: Sequence[ReadFigure]) -> list[Body]:
    """The bodies with further figures, in the order of their places."""
    if not added:
        return list(bodies)
    found = []
    for body in bodies:
        own = [figure for figure in added if figure.id.startswith(f"{body.id}.")]
        figures = sorted((*body.figures, *own), key=lambda figure: (figure.row, figure.column))
        found.append(replace(body, figures=tuple(figures)))
    return found


def _blanks(read: Document, doubts: Mapping[str, float]) -> dict[str, ReadFigure]:
    """The blank cells of value columns in rows with doubted figures; each looks like the figure nearest in its row."""
    found: dict[str, ReadFigure] = {}
    for table, body in zip(read.tables, read.bodies, strict=True):
        rows: dict[int, dict[int, ReadFigure]] = {}
        for figure in body.figures:
            rows.setdefault(figure.row, {})[figure.column] = figure
        filled = [sum(c in figures for figures in rows.values()) for c in range(len(body.columns))]
        for row, figures in rows.items():
            for column, kind in enumerate(body.columns):
                free = column not in figures and table.rows[row].cells[column] is None and table.rows[row].label
                if not free or kind != "value" or filled[column] < _LEAST_IN_COLUMN:
                    continue
                like = min(figures.values(), key=lambda f: (abs(f.column - column), f.column))
                if like.id in doubts and not like.ghost:
                    name = f"{body.id}.r{row}.c{column}"
                    found[name] = replace(like, id=name, column=column, raw="", place=None, confidence=1.0, rivals=())
    return found


def _settled(body: Body, judged: Mapping[str, Judged], doubts: Mapping[str, float]) -> Body:
    """The body with its repaired values, without what is doubtful for more than a sum that a blank may have broken."""
    figures = []
    for figure in body.figures:
        said = judged[figure.id]
        if not said.needs_review or doubts.get(figure.id, 0.0) < _DOUBTFUL:
            number = replace(figure.number, value=said.value, decimals=said.decimals, nil=said.nil)
            figures.append(replace(figure, number=number))
    return replace(body, figures=tuple(figures))


def _determined(read: Document, sure: Sequence[Body], blanks: Mapping[str, ReadFigure]) -> list[ReadFigure]:
    """The blanks on whose value two independent identities agree."""
    values = _proposed(read, sure, blanks)
    trial = [_printed(blanks[name], value) for name, value in sorted(values.items())]
    if not trial:
        return []
    bodies = with_figures(sure, trial)
    figures = _figures(bodies)
    exact = [i for i in read.identities(bodies) if i.evidence >= _EVIDENCE and _exact(i, figures)]
    return [figure for figure in trial if _twice(figure.id, exact, values)]


def _proposed(read: Document, sure: Sequence[Body], blanks: Mapping[str, ReadFigure]) -> dict[str, Amount]:
    """The value that identities name for each blank: none where they do not agree, never nought."""
    named: dict[str, set[Amount]] = {}
    figures = _figures(sure)
    for name, value in [*_beside(read.identities(sure), figures, blanks), *_elsewhere(read, sure, blanks)]:
        named.setdefault(name, set()).add(value)
    sole = {name: values.pop() for name, values in named.items() if len(values) == 1}
    return {name: value for name, value in sole.items() if value and decimals_of(value) <= blanks[name].number.decimals}


def _beside(
    identities: Sequence[Identity], figures: Figures, blanks: Mapping[str, ReadFigure]
) -> Iterator[tuple[str, Amount]]:
    """What sums that hold down one column ask for in the others, where one of their figures is blank."""
    columns = sorted({int(name.rsplit(".c", 1)[1]) for name in blanks})
    for identity in identities:
        members = identity.members()
        stems = {member: member.rsplit(".c", 1)[0] for member in members}
        one_column = len({member.rsplit(".c", 1)[1] for member in members}) == 1
        if identity.kind not in ("foot", "roll_forward") or not one_column or not _exact(identity, figures):
            continue
        for column in columns:
            there = {member: f"{stem}.c{column}" for member, stem in stems.items()}
            missing = [name for name in there.values() if name not in figures]
            if len(missing) == 1 and missing[0] in blanks:
                yield missing[0], _asked(identity, there, figures, missing[0])


def _asked(identity: Identity, there: Mapping[str, str], figures: Figures, missing: str) -> Amount:
    """The value that closes the identity in another column."""
    terms = [(term.weight, there[term.figure]) for term in identity.terms]
    summed = total([product(weight, figures[name].value) for weight, name in terms if name != missing])
    if there[identity.total] == missing:
        return summed
    weight = next(weight for weight, name in terms if name == missing)
    return product(weight, figures[there[identity.total]].value - summed)


def _elsewhere(read: Document, sure: Sequence[Body], blanks: Mapping[str, ReadFigure]) -> Iterator[tuple[str, Amount]]:
    """What the same facts of other tables and documents say, and longer periods less the rest."""
    bodies = with_figures(sure, [_printed(figure, ZERO) for figure in blanks.values()])
    likely = find_likely(bodies, read.meaning)
    ledgers = [
        ledger
        for index, (table, body, means) in enumerate(zip(read.tables, bodies, read.meaning.tables, strict=True))
        for ledger in read_ledgers(index, table, body, means, likely)
    ]
    yield from find_implied(own_sheets(ledgers), witness_sheets(read.witnesses), frozenset(blanks))


def _printed(blank: ReadFigure, value: Amount) -> ReadFigure:
    number = replace(blank.number, value=value, nil=False, sign=None, flaws=(), mark=None)
    return replace(blank, number=number, blank=True)


def _figures(bodies: Sequence[Body]) -> dict[str, Printed]:
    return {f.id: Printed(f.number.value, f.number.decimals, f.number.nil) for body in bodies for f in body.figures}


def _exact(identity: Identity, figures: Figures) -> bool:
    return identity.divisor is None and evaluate(identity, figures).verdict == "exact"


def _twice(name: str, exact: Sequence[Identity], values: Mapping[str, Amount]) -> bool:
    """True when two identities hold that share nothing but the figure.

    One of them may hold other blanks, if each of these is determined by an identity of its own.
    """
    ways = [way for identity in exact if (way := _way(name, identity, exact, values)) is not None]
    return any(one[0].isdisjoint(other[0]) and one[1] + other[1] >= _TOGETHER for one, other in combinations(ways, 2))


def _way(
    name: str, identity: Identity, exact: Sequence[Identity], values: Mapping[str, Amount]
) -> tuple[frozenset[str], float] | None:
    """The legible figures on which a figure rests by an identity, and its evidence in nats."""
    keys = _keys(identity)
    if name not in keys:
        return None
    rests = {key for key in keys if key not in values}
    for blank in keys - rests - {name}:
        own = [_keys(other) for other in exact if other is not identity]
        sole = next((k for k in own if blank in k and k.isdisjoint(values.keys() - {blank})), None)
        if sole is None:
            return None
        rests |= sole - {blank}
    return frozenset(rests), identity.evidence


def _keys(identity: Identity) -> frozenset[str]:
    return frozenset((identity.total, *(key_of(term) for term in identity.terms)))

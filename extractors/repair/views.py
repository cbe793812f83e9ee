"""Discovery in doubtful documents: figures as read, as their form says, as the recogniser's second thoughts say.

A relation shows only where enough of its figures are right. Where figures are in doubt it is therefore looked for three
times; what any of the views bears out is an identity, and which reading is right is decided with all of them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from extractors.figures import Body
from extractors.footing import find_identities
from extractors.footing.doubts import read_doubts
from extractors.meaning import Meaning
from extractors.repair.readings import Readings, read_readings
from extractors.tables import Table
from schemas.amounts import Amount
from schemas.filing import Filing
from schemas.identities import Identity

_CHOSEN = 3.0  # nats: about twenty readings could have been chosen that close a column
_SECOND_THOUGHT = 3.0  # nats within which the recogniser's best rival takes the place of what was read


def find_relations(
    tables: Sequence[Table], bodies: Sequence[Body], meaning: Meaning, witnesses: Sequence[Filing] = ()
) -> list[Identity]:
    """The identities of the document in all views of its figures; of sure figures there is one view.

    Args:
        tables, bodies, meaning, witnesses: as ``find_identities`` takes them.
    """
    found = find_identities(tables, bodies, meaning, witnesses)
    readings = read_readings(bodies, meaning, read_doubts(bodies, meaning))
    likely = {m: r.favourite for m, r in readings.items() if r.favourite != r.figure.number.value}
    second = {m: value for m, r in readings.items() if m not in likely for value in r.second_thought(_SECOND_THOUGHT)}
    views = [likely] if likely else []
    views += [{**likely, **second}] if second else []
    for view in views:
        others = find_identities(tables, _reread(bodies, readings, view), meaning, witnesses)
        found = _joined(found, others)
    return found


def _joined(found: Sequence[Identity], others: Sequence[Identity]) -> list[Identity]:
    """What either view bears out; where they differ in the signs, what the stronger one does.

    A relation that holds in more columns when figures are read as the other view has them is meant all the more surely,
    less what it counts for that the readings could be chosen.
    """
    known = {_relation(identity): place for place, identity in enumerate(found)}
    joined = list(found)
    for identity in others:
        place = known.get(_relation(identity))
        if place is None:
            joined.append(identity)
        elif _signs(identity) != _signs(found[place]):
            joined[place] = max(found[place], identity, key=lambda either: either.evidence)
        elif identity.evidence - _CHOSEN > found[place].evidence:
            joined[place] = replace(found[place], evidence=identity.evidence - _CHOSEN)
    return joined


def _reread(bodies: Sequence[Body], readings: Mapping[str, Readings], view: Mapping[str, Amount]) -> list[Body]:
    """The bodies with some figures read otherwise."""
    found = []
    for body in bodies:
        figures = tuple(
            replace(f, number=replace(f.number, value=printed.value, decimals=printed.decimals))
            if f.id in view and (printed := readings[f.id].printed(view[f.id]))
            else f
            for f in body.figures
        )
        found.append(replace(body, figures=figures))
    return found


def _signs(identity: Identity) -> tuple[str, frozenset[tuple[str, Amount]]]:
    """The total, and with which weights the others make it up."""
    return identity.total, frozenset((f"{term.document or ''}/{term.figure}", term.weight) for term in identity.terms)


def _relation(identity: Identity) -> tuple[str, frozenset[str], str | None]:
    """What makes two identities the same: the figures, whichever of them is called the total."""
    kind = "ratio" if identity.divisor else "sum"
    own = frozenset(f"{term.document or ''}/{term.figure}" for term in identity.terms)
    return kind, own | {f"/{identity.total}"}, identity.divisor

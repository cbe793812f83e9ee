"""The whole of the arithmetic: find what should hold, repair what does not, fill what is determined but lost."""

from __future__ import annotations

from collections.abc import Sequence

from extractors.figures import Body
from extractors.footing.doubts import read_doubts, read_unsettled
from extractors.meaning import Meaning
from extractors.page import DEFAULT, Profile
from extractors.repair.filling import Document, fill_blanks, with_figures
from extractors.repair.model import Outcome
from extractors.repair.repairing import repair_figures
from extractors.repair.views import find_relations
from extractors.tables import Table
from schemas.filing import Filing
from schemas.identities import Identity, Printed, evaluate


def prove_figures(
    tables: Sequence[Table],
    bodies: Sequence[Body],
    meaning: Meaning,
    witnesses: Sequence[Filing] = (),
    profile: Profile = DEFAULT,
) -> tuple[list[Body], Outcome]:
    """The bodies, with figures for blank cells that the arithmetic determines, and what it says of all figures.

    Args:
        tables, bodies, meaning: as read, in the same order. witnesses: results of the same company.
        profile: without ``repair`` nothing is filled in either.
    """
    identities = find_relations(tables, bodies, meaning, witnesses)
    outcome = repair_figures(bodies, meaning, identities, profile)
    doubts = read_doubts(bodies, meaning)
    if not profile.repair or not doubts.keys() - read_unsettled(bodies, meaning):
        return list(bodies), outcome
    filled = fill_blanks(Document(tables, bodies, meaning, witnesses), outcome.figures, doubts)
    if not filled:
        return list(bodies), outcome
    bodies = with_figures(bodies, filled)
    blanks = frozenset(figure.id for figure in filled)
    figures = {f.id: Printed(f.number.value, f.number.decimals, f.number.nil) for body in bodies for f in body.figures}
    figures.update({k: Printed(said.value, said.decimals, said.nil) for k, said in outcome.figures.items()})
    relations = find_relations(tables, bodies, meaning, witnesses)
    identities = [i for i in relations if blanks.isdisjoint(i.members()) or _exact(i, figures)]
    return bodies, repair_figures(bodies, meaning, identities, profile)


def _exact(identity: Identity, figures: dict[str, Printed]) -> bool:
    """What was filled in is judged by what determines it, and sets no other figure right."""
    return identity.divisor is None and evaluate(identity, figures).verdict == "exact"

"""Corrections of one reading of a document, said of another reading of it: figures are found again by their place.

A person has seen the paper, not our reading of it: what was printed at a place stays printed there, whatever a later
engine calls the figure. What is not found again is told, never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas.errors import UsageError
from schemas.filing import Check, Figure, Filing, PagePlace, Place, TextPlace
from schemas.recheck import identity_of
from worker.jobs.corrections.applying import apply_corrections
from worker.jobs.corrections.model import Anchor, Correction, Kept, Relation

# of the smaller of two boxes: engines draw them a little differently
MOST_OF: Final = 0.5


@dataclass(slots=True)
class Carried:
    """A result with earlier corrections: those that could be said of it (under its own ids), and those that could not.

    Each is named by its number in what was given.
    """

    filing: Filing
    applied: list[tuple[int, Kept]] = field(default_factory=list)
    left: list[int] = field(default_factory=list)


def keep(filing: Filing, correction: Correction) -> Kept:
    """What must be known of a correction to find its figures again."""
    figures = {figure.id: figure for table in filing.tables for figure in table.figures}
    checks = {check.id: check for check in filing.checks}
    rejected = identity_of(checks[correction.reject]).members() if correction.reject in checks else ()
    named = {correction.figure, *rejected}
    if correction.relation is not None:
        named |= {term.figure for term in correction.relation.terms}
        named |= {correction.relation.divisor} if correction.relation.divisor else set()
    anchors = {key: Anchor.of(figures[key]) for key in sorted(named) if key in figures}
    return Kept(correction=correction, anchors=anchors, rejected=tuple(sorted(set(rejected))))


def carry_over(filing: Filing, batches: Sequence[Sequence[tuple[int, Kept]]]) -> Carried:
    """Apply earlier corrections to another reading of the same document, as far as they fit.

    Args:
        filing: the other reading.
        batches: what was said at once stays together, so that nothing is doubted for what is corrected beside it.
    """
    carried = Carried(filing)
    for batch in batches:
        if not _carry(carried, batch):
            for one in batch:
                if not _carry(carried, [one]):
                    carried.left.append(one[0])
    return carried


def _carry(carried: Carried, batch: Sequence[tuple[int, Kept]]) -> bool:
    """Apply what was said at once; False, and nothing is done, where some of it does not fit."""
    again = [(number, _translate(kept, carried.filing)) for number, kept in batch]
    said = [(number, correction) for number, correction in again if correction is not None]
    if len(said) < len(batch):
        return False
    try:
        corrected = apply_corrections(carried.filing, [correction for _, correction in said])
    except UsageError:
        return False
    carried.applied += [(number, keep(carried.filing, correction)) for number, correction in said]
    carried.filing = corrected
    return True


def _translate(kept: Kept, filing: Filing) -> Correction | None:
    """The correction with the ids of another reading; None where one of its figures, or its check, is not there."""
    figures = [figure for table in filing.tables for figure in table.figures]
    found = {key: _find(key, anchor, figures) for key, anchor in kept.anchors.items()}
    if any(figure is None for figure in found.values()) or kept.correction.figure not in found:
        return None
    ids = {key: figure.id for key, figure in found.items() if figure is not None}
    update: dict[str, object] = {"figure": ids[kept.correction.figure]}
    if kept.correction.relation is not None:
        update["relation"] = _renamed(kept.correction.relation, ids)
    if kept.correction.reject is not None:
        check = _find_check(filing.checks, {ids[key] for key in kept.rejected})
        if check is None:
            return None
        update["reject"] = check.id
    return kept.correction.model_copy(update=update)


def _renamed(relation: Relation, ids: Mapping[str, str]) -> Relation:
    terms = tuple(term.model_copy(update={"figure": ids[term.figure]}) for term in relation.terms)
    divisor = ids[relation.divisor] if relation.divisor else None
    return relation.model_copy(update={"terms": terms, "divisor": divisor})


def _find_check(checks: Sequence[Check], members: set[str]) -> Check | None:
    """The check over exactly these figures."""
    same = [check for check in checks if set(identity_of(check).members()) == members]
    return same[0] if len(same) == 1 else None


def _find(key: str, anchor: Anchor, figures: Sequence[Figure]) -> Figure | None:
    """The one figure at a place; without a place (a blank that was filled) the one of the same id and print."""
    place = anchor.place
    if place is None:
        found = [figure for figure in figures if figure.place is None and (figure.id, figure.raw) == (key, anchor.raw)]
    else:
        found = [figure for figure in figures if figure.place is not None and _is_same(place, figure.place)]
    return found[0] if len(found) == 1 else None


def _is_same(one: Place, other: Place) -> bool:
    """Whether two places are the same print: equal, or overlapping by most of the smaller one."""
    if isinstance(one, PagePlace) and isinstance(other, PagePlace):
        return one.page == other.page and _overlap(one.bbox, other.bbox) >= MOST_OF
    if isinstance(one, TextPlace) and isinstance(other, TextPlace):
        shared = min(one.end, other.end) - max(one.start, other.start)
        return one.line == other.line and shared * 2 >= min(one.end - one.start, other.end - other.start) > 0
    return one == other


Box = tuple[float, float, float, float]


def _overlap(one: Box, other: Box) -> float:
    """What two boxes share, as a share of the smaller."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / smaller if width > 0 and height > 0 and smaller > 0 else 0.0

"""How much a reading may be doubted before any arithmetic: from the reader, from its form, from its neighbours.

HTML, PDF text and clean text are read with certainty: an arithmetic difference there is the publisher's. A document
whose figures show the marks of a recogniser (impossible forms) is doubted as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from extractors.figures import Body, ReadFigure
from extractors.meaning import Meaning, TableMeaning
from extractors.numbers import Flaw, is_impossible
from schemas.amounts import Amount, shifted
from schemas.filing import PagePlace, Place, TextPlace

CERTAIN = 0.0005
"""The probability of an error that is left to a reading nobody doubts."""

_FLAWED: dict[Flaw, float] = {
    "leading_zero": 0.5,
    "grouping": 0.3,
    "blank_inside": 0.3,
    "lost_parenthesis": 0.05,
    "currency_misread": 0.05,
    "stray_mark": 0.03,
}
_RECOGNISED: frozenset[Flaw] = frozenset({"grouping", "blank_inside", "currency_misread"})
_TELLING = 3  # forms that print may have, too, and that make a text a recognised one together
_UNGROUPED = 0.03  # "73401" among comma figures: the comma was lost, maybe more
_POINT_FOR_COMMA = 0.9  # "26.251" among whole figures
_TWO, _SURELY, _MOSTLY = 2, 4, 2  # negatives in parentheses, and times as many as with a minus
_ODD_SIGN = 0.5  # "- 3" among "(3)"
_FINEST = 4  # places of a per-share figure
_ODD_PLACES = 0.5  # "80.0" in a row of two-decimal figures
_UNLABELLED = 0.05  # a row of a damaged text that lost its label may have lost more
_GHOST = 0.6  # a second, misspelt reading of the row beside it: most likely nothing is printed there
_DIGIT = 1.3  # heights of a figure
_MOST = 0.9
_COLUMNS, _ROWS = 2, 4  # of a table whose rows can be seen to have slid


def read_doubts(bodies: Sequence[Body], meaning: Meaning) -> dict[str, float]:
    """Figure id → probability (0-1) that it is misread, for the figures in doubt; the others are certain."""
    odd = _all_odd_forms(bodies, meaning)
    figures = [figure for body in bodies for figure in body.figures]
    shared = _shared_doubt(figures, odd)
    found: dict[str, float] = {}
    for figure in figures:
        flawed = [_FLAWED[flaw] for flaw in figure.number.flaws]
        doubt = max([1.0 - figure.confidence, *flawed])
        if not _born_digital(figure):
            doubt = max(doubt, odd.get(figure.id, 0.0), shared)
            if shared and not figure.labelled:
                doubt = max(doubt, _UNLABELLED)
        if doubt > CERTAIN and not figure.blank:
            found[figure.id] = min(_MOST, max(doubt, _GHOST if figure.ghost else 0.0))
    return found


def without_ghosts(bodies: Sequence[Body], doubts: Mapping[str, float]) -> list[Body]:
    """The bodies without the doubted figures of ghost rows: what repeats a row proves nothing."""
    return [
        replace(body, figures=tuple(f for f in body.figures if not (f.ghost and f.id in doubts))) for body in bodies
    ]


def read_unsettled(bodies: Sequence[Body], meaning: Meaning) -> frozenset[str]:
    """Figures of a text that one or two odd but possible forms cast doubt on: to be flagged, never to be changed.

    A code with a nought in front or a minus of another kind is in clean print too, and so is a publisher's misprint.
    """
    odd = _all_odd_forms(bodies, meaning)
    figures = [figure for body in bodies for figure in body.figures]
    visible = _visible(figures, odd)
    if len(visible) >= _TELLING or any(_impossible(f, odd) for f in visible):
        return frozenset()
    return frozenset(f.id for f in figures if f.confidence >= 1.0 and isinstance(f.place, TextPlace))


def read_strays(bodies: Sequence[Body], meaning: Meaning) -> frozenset[str]:
    """Figures that stand alone in a row without a label, in a text with misread figures.

    A sum can prove their value, but nothing proves which row they belong to: a person has to say what they are.
    """
    if not _shared_doubt([figure for body in bodies for figure in body.figures], _all_odd_forms(bodies, meaning)):
        return frozenset()
    return frozenset(
        figure.id
        for body in bodies
        for figure in body.figures
        if figure.alone and not figure.labelled and isinstance(figure.place, TextPlace)
    )


def read_nameless(bodies: Sequence[Body]) -> frozenset[str]:
    """Figures of a scan in rows without a label."""
    return frozenset(f.id for body in bodies for f in body.figures if f.confidence < 1.0 and not f.labelled)


def read_open(bodies: Sequence[Body]) -> frozenset[str]:
    """Figures that are a thousand times as much in the other style: sums hold in both."""
    return frozenset(figure.id for body in bodies for figure in body.figures if figure.open)


def read_halved(bodies: Sequence[Body]) -> frozenset[str]:
    """Pairs of figures of a scan or a text that stand close together under the same heads.

    A figure fell apart at a mark that was not seen; the sums of halves hold as those of wholes do.
    """
    found: set[str] = set()
    for body in bodies:
        twins = [figure for figure in body.figures if figure.twin and not _born_digital(figure)]
        for one, other in pairwise(sorted(twins, key=lambda figure: (figure.row, figure.column))):
            beside = one.row == other.row and other.column == one.column + 1
            if beside and _touching(one.place, other.place):
                found.update((one.id, other.id))
    return frozenset(found)


def _touching(one: Place | None, other: Place | None) -> bool:
    """True where no more than a digit would stand between two places."""
    if isinstance(one, PagePlace) and isinstance(other, PagePlace):
        height = max(place.bbox[3] - place.bbox[1] for place in (one, other))
        return other.bbox[0] - one.bbox[2] < _DIGIT * height
    if isinstance(one, TextPlace) and isinstance(other, TextPlace):
        return one.line == other.line and other.start - one.end <= 1
    return False


def read_displaced(bodies: Sequence[Body], doubts: Mapping[str, float]) -> frozenset[str]:
    """Doubted figures of rows that are whole but for the column which nearly all rows begin with.

    The cells of such a row may have slid: a second printing proves their values, only a sum down the column the column.
    """
    slid = [(body, _slid(body)) for body in bodies] if doubts else []
    return frozenset(f.id for body, rows in slid for f in body.figures if f.row in rows and f.id in doubts)


def _slid(body: Body) -> set[int]:
    rows: dict[int, set[int]] = {}
    for figure in body.figures:
        rows.setdefault(figure.row, set()).add(figure.column)
    columns = set().union(*rows.values()) if rows else set()
    if len(columns) < _COLUMNS or len(rows) < _ROWS:
        return set()
    first = min(columns)
    found = {row for row, filled in rows.items() if filled == columns - {first}}
    return found if sum(first in filled for filled in rows.values()) * 5 >= len(rows) * 4 else set()


def _all_odd_forms(bodies: Sequence[Body], meaning: Meaning) -> dict[str, float]:
    enclosing = find_enclosing(bodies)
    return {
        member: doubt
        for body, means in zip(bodies, meaning.tables, strict=True)
        for member, doubt in _odd_forms(body, means, body.id in enclosing).items()
    }


def _born_digital(figure: ReadFigure) -> bool:
    """True where no recogniser stood between the publisher and the reader; a text may have come out of one."""
    return figure.confidence >= 1.0 and figure.place is not None and not isinstance(figure.place, TextPlace)


def _shared_doubt(figures: Sequence[ReadFigure], odd: Mapping[str, float]) -> float:
    """What the visibly misread figures of a text say about the others; nought when there are none."""
    visible = len(_visible(figures, odd))
    return min(0.03, 0.002 + visible / (8 * len(figures))) if visible else 0.0


def _visible(figures: Sequence[ReadFigure], odd: Mapping[str, float]) -> list[ReadFigure]:
    return [f for f in figures if f.id in odd or {*_RECOGNISED, "leading_zero"}.intersection(f.number.flaws)]


def _impossible(figure: ReadFigure, odd: Mapping[str, float]) -> bool:
    """True for a form that nobody prints: "0,333", "(002)", "1,23,4", "26.251" among whole figures."""
    return is_impossible(figure.raw, figure.number) or odd.get(figure.id) == _POINT_FOR_COMMA


def _odd_forms(body: Body, means: TableMeaning, enclosed: bool) -> dict[str, float]:
    """Figures whose form does not fit their neighbours: without commas among commas, with other decimals or signs."""
    large = [figure for figure in body.figures if abs(figure.number.value) >= 1000 and not figure.number.decimals]
    grouped = sum(1 for figure in large if figure.number.grouped)
    found: dict[str, float] = {}
    if grouped >= 4 and grouped * 5 >= len(large) * 4:
        found.update((figure.id, _UNGROUPED) for figure in large if not figure.number.grouped)
    if enclosed:
        found.update((figure.id, _ODD_SIGN) for figure in body.figures if figure.number.sign == "leading")
    usual = usual_places(body, means)
    for figure in body.figures:
        places = usual.get(figure.id, figure.number.decimals)
        # dividends of .275 stand among earnings of 1.42
        finer = "shares" in means.rows[figure.row].unit and places < figure.number.decimals <= _FINEST
        if places != figure.number.decimals and not finer:
            found[figure.id] = _POINT_FOR_COMMA if point_for_comma(figure, usual) else _ODD_PLACES
    return found


def find_enclosing(bodies: Sequence[Body]) -> frozenset[str]:
    """The ids of the tables that write negatives in parentheses: a minus there is a speck, or ends a dotted line.

    What a table alone leaves open, the document decides.
    """
    signs = {body.id: Counter[str](figure.number.sign or "" for figure in body.figures) for body in bodies}
    every = Counter[str](sign for own in signs.values() for sign in own.elements())
    times = _MOSTLY if _encloses(every, _SURELY) else _SURELY
    return frozenset(name for name, own in signs.items() if _encloses(own, times))


def _encloses(signs: Mapping[str, int], times: int) -> bool:
    return signs["parentheses"] >= _TWO and signs["parentheses"] > times * signs["leading"]


def find_likely(bodies: Sequence[Body], meaning: Meaning) -> dict[str, Amount]:
    """What figures of an impossible form are most likely meant to say, so that their sums are found; none repaired."""
    found: dict[str, Amount] = {}
    enclosing = find_enclosing(bodies)
    for body, means in zip(bodies, meaning.tables, strict=True):
        usual = usual_places(body, means)
        for figure in body.figures:
            if _born_digital(figure):
                continue
            if point_for_comma(figure, usual):
                found[figure.id] = shifted(figure.number.value, 3)
            if body.id in enclosing and figure.number.sign == "leading":
                found[figure.id] = abs(figure.number.value)
    return found


def point_for_comma(figure: ReadFigure, usual: Mapping[str, int]) -> bool:
    """True for "26.251" among whole figures: the mark before three digits was a comma."""
    return figure.number.decimals == 3 and usual.get(figure.id) == 0


def usual_places(body: Body, means: TableMeaning) -> dict[str, int]:
    """Decimals that figures should show, by id, where the figures of their kind in the table agree on some.

    A per-share figure is held against the other per-share figures, an amount against the other amounts; percentages
    are printed with and without decimals side by side.
    """
    kinds: dict[str, list[ReadFigure]] = {}
    for figure in body.figures:
        unit = means.rows[figure.row].unit
        if not figure.number.nil and not figure.number.percent and unit != "percent":
            kinds.setdefault(unit, []).append(figure)
    found: dict[str, int] = {}
    for unit, figures in kinds.items():
        few = "shares" in unit
        sound = Counter(f.number.decimals for f in figures if "leading_zero" not in f.number.flaws)
        places, times = max(sound.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        # per-share rows are few and often damaged alike; amounts are many
        share = 5 if few else 9 if unit == "pure" else 8
        agreed = times >= (2 if few else 6) and times * 10 >= len(figures) * share
        if agreed and places:
            found.update((figure.id, places) for figure in figures)
        elif agreed and not few:
            # whole figures with a decimal among them are seen; three decimals are thousands with a misread comma
            found.update((figure.id, 0) for figure in figures if figure.number.decimals in (0, 3))
    return found

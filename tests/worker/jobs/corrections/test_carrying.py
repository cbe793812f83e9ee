"""What a person said of one reading, said of another: figures are found by their place, and what is not is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from schemas.filing import Check, Figure, Filing, HtmlPlace, PagePlace, Place, Term, TextPlace
from tests.fakes.results import result
from worker.jobs.corrections import Correction, Relation, RelationTerm, apply_corrections, carry_over, keep
from worker.jobs.corrections.carrying import Carried


def reading(*cells: tuple[str, str, Place | None], checks: Sequence[tuple[str, str]] = ()) -> Filing:
    """A reading with figures (id, print and value, place), and checks that say that two of them are the same."""
    made = result("a" * 64, ["x"])
    figures = tuple(
        Figure(
            id=key, row=row, column=0, raw=f"$ {text}", value=text, nil=False, decimals=0, scale=1, unit="USD",
            period=None, status="unchecked", grade=None, confidence=0.9, needs_review=True,
            checks=tuple(f"k{n}" for n, pair in enumerate(checks) if key in pair), repair=None, place=place,
        )
        for row, (key, text, place) in enumerate(cells)
    )  # fmt: skip
    values = {key: int(text) for key, text, _ in cells}
    made_checks = tuple(
        Check(
            id=f"k{n}", kind="tie_out", total=one, terms=(Term(figure=other, weight="1"),), tolerance="1",
            residual=str(values[one] - values[other]), verdict="exact" if values[one] == values[other] else "broken",
        )
        for n, (one, other) in enumerate(checks)
    )  # fmt: skip
    table = made.tables[0].model_copy(update={"figures": figures})
    return made.model_copy(update={"tables": (table,), "checks": made_checks})


def line(number: int, start: int = 10) -> TextPlace:
    """Five characters of a line."""
    return TextPlace(line=number, start=start, end=start + 5)


def said_again(first: Filing, second: Filing, *corrections: Correction) -> Carried:
    """Corrections of the first reading, said of the second, all at once."""
    return carry_over(second, [[(n, keep(first, one)) for n, one in enumerate(corrections)]])


def test_a_figure_is_found_by_its_place_whatever_it_is_called_and_read_as() -> None:
    """A later engine reads another number under another id at the same place: the person's word still holds."""
    first, second = reading(("t1.r0.c0", "7", line(3))), reading(("x", "5", line(2)), ("t1.r0.c0", "8", line(3, 11)))
    carried = said_again(first, second, Correction(figure="t1.r0.c0", value="9", reason="blot"))
    figure = carried.filing.tables[0].figures[1]
    assert (figure.value, figure.status, figure.raw) == ("9", "confirmed", "$ 8")
    assert carried.filing.tables[0].figures[0].value == "5"
    assert ([n for n, _ in carried.applied], carried.left) == ([0], [])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (line(3), line(4), False),
        (line(3, 10), line(3, 14), False),
        (PagePlace(page=1, bbox=(10, 10, 30, 20)), PagePlace(page=1, bbox=(11, 9, 31, 19)), True),
        (PagePlace(page=1, bbox=(10, 10, 30, 20)), PagePlace(page=2, bbox=(10, 10, 30, 20)), False),
        (PagePlace(page=1, bbox=(10, 10, 30, 20)), PagePlace(page=1, bbox=(28, 10, 48, 20)), False),
        (HtmlPlace(table=1, row=2, cell=3), HtmlPlace(table=1, row=2, cell=3), True),
        (HtmlPlace(table=1, row=2, cell=3), HtmlPlace(table=1, row=2, cell=4), False),
        (None, None, True),
        (None, line(3), False),
    ],
)
def test_the_same_print_is_the_same_place(one: Place | None, other: Place | None, same: bool) -> None:
    """Most of the smaller box, the same characters, the same cell; a figure without a place by its id and print."""
    carried = said_again(reading(("a", "7", one)), reading(("a", "7", other)), Correction(figure="a", value="9"))
    assert (carried.left == []) == same
    assert (carried.filing.tables[0].figures[0].value == "9") == same


def test_two_figures_at_one_place_are_not_guessed_between() -> None:
    """What cannot be said for certain is left, and told."""
    second = reading(("a", "7", line(3)), ("b", "7", line(3)))
    assert said_again(reading(("a", "7", line(3))), second, Correction(figure="a", value="9")).left == [0]


def test_relations_and_rejections_follow_their_figures() -> None:
    """A relation gets the new ids; a check that is not meant is found by the figures that it holds."""
    cells: Any = [("a", "7", line(1)), ("b", "7", line(2)), ("c", "7", line(3))]
    first = reading(*cells, checks=[("a", "b")])
    later: Any = [("z", "1", line(9)), *((f"n{key}", text, place) for key, text, place in cells)]
    second = reading(*later, checks=[("z", "nc"), ("na", "nb")])
    relation = Correction(figure="a", relation=Relation(kind="tie_out", terms=(RelationTerm(figure="c"),)))
    carried = said_again(first, second, Correction(figure="a", reject="k0"), relation)
    assert carried.left == []
    totals = [(check.total, check.terms[0].figure) for check in carried.filing.checks]
    assert totals == [("z", "nc"), ("na", "nc")]
    gone = said_again(first, reading(*later), Correction(figure="a", reject="k0"))
    assert gone.left == [0]


def test_what_was_said_at_once_stays_together_and_what_fits_is_kept() -> None:
    """A correction of a place and of a value there belong together; one that finds nothing takes no other along."""
    first = reading(("a", "7", line(1)), ("b", "7", line(2)))
    both = [Correction(figure="a", place=line(5)), Correction(figure="a", value="9")]
    carried = said_again(first, first, *both)
    assert (carried.left, carried.filing) == ([], apply_corrections(first, both))
    second = reading(("a", "7", line(1)))
    carried = said_again(first, second, Correction(figure="b", value="1"), Correction(figure="a", value="2"))
    assert (carried.left, carried.filing.tables[0].figures[0].value) == ([0], "2")

"""Corrections as arithmetic: what a person says, what follows from it, and nothing else."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.errors import UsageError
from schemas.filing import Check, Figure, Filing, Finding, Rival, Status, Term, TextPlace
from schemas.recheck import recheck
from tests.fakes.results import result
from worker.explanation import explain_figure
from worker.jobs.corrections import Correction, Relation, RelationTerm, apply_corrections, summarize

LABELS = ("Cash", "Receivables", "Total")
PLACE = TextPlace(line=3, start=4, end=9)


def statement(cash: str, receivables: str, total: str, status: Status = "proved", **total_has: Any) -> Filing:
    """Two addends and their total, with the check over them as the figures have it."""
    values = {f"t1.r{row}.c0": text for row, text in enumerate((cash, receivables, total))}
    plain = result("a" * 64, ["x"]).tables[0]
    figures = tuple(
        Figure(
            id=key, row=row, column=0, raw=text, value=text, nil=False, decimals=0, scale=1, unit="USD", period=None,
            status=status, grade="exact" if status == "proved" else None, confidence=0.9, needs_review=True,
            checks=("k0",), repair=None, place=TextPlace(line=row + 1, start=4, end=9),
        )
        for row, (key, text) in enumerate(values.items())
    )  # fmt: skip
    figures = (*figures[:2], figures[2].model_copy(update=total_has))
    check = Check(
        id="k0", kind="foot", total="t1.r2.c0", residual="0", tolerance="1.5", verdict="exact", evidence=20.0,
        terms=tuple(Term(figure=key, weight="1") for key in list(values)[:2]),
    )  # fmt: skip
    residual = int(total) - int(cash) - int(receivables)
    if residual:
        held = "rounding" if abs(residual) <= 1 else "broken"
        check = check.model_copy(update={"residual": str(residual), "verdict": held})
    made = result("a" * 64, ["x"])
    return made.model_copy(
        update={
            "tables": (plain.model_copy(update={"figures": figures}),),
            "checks": (check,),
            "verdict": "conflict" if status == "conflict" else "balanced",
        }
    )


def figure(filing: Filing, row: int) -> Figure:
    """A figure of the statement."""
    return filing.tables[0].figures[row]


def test_a_value_is_a_person_s_word_and_proves_the_others() -> None:
    """The corrected figure is confirmed, says what was read before, and its column, which foots now, is proved."""
    before = statement("10", "70", "30", "conflict")
    after = apply_corrections(before, [Correction(figure="t1.r1.c0", value="20", reason="blot")])
    said = figure(after, 1)
    assert (said.value, said.raw, said.status, said.confidence, said.needs_review) == ("20", "70", "confirmed", 1.0, 0)
    assert said.repair is not None
    assert (said.repair.read_as, said.repair.reason) == ("70", "a person says so: blot")
    assert [(f.status, f.grade, f.needs_review) for f in after.tables[0].figures[::2]] == [
        ("proved", "exact", False)
    ] * 2
    assert (after.checks[0].verdict, after.verdict) == ("exact", "balanced")
    assert [(f.code, f.figures) for f in after.findings] == [("corrected", ("t1.r1.c0",))]
    assert summarize(after)["review"] == 0


def test_the_value_it_has_confirms_it_and_changes_no_other() -> None:
    """Confirming a figure leaves its repair, its checks and its neighbours as they were."""
    before = statement("10", "20", "30")
    after = apply_corrections(before, [Correction(figure="t1.r0.c0", value="10")])
    assert (figure(after, 0).status, figure(after, 0).repair, figure(after, 0).grade) == ("confirmed", None, "exact")
    assert after.tables[0].figures[1:] == before.tables[0].figures[1:]
    assert after.checks == before.checks


def test_a_correction_that_breaks_a_proof_takes_it_back() -> None:
    """Whoever leaned on a check that does not hold any more needs review: never silently wrong."""
    after = apply_corrections(statement("10", "20", "30"), [Correction(figure="t1.r0.c0", value="11000")])
    assert after.checks[0].verdict == "broken"
    for row in (1, 2):
        assert (figure(after, row).status, figure(after, row).needs_review) == ("conflict", True)
        assert figure(after, row).confidence <= 0.5
    assert after.verdict == "conflict"
    assert "does_not_foot" in {finding.code for finding in after.findings}


def test_what_holds_only_within_rounding_stays_with_a_person() -> None:
    """A misread last digit hides in a rounding difference: such a check proves, and takes no review away."""
    after = apply_corrections(statement("10", "70", "31", "conflict"), [Correction(figure="t1.r1.c0", value="20")])
    assert [(f.status, f.grade, f.needs_review) for f in after.tables[0].figures[::2]] == [
        ("proved", "rounding", True)
    ] * 2


def test_noughts_and_percentages_are_not_proved_by_a_sum() -> None:
    """They agree by chance too often."""
    after = apply_corrections(
        statement("10", "70", "30", "conflict", unit="percent"), [Correction(figure="t1.r1.c0", value="20")]
    )
    assert (figure(after, 2).status, figure(after, 0).status) == ("conflict", "proved")


def test_a_corrected_figure_is_explained() -> None:
    """Who asks for the proof is told that a person said so, and what was read before would have done."""
    after = apply_corrections(statement("10", "70", "30", "conflict"), [Correction(figure="t1.r1.c0", value="20")])
    said = "\n".join(explain_figure(after, "t1.r1.c0"))
    assert "Confirmed: a person said that this is what is printed." in said
    assert "Read before as 70 (a person says so): k0 would be off by -50." in said


@pytest.mark.parametrize("status", ["proved", "conflict"])
def test_a_place_is_corrected_and_nothing_else(status: Status) -> None:
    """Who says where a number is printed has not said what it is: status, confidence and rivals stay."""
    rivals = (Rival(value="80", probability=0.4),)
    before = statement("10", "20", "30", status, rivals=rivals)
    after = apply_corrections(before, [Correction(figure="t1.r2.c0", place=PLACE)])
    assert figure(after, 2) == figure(before, 2).model_copy(update={"place": PLACE})
    assert (after.tables[0].figures[:2], after.verdict) == (before.tables[0].figures[:2], before.verdict)


def test_a_relation_is_a_check_more() -> None:
    """A person's relation is evaluated like any other, and all its members name it."""
    before = statement("10", "20", "30", "unchecked")
    before = before.model_copy(update={"checks": (), "verdict": "unproved"})
    table = before.tables[0]
    bare = tuple(f.model_copy(update={"checks": ()}) for f in table.figures)
    before = before.model_copy(update={"tables": (table.model_copy(update={"figures": bare}),)})
    terms = (RelationTerm(figure="t1.r0.c0"), RelationTerm(figure="t1.r1.c0", weight="1"))
    after = apply_corrections(before, [Correction(figure="t1.r2.c0", relation=Relation(terms=terms))])
    assert [(c.id, c.total, c.verdict) for c in after.checks] == [("k0", "t1.r2.c0", "exact")]
    assert {f.status for f in after.tables[0].figures} == {"proved"}
    assert after.verdict == "balanced"
    wrong = (RelationTerm(figure="t1.r0.c0"),)
    broken = apply_corrections(before, [Correction(figure="t1.r2.c0", relation=Relation(terms=wrong))])
    assert (broken.verdict, {f.status for f in broken.tables[0].figures}) == ("differs", {"unchecked"})


def without_checks(before: Filing) -> Filing:
    """A statement nobody has found a check in."""
    table = before.tables[0]
    bare = tuple(f.model_copy(update={"checks": (), "status": "unchecked", "grade": None}) for f in table.figures)
    update = {"checks": (), "verdict": "unproved", "tables": (table.model_copy(update={"figures": bare}),)}
    return before.model_copy(update=update)


def test_a_told_relation_that_only_rounds_proves_nothing() -> None:
    """Neither when it is told, nor when something else is said of its figures later, nor beside a check that breaks."""
    terms = (RelationTerm(figure="t1.r0.c0"), RelationTerm(figure="t1.r1.c0"))
    told = Correction(figure="t1.r2.c0", relation=Relation(terms=terms))
    after = apply_corrections(without_checks(statement("10", "20", "31")), [told])
    assert after.checks[0].verdict == "rounding"
    assert {(f.status, f.grade) for f in after.tables[0].figures} == {("unchecked", None)}
    later = apply_corrections(
        after, [Correction(figure="t1.r0.c0", value="11"), Correction(figure="t1.r1.c0", value="21")]
    )
    assert (later.checks[0].verdict, figure(later, 2).status, recheck(later)) == ("rounding", "unchecked", [])
    known = apply_corrections(statement("10", "20", "31"), [told, Correction(figure="t1.r2.c0", reject="k0")])
    assert {(f.status, f.needs_review) for f in known.tables[0].figures} == {("unchecked", True)}


NUMBERS: list[tuple[dict[str, Any], bool]] = [
    ({"weight": "-1"}, True),
    ({"weight": "1.0"}, True),
    ({"weight": "2"}, False),
    ({"weight": "0"}, False),
    ({"weight": "0.98"}, False),
    ({"factor": "1000"}, True),
    ({"factor": "0.01"}, True),
    ({"factor": "0"}, False),
    ({"factor": "-1"}, False),
    ({"factor": "1.1"}, False),
    ({"factor": "20"}, False),
]


@pytest.mark.parametrize(("numbers", "good"), NUMBERS)
def test_a_relation_adds_takes_away_and_changes_units(numbers: dict[str, str], good: bool) -> None:
    """With other weights and factors anything could be made to hold."""
    term = {"figure": "t1.r0.c0", **({"weight": numbers["weight"]} if "weight" in numbers else {})}
    relation = {"terms": [term], **({"factor": numbers["factor"]} if "factor" in numbers else {})}
    said = [Correction.model_validate({"figure": "t1.r2.c0", "relation": relation})]
    with nullcontext() if good else pytest.raises(UsageError, match="of a relation"):
        assert len(apply_corrections(statement("10", "20", "30"), said).checks) == 2


def test_a_check_that_is_not_meant_goes_with_what_leaned_on_it() -> None:
    """Its members do not name it any more, and who had no other proof has none."""
    after = apply_corrections(statement("10", "20", "30"), [Correction(figure="t1.r2.c0", reject="k0")])
    assert after.checks == ()
    assert {(f.status, f.checks, f.needs_review) for f in after.tables[0].figures} == {("unchecked", (), True)}
    assert after.verdict == "unproved"


def test_a_finding_that_is_settled_goes() -> None:
    """What did not foot and does now is not complained of any more; other findings stay."""
    before = statement("10", "70", "30", "conflict", rivals=(Rival(value="80", probability=0.4),))
    figures = tuple(f.id for f in before.tables[0].figures)
    old = (
        Finding(code="ambiguous_repair", severity="warning", message="x", figures=figures),
        Finding(code="unassigned_number", severity="info", message="y"),
    )
    after = apply_corrections(before.model_copy(update={"findings": old}), [Correction(figure="t1.r1.c0", value="20")])
    assert [finding.code for finding in after.findings] == ["unassigned_number", "corrected"]
    assert figure(after, 2).rivals == ()


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ({"figure": "t9", "value": "1"}, "no figure 't9'"),
        ({"figure": "t1.r0.c0", "reject": "k7"}, "no check 'k7'"),
        ({"figure": "t1.r0.c0", "relation": {"terms": [{"figure": "t1.r0.c0"}]}}, "each figure once"),
        ({"figure": "t1.r0.c0", "relation": {"terms": [{"figure": "t8"}]}}, "no figure 't8'"),
    ],
)
def test_what_does_not_fit_the_result_is_refused(said: dict[str, Any], about: str) -> None:
    """Nothing is applied in part."""
    with pytest.raises(UsageError, match=about):
        apply_corrections(statement("10", "20", "30"), [Correction.model_validate(said)])


def test_a_division_by_nought_is_refused() -> None:
    """A divisor that a person makes nought leaves a check that cannot be evaluated."""
    terms = (RelationTerm(figure="t1.r0.c0"),)
    ratio = Relation(kind="ratio", terms=terms, divisor="t1.r1.c0")
    both = [Correction(figure="t1.r2.c0", relation=ratio), Correction(figure="t1.r1.c0", value="0")]
    with pytest.raises(UsageError, match="divide by"):
        apply_corrections(statement("10", "20", "30"), both)


@pytest.mark.parametrize("said", [{}, {"value": "1", "reject": "k0"}, {"value": "1,000"}, {"value": "NaN"}])
def test_a_correction_says_one_thing_in_plain_decimals(said: dict[str, str]) -> None:
    """None of the four, two of them, or a printed form where a decimal string is wanted."""
    with pytest.raises(ValidationError):
        Correction.model_validate({"figure": "t1.r0.c0", **said})


VALUES = st.integers(-999, 999).map(str)


@given(
    cells=st.tuples(VALUES, VALUES, VALUES),
    said=st.lists(st.tuples(st.integers(0, 2), VALUES), min_size=1, max_size=4),
    status=st.sampled_from(["proved", "conflict", "unchecked"]),
)
def test_every_corrected_result_bears_itself_out(
    cells: tuple[str, str, str], said: list[tuple[int, str]], status: Status
) -> None:
    """Whatever is said: the arithmetic holds as told, nothing printed changes, nobody unnamed gets another value."""
    before = statement(*cells, status=status)
    corrections = [Correction(figure=f"t1.r{row}.c0", value=value) for row, value in said]
    after = apply_corrections(before, corrections)
    assert [d for d in recheck(after) if d.subject == "k0" or status != "proved"] == []
    last = dict(said)
    for row, (old, new) in enumerate(zip(before.tables[0].figures, after.tables[0].figures, strict=True)):
        assert new.raw == old.raw
        assert int(new.value) == int(last.get(row, old.value))
        assert new.needs_review == (new.confidence < 0.99)
        assert (new.status == "confirmed") == (row in last)
    assert apply_corrections(before, corrections) == after

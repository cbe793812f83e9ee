"""Damage is repaired where the arithmetic leaves one answer, and flagged where it does not."""

import pytest

from extractors.footing import find_identities
from extractors.page import Profile, Reading
from extractors.repair import Judged, Outcome, repair_figures
from schemas.amounts import amount
from schemas.identities import Addend, Identity
from tests.fakes.statements import Statement, statement

EXPENSES = """
Research and development   | 15,608 | 15,106 | 15,480
Sales and marketing        | 14,297 | 12,392 | 13,671
General and administrative | 8,196  | 10,971 | 9,024
Total operating expenses   | 38,101 | 38,469 | 38,175
Other income               | 1,204  | 1,377  | 1,866
Total                      | 39,305 | 39,846 | 40,041
"""
PER_SHARE = """
Net income (loss)          | (5,934)   | 12,811  | (22,278)
Basic, per share           | (0.02)    | 0.05    | (0.08)
Basic, shares              | 278,400   | 275,910 | 275,412
"""


def judged(document: Statement, profile: Profile | None = None) -> Outcome:
    """The outcome of finding and repairing."""
    identities = find_identities(document.tables, document.bodies, document.meaning)
    return repair_figures(document.bodies, document.meaning, identities, profile or Profile())


def one(document: Statement, figure: str) -> Judged:
    """The judgement on one figure."""
    return judged(document).figures[figure]


def test_figures_of_a_statement_that_foots_are_proved_exact() -> None:
    """Each addend and each total is vouched for, and sure although the reader was not."""
    outcome = judged(statement(EXPENSES))
    assert {(f.status, f.grade, f.needs_review) for f in outcome.figures.values()} == {("proved", "exact", False)}
    assert outcome.verdict == "balanced"


def test_a_misread_subtotal_is_repaired_by_the_two_sums_it_is_part_of() -> None:
    """A total is as suspect as its addends: the subtotal gives way, not its rows."""
    figure = one(statement(EXPENSES).reread({"t1.r3.c1": "36,469"}), "t1.r3.c1")
    assert (figure.status, figure.value, figure.grade) == ("repaired", amount("38469"), "exact")
    assert figure.repair is not None
    assert figure.repair.read_as == "36469"
    assert "38,469 = 15,106 + 12,392 + 10,971" in figure.repair.reason


@pytest.mark.parametrize(
    ("figure", "read", "true"),
    [
        ("t1.r1.c0", "(002)", "-0.02"),  # lost decimal point
        ("t1.r1.c2", "(80.0)", "-0.08"),  # digits in another order
    ],
)
def test_per_share_figures_are_repaired_by_income_over_shares(figure: str, read: str, true: str) -> None:
    """The quotient decides between the readings that the printed form allows."""
    found = one(statement(PER_SHARE).reread({figure: read}), figure)
    assert (found.status, found.value, found.decimals, found.grade) == ("repaired", amount(true), 2, "rounding")


@pytest.mark.parametrize(
    ("figure", "read", "true"),
    [
        ("t1.r3.c0", "538,101", "38101"),  # a currency sign read as a digit
        ("t1.r3.c2", "38,17", "38175"),  # lost digit
        ("t1.r3.c1", "38,649", "38469"),  # swapped digits
        ("t1.r3.c1", "(38,469)", "38469"),  # parentheses that are not there
    ],
)
def test_each_class_of_damage_to_a_subtotal_is_repaired(figure: str, read: str, true: str) -> None:
    """Two sums name the only value, and the printed string is within reach of it."""
    found = one(statement(EXPENSES).reread({figure: read}), figure)
    assert (found.status, found.value) == ("repaired", amount(true))


@pytest.mark.parametrize(("read", "true"), [("15.608", "15608"), ("- 15,608", "15608")])
def test_marks_that_the_table_does_not_use_give_way(read: str, true: str) -> None:
    """A point among whole figures was a comma; a minus among parentheses was a speck. The sum proves it."""
    negatives = "\nOther losses | (1,204) | (1,377) | (1,866)\nFurther losses | (317) | (2,290) | (1,118)"
    found = one(statement(EXPENSES + negatives).reread({"t1.r0.c0": read}), "t1.r0.c0")
    assert (found.status, found.value, found.decimals, found.grade) == ("repaired", amount(true), 0, "exact")


def test_a_figure_is_repaired_with_the_decimals_of_its_row() -> None:
    """A lost decimal point comes back with the places that the neighbours show, and never more."""
    document = statement(
        "Cash | 484.9 | 612.2\nLand | 888.3 | 704.1\nPatents | 841.3 | 655.4\nTotal | 2,214.5 | 1,971.7"
    )
    found = one(document.reread({"t1.r3.c0": "2,2145"}), "t1.r3.c0")
    assert (found.value, found.decimals) == (amount("2214.5"), 1)


def test_a_lost_comma_is_no_other_value_and_is_proved() -> None:
    """``15608`` among comma figures is read right; the sum proves it."""
    found = one(statement(EXPENSES).reread({"t1.r0.c0": "15608"}), "t1.r0.c0")
    assert (found.status, found.value, found.needs_review) == ("proved", amount("15608"), False)


def test_an_addend_that_several_misreadings_explain_is_flagged() -> None:
    """Two addends could be wrong by the same digit: both keep what was read, with rivals, and need review."""
    outcome = judged(statement("Apples | 3,318\nPears | 4,137\nTotal | 7,405\nPlums | 2,211\nTotal fruit | 9,616"))
    suspects = [outcome.figures["t1.r0.c0"], outcome.figures["t1.r1.c0"]]
    assert [figure.needs_review for figure in suspects] == [True, True]
    assert not any(figure.status == "repaired" for figure in outcome.figures.values())


def test_the_recognisers_rival_settles_which_addend_is_wrong() -> None:
    """Of two symmetric explanations the one that the recogniser also saw wins."""
    rival = {"t1.r0.c0": (Reading("15,608", 0.4),)}
    document = statement(EXPENSES).reread({"t1.r0.c0": "15,668"}, rival)
    found = one(document, "t1.r0.c0")
    assert (found.status, found.value) == ("repaired", amount("15608"))


def test_a_misread_last_digit_is_not_blessed_as_rounding() -> None:
    """Where the other columns are exact, a difference of one last place needs a look."""
    figure = one(statement(EXPENSES).reread({"t1.r1.c1": "12,393"}), "t1.r1.c1")
    assert figure.value == amount("12393")
    assert figure.needs_review


def test_a_publishers_error_is_reported_and_nobody_is_in_conflict() -> None:
    """Read with certainty, the check is broken, the figures stay as printed, and a finding says so."""
    outcome = judged(statement(EXPENSES, confidence=1.0).reread({"t1.r3.c1": "36,469"}))
    assert outcome.figures["t1.r3.c1"].value == amount("36469")
    assert not any(figure.status in ("repaired", "conflict") for figure in outcome.figures.values())
    assert outcome.verdict == "differs"
    assert {finding.code for finding in outcome.findings} == {"does_not_foot"}


def test_without_repair_the_figure_stays_as_read_and_is_in_conflict() -> None:
    """``repair`` False evaluates the checks and lists the reading it would have chosen."""
    outcome = judged(statement(EXPENSES).reread({"t1.r3.c1": "36,469"}), Profile(repair=False))
    figure = outcome.figures["t1.r3.c1"]
    assert (figure.value, figure.status, figure.needs_review) == (amount("36469"), "conflict", True)
    assert figure.rivals[0].value == "38469"
    assert outcome.verdict == "conflict"


def test_an_uncovered_figure_is_as_sure_as_its_reader() -> None:
    """No identity, no more confidence than the recogniser had."""
    figure = one(statement("Backlog | 4,117", confidence=0.97), "t1.r0.c0")
    assert (figure.status, figure.confidence, figure.needs_review) == ("unchecked", 0.97, True)


def test_an_impossible_form_is_doubted_even_without_a_check() -> None:
    """A printed integer never starts with noughts: the figure needs review and the likely reading is named."""
    document = statement("Basic, per share | 0.31\nDiluted, per share | (002)\nPro forma, per share | 0.29")
    figure = one(document, "t1.r1.c0")
    assert (figure.status, figure.needs_review) == ("unchecked", True)
    assert figure.rivals[0].value == "-0.02"


def test_more_errors_than_can_be_told_apart_are_flagged_not_guessed() -> None:
    """Three errors in one sum: nothing is repaired, nothing passes as proved."""
    damage = {"t1.r0.c0": "16,508", "t1.r1.c0": "14,291", "t1.r2.c0": "8,596"}
    outcome = judged(statement(EXPENSES).reread(damage))
    for figure in damage:
        assert outcome.figures[figure].needs_review


def test_a_document_without_identities_is_unproved() -> None:
    """No check, no verdict but unproved."""
    assert judged(statement("Backlog | 4,117")).verdict == "unproved"


@pytest.mark.parametrize(("evidence", "blamed"), [(1.0, False), (8.0, True)])
def test_a_check_that_may_be_a_coincidence_is_told_and_blames_nobody(evidence: float, blamed: bool) -> None:
    """Below the evidence at which a relation is believed a difference is a finding, no reason to review a figure."""
    document = statement("Cost of goods | 67.31 | 45.32\nMargin | 21.11 | 3.43", confidence=0.998)
    identity = Identity("tie_out", "t1.r1.c0", (Addend("t1.r0.c1"),), evidence=evidence)
    outcome = repair_figures(document.bodies, document.meaning, [identity], Profile(repair=False), threshold=1.0)
    assert [finding.code for finding in outcome.findings][:1] in (["does_not_foot"], ["ambiguous_repair"])
    assert outcome.figures["t1.r1.c0"].needs_review is blamed
    assert [check.evidence for check in outcome.checks] == [evidence]


def test_a_dash_gives_way_to_the_figure_that_the_recogniser_also_saw() -> None:
    """A dash is doubted where there is a rival that its sum asks for; elsewhere nothing looks like it."""
    rival = {"t1.r2.c1": (Reading("10,971", 0.2),)}
    found = one(statement(EXPENSES).reread({"t1.r2.c1": "—"}, rival), "t1.r2.c1")
    assert (found.status, found.value, found.nil) == ("repaired", amount("10971"), False)
    assert one(statement(EXPENSES).reread({"t1.r2.c1": "—"}), "t1.r2.c1").value == 0


def test_a_dash_with_rivals_that_no_sum_asks_for_is_proved_as_a_dash() -> None:
    """What the reader also saw does not make the form of a dash odd."""
    dashed = EXPENSES.replace("8,196 ", "— ").replace("38,101", "29,905").replace("39,305", "31,109")
    found = one(statement(dashed).reread({"t1.r2.c0": "—"}, {"t1.r2.c0": (Reading("7", 0.05),)}), "t1.r2.c0")
    assert (found.status, found.value, found.needs_review) == ("proved", amount("0"), False)


def test_what_two_engines_read_alike_is_flagged_and_not_changed() -> None:
    """A total printed wrong looks like a misread one; only a reading that an engine saw is put in its place."""
    misprinted = statement(EXPENSES, 0.998).reread({"t1.r3.c1": "36,469"})
    figure = one(misprinted, "t1.r3.c1")
    assert (figure.status, figure.value, figure.needs_review) == ("conflict", amount("36469"), True)
    assert [rival.value for rival in figure.rivals] == ["38469"]
    seen = misprinted.reread({"t1.r3.c1": "36,469"}, {"t1.r3.c1": (Reading("38,469", 0.002),)})
    assert (one(seen, "t1.r3.c1").status, one(seen, "t1.r3.c1").value) == ("repaired", amount("38469"))


def test_a_sum_that_another_addend_takes_up_says_nothing_of_a_sign() -> None:
    """Class A-1 and A-2 with one balance: minus one plus the other leaves any total as it is."""
    document = statement("Class A-1 | 9,504,372\nClass A-2 | 9,504,372\nClass B | 9,081,353\nTotal | 9,081,353")
    document = document.reread({"t1.r0.c0": "9,504,372"}, {"t1.r0.c0": (Reading("- 9,504,372", 0.06),)})
    terms = tuple(Addend(f"t1.r{row}.c0") for row in range(3))
    found = repair_figures(document.bodies, document.meaning, [Identity("foot", "t1.r3.c0", terms, evidence=9.5)])
    assert (found.figures["t1.r0.c0"].value, found.figures["t1.r0.c0"].needs_review) == (amount("9504372"), True)

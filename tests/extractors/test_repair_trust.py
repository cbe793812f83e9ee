"""What a document's own sums say of its reader, and what two readings on record that cancel leave open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extractors.page import Reading
from extractors.repair import find_relations, repair_figures
from extractors.repair.trust import learn_trust
from schemas.amounts import ONE, amount
from schemas.identities import Addend, Identity, Printed
from tests.fakes.statements import Statement, statement

CHANGES = """
Foreign exchange translation     | (135) | 240
Pension adjustments              | (34)  | 118
Effective hedges                 | 24    | 307
Available for sale investments   | 39    | 95
Total changes in value           | (106) | 760
"""


def sum_of(total: str, terms: tuple[str, ...]) -> Identity:
    """A sum that is surely meant."""
    return Identity("foot", total, tuple(Addend(term, ONE) for term in terms), evidence=20.0)


def sums(count: int, wrong: int) -> tuple[list[Identity], dict[str, Printed]]:
    """So many sums of three figures each, 12 = 4 + 8, the last ones broken."""
    identities, figures = [], {}
    for number in range(count):
        names = tuple(f"t1.r{number}.c{column}" for column in range(3))
        identities.append(sum_of(names[0], names[1:]))
        values = ("12" if number < count - wrong else "19", "4", "8")
        figures.update({name: Printed(amount(value), 0, False) for name, value in zip(names, values, strict=True)})
    return identities, figures


@pytest.mark.parametrize(("wrong", "direction"), [(0, -1), (30, 1)])
def test_sums_say_whether_the_reader_is_right_more_often_than_it_says(wrong: int, direction: int) -> None:
    """Where all sums hold a misreading is rarer than the reader says, where most are broken it is likelier."""
    identities, figures = sums(40, wrong)
    nats = learn_trust(identities, figures, dict.fromkeys(figures, 0.04), frozenset())
    assert all(value * direction > 0.5 for value in nats.values())


def test_forms_that_nobody_prints_say_nothing_of_the_others() -> None:
    """A figure whose form is impossible is misread however sure the reader was: it has no say and gets none."""
    identities, figures = sums(40, 0)
    nats = learn_trust(identities, figures, dict.fromkeys(figures, 0.04), frozenset({"t1.r0.c0"}))
    assert "t1.r0.c0" not in nats


@pytest.mark.parametrize("doubt", [0.0, 1.0])
def test_figures_that_are_certain_or_hopeless_can_be_weighed(doubt: float) -> None:
    """Doubts at the ends of their range give numbers, no division by nought."""
    identities, figures = sums(10, 5)
    nats = learn_trust(identities, figures, dict.fromkeys(figures, doubt), frozenset())
    assert all(abs(value) < 10 for value in nats.values())


def judged(document: Statement) -> dict[str, bool]:
    """Which figures need review."""
    relations = find_relations(document.tables, document.bodies, document.meaning)
    outcome = repair_figures(document.bodies, document.meaning, relations)
    return {member: figure.needs_review for member, figure in outcome.figures.items()}


def test_two_readings_on_record_that_cancel_need_review() -> None:
    """34 for 24 and (44) for (34) leave the sum as it was: the recogniser saw the true readings too."""
    misread = {"t1.r1.c0": "(44)", "t1.r2.c0": "34"}
    rivals = {"t1.r1.c0": (Reading("(34)", 0.29),), "t1.r2.c0": (Reading("24", 0.08),)}
    review = judged(statement(CHANGES).reread(misread, rivals))
    assert review["t1.r1.c0"]
    assert review["t1.r2.c0"]
    assert not review["t1.r3.c0"]


def test_readings_on_record_that_do_not_cancel_leave_a_sum_its_proof() -> None:
    """Rivals that would break the sum are refuted by it."""
    same = {"t1.r1.c0": "(34)", "t1.r2.c0": "24"}
    rivals = {"t1.r1.c0": (Reading("(84)", 0.2),), "t1.r2.c0": (Reading("29", 0.2),)}
    assert not any(judged(statement(CHANGES).reread(same, rivals)).values())


def test_no_sum_is_too_long_to_look_for_readings_that_cancel() -> None:
    """Two of two hundred addends, the last ones, have readings on record that cancel."""
    values = [1000 + 7 * row for row in range(200)]
    rows = [f"Item {row} | {value:,}" for row, value in enumerate(values)]
    document = statement("\n".join([*rows, f"Total | {sum(values):,}"]))
    others = [value + 5 for value in values[:-2]] + [values[-2] + 3, values[-1] - 3]
    rivals = {f"t1.r{n}.c0": (Reading(f"{o:,}", 0.1 if n < 198 else 0.4),) for n, o in enumerate(others)}
    meant = sum_of("t1.r200.c0", tuple(f"t1.r{row}.c0" for row in range(200)))
    document = document.reread({member: document.figures()[member].raw for member in rivals}, rivals)
    outcome = repair_figures(document.bodies, document.meaning, [meant]).figures
    assert [outcome[f"t1.r{row}.c0"].needs_review for row in (100, 197, 198, 199)] == [False, False, True, True]


def test_what_is_lost_is_not_made_up_by_two_far_readings() -> None:
    """2,120 as 1,202 and 5,214 as 5,213 would close a sum that lacks a row: to leave it broken is hardly dearer."""
    text = """
    Depreciation    | 2,120
    Inventories     | 5,214
    Receivables     | 76,449
    Taxes paid      | 38,587
    Total of these  | 121,451
    """
    document = statement(text)
    meant = sum_of("t1.r4.c0", tuple(f"t1.r{row}.c0" for row in range(4)))
    outcome = repair_figures(document.bodies, document.meaning, [meant])
    assert all(outcome.figures[member].value == f.number.value for member, f in document.figures().items())
    assert outcome.figures["t1.r0.c0"].needs_review


def test_what_two_sums_ask_for_is_thought_of_however_little_of_a_figure_is_left() -> None:
    """17 is 29,917, sum above and addend below, and no other figure is read otherwise to please it."""
    text = """
    Service revenues      | 24,850 | 21,433 | 20,018
    Equipment revenues    | 5,067  | 4,912  | 4,377
    Total revenues        | 29,917 | 26,345 | 24,395
    Total expenses        | 23,511 | 20,207 | 19,846
    Operating income      | 6,406  | 6,138  | 4,549
    """
    document = statement(text).reread({"t1.r2.c0": "17"})
    columns = ({row: f"t1.r{row}.c{column}" for row in range(5)} for column in range(3))
    meant = []
    for own in columns:
        less = (Addend(own[2], ONE), Addend(own[3], -ONE))
        meant += [sum_of(own[2], (own[0], own[1])), Identity("foot", own[4], less, evidence=20.0)]
    outcome = repair_figures(document.bodies, document.meaning, meant).figures
    assert (outcome["t1.r2.c0"].status, outcome["t1.r2.c0"].value) == ("repaired", amount("29917"))
    assert outcome["t1.r0.c0"].value == amount("24850")
    assert repair_figures(document.bodies, document.meaning, meant[:1]).figures["t1.r2.c0"].status != "repaired"


def test_a_cell_may_have_lost_its_first_groups_of_digits() -> None:
    """21,581 torn to 581 is as likely as 2,779 for 23,779: where one sum asks for either, both need review."""
    document = statement("""
    Prepaid items   | 5,339   | 4,012   | 4,377
    Land            | 2,779   | 2,918   | 3,004
    Buildings       | 21,581  | 20,774  | 19,846
    Total property  | 29,699  | 27,704  | 27,227
    """).reread({"t1.r2.c0": "581"})
    meant = [sum_of(f"t1.r3.c{c}", tuple(f"t1.r{row}.c{c}" for row in range(3))) for c in range(3)]
    outcome = repair_figures(document.bodies, document.meaning, meant).figures
    assert outcome["t1.r1.c0"].value == amount("2779")
    assert outcome["t1.r2.c0"].value == amount("21581") or outcome["t1.r2.c0"].needs_review


def test_a_sum_that_lacks_an_addend_changes_no_other_figure() -> None:
    """Where the repurchases are not legible the opening balance is not made equal to the closing one."""
    document = statement("""
    Treasury stock, beginning of year   | (4,503) | (7,837) | (1,837)
    Stock repurchased                   | (3,334) | —       |
    Treasury stock, end of year         | (7,837) | (7,837) | (7,837)
    """)
    relations = find_relations(document.tables, document.bodies, document.meaning)
    assert any(identity.total == "t1.r2.c2" for identity in relations)
    outcome = repair_figures(document.bodies, document.meaning, relations).figures
    assert outcome["t1.r0.c2"].value == amount("-1837")
    assert outcome["t1.r0.c2"].needs_review


def test_a_proof_that_a_surer_check_speaks_against_is_none() -> None:
    """A total and its addend are misread alike: their sum holds, the roll-forward beside it does not."""
    document = statement("""
    Balance at June 30            | (12,220)
    Before reclassifications      | (367)
    Reclassified                  | 1
    Net in the period             | (366)
    Noncontrolling interests      | (2)
    Balance at September 30       | (12,584)
    """)
    net = replace(sum_of("t1.r3.c0", ("t1.r1.c0", "t1.r2.c0")), evidence=10.5)
    rolled = (Addend("t1.r0.c0", ONE), Addend("t1.r3.c0", ONE), Addend("t1.r4.c0", -ONE))
    meant = [net, Identity("roll_forward", "t1.r5.c0", rolled, evidence=18.0)]
    assert not any(f.needs_review for f in repair_figures(document.bodies, document.meaning, meant).figures.values())
    misread = document.reread({"t1.r1.c0": "(387)", "t1.r3.c0": "(386)"})
    outcome = repair_figures(misread.bodies, misread.meaning, meant).figures
    assert outcome["t1.r1.c0"].needs_review
    assert outcome["t1.r3.c0"].needs_review


def test_a_row_without_signs_in_several_columns_has_lost_none() -> None:
    """Where a relation would turn two figures of a row about, it is the relation that is wrong; one sign is lost."""
    document = statement("""
    Operating income   | 4,211   | 4,574 | 5,019
    Interest           | 620     | 612   | (604)
    Other income, net  | (6,673) | 479   | 233
    Income before tax  | (3,082) | 4,441 | 4,648
    """)
    meant = [sum_of(f"t1.r3.c{c}", tuple(f"t1.r{row}.c{c}" for row in range(3))) for c in range(3)]
    outcome = repair_figures(document.bodies, document.meaning, meant).figures
    assert [outcome[f"t1.r1.c{c}"].value for c in range(2)] == [amount("620"), amount("612")]
    assert all(outcome[f"t1.r1.c{c}"].needs_review for c in range(2))
    once = document.reread({"t1.r1.c1": "(612)"})
    outcome = repair_figures(once.bodies, once.meaning, meant).figures
    assert (outcome["t1.r1.c0"].status, outcome["t1.r1.c0"].value) == ("repaired", amount("-620"))

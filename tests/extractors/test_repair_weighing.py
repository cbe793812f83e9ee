"""The optimum of broken checks is the cheapest there is; forms that cannot be settle themselves; limits are told."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from extractors.footing import find_identities
from extractors.footing.doubts import read_doubts
from extractors.page import Reading
from extractors.repair import find_relations, repair_figures, weighing
from extractors.repair.board import Board
from extractors.repair.components import components
from extractors.repair.readings import read_readings
from schemas.amounts import amount
from schemas.identities import Printed
from tests.fakes.statements import Statement, statement

EXPENSES = """
Research and development   | 15,608 | 15,106 | 15,480
Sales and marketing        | 14,297 | 12,392 | 13,671
General and administrative | 8,196  | 10,971 | 9,024
Total operating expenses   | 38,101 | 38,469 | 38,175
"""


def board_of(document: Statement) -> Board:
    """The board of a document, all its figures in doubt."""
    figures = {key: Printed(f.number.value, f.number.decimals, f.number.nil) for key, f in document.figures().items()}
    identities = find_identities(document.tables, document.bodies, document.meaning)
    doubts = read_doubts(document.bodies, document.meaning)
    return Board(identities, figures, read_readings(document.bodies, document.meaning, doubts))


def broken(board: Board) -> list[int]:
    """The identities that do not hold as read."""
    states = [board.evaluate(number, {}) for number in range(len(board.identities))]
    return [number for number, state in enumerate(states) if state is not None and state.verdict == "broken"]


def priced(board: Board, readings: dict[str, object]) -> float:
    """What a solution costs: its readings and the checks that it leaves broken or rounding."""
    values = {member: amount(str(value)) for member, value in readings.items()}
    nats = sum(board.cost(member, value) for member, value in values.items())
    return nats + sum(board.charge(number, values) for number in range(len(board.identities)))


@pytest.mark.parametrize("raw", ["15,668", "5,608", "158608", "(15,608", "15,806"])
def test_the_optimum_is_not_dearer_than_any_one_or_two_readings(raw: str) -> None:
    """Against all pairs of the likeliest readings of all figures of the broken check, tried one by one."""
    board = board_of(statement(EXPENSES).reread({"t1.r0.c0": raw}))
    group = components(board, broken(board))[0]
    best = priced(board, dict(weighing.weigh(board, group).best))
    members = board.doubted(group[0])
    near = {member: [value for value, _ in board.readings[member].near[:40]] for member in members}
    tried = [{member: value} for member in members for value in near[member]]
    for one, other in combinations(members, 2):
        tried += [{one: a, other: b} for a, b in product(near[one][:12], near[other][:12])]
    assert best <= min(priced(board, dict(readings)) for readings in [{}, *tried]) + 1e-9


def test_alternatives_cost_what_they_are_said_to_cost() -> None:
    """Each is the optimum with some figures read otherwise, and without rivals dearer by as much as is said."""
    board = board_of(statement(EXPENSES).reread({"t1.r0.c0": "15,668"}))
    weighed = weighing.weigh(board, components(board, broken(board))[0])
    least = priced(board, dict(weighed.best))
    assert len(weighed.alternatives) > 1
    for changes, nats in weighed.alternatives.items():
        assert priced(board, {**weighed.best, **dict(changes)}) == pytest.approx(least + nats)


def test_many_points_read_for_commas_are_all_repaired() -> None:
    """However many in one column: the form says what was printed, the sum that it is so."""
    rows = [f"Item {place} | {1203 + 517 * place:,} | {2417 + 331 * place:,}" for place in range(9)]
    sums = [sum(1203 + 517 * place for place in range(9)), sum(2417 + 331 * place for place in range(9))]
    document = statement("\n".join([*rows, f"Total items | {sums[0]:,} | {sums[1]:,}"]))
    damage = {f"t1.r{row}.c0": f"{1203 + 517 * row:,}".replace(",", ".") for row in (0, 2, 3, 5, 8)}
    again = document.reread(damage)
    outcome = repair_figures(again.bodies, again.meaning, find_relations(again.tables, again.bodies, again.meaning))
    for figure in damage:
        row = int(figure.split(".")[1][1:])
        assert outcome.figures[figure].status == "repaired"
        assert outcome.figures[figure].value == 1203 + 517 * row


def test_sums_show_in_the_recognisers_second_thoughts() -> None:
    """With an error in every column no sum holds as read; the rivals know better, and without them nothing is found."""
    rivals = {f"t1.r{column}.c{column}": (Reading(text, 0.3),) for column, text in enumerate(("15,608", "12,392"))}
    document = statement(
        "Apples | 15,608 | 15,106\nPears | 14,297 | 12,392\nPlums | 8,196 | 10,971\nAll of it | 38,101 | 38,469"
    )
    damage = {"t1.r0.c0": "73,608", "t1.r1.c1": "12,892"}
    alone = document.reread(damage)
    assert not find_relations(alone.tables, alone.bodies, alone.meaning)
    again = document.reread(damage, rivals)
    found = find_relations(again.tables, again.bodies, again.meaning)
    outcome = repair_figures(again.bodies, again.meaning, found)
    assert [outcome.figures[figure].value for figure in rivals] == [15608, 12392]


def test_a_sure_document_is_looked_at_once() -> None:
    """Without doubt there are no other views: the identities are those of the figures as read."""
    document = statement(EXPENSES, confidence=1.0)
    found = find_relations(document.tables, document.bodies, document.meaning)
    assert found == find_identities(document.tables, document.bodies, document.meaning)


def test_beyond_the_limit_of_steps_all_is_left_flagged_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that was cut proves nothing: no repair, and a finding names the figures."""
    monkeypatch.setattr(weighing, "MOST_STEPS", 1)
    document = statement(EXPENSES).reread({"t1.r3.c1": "36,469"})
    identities = find_identities(document.tables, document.bodies, document.meaning)
    outcome = repair_figures(document.bodies, document.meaning, identities)
    told = [finding for finding in outcome.findings if finding.code == "search_limit"]
    assert outcome.figures["t1.r3.c1"].value == 36469
    assert outcome.figures["t1.r3.c1"].needs_review
    assert told
    assert "t1.r3.c1" in told[0].figures

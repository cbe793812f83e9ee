"""Sums of totals that are too damaged to show what they sum themselves, and of what misreadings put elsewhere."""

from __future__ import annotations

from dataclasses import replace

from extractors.footing import find_identities
from extractors.meaning import RowMeaning
from extractors.page import Reading
from extractors.repair import find_relations
from schemas.identities import Identity
from tests.fakes.statements import Statement, statement

INCOME = """
Net income                       | 1,403 | 1,136 | 3,945
Other comprehensive income
Unrealized gains on securities   | 12    | 31    | 208
Translation adjustments          | 33    | (83)  | 119
Pension adjustments              | 41    | 67    | 302
Other comprehensive income total | 86    | 15    | 629
Total comprehensive income       | 1,489 | 1,151 | 4,574
"""
DAMAGED = {"t1.r2.c0": "72", "t1.r3.c0": "88", "t1.r3.c1": "(38)", "t1.r4.c1": "97", "t1.r2.c2": "8", "t1.r4.c2": "92"}
RATES = """
Statutory rate     | 21.0  | 21.0  | 21.0
State taxes        | 1.1   | 1.4   | 1.1
Foreign operations | (0.3) | (0.6) | 2.3
Other              | (4.4) | (3.7) | (3.3)
Effective rate     | 17.4  | 18.1  | 21.1
"""


def rows(identities: list[Identity]) -> dict[int, set[int]]:
    """Row of the total → rows of its terms, of the sums down the columns."""
    found: dict[int, set[int]] = {}
    for identity in identities:
        if identity.kind == "foot":
            own = [int(member.split(".")[1][1:]) for member in identity.members()]
            found.setdefault(own[0], set()).update(own[1:])
    return found


def found(document: Statement) -> list[Identity]:
    """The identities of a statement."""
    return find_identities(document.tables, document.bodies, document.meaning)


def test_a_total_sums_a_total_that_does_not_close_itself() -> None:
    """The last row is income and the total above it, though nothing shows any more what that sums."""
    assert rows(found(statement(INCOME).reread(DAMAGED)))[6] == {0, 5}


def test_what_nobody_doubts_is_summed_as_it_stands_only() -> None:
    """In a sure document a total that does not close is no total: the publisher meant something else."""
    assert 6 not in rows(found(statement(INCOME, confidence=1.0).reread(DAMAGED)))


def test_percentages_that_seem_amounts_are_summed_with_the_others() -> None:
    """Where the sign is printed seldom, the rows between percentages are percentages when they foot with them."""
    document = statement(RATES)
    means = document.meaning.tables[0]
    kept = {0: "percent", 4: "percent"}
    units = tuple(RowMeaning(unit=kept.get(row, "USD"), scale=1 if row in kept else 1000) for row in range(5))
    meaning = replace(document.meaning, tables=(replace(means, rows=units),))
    assert rows(found(replace(document, meaning=meaning)))[4] == {0, 1, 2, 3}


def test_equal_rates_are_no_sum_because_one_might_be_negative() -> None:
    """Any rate is itself twice less itself: that a recogniser thought of a minus once proves nothing."""
    document = statement("\n".join(f"{label} | 9.507526 | 9.504372" for label in ("First", "Second", "Third", "Total")))
    rivals = {"t1.r2.c0": (Reading("- 9.507526", 0.01),), "t1.r2.c1": (Reading("- 9.504372", 0.01),)}
    same = {"t1.r2.c0": "9.507526", "t1.r2.c1": "9.504372"}
    assert not rows(found(document.reread(same, rivals)))


def test_the_view_with_the_stronger_evidence_says_what_is_subtracted() -> None:
    """A minus that the recogniser thought of does not turn a difference into a sum."""
    text = """
    Net earnings                                  | 4,556 | 3,963
    Other comprehensive income
    Translation                                   | (366) | (627)
    Total comprehensive income                    | 4,190 | 3,336
    Less: comprehensive income of others          | 33    | 19
    Total comprehensive income of the owners      | 4,157 | 3,317
    """
    misread = {"t1.r4.c0": "83"}
    rivals = {"t1.r4.c0": (Reading("33", 0.21), Reading("- 33", 0.07))}
    document = statement(text).reread(misread, rivals)
    relations = find_relations(document.tables, document.bodies, document.meaning)
    weights = {term.figure: int(term.weight) for i in relations if i.total == "t1.r5.c0" for term in i.terms}
    assert weights == {"t1.r3.c0": 1, "t1.r4.c0": -1}

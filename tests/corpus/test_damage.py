"""Injected damage is of the class it says, stands in the text, and keeps the truth beside it."""

from __future__ import annotations

from random import Random

import pytest

from corpus import damage, render_ocr, sonus
from corpus.filings import make
from corpus.layouts import Printed, draw


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("lost decimal point", Printed("$", "(0.02)"), "(002)"),
        ("lost thousands comma", Printed("$", "73,401"), "73401"),
        ("column boundary for comma", Printed("", "66,353"), "66 353"),
        ("comma read as point", Printed("", "12,345"), "12.345"),
        ("swapped digits", Printed("$", "(0.08)"), "(80.0)"),
        ("last digit lost", Printed("", "4,947"), "4,94"),
    ],
)
def test_each_class_does_what_its_example_shows(name: str, before: Printed, after: str) -> None:
    """The examples from which the project started come out as they were printed."""
    broken = damage.CLASSES[name](Random(1), before)
    assert broken is not None
    assert broken.body == after


def test_a_class_leaves_alone_what_it_cannot_hit() -> None:
    """A figure without comma loses none, one without sign none misread."""
    assert damage.lost_comma(Random(1), Printed("", "408")) is None
    assert damage.currency_misread(Random(1), Printed("", "408")) is None
    assert damage.lost_parenthesis(Random(1), Printed("", "408")) is None


@pytest.mark.parametrize("seed", range(12))
def test_every_injected_place_differs_from_the_truth(seed: int) -> None:
    """What is printed is not what is true, and the record names a figure of the table."""
    filing = make(seed, general_share=0)
    reading = render_ocr.collapsed(filing, draw(filing, 0), 1)
    assert reading.damage
    for hit in reading.damage:
        assert filing.tables[hit.table].figure((hit.row, hit.column)).value == hit.true_value
        assert hit.printed != hit.true_text
        assert hit.printed.split(" ")[-1] in reading.text


def test_the_second_quarter_holds_the_damage_it_came_with() -> None:
    """The five classes that started the project stand in the text, and the torn block follows its labels."""
    text = sonus.q2_text().text
    for printed in ("Basic $ (002)", "$ 73401", "% 108 % 89", "$ -8 38", "$ 4241"):
        assert printed in text
    lines = text.splitlines()
    assert lines.index("Income tax provision") < lines.index("(887) (316)")


def test_the_third_quarter_holds_the_damage_it_came_with() -> None:
    """Merged rows, truncated digits, swapped digits and ghost rows stand in the Markdown."""
    text = sonus.q3_markdown().text
    for printed in (
        "41,892 24,461 66,353",
        "66 353",
        "(80.0)",
        "\t4,94\n",
        "The cum provided by maneing",
        "<u>54.0</u>",
    ):
        assert printed in text
    assert "Basic Diluted\t\t278,286 278,286" in text


def test_the_facts_of_the_third_quarter_foot() -> None:
    """The true figures add up: the damage is in the print, not in the facts."""
    operations = sonus.filing(3).tables[0]
    rows = [operations.rows[i] for i in sonus.data_rows(operations)]
    for column in range(3):
        product, service, total = (operations.figure((operations.rows.index(rows[k]), column)).units for k in (0, 1, 2))
        assert product + service == total

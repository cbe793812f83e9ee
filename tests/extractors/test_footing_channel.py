"""The noisy channel: what it costs to read one string for another."""

from dataclasses import replace

import pytest

from extractors.footing.channel import bare, misreading_cost, printed_form
from extractors.numbers import COMMA_STYLE, POINT_STYLE, Style
from schemas.amounts import amount


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("$ (1,234)", "(1,234)"), ("% 89", "89"), ("12.5 %", "12.5"), ("1,234-", "-1,234"), ("7,010 (a)", "7,010")],
)
def test_bare_keeps_digits_marks_and_sign(raw: str, expected: str) -> None:
    """Currency, percent and note marks do not count as differences."""
    assert bare(raw) == expected


def test_bare_turns_the_continental_style_round() -> None:
    """``1.234,50`` is compared as ``1,234.50``."""
    assert bare("1.234,50", COMMA_STYLE) == "1,234.50"


@pytest.mark.parametrize(
    ("raw", "style", "expected"),
    [
        ("(1'234'567)", POINT_STYLE, "(1,234,567)"),
        ("1\N{RIGHT SINGLE QUOTATION MARK}234.50", POINT_STYLE, "1,234.50"),
        ("1 234 567", replace(POINT_STYLE, blanks=True), "1,234,567"),
        ("1 234,5", replace(COMMA_STYLE, blanks=True), "1,234.5"),
        ("1 234", POINT_STYLE, "1234"),
        ("12'34", POINT_STYLE, "1234"),
    ],
)
def test_marks_that_part_thousands_are_compared_as_commas(raw: str, style: Style, expected: str) -> None:
    """Whoever writes ``1'234`` has lost no comma."""
    assert bare(raw, style) == expected


@pytest.mark.parametrize(
    ("true", "likely", "unlikely"),
    [
        ("73,401", "73401", "7,401"),  # a lost comma against a lost digit
        ("(0.02)", "(002)", "(0.20)"),  # a lost point against other digits
        ("2,067", "2,007", "2,467"),  # 6 and 0 are confused, 0 and 4 are not
        ("16,518", "516,518", "416,578"),  # a currency sign in front against two digits
        ("(0.08)", "80.0", "71.3"),  # the same marks in another order against others
        ("124,092", "(24,092", "24,097"),
    ],
)
def test_common_misreadings_cost_less(true: str, likely: str, unlikely: str) -> None:
    """What recognisers are known to do is cheaper than what they are not."""
    assert 0 < misreading_cost(true, likely) < misreading_cost(true, unlikely)


def test_equal_strings_cost_nothing() -> None:
    """The true reading is free."""
    assert misreading_cost("(1,234.50)", "(1,234.50)") == 0


def test_figures_are_printed_as_statements_print_them() -> None:
    """Commas, decimals, parentheses or a minus."""
    assert printed_form(amount("-1234.5"), 2) == "(1,234.50)"
    assert printed_form(amount("-1234"), 0, minus=True) == "-1,234"

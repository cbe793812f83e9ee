"""The number grammar, example by example, and as laws."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.numbers import COMMA_STYLE, POINT_STYLE, is_open, read_number, style_of
from schemas.amounts import amount, canonical


@pytest.mark.parametrize(
    ("printed", "value", "decimals"),
    [
        ("1,234", "1234", 0),
        ("$ (1,234)", "-1234", 0),
        ("( 1,234 )", "-1234", 0),
        ("(12.5)%", "-12.5", 1),
        ("1,234-", "-1234", 0),
        ("\N{MINUS SIGN}3.50", "-3.50", 2),
        ("$ .07", "0.07", 2),
        ("(.07)", "-0.07", 2),
        ("US$ 7", "7", 0),
        ("1,234 (a)", "1234", 0),
        ("1'234.50", "1234.50", 2),
        ("73401", "73401", 0),
        ("2.5x", "2.5", 1),
    ],
)
def test_clean_numbers(printed: str, value: str, decimals: int) -> None:
    """What follows the grammar is read without a flaw."""
    number = read_number(printed)
    assert number is not None
    assert (canonical(number.value), number.decimals, number.flaws) == (value, decimals, ())


@pytest.mark.parametrize("printed", ["-", "\N{EM DASH}", "$ -", "--", "\N{EN DASH} %", "(-)", "$ \N{EM DASH} (1)"])
def test_dashes_are_nought(printed: str) -> None:
    """A printed dash counts as a figure: nought, and marked nil."""
    number = read_number(printed)
    assert number is not None
    assert number.nil
    assert number.value == 0


@pytest.mark.parametrize(
    ("printed", "value", "flaw"),
    [
        ("$ (002)", "-2", "leading_zero"),
        ("(1,234", "-1234", "lost_parenthesis"),
        ("1,234)", "-1234", "lost_parenthesis"),
        ("66 353", "66353", "blank_inside"),
        ("% 89", "89", "currency_misread"),
        ("4241  $", "4241", "stray_mark"),
        ("1.234.567", "1234567", "grouping"),
    ],
)
def test_flawed_numbers_say_so(printed: str, value: str, flaw: str) -> None:
    """What can only be meant as a number is read, and carries its flaw."""
    number = read_number(printed)
    assert number is not None
    assert canonical(number.value) == value
    assert flaw in number.flaws


@pytest.mark.parametrize(
    "printed",
    ["", "$", "%", "()", "N/A", "nm", "June 30", "2023-10-01", "10/27/2011", "12-15", "Note 5", "66 35", "1,,2", "٣٤",
     "108 % 89", "$ - $ 38", "- 1 -", "278,286 278,286", "(24 (22)", "- (49)", "A-1", "S-1", "1" * 60],
)  # fmt: skip
def test_what_is_no_number(printed: str) -> None:
    """Words, dates, ranges and foreign digits are texts."""
    assert read_number(printed) is None


@given(st.integers(0, 10**12), st.integers(0, 3), st.booleans(), st.sampled_from(["", "$", "$ ", "€"]))
def test_reading_undoes_printing(units: int, places: int, negative: bool, sign: str) -> None:
    """parse(print(x)) = x for every amount, sign and currency."""
    digits = f"{units:,}" + (f".{'5' * places}" if places else "")
    printed = f"{sign}({digits})" if negative else f"{sign}{digits}"
    number = read_number(printed)
    assert number is not None
    want = amount(("-" if negative and (units or places) else "") + digits.replace(",", ""))
    assert (number.value, number.decimals, number.flaws) == (want, places, ())


def test_the_decimal_comma_is_found_and_read() -> None:
    """1.234,50 can only be written in the continental style."""
    style = style_of(["1.234,50", "12,25", "7"])
    assert style == COMMA_STYLE
    number = read_number("1.234,50", style)
    assert number is not None
    assert canonical(number.value) == "1234.50"


def test_points_before_three_digits_throughout_part_thousands() -> None:
    """Nobody prints twelve amounts with three decimals and not one of a thousand or more."""
    texts = [f"{whole}.{part}" for whole in (1, 23, 129, 847) for part in ("016", "512", "930")]
    assert style_of([*texts, "97", "(4)"]) == COMMA_STYLE
    assert style_of([*texts, *["4.2", "5.1"]]) == replace(COMMA_STYLE, guessed=True)
    assert style_of([*texts, "1,016.512"]) == POINT_STYLE


def test_rates_with_three_decimals_do_not_make_thousands() -> None:
    """Rates are small and end in 0 or 5: what they are is a guess, and with one figure with commas it is certain."""
    rates = [f"{whole}.{part}" for whole in (4, 5, 6, 7) for part in ("125", "250", "875")]
    assert style_of(rates) == replace(POINT_STYLE, guessed=True)
    assert style_of([f"2{rate}" for rate in rates]) == replace(POINT_STYLE, guessed=True)
    assert style_of([f"{rate}%" for rate in rates]) == POINT_STYLE
    assert style_of([*rates, "1,250"]) == POINT_STYLE


def test_a_few_points_before_three_digits_decide_nothing() -> None:
    """Few figures may be decimals by chance; one that can only be written in one style decides."""
    assert style_of(["129.847", "12.345"]).guessed
    assert not style_of(["129.847", "12.345", "12,25"]).guessed
    assert style_of(["129.847", "0,125"]) == COMMA_STYLE
    assert style_of(["129.847", "0.125"]) == POINT_STYLE
    assert is_open("(129.847)", style_of(["129.847"]))
    assert not is_open("129.84", style_of(["129.847"]))
    assert not is_open("129.847", POINT_STYLE)


def test_blanks_between_thousands_are_the_style_of_a_document_that_sets_them_throughout() -> None:
    """Where most figures are parted by blanks none is flawed; a single one among commas is."""
    style = style_of(["6 341 112", "5 120 000", "(12 500)", "1 000 001", "12,5 %"])
    number = read_number("6 341 112", style)
    assert number is not None
    assert (canonical(number.value), number.flaws) == ("6341112", ())
    number = read_number("6 341", style_of(["6 341", "5,120", "12,500", "1,000,001"]))
    assert number is not None
    assert number.flaws == ("blank_inside",)


def test_one_decimal_after_a_comma_speaks_for_the_continental_style_in_percentages_only() -> None:
    """Alone, 1,2 may be two note numbers."""
    assert style_of(["12,5 %"]) == COMMA_STYLE
    assert style_of(["1,2"]) != COMMA_STYLE


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("88 (4,5)", "88", None),
        ("1,234 (1), (2)", "1234", None),
        ("14.2p", "14.2", "GBX"),
        ("(0.9p)", "-0.9", "GBX"),
        ("6.25\u00a2", "6.25", "USX"),
        ("\u25b31,204", "-1204", None),
    ],
)
def test_lists_of_marks_pence_and_triangles(text: str, value: str, currency: str | None) -> None:
    """Several notes at one figure, a hundredth of the currency, and the minus of Japanese accounts."""
    number = read_number(text)
    assert number is not None
    assert (canonical(number.value), number.currency) == (value, currency)


@pytest.mark.parametrize("text", ["$1,234p", "\u00a314.2p", "2015p", "12,345p"])
def test_a_p_behind_money_thousands_or_a_year_is_no_pence(text: str) -> None:
    """A preliminary figure, or dirt: pence are few and have no other sign."""
    assert read_number(text) is None


@pytest.mark.parametrize("text", ["31.03.2006", "1.4.2005", "30.06.98"])
def test_dates_with_points_are_no_numbers(text: str) -> None:
    """In neither style: a day, a month and a year do not group thousands."""
    assert read_number(text) is None
    assert read_number(text, COMMA_STYLE) is None

"""Cells: which are read again, how two readings become one figure with rivals, what a dash is."""

from __future__ import annotations

import numpy as np
import pytest

from extractors.ocr.cells import Cell, assign, choose, join_runs, settle, weigh
from extractors.ocr.ctc import SIGNS, Alphabet, find_readings
from extractors.ocr.grammar import groups_by_points, is_regular, strange_signs, weigh_readings
from extractors.ocr.runs import Run
from extractors.ocr.signs import is_currency_sign, is_dash, is_print, trusted_sign
from extractors.ocr.tesseract import Token
from extractors.ocr.words import clean_tokens
from extractors.page import Reading

GLYPH = 20.0


def strips(*columns: dict[str, float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Probabilities of signs per strip; what is left goes to "none" (written as a blank)."""
    table = np.full((len(columns), 1 + len(SIGNS)), 1e-6)
    for row, column in zip(table, columns, strict=True):
        for sign, probability in column.items():
            row[1 + SIGNS.index(sign)] = probability
        row[0] = max(1e-6, 1 - sum(column.values()))
    return table


def cell(text: str, left: int, top: int, *, width: int = 60, dash: bool = False, height: int = 20) -> Cell:
    return Cell(Run(left, top, left + width, top + height, dash), (0,) if text else (), text)


def test_repeated_signs_need_a_gap_between_them() -> None:
    """Two strips of one sign are one sign; with "none" between them they are two."""
    assert find_readings(strips({"1": 1.0}, {"1": 1.0}))[0].text == "1"
    assert find_readings(strips({"1": 1.0}, {}, {"1": 1.0}))[0].text == "11"


def test_rival_readings_come_with_their_probabilities() -> None:
    """A doubtful strip gives both readings, the likelier first, adding to one."""
    readings = find_readings(strips({"4": 0.6, "1": 0.4}, {}, {"7": 1.0}))
    assert [reading.text for reading in readings[:2]] == ["47", "17"]
    assert readings[0].probability == pytest.approx(0.6, abs=0.01)
    assert sum(reading.probability for reading in readings) == pytest.approx(1.0)


def test_forms_of_one_sign_are_added_up() -> None:
    """Full-width and look-alike characters count for the sign they look like."""
    alphabet = Alphabet.of(["(", "（", "x", "0", "O"])
    folded = alphabet.fold(np.array([[0.1, 0.3, 0.3, 0.3, 0.0, 0.0]], dtype=np.float32))
    assert folded[0, 1 + SIGNS.index("(")] == pytest.approx(0.6 / 0.7, abs=0.01)


@pytest.mark.parametrize("text", ["1,234", "(5,063.3)", "$29.2", "0.001", ".14", "12%", "(40.8)%", "1234", "-5", "$"])
def test_printed_figures_are_regular(text: str) -> None:
    """Thousands in threes, one or two decimals, brackets in pairs."""
    assert is_regular(text)


@pytest.mark.parametrize("text", ["1.234", "1,23", "(5,063", "0,001", "12,3456", "1.234.5"])
def test_broken_figures_are_not(text: str) -> None:
    """Marks that do not stand before threes, three decimals, half a pair of brackets."""
    assert not is_regular(text)


def test_a_currency_sign_is_one_where_the_page_uses_it() -> None:
    """A 6 that looks like a euro sign stays a 6 on a page without euros."""
    assert is_regular("€1,234.5")
    assert is_regular("(£12.5)")
    readings = [Reading("€1,234", 0.9), Reading("61,234", 0.1)]
    strange = strange_signs(["€1,234", "$2,345", "6,789"])
    assert strange == "€£¥"
    assert weigh_readings(readings, False, strange)[0].text == "61,234"
    assert weigh_readings(readings, False, strange_signs(["€1,234", "€6"]))[0].text == "€1,234"


def test_a_blot_before_three_digits_is_a_comma_on_a_page_of_commas() -> None:
    """3.491 becomes 3,491 where thousands have commas, with what was seen among the readings."""
    readings = weigh_readings([Reading("3.491", 0.9), Reading("3,491", 0.1)], continental=False)
    assert readings[0].text == "3,491"
    assert "3.491" in [reading.text for reading in readings]


def test_a_blot_before_three_digits_is_a_point_on_a_continental_page() -> None:
    """The same ink stays 3.491 where thousands have points."""
    assert groups_by_points(["3.491", "12.345", "1.234.567", "1.000,50"])
    assert not groups_by_points(["3,491", "12,345", "1.234"])
    assert weigh_readings([Reading("3.491", 0.9)], continental=True)[0].text == "3.491"


def test_three_decimals_of_a_par_value_stay() -> None:
    """0.001 is regular: nobody groups after a nought."""
    assert weigh_readings([Reading("$0.001", 0.9), Reading("$0,001", 0.1)], continental=False)[0].text == "$0.001"


def test_agreement_of_both_readers_is_trusted_and_disagreement_is_not() -> None:
    """The same value from both is near certain; with another from tesseract that becomes a rival."""
    agreed, rivals = weigh("1,234", [Reading("1,234", 0.98)])
    assert agreed.probability > 0.99
    assert rivals == ()
    doubted, rivals = weigh("1,284", [Reading("1,234", 0.98)])
    assert doubted.probability < 0.99
    assert [rival.text for rival in rivals] == ["1,284"]


def test_an_apostrophe_between_thousands_is_no_digit() -> None:
    """It counts as a comma when the signs are read, and is written as it is printed where Tesseract saw it."""
    alphabet = Alphabet.of(["'", "1"])
    folded = alphabet.fold(np.array([[0.1, 0.8, 0.1]], dtype=np.float32))
    assert folded[0, 1 + SIGNS.index(",")] > folded[0, 1 + SIGNS.index("1")]
    assert weigh("7'945", [Reading("7,945", 0.99)])[0].text == "7'945"


def test_letters_are_not_forced_into_a_number() -> None:
    """What the free reading sees as a word keeps tesseract's reading, however the digits come out."""
    words = Cell(Run(0, 0, 60, 20), (0,), "on")
    assert settle(words, Reading("on", 0.99), [Reading("0", 0.5), Reading("01", 0.2)]) == []


def test_a_lost_cell_is_found_again() -> None:
    """A figure that tesseract passed over comes from the recogniser alone, with less confidence than two."""
    lost = Cell(Run(0, 0, 20, 20), (), "")
    read = settle(lost, Reading("3", 0.99), [Reading("3", 0.99)])
    assert [word.token.text for word in read] == ["3"]
    assert read[0].token.confidence < 0.99


def test_the_next_columns_currency_sign_is_parted_from_a_figure() -> None:
    """407 and $ that stand close together are two words, left to right."""
    fused = Cell(Run(100, 0, 200, 20), (0,), "407$")
    read = settle(fused, Reading("407$", 0.99), [Reading("407$", 0.99)])
    assert [word.token.text for word in read] == ["407", "$"]
    assert read[0].token.right <= read[1].token.left + 1


def test_only_what_may_be_a_figure_is_read_again() -> None:
    """Figures, unseen ink and junk in a column of figures are; words and wide lines of prose are not."""
    figures = [cell("1,234", 500, top) for top in (0, 40, 80)]
    junk, word, unseen = cell("hay", 500, 120), cell("Revenue", 0, 0), cell("", 500, 160)
    worded = Cell(Run(500, 200, 560, 220), (0,), "March", worded=True)
    prose = cell("2023,$60,2022", 0, 300, width=600)
    chosen = choose([*figures, junk, word, unseen, worded, prose], GLYPH)
    assert chosen == [*figures, unseen, junk]


def test_what_tesseract_makes_of_a_currency_sign_is_read_again() -> None:
    """A lone paragraph sign is looked at by the recogniser wherever it stands; a sure $ is not."""
    assert choose([cell("§", 400, 0, width=12)], GLYPH) == [cell("§", 400, 0, width=12)]
    assert choose([cell("$", 400, 0, width=12)], GLYPH) == []


def test_letters_that_tesseract_merely_guessed_do_not_hide_a_figure() -> None:
    """175.7 read as "iWyA7Vh" without trust is read again."""
    guess = Cell(Run(500, 0, 560, 20), (0,), "iWyA7Vh", guessed="iWyA7Vh")
    assert choose([guess], GLYPH) == [guess]
    assert choose([Cell(Run(500, 0, 560, 20), (0,), "iWyA7Vh")], GLYPH) == []


def test_a_flat_run_beside_print_is_a_dash_and_one_under_it_is_a_rule() -> None:
    """A dash stands at half height of its row; what lies right under a figure underlines it."""
    label, figure = Run(0, 100, 60, 120), Run(500, 84, 560, 104)
    dash = Run(500, 108, 525, 111, dash=True)
    assert is_dash(dash, "_", [label, dash], GLYPH)
    under = Run(500, 107, 525, 110, dash=True)
    assert not is_dash(under, "", [label, figure, under], GLYPH)


def test_what_tesseract_makes_of_a_dash_does_not_matter() -> None:
    """A flat run is no letter: a word that tesseract guessed there leaves it a dash."""
    label, dash = Run(0, 100, 60, 120), Run(500, 108, 525, 111, dash=True)
    assert is_dash(dash, "pearl", [label, dash], GLYPH)


def test_marks_without_ink_of_their_shape_are_no_print() -> None:
    """A stroke for a speck and a tall sign on a piece of a rule go; a real sign, a word and a figure stay."""
    assert not is_print(Token("-", 500, 100, 502, 102, 0.9), GLYPH)
    assert not is_print(Token("$", 500, 80, 520, 130, 0.7), GLYPH)
    assert not is_print(Token("s", 500, 100, 510, 120, 0.1), GLYPH)
    assert is_print(Token("$", 500, 100, 510, 122, 0.7), GLYPH)
    assert is_print(Token("Net", 500, 100, 540, 120, 0.2), GLYPH)


def test_a_currency_sign_like_a_five_stands_in_line_with_others() -> None:
    """What looks like 5 or $ is a $ below another one, and stays a digit elsewhere or when it is surely one."""
    run, sign = Run(500, 100, 512, 120), Run(501, 60, 513, 80)
    doubtful = [Reading("5", 0.76), Reading("$", 0.24)]
    assert is_currency_sign(run, doubtful, "5", [sign], GLYPH)
    assert not is_currency_sign(run, doubtful, "5", [Run(540, 60, 552, 80)], GLYPH)
    assert not is_currency_sign(run, [Reading("5", 0.999)], "5", [sign], GLYPH)
    assert is_currency_sign(run, [Reading("5", 0.999)], "§", [sign], GLYPH)


def test_a_lone_currency_sign_takes_no_trust_from_its_figure() -> None:
    """Tesseract is never quite sure of a $; alone on its run it is raised, and inside a figure it is not."""
    token = Token("$", 500, 100, 512, 120, 0.9)
    assert trusted_sign(token, Run(500, 100, 512, 120), GLYPH).confidence > 0.99
    assert trusted_sign(token, Run(500, 100, 580, 120), GLYPH) == token


def test_pieces_of_one_number_are_joined() -> None:
    """Two runs that tesseract read as one number are one, unless the gap is as wide as between columns."""
    token = Token("69,156", 100, 100, 180, 120, 0.9)
    near = [Run(100, 100, 125, 120), Run(140, 100, 180, 120)]
    assert join_runs(near, [token], GLYPH) == [Run(100, 100, 180, 120)]
    far = [Run(100, 100, 115, 120), Run(150, 100, 180, 120)]
    assert join_runs(far, [token], GLYPH) == far


def test_tokens_belong_to_the_run_they_lie_on() -> None:
    """A token is assigned by the smaller of both boxes; one above is not."""
    tokens = [
        Token("$", 100, 100, 110, 120, 0.9),
        Token("7", 150, 100, 160, 120, 0.9),
        Token("x", 100, 0, 110, 20, 0.9),
    ]
    assert assign(tokens, [Run(95, 98, 165, 122)])[0].text == "$7"


@pytest.mark.parametrize(
    ("read", "cleaned"),
    [("|P-based", ["IP-based"]), ("|1,234|", ["1,234"]), ("|", []), ("ﬁnance", ["finance"]), ("[1]", ["[1]"])],
)
def test_bars_and_ligatures_are_undone(read: str, cleaned: list[str]) -> None:
    """A bar before a letter is an I, at an edge of anything else a rule; ligatures are letters."""
    assert [token.text for token in clean_tokens([Token(read, 0, 0, 10, 10, 0.9)])] == cleaned


def test_tesseract_alone_is_never_certain_of_digits() -> None:
    """A word with digits that nothing else has confirmed is below the bound of review."""
    assert clean_tokens([Token("1,234", 0, 0, 10, 10, 0.999)])[0].confidence < 0.99

"""Dates, numbers of items, ticks and inventions of Tesseract are no figures; figures remain figures."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from extractors.ocr.cells import Cell, choose, complete_runs, settle
from extractors.ocr.echoes import find_echoes
from extractors.ocr.foreign import are_faint_dashes, are_pale, drop_phantoms, is_date, is_foreign, is_item, is_tick
from extractors.ocr.pencil import minus_before, without_tick
from extractors.ocr.prepare import Sheet, clean, find_ink
from extractors.ocr.runs import Run, find_runs
from extractors.ocr.signs import is_dash
from extractors.ocr.tesseract import Token
from extractors.page import Reading

GLYPH = 20.0


def sheet(page: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Sheet:
    """A page of 100 dpi as the engines see it."""
    back = np.array([[0.72, 0.0, 0.0], [0.0, 0.72, 0.0]])
    return Sheet(page, find_ink(page), 100.0, 0, page.shape[1] * 0.72, page.shape[0] * 0.72, GLYPH, back, (0.0, 0.0))


@pytest.mark.parametrize("text", ["A-1", "11/01", "10-K", "Q3", "12:30"])
def test_dates_and_numbers_of_items_are_no_figures(text: str) -> None:
    """Where both engines see letters among digits or a stroke between them, the word stays a word."""
    forced = [Reading(re.sub(r"[^\d-]", "", text), 0.95)]
    assert settle(Cell(Run(0, 0, 60, 20), (0,), text), Reading(text, 0.99), forced) == []


def test_the_name_of_a_form_is_no_amount() -> None:
    """Both engines read "S-1" of old-style figures as "S-I", and forced into signs of numbers it is "$-1"."""
    assert settle(Cell(Run(0, 0, 60, 20), (0,), "S-I"), Reading("S-I", 0.8), [Reading("$-1", 0.99)]) == []
    assert settle(Cell(Run(0, 0, 60, 20), (0,), "S-I"), Reading("S-1", 0.8), [Reading("$-1", 0.99)]) == []
    assert settle(Cell(Run(0, 0, 60, 20), (0,), "S-12"), Reading("$-12", 0.9), [Reading("$-12", 0.99)])


def test_a_form_that_only_the_recogniser_reads_is_none_where_tesseract_saw_an_amount() -> None:
    """What Tesseract read as "et" is a word; "$-1" that looks like "S-1" to one engine is an amount."""
    assert is_item("et", Reading("S-1", 0.999))
    assert not is_item("$-1", Reading("S-1", 0.999))
    assert not is_item("et", Reading("S-1", 0.9))


def test_one_sign_right_behind_a_figure_is_looked_at_as_a_tick() -> None:
    """A stroke or a letter that Tesseract made of a tick is read again there; a letter elsewhere is not."""
    figure = Cell(Run(100, 50, 160, 70), (0,), "2,400")
    marks = [Cell(Run(left, 48, left + 14, 72), (1,), text) for left, text in ((170, "V"), (170, "/"), (400, "/"))]
    assert [mark in choose([figure, mark], GLYPH) for mark in marks] == [True] * 3
    assert Cell(Run(400, 48, 414, 72), (1,), "V") not in choose([figure, Cell(Run(400, 48, 414, 72), (1,), "V")], GLYPH)


def test_a_day_and_a_year_that_both_engines_see_are_two_words() -> None:
    """No thousands are followed by four digits; where the engines differ it may be a figure."""
    box = Run(0, 0, 70, 20)
    read = settle(Cell(box, (0,), "31,2018"), Reading("31,2018", 0.99), [Reading("31.2018", 0.9)])
    assert [(word.token.text, word.token.left, word.token.right) for word in read] == [("31,", 0, 30), ("2018", 30, 70)]
    read = settle(Cell(box, (0,), "31.2018"), Reading("31.2018", 0.99), [Reading("31.2018", 0.9)])
    assert [word.token.text for word in read] == ["31.2018"]


def test_ink_that_was_read_twice_is_one_word() -> None:
    """The longer reading stays; where the two differ it is doubted. Figures beside each other are two."""
    whole, part = Token("$72.1", 500, 100, 560, 120, 0.99), Token("72.1", 524, 100, 560, 120, 0.98)
    assert find_echoes([part, whole]) == {0: None}
    other = Token("74.1", 524, 100, 560, 120, 0.98)
    assert find_echoes([whole, other]) == {0: Token("$72.1", 500, 100, 560, 120, 0.9), 1: None}
    beside = Token("72.1", 570, 100, 600, 120, 0.98)
    assert find_echoes([whole, beside]) == {}


def test_a_dash_much_fainter_than_the_others_is_doubted() -> None:
    """A piece of a stamp's frame is grey; on a page with few dashes the figures show how dark print is."""
    page = np.full((300, 400), 255, np.uint8)
    dashes = [Run(100, top, 120, top + 3) for top in range(50, 250, 40)]
    for dash in dashes:
        block(page, (dash.left, dash.top, dash.right, dash.bottom), 60)
    block(page, (100, 210, 120, 213), 150)
    block(page, (200, 50, 220, 70), 10)
    assert are_faint_dashes(sheet(page), dashes, []) == [False] * 4 + [True]
    assert are_faint_dashes(sheet(page), dashes[3:], [Run(200, 50, 220, 70)]) == [False, True]
    assert are_faint_dashes(sheet(page), dashes[3:], []) == [False, False]


def test_a_line_drawn_under_a_figure_is_no_dash_of_its_own() -> None:
    """What Tesseract calls a dash gets no run where no ink of the shape of one is."""
    page = np.full((200, 400), 255, np.uint8)
    page[100:104, 100:260] = 120
    assert complete_runs([], [Token("—", 100, 100, 260, 104, 0.3)], sheet(page)) == []


def test_a_date_whose_stroke_tesseract_took_for_a_digit_is_a_date() -> None:
    """02/01 that was read as 02701 is written as the recogniser spells it; 2,701 stays a figure."""
    read = settle(Cell(Run(0, 0, 60, 20), (0,), "02701"), Reading("02/01", 0.99), [Reading("02701", 0.6)])
    assert [word.token.text for word in read] == ["02/01"]
    assert not is_date("2,701", Reading("2/01", 0.99))


def test_a_day_and_a_year_are_not_one_number() -> None:
    """A "30, 2009" set close together stays the two words that Tesseract saw."""
    assert settle(Cell(Run(0, 0, 60, 20), (0, 1), "30,2009"), Reading("30,2009", 0.9), [Reading("30.2009", 0.8)]) == []


def test_a_figure_that_tesseract_took_for_a_word_is_a_figure() -> None:
    """Letters that only one engine sees do not keep a figure from being one."""
    assert not is_foreign("l,2B4", Reading("1,284", 0.99))
    read = settle(Cell(Run(0, 0, 60, 20), (0,), "l,2B4"), Reading("1,284", 0.99), [Reading("1,284", 0.99)])
    assert [word.token.text for word in read] == ["1,284"]


@pytest.mark.parametrize(
    ("seen", "free", "tick"), [("vA", "√", True), ("", "V", True), ("7", "√", False), ("a", "a", False)]
)
def test_ticks_are_neither_digits_nor_footnotes(seen: str, free: str, tick: bool) -> None:
    """A tick is what the recogniser calls one and Tesseract sees no digit in."""
    assert is_tick(seen, Reading(free, 0.8)) is tick


def test_a_faint_mark_beside_figures_is_no_digit() -> None:
    """Pencil is paler than print: a "1" or "4" read into it is a tick, a black one is a digit."""
    page = np.full((200, 400), 255, dtype=np.uint8)
    figure, black, pencil = Run(100, 40, 160, 60), Run(200, 40, 206, 60), Run(300, 40, 312, 60)
    for run, grey in ((figure, 10), (black, 10), (pencil, 140)):
        page[run.top : run.bottom, run.left : run.right] = grey
    assert are_pale(sheet(page), [black, pencil], [figure]) == [False, True]
    assert is_tick("4", Reading("J", 0.9), pale=True)
    assert not is_tick("4", Reading("4", 0.9), pale=False)
    assert not is_tick("14", Reading("14", 0.9), pale=True)


def test_what_is_not_printed_is_not_read() -> None:
    """A "=" on white paper and letters in a row of dots go; words, and marks that are printed, stay."""
    page = np.full((200, 400), 255, dtype=np.uint8)
    cv2.putText(page, "Cash", (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0,), 2)
    for x in range(100, 220, 12):
        cv2.circle(page, (x, 58), 1, (0,), -1)
    page[50:53, 300:315] = 0
    word, dots = Token("Cash", 8, 40, 70, 64, 0.9), Token("oe", 98, 52, 222, 62, 0.4)
    white, dash = Token("=", 240, 40, 260, 62, 0.8), Token("-", 298, 46, 318, 56, 0.8)
    assert drop_phantoms([word, dots, white, dash], sheet(page), np.zeros_like(page)) == [word, dash]


def test_dots_in_a_row_are_no_dash() -> None:
    """A few dots of a leader are as flat as a dash together, and none of them is flat."""
    page = np.full((200, 400), 255, dtype=np.uint8)
    for x in (100, 110, 120):
        cv2.circle(page, (x, 58), 1, (0,), -1)
    page[50:53, 300:315] = 0
    runs = find_runs(sheet(page), np.zeros_like(page))
    assert [(run.left, run.dash) for run in runs if run.dash] == [(300, True)]


def test_pieces_of_a_hair_rule_are_no_dashes() -> None:
    """What is left of a rule that a copier broke is no dash; one beside a rule down is."""
    page, rules = (np.full((200, 800), grey, dtype=np.uint8) for grey in (255, 0))
    for x in range(50, 700, 60):
        page[100:102, x : x + 20] = 0
        rules[99:103, x + 20 : x + 60] = 255
    page[50:53, 300:320] = 0
    rules[:, 340:343] = 255
    assert [(run.left, run.top) for run in find_runs(sheet(page), rules)] == [(300, 50)]


def test_a_short_hyphen_is_a_dash_where_a_column_of_figures_ends() -> None:
    """Hyphens half as wide as a digit is high stand for nought at the right edge of a column, nowhere else."""
    label, figures = Run(0, 100, 60, 120), [Run(500, top, 560, top + 20) for top in (60, 140)]
    hyphen, astray = Run(552, 108, 560, 111, dash=True), Run(530, 108, 538, 111, dash=True)
    assert is_dash(hyphen, "", [label, *figures, hyphen], GLYPH)
    assert not is_dash(astray, "", [label, *figures, astray], GLYPH)


def test_a_border_around_a_corner_goes() -> None:
    """A dark edge along two sides of the page is whitened, so that its skew is that of the print; print stays."""
    page = np.full((600, 500), 255, dtype=np.uint8)
    cv2.putText(page, "Cash 1,234", (100, 300), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0,), 2)
    printed = find_ink(page)
    page[:, :10] = page[:6, :] = 25
    _, ink, _ = clean(page, find_ink(page), 100.0)
    assert np.array_equal(ink, printed)


def test_an_item_whose_end_tesseract_lost_is_no_figure() -> None:
    """B-1 that Tesseract began as a word is written as the recogniser spells it; $1 and 51 begin no item."""
    read = settle(Cell(Run(0, 0, 60, 20), (0,), "Bes."), Reading("B-1", 0.99), [Reading("-1", 0.9)])
    assert [word.token.text for word in read] == ["B-1"]
    assert not is_item("S1", Reading("S1", 0.99))


def test_a_number_whose_ink_is_found_in_part_is_read_whole() -> None:
    """Digits lost in a shadow or a rule are in Tesseract's box: the cell is as wide as that, or is it."""
    page = np.full((200, 400), 255, dtype=np.uint8)
    cv2.putText(page, "1,119,489", (100, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0,), 2)
    number = Token("1,119,489", 98, 40, 230, 64, 0.96)
    part, other = Run(200, 42, 230, 62), Run(300, 42, 330, 62)
    whole = complete_runs([part, other], [number], sheet(page))
    assert [(run.left, run.right) for run in whole] == [(98, 230), (300, 330)]
    assert [(run.left, run.right) for run in complete_runs([], [number], sheet(page))] == [(98, 230)]
    assert complete_runs([], [number], sheet(np.full_like(page, 255))) == []


def test_a_number_that_tesseract_cut_in_two_stays_one_run() -> None:
    """Where a run holds more than the token nothing is completed: "1,119," and "489" are parts of a figure."""
    page = np.full((200, 400), 255, dtype=np.uint8)
    cv2.putText(page, "1,119,489", (100, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0,), 2)
    parts = [Token("1,119,", 98, 40, 180, 64, 0.7), Token("489", 184, 40, 230, 64, 0.7)]
    whole = Run(100, 42, 230, 62)
    assert complete_runs([whole], parts, sheet(page)) == [whole]


def test_points_of_old_style_figures_and_apostrophes_are_no_specks() -> None:
    """A point stands above the lowest part of a digit that descends, an apostrophe beside its top; both stay."""
    page = np.full((200, 400), 255, dtype=np.uint8)
    for x in (100, 140):
        page[50:90, x : x + 20] = 0
    page[72:77, 128:132] = page[52:60, 128:131] = 0
    _, ink, _ = clean(page, find_ink(page), 300.0)
    assert ink[72:77, 128:132].all()
    assert ink[52:60, 128:131].all()


def block(page: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], box: tuple[int, int, int, int], grey: int = 0) -> None:
    """Ink in a box (left, top, right, bottom)."""
    left, top, right, bottom = box
    page[top:bottom, left:right] = grey


def test_a_percent_sign_does_not_tie_its_line_to_the_one_above() -> None:
    """Its rings are as small as points; points stand at the feet of figures and rise, rings do not."""
    page = np.full((200, 400), 255, np.uint8)
    for left in (100, 116, 132):
        block(page, (left, 60, left + 12, 80))  # figures of the line above
        block(page, (left, 90, left + 12, 110))  # and of the line with the percent sign
    block(page, (148, 90, 156, 99))
    block(page, (154, 101, 162, 110))
    runs = find_runs(sheet(page), np.zeros_like(page))
    assert [(run.left, run.top, run.right, run.bottom) for run in runs] == [(100, 60, 144, 80), (100, 90, 162, 110)]


def test_a_point_between_digits_set_far_apart_ties_them() -> None:
    """The gap across a point is not counted twice, in typewriter type for example."""
    page = np.full((200, 400), 255, np.uint8)
    block(page, (100, 60, 112, 80))
    block(page, (123, 76, 127, 80))
    block(page, (138, 60, 150, 80))
    assert [(run.left, run.right) for run in find_runs(sheet(page), np.zeros_like(page))] == [(100, 150)]


def test_a_tick_beside_a_figure_is_no_part_of_it() -> None:
    """A mark much paler than the digits is cut off at either end; one as dark as they are stays."""
    page = np.full((200, 400), 255, np.uint8)
    for left in (100, 116, 132):
        block(page, (left, 60, left + 12, 80))
    block(page, (150, 58, 164, 80), 130)
    whole = Run(100, 58, 164, 80)
    assert without_tick(sheet(page), whole) == Run(100, 58, 144, 80)
    assert without_tick(sheet(page[:, ::-1].copy()), Run(236, 58, 300, 80)) == Run(256, 58, 300, 80)
    block(page, (150, 58, 164, 80), 20)
    assert without_tick(sheet(page), whole) == whole


def test_a_faint_minus_widens_what_is_read_again() -> None:
    """Half way up before the first digit; the end of a word or of another figure is none."""
    page = np.full((200, 400), 255, np.uint8)
    block(page, (120, 60, 132, 80))
    run = Run(120, 60, 132, 80)
    assert minus_before(sheet(page), run) == 0
    block(page, (110, 69, 114, 71), 180)
    assert minus_before(sheet(page), run) == 18
    block(page, (104, 62, 114, 80), 0)
    assert minus_before(sheet(page), run) == 0

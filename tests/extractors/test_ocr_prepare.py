"""Preparation: upright, straight, white paper, and not a decimal point less."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from extractors.ocr.image import Pixels, Quarter, Scan
from extractors.ocr.prepare import clean, find_ink, flatten, prepare
from extractors.ocr.rules import find_rules
from extractors.ocr.runs import find_runs
from extractors.ocr.skew import find_skew, runs_sideways
from tests.fakes.scans import DPI, draw, scan


def never(_: Pixels, __: float) -> Quarter | None:
    raise AssertionError("the way up was asked for without need")


def turned(pixels: Pixels, degrees: float) -> Pixels:
    """The page turned clockwise on white paper."""
    height, width = pixels.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height), borderValue=(255.0,)), dtype=np.uint8)


@pytest.mark.parametrize("degrees", [-4.0, -0.7, 0.0, 1.5, 4.0])
def test_skew_is_found_to_a_twentieth_of_a_degree(degrees: float) -> None:
    """The skew of a drawn statement is found in either direction."""
    assert find_skew(find_ink(turned(draw(), degrees))) == pytest.approx(degrees, abs=0.06)


def test_a_straightened_page_knows_where_its_words_are_printed() -> None:
    """A mark drawn on the skewed page is found back where it was drawn, from where it stands when straight."""
    page = draw()
    page[900:912, 1400:1412] = 0
    skewed = turned(page, 2.0)
    marks, where = np.nonzero(skewed[850:1000, 1300:1500] < 128)
    drawn = ((where.mean() + 1300) * 72 / DPI, (marks.mean() + 850) * 72 / DPI)
    sheet = prepare(scan(skewed), never)
    count, _, stats, middles = cv2.connectedComponentsWithStats(sheet.ink)
    squares = [i for i in range(1, count) if 10 <= stats[i, 2] <= 15 and 10 <= stats[i, 3] <= 15 and stats[i, 4] > 100]
    places = []
    for index in squares:
        x, y = middles[index]
        left, top, right, bottom = sheet.printed(x, y, x, y)
        places.append(abs(left - drawn[0]) + abs(top - drawn[1]) + abs(right - drawn[0]) + abs(bottom - drawn[1]))
    assert min(places) < 2.0


def test_lines_that_run_down_the_page_are_noticed() -> None:
    """A page on its side is told from an upright one without asking tesseract."""
    ink = find_ink(draw())
    assert runs_sideways(ink) is False
    assert runs_sideways(np.ascontiguousarray(np.rot90(ink))) is True


@pytest.mark.parametrize("answer", [90, 270])
def test_a_page_on_its_side_is_turned_the_way_tesseract_says(answer: Quarter) -> None:
    """Sideways pages are set upright by the turn that is found, and their sides change places."""
    on_its_side = np.ascontiguousarray(np.rot90(draw(), answer // 90))
    sheet = prepare(scan(on_its_side), lambda _, __: answer)
    assert sheet.rotation == answer
    assert (round(sheet.width), round(sheet.height)) == (612, 396)


def test_shading_becomes_paper_and_print_stays() -> None:
    """Grey bands and a shadow over half of the page are white afterwards; the print on them is not."""
    page = draw().astype(np.float64)
    page[150:210] *= 0.8
    page *= np.linspace(1.0, 0.6, page.shape[1])
    flat = flatten(page.astype(np.uint8))
    assert np.median(flat[150:210]) > 235
    clear = draw() < 100
    assert flat[clear].mean() < 80


def test_black_and_white_is_left_as_it_is() -> None:
    """A fax has no shading to remove."""
    page = np.where(draw() < 128, 0, 255).astype(np.uint8)
    assert flatten(page) is page


def test_specks_and_borders_go_and_decimal_points_stay() -> None:
    """Lone dots far from print and a black edge are whitened; the point of 29.2 is not."""
    page = np.where(draw() < 128, 0, 255).astype(np.uint8)
    clean_ink = find_ink(page)
    page[:, :12] = 0
    for y, x in ((800, 700), (900, 300), (1000, 1200)):
        page[y : y + 3, x : x + 3] = 0
    _, ink, _ = clean(page, find_ink(page), DPI)
    assert np.array_equal(ink, clean_ink)


def specked(x: int, y: int) -> tuple[bool, bool]:
    """Whether a dot of 3 pixels at (x, y) stays beside a figure of 20 pixels' height at (100..112, 100..120)."""
    page = np.full((300, 400), 255, np.uint8)
    for left in (100, 130, 160):
        page[100:120, left : left + 12] = 0
    page[y : y + 3, x : x + 3] = 0
    _, ink, _ = clean(page, find_ink(page), DPI)
    return bool(ink[y + 1, x + 1]), bool(ink[110, 105])


@pytest.mark.parametrize(
    ("x", "y", "stays"), [(180, 117, True), (92, 117, True), (176, 108, True), (184, 108, False), (195, 117, False)]
)
def test_a_point_stands_on_the_base_line_and_a_speck_does_not(x: int, y: int, stays: bool) -> None:
    """A dot on the base line near a figure stays, so does what hangs on it; higher or farther off it is a speck."""
    assert specked(x, y) == (stays, True)


def test_points_are_known_on_a_page_that_is_upside_down() -> None:
    """A page that stands on its head is cleaned once it is upright: its points are not above its figures."""
    page = np.where(draw() < 128, 0, 255).astype(np.uint8)
    upright = prepare(scan(page), never)
    turned_back = prepare(scan(np.ascontiguousarray(page[::-1, ::-1])), never, 180)
    assert np.array_equal(turned_back.ink, upright.ink)


def test_a_coarse_fax_gets_square_pixels() -> None:
    """204 x 98 dots to the inch are stretched until both are the same."""
    page = draw()[::2]
    sheet = prepare(Scan(page, (200.0, 100.0)), never)
    assert sheet.grey.shape[0] >= 1100
    assert (round(sheet.width), round(sheet.height)) == (612, 396)


def test_drawn_lines_are_rules_in_points() -> None:
    """The two rules above the total are found where they were drawn, and nothing else is a rule."""
    rules, _ = find_rules(prepare(scan(draw()), never))
    assert [rule.horizontal for rule in rules] == [True, True]
    assert [round(rule.right * DPI / 72) for rule in rules] == pytest.approx([1150, 1500], abs=4)
    assert rules[0].right - rules[0].left == pytest.approx(200 * 72 / DPI, abs=2)


def test_runs_hold_whole_figures_and_mark_flat_ones() -> None:
    """Each figure is one run of ink, decimal point included; the dash is one too, and flat."""
    sheet = prepare(scan(draw([("Total of all", "12,345.1", "—"), ("Of which", "(11.1)", "1,110")])), never)
    _, drawn = find_rules(sheet)
    figures = [run for run in find_runs(sheet, drawn) if run.left > 900]
    assert [run.dash for run in figures] == [False, True, False, False]
    assert [run.right for run in figures] == pytest.approx([1150, 1500, 1150, 1500], abs=8)


def test_the_feet_of_a_word_are_no_rule() -> None:
    """A bold word whose serifs run into one another hangs on its base line; a rule has paper on either side."""
    page = np.full((300, 700), 255, np.uint8)
    page[120:126, 100:200] = 0
    for left in range(100, 200, 20):
        page[100:120, left : left + 6] = 0
    page[220:223, 100:300] = 0
    rules, mask = find_rules(prepare(scan(page), never))
    assert len(rules) == 1
    assert not mask[118:128].any()


def test_digits_set_tight_below_one_another_are_no_rule() -> None:
    """A line that bridges make of their strokes is a third paper; a rule that a copier broke is nearly all ink."""
    page = np.full((700, 700), 255, np.uint8)
    for top in range(100, 600, 12):
        page[top : top + 8, 300:306] = 0
        page[top : top + 11, 500:505] = 0
    rules, mask = find_rules(prepare(scan(page), never, 0))
    assert [rule.horizontal for rule in rules] == [False]
    assert not mask[:, 290:320].any()


def test_a_point_between_digits_of_one_pitch_stays() -> None:
    """Where small letters are the usual print a point stands far off the digits beside it, and belongs to them."""
    page = np.full((400, 900), 255, dtype=np.uint8)
    for at in range(60):
        left, top = 20 + 40 * (at % 20), 40 + 60 * (at // 20)
        page[top : top + 18, left : left + 14] = 0  # small letters, 18 high
    for left in (100, 139):
        page[300:325, left : left + 15] = 0  # digits, 25 high
    page[321:325, 125:129] = 0  # the point between them, 12 from the ink of the first
    page[321:325, 700:704] = 0  # dirt
    cleaned, _, glyph = clean(page, find_ink(page), 300.0)
    assert glyph == 18
    assert (cleaned[321:325, 125:129] == 0).all()
    assert (cleaned[321:325, 700:704] == 255).all()

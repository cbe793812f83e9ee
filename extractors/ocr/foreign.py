"""What stands among figures and is none: dates, item numbers, ticks made by hand, words where nothing is printed."""

from __future__ import annotations

import re
from collections.abc import Sequence

import cv2
import numpy as np

from extractors.ocr.image import Pixels
from extractors.ocr.prepare import Sheet
from extractors.ocr.runs import Run
from extractors.ocr.tesseract import Token
from extractors.page import Reading

# from here on the recogniser's free reading is believed where Tesseract agrees with it, and where it does not
_AGREED, _ALONE = 0.7, 0.9
# "A-1", "11/01", "10-K": letters among digits, and strokes between them, are no signs of figures
_FOREIGN = re.compile(r"[A-Za-z].*\d|\A[A-Z]{1,2}-[A-Z]\Z|\d[/:]\d|\d[-.][A-Za-z]")
_STRANGE = re.compile(r"[A-Za-z/:]")
_CODE = re.compile(r"[A-Za-z]{1,2}-")
# letters that are taken for digits or "$" begin no item
_ITEM = re.compile(r"[A-HJ-NP-RT-Z][A-Z]?-?\d{1,2}")
_ITEMISED = 0.95
_FORM, _SURE_FORM = re.compile(r"S-\d{1,2}"), 0.99
_DATE = re.compile(r"\d{1,2}/\d{1,2}(?:/\d\d(?:\d\d)?)?")
# "June 30, 2009" without the blank; no thousands are followed by four digits
_DAY_AND_YEAR = re.compile(r"[0-3]?\d[.,](?:19|20)\d\d")
_DAY_COMMA_YEAR = re.compile(r"[0-3]?\d,(?:19|20)\d\d")
# what the recogniser calls a tick; Tesseract makes "\/" or "vA" of it
_TICKS = frozenset("√✓✔☑νVvJ")
_LONGEST_TICK = 3
_SURELY = 0.8
_WORD = re.compile(r"[A-Za-z]{3}")
PALER = 50
"""Levels of grey between print and what is made by pencil or stamp."""
_DARKEST = 0.05
# figures that show the shade of a column; how far right of them a bracket or a mark may stand, in heights of the print
_COLUMN, _BESIDE = 2, 0.5
# so many dashes show how dark one is; how much paler a thin stroke is than a digit, in levels of grey
_DASHES, _THIN = 4, 40
# grey of the faintest letters and of the faintest marks; in heights of the print: no letters are lower
_FAINT, _INKED, _LOWEST = 215, 170, 0.35


def is_foreign(seen: str, free: Reading) -> bool:
    """True when both engines see signs that no figure holds: a date, the number of an item, a name.

    ``seen`` is Tesseract's reading, ``free`` the recogniser's over all letters.
    """
    if not _FOREIGN.search(free.text) or free.probability < _AGREED:
        return False
    # a 1 of old style is an I to Tesseract: "S-I"
    code = _CODE.match(free.text)
    return bool(code and seen.startswith(code[0])) or _STRANGE.findall(seen) == _STRANGE.findall(free.text)


def is_date(seen: str, free: Reading) -> bool:
    """True for "02/01" that Tesseract read as 02701: no figure begins with a nought and has no marks."""
    return bool(_DATE.fullmatch(free.text)) and free.probability >= _ALONE and not re.search("[.,]", seen)


def is_item(seen: str, free: Reading) -> bool:
    """True for "B-1" that Tesseract began to read as "Bes": a letter and a number, and the letter is seen by both.

    "S-1" may be "$-1": there Tesseract must have seen nothing of an amount.
    """
    if _FORM.fullmatch(free.text) and free.probability >= _SURE_FORM:
        return not re.search(r"[\d$]", seen)
    return bool(_ITEM.fullmatch(free.text)) and free.probability >= _ITEMISED and seen.startswith(free.text[0])


def is_date_in_one(seen: str, free: Reading) -> bool:
    """True for "31,2018" in one piece that both engines read so: a day of the month and a year."""
    return bool(_DAY_COMMA_YEAR.fullmatch(seen)) and free.text.replace(" ", "") == seen


def is_day_and_year(reading: str, tokens: int) -> bool:
    """True when "30, 2009" was read as one number and Tesseract saw several words in it."""
    return tokens > 1 and bool(_DAY_AND_YEAR.fullmatch(reading))


def is_tick(seen: str, free: Reading, pale: bool = False) -> bool:
    """True for a mark somebody made beside a figure: neither engine sees anything else in it.

    ``pale``: its ink is much fainter than that of the figures; then one digit is believed to neither of them alone.
    """
    if len(seen) > _LONGEST_TICK or len(re.findall(r"\d", seen)) > pale or is_lone_digit(seen, free):
        return False
    return free.text.strip() in _TICKS or (pale and len(free.text) == 1)


def is_lone_digit(seen: str, free: Reading) -> bool:
    """True where both engines see one digit, and the same."""
    return seen == free.text.strip() and len(seen) == 1 and seen.isdigit()


def are_pale(sheet: Sheet, runs: Sequence[Run], figures: Sequence[Run]) -> list[bool]:
    """For each run whether its ink is much fainter than that of figures usually is: pencil, or a stamp.

    A run in a column whose figures are set in grey is compared with those.
    """
    if not figures:
        return [False] * len(runs)
    dark = {run: darkness(sheet, run) for run in dict.fromkeys((*runs, *figures))}
    shades = [dark[figure] for figure in figures]
    usual = float(np.median(shades))
    found = []
    for run in runs:
        column = [
            shade
            for shade, figure in zip(shades, figures, strict=True)
            if figure.left < (run.left + run.right) / 2 < figure.right + _BESIDE * sheet.glyph
        ]
        own = max(usual, float(np.median(column))) if len(column) >= _COLUMN else usual
        found.append(dark[run] > own + PALER)
    return found


def are_faint_dashes(sheet: Sheet, dashes: Sequence[Run], figures: Sequence[Run]) -> list[bool]:
    """For each dash whether it is much fainter than the others, or than figures where there are few: no print.

    It may be a piece of a stamp or a stroke of a pencil.
    """
    shades = [darkness(sheet, run) for run in dashes]
    if len(shades) >= _DASHES:
        usual = float(np.median(shades))
    elif shades and figures:
        usual = float(np.median([darkness(sheet, run) for run in figures])) + _THIN
    else:
        return [False] * len(shades)
    return [shade > usual + PALER for shade in shades]


def darkness(sheet: Sheet, run: Run) -> float:
    """The grey (0 black to 255) that a twentieth of a run is darker than.

    numpy's percentile takes ten times as long.
    """
    greys = np.sort(sheet.grey[run.top : run.bottom, run.left : run.right], axis=None)
    whole, part = divmod(_DARKEST * (len(greys) - 1), 1)
    low, high = (int(greys[min(int(whole) + step, len(greys) - 1)]) for step in (0, 1))
    return low + (high - low) * part


def drop_phantoms(tokens: Sequence[Token], sheet: Sheet, rules: Pixels) -> list[Token]:
    """The tokens without those that Tesseract saw where nothing is printed, or in the dots of a leader.

    Between columns it invents "=", "-" and "."; it also reads letters and digits into rows of dots, which are too low
    to be any.
    """
    printed = np.asarray(cv2.subtract(sheet.ink, rules), dtype=np.uint8)
    return [token for token in tokens if not _is_phantom(token, printed, sheet)]


def _is_phantom(token: Token, ink: Pixels, sheet: Sheet) -> bool:
    if token.confidence > _SURELY and _WORD.search(token.text):
        # the feet of its letters may have been taken for a rule
        return False
    box = np.s_[token.top : token.bottom, token.left : token.right]
    rows = np.flatnonzero(ink[box].any(axis=1))
    solid = any(sign.isalnum() for sign in token.text)
    if not len(rows):
        # letters fainter than ink are print all the same, and so is what was drawn like a rule
        return not (sheet.grey[box] < (_FAINT if solid else _INKED)).any()
    return solid and bool(rows[-1] - rows[0] < _LOWEST * sheet.glyph)

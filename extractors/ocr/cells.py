"""Every numeric cell read twice: by Tesseract as part of the page, and by the recogniser from its own image.

Cells are found by ink and by words together, so that a lone digit or a dash that Tesseract passed over is found too.
Where the two readings differ, the recogniser's stands and the other becomes a rival.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from extractors.numbers import read_number
from extractors.ocr.calibrated import agreement_of, same_value, trust
from extractors.ocr.echoes import find_echoes
from extractors.ocr.foreign import (
    are_faint_dashes,
    are_pale,
    is_date,
    is_date_in_one,
    is_day_and_year,
    is_foreign,
    is_item,
    is_lone_digit,
    is_tick,
)
from extractors.ocr.grammar import groups_by_points, strange_signs, weigh_readings
from extractors.ocr.image import Pixels
from extractors.ocr.pencil import minus_before, without_tick
from extractors.ocr.prepare import Sheet
from extractors.ocr.recogniser import Recogniser
from extractors.ocr.runs import Run
from extractors.ocr.signs import (
    LIKE_SIGN,
    SURE_SIGN,
    is_currency_sign,
    is_dash,
    is_flat,
    is_print,
    trusted_sign,
)
from extractors.ocr.tesseract import Token
from extractors.page import Reading

DASH = "—"
# in heights of the print
_WIDEST_CELL = 14.0
_WIDEST_JUNK = 9.0
_PAD_ACROSS, _PAD_DOWN = 0.3, 0.25
# a number that is only found in part: how much of it is missing, how high it may be
_LOST, _TALLEST_NUMBER = 0.5, 1.8
# a page of noise is not read run by run
_MOST_UNSEEN = 1500
# gap in a number that Tesseract read as one
_WIDEST_GAP = 1.1
_SURE = 0.7
_GUESS = 0.6
_CLEAR = 0.9
_FAINT_DIGIT = 0.5
_OF_FIGURES = frozenset("$€£¥()%")
# in heights of the print: a tick behind a figure stands no further off
_BEHIND = 1.5
_WORD = re.compile(r"[A-Za-z][A-Za-z.,:;'’-]{2,}")
_APOSTROPHE = "['\N{RIGHT SINGLE QUOTATION MARK}]"
_LONE_SIGNS = frozenset("$€£¥")
# letters that the recogniser's free reading may give for a sign of a number
_LETTERS = re.compile(r"[A-HJ-NP-RT-Za-km-np-z]")


@dataclass(frozen=True, slots=True)
class Cell:
    """A run of ink with what Tesseract read in it.

    Attributes:
        worded: one of the tokens is surely a word. shared: those of the tokens that lie on other runs as well.
        guessed: the part of the text in which Tesseract has no trust itself.
    """

    run: Run
    tokens: tuple[int, ...]
    text: str
    worded: bool = False
    shared: tuple[int, ...] = ()
    guessed: str = ""

    @property
    def digits(self) -> int:
        """Digits that Tesseract saw."""
        return sum(sign.isdigit() for sign in self.text)

    @property
    def letters(self) -> int:
        """Letters that Tesseract saw and did not merely guess."""
        return sum(sign.isalpha() for sign in self.text) - sum(sign.isalpha() for sign in self.guessed)


@dataclass(frozen=True, slots=True)
class ReadToken:
    """A word with the rivals of its reading."""

    token: Token
    rivals: tuple[Reading, ...] = ()


# a cell, its best reading over all letters, and its readings as a number
Seen = tuple[Cell, Reading, list[Reading]]


def read_cells(
    sheet: Sheet, tokens: Sequence[Token], runs: Sequence[Run], recogniser: Recogniser
) -> tuple[list[ReadToken], int]:
    """The words of the page, those of numeric cells replaced by the better reading, lost ones added.

    Also how many runs, which hold nothing for Tesseract, nobody has read: a page of noise is not read to its end.
    """
    whole = complete_runs(join_runs(runs, tokens, sheet.glyph), tokens, sheet)
    cells = assign(tokens, whole)
    chosen = [_bare(sheet, cell) for cell in choose(cells, sheet.glyph)]
    looked = recogniser.read([crop(sheet, cell.run) for cell in chosen])
    seen = [(cell, free, readings) for cell, (free, readings) in zip(chosen, looked, strict=True)]
    continental = groups_by_points(readings[0].text for _, _, readings in seen)
    strange = strange_signs(readings[0].text for _, _, readings in seen)
    signs = _currency_signs(cells, tokens, seen, sheet.glyph)
    gone: set[int] = set()
    read: list[ReadToken] = []
    pale = are_pale(sheet, [cell.run for cell in chosen], [cell.run for cell in chosen if cell.digits > 1])
    for (cell, free, readings), faint in zip(seen, pale, strict=True):
        # a letter that Tesseract is sure of is a tick only where it is pale or the recogniser knows the mark
        sure = cell.letters and not faint and free.text.isalpha()
        if not cell.worded and not sure and is_tick(cell.text, free, faint):
            gone.update(cell.tokens)
            continue
        if is_currency_sign(cell.run, readings, cell.text, signs, sheet.glyph):
            found = [ReadToken(_token("$", cell.run, SURE_SIGN))]
        else:
            found = settle(cell, free, weigh_readings(readings, continental, strange))
            if faint and is_lone_digit(cell.text, free):
                # made by pencil after all? a person is to look
                found = [replace(read, token=replace(read.token, confidence=_FAINT_DIGIT)) for read in found]
        if found:
            gone.update(cell.tokens)
            read += found
    gone.update(index for cell in cells if cell.run.dash and is_flat(cell.text) for index in cell.tokens)
    dashes = list(_dashes(cells, tokens, sheet.glyph))
    faded = are_faint_dashes(sheet, [cell.run for cell in dashes], [cell.run for cell in chosen if cell.digits > 1])
    for cell, faint in zip(dashes, faded, strict=True):
        gone.update(index for index in cell.tokens if index not in cell.shared)
        trusted = 0.995 if not cell.letters + cell.digits else 0.9
        read.append(ReadToken(_token(DASH, cell.run, _FAINT_DIGIT if faint else trusted)))
    read += [ReadToken(token) for token in _left_over(cells, tokens, gone, sheet.glyph)]
    return _once(read), max(0, len(_unseen_cells(cells, sheet.glyph)) - _MOST_UNSEEN)


def _once(read: Sequence[ReadToken]) -> list[ReadToken]:
    """The words without those that were read from ink of others."""
    echoes = find_echoes([word.token for word in read])
    kept = [(word, echoes.get(index, word.token)) for index, word in enumerate(read)]
    return [word if token is word.token else replace(word, token=token) for word, token in kept if token is not None]


def _currency_signs(cells: Sequence[Cell], tokens: Sequence[Token], seen: Sequence[Seen], glyph: float) -> list[Run]:
    """The runs that surely are or begin with a currency sign."""
    signs = [cell.run for cell, _, readings in seen if readings[0].text[:1] == "$" and readings[0].probability > _CLEAR]
    lone = [cell for cell in cells if cell.text == "$" and cell.run.width < 1.3 * glyph]
    return signs + [cell.run for cell in lone if tokens[cell.tokens[0]].confidence > _SURE]


def _dashes(cells: Sequence[Cell], tokens: Sequence[Token], glyph: float) -> Iterator[Cell]:
    """The flat runs that stand for nil; no part of a word that Tesseract is sure of."""
    beside = [cell.run for cell in cells]
    for cell in cells:
        if not cell.run.dash or cell.worded or any(tokens[index].confidence > _SURE for index in cell.shared):
            continue
        if is_dash(cell.run, cell.text, beside, glyph):
            yield cell


def _left_over(cells: Sequence[Cell], tokens: Sequence[Token], gone: set[int], glyph: float) -> Iterator[Token]:
    """What only Tesseract has read, without what it made of specks and rules."""
    on = {index: cell.run for cell in cells for index in cell.tokens}
    for index, token in enumerate(tokens):
        if index in gone or (index not in on and not is_print(token, glyph)):
            continue
        yield trusted_sign(token, on.get(index), glyph)


def assign(tokens: Sequence[Token], runs: Sequence[Run]) -> list[Cell]:
    """Each run with the tokens that lie on it for the most part (by the smaller of the two boxes)."""
    boxes = np.array([(token.left, token.top, token.right, token.bottom) for token in tokens]).reshape(-1, 4)
    lying = [sorted(_lying_on(boxes, run), key=lambda index: (tokens[index].left, index)) for run in runs]
    times = Counter(index for on in lying for index in on)
    cells = []
    for run, on in zip(runs, lying, strict=True):
        worded = any(tokens[index].confidence > 0.8 and _WORD.fullmatch(tokens[index].text) for index in on)
        text = "".join(tokens[index].text for index in on)
        guessed = "".join(tokens[index].text for index in on if tokens[index].confidence < _GUESS)
        cells.append(Cell(run, tuple(on), text, worded, tuple(index for index in on if times[index] > 1), guessed))
    return cells


def join_runs(runs: Sequence[Run], tokens: Sequence[Token], glyph: float) -> list[Run]:
    """The runs, those as one that Tesseract read as one number although the print has a wide gap in it."""
    joined = list(runs)
    for token in tokens:
        if not any(sign.isdigit() for sign in token.text) or any(sign.isalpha() for sign in token.text):
            continue
        inside = sorted((run for run in joined if _within(run, token, glyph)), key=lambda run: run.left)
        if len(inside) < 2 or max(b.left - a.right for a, b in pairwise(inside)) > _WIDEST_GAP * glyph:
            continue
        joined = [run for run in joined if run not in inside]
        joined.append(
            Run(
                inside[0].left,
                min(run.top for run in inside),
                inside[-1].right,
                max(run.bottom for run in inside),
            )
        )
    return sorted(joined, key=lambda run: (run.top, run.left))


def complete_runs(runs: Sequence[Run], tokens: Sequence[Token], sheet: Sheet) -> list[Run]:
    """The runs, those widened that hold but a part of the ink of a number, and one for each number without any.

    Ink of a number is lost among runs where it touches a rule, a shadow or the print of the back of the page. To read
    a part of a number again would be worse than not to read it.
    """
    found = list(runs)
    for token in tokens:
        if not read_number(token.text) or token.bottom - token.top > _TALLEST_NUMBER * sheet.glyph:
            continue
        if is_flat(token.text):
            # a dash has ink of its own, or it is a line that somebody drew under a figure
            continue
        on = [run for run in found if _touches(run, token)]
        if not all(_within(run, token, sheet.glyph) for run in on):
            continue
        ends = [token.left, *(edge for run in on for edge in (run.left, run.right)), token.right]
        lost = sheet.ink[token.top : token.bottom, _widest(ends)]
        if len(on) > 1 or lost.shape[1] < _LOST * sheet.glyph or not lost.any(axis=0).sum() > 0.2 * lost.shape[1]:
            continue
        box = Run(token.left, token.top, token.right, token.bottom)
        found = [run for run in found if run not in on] + [_union(box, on)]
    return sorted(found, key=lambda run: (run.top, run.left))


def _touches(run: Run, token: Token) -> bool:
    # most runs stand on other lines: that is asked first
    level = run.top < (token.top + token.bottom) / 2 < run.bottom
    return level and run.left < token.right and token.left < run.right


def _widest(ends: Sequence[int]) -> slice:
    """The widest stretch of a token that no run covers; ``ends``: its left edge, the edges of the run, its right."""
    stretches = [(ends[at], ends[at + 1]) for at in range(0, len(ends), 2)]
    return slice(*max(stretches, key=lambda stretch: stretch[1] - stretch[0]))


def _union(box: Run, runs: Sequence[Run]) -> Run:
    return Run(
        min(box.left, *(run.left for run in runs), box.left),
        min(box.top, *(run.top for run in runs), box.top),
        max(box.right, *(run.right for run in runs), box.right),
        max(box.bottom, *(run.bottom for run in runs), box.bottom),
    )


def choose(cells: Sequence[Cell], glyph: float) -> list[Cell]:
    """The cells that may be figures: with digits, or standing in a column of such with nothing readable in them."""
    numeric = [cell for cell in cells if cell.digits and cell.letters <= 2 * cell.digits + 2 and not cell.worded]
    numeric = [cell for cell in numeric if cell.run.width <= _WIDEST_CELL * glyph and not cell.run.dash]
    unseen = _unseen_cells(cells, glyph)
    if len(unseen) > _MOST_UNSEEN:
        unseen = sorted(unseen, key=lambda cell: not _in_column(cell, numeric))[:_MOST_UNSEEN]
    doubtful = [
        cell
        for cell in cells
        if cell.tokens
        and _may_be_junk(cell, glyph)
        and (
            cell.guessed == cell.text
            or cell.text in LIKE_SIGN
            or not any(sign.isalnum() or sign in _OF_FIGURES for sign in cell.text)
            or (len(cell.text) == 1 and _behind_figure(cell, numeric, glyph))
            or _in_column(cell, numeric)
        )
    ]
    return numeric + unseen + doubtful


def _behind_figure(cell: Cell, numeric: Sequence[Cell], glyph: float) -> bool:
    """True for one sign right behind a figure, where ticks are made."""
    middle = (cell.run.top + cell.run.bottom) / 2
    return any(
        0 <= cell.run.left - other.run.right < _BEHIND * glyph and other.run.top < middle < other.run.bottom
        for other in numeric
    )


def _unseen_cells(cells: Sequence[Cell], glyph: float) -> list[Cell]:
    return [cell for cell in cells if not cell.tokens and _may_be_junk(cell, glyph)]


def _may_be_junk(cell: Cell, glyph: float) -> bool:
    """True where Tesseract saw neither digits nor a word, and the ink is no longer than a figure may be."""
    return not (cell.digits or cell.run.dash or cell.worded) and cell.run.width <= _WIDEST_JUNK * glyph


def _bare(sheet: Sheet, cell: Cell) -> Cell:
    """A numeric cell without what somebody has ticked beside it."""
    run = without_tick(sheet, cell.run) if cell.digits else cell.run
    return cell if run is cell.run else replace(cell, run=run)


def crop(sheet: Sheet, run: Run) -> Pixels:
    """The image of a run with some paper around it, and with a faint minus before it."""
    across, down = round(_PAD_ACROSS * sheet.glyph), round(_PAD_DOWN * sheet.glyph)
    left = max(0, run.left - across - minus_before(sheet, run))
    return sheet.grey[max(0, run.top - down) : run.bottom + down, left : run.right + across]


def settle(cell: Cell, free: Reading, readings: list[Reading]) -> list[ReadToken]:
    """What the cell says, or nothing when the recogniser does not see a number in it."""
    best = readings[0]
    if is_foreign(cell.text, free) or is_day_and_year(best.text, len(cell.tokens)):
        return []
    if is_date_in_one(cell.text, free):
        return _placed(re.split("(?<=,)", cell.text), cell.run, round(free.probability, 4))
    if is_date(cell.text, free) or is_item(cell.text, free):
        return [ReadToken(_token(free.text, cell.run, round(0.9 * free.probability, 4)))]
    if best.text in _LONE_SIGNS:
        return [ReadToken(_token(best.text, cell.run, 0.99))] if cell.letters <= 1 else []
    strange = len(_LETTERS.findall(free.text)) > max(1, 0.2 * len(free.text))
    # letters forced into signs of numbers never give a reading that is sure of itself
    forced = not cell.digits and best.probability < _SURE
    if strange or forced or not any(sign.isdigit() for sign in best.text):
        return _unseen(cell, free)
    if len(cell.tokens) > 1 and not all(read_number(part) for part in _parts(best.text)):
        return []
    best, rivals = weigh(cell.text, readings)
    return _split(cell.run, best, rivals)


def weigh(seen: str, readings: Sequence[Reading]) -> tuple[Reading, tuple[Reading, ...]]:
    """The recogniser's reading with the trust that Tesseract's gives it or takes from it, and the rivals."""
    best = readings[0]
    rivals = [
        reading for reading in readings[1:] if reading.probability >= 0.002 and not same_value(reading.text, best.text)
    ]
    agreement = agreement_of(seen, best.text)
    share = trust(best.probability, agreement)
    if agreement == "rival" and all(not same_value(seen, rival.text) for rival in rivals):
        rivals.append(Reading(seen, round(min(0.02, 1 - share), 4)))
    rivals.sort(key=lambda reading: (-reading.probability, reading.text))
    kept = tuple(Reading(reading.text, round(reading.probability, 4)) for reading in rivals[:4])
    # apostrophes between thousands are commas to the recogniser; they stay as they are printed
    text = seen if agreement == "agreed" and re.search(_APOSTROPHE, seen) else best.text
    return Reading(text, round(share, 4)), kept


def _unseen(cell: Cell, free: Reading) -> list[ReadToken]:
    """A word where Tesseract saw nothing at all."""
    if cell.tokens or free.probability < 0.8 or not re.search(r"[A-Za-z]{3}|\d", free.text):
        return []
    return [ReadToken(_token(free.text, cell.run, round(0.9 * free.probability, 4)))]


def _split(run: Run, best: Reading, rivals: tuple[Reading, ...]) -> list[ReadToken]:
    """One word per number: a currency sign behind a figure belongs to the next column."""
    parts = _parts(best.text)
    if len(parts) == 1:
        return [ReadToken(_token(best.text, run, best.probability), rivals)]
    return _placed(parts, run, best.probability)


def _placed(parts: Sequence[str], run: Run, confidence: float) -> list[ReadToken]:
    """The parts of what a run says, each in its share of the box."""
    read, left, per_sign = [], float(run.left), run.width / sum(map(len, parts))
    for part in parts:
        right = left + per_sign * len(part)
        read.append(ReadToken(_token(part, replace(run, left=round(left), right=round(right)), confidence)))
        left = right
    return read


def _parts(text: str) -> list[str]:
    return re.split(r"(?<=[\d)%])(?=\$)", text)


def _token(text: str, run: Run, confidence: float) -> Token:
    return Token(text, run.left, run.top, run.right, run.bottom, confidence)


def _lying_on(boxes: npt.NDArray[np.int64], run: Run) -> list[int]:
    """Which boxes (left, top, right, bottom) lie on the run by more than 0.4 of the smaller of both."""
    left, top, right, bottom = boxes.T
    across = np.minimum(right, run.right) - np.maximum(left, run.left)
    down = np.minimum(bottom, run.bottom) - np.maximum(top, run.top)
    smaller = np.minimum((right - left) * (bottom - top), run.width * run.height)
    lying = (across > 0) & (down > 0) & (across * down > 0.4 * smaller)
    return [int(index) for index in np.flatnonzero(lying)]


def _within(run: Run, token: Token, glyph: float) -> bool:
    if not token.top <= (run.top + run.bottom) / 2 <= token.bottom:
        return False
    slack = 0.3 * glyph
    across = token.left - slack <= run.left and run.right <= token.right + slack
    return across and run.height < 1.8 * glyph


def _in_column(cell: Cell, numeric: Sequence[Cell]) -> bool:
    """True when at least two numeric cells stand above or below it."""
    run, count = cell.run, 0
    for other in numeric:
        overlap = min(run.right, other.run.right) - max(run.left, other.run.left)
        count += overlap > 0.5 * min(run.width, other.run.width)
    return count >= 2

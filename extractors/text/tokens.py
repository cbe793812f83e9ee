"""A line without columns is split from the right: the label, and as many cells as the table has columns.

Every way to cut the tokens has a cost in nats: what the number grammar finds odd, what two columns have run into one,
what stays behind in the label. The cheapest way is taken; where another is near, its readings become rivals.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from extractors.numbers import Flaw, Number, plain, read_number
from extractors.page import Reading
from schemas.amounts import Amount

# how sure a figure is that only its surroundings speak for, or that they speak against
DOUBT = 0.6
_TOKEN = re.compile(r"\S+")
# a closing mark directly before an opening one: the blank between two columns was lost
_GLUED = re.compile(r"(?<=[)%])(?=[$(\d])|(?<=\d)(?=[$(]\d)|(?<=[\d-])(?=\$)")
_SIGN = re.compile(r"(?:US|C|A|HK)?[$\u20ac\u00a3\u00a5]\Z")
# what a "$" is misread as when it stands alone before a figure
_MISREAD = re.compile(r"[%\u00a7&S]\Z")
_DIGIT_FOR_SIGN = re.compile(r"(?P<sign>[8B])\s(?P<rest>[(]?\d.*)\Z")
_NIL_AND_SIGN = re.compile(r"-[8B$S%\u00a7]\Z")
_MARK = re.compile(r"[()\[\]]\Z|%\)?\Z|\)%\Z")
_WORDLESS = re.compile(r"(?i)n/?a\Z|n\.a\.\Z|nm\Z|n/m\Z|\*{1,2}\Z")
_YEAR = re.compile(r"(?:19|20)\d\d[,.:]?\Z")
_NUMBERED = re.compile(
    r"(?i)(?:notes?|no\.?|item|series|class|section|topic|rule|part|level|tier|phase|schedule|exhibit|page|step|unit|type"
    r"|stage|group|of|and|to|in|at|due|than|over|under|within|january|february|march|april|may|june|july|august"
    r"|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)[.,(]?\Z"
)
_MONTH = re.compile(
    r"(?i)(?:january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul"
    r"|aug|sept?|oct|nov|dec)\.?\Z"
)
_DAY = re.compile(r"(?:[0-3]?\d),?\Z")
# "278,286 278,286" fits the grammar of thousands, but nobody parts them by two marks
_TWO_MARKS = re.compile(r"\d,\d{3}\s\d|\d\s\d{3},\d")
_FLAW_COSTS: dict[Flaw, float] = {
    "currency_misread": 1.0,
    "blank_inside": 1.5,
    "lost_parenthesis": 1.5,
    "leading_zero": 1.0,
    "grouping": 1.5,
    "stray_mark": 1.0,
}
_LONGEST_CELL = 5  # tokens: "$", "(", number, ")", "%"
_LONGEST_TAIL = 80  # tokens: no table that lost its columns can be told apart beyond that
_BEST = 5  # ways kept at each step
_NEAR = 6.0  # nats: a way that costs this much more is no rival (1 in 400)


@dataclass(frozen=True, slots=True)
class Token:
    """A run of characters without a blank; start and end in the line."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One figure as printed, with the other ways to read its place in the row."""

    text: str
    start: int
    end: int
    confidence: float = 1.0
    rivals: tuple[Reading, ...] = ()

    @property
    def number(self) -> Number | None:
        """What its likeliest reading says."""
        rivals = self.rivals
        return read_number(max(rivals, key=lambda r: r.probability).text if rivals else self.text)

    @property
    def amount(self) -> Amount | None:
        """The value of that reading; None where its form has a flaw: no term of a sum that is to prove something."""
        number = self.number
        return None if number is None or number.flaws else number.value

    def doubted(self) -> Piece:
        """The same, as doubtful as what its surroundings speak against."""
        return replace(self, confidence=min(self.confidence, DOUBT))


@dataclass(frozen=True, slots=True)
class Split:
    """A row: the label ends before character ``label_end``; the pieces follow it."""

    label_end: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to cut: its cost, and for each cell the tokens it takes and how it would be read."""

    cost: float
    cells: tuple[tuple[int, int, str], ...]


def tokens(text: str) -> list[Token]:
    """The tokens of a line; columns that lost the blank between them are parted where no number could go on."""
    found = []
    for match in _TOKEN.finditer(text):
        cuts = [match.start(), *(match.start() + cut.start() for cut in _GLUED.finditer(match[0]))]
        for start, end in zip(cuts, [*cuts[1:], match.end()], strict=True):
            found.append(Token(text[start:end], start, end))
    return found


def tail(row: Sequence[Token]) -> int:
    """The index of the first token of the run of figures that ends the line; of a very long run only the end."""
    first = len(row)
    least = max(0, len(row) - _LONGEST_TAIL - 1)
    while first > least and _figure_like(row, first - 1):
        first -= 1
    while first < len(row) and _MARK.match(row[first].text) and not row[first].text.startswith(("(", "%")):
        first += 1  # a closing mark belongs to the label
    if first and first < len(row) and _MONTH.match(row[first - 1].text) and _DAY.match(row[first].text):
        # "December 31, 2010" is no pair of figures
        first += 1
        if first < len(row) and _YEAR.match(row[first].text):
            first += 1
    return first


def one_number(text: str) -> bool:
    """True when a printed string is one figure, and not two that happen to look like one."""
    return read_number(text) is not None and not _TWO_MARKS.search(text)


def _figure_like(row: Sequence[Token], index: int) -> bool:
    text = row[index].text
    if index and re.fullmatch(r"\d{1,3}\)", text) and re.match(r"\([A-Za-z]", row[index - 1].text):
        return False  # "(Note 9)"
    if read_number(text) is not None or _SIGN.match(text) or _WORDLESS.match(text) or _NIL_AND_SIGN.match(plain(text)):
        return True
    follows = index + 1 < len(row)
    if _MISREAD.match(text):
        return (follows and _figure_like(row, index + 1)) or text == "%"
    return bool(_MARK.match(text)) and (text not in "([" or (follows and _figure_like(row, index + 1)))


def count_figures(row: Sequence[Token]) -> int:
    """How many figures end the line when nothing is known of its columns."""
    first = tail(row)
    if first == len(row) or len(row) - first > _LONGEST_TAIL:
        return 0
    ways = _ways(tuple(t.text for t in row[first:]), None, signs_negative=False)
    return len(ways[0].cells) if ways else 0


def leads_with_year(row: Sequence[Token]) -> bool:
    """True when the first of the figures that end the line is a year that labels the row: "2023 355 365"."""
    first = tail(row)
    if len(row) - first < 2 or not _YEAR.match(row[first].text) or _YEAR.match(row[first + 1].text):
        return False
    return first == 0 or bool(_NUMBERED.match(row[first - 1].text))


def split_row(row: Sequence[Token], count: int, parentheses: bool) -> Split | None:
    """Split a row into its label and ``count`` pieces; None when its figures cannot be so many.

    ``parentheses``: the table shows negative values in parentheses, so that a leading minus is suspect.
    """
    first = tail(row)
    best: list[tuple[float, int, _Way]] = []
    left = 0.0
    for start in range(first, len(row)):
        texts = tuple(t.text for t in row[start:])
        best += [(left + way.cost, start, way) for way in _ways(texts, count, signs_negative=parentheses)]
        left += _left_behind(row, start)
        if left > 12:
            break
    if not best:
        return None
    best.sort(key=lambda way: (way[0], way[1]))
    return _split(row, [way for way in best if way[0] - best[0][0] <= _NEAR])


def _left_behind(row: Sequence[Token], index: int) -> float:
    """The cost of leaving a figure-like token to the label."""
    text = row[index].text
    if _YEAR.match(text) or text.endswith((",", ":")):
        return 0.2
    if index and _NUMBERED.match(row[index - 1].text):
        return 0.2
    number = read_number(text)
    if number is None or number.nil:
        return 5.0 if "$" in text else 2.0 if text in "\u00a7&" else 0.5
    if number.currency or number.grouped or number.sign:
        return 4.0
    # a number alone at the start of the line is a label more often than two figures are one
    return 1.5 if number.percent or index == 0 else 2.0


def _split(row: Sequence[Token], near: list[tuple[float, int, _Way]]) -> Split:
    total = sum(math.exp(near[0][0] - cost) for cost, _, _ in near)
    _, start, way = near[0]
    # "notes due 2019 3,417": the year may be the label's, and a figure is missing
    doubt = 0.6 if start and _YEAR.match(row[start].text) and _NUMBERED.match(row[start - 1].text) else 1.0
    pieces = []
    for k, (a, b, reading) in enumerate(way.cells):
        shares: dict[object, tuple[str, float]] = {}
        for cost, _, other in near:
            said, value = other.cells[k][2], _value(other.cells[k][2])
            first, share = shares.get(value, (said, 0.0))
            shares[value] = (first, share + math.exp(near[0][0] - cost) / total)
        own = shares.pop(_value(reading))[1]
        text = _printed(row[start + a : start + b])
        if _value(text) != _value(reading):
            # what is printed is no number as it stands; what it must mean is a rival of it
            shares[None], own = (reading, own), 0.0
        rivals = tuple(Reading(said, p) for said, p in sorted(shares.values(), key=lambda s: (-s[1], s[0])))
        pieces.append(Piece(text, row[start + a].start, row[start + b - 1].end, min(own, doubt), rivals))
    return Split(row[start].start, tuple(pieces))


def _value(text: str) -> object:
    """What a reading says, so that ``$ 7`` and ``7`` are no rivals."""
    number = read_number(text)
    return (number.value, number.percent) if number else text


def _printed(row: Sequence[Token]) -> str:
    """The tokens as printed: a blank only where one stands."""
    text = row[0].text
    for before, token in itertools.pairwise(row):
        text += (" " if token.start > before.end else "") + token.text
    return text


@lru_cache(maxsize=4096)
def _ways(texts: tuple[str, ...], count: int | None, signs_negative: bool) -> tuple[_Way, ...]:
    """The cheapest ways to cut the tokens into ``count`` cells (None: any number), cheapest first."""
    found = list(_cut(texts, count, signs_negative))
    for i, text in enumerate(texts):
        # "-8": a nil and a misread "$" of the next column
        if _NIL_AND_SIGN.match(plain(text)) and i + 1 < len(texts):
            parted = (*texts[:i], text[:1], text[1:], *texts[i + 1 :])
            ways = (_rejoined(way, i) for way in _cut(parted, count, signs_negative))
            found += [way for way in ways if way is not None]
    found.sort(key=lambda way: (way.cost, way.cells))
    return tuple(found[:_BEST])


def _rejoined(way: _Way, at: int) -> _Way | None:
    """A way over tokens of which number ``at`` was parted, told in the tokens as printed: the first half has it."""
    cells = tuple((a - (a > at + 1), b - (b > at + 1), text) for a, b, text in way.cells)
    return _Way(way.cost + 2.0, cells) if all(a < b for a, b, _ in cells) else None


def _cut(texts: tuple[str, ...], count: int | None, signs_negative: bool) -> Iterator[_Way]:
    size = len(texts)
    most = count if count is not None else size
    table: dict[tuple[int, int], list[_Way]] = {(size, 0): [_Way(0.0, ())]}
    for start in range(size - 1, -1, -1):
        for end in range(start + 1, min(size, start + _LONGEST_CELL) + 1):
            price = _price(texts[start:end], signs_negative)
            if price is None:
                continue
            cost, reading = price
            for cells in range(1, min(most, size - start) + 1):
                rest = table.get((end, cells - 1), [])
                here = [_Way(cost + way.cost, ((start, end, reading), *way.cells)) for way in rest]
                if here:
                    kept = table.get((start, cells), []) + here
                    table[start, cells] = sorted(kept, key=lambda w: (w.cost, w.cells))[:_BEST]
    wanted = range(1, size + 1) if count is None else (count,)
    for cells in wanted:
        for way in table.get((0, cells), []):
            yield _Way(way.cost + _sign_cost(way), way.cells)


def _sign_cost(way: _Way) -> float:
    """A row shows its currency sign in all columns or in none, and so its percent sign."""
    signed = sum(1 for _, _, reading in way.cells if "$" in reading or _MISREAD.match(reading[:1]))
    percents = sum(1 for _, _, reading in way.cells if reading.endswith(("%", "%)")))
    return (1.0 if 0 < signed < len(way.cells) else 0.0) + (1.5 if 0 < percents < len(way.cells) else 0.0)


def _price(cell: tuple[str, ...], signs_negative: bool) -> tuple[float, str] | None:
    """What it costs to read the tokens as one figure, and the text it would be; None when they cannot be one."""
    text = " ".join(cell)
    if len(cell) == 1 and _WORDLESS.match(text):
        return 0.3, text
    number = read_number(text) if not _TWO_MARKS.search(text) else None
    if number is None:
        swapped = _DIGIT_FOR_SIGN.match(text)
        if swapped and read_number(swapped["rest"]) is not None:
            return 2.0, f"$ {swapped['rest']}"
        return None
    cost = sum(_FLAW_COSTS[flaw] for flaw in number.flaws)
    if number.percent:
        # a "%" that stands off may be the misread "$" of the next column, and no figure has both
        both = number.currency or "currency_misread" in number.flaws
        cost += 3.0 if both else 0.5 * (cell[-1] == "%")
    if cell[-1] in ("$", "\u00a7"):
        cost += 3.0  # it opens the next figure far more often than it closes this one
    if signs_negative and number.sign == "leading":
        cost += 2.5
    return cost, text

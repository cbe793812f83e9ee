"""The noisy channel: what it costs (nats) that a figure printed as one string was read as another.

A weighted edit distance over the *formatted* string, so that commas, points and parentheses are evidence: a lost
comma is cheap, a lost digit is not. Costs are negative logs of the rates at which a recogniser misread marks of
generated scans, moved so that one figure in three would be misread.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

from extractors.numbers import CURRENCIES, POINT_STYLE, Style, plain
from schemas.amounts import Amount

UNRELATED = 16.0
"""The cost above which two strings have nothing to do with each other."""

_TABLE = json.loads(Path(__file__).with_suffix(".json").read_text())
"""Fitted costs, written by ``corpus.costs``; the file says on what."""

_REPLACED: dict[str, dict[str, float]] = _TABLE["replaced"]
_LOST: dict[str, float] = _TABLE["lost"]
_ADDED: dict[str, float] = _TABLE["added"]
_SWAPPED: float = _TABLE["swapped"]
LOST_COMMA = _LOST[","]
_ELSE = 9.0  # a mark that figures do not have
_CURRENCY_AS_DIGIT = 4.5  # "$ 16,518" read as "516,518"
_EDGE_AS_PARENTHESIS = 5.0  # "124,092" read as "(24,092"
_ENCLOSED = 8.0  # parentheses that are not there come in pairs
_TORN = 7.5  # "581" for "21,581": the groups before it stand elsewhere, or nowhere
_SHUFFLED, _SHUFFLED_SIGN = 6.5, 4.0  # "80.0" for "(0.08)": the same marks in another order
_SIGNS = re.compile("|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True)))
_NOTE_MARK = re.compile(r"(?<=[\d)%])\s?(?:\(\s?(?:[a-zA-Z]|\d{1,2})\s?\)|[*†‡§#]+|\[\d+\])+$")
_GROUPED = re.compile(r"(?<=\d)['\u2019](?=\d{3}(?!\d))")
_GROUPED_BY_BLANKS = re.compile(r"(?<=\d)['\u2019 ](?=\d{3}(?!\d))")


def printed_form(value: Amount, decimals: int, minus: bool = False) -> str:
    """A figure as statements print it: ``(1,234.50)``, or ``-1,234.50`` where they use a minus."""
    text = f"{abs(value):,.{decimals}f}"
    if value >= 0:
        return text
    return f"-{text}" if minus else f"({text})"


def bare(raw: str, style: Style = POINT_STYLE) -> str:
    """What was read, without currency, percent sign, note mark and blanks, in the point style with commas."""
    text = _NOTE_MARK.sub("", _SIGNS.sub("", plain(raw)))
    text = re.sub(r"^[%§&'\"`|*~_:;•]+", "", text.strip())
    text = (_GROUPED_BY_BLANKS if style.blanks else _GROUPED).sub("," if style.point == "." else ".", text)
    if style.point != ".":
        text = text.translate(str.maketrans(".,", ",."))
    text = re.sub(r"[^\d.,()\-]", "", text.replace("[", "(").replace("]", ")"))
    return f"-{text[:-1]}" if text.endswith("-") and len(text) > 1 else text


@lru_cache(maxsize=200_000)
def misreading_cost(true: str, read: str) -> float:
    """Nats of reading ``read`` where ``true`` is printed; both bare. Nought when they are the same."""
    if true == read:
        return 0.0
    cost = _edits(true, read)
    left, right = true.strip("()-"), read.strip("()-")
    if len(left) > 2 and left != right and sorted(left) == sorted(right):
        cost = min(cost, _SHUFFLED + (0.0 if _negative(true) == _negative(read) else _SHUFFLED_SIGN))
    if left.endswith(f",{right}") and _negative(true) == _negative(read):
        cost = min(cost, _TORN)
    if left == right and read == f"({right})":
        cost = min(cost, _ENCLOSED)
    if read[:1].isdigit() and read[1:] == true:
        cost = min(cost, _CURRENCY_AS_DIGIT)
    if read[:1] == "(" and true[:1] == "1" and true[1:] == read[1:].rstrip(")"):
        cost = min(cost, _EDGE_AS_PARENTHESIS)
    return min(cost, UNRELATED)


def _negative(text: str) -> bool:
    return "(" in text or ")" in text or "-" in text


def _edits(true: str, read: str) -> float:
    """The cheapest way from one string to the other by edits of one character and swaps of two."""
    # what both begin or end with is read right; a mark is left on either side for swaps
    first = last = 0
    shortest = min(len(true), len(read))
    while first < shortest and true[first] == read[first]:
        first += 1
    while last < shortest - first and true[-1 - last] == read[-1 - last]:
        last += 1
    first, last = max(0, first - 1), max(0, last - 1)
    columns = range(first, len(read) - last)
    extra = [added(read, j) for j in columns]
    before: list[float] = []
    row = [0.0]
    for cost in extra:
        row.append(row[-1] + cost)
    for i in range(first, len(true) - last):
        mark, gone = true[i], lost(true, i)
        seen_as = _REPLACED.get(mark, {})
        following = [row[0] + gone]
        for place, j in enumerate(columns):
            seen = read[j]
            cost = row[place] + (0.0 if mark == seen else seen_as.get(seen, _ELSE))
            cost = min(cost, row[place + 1] + gone, following[place] + extra[place])
            if i > first and place and mark == read[j - 1] and true[i - 1] == seen and mark != seen:
                cost = min(cost, before[place - 1] + _SWAPPED)
            following.append(cost)
        before, row = row, following
    return row[-1]


def replaced(mark: str, seen: str) -> float:
    """Nats of one mark read as another."""
    return 0.0 if mark == seen else _REPLACED.get(mark, {}).get(seen, _ELSE)


def lost(true: str, place: int) -> float:
    """Nats of a mark that is not read at all."""
    cost = _LOST.get(true[place])
    if cost is not None:
        return cost
    return _LOST["digit"] if any(mark.isdigit() for mark in true[place + 1 :]) else _LOST["last digit"]


def added(read: str, place: int) -> float:
    """Nats of a mark that is read and not printed."""
    mark = read[place]
    cost = _ADDED.get(mark)
    if cost is not None:
        return cost
    return _ADDED["doubled digit" if mark in (read[place - 1 : place], read[place + 1 : place + 2]) else "digit"]


def neighbours(digits: str) -> set[str]:
    """The strings of digits one edit away: replaced, added, lost, swapped, reversed; and the string itself."""
    found = {digits, digits[::-1]}
    for i in range(len(digits)):
        found.update(digits[:i] + new + digits[i + 1 :] for new in "0123456789")
        found.add(digits[:i] + digits[i + 1 :])
        found.add(digits[:i] + digits[i + 1 : i + 2] + digits[i] + digits[i + 2 :])
    for i in range(len(digits) + 1):
        found.update(digits[:i] + new + digits[i:] for new in "0123456789")
    found.discard("")
    return found

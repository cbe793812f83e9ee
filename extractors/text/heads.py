"""Heads without columns: a line of dates, years and words of time is cut into one item per column or spanner."""

from __future__ import annotations

import re
from dataclasses import dataclass

from extractors.text.tokens import Token, tokens

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_COUNT = r"(?:one|two|three|four|six|nine|twelve|thirteen|twenty-six|thirty-nine|fifty-two|fifty-three|\d{1,2})"
_UNIT = r"(?:months?|weeks?|quarters?|years?|periods?)"
_PHRASE = (
    rf"(?:for\s+the\s+)?(?:fiscal\s+)?(?:{_COUNT}(?:\s+(?:and|or)\s+{_COUNT})?[\s-]+{_UNIT}"
    rf"|(?:first|second|third|fourth)\s+(?:fiscal\s+)?quarter|(?:fiscal\s+)?(?:year|quarter|period)s?)"
    r"(?:\s+(?:ended|ending))?(?:\s+(?:on|of))?"
)
_DATE = rf"{_MONTH}\.?\s+\d{{1,2}}(?:\s*,\s*|\s+|\Z)(?:(?:19|20)\d\d\b)?"
_MONTH_YEAR = rf"{_MONTH}\.?,?\s+(?:19|20)\d\d\b"
_YEAR = (
    r"(?:fiscal\s+|fy\s?)?(?:19|20)\d\d\b(?:\s?e)?|q[1-4]\s?(?:fy)?'?\d\d(?:\d\d)?"
    r"|\d{1,2}/\d{1,2}/\d{2,4}|[1-4]q\d\d(?:\d\d)?"
)
_ITEM = re.compile(
    rf"(?P<phrase>{_PHRASE})|(?P<date>{_DATE})|(?P<month>{_MONTH_YEAR})|(?P<year>{_YEAR})|(?P<at>as\s+of|at)\b",
    re.IGNORECASE,
)
_NOTES = re.compile(r"(?i)(?:notes?|ref\.?|reference)\Z")
_ASIDE = re.compile(
    r"(?i)\((?:un)?audited\)|\(as restated\)|\(restated\)|\(note\s\w+\)|\([a-z\d]\)|[*]"
    r"|\bunaudited\b|\bended\b|\bending\b|\bto\b|\band\b"
)
# words that head a column of figures; not one of them decides alone
_VOCABULARY = re.compile(
    r"(?:low|high|range|actual|budget(?:ed)?|forecast|plan|variance|change|percent(?:age)?|total|amount|balance|shares|price"
    r"|quantity|qty|debits?|credits?|opening|closing|beginning|ending|begin|end|cost|value|fair|carrying|book|market|unit"
    r"|rate|average|weighted|gross|net|number|description|increase|decrease|deposits|withdrawals|payments|charges|principal"
    r"|interest|%|\$|no\.|current|prior|year|previous|estimated|adjusted|gaap|non-gaap|reported|pro|forma|additions"
    r"|deductions|consolidated|eliminations|adjustments|notes?|level)\Z"
)


@dataclass(frozen=True, slots=True)
class HeadItem:
    """One head: characters ``start`` to ``end`` of its line."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class HeadLine:
    """The heads of a line: ``stub`` stands left of the columns, ``notes`` heads a column of note references."""

    items: tuple[HeadItem, ...]
    stub: HeadItem | None = None
    notes: HeadItem | None = None
    dated: bool = False


def read_heads(text: str) -> HeadLine | None:
    """The heads that a line says, or None when it says anything else."""
    row = tokens(text)
    if not row or text.rstrip().endswith((".", ":", ";")):
        return None
    return _dated(text, row) or _worded(row)


def _dated(text: str, row: list[Token]) -> HeadLine | None:
    notes = next((t for t in row[:3] if _NOTES.match(t.text)), None)
    begin = notes.end if notes else 0
    found = list(_ITEM.finditer(text, begin))
    if not found:
        return None
    rest = _ITEM.sub(" ", text[begin:])
    rest = _ASIDE.sub(" ", rest)
    if re.search(r"\w", rest) or (notes and text[: notes.start].strip()):
        return None
    return HeadLine(
        tuple(_items(text, found)), notes=_item(text, notes.start, notes.end) if notes else None, dated=True
    )


def _items(text: str, found: list[re.Match[str]]) -> list[HeadItem]:
    """Phrases take the date behind them; one date before several years spans them all and is told apart."""
    spans: list[list[int]] = []
    last = ""
    for match in found:
        kind = match.lastgroup or ""
        joins = (last == "phrase" and kind in ("date", "month", "year")) or last == "at"
        if joins and spans:
            spans[-1][1] = match.end()
        else:
            spans.append([match.start(), match.end()])
        last = kind
    for span, following in zip(spans, [*(s[0] for s in spans[1:]), len(text)], strict=True):
        # "(unaudited)" and the like belong to the head they follow
        span[1] = following
    return [_item(text, start, end) for start, end in spans]


def _item(text: str, start: int, end: int) -> HeadItem:
    said = text[start:end]
    start += len(said) - len(said.lstrip())
    return HeadItem(" ".join(said.split()), start, start + len(said.strip()))


def _worded(row: list[Token]) -> HeadLine | None:
    """A line of words that head columns ("Low to High", "Balance Additions Balance")."""
    words = [t.text.strip("(),*").lower() for t in row]
    words = [word for word in words if word]
    known = sum(bool(_VOCABULARY.match(word)) for word in words)
    if not words or known * 2 <= len(words) or any(re.search(r"\d", word) for word in words):
        return None
    if len(words) == 1 and words[0] not in {"range", "amount", "total", "balance"}:
        return None
    return HeadLine(tuple(HeadItem(t.text, t.start, t.end) for t in row))

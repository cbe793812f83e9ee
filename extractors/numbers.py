"""The number grammar: what a printed string says as a number, and nothing about what it means.

One anchored ASCII pattern decides; the value is an exact decimal. ``$ (1,234)``, ``(12.5)%``, ``1,234-``, ``—``,
``US$ 7``, ``1.234,50`` (continental style), ``1,234(a)`` are numbers. Words, dates, ranges, ``N/A`` and digits of
other scripts are not. What departs from the grammar but can only be meant as a number (a lost half of a pair of
parentheses, a leading nought, a blank before the last three digits) is read and carries its ``flaws``, which
repair weighs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from schemas.amounts import MAX_CHARACTERS, ZERO, Amount, amount

Flaw = Literal[
    "lost_parenthesis",  # one half of a pair: "(1,234"
    "leading_zero",  # "(002)": a printed integer never starts with a nought
    "grouping",  # "1,23", "1.234.567" where the comma groups: the marks do not fit thousands
    "blank_inside",  # "66 353", "$ -8 38"
    "currency_misread",  # "% 89", "§ 12": a currency sign that became something else
    "stray_mark",  # a quote, a point or a bar that OCR added: "'1,234", "4241  $"
]
Sign = Literal["parentheses", "leading", "trailing"]

DASHES = "-\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}\N{HORIZONTAL BAR}\N{MINUS SIGN}"
CURRENCIES = {
    "US$": "USD",
    "C$": "CAD",
    "A$": "AUD",
    "HK$": "HKD",
    "NT$": "TWD",
    "R$": "BRL",
    "S$": "SGD",
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "USD": "USD",
    "EUR": "EUR",
    "GBP": "GBP",
    "JPY": "JPY",
    "CHF": "CHF",
    "CAD": "CAD",
    "AUD": "AUD",
    "SEK": "SEK",
    "NOK": "NOK",
    "DKK": "DKK",
    "INR": "INR",
    "CNY": "CNY",
    "RMB": "CNY",
}
_CURRENCY = "|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True))
_BLANKS = re.compile(
    r"[\s\N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}\N{FIGURE SPACE}\N{ZERO WIDTH SPACE}]+"
)
_NOTE = r"(?:[a-zA-Z]|\d{1,2})"
_MINOR = {"p": "GBX", "\u00a2": "USX"}  # pence and cents: a hundredth of the currency
MINOR = frozenset(_MINOR.values())
# how Japanese accounts write a minus
_TRIANGLE = re.compile("\\A\u25b3(?=\\s?[\\d\u00a5(.])")
_DASH = re.compile(f"[{DASHES}]")
_NUMBER = re.compile(
    rf"""
    (?P<stray>['"`|*~_:;\u2018\u2019\u201c\u201d·•]\s?)?
    (?P<misread>(?:[%§&]\s?|S\s)(?=[\d(.]))?
    (?P<sign1>[-+])?\s?
    (?P<currency1>{_CURRENCY})?\s?
    (?P<open>[(\[{{]\s?)?
    (?P<currency2>{_CURRENCY})?\s?
    (?P<sign2>[-+]\s?)?
    (?P<currency3>{_CURRENCY})?\s?
    (?P<digits>\d[\d,.'\u2019 ]*\d|\d|[.,]\d+)(?:(?P<minor>[p\u00a2])|[.,]?)
    (?P<sign4>-(?=\s?%))?
    \s?(?P<percent1>%)?
    \s?(?P<close>[)\]}}])?
    \s?(?P<percent2>%)?
    (?P<sign3>\s?-)?
    (?:\s?(?P<currency4>{_CURRENCY}))?
    (?:\s?(?P<ledger>CR|DR|Cr|Dr|cr|dr))?
    (?P<times>\s?x)?
    (?P<mark>\s?(?:\(\s?(?:{_NOTE}(?:\s?,\s?{_NOTE})*)\s?\)|[*†‡§#]{{1,3}}|[¹²³⁰⁴-⁹]{{1,2}}|\[\d{{1,2}}\])(?:\s?,?\s?\(\s?{_NOTE}(?:\s?,\s?{_NOTE})*\s?\))*)?
    (?P<tail>\s?['"`|\u2018\u2019_~])?
    \Z""",
    re.VERBOSE | re.ASCII,
)
_DATE = re.compile(r"(?:0?[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.(?:(?:19|20)\d\d|\d\d)\Z")
# thousands parted by blanks, and by other marks
_PARTED = re.compile(r"[($\-]*\d{1,3}(?: \d{3})+(?:[.,]\d+)?[)%\-]*\Z")
_MARKED = re.compile(r"\d[,.'\N{RIGHT SINGLE QUOTATION MARK}]\d{3}(?!\d)")
_FEW_PARTED = 3  # so many may be misread commas
# a thousand times as much in the comma style
_OPEN = re.compile(r"[1-9]\d{0,2}\.\d{3}")
# so many are no chance; amounts reach so much, and one in so many of them at least does; so many of them weigh as
# much as one figure that only the point style writes (misread commas are among these), or that it writes more often
_MANY_OPEN, _NO_RATE, _LARGE, _STRONGLY, _WEAKLY = 12, 20, 5, 20, 4
_NIL = re.compile(
    rf"(?:{_CURRENCY})?\s?\(?\s?(?:{_CURRENCY})?\s?-(?:\s?-)*\s?\)?\s?%?\s?(?P<mark>\((?:[a-zA-Z]|\d)\)|[*†‡])?\Z"
)


@dataclass(frozen=True, slots=True)
class Style:
    """How a document writes decimals: the mark before them and the marks between thousands.

    Attributes:
        blanks: it parts thousands by blanks, which elsewhere are a flaw.
        guessed: nothing in the document decides whether "129.847" has thousands or decimals.
    """

    point: str = "."
    groups: str = ",'\N{RIGHT SINGLE QUOTATION MARK} "
    blanks: bool = False
    guessed: bool = False


POINT_STYLE = Style()
COMMA_STYLE = Style(",", ".'\N{RIGHT SINGLE QUOTATION MARK} ")


@dataclass(frozen=True, slots=True)
class Number:
    """What a printed string says.

    A leading ``%``, ``§`` or ``S`` is a misread currency sign (flaw), never a percentage.

    Attributes:
        value: signed, in printed units; nought for a dash. decimals: places printed after the mark.
        sign: how a negative value is shown. currency: ISO code of a printed sign, GBX and USX for pence and cents.
        grouped: thousands are marked. mark: a footnote mark that follows, "(1)" for example.
        flaws: how the string departs from the grammar; empty for a clean number.
    """

    value: Amount
    decimals: int = 0
    nil: bool = False
    percent: bool = False
    currency: str | None = None
    sign: Sign | None = None
    grouped: bool = False
    mark: str | None = None
    flaws: tuple[Flaw, ...] = ()


def plain(text: str) -> str:
    """The string with every kind of blank as one space, dashes as hyphens, and none at the ends."""
    text = _BLANKS.sub(" ", text).strip()
    return _TRIANGLE.sub("-", _DASH.sub("-", text)).replace("＄", "$").replace("％", "%")


@lru_cache(maxsize=32768)  # the stages ask of the same cells again and again
def read_number(text: str, style: Style = POINT_STYLE) -> Number | None:
    """Read a printed string as a number, or None when it is none.

    The whole string must be the number with its signs: words beside it make it a text.
    """
    text = plain(text)
    if not text or len(text) > MAX_CHARACTERS + 12:
        return None
    nil = _NIL.match(text)
    if nil:
        return Number(ZERO, nil=True, percent="%" in text, currency=_currency(text), mark=nil["mark"])
    found = _NUMBER.match(text)
    return _number(found, style) if found else None


def is_number(text: str) -> bool:
    """True when the string alone can be a figure, in one style or the other."""
    return read_number(text) is not None or read_number(text, COMMA_STYLE) is not None


def style_of(texts: Iterable[str]) -> Style:
    """The style that most of the strings can only be written in; the point style when nothing decides.

    Where all that is marked is like "129.847" and there is much of it, the point parts thousands: of the 4,927 marked
    figures of 25 filings in the point style none has three decimals behind a whole part. Rates that have ("6.125")
    are small and end in 0 or 5. Little of it, or other decimals beside it, leave the style ``guessed``.
    """
    votes = parted = marked = 0
    seen: Counter[str] = Counter()
    for text in texts:
        parted += bool(_PARTED.match(plain(text)))
        marked += bool(_MARKED.search(text))
        digits = re.sub(r"[^\d.,]", "", text)
        vote = _vote(digits, "%" in text)
        votes += vote
        three = _OPEN.fullmatch(digits) is not None and "%" not in text
        seen["open"] += three
        seen["large"] += three and int(digits.partition(".")[0]) >= _NO_RATE
        seen["odd"] += three and digits[-1] not in "05"
        # notes ("4.2") and days ("30.06") are printed with a point in either style
        seen["weak" if re.fullmatch(r"\d{1,2}\.\d{1,2}", digits) and "%" not in text else "strong"] += vote > 0
    style = COMMA_STYLE if votes < 0 else POINT_STYLE
    if votes >= 0 and seen["open"]:
        style = _likelier(seen)
    return replace(style, blanks=True) if parted > _FEW_PARTED and parted > 4 * marked else style


def is_open(text: str, style: Style) -> bool:
    """True for a figure that is a thousand times as much in the other style, where the style is guessed."""
    return style.guessed and "%" not in text and _OPEN.fullmatch(re.sub(r"[^\d.,]", "", text)) is not None


def _vote(digits: str, percent: bool) -> int:
    """1 for a number that only the point style writes so, -1 for one of the comma style, 0 where both may."""
    if percent and re.fullmatch(r"\d+,\d", digits):  # elsewhere two note numbers
        return -1
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d{1,2}|\d+,\d{2}|0,\d{3,4}|\d{1,3}(?:\.\d{3}){2,}", digits):
        return -1
    return int(bool(re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d{1,2}|0?\.\d+", digits)))


def _likelier(seen: Mapping[str, int]) -> Style:
    """The style of figures like "129.847", by how many there are and what speaks against a mark between thousands."""
    against = _STRONGLY * seen["strong"] + _WEAKLY * seen["weak"]
    amounts = seen["large"] * _LARGE >= seen["open"] and seen["odd"] * 2 >= seen["open"]
    if amounts and seen["open"] >= max(_MANY_OPEN, against):
        return replace(COMMA_STYLE, guessed=against > 0)
    return replace(POINT_STYLE, guessed=not seen["strong"])


def _currency(text: str) -> str | None:
    found = re.search(_CURRENCY, text)
    return CURRENCIES[found[0]] if found else None


def _number(found: re.Match[str], style: Style) -> Number | None:
    flaws: list[Flaw] = []
    read = _digits(found["digits"], style, flaws)
    if _several(found) or read is None or len(read[0]) > MAX_CHARACTERS:
        return None
    text, decimals = read
    opened, closed = found["open"] is not None, found["close"] is not None
    if opened != closed:
        flaws.append("lost_parenthesis")
    if found["stray"] or found["tail"]:
        flaws.append("stray_mark")
    sign = _sign(found, opened or closed)
    currency = next((found[f"currency{n}"] for n in range(1, 5) if found[f"currency{n}"]), None)
    if found["currency4"] == "$":
        flaws.append("stray_mark")
    if found["misread"]:
        flaws.append("currency_misread")
    value = amount(text)
    return Number(
        value=-value if sign else value,
        decimals=decimals,
        percent=bool(found["percent1"] or found["percent2"]),
        currency=_MINOR[found["minor"]] if found["minor"] else CURRENCIES[currency] if currency else None,
        sign=sign,
        grouped=any(mark in found["digits"] for mark in style.groups),
        mark=(found["mark"] or "").strip() or None,
        flaws=tuple(dict.fromkeys(flaws)),
    )


def _several(found: re.Match[str]) -> bool:
    """True for "$ - $ 38", "- (49)", "(24 (22)" and "- 1 -": two figures, or a page number, not one number."""
    currencies = sum(1 for n in range(1, 5) if found[f"currency{n}"])
    leading = "-" in ((found["sign1"] or "") + (found["sign2"] or ""))
    unclosed = found["open"] is not None and found["close"] is None and found["mark"] is not None
    twice_negative = leading and (found["sign3"] is not None or found["open"] is not None)
    # "$1,234p" is a preliminary figure or dirt; pence are few and have no other sign
    no_pence = found["minor"] is not None and (currencies > 0 or len(re.sub(r"\D", "", found["digits"])) > 4)
    no_pence = no_pence or bool(found["minor"] and re.fullmatch(r"(?:19|20)\d\d", found["digits"]))
    return currencies > 1 or twice_negative or unclosed or no_pence


def _sign(found: re.Match[str], enclosed: bool) -> Sign | None:
    if enclosed:
        return "parentheses"
    if "-" in ((found["sign1"] or "") + (found["sign2"] or "")):
        return "leading"
    return "trailing" if found["sign3"] or found["sign4"] else None


def _digits(digits: str, style: Style, flaws: list[Flaw]) -> tuple[str, int] | None:
    """The digits as a canonical string and their decimals; None when they are several numbers or a date."""
    if _DATE.match(digits):
        return None
    head, point, tail = digits.rpartition(style.point)
    if not point:
        head, tail = digits, ""
    elif head.count(style.point) or any(mark in tail for mark in style.groups):
        # marks out of order ("1.234.567", "1.234,567"): all of them group if they stand before threes
        if not re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", digits):
            return None
        flaws.append("grouping")
        head, tail = digits, ""
    if not _grouping(head, style, flaws):
        return None
    whole = re.sub(r"\D", "", head) or "0"
    if len(whole) > 1 and whole[0] == "0":
        flaws.append("leading_zero")
    return (f"{whole}.{tail}" if tail else whole), len(tail)


def _grouping(head: str, style: Style, flaws: list[Flaw]) -> bool:
    """Judge the marks between thousands; False when the string cannot be one number."""
    if not head or head.isdigit() or "grouping" in flaws:
        return True
    parts = re.split(rf"[{re.escape(style.groups)}]", head)
    if not all(part.isdigit() for part in parts):
        return False
    if " " in head:
        # of several blanks a reader may have seen one
        threes = len(parts[0]) <= 3 and all(len(part) % 3 == 0 for part in parts[1:])
        # blanks beside other marks are two figures ("278,286 278,286"), not one number
        if not threes or any(mark in head for mark in style.groups if mark != " "):
            return False
        if not style.blanks:
            flaws.append("blank_inside")
    elif len(parts[0]) > 3 or any(len(part) != 3 for part in parts[1:]):
        flaws.append("grouping")
    return True


def is_impossible(raw: str, number: Number) -> bool:
    """True for a form that nobody prints, so that a reader made it: "0,333", "(002)", "1,23,4".

    A code of digits alone may begin with a nought.
    """
    noughts = "leading_zero" in number.flaws and not raw.strip().isdigit()
    return noughts or not {"grouping", "blank_inside", "currency_misread"}.isdisjoint(number.flaws)


def shows_damage(texts: Iterable[str], style: Style = POINT_STYLE) -> bool:
    """True where one of the numbers has an impossible form: the whole text came out of a recogniser."""
    read = ((text, read_number(text, style)) for text in texts)
    return any(number is not None and is_impossible(text, number) for text, number in read)

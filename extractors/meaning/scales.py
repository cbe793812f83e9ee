"""What a headnote says of units: "in thousands, except per share data", "£'000", "$ in billions"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from extractors.numbers import CURRENCIES

_SIZES = (
    (
        re.compile(r"(?i)\bbillions?\b|\bmilliarden\b|\bmilliards\b|\bmrd\b|(?:\b|(?<=[$\u20ac\u00a3\u00a5]))bn\b"),
        1_000_000_000,
    ),
    (re.compile(r"(?i)\bcrores?\b"), 10_000_000),
    (
        re.compile(
            r"(?i)\bmillions?\b|\bmn\b|\bmm\b|\bmillionen\b|\bmio\b|\bmillones\b|\bmilh\u00f5es\b|\bmilioni\b|\bmiljoonaa\b|[$\u20ac\u00a3]\s?m\b|\bm[\u20ac\u00a3]|000,000"
        ),
        1_000_000,
    ),
    (re.compile(r"(?i)\blakhs?\b|\blacs?\b"), 100_000),
    (
        re.compile(
            r"(?i)\bthousands?\b|\btausend\b|\btsd\b|\bteur\b|\bmilliers\b|\b(?:en|em) (?:miles|mil|milhares)\b"
            r"|\bmigliaia\b|[$\u20ac\u00a3\u00a5]?\s?['\u2019]?\b000['\u2019]?s?\b|['\u2019]000|\bk[\u20ac\u00a3]|\bt\u20ac"
        ),
        1_000,
    ),
    (re.compile(r"(?i)\bhundreds\b"), 100),
    # exhibit 27
    (re.compile(r"(?i)\bmultiplier\W+1,000,000\b"), 1_000_000),
    (re.compile(r"(?i)\bmultiplier\W+1,?000\b(?!,)"), 1_000),
    (re.compile(r"(?i)\bmultiplier\W+1\Z"), 1),
    (re.compile(r"(?i)\bin\s+(?:whole\s+|actual\s+)?(?:u\.?s\.?\s+)?(?:dollars|euros?|pounds)\b"), 1),
)
_PARENTHESES = re.compile(r"\([^()]*\)")
# outside parentheses a size counts only where the line speaks of units, not of "a $1.0 billion gain"
_UNIT_LINE = re.compile(
    r"(?i)\A\W*(?:multiplier\b|(?:all\s+)?(?:dollar\s+|tabular\s+)?(?:amounts?|figures|dollars|values)\b.*\b(?:in|of)\b|in\s+|expressed\s+in|stated\s+in|[$\u20ac\u00a3\u00a5]|us\$"
    r"|usd|eur|gbp|rmb|rs\b|inr\b|en |em |(?:thousands|millions|billions)\s+of|(?:thousands|millions|billions)\b|\(?000"
    r"|t\u20ac|k\u20ac)"
)
_IN_SIZE = re.compile(
    r"(?i)\b(?:in|of)\s+(?:(?:u\.?s\.?|canadian|hong\s+kong|australian)\s+)?(?:[$\u20ac\u00a3]\s?)?(?:\w+\s+)?(?:thousands|millions|billions)\b"
    r"|\b(?:thousands|millions|billions)\s+of\b|\b(?:dollars|euros?|pounds|rmb|yen)\s+in\s+(?:thousands|millions|billions)\b"
)
_SHARES = re.compile(r"(?i)\bshares?\b|\bunits?\b")
_SHARE_DATA = re.compile(r"(?i)\b(?:number\s+of\s+)?(?:shares?|units?)\b(?!\s*(?:amounts?|price))")
_PER_SHARE = re.compile(
    r"(?i)\b(?:earnings?\s+(?:\(loss\)\s+)?|loss\s+|income\s+)?per[\s-]+(?:\w+\s+)?(?:share|unit|ads)\b(?:\s+(?:and\s+per\s+\w+\s+)?(?:data|amounts?|information|figures))?"
)
_NAMED = (
    (re.compile(r"(?i)\bcanadian\s+dollars?\b|\bC\$|\bCdn\$?"), "CAD"),
    (re.compile(r"(?i)\baustralian\s+dollars?\b|\bA\$"), "AUD"),
    (re.compile(r"(?i)\bhong\s+kong\s+dollars?\b|\bHK\$"), "HKD"),
    (re.compile(r"(?i)\bsingapore\s+dollars?\b|\bS\$"), "SGD"),
    (re.compile(r"(?i)\beuros?\b|\u20ac|\bEUR\b|\bTEUR\b"), "EUR"),
    (re.compile(r"(?i)\bpounds?\s+sterling\b|\u00a3|\bGBP\b"), "GBP"),
    (re.compile(r"(?i)\b(?:japanese\s+)?yen\b|\bJPY\b"), "JPY"),
    (re.compile(r"(?i)\brmb\b|\brenminbi\b|\bcny\b"), "CNY"),
    (re.compile(r"(?i)\bswiss\s+francs?\b|\bCHF\b"), "CHF"),
    (re.compile(r"(?i)\bswedish\s+kronor\b|\bSEK\b"), "SEK"),
    (re.compile(r"(?i)\bdanish\s+kroner\b|\bDKK\b"), "DKK"),
    (re.compile(r"(?i)\bnorwegian\s+kroner\b|\bNOK\b"), "NOK"),
    (re.compile(r"(?i)\brupees?\b|\u20b9|\bINR\b|\bRs\b"), "INR"),
    (re.compile(r"(?i)\bbrazilian\s+re(?:ais|al)\b|\breais\b|\bR\$|\bBRL\b"), "BRL"),
    (re.compile(r"(?i)\b(?:nt|taiwan)\s+dollars?\b|\bNT\$|\bTWD\b"), "TWD"),
    (re.compile("\u00a5"), "JPY"),
    (re.compile(r"(?i)\b(?:u\.?s\.?\s+)?dollars?\b|\bUS\$|\bUSD\b|\$"), "USD"),
)
_SIGN = (
    r"(?:U\.?S\.?\s?\$|(?:HK|NT|C|A|S|R)\$|RMB|USD|EUR|GBP|JPY|CHF|CAD|AUD|HKD|SGD|SEK|NOK|DKK|INR|CNY|BRL|Rs\.?"
    r"|[$\u20ac\u00a3\u00a5\u20b9])"
)
_COUNT = r"(?:['\u2019]?\s?000['\u2019]?s?|m(?:n|m|io\.?|illions?)?|bn|billions?|k|thousands?|tsd\.?|crores?|lakhs?)"
# "2015 HK$'000", "US$ in millions", "Mio. EUR"; "millions of yen"; "($000)"; a sign on its own, or beside a year
_HEAD_UNITS = (
    re.compile(rf"(?i)(?<![\w.])(?P<money>{_SIGN})\s?(?:in\s)?(?P<count>{_COUNT})(?!\w)"),
    re.compile(rf"(?i)(?<![\w.])(?:in\s)?(?:(?P<count>{_COUNT})\s?(?P<money>{_SIGN})|t\u20ac|teur|k\u20ac)(?!\w)"),
    re.compile(
        r"(?i)\b(?:thousands|millions|billions|crores|lakhs)\s+of\s+(?:[\w.]+\s+)?"
        r"(?:dollars|euros?|pounds|yen|rupees|francs|reais|renminbi|rmb|kron\w+)\b"
    ),
    re.compile(r"(?i)\(\s?(?:in\s+)?(?:thousands|millions|billions|[$\u20ac\u00a3]?\s?['\u2019]?000['\u2019]?s?)\s?\)"),
    re.compile(rf"(?i)\A\W*(?:(?:19|20)\d\d\s)?\(?(?P<sign>{_SIGN})\)?\s?(?:(?:19|20)\d\d)?\Z"),
)
_SMALL = (
    (re.compile(r"(?i)\W*(?:in\s)?(?:k|t\u20ac|teur)"), 1_000),
    (re.compile(r"(?i)m(?:m|n|io\.?)?\Z"), 1_000_000),
)


@dataclass(frozen=True, slots=True)
class Units:
    """What a headnote says.

    Attributes:
        scale: of the amounts of money, None where it is not said. shares: of the numbers of shares, None likewise.
        currency: ISO code, None where it is not said.
    """

    scale: int | None = None
    shares: int | None = None
    currency: str | None = None


def read_units(lines: Iterable[str]) -> Units:
    """The units that the lines above a table state, the first statement deciding."""
    scale = shares = None
    currency = None
    for line in lines:
        for note in _notes(line):
            said, said_shares = _sizes(note)
            scale = said if scale is None else scale
            shares = said_shares if shares is None else shares
            currency = currency_of(note) if currency is None else currency
    return Units(scale, shares, currency)


def read_head_units(heads: Sequence[str]) -> Units:
    """The currency and scale that the heads of one column state for it, the nearest first."""
    scale = currency = None
    for head in reversed(heads):
        for pattern in _HEAD_UNITS:
            found = pattern.search(head)
            if not found:
                continue
            said = found[0]
            if scale is None and "sign" not in pattern.groupindex:
                # the letters of a currency ("SEK m") are no size
                count = found.groupdict().get("count") or said
                scale = _size(count) or next((size for small, size in _SMALL if small.match(count)), None)
            currency = currency or currency_of(found.groupdict().get("money") or said)
            break
    return Units(scale, None, currency)


def whole_notes(lines: Sequence[str]) -> list[str]:
    """The lines with each note in parentheses whole: one that is not closed goes on in the next lines."""
    whole: list[str] = []
    for line in lines:
        if whole and whole[-1].count("(") > whole[-1].count(")") and len(whole[-1]) < 300:
            whole[-1] = f"{whole[-1]} {line}"
        else:
            whole.append(line)
    return whole


def _notes(line: str) -> list[str]:
    """The parts of a line that speak of units."""
    notes = [note.strip("()") for note in _PARENTHESES.findall(line)]
    rest = _PARENTHESES.sub(" ", line).strip()
    if len(line) < 160 and (_UNIT_LINE.match(rest) or _IN_SIZE.search(rest)):
        notes.append(rest)
    elif rest.startswith("("):
        # a note that goes on in the next line
        notes.append(rest.strip("("))
    return [note for note in notes if _size(note) or currency_of(note)]


def _sizes(note: str) -> tuple[int | None, int | None]:
    """The scale of amounts and that of shares in a note."""
    main, _, rest = _cut(note)
    scale = _size(main)
    if scale is None and rest is not None and not _SHARES.search(note):
        scale = _size(note)
    if rest is None:
        return scale, None
    without = _PER_SHARE.sub(" ", rest)
    if not _SHARE_DATA.search(without) or (
        re.search(r"(?i)\bpar\b", without) and not re.search(r"(?i)\bnumber\b", without)
    ):
        return scale, None
    # "except share data": shares in full; "shares in thousands": as said
    return scale, _size(without) or 1


def _cut(note: str) -> tuple[str, str, str | None]:
    """A note before and after "except", or before and after a remark on shares alone."""
    found = re.search(
        r"(?i)\b(?:except(?:ing)?(?:\s+for)?|other\s+than|and\s+shares?\s+in|shares?\s+in|number\s+of\s+shares)\b", note
    )
    if not found:
        return note, "", None
    if "except" not in found[0].lower() and "other" not in found[0].lower():
        before = note[: found.start()]
        return (before, found[0], note[found.start() :]) if _size(before) else (note, "", None)
    return note[: found.start()], found[0], note[found.end() :]


def _size(text: str) -> int | None:
    hits = [(found.start(), size) for pattern, size in _SIZES for found in [pattern.search(text)] if found]
    return min(hits)[1] if hits else None


def label_scale(label: str) -> int | None:
    """The scale that a row's own label states: "Weighted average shares (in thousands)"."""
    for note in _PARENTHESES.findall(label):
        if re.search(
            r"(?i)\bin\s+(?:\w+\s+)?(?:thousands|millions|billions)\b|['\u2019]000|\A\((?:thousands|millions|billions|[$\u20ac\u00a3]?\s?000['\u2019]?s?(?:\s+omitted)?)\)",
            note,
        ):
            return _size(note)
    found = re.search(r"(?i)\bin\s+(thousands|millions|billions)\Z", label)
    return _size(found[0]) if found else None


def currency_of(text: str) -> str | None:
    """The currency that a text names, ISO code."""
    return next((code for pattern, code in _NAMED if pattern.search(text)), None)


def common_currency(codes: Sequence[str]) -> str | None:
    """The currency that most figures carry; ties by name."""
    known = [code for code in codes if code in CURRENCIES.values()]
    return max(sorted(set(known)), key=known.count) if known else None

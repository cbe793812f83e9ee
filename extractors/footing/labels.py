"""What row labels and column heads say about the arithmetic: priors in nats, from the words of accounting."""

from __future__ import annotations

import re

TOTAL = re.compile(
    r"\b(?:sub)?totals?\b|^net\b|\bnet (?:income|loss|cash|earnings|increase|decrease|change|sales|revenues?|interest)"
    r"|\bgross (?:profit|margin|income)|\b(?:income|loss|earnings|profit|results?)\b.*\b(?:from|before|after)\b"
    r"|^(?:operating|comprehensive|consolidated) (?:income|loss|profit|result)|^(?:income|loss|earnings|profit)\b"
    r"|\bend of\b|\bat end\b|\bending\b|^balances?\b|\bnon-gaap\b|\bebitda\b|\bas adjusted\b|\badjusted\b"
    r"|\bcomprehensive (?:income|loss)|\boperating (?:income|profit|margin|loss)\b|\battributable to\b"
    r"|^cost of (?:sales|revenues?)$|^operating expenses$|^current (?:assets|liabilities)$"
    r"|\bcash\b.*\b(?:operating|investing|financing) activities\b|\b(?:in|de)crease\)? in cash\b|\bchange in cash\b"
)
MINUS = re.compile(
    r"\b(?:costs?|expenses?|less|provision|treasury|loss(?:es)?|deficit|dividends?|allowances?|depreciation|tax(?:es)?"
    r"|amortization|charges?|noncontrolling|non-controlling|deductions?|repurchased?|payments?|paid|returns?|discounts?"
    r"|write-?offs?|eliminations?|redeemable|imputed|unearned|current portion|current maturities|benefit)\b"
)
PLAIN_TOTAL = re.compile(r"^(?:sub)?totals?\b|^net cash\b")
INCOME = re.compile(r"\b(?:income|loss|earnings|profit)\b|^net\b")
NET_INCOME = re.compile(
    r"\bnet (?:\(?loss\)?|income|earnings|profit)|\b(?:income|loss|earnings)\b.*\b(?:common|attributable)"
)
OTHERS = re.compile(r"\bnon-?controlling|\bminority\b|\bredeemable\b")
OWNERS = re.compile(
    r"\b(?:attributable|available|applicable)\b(?!.*\bnon-?controlling)|\bto common\b|\bcommon (?:share|stock)holders\b"
)
REVENUE = re.compile(r"\b(?:revenues?|sales|turnover)\b")
OPENING = re.compile(
    r"\b(?:beginning|opening)\b|^balances? (?:at|as of)\b|^(?:outstanding|unvested|non-?vested)\b.*\b(?:at|as of)\b"
)
TOTAL_HEAD = re.compile(
    r"\b(?:total|consolidated|combined|net|ended|change|year|balance|as adjusted|non-gaap|variance|difference)\b"
)
DIFFERENCE_HEAD = re.compile(r"\b(?:variances?|differences?|over \(?under)\b")
PERCENT_HEAD = re.compile(r"(?i)(?<!\d)(?<!\d )%|\bpercent(?:age)?s?\b")
_STOP = frozenset(
    {
        "of",
        "the",
        "and",
        "in",
        "to",
        "for",
        "a",
        "an",
        "by",
        "on",
        "at",
        "from",
        "with",
        "net",
        "total",
        "-",
        "its",
        "or",
        "as",
    }
)
_GENERAL = frozenset({"activit", "other"})  # words that headings of different sections share
_NOTE = re.compile(r"\(\s?(?:note\s)?[\da-z]{1,2}\s?\)|[*†‡]")
_WORD = re.compile(r"[a-z]+")
_BEFORE_TAX = re.compile(r"\bbefore\b.*\btax")
_CASH_CHANGE = re.compile(r"\bnet (?:\(?decrease\)?|increase|change)")


def plain_label(text: str) -> str:
    """Lower case, note marks and odd blanks removed."""
    return " ".join(_NOTE.sub(" ", text.lower().replace("’", "'")).split()).rstrip(":. ")


def words_of(label: str) -> frozenset[str]:
    """The words of a plain label that carry meaning, their plurals cut."""
    return frozenset(re.sub(r"(?:ies|es|s)$", "", word) or word for word in _WORD.findall(label)) - _STOP


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared words among all words, 0-1."""
    return len(one & other) / len(one | other) if one and other else 0.0


def is_total(label: str) -> bool:
    """True when the words say that a sum stands here; an unlabelled figure is one as a rule."""
    return not label or TOTAL.search(label) is not None


def expected(total: str, terms: list[str], signs: tuple[int, ...], heading: str) -> float:
    """Nats for a relation that the labels alone announce, 0 when they do not.

    Args:
        total: plain label of the sum. terms: plain labels of the rows above it that it may sum, top down.
        signs: +1 or -1 for each. heading: the section label above the first term.
    """
    plus = -1 not in signs
    if not plus:
        return _expected_difference(total, terms, signs, heading)
    prior = 0.0
    if PLAIN_TOTAL.search(total) and heading:
        prior = 4.0 + (5.0 if (words_of(total) & words_of(heading)) - _GENERAL else 0.0)
    first, last = terms[0], terms[-1]
    if len(terms) == 2 and NET_INCOME.search(total) and "tax" in last and _BEFORE_TAX.search(first):
        prior = max(prior, 9.0)
    if len(terms) > 2 and _CASH_CHANGE.search(total) and all("net cash" in t or "exchange" in t for t in terms):
        prior = max(prior, 9.0)
    if len(terms) == 2 and re.search(r"\bend\b", total) and "beginning" in first + last:
        prior = max(prior, 9.0)
    return prior


def _expected_difference(total: str, terms: list[str], signs: tuple[int, ...], heading: str) -> float:
    if signs != (1, -1):
        return 0.0
    first, last = terms
    if "gross" in total and REVENUE.search(f"{heading} {first}") and "cost" in last:
        return 9.0
    if re.search(r"from operations|^operating (?:income|profit|loss)", total) and re.search(r"expense|cost", last):
        return 9.0
    if NET_INCOME.search(total) and "tax" in last and _BEFORE_TAX.search(first):
        return 9.0
    return 0.0

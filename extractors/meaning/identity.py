"""Who filed what, and for when: from EDGAR's header where there is one, else as the first page prints it."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence

from extractors.meaning.clock import read_clock
from schemas.filing import Duration, Identification, Instant, Period

_FORM = re.compile(
    r"(?i)\bform\s*:?\s*(10-?K(?:SB|405|T)?|10-?Q(?:SB|T)?|8-?K|20-?F|40-?F|6-?K|11-?K|10-?D|12b-25|N-?CSR|N-?Q"
    r"|S-(?:11|[1348])|F-(?:10|[1346])|10|DEF\s?14A)(\s?/\s?A)?(?![\w-])|\A\W*(schedule\s+1[34][A-Z]\d?)\b"
)
# what stands under the name on a cover, or before it on one line
_CHARTER = re.compile(
    r"(?i)\(?\s*(?:(?:exact\s+|full\s+)?name\s+of\s+(?:the\s+)?(?:registrant|company|small business issuer|issuer)"
    r"|translation\s+of\s+(?:the\s+)?registrant)"
)
_NAMED = re.compile(
    r"(?i)\A\W*(?:[A-Z]\.\s*)?(?:company conformed name|(?:exact\s+|full\s+)?name\s+of\s+(?:the\s+)?"
    r"(?:registrant|company|issuer)[^:]{0,60}):\s*(\S.*)"
)
# a press release names its company before the ticker: AUSTIN, Tex. -- Some Company, Inc. (NYSE: SOME), a leader in
_TICKER = re.compile(r",?\s*\((?:the\s\W?Company\W?;?\s)?(?:NYSE|NASDAQ|Nasdaq|AMEX|LSE|TSX|OTC|ASX)\b[^)]{0,60}\)")
_LONG_DASH = re.compile(r"--+|\u2013|\u2014")
_NAME_WORD = re.compile(r"(?:[A-Z&][\w&.'\u2019/-]*|of|and|the|de),?\Z")
_MOST_NAME_WORDS = 8
_COMPANY = re.compile(
    r"(?i)(?:\b(?:inc|incorporated|corp|corporation|co|company|companies|ltd|limited|plc|llc|l\.?l\.?c|l\.?p|lp|n\.?v|s\.?a"
    r"|s\.?e|ag|gmbh|kgaa|trust|bancorp|bancshares|holdings?|group|partners|fund|networks|bank|international|industries"
    r"|subsidiaries)\b\.?\s*/?(?:\w{2}/)?)\)?\Z"
)
_NO_NAME = re.compile(
    r"(?i)\b(?:statements?|balance|notes?|form|report|securities|commission|table|see|unaudited|item|washington"
    r"|united states|exchange|index)\b|\d{3}|:\Z|\.com\Z"
)
_PERIOD = re.compile(
    r"(?i)\b(?:fiscal year|quarterly period|quarter|transition period|year|period|annual period|months)\s+"
    r"(?:\w+\s+)?ended\b[:\s]*(.{0,40})"
)
_EVENT = re.compile(r"(?i)\bdate\s+of\s+(?:report|earliest\s+event)")
_CIK = re.compile(r"(?i)\b(?:central index key|CIK)\b\D{0,20}(\d{6,10})\b")
_ACCESSION = re.compile(r"\b(\d{10}-\d{2}-\d{6})\b")
_COVER = 150
_PRESS = 15  # lines in which a press release names its company


def find_registrants(lines: Sequence[str], captions: Sequence[str]) -> list[str]:
    """Names of companies, the registrant's first: as specified in the charter, else what stands at the top."""
    for index, line in enumerate(lines[:_COVER]):
        beside = _NAMED.match(line)
        if beside and len(beside[1]) <= 120:
            return [beside[1].strip()]
        charter = _CHARTER.search(line)
        if not charter:
            continue
        before = [line[: charter.start()], *reversed(lines[max(0, index - 4) : index])]
        name = next((text.strip(" _-(") for text in before if len(re.findall(r"[A-Za-z]", text)) > 2), "")
        if name and len(name) <= 120:
            return [name]
    listed = next((name for name in map(_listed, lines[:_PRESS]) if name), None)
    if listed:
        return [listed]
    top = [line.strip() for line in lines[:12] if _is_name(line)]
    repeated = Counter(line.strip() for line in captions if _is_name(line))
    named = [line for line, _ in repeated.most_common(3)]
    if not top and not named:
        # a name without a legal form: the very first line, if it is one
        first = next((line.strip() for line in lines[:3] if line.strip()), "")
        short = 0 < len(first) <= 60 and not _NO_NAME.search(first) and first[:1].isupper()
        return [first] if short and len(first.split()) <= 6 else []
    return list(dict.fromkeys([*top[:1], *named, *top]))


def _listed(line: str) -> str | None:
    """The name that stands before a ticker."""
    ticker = _TICKER.search(line)
    if not ticker:
        return None
    words = _LONG_DASH.split(line[: ticker.start()])[-1].split()
    name: list[str] = []
    while words and len(name) < _MOST_NAME_WORDS and _NAME_WORD.match(words[-1]):
        name.insert(0, words.pop())
    while name and name[0].islower():
        name.pop(0)
    return " ".join(name) or None


def _is_name(line: str) -> bool:
    text = line.strip()
    return 3 <= len(text) <= 80 and text[0].isupper() and bool(_COMPANY.search(text)) and not _NO_NAME.search(text)


def find_identity(
    lines: Sequence[str], registrants: Sequence[str], periods: Sequence[Period | None], header: Identification | None
) -> Identification:
    """The identity of the filing; what the header says goes before what the page says."""
    cover = lines[:_COVER]
    said = Identification(
        registrant=registrants[0] if registrants else None,
        form=_form(lines),
        report_date=_report_date(cover) or _latest(periods),
        cik=next((found[1].zfill(10) for found in map(_CIK.search, cover) if found), None),
        accession=next((found[1] for found in map(_ACCESSION.search, cover) if found), None),
    )
    if header is None:
        return said
    told = {name: value for name, value in header.model_dump().items() if value is not None}
    return said.model_copy(update=told)


def _form(lines: Sequence[str]) -> str | None:
    for group in (lines[:_COVER], lines):
        # a sentence may speak of other forms; the cover and running feet name this one
        found = [match for line in group if len(line.strip()) <= 40 for match in [_FORM.search(line)] if match]
        if found:
            if found[0][3]:
                return " ".join(found[0][3].upper().split())
            name = re.sub(r"\s", "", found[0][1]).upper()
            name = re.sub(r"\A(10|8|20|40|6|11)(?=[A-Z])", r"\1-", name)
            return name.replace("DEF14A", "DEF 14A").replace("12B", "12b") + ("/A" if found[0][2] else "")
    return None


def _report_date(cover: Sequence[str]) -> str | None:
    for index, line in enumerate(cover):
        found = _PERIOD.search(line)
        event = _EVENT.search(line)
        if not found and not event:
            continue
        texts = (
            [found[1], *cover[index + 1 : index + 2]]
            if found
            else [line, *cover[index + 1 : index + 2], *cover[index - 1 : index]]
        )
        for text in texts:
            days = [day.date() for day in read_clock(text).days if day.year is not None and day.day is not None]
            dates = [day for day in days if day is not None]
            if dates:
                return min(dates).isoformat() if event else dates[0].isoformat()
    return None


def _latest(periods: Sequence[Period | None]) -> str | None:
    """The latest end among the periods of the statements."""
    ends = [
        period.instant if isinstance(period, Instant) else period.end
        for period in periods
        if isinstance(period, Instant | Duration)
    ]
    return max(ends, key=dt.date.fromisoformat) if ends else None

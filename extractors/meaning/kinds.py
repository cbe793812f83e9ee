"""Title, headnote and kind of a table, from its captions; the kind from its rows where the title is silent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from extractors.meaning.scales import whole_notes
from extractors.tables.model import Table
from schemas.filing import TableKind

_STATEMENT = re.compile(
    r"(?i)\bstatements?\b|\bbalance\s+sheets?\b|\bresults\s+of\s+operations\b|\bprofit\s+and\s+loss\b|\breconciliations?\b"
    r"|\bschedules?\b|\bcash\s+flows?\b|\bfinancial\s+(?:position|condition|highlights|data)\b|\bselected\b|\bsummary\b"
    r"|\bbilanz\b|\bgewinn-?\s*und\s*verlustrechnung\b|\bbilan\b|\bcompte\s+de\s+r[ée]sultat\b"
)
# the first that fits: comprehensive income before income, cash flows before operations
_KINDS: tuple[tuple[TableKind, re.Pattern[str]], ...] = (
    ("reconciliation", re.compile(r"(?i)\breconciliations?\b|\bnon-?gaap\b")),
    (
        "cash_flow",
        re.compile(
            r"(?i)\bcash\s*flows?\b|\bsources?\s+and\s+(?:uses?|applications?)\s+of\s+(?:funds|cash)\b|\bkapitalfluss"
        ),
    ),
    (
        "income_statement",
        re.compile(
            r"(?i)\b(?:operations|income|earnings|loss)\s*(?:\((?:loss|deficit|income)\))?\s*,?\s+and\s+(?:other\s+)?comprehensive\b"
        ),
    ),
    ("comprehensive_income", re.compile(r"(?i)\bcomprehensive\b")),
    (
        "equity",
        re.compile(
            r"(?i)\b(?:changes\s+in|statements?\s+of|consolidated)\b.*\b(?:equity|capital|deficit|net\s+assets)\b"
            r"|\b(?:stock|share)holders['\u2019]?\s*(?:equity|investment|deficit)\b|\bretained\s+earnings\b"
        ),
    ),
    (
        "balance_sheet",
        re.compile(
            r"(?i)\bbalance\s+sheets?\b|\bfinancial\s+(?:position|condition)\b|\bstatements?\s+of\s+condition\b"
            r"|\bassets\s+and\s+liabilities\b|\bbilanz\b|\bbilan\b"
        ),
    ),
    (
        "income_statement",
        re.compile(
            r"(?i)\b(?:operations|income|earnings|profits?|loss(?:es)?|revenues?\s+and\s+expenses|verlustrechnung"
            r"|r[ée]sultat|operating\s+results)\b"
        ),
    ),
    ("schedule", re.compile(r"(?i)\bschedules?\b")),
)
_NARRATIVE = re.compile(
    r"(?i)\b(?:the\s+following|presents?|shows?|summarizes?|set\s+forth|sets\s+forth|as\s+follows|were|was|have|has|is|are|we|our"
    r"|see|refer|accompanying|included)\b"
)
_NOT_TITLE = re.compile(
    r"(?i)\A(?:see\b|refer\b|the\s+accompanying|page\s+\d|\d+\s*\Z|/s/|table\s+of\s+contents|\(?unaudited\)?\Z|form\s+\d|item\s+\d|part\s+[iv]+\b)"
    r"|\bform\s+(?:10|8|20|6)-[kqf]\b|\bnotes?\s+to\s+(?:the\s+)?(?:condensed\s+|consolidated\s+)*financial\s+statements\b.*(?:\Z)"
)
_TIME_LINE = re.compile(
    r"(?i)\A\(?(?:for\s+the\s+|as\s+(?:of|at)\s+|at\s+)?(?:(?:three|six|nine|twelve|\d+)[\s-]+(?:months?|weeks?)|quarters?|fiscal|years?|periods?"
    r"|january|february|march|april|may|june|july|august|september|october|november|december|\d{1,2}\s)\b.*\Z"
)
_PARENTHESES = re.compile(r"\([^()]*\)")
_UNITS = re.compile(
    r"(?i)\b(?:thousands?|millions?|billions?|dollars|unaudited|audited|per[\s-]share|000['\u2019]?s?|euros?|pounds|amounts|currency|except)\b"
    r"|['\u2019]000|\$000"
)
_COMPANY_START = re.compile(
    r"(?i)\b(?:(?:un)?audited|condensed|consolidated|combined|interim|comparative|statements?|balance)\b"
)


def find_title(table: Table, registrants: Iterable[str] = ()) -> str | None:
    """The title: the nearest caption that names a statement, else the nearest that is no headnote, date or name."""
    names = {_key(name) for name in registrants}
    heads = dict.fromkeys(text for column in table.heads for text in column)
    lines = [line for line in (*heads, *table.caption, *table.stub_heads) if line.strip()]
    for line in reversed(lines):
        if _is_statement(line):
            return _bare(line)
    if any(line.startswith("/s/") for line in table.caption):
        # what stands under a signature belongs to it
        return None
    for index in range(len(table.caption) - 1, -1, -1):
        line = _whole(table.caption, index)
        bare = _bare(line)
        if not bare or _NOT_TITLE.search(bare) or _TIME_LINE.match(bare) or _key(bare) in names:
            continue
        if not _is_headnote(line) and (bare.endswith(":") or _is_heading(bare)):
            return bare.rstrip(" :")
    return None


def _whole(caption: Sequence[str], index: int) -> str:
    """A caption line with the lines it goes on from: one that starts in lower case is the end of a sentence."""
    line = caption[index]
    while index and line[:1].islower() and len(line) < 300:
        index -= 1
        line = f"{caption[index]} {line}"
    return line


def _is_heading(text: str) -> bool:
    """True for a short line that is no sentence, no footnote and no address."""
    return (
        len(text) <= 120
        and not text.endswith(".")
        and not re.match(r"\(|[*\u2020\u2021a-z]", text)
        and not re.search(r"(?<!\A\d)(?<!\A\d\d)(?<!Note \d)\. [A-Z]|https?:|www\.|@", text)
    )


def _is_statement(line: str) -> bool:
    bare = _bare(line)
    return (
        0 < len(bare) <= 140
        and bool(_STATEMENT.search(bare))
        and not _NARRATIVE.search(bare)
        and not _NOT_TITLE.search(bare)
        and not bare.endswith((".", ":"))
    )


def _bare(line: str) -> str:
    """A caption without its remarks on units and without the company's name before the statement's."""
    text = _PARENTHESES.sub(lambda note: "" if _UNITS.search(note[0]) else note[0], line)
    text = re.sub(r"\s+", " ", text).strip(" -\u2013\u2014,;")
    start = _COMPANY_START.search(text)
    if (
        start
        and start.start()
        and _STATEMENT.search(text)
        and re.search(r"(?i)\b(?:inc|corp|co|ltd|plc|llc|company)\.?\s*\Z", text[: start.start()].strip(" ,-"))
    ):
        text = text[start.start() :]
    return text


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _is_headnote(line: str) -> bool:
    return bool(_UNITS.search(line)) and (
        line.strip().startswith("(") or (len(line) < 90 and not _NARRATIVE.search(line))
    )


def find_headnote(table: Table) -> str | None:
    """What stands above the table about units, "(in thousands, except per share data)"."""
    found: list[str] = []
    heads = [text for column in table.heads[:1] for text in column]
    for line in whole_notes([*table.caption, *table.stub_heads, *heads]):
        notes = [note for note in _PARENTHESES.findall(line) if _UNITS.search(note)]
        if (
            not notes
            and len(line) < 90
            and _UNITS.search(line)
            and re.match(r"(?i)\W*(?:in|amounts|dollars|expressed|all|stated|\$|000)", line)
        ):
            notes = [line]
        found += [note for note in notes if note not in found]
    return " ".join(found) or None


def find_kind(table: Table, title: str | None) -> TableKind:
    """The kind by the title if it names a statement, else by the rows."""
    if title is not None and _is_statement(title):
        for kind, pattern in _KINDS:
            if pattern.search(title):
                return kind
    by_rows = _kind_by_rows([row.label for row in table.rows], [text for heads in table.heads for text in heads])
    return by_rows or "other"


_MARKS: tuple[tuple[TableKind, tuple[str, ...], int], ...] = (
    ("cash_flow", (r"operating activities", r"investing activities", r"financing activities"), 2),
    (
        "balance_sheet",
        (
            r"total assets",
            r"total (?:current )?liabilities|total liabilities and",
            r"(?:share|stock)holders?.{0,3} equity|total equity|net assets",
            r"current assets",
        ),
        3,
    ),
    (
        "comprehensive_income",
        (
            r"(?:other )?comprehensive (?:income|loss|earnings)",
            r"translation|unrealized|hedg|pension",
            r"net (?:income|loss|earnings)",
        ),
        3,
    ),
    (
        "income_statement",
        (
            r"\bnet (?:income|loss|earnings|\(loss\))|\bprofit for the|\bprofit of consolidated",
            r"\brevenues?\b|\b(?:net )?sales\b|\binterest income\b|\bturnover\b",
            r"\bbefore (?:provision for )?(?:income )?tax|\boperating (?:income|profit|loss)|\bgross (?:profit|margin)",
            r"\bper (?:common |ordinary )?share\b|\bbasic\b|\bcosts? of\b|\bexpenses?\b",
        ),
        3,
    ),
)


def _kind_by_rows(labels: Sequence[str], heads: Sequence[str]) -> TableKind | None:
    columns = " ".join(heads).lower()
    if (
        len(
            re.findall(
                r"paid-in|retained earnings|accumulated deficit|treasury|common stock|noncontrolling|comprehensive",
                columns,
            )
        )
        >= 3
    ):
        return "equity"
    text = "\n".join(labels).lower()
    for kind, marks, needed in _MARKS:
        if len(labels) >= 6 and sum(bool(re.search(mark, text)) for mark in marks) >= needed:
            return kind
    return None

"""Fixed-width text becomes words and rules on the character plane, one page per stretch.

Tags (``<TABLE>``, ``<S>``, ``<C>``, ``<PAGE>``) are not words: they say where a stretch ends. Rules and tags take no
height, so that rows which a typist separated by a row of dashes are neighbours on the plane.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractors.page import CHARACTER_WIDTH, LINE_HEIGHT, Line, Page, Reading, Rule, Word
from extractors.text.decode import SourceLine
from extractors.text.paging import Sheet, figure_edges, sheets

_TAB = 8
# of many blank lines four say as much
_MOST_BLANKS = 4
_TAG = re.compile(r"</?(?:TABLE|CAPTION|S|C|PAGE|FN|F\d+)>", re.IGNORECASE)
# "- ----" at the start of a line is how mail programs of the 1990s escaped a row of dashes
_RULE_RUN = re.compile(r"(?:(?<!\S)- (?=[-=_]{3}))?(?:[-=_\u2500\u2501\u2550\u2014]{3,}|(?:[-=_*] ){4,}[-=_*])")
_NOTHING_BUT_RULES = re.compile(
    r"[\s\-=_*|+\u2500\u2501\u2550\u2014]*[-=_*\u2500\u2501\u2550\u2014]{3}[\s\-=_*|+\u2500\u2501\u2550\u2014]*\Z"
)
_LONG_RULE = re.compile(r"[-_*\u2500\u2501\u2550\u2014]{5}|={2}")
_LEADER = re.compile(r"\.{3,}|(?:\. ){2,}\.?(?=\s|$)|(?:(?<=\s)\.){1}(?=\s)|\u2026+")
# two numbers run together where a column drifted: ")" or "%" or a digit before a sign that can only open
_RUN_TOGETHER = re.compile(r"(?<=[\d)%])(?=\$)|(?<=[)%])(?=\d)|(?<=\))(?=\(\d{2})")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class _Expanded:
    """A line with its tabs expanded, and for each character the column it has in the file."""

    text: str
    source: tuple[int, ...] | None

    def column(self, index: int) -> int:
        """The column in the file of the character at ``index`` (which may be the end)."""
        if self.source is None:
            return index
        return self.source[index] if index < len(self.source) else (self.source[-1] + 1 if self.source else 0)


def read_fixed(lines: Sequence[SourceLine], first: int) -> Iterator[Page]:
    """The pages of a fixed-width stretch, numbered from ``first``: one per table and per printed page."""
    number = first
    for sheet in sheets(lines):
        if sheet.furniture:
            # page numbers and running heads that interrupted a table
            flow = tuple(Line(line.text.strip(), line.place()) for line in sheet.lines if not line.blank)
            page = Page(number, flow=flow)
        else:
            page = _page(sheet, number)
        if page.words or page.rules or page.flow:
            yield page
            number += 1


def _page(sheet: Sheet, number: int) -> Page:
    words: list[Word] = []
    rules: list[Rule] = []
    top = 0.0
    blanks = 0
    width = 0
    edges: list[int] = []
    for line in sheet.lines:
        expanded = _expanded(line.text)
        width = max(width, len(expanded.text.rstrip()))
        text = _TAG.sub(lambda tag: " " * len(tag[0]), expanded.text)
        if not text.strip():
            # a line with nothing but tags is no blank line
            blanks += line.blank
            continue
        found_rules, text = _rules(text, 0.0)
        found = list(_words(text))
        if found:
            here = figure_edges(text)
            top += LINE_HEIGHT * min(blanks, _MOST_BLANKS if _apart(here, edges) else 1)
            edges = here or edges
            blanks = 0
        words += [_word(span, text, expanded, line, top) for span in found]
        rules += [replace(rule, top=top + rule.top, bottom=top + rule.top) for rule in found_rules]
        top += LINE_HEIGHT if found else 0
    return Page(number, width=width * CHARACTER_WIDTH, height=top, words=tuple(words), rules=tuple(rules))


def _apart(edges: Sequence[int], above: Sequence[int]) -> bool:
    """False for a row whose figures stand in the columns of the row above: blank lines between them part no table."""
    return len(edges) < 2 or not all(any(abs(edge - other) <= 1 for other in above) for edge in edges)


def _expanded(text: str) -> _Expanded:
    if "\t" not in text:
        return _Expanded(text, None)
    out: list[str] = []
    source: list[int] = []
    for i, character in enumerate(text):
        count = _TAB - len(out) % _TAB if character == "\t" else 1
        out += [" " if character == "\t" else character] * count
        source += [i] * count
    return _Expanded("".join(out), tuple(source))


def _rules(text: str, top: float) -> tuple[list[Rule], str]:
    """The rules of a line at their columns, and the line without them.

    In a line with words a short run of dashes is a nil ("---"), not a rule.
    """
    bare = bool(_NOTHING_BUT_RULES.match(text))
    rules: list[Rule] = []

    def take(run: re.Match[str]) -> str:
        if not bare and (not _LONG_RULE.search(run[0]) or text[: run.start()].rstrip().endswith("$")):
            return run[0]
        left, right = run.start() * CHARACTER_WIDTH, run.end() * CHARACTER_WIDTH
        # on the line between two rows: a rule alone stands above the next row, one beside words under them
        y = top if bare else top + LINE_HEIGHT
        rules.append(Rule(left, y, right, y))
        return " " * len(run[0])

    rest = _RULE_RUN.sub(take, text)
    if bare and rules and not re.search(r"[^\s|+*]", rest):
        rest = ""
    return rules, rest


def _words(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start and end of each word, and whether a leader runs into it; leaders themselves are no words."""
    led: set[int] = set()
    for leader in _LEADER.finditer(text):
        if leader[0] == "." and not re.search(r"(?:^|\s)\.\s+\.(?:\s|$)", text):
            continue
        led.add(leader.end())
        text = text[: leader.start()] + " " * len(leader[0]) + text[leader.end() :]
    for match in _WORD.finditer(text):
        starts = [match.start(), *(match.start() + cut.start() for cut in _RUN_TOGETHER.finditer(match[0]))]
        for start, end in zip(starts, [*starts[1:], match.end()], strict=True):
            yield start, end, start in led


def _word(span: tuple[int, int, bool], text: str, expanded: _Expanded, line: SourceLine, top: float) -> Word:
    start, end, led = span
    said = text[start:end]
    # the last dot of a leader may be a decimal point: "......50"
    point = led and re.fullmatch(r"\d{1,2}%?", said)
    return Word(
        said,
        start * CHARACTER_WIDTH,
        top,
        end * CHARACTER_WIDTH,
        top + LINE_HEIGHT,
        line.place(expanded.column(start), expanded.column(end - 1) + 1),
        confidence=0.8 if point else 1.0,
        rivals=(Reading(f".{said}", 0.2),) if point else (),
    )

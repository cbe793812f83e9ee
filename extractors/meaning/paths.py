"""Which labels a row belongs to: by depth where rows are set in, by colons and sums where they are not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractors.tables.model import BodyRow

_TOTAL = re.compile(r"(?i)\A(?:total|subtotal|sum of)\b|\A(?:net )?cash\b.*\b(?:activities|operations)\b")
# lists on the way to a sum of cash, whose names repeat that of the sum
_STEPS = re.compile(r"(?i)\A(?:adjustments?|changes?|cash effects?)\b")
# printed in every balance sheet between liabilities and equity, and never with figures
_OPENS_NOTHING = re.compile(r"(?i)\A(?:commitments|contingencies)\b(?!.*:\Z)")
_DASH = re.compile(r"\s[-\u2013\u2014]\Z")
# labels that differ by less stand at the same depth (ems)
_STEP = 0.3


@dataclass(slots=True)
class _Section:
    """An open section.

    Attributes:
        level: its rows stand at its own depth, so that a sum has to end it. title: its label ends in a colon.
        inside: it follows directly on the section around it, at the same depth. rows: figures seen in it.
    """

    indent: float
    name: str
    level: bool
    title: bool
    inside: bool = False
    rows: int = 0

    def holds(self, indent: float) -> bool:
        """True when a row at this depth belongs to the section."""
        return indent > self.indent + _STEP or (self.level and indent >= self.indent - _STEP)


def find_paths(rows: Sequence[BodyRow]) -> list[tuple[str, ...]]:
    """For each row the labels it belongs to, outermost first.

    A row without figures opens a section. It holds what is set in further, and what stands at the same depth until
    the next section or its total.
    """
    sections: list[_Section] = []
    opened: dict[str, _Section] = {}
    paths: list[tuple[str, ...]] = []
    for index, row in enumerate(rows):
        if not _has_figures(row):
            inside = _make_room(sections, row, follows=bool(index) and not _has_figures(rows[index - 1]))
            paths.append(tuple(section.name for section in sections))
            if row.label and not _OPENS_NOTHING.match(row.label):
                # a label that ends in a dash is continued by the next row only
                level = _is_level(rows, index) and not _DASH.search(row.label)
                title = row.label.endswith(":")
                sections.append(_Section(row.indent, row.label.rstrip(" :"), level, title, inside))
                opened[sections[-1].name.lower()] = sections[-1]
            continue
        _leave(sections, opened, rows, index)
        paths.append(tuple(section.name for section in sections))
        _count_or_close(sections, rows, index)
    return paths


def _leave(sections: list[_Section], opened: Mapping[str, _Section], rows: Sequence[BodyRow], index: int) -> None:
    """End the sections that a row of figures does not belong to."""
    row = rows[index]
    # a row without a label is the sum of what stands above it, whatever its indent
    while row.label and sections and not sections[-1].holds(row.indent) and not _goes_on(sections[-1], rows, index):
        sections.pop()
    # a sum set in further than its terms is that of the section it names, not of the last one opened
    named = [i for i, s in enumerate(sections) if _closes(row.label, s.name) and not _STEPS.match(s.name)]
    if named:
        del sections[max(named, key=lambda i: (_said(row.label, sections[i].name), i)) + 1 :]
    # a row named as an earlier section is its sum: what was opened after it at its depth has ended
    earlier = opened.get(row.label.rstrip(" :").lower())
    if earlier and row.indent >= earlier.indent - _STEP and not any(section is earlier for section in sections):
        while sections and sections[-1].level:
            sections.pop()


def _goes_on(section: _Section, rows: Sequence[BodyRow], index: int) -> bool:
    """True when a row farther out than a section's is one of them: deeper rows and the section's own sum follow."""
    if section.level or _TOTAL.match(rows[index].label):
        return False
    deeper = False
    for row in _rest(section, rows, index):
        if _closes(row.label, section.name) and _said(row.label, section.name) > 0.5:  # "Total assets" is too little
            return deeper
        deeper = deeper or row.indent > section.indent + _STEP
    return False


def _rest(section: _Section, rows: Sequence[BodyRow], index: int) -> Iterator[BodyRow]:
    """The rows below up to the next section at the same depth."""
    for row in rows[index + 1 :]:
        if not _has_figures(row) and row.indent <= section.indent + _STEP:
            return
        yield row


def _has_figures(row: BodyRow) -> bool:
    return any(cell is not None for cell in row.cells)


def _make_room(sections: list[_Section], row: BodyRow, follows: bool) -> bool:
    """End the sections that a new one at this depth ends; True when it stands inside the one it follows.

    "Earnings per share:" directly above "Diluted", and later "Basic", at one depth: both belong to the first.
    """
    title = row.label.endswith(":")
    while sections and sections[-1].indent >= row.indent - _STEP:
        last = sections[-1]
        if follows and last.title and not title and not last.rows and last.indent <= row.indent + _STEP:
            return True
        ended = sections.pop()
        if ended.inside and not title:
            return True
    return False


def _count_or_close(sections: list[_Section], rows: Sequence[BodyRow], index: int) -> None:
    """Count a row of figures in its section, and end the section with its sum; its first row is no sum."""
    if not sections:
        return
    last, row = sections[-1], rows[index]
    last.rows += 1
    if _closes(row.label, last.name):
        # "Total equity" may follow on "Total shareholders' equity" under "Equity"
        own = _beyond(row.label, last.name)
        if not any(_closes(r.label, last.name) and _beyond(r.label, last.name) < own for r in _rest(last, rows, index)):
            sections.pop()
    elif (
        last.level
        and last.rows > 1
        and (_is_sum(row) or _repeats(row.label, last.name))
        # "Gross property" may stand before "Total property" under "Property"
        and not any(_closes(r.label, last.name) and _said(r.label, last.name) == 1.0 for r in _rest(last, rows, index))
    ):
        sections.pop()


def _repeats(label: str, section: str) -> bool:
    """True for a sum that says no more than its section: "Other income" under "Changes in other income, net"."""
    words = _words(label)
    return len(words) > 1 and words <= _words(section)


def _is_level(rows: Sequence[BodyRow], index: int) -> bool:
    """True when the first figures under a section are not set in further than the section itself."""
    below = next((row for row in rows[index + 1 :] if row.label), None)
    return below is not None and _has_figures(below) and below.indent <= rows[index].indent + _STEP


def _is_sum(row: BodyRow) -> bool:
    return row.ruled or bool(_TOTAL.match(row.label))


def _closes(label: str, section: str) -> bool:
    """True for the total of a section: "Total current assets" under "Current assets:"."""
    if not _TOTAL.match(label):
        return False
    return _said(label, section) >= 0.5


def _said(label: str, section: str) -> float:
    """The share (0-1) of a section's words that a label repeats."""
    words = _words(section)
    return len(words & _words(label)) / len(words) if words else 0.0


def _beyond(label: str, section: str) -> int:
    """How many words a total says more than the section it sums."""
    return len(_words(label) - _words(section))


def _words(label: str) -> set[str]:
    """The stems of the words: operations and operating are one."""
    return {word[:6] for word in re.findall(r"[a-z]{3,}", label.lower())}

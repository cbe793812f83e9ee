"""Which labels a row belongs to: by depth where rows are set in, by colons and sums where they are not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractors.tables.model import BodyRow

_TOTAL = re.compile(r"(?i)\A(?:total|subtotal|sum of)\b|\A(?:net )?cash\b.*\bactivities\b")
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
    paths: list[tuple[str, ...]] = []
    for index, row in enumerate(rows):
        if not _has_figures(row):
            inside = _make_room(sections, row, follows=bool(index) and not _has_figures(rows[index - 1]))
            paths.append(tuple(section.name for section in sections))
            if row.label:
                level, title = _is_level(rows, index), row.label.endswith(":")
                sections.append(_Section(row.indent, row.label.rstrip(" :"), level, title, inside))
            continue
        # a row without a label is the sum of what stands above it, whatever its indent
        while row.label and sections and not sections[-1].holds(row.indent):
            sections.pop()
        paths.append(tuple(section.name for section in sections))
        _count_or_close(sections, row)
    return paths


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


def _count_or_close(sections: list[_Section], row: BodyRow) -> None:
    """Count a row of figures in its section, and end the section with its sum; its first row is no sum."""
    if not sections:
        return
    last = sections[-1]
    last.rows += 1
    if _closes(row.label, last.name) or (last.level and last.rows > 1 and _is_sum(row)):
        sections.pop()


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
    words = set(re.findall(r"[a-z]{3,}", section.lower()))
    return bool(words) and len(words & set(re.findall(r"[a-z]{3,}", label.lower()))) * 2 >= len(words)

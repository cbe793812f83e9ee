"""Nothing is silently lost: what a dialect's reader did not hand over is found by counting digits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from extractors.page import Grid, Line
from extractors.text.decode import SourceLine
from extractors.text.markup import bare
from schemas.filing import Finding, TextPlace


def find_lost(lines: Sequence[SourceLine], flow: Sequence[Line | Grid], findings: Sequence[Finding]) -> list[Finding]:
    """A finding for each line with digits that stand in no line, cell or finding; none when every digit does."""
    shown: dict[int, Counter[str]] = {}
    total: Counter[str] = Counter()
    for place, text in _items(flow, findings):
        digits = _digits(text)
        total += digits
        shown.setdefault(place.line, Counter()).update(digits)
    wanted = {line.number: _digits(bare(line.text)) for line in lines}
    if not sum(wanted.values(), Counter()) - total:
        return []
    # a label of several lines has the place of the first: only where the sum fails a line is looked at
    return [_lost(line) for line in lines if wanted[line.number] - shown.get(line.number, Counter())]


def _items(flow: Sequence[Line | Grid], findings: Sequence[Finding]) -> Iterator[tuple[TextPlace, str]]:
    for block in flow:
        for item in block.cells if isinstance(block, Grid) else (block,):
            if isinstance(item.place, TextPlace):
                yield item.place, item.text
    for finding in findings:
        if isinstance(finding.place, TextPlace):
            yield finding.place, bare(finding.text or "")


def _digits(text: str) -> Counter[str]:
    return Counter(re.findall(r"[0-9]", text))


def _lost(line: SourceLine) -> Finding:
    return Finding(
        code="unassigned_number",
        severity="warning",
        message="A number of this line found no place in the table.",
        text=line.text.strip(),
        place=line.place(),
    )

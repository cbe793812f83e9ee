"""Labels that a page break tore from their figures are put together again where the counts leave one way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from extractors.text.rows import Row, join_wrapped
from schemas.filing import Finding

_TITLE = re.compile(
    r"(?i)\b(?:statements? of|balance sheets?|supplement(?:al|ary)|consolidated|reconciliation"
    r"|inc\.?|corp(?:oration)?\.?"
    r"|company|ltd\.?|llc|plc|page)\b"
)
_SHARES = re.compile(r"(?i)\bshares?\b")
_BASIC = re.compile(r"(?i)[-–— ]*basic\b")


def rejoin(rows: Sequence[Row]) -> tuple[list[Row], list[Row], list[Finding]]:
    """Join runs of labels without figures to the run of figures without labels that follows them.

    Section labels (they end with a colon) take none. Only when there are as many labels as rows of figures are they
    joined; running heads that strayed between them are left out for that.

    Returns:
        The rows, the stray heads taken out of them, and a finding for each run that could not be joined.
    """
    done: list[Row] = []
    strays: list[Row] = []
    findings: list[Finding] = []
    position = 0
    while position < len(rows):
        labels = _run(rows, position, labels=True)
        values = _run(rows, labels, labels=False)
        end = max(labels, position + 1)
        if position < labels < values:
            end = values
            joined, left = _joined(rows[position:labels], rows[labels:values])
            done += joined or rows[position:values]
            strays += left
            if not joined and values - labels > 1:
                findings.append(_apart(rows[labels]))
        else:
            done += rows[position:end]
        position = end
    return done, strays, findings


def _run(rows: Sequence[Row], start: int, *, labels: bool) -> int:
    end = start
    while end < len(rows) and (rows[end].label_only if labels else rows[end].value_only):
        end += 1
    return end


def _joined(labels: Sequence[Row], values: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The labels with their figures, and the heads that stood astray; nothing when the counts do not agree."""
    if len(values) == 1 and values[0].line.number - labels[-1].line.number > 1:
        # a caption without figures ("Commitments and contingencies") stands above an unlabelled total now and then
        return [], []
    strays = [row for row in labels if _title(row)]
    without = [row for row in labels if not _title(row)]
    for candidate, left in (
        (labels, []),
        (without, strays),
        (_headed(without), strays),
        (join_wrapped(labels), []),
        (join_wrapped(without), strays),
        (_headed(join_wrapped(without)), strays),
    ):
        if sum(not row.section for row in candidate) == len(values):
            pairs = iter(values)
            return [row if row.section else _with_figures(row, next(pairs)) for row in candidate], left
    return [], []


def _headed(labels: Sequence[Row]) -> list[Row]:
    """The labels, those that head "Basic" and "Diluted" marked as taking no figures themselves."""
    return [
        replace(row, leads=bool(_SHARES.search(row.label) and after is not None and _BASIC.match(after.label)))
        for row, after in zip_longest(labels, labels[1:])
    ]


def _with_figures(label: Row, value: Row) -> Row:
    return replace(label, figures=value.figures, pieces=value.pieces, note=value.note or label.note)


def _title(row: Row) -> bool:
    """True for a running head or a title: capitals throughout, or the words of one."""
    letters = re.sub(r"[^A-Za-z]", "", row.label)
    return not row.section and ((len(letters) > 5 and letters.isupper()) or bool(_TITLE.search(row.label)))


def _apart(row: Row) -> Finding:
    return Finding(
        code="labels_apart",
        severity="warning",
        message="Figures stand apart from their labels, and their counts do not agree; they are left without labels.",
        text=row.figures.text.strip(),
        place=row.figures.place(),
    )

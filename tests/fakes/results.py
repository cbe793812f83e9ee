"""Results of other documents, as witnesses bring them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas import filing as out
from schemas.amounts import Amount, canonical

Column = tuple[out.Period, Mapping[int, Amount]]
"""A period, and the values by row."""


def result(sha256: str, labels: Sequence[str], *columns: Column) -> out.Filing:
    """A result with one table, its figures proved, in thousands of dollars.

    A row without a value is a section label, and the path of the rows below it.
    """
    path: tuple[str, ...] = ()
    rows = []
    for row, label in enumerate(labels):
        filled = any(row in values for _, values in columns)
        path = path if filled else (label,)
        rows.append(out.Row(index=row, label=label, path=path if filled else (), level=0))
    figures = tuple(
        out.Figure(
            id=f"t1.r{row}.c{column}", row=row, column=column, raw=f"{value:,}", value=canonical(value), nil=False,
            decimals=0, scale=1000, unit="USD", period=None, status="proved", grade="exact", confidence=0.9999,
            needs_review=False, checks=(), repair=None, place=None,
        )
        for column, (_, values) in enumerate(columns)
        for row, value in sorted(values.items())
    )  # fmt: skip
    table = out.Table(
        id="t1", kind="other", title=None, headnote=None, currency="USD", scale=1000, pages=(), stub_heads=(),
        columns=tuple(
            out.Column(index=index, kind="value", heads=(), period=period) for index, (period, _) in enumerate(columns)
        ),
        rows=tuple(rows), figures=figures, texts=(),
    )  # fmt: skip
    return out.Filing(
        source=out.Source(sha256=sha256, bytes=1, kind="text", media_type="text/plain"),
        engine=out.Engine(crossfoot="0.1.0", profile="default"),
        outcome="complete", verdict="balanced", filing=out.Identification(), pages=(), tables=(table,), checks=(),
        findings=(),
    )  # fmt: skip

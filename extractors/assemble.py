"""Stage: everything that was read, meant and proved becomes one Filing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractors.figures import Body, ReadFigure
from extractors.meaning import Meaning, RowMeaning, TableMeaning
from extractors.page import Document, Origin, Profile
from extractors.repair import Judged, Outcome
from extractors.source import Source
from extractors.tables import Layout, Table
from schemas import __version__
from schemas import filing as out
from schemas.amounts import canonical


@dataclass(frozen=True, slots=True)
class Read:
    """What the stages found: the document, its tables, figures and meaning, and what the arithmetic says of them."""

    document: Document
    layout: Layout
    bodies: Sequence[Body]
    meaning: Meaning
    outcome: Outcome


def assemble(
    source: Source, read: Read, witnesses: Sequence[out.Filing], profile: Profile, origin: Origin
) -> out.Filing:
    """Write down what was found; nothing is decided here."""
    findings = _findings(read)
    return out.Filing(
        source=out.Source(
            sha256=source.sha256,
            bytes=source.size,
            kind=read.document.kind,
            media_type=read.document.media_type,
            pages=read.document.page_count,
            parent=origin.parent,
            witnesses=tuple(sorted({witness.source.sha256 for witness in witnesses})),
        ),
        engine=out.Engine(crossfoot=__version__, profile=profile.name, **read.document.engines),
        outcome="partial" if any(finding.severity == "error" for finding in findings) else "complete",
        verdict=read.outcome.verdict,
        filing=read.meaning.filing,
        pages=_pages(read.document),
        tables=tuple(
            _table(table, body, meaning, read.outcome.figures, read.document.page_count is not None)
            for table, body, meaning in zip(read.layout.tables, read.bodies, read.meaning.tables, strict=True)
        ),
        checks=read.outcome.checks,
        findings=findings,
    )


def _findings(read: Read) -> tuple[out.Finding, ...]:
    """The findings of all stages, in the order of the stages."""
    bodies = [finding for body in read.bodies for finding in body.findings]
    return (*read.document.findings, *read.layout.findings, *bodies, *read.outcome.findings)


def _pages(document: Document) -> tuple[out.PageInfo, ...]:
    """The pages of a PDF or an image; HTML and text have none."""
    return tuple(
        out.PageInfo(
            number=page.number,
            route=page.route,
            width=page.width,
            height=page.height,
            rotation=page.rotation,
            confidence=page.confidence,
        )
        for page in document.pages
        if page.route is not None
    )


def _table(table: Table, body: Body, meaning: TableMeaning, judged: Mapping[str, Judged], paged: bool) -> out.Table:
    return out.Table(
        id=body.id,
        kind=meaning.kind,
        title=meaning.title,
        headnote=meaning.headnote,
        currency=meaning.currency,
        scale=meaning.scale,
        # the stretches of a text are no pages: only paper has page numbers
        pages=tuple(sorted(set(table.pages))) if paged else (),
        stub_heads=table.stub_heads,
        columns=tuple(
            out.Column(index=i, kind=kind, heads=heads, period=period)
            for i, (kind, heads, period) in enumerate(zip(body.columns, table.heads, meaning.periods, strict=True))
        ),
        rows=tuple(
            out.Row(index=i, label=row.label, path=means.path, level=means.level)
            for i, (row, means) in enumerate(zip(table.rows, meaning.rows, strict=True))
        ),
        figures=tuple(_figure(figure, meaning.rows[figure.row], judged[figure.id]) for figure in body.figures),
        texts=body.texts,
    )


def _figure(figure: ReadFigure, row: RowMeaning, judged: Judged) -> out.Figure:
    unit, scale = row.unit_at(figure.column)
    return out.Figure(
        id=figure.id,
        row=figure.row,
        column=figure.column,
        raw=figure.raw,
        value=canonical(judged.value),
        nil=judged.nil,
        decimals=judged.decimals,
        scale=1 if figure.number.percent else scale,
        unit="percent" if figure.number.percent else unit,
        period=row.periods[figure.column] if row.periods else None,
        status=judged.status,
        grade=judged.grade,
        confidence=judged.confidence,
        needs_review=judged.needs_review,
        checks=judged.checks,
        repair=judged.repair,
        rivals=judged.rivals,
        place=figure.place,
    )

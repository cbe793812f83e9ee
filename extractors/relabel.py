"""Stage: rows whose labels were torn off get them back from a table that prints the same figures in the same order.

A converter loses the labels of a whole table, or of a run of rows, and the heads of its columns with them. Where a
column of another table, of this document or of a witness, agrees with one of its columns figure by figure, the rows
that agree are the same rows: they take its labels and sections, the column its heads if it has none. Nothing else does,
and nothing in a document without a visibly misread figure: there a row without a label is the publisher's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from itertools import takewhile

from extractors.numbers import read_number, shows_damage
from extractors.tables import BodyRow, Layout, Table
from schemas.amounts import Amount, amount, canonical
from schemas.filing import Filing, Finding

_LEAST_RUN = 3  # rows without labels that follow one another: a total may go without one
_LEAST_ALIKE = 5  # figures of three digits and more in which two columns agree, in order
_SHARE = 0.6  # of those of the torn column
_TELLING = 3
_ALIKE = 0.6  # of two readings of one label

_Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Source:
    """A table with labels: for each row label and section, for each column the rows that print a value; its heads."""

    name: str
    labels: Mapping[int, str]
    paths: Mapping[int, tuple[str, ...]]
    columns: Mapping[int, Mapping[int, Amount]]
    heads: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Match:
    """A column that agrees with one of a source: the rows of both, and how many figures tell so."""

    source: _Source
    own: int
    other: int
    pairs: _Pairs
    telling: int


def apply_labels(layout: Layout, witnesses: Sequence[Filing] = ()) -> Layout:
    """The layout with the labels that other tables prove, and a finding for each table that got some.

    Args:
        layout: as found. witnesses: results of the same company; figures that need review are no proof.
    """
    torn = [number for number, table in enumerate(layout.tables) if _torn_rows(table)]
    printed = (cell.text for table in layout.tables for row in table.rows for cell in row.cells if cell)
    if not torn or not shows_damage(printed):
        return layout
    ordered = sorted(witnesses, key=lambda witness: witness.source.sha256)
    tables = list(layout.tables)
    findings = list(layout.findings)
    sources = [source for witness in ordered for source in _of_witness(witness)]
    own = {number: _of_table(number, table) for number, table in enumerate(tables) if number not in torn}
    for number in torn:
        matches = list(_matches(tables[number], [*sources, *own.values()]))
        if matches:
            best = max(matches, key=lambda match: match.telling)
            named = _named(tables[number], best, matches)
            if named is not None:
                tables[number], rows = named
                findings.append(_borrowed(number, best.source, rows))
    return replace(layout, tables=tuple(tables), findings=tuple(findings))


def _torn_rows(table: Table) -> frozenset[int]:
    """The rows with figures that stand without labels in a run of several."""
    found: set[int] = set()
    run: list[int] = []
    for number, row in enumerate(table.rows):
        if not any(row.cells):
            continue
        run = [] if row.label else [*run, number]
        if len(run) >= _LEAST_RUN:
            found.update(run)
    return frozenset(found)


def _of_witness(witness: Filing) -> Iterator[_Source]:
    for table in witness.tables:
        columns: dict[int, dict[int, Amount]] = {}
        for figure in table.figures:
            if not figure.needs_review:
                columns.setdefault(figure.column, {})[figure.row] = amount(figure.value)
        labels = {row.index: row.label for row in table.rows}
        paths = {row.index: row.path for row in table.rows}
        heads = {column.index: column.heads for column in table.columns}
        yield _Source(f"table {table.id} of {witness.source.sha256}", labels, paths, columns, heads)


def _of_table(number: int, table: Table) -> _Source:
    labels = {row: body.label for row, body in enumerate(table.rows)}
    columns = {column: _values(table, column) for column in range(len(table.heads))}
    return _Source(f"table t{number + 1}", labels, {}, columns, dict(enumerate(table.heads)))


def _values(table: Table, column: int) -> dict[int, Amount]:
    found = {}
    for number, row in enumerate(table.rows):
        cell = row.cells[column]
        read = read_number(cell.text) if cell is not None else None
        if read is not None:
            found[number] = read.value
    return found


def _matches(table: Table, sources: Sequence[_Source]) -> Iterator[_Match]:
    """The columns of other tables that agree with a column of a torn one."""
    for own in range(len(table.heads)):
        mine = _values(table, own)
        wanted = sum(map(_tells, mine.values()))
        for source in sources:
            for other, theirs in source.columns.items():
                pairs = _agreeing(mine, theirs)
                telling = len({mine[row] for row, _ in pairs if _tells(mine[row])})
                enough = telling >= _LEAST_ALIKE and telling >= _SHARE * wanted
                if enough and not _contradicted(table, source, pairs):
                    yield _Match(source, own, other, pairs, telling)


def _contradicted(table: Table, source: _Source, pairs: _Pairs) -> bool:
    """True where rows that have labels here are called otherwise there: equal figures of another thing."""
    named = [(_plain(table.rows[row].label), _plain(source.labels.get(other, ""))) for row, other in pairs]
    likeness = [SequenceMatcher(None, *both).ratio() for both in named if all(both)]
    return sum(ratio < _ALIKE for ratio in likeness) * 2 > len(likeness)


def _agreeing(mine: Mapping[int, Amount], theirs: Mapping[int, Amount]) -> _Pairs:
    """The rows of two columns that print the same values in the same order."""
    if not {value for value in mine.values() if _tells(value)} & set(theirs.values()):
        return ()
    rows, others = sorted(mine), sorted(theirs)
    matcher = SequenceMatcher(None, [mine[row] for row in rows], [theirs[row] for row in others], autojunk=False)
    return tuple(
        (rows[block.a + k], others[block.b + k])
        for block in matcher.get_matching_blocks()
        for k in range(block.size)
        if block.size > 2 or _tells(mine[rows[block.a + k]])
    )


def _tells(value: Amount) -> bool:
    """True for a value of three digits and more, which two tables do not share by chance."""
    return len(canonical(value).lstrip("-").replace(".", "").strip("0")) >= _TELLING


def _proved(table: Table, best: _Match, matches: Sequence[_Match]) -> dict[int, int]:
    """The torn rows with the rows of the source that they are; not those of which another source says otherwise."""
    torn = _torn_rows(table)
    found = {row: other for row, other in best.pairs if row in torn and best.source.labels.get(other)}
    for match in matches:
        for row, other in match.pairs:
            if row in found and _plain(match.source.labels.get(other, "")) != _plain(best.source.labels[found[row]]):
                del found[row]
    return found


def _named(table: Table, best: _Match, matches: Sequence[_Match]) -> tuple[Table, tuple[int, ...]] | None:
    """The table with the labels of one that agrees with it, and the rows that got one; None where few are proved."""
    found = _proved(table, best, matches)
    if len(found) < _LEAST_RUN:
        return None
    source = best.source
    whole = not any(row.label for row in table.rows if any(row.cells))
    said = {_plain(source.labels[other]) for other in found.values()}
    rows: list[BodyRow] = []
    lent: list[int] = []
    path: tuple[str, ...] = ()
    for number, row in enumerate(table.rows):
        if number in found:
            own = source.paths.get(found[number], ())
            rows += _sections(path, own, row) if whole else ()
            lent.append(len(rows))
            rows.append(
                replace(row, label=source.labels[found[number]], indent=float(len(own)) if whole else row.indent)
            )
            path = own
        elif any(row.cells) or not _told(row.label, said):
            rows.append(row)
    return replace(table, rows=tuple(rows), heads=_heads(table, matches)), tuple(lent)


def _told(label: str, said: set[str]) -> bool:
    """True for a printed label without figures that the rows have got back, alone or run together with others."""
    left = _plain(label)
    for other in sorted(said, key=len, reverse=True):
        left = left.replace(other, "")
    return bool(label) and not left


def _plain(label: str) -> str:
    return "".join(mark for mark in label.lower() if mark.isalnum())


def _sections(before: tuple[str, ...], after: tuple[str, ...], row: BodyRow) -> Iterator[BodyRow]:
    """The section labels that a row stands under and the row before it does not."""
    pairs = zip(before, after, strict=False)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    for level in range(common, len(after)):
        yield BodyRow(after[level], float(level), tuple(None for _ in row.cells))


def _heads(table: Table, matches: Sequence[_Match]) -> tuple[tuple[str, ...], ...]:
    """The heads, those of the columns that have none from the columns that agree with them best."""
    heads = list(table.heads)
    for own, said in enumerate(table.heads):
        alike = [match for match in matches if match.own == own and match.source.heads.get(match.other)]
        if not said and alike:
            best = max(alike, key=lambda match: match.telling)
            heads[own] = best.source.heads[best.other]
    return tuple(heads)


def _borrowed(number: int, source: _Source, rows: Sequence[int]) -> Finding:
    return Finding(
        code="labels_borrowed",
        severity="warning",
        message=f"The labels of table t{number + 1} were torn off in rows {_runs(rows)} of this result; {source.name} "
        "prints the same figures and lends its own.",
    )


def _runs(rows: Sequence[int]) -> str:
    """Ascending numbers as a person writes them: ``1-3, 7``."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and runs[-1][-1] == row - 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)

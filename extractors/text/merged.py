"""Rows that a converter ran together are taken apart where the columns leave one way.

A converter that loses the rows of a column prints several figures in a cell, and often prints the same figures again in
the next row with one more at the end. Each column's cells are windows on one sequence: overlaid, they give the sequence
back, and the ends of the windows of a row say which members of two sequences stand in one row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from extractors.numbers import plain, read_number
from extractors.text.decode import SourceLine
from extractors.text.tokens import Piece

_OPEN_END = re.compile(r"(?i)(?:\b(?:and|or|of|to|the|in|on|for|from|by|with|at|per)|[-\u2013\u2014/&])\Z")
_BARE_HEAD = re.compile(r"\d{1,3}\Z")
_BARE_TAIL = re.compile(r"\d{3}\Z")


@dataclass(frozen=True, slots=True)
class Record:
    """A row of a table: label, and by figure column the figures printed in its cell (more than one: rows run together).

    Attributes:
        line: where its figures and texts stand, except those of columns in ``lines``.
        label_line: where the label stands, None: in ``line``. label_start, label_end: the characters it covers.
        texts: cells that are no figures, by column; columns below 0 are texts left of the figures.
        dated: a cell holds a date of the heads besides its figure.
        extras: what stands in no column.
    """

    line: SourceLine
    label: str = ""
    label_start: int = 0
    label_end: int = 0
    label_line: SourceLine | None = None
    values: Mapping[int, tuple[Piece, ...]] = field(default_factory=dict)
    texts: Mapping[int, Piece] = field(default_factory=dict)
    lines: Mapping[int, SourceLine] = field(default_factory=dict)
    dated: bool = False
    extras: tuple[Piece, ...] = ()

    @property
    def merged(self) -> bool:
        """True when a cell holds several figures."""
        return any(len(pieces) > 1 for pieces in self.values.values())

    def line_of(self, column: int) -> SourceLine:
        """The line the figures of a column stand in."""
        return self.lines.get(column, self.line)


def key(piece: Piece) -> str:
    """A figure without what readings of the same ink may differ in: its digits, sign and percent."""
    number = read_number(piece.text)
    said = plain(piece.text)
    digits = re.sub(r"\D", "", said)
    return f"{'-' if number and number.value < 0 else ''}{digits or '-'}{'%' if '%' in said else ''}"


def phrases(label: str) -> list[str]:
    """The labels that were run into one: each starts with a capital, or stands after two blanks or a colon."""
    found: list[list[str]] = []
    for part in re.split(r"\s{2,}", label.strip()):
        words: list[str] = []
        for word in part.split():
            starts = word[0].isupper() and not word[:2].isupper() and not _OPEN_END.search(words[-1] if words else "-")
            if words and (starts or words[-1].endswith(":")):
                found.append(words)
                words = []
            words.append(word)
        if words:
            found.append(words)
    return [" ".join(words) for words in found]


def part_rows(records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """Take apart what ran together.

    Returns:
        The records with one figure a cell, as far as they could be parted, and those that only repeated others.
    """
    done: list[Record] = []
    repeated: list[Record] = []
    position = 0
    while position < len(records):
        end = _region(records, position)
        if end == position:
            done.append(records[position])
            position += 1
            continue
        region = [
            _blanks_closed(r, records[max(0, i - 3) : i + 4]) for i, r in enumerate(records[:end]) if i >= position
        ]
        # a row above that only says what the region says again belongs to it
        while done and not done[-1].label and done[-1].values and _contained(done[-1], region[0]):
            region.insert(0, done.pop())
        parted = _parted(region)
        done += parted if parted is not None else region
        if parted is not None and len(region) > 1:
            repeated += region
        position = end
    return _completed(done), repeated


def _region(records: Sequence[Record], start: int) -> int:
    """The end of the run of merged rows that starts here; a row between two of them belongs to it."""
    end = start
    while end < len(records):
        between = end > start and end + 1 < len(records) and records[end + 1].merged
        if (records[end].merged and not records[end].dated) or (between and _contained(records[end], records[end + 1])):
            end += 1
        else:
            break
    return end


def _contained(record: Record, other: Record) -> bool:
    """True when each figure of a record is among the figures of another in the same column."""
    return all(
        {_digits(piece) for piece in pieces} <= {_digits(piece) for piece in other.values.get(column, ())}
        or _digits(pieces[0]) in "".join(_digits(p) for p in other.values.get(column, ()))
        for column, pieces in record.values.items()
    )


def _digits(piece: Piece) -> str:
    return re.sub(r"\D", "", piece.text)


def _blanks_closed(record: Record, around: Sequence[Record]) -> Record:
    """Join ``258 831`` in a cell of several figures where a neighbour prints ``258,831`` in the same column."""
    values: dict[int, tuple[Piece, ...]] = {}
    for column, pieces in record.values.items():
        known = {_digits(p) for other in around for p in other.values.get(column, ()) if "," in p.text}
        kept: list[Piece] = []
        for piece in pieces:
            last = kept[-1] if kept else None
            if (
                last
                and _BARE_HEAD.match(last.text)
                and _BARE_TAIL.match(piece.text)
                and last.text + piece.text in known
            ):
                kept[-1] = Piece(f"{last.text} {piece.text}", last.start, piece.end)
            else:
                kept.append(piece)
        values[column] = tuple(kept)
    return replace(record, values=values)


@dataclass(slots=True)
class _Sequence:
    """The figures of a column in order, each with the record it was first seen in, and where each window ends."""

    members: list[tuple[Piece, Record]]
    ends: dict[int, int]
    starts: dict[int, int]


def _overlaid(region: Sequence[Record], column: int) -> _Sequence:
    found = _Sequence([], {}, {})
    for number, record in enumerate(region):
        window = record.values.get(column, ())
        if not window:
            continue
        at = _overlap([key(p) for p, _ in found.members], [key(p) for p in window])
        for i, piece in enumerate(window, at):
            if i == len(found.members):
                found.members.append((piece, record))
            elif " " in found.members[i][0].text and " " not in piece.text:
                found.members[i] = (piece, record)  # the same figure without the blank that broke it
        found.starts[number], found.ends[number] = at, at + len(window) - 1
    return found


def _overlap(said: list[str], window: list[str]) -> int:
    """Where the window lies on the sequence: inside, or hanging over its end by as little as agrees."""
    for at in range(len(said)):
        size = min(len(window), len(said) - at)
        if said[at : at + size] == window[:size]:
            return at
    return len(said)


def _parted(region: Sequence[Record]) -> list[Record] | None:
    """The rows of a region, or None when nothing says which figures of two columns stand in one row."""
    columns = sorted({column for record in region for column, pieces in record.values.items() if pieces})
    sequences = {column: _overlaid(region, column) for column in columns}
    found = _offsets(sequences)
    if found is None:
        return None
    offsets, sure = found
    first = min(offsets.values())
    last = max(offsets[c] + len(sequences[c].members) for c in columns)
    labels = _labels(region, sequences, offsets)
    rows: list[Record] = []
    for index in range(first, last):
        here = {
            c: sequences[c].members[index - offsets[c]]
            for c in columns
            if 0 <= index - offsets[c] < len(sequences[c].members)
        }
        said = labels.get(index, [])
        rows += [section(label, record) for label, record in said[:-1]]
        row = Record(
            next(iter(here.values()))[1].line if here else region[0].line,
            values={c: (piece if sure else _uncertain(piece),) for c, (piece, _) in here.items()},
            lines={c: record.line for c, (_, record) in here.items()},
        )
        if said:
            label, record = said[-1]
            row = replace(
                row, label=label, label_line=record.line, label_start=record.label_start, label_end=record.label_end
            )
        rows.append(row)
    if len(region) == 1 and region[0].label and not labels:
        # the labels cannot be told apart: they stand above their rows, as printed
        rows.insert(0, section(region[0].label, region[0]))
    texts = next((record.texts for record in region if record.texts), {})
    return [replace(rows[0], texts=texts), *rows[1:]] if len(region) == 1 and rows else rows


def section(label: str, source: Record) -> Record:
    """A row with nothing but a label that was run into the label of another row."""
    return Record(source.line, label, source.label_start, source.label_end, source.label_line)


def _offsets(sequences: Mapping[int, _Sequence]) -> tuple[dict[int, int], bool] | None:
    """The row in which each column's sequence starts: windows of one row end in one row, for most rows.

    The second member is False when some rows say otherwise.
    """
    sure = True
    reference = min(sequences, key=lambda c: (-len(sequences[c].ends), c))
    offsets = {reference: 0}
    for column, sequence in sequences.items():
        if column == reference:
            continue
        votes = Counter(
            sequences[reference].ends[n] - end for n, end in sequence.ends.items() if n in sequences[reference].ends
        )
        if not votes:
            return None
        best, count = min(votes.items(), key=lambda v: (-v[1], abs(v[0])))
        lengths_agree = len(sequence.members) == len(sequences[reference].members)
        if count * 2 <= sum(votes.values()) or (len(sequence.ends) == 1 and not lengths_agree):
            return None
        offsets[column] = best
        sure = sure and lengths_agree and count == sum(votes.values())
    return offsets, sure


def _labels(
    region: Sequence[Record], sequences: Mapping[int, _Sequence], offsets: Mapping[int, int]
) -> dict[int, list[tuple[str, Record]]]:
    """For each row its section labels and then its label: what most windows with as many labels as figures say."""
    seen: dict[tuple[str, ...], Record] = {}
    columns: dict[int, list[tuple[int, tuple[str, ...]]]] = {}
    for number, record in enumerate(region):
        said = phrases(record.label)
        takers = sum(not phrase.endswith(":") for phrase in said)
        for column, sequence in sequences.items():
            if number in sequence.ends and sequence.ends[number] - sequence.starts[number] + 1 == takers:
                for row, stack in enumerate(_stacks(said), sequence.starts[number] + offsets[column]):
                    columns.setdefault(column, []).append((row, stack))
                    seen.setdefault(stack, record)
    # labels run with the column whose windows are as long as theirs most often
    sizes = sorted((len(pairs) for pairs in columns.values()), reverse=True)
    if not sizes or (len(sizes) > 1 and sizes[0] == sizes[1] and len({tuple(p) for p in columns.values()}) > 1):
        return {}
    votes: dict[int, Counter[tuple[str, ...]]] = {}
    for row, stack in max(columns.values(), key=len):
        votes.setdefault(row, Counter())[stack] += 1
    found: dict[int, list[tuple[str, Record]]] = {}
    for row, counter in votes.items():
        (best, count), *others = counter.most_common()
        if others and others[0][1] == count:
            continue
        record = seen[best]
        found[row] = [(label, record) for label in best]
    return found


def sections_apart(records: Sequence[Record]) -> Iterator[Record]:
    """A section label that was run into the label of its first row stands in a row of its own."""
    for record in records:
        run = re.match(r"(.+:)\s{2,}(\S.*)\Z", record.label)
        if run:
            yield section(" ".join(run[1].split()), record)
        yield replace(record, label=" ".join((run[2] if run else record.label).split()))


def _stacks(said: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Each label that takes figures, with the section labels before it."""
    stack: list[str] = []
    for phrase in said:
        stack.append(phrase)
        if not phrase.endswith(":"):
            yield tuple(stack)
            stack = []


def _uncertain(piece: Piece) -> Piece:
    return replace(piece, confidence=min(piece.confidence, 0.9))


def _completed(records: Sequence[Record]) -> list[Record]:
    """Join a row to the unlabelled row below it when that holds exactly the columns it lacks."""
    columns = {column for record in records for column in record.values}
    done: list[Record] = []
    for record in records:
        before = done[-1] if done else None
        if (
            before is not None
            and before.label
            and before.values
            and record.values
            and not record.label
            and not record.texts
            and set(before.values) | set(record.values) == columns
            and not set(before.values) & set(record.values)
        ):
            lines = {**before.lines, **{c: record.line_of(c) for c in record.values}}
            values = {**before.values, **{c: tuple(map(_uncertain, p)) for c, p in record.values.items()}}
            done[-1] = replace(before, values=values, lines=lines)
        else:
            done.append(record)
    return done

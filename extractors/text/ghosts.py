"""Rows that a converter dreamt, and figures it cut off: told by their neighbours, never by their values alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from extractors.misspelt import alike, is_misspelt, nearly_same
from extractors.numbers import read_number
from extractors.text.merged import Record, key, phrases, section
from extractors.text.tokens import Piece


def without_ghosts(records: Sequence[Record], words: Mapping[str, int]) -> tuple[list[Record], list[Record]]:
    """Part the rows from their ghosts. ``words``: how often each word stands in the document."""
    kept: list[Record] = []
    ghosts: list[Record] = []
    for i, record in enumerate(records):
        neighbours = [*(kept[-1:]), *records[i + 1 : i + 2]]
        if any(_ghost(record, other, words) for other in neighbours):
            ghosts.append(record)
        else:
            kept.append(record)
    return kept, ghosts


def _ghost(record: Record, other: Record, words: Mapping[str, int]) -> bool:
    """True for a misspelt near-copy of a neighbour that prints fewer figures, or broken ones."""
    if not (record.values and record.label and other.values and other.label) or record.label == other.label:
        return False
    good = {c: pieces for c, pieces in record.values.items() if not any(_broken(p) or _scrap(p) for p in pieces)}
    scrambled = any(garbled(piece.text) for piece in record.texts.values())
    if not good and alike(record.label.lower(), other.label.lower()):
        return True
    if not is_misspelt(record.label, other.label, words):
        return False
    same = all([key(p) for p in pieces] == [key(p) for p in other.values.get(c, ())] for c, pieces in good.items())
    fewer = len(record.values) < len(other.values) or len(good) < len(record.values)
    return (same and fewer) or (scrambled and _near(record, other))


def _broken(piece: Piece) -> bool:
    number = read_number(piece.text)
    if number is None:
        return bool(re.search(r"\d", piece.text))
    return bool({"leading_zero", "grouping", "stray_mark"} & set(number.flaws)) and "." not in piece.text


def _scrap(piece: Piece) -> bool:
    """True for a mark that stands for a dash only by guess: what a converter drew beside a row it dreamt."""
    return not re.search(r"[^\W_]", re.sub(r"<[^<>]*>", "", piece.text)) and read_number(piece.text) is None


def garbled(text: str) -> bool:
    """True for figures that came out as marks and scraps of digits."""
    return bool(re.search(r"\d", text)) and read_number(text) is None and not re.search(r"[A-Za-z]{2}", text)


def _near(record: Record, other: Record) -> bool:
    """True when each figure has the digits of the neighbour's, one or two aside."""
    pairs = [(pieces, other.values.get(column, ())) for column, pieces in record.values.items()]
    return bool(pairs) and all(len(a) == len(b) == 1 and nearly_same(a[0].text, b[0].text) for a, b in pairs)


def untold(ghost: Record, records: Sequence[Record]) -> list[Piece]:
    """The figures of a ghost that stand in no other row."""
    known = {key(piece) for other in records for pieces in other.values.values() for piece in pieces}
    pieces = {key(p): p for pieces in ghost.values.values() for p in pieces if re.search(r"\d", p.text)}
    return [piece for said, piece in pieces.items() if said not in known]


def with_doubts(records: Sequence[Record], columns: int) -> list[Record]:
    """Lower the confidence of figures that their surroundings speak against; nothing else is changed.

    A last column in which figures break off is doubted as a whole. So is a row without a label in a table where rows
    have one (unless it shows the currency sign of a total) or with blanks; a row that looks like a neighbour and has a
    broken figure; and what stands where figures ran together, up to the first whole row.
    """
    labelled = sum(bool(record.label) for record in records if record.values)
    mostly = labelled * 5 >= sum(bool(record.values) for record in records) * 4
    cut = _cut_columns(records, columns)
    unparted = {_digits(p) for r in records if r.merged for v in r.values.values() if len(v) > 1 for p in v}
    done: list[Record] = []
    wreck = False
    for i, record in enumerate(records):
        wreck = record.merged or (wreck and not _whole(record, columns))
        neighbours = [*records[max(0, i - 1) : i], *records[i + 1 : i + 2]]
        whole = wreck or _lone(record, columns, mostly) or any(_echoes(record, other) for other in neighbours)
        whole = whole or any(_digits(p) in unparted for pieces in record.values.values() for p in pieces)
        doubted = {
            column: tuple(piece.doubted() for piece in pieces) if whole or column in cut else pieces
            for column, pieces in record.values.items()
        }
        done.append(replace(record, values=doubted))
    return done


def _whole(record: Record, columns: int) -> bool:
    flawed = any(_broken(p) or " " in p.text.strip("$ ") for pieces in record.values.values() for p in pieces)
    return len(record.values) == columns and not flawed


def _lone(record: Record, columns: int, labelled: bool) -> bool:
    """True for a row without a label that is no total."""
    if record.label or not record.values:
        return False
    signed = any("$" in pieces[0].text for pieces in record.values.values())
    return (labelled and not signed) or len(record.values) * 2 <= columns


def _echoes(record: Record, other: Record) -> bool:
    """True when a row has a broken figure, and the others resemble those of a neighbour."""
    good = {c: p for c, p in record.values.items() if not any(_broken(x) or _half_open(x) for x in p)}
    broken = len(good) < len(record.values) or any(garbled(text.text) for text in record.texts.values())
    return broken and bool(good) and _near(replace(record, values=good), other)


def _half_open(piece: Piece) -> bool:
    return piece.text.count("(") != piece.text.count(")") or piece.text.count("(") > 1


def _digits(piece: Piece) -> str:
    return re.sub(r"\D", "", piece.text)


def _cut_columns(records: Sequence[Record], columns: int) -> set[int]:
    """The last column when figures in it break off: ``4,94`` or ``64'``, or the others have more digits throughout."""
    last = columns - 1
    shown = [record for record in records if record.values.get(last)]
    broken = sum(_broken(record.values[last][0]) for record in shown)
    texts = sum(garbled(record.texts[last].text) for record in records if last in record.texts)
    return {last} if last > 0 and broken + texts >= 2 and (broken + texts) * 5 >= len(shown) else set()


def relabelled(records: Sequence[Record]) -> list[Record]:
    """Undo labels that slid down: each row shows the labels still to come, and the figures of the one it dropped."""
    done = list(records)
    start = 0
    while start < len(records):
        end = start
        while end + 1 < len(records) and _dropped(records[end], records[end + 1]) is not None:
            end += 1
        steps = [_dropped(records[i], records[i + 1]) or [] for i in range(start, end)]
        if sum(bool(step) for step in steps) >= 3 and len(phrases(records[start].label)) >= 4:
            done[start : end + 1] = [replace(records[start], label="", label_end=records[start].label_start)] + [
                _named(records[start + 1 + i], step, records[start]) for i, step in enumerate(steps)
            ]
            return [*_opened(done, records[:start], steps, records[start]), *relabelled(records[end + 1 :])]
        start = max(end, start + 1)
    return done


def _opened(
    done: Sequence[Record], before: Sequence[Record], steps: Sequence[list[str]], source: Record
) -> list[Record]:
    """The rows with the section labels that were dropped together with a label, each in a row of its own."""
    rows = list(before)
    head, *body = done[len(before) : len(before) + len(steps) + 1]
    if head.values or head.texts:
        rows.append(head)
    for record, step in zip(body, steps, strict=True):
        takers = [i for i, phrase in enumerate(step) if not phrase.endswith(":")]
        last = takers[-1] if takers else -1
        above = [phrase for i, phrase in enumerate(step) if i < last]
        below = [phrase for i, phrase in enumerate(step) if i > last]
        rows += [section(phrase, source) for phrase in above]
        if record.values or record.label:
            rows.append(record)
        rows += [section(phrase, source) for phrase in below]
    return rows


def _named(record: Record, step: Sequence[str], source: Record) -> Record:
    label = next((phrase for phrase in reversed(step) if not phrase.endswith(":")), "")
    return replace(
        record, label=label, label_line=source.line, label_start=source.label_start, label_end=source.label_end
    )


def _dropped(record: Record, following: Record) -> list[str] | None:
    """The phrases that the following label no longer shows, or None when it is not the end of this one."""
    if not record.label:
        return None
    said, left = phrases(record.label), phrases(following.label)
    if not left:
        return said if len(said) == 1 else None
    return said[: len(said) - len(left)] if said[len(said) - len(left) :] == left else None

"""What a manifest says: which documents, and what is wished of them; a line at a time, however long it is.

Plain lines (a path or URI each), JSON lines (``{"path": …, "password": …}``) or a table with a head (CSV, TSV).
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from schemas.errors import UsageError
from worker.naming import SCHEME

if TYPE_CHECKING:
    from worker.sidecars import Options

S3: Final = "s3://"
# what a manifest may call the column, or the field, that names the document
COLUMNS: Final = ("uri", "path", "url")
# the one other column that is heeded: tables have columns of their owners' own
PASSWORD: Final = "password"  # noqa: S105 - a column's name
TABLES: Final = (".csv", ".tsv", ".tab")
OBJECTS: Final = (".json", ".jsonl", ".ndjson")
DELIMITERS: Final = (",", ";", "\t", "|")
SCHEMED: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Line:
    """A document that a manifest names, as it is written there, and what is wished of it, where anything is."""

    named: str
    wish: Options | None = None


def find_location(named: str, place: str) -> str:
    """A path, ``file:///…`` or ``s3://bucket/key`` as all the rest knows them: ``file://localhost/a`` is ``file:///a``.

    Raises:
        UsageError: another scheme, or another machine's file.
    """
    match = SCHEMED.match(named)
    if match is None:
        return named
    scheme, rest = match[1].lower(), named[match.end() :]
    if scheme == "s3":
        return S3 + rest
    if scheme != "file":
        raise UsageError(f"{place}: {scheme}:// is not read here: paths, file:/// and s3:// are.", named)
    host, slash, path = rest.partition("/")
    if not slash or host.lower() not in ("", "localhost"):
        raise UsageError(f"{place}: this file is another machine's; file:///… is expected.", named)
    return f"{SCHEME}/{path}"


def read_manifest(manifest: Path) -> Iterator[Line]:
    """The documents that the lines of a manifest name, but for what only lies beside one (``a.pdf.password``).

    Raises:
        UsageError: a line names no document, or wishes what is not known; it is told by its number.
    """
    from worker.sidecars import is_sidecar

    with manifest.open("rb") as stream:
        if stream.read(2) in UTF16:
            raise UsageError(f"{manifest.name}: it is UTF-16; UTF-8 is expected.", str(manifest))
        stream.seek(0)
        lines = (os.fsdecode(line).removeprefix("\ufeff") for line in stream)
        found = _read_table(lines, manifest.name) if manifest.suffix.lower() in TABLES else _read_lines(lines, manifest)
        yield from (line for line in found if not is_sidecar(line.named))


def _read_lines(lines: Iterator[str], manifest: Path) -> Iterator[Line]:
    """The documents in lines, plain or JSON."""
    is_list = manifest.suffix.lower() in OBJECTS
    for number, line in enumerate(lines, start=1):
        text, place = line.strip(), f"{manifest.name}, line {number}"
        if text.startswith("{"):
            yield _read_object(text, place)
        elif text.startswith("[") and is_list:
            raise UsageError(f"{place}: one JSON object a line is expected, and no list.", place)
        elif text:
            yield Line(_checked(text, place))


def _read_object(text: str, place: str) -> Line:
    """The document in a line of JSON."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise UsageError(f"{place}: it is no JSON.", place)
    wishes = {name: wish for name, wish in value.items() if name not in COLUMNS}
    return Line(_checked(_choose(value), place), _read_wish(wishes, place) if wishes else None)


def _read_wish(wishes: dict[str, Any], place: str) -> Options:
    """What is wished of a document, by the names that the file beside one would say it with."""
    from pydantic import ValidationError

    from worker.sidecars import Options

    try:
        return Options.model_validate(wishes)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:200]
        known = ", ".join((*COLUMNS, *Options.model_fields))
        unknown = first["type"] == "extra_forbidden"
        said = f"it is not known; {known} are, and metadata holds what else there is" if unknown else first["msg"]
        raise UsageError(f"{place}: {where or 'the whole'}: {said}.", place) from None


def _read_table(lines: Iterator[str], name: str) -> Iterator[Line]:
    """The documents in the rows of a table with a head, whatever stands between its columns."""
    head = next((line for line in lines if line.strip()), "")
    delimiter = _find_delimiter(head)
    rows = csv.reader(chain((head,), lines), delimiter=delimiter)
    try:
        columns = [cell.strip().lower() for cell in next(rows, [])]
        if not set(columns) & set(COLUMNS):
            there = ", ".join(cell for cell in columns if cell)[:300]
            raise UsageError(f"{name}: no column is called uri, path or url; there are: {there or 'none'}.", name)
        for row in rows:
            if any(row):
                yield _read_row(dict(zip(columns, row, strict=False)), f"{name}, row {rows.line_num}")
    except csv.Error as error:
        raise UsageError(f"{name}, row {rows.line_num}: {error}.", name) from error


def _find_delimiter(head: str) -> str:
    """What stands between the columns: that which shows a column we know, or else the most columns."""

    def count(delimiter: str) -> tuple[bool, int]:
        cells = [cell.strip().lower() for cell in next(csv.reader([head], delimiter=delimiter), [])]
        return bool(set(cells) & set(COLUMNS)), len(cells)

    return max(DELIMITERS, key=count)


def _read_row(row: dict[str, str], place: str) -> Line:
    password = row.get(PASSWORD)
    return Line(_checked(_choose(row), place), _read_wish({PASSWORD: password}, place) if password else None)


def _choose(values: dict[str, Any]) -> object:
    return next((values[column] for column in COLUMNS if values.get(column)), None)


def _checked(named: object, place: str) -> str:
    """What names a document, as it is written.

    Raises:
        UsageError: nothing, or a bucket without a key.
    """
    if isinstance(named, str) and named and "\0" not in named and _is_encodable(named):
        location = find_location(named, place)
        if not location.startswith(S3) or location.removeprefix(S3).partition("/")[2].strip("/"):
            return location
        raise UsageError(f"{place}: it names a bucket and no object in it.", place)
    raise UsageError(f'{place}: it names no document; {{"path": "…"}} or {{"uri": "s3://…"}} is expected.', place)


def _is_encodable(named: str) -> bool:
    """Whether it can be the name of a file at all: JSON can write half a character."""
    try:
        os.fsencode(named)
    except UnicodeEncodeError:
        return False
    return True

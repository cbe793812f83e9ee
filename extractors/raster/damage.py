"""What is broken in a PDF although pdfium reads it without a word: a parser that returns has proved nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from extractors.raster.objects import PdfObject, UndecodableError, decode, find_objects, named
from schemas.errors import LimitError, UnreadableError
from schemas.filing import Finding

# arrays and dictionaries inside one another; real files have a dozen
_DEEP = re.compile(rb"(?:(?:\[|<<)[^\[\]<>()]{0,60}){200}")
_LENGTH = re.compile(rb"/Length\s+([0-9]{1,20})\b(?!\s+[0-9]+\s+R\b)")
_END = re.compile(rb"startxref\s+([0-9]{1,20})")
# a code of a font has at most two bytes
_MOST_CODES = 1 << 16
_RANGE = re.compile(rb"<\s*([0-9A-Fa-f]{1,16})\s*>\s*<\s*([0-9A-Fa-f]{1,16})\s*>\s*[<\[]")
_FORM = re.compile(rb"/Subtype\s*/Form\b")
_PAGE = re.compile(rb"/Type\s*/Page\b")
_ELSEWHERE = re.compile(rb"/F\s*(?:\(|<<|<[0-9A-Fa-f])")
_ACTION = re.compile(rb"/S\s*/(?:JavaScript|Launch)\b")
_STRING = re.compile(rb"\((?:[^()\\]|\\.)*\)", re.DOTALL)
_FOREIGN = re.compile(rb"[^\s\x21-\x7e]")
_FAILED = "damaged_content"


def find_damage(data: bytes) -> list[Finding]:
    """What pdfium has mended or passed over in the structure of a file, as findings.

    Raises:
        UnreadableError: it is nested beyond anything that a program writes.
        LimitError: a font maps more codes than fonts have.
    """
    objects = find_objects(data)
    _check_fonts(data, objects)
    return [
        *_nested(data),
        *_ends(data),
        *_lengths(data),
        *_loops(objects),
        *_unsized(data),
        *_elsewhere(objects.values()),
        *_active(objects.values()),
    ]


def find_unread(data: bytes) -> list[Finding]:
    """Why pages may look blank that are not: contents that cannot be decoded, or that are none."""
    if b"/Encrypt" in data:
        return []  # every content would look like rubbish
    objects = find_objects(data)
    pages = [item for item in objects.values() if _PAGE.search(item.head)]
    numbers = [number for page in pages for number in named(page.head, b"Contents")]
    found = (_unread(data, objects, number, 1) for number in dict.fromkeys(numbers))
    return [finding for finding in found if finding is not None]


def is_unreadable(finding: Finding) -> bool:
    """True for a finding that says that nothing of a content can be read."""
    return finding.code == _FAILED


def _nested(data: bytes) -> Iterator[Finding]:
    deep = _DEEP.search(data)
    if deep is None:
        return
    inside = data.rfind(b"endstream", 0, deep.start()) < data.rfind(b"stream\n", 0, deep.start()) - 3
    if not inside:
        raise UnreadableError("The PDF is damaged: an object in it is nested more than 200 deep.")
    yield _error(
        "nested_too_deep", "The content of a page is nested more than 200 deep; what lies deeper was not read."
    )


def _ends(data: bytes) -> Iterator[Finding]:
    """The last bytes name the place of the table of contents."""
    ends = _END.findall(data)
    if not ends:
        yield _error("rebuilt", "The PDF has no table of contents; it was rebuilt from the objects that were found.")
    elif int(ends[-1]) >= len(data):
        message = "The table of contents of the PDF would lie past its end: part of the file may be missing."
        yield _error("rebuilt", message)


def _lengths(data: bytes) -> Iterator[Finding]:
    for found in _LENGTH.finditer(data):
        if int(found[1]) > len(data) - found.end():
            message = f"A stream of the PDF would be {int(found[1])} bytes long, longer than the rest of the file."
            yield _error("stream_length", message)
            return


def _check_fonts(data: bytes, objects: Mapping[int, PdfObject]) -> None:
    """A map from codes to characters may unfold to billions; what it says of the print is worth nothing then."""
    maps = {number for item in objects.values() for number in named(item.head, b"ToUnicode")}
    for number in sorted(maps):
        for first, last in _code_ranges(data, objects.get(number)):
            if last - first > _MOST_CODES:
                raise LimitError("memory", f"A font of the PDF gives characters to {last - first} codes.")


def _code_ranges(data: bytes, item: PdfObject | None) -> Iterator[tuple[int, int]]:
    if item is None or item.stream is None:
        return
    try:
        content = decode(data, item) or b""
    except UndecodableError:
        return
    for block in content.split(b"beginbfrange")[1:]:
        for first, last in _RANGE.findall(block.partition(b"endbfrange")[0]):
            yield int(first, 16), int(last, 16)


def _loops(objects: Mapping[int, PdfObject]) -> Iterator[Finding]:
    """Forms that draw themselves, at whatever remove."""
    draws = {n: _drawn(item, objects) for n, item in objects.items() if _FORM.search(item.head)}
    try:
        TopologicalSorter(draws).prepare()
    except CycleError:
        yield _error("form_loop", "A drawing of the PDF draws itself; it was followed only once.")


def _drawn(form: PdfObject, objects: Mapping[int, PdfObject]) -> list[int]:
    heads = [form.head, *(objects[n].head for n in named(form.head, b"Resources") if n in objects)]
    return [number for head in heads for number in named(head, b"XObject")]


def _unsized(data: bytes) -> Iterator[Finding]:
    if b"/MediaBox" not in data and b"/ObjStm" not in data:
        yield _error("page_size", "The PDF does not say how large its pages are; they were taken to be letter size.")


def _elsewhere(objects: Iterable[PdfObject]) -> Iterator[Finding]:
    if any(item.stream is not None and _ELSEWHERE.search(item.head) for item in objects):
        message = "The PDF names another file as the place of some of its content; nothing was fetched."
        yield Finding(code="external_content", severity="warning", message=message)


def _active(objects: Iterable[PdfObject]) -> Iterator[Finding]:
    if any(_ACTION.search(item.head) for item in objects):
        message = "The PDF holds a script or a command to start a program; nothing in it was run."
        yield Finding(code="active_content", severity="info", message=message)


def _unread(data: bytes, objects: Mapping[int, PdfObject], number: int, depth: int) -> Finding | None:
    item = objects.get(number)
    if item is None:
        return None
    if item.stream is None:
        return _unread_list(data, objects, item, depth)
    try:
        content = decode(data, item)
    except UndecodableError as failure:
        message = f"The content of a page (object {number} of the PDF) cannot be decoded."
        return _error("unread_content" if failure.partly else _FAILED, message)
    if content is not None and _FOREIGN.search(_STRING.sub(b"", content)):
        return _error("unread_content", f"The content of a page (object {number} of the PDF) is nothing that draws.")
    return None


def _unread_list(data: bytes, objects: Mapping[int, PdfObject], item: PdfObject, depth: int) -> Finding | None:
    """An object without a stream must be a list of those that have one."""
    if item.head.strip() == b"null":
        return None
    if not item.head.lstrip().startswith(b"[") or depth > 2:
        return _error(_FAILED, f"A page names object {item.number} of the PDF as its content, which is none.")
    found = (_unread(data, objects, number, depth + 1) for number in named(b"/C" + item.head, b"C"))
    return next((finding for finding in found if finding is not None), None)


def _error(code: str, message: str) -> Finding:
    return Finding(code=code, severity="error", message=message)

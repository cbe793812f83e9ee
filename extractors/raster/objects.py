"""The objects of a PDF as its bytes have them, found without its table of contents, for looking at damage only.

What pages say is read by pdfium; it passes over damage without a word, and what it passed over has to be told.
Objects packed into compressed streams are not seen: streams themselves never are.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

# more than a page of print has; a bomb is cut off here
_MOST_BYTES = 8 * 1024 * 1024
_OBJECT = re.compile(rb"(?<![0-9])([0-9]{1,10})\s+[0-9]{1,5}\s+obj\b")
_STREAM = re.compile(rb"stream\r?\n")
_REFERENCE = re.compile(rb"([0-9]{1,10})\s+[0-9]{1,5}\s+R\b")
_FILTER = re.compile(rb"/Filter\s*(\[[^\]]*\]|/\w+)")
_HEX = re.compile(rb"[^0-9A-Fa-f]")
_NOT_HEX = re.compile(rb"[^0-9A-Fa-f\s]")


@dataclass(frozen=True, slots=True)
class PdfObject:
    """An object: the bytes before its stream (all of them where it has none), and where its stream lies."""

    number: int
    head: bytes
    stream: tuple[int, int] | None


class UndecodableError(Exception):
    """A stream cannot be decoded; ``partly`` when something of it can."""

    def __init__(self, *, partly: bool) -> None:
        super().__init__()
        self.partly = partly


def find_objects(data: bytes) -> dict[int, PdfObject]:
    """All objects by their numbers; of several with one number the last, as in a file that was added to."""
    starts = [(int(found[1]), found.end()) for found in _OBJECT.finditer(data)]
    ends = [*(start for _, start in starts), len(data)][1:]
    found = (_read(data, number, start, end) for (number, start), end in zip(starts, ends, strict=True))
    return {item.number: item for item in found}


def _read(data: bytes, number: int, start: int, end: int) -> PdfObject:
    opened = _STREAM.search(data, start, end)
    if opened is None:
        closed = data.find(b"endobj", start, end)
        return PdfObject(number, data[start : closed if closed >= 0 else end], None)
    closed = data.find(b"endstream", opened.end(), end)
    return PdfObject(number, data[start : opened.start()], (opened.end(), closed if closed >= 0 else end))


def references(value: bytes) -> list[int]:
    """The numbers of the objects that a value refers to."""
    return [int(found) for found in _REFERENCE.findall(value)]


def named(head: bytes, name: bytes) -> list[int]:
    """The numbers of the objects under a name of a dictionary: one reference, an array or a dictionary of them."""
    found = re.search(rb"/" + name + rb"\s*(\[[^\]]{0,20000}\]|<<.{0,20000}?>>|[0-9]+\s+[0-9]+\s+R\b)", head, re.DOTALL)
    return references(found[1]) if found else []


def decode(data: bytes, item: PdfObject) -> bytes | None:
    """The first bytes of a stream, decoded; None where its filters are not known here.

    Raises:
        UndecodableError: the filters fail.
    """
    start, end = item.stream or (0, 0)
    content = data[start:end]
    for name in _filters(item.head):
        if name == b"FlateDecode":
            content = _inflated(content, item.head)
        elif name == b"ASCIIHexDecode":
            content = _unhexed(content)
        elif name == b"ASCII85Decode":
            content = _un85(content)
        else:
            return None
    return content


def _filters(head: bytes) -> Iterator[bytes]:
    found = _FILTER.search(head)
    yield from re.findall(rb"/(\w+)", found[1]) if found else ()


def _inflated(content: bytes, head: bytes) -> bytes:
    machine = zlib.decompressobj()
    try:
        inflated = machine.decompress(content, _MOST_BYTES)
    except zlib.error:
        raise UndecodableError(partly=False) from None
    predictor = _number(head, b"Predictor", 1)
    if predictor >= 10:
        row = _number(head, b"Columns", 1) * _number(head, b"Colors", 1) * _number(head, b"BitsPerComponent", 8) // 8
        # a row that is longer than all rows together
        if row > len(inflated):
            raise UndecodableError(partly=False)
    return inflated


def _unhexed(content: bytes) -> bytes:
    content = content.partition(b">")[0]
    if _NOT_HEX.search(content):
        raise UndecodableError(partly=True)
    digits = _HEX.sub(b"", content)
    return binascii.unhexlify(digits + b"0" * (len(digits) % 2))


def _un85(content: bytes) -> bytes:
    try:
        return base64.a85decode(content.strip().removeprefix(b"<~").partition(b"~>")[0])
    except ValueError:
        raise UndecodableError(partly=True) from None


def _number(head: bytes, name: bytes, usual: int) -> int:
    found = re.search(rb"/" + name + rb"\s+([0-9]{1,12})\b", head)
    return int(found[1]) if found else usual

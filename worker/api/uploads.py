"""Uploads, streamed to the disk: neither a file nor a body is ever in memory as a whole.

A ``multipart/form-data`` body is parsed as it comes in; its file goes to a file without a name in the folder of the
service, so that nothing is left behind however the request ends.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

import anyio
from anyio.to_thread import run_sync
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from worker.api.problems import ApiError
from worker.blobs import storing

FILE_FIELD: Final = "file"
# a form's fields besides the file, all together
FIELDS_BYTES: Final = 128 * 1024
MOST_PARTS: Final = 16
# what is gathered before a thread is asked to write it
BUFFER: Final = 512 * 1024
# boundaries and headers of the parts
OVERHEAD: Final = 64 * 1024
# a client that sends nothing for so long has gone
SILENCE_SECONDS: Final = 60.0
# after so many seconds of waiting for it, a client must have sent so many bytes for each: who sends a byte a minute
# keeps a place from others
GRACE_SECONDS: Final = 60.0
LEAST_RATE: Final = 1024
BOUNDARY: Final = re.compile(rb"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")


@dataclass(slots=True)
class Upload:
    """A body that has been read.

    Attributes:
        stream: the file's bytes, at their beginning; closed by whoever holds the upload.
        name: the file's name as the client gave it, or "".
        fields: the form's other fields.
    """

    stream: BinaryIO
    name: str
    size: int
    sha256: str
    fields: dict[str, str]


@dataclass(slots=True)
class _Form:
    """The parser's callbacks: which part we are in, and where its bytes go."""

    target: BinaryIO
    limit: int
    name: str = ""
    size: int = 0
    files: int = 0
    parts: int = 0
    held: int = 0
    read: int = 0
    fields: dict[str, bytes] = field(default_factory=dict)
    hash: Any = field(default_factory=hashlib.sha256)
    complete: bool = False
    _field: str = ""
    _header: bytes = b""
    _value: bytes = b""
    _disposition: str = ""

    def callbacks(self) -> dict[str, Callable[..., None]]:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._open,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self.parts += 1
        self._disposition, self._header, self._value = "", b"", b""
        if self.parts > MOST_PARTS:
            raise ApiError(413, f"A form has at most {MOST_PARTS} parts.")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value.decode("latin-1")  # as it comes back out of its options
        self._header, self._value = b"", b""

    def _open(self) -> None:
        kind, options = parse_options_header(self._disposition)
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        if kind != b"form-data" or not self._field:
            raise ApiError(400, "A part of the form has no name.")
        if self._field == FILE_FIELD:
            self.files += 1
            self.name = options.get(b"filename", b"").decode("utf-8", "replace")
            if self.files > 1:
                raise ApiError(422, "One document a request: there are two files.", place=FILE_FIELD)
        elif self._field in self.fields:
            raise ApiError(422, "A field is given twice.", place=self._field[:100])
        else:
            self.fields[self._field] = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._field == FILE_FIELD:
            self.write(data[start:end])
            return
        self.held += end - start
        if self.held > FIELDS_BYTES:
            raise ApiError(413, f"The fields of a form hold at most {FIELDS_BYTES:,} bytes.")
        self.fields[self._field] += data[start:end]

    def _end(self) -> None:
        self.complete = True

    def check(self) -> None:
        """Raise unless it has come to its end, with a file in it."""
        if not self.complete:
            raise ApiError(400, "The form is cut off: its last boundary is missing.")
        if not self.files:
            raise ApiError(422, "The form has no file.", place=FILE_FIELD)

    @property
    def texts(self) -> dict[str, str]:
        """The fields besides the file.

        Raises:
            ApiError: 422, one is no UTF-8.
        """
        found = {}
        for name, value in self.fields.items():
            try:
                found[name] = value.decode()
            except UnicodeDecodeError:
                raise ApiError(422, "This field is no UTF-8.", place=f"body.{name[:100]}") from None
        return found

    def write(self, data: bytes) -> None:
        """Take bytes of the file."""
        self.size += len(data)
        if self.size > self.limit:
            raise too_large(self.limit)
        self.hash.update(data)
        self.target.write(data)


def too_large(limit: int) -> ApiError:
    """What is said of a document that is too large; the connection is of no use any more."""
    return ApiError(413, f"It is larger than the {limit:,} bytes that are taken.", headers={"Connection": "close"})


class Receiver:
    """Reads bodies into files of one folder, so many at a time."""

    def __init__(self, folder: Path, limit: int, check_disk: Callable[[int], None], at_once: int = 8) -> None:
        self.folder = folder
        self.limit = limit
        # asked for each piece: many that come at once, or do not say how much they bring, fill a disk together
        self.check_disk = check_disk
        # writing and hashing keep threads busy: uploads must leave some to everybody else
        self.threads = anyio.CapacityLimiter(at_once)

    async def form(self, body: AsyncIterator[bytes], content_type: str, length: str | None) -> Upload:
        """Read a ``multipart/form-data`` body with a part ``file``; who calls closes its stream.

        Raises:
            ApiError: too large, no form, cut off.
        """
        if length is not None and length.isdecimal() and int(length) > self.limit + FIELDS_BYTES + OVERHEAD:
            raise too_large(self.limit)
        boundary = _boundary(content_type)
        target = await run_sync(self.make_file, limiter=self.threads)
        form = _Form(target, self.limit)
        try:
            parser = MultipartParser(boundary, form.callbacks(), max_size=self.limit + FIELDS_BYTES + OVERHEAD)  # type: ignore[arg-type]
            async for chunk in gathered(body):
                await run_sync(partial(self._parse, parser, form, chunk), limiter=self.threads)
            form.check()
            texts = form.texts
            await run_sync(partial(target.seek, 0), limiter=self.threads)
        except BaseException:
            target.close()
            raise
        return Upload(target, form.name, form.size, form.hash.hexdigest(), texts)

    def _parse(self, parser: MultipartParser, form: _Form, chunk: bytes) -> None:
        form.read += len(chunk)  # the parser does not count what follows the last boundary
        if form.read > self.limit + FIELDS_BYTES + OVERHEAD:
            raise too_large(self.limit)
        self.check_disk(len(chunk))
        try:
            with storing():
                parser.write(chunk)
        except FormParserError as error:
            raise ApiError(400, "The form cannot be read: it is not as its Content-Type says.") from error

    def make_file(self) -> BinaryIO:
        """A file without a name: it is gone when it is closed, or when we are killed."""
        with storing():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return tempfile.TemporaryFile(dir=self.folder)


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data":
        raise ApiError(415, "A document is sent as multipart/form-data, its part called file, or named in JSON.")
    if not BOUNDARY.fullmatch(boundary):
        raise ApiError(400, "The form's Content-Type has no boundary.")
    return boundary


async def gathered(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body in pieces that are worth a thread's time.

    Raises:
        ApiError: the client has sent nothing for ``SILENCE_SECONDS``, or all in all too slowly.
    """
    held = bytearray()
    iterator = body.__aiter__()
    count, waited = 0, 0.0
    while True:
        begun = time.monotonic()
        try:
            with anyio.fail_after(SILENCE_SECONDS):
                chunk = await anext(iterator, None)
        except TimeoutError:
            raise ApiError(408, "Nothing was sent for a while.", headers={"Connection": "close"}) from None
        if chunk is None:
            break
        held += chunk
        count, waited = count + len(chunk), waited + time.monotonic() - begun
        if waited > GRACE_SECONDS and count < waited * LEAST_RATE:
            raise ApiError(408, "It is sent too slowly.", headers={"Connection": "close"})
        if len(held) >= BUFFER:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def file_name(text: str) -> str:
    """The last part of what a client calls its file, decoded where a browser has encoded it: these three, no others."""
    for code, character in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
        text = text.replace(code, character)
    return text.replace("\\", "/").rpartition("/")[2]

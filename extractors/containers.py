"""Containers: a file that holds several documents (EDGAR full submission, ZIP).

A part that is a container itself is handed out as it is: whoever fans out counts the depth.
"""

from __future__ import annotations

import binascii
import datetime as dt
import hashlib
import io
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass

from extractors.page import Origin
from schemas.errors import EmptyError, EncryptedError, LimitError, UnreadableError, UnsafeError, UnsupportedError
from schemas.filing import Identification

MAX_PARTS = 10_000
MAX_PART_BYTES = 200 * 1024 * 1024
MAX_TOTAL_BYTES = 600 * 1024 * 1024
# filings compress 10 to 40 times, pages of blanks 100 times; below the size a bomb does no harm
MAX_RATIO = 200
_RATIO_BYTES = 4 * 1024 * 1024
_CHUNK = 1024 * 1024

_SUBMISSION = re.compile(
    rb"\A[\s\xef\xbb\xbf]*(?:-----BEGIN PRIVACY-ENHANCED MESSAGE-----|<SEC-DOCUMENT>|<IMS-DOCUMENT>|<SUBMISSION>"
    rb"|<SEC-HEADER>|<IMS-HEADER>)",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(rb"^[ \t]*<DOCUMENT>[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_DOCUMENT_END = re.compile(rb"^[ \t]*</DOCUMENT>", re.IGNORECASE | re.MULTILINE)
_TEXT = re.compile(rb"<TEXT>[ \t]*\r?\n?", re.IGNORECASE)
_TEXT_END = re.compile(rb"\r?\n?[ \t]*</TEXT>\s*\Z", re.IGNORECASE)
_WRAPPER = re.compile(rb"\A\s*<(PDF|XBRL|XML)>\s*?\r?\n?", re.IGNORECASE)
_TAG = re.compile(rb"^[ \t]*<(TYPE|FILENAME|DESCRIPTION)>[ \t]*([^\r\n<]*)", re.IGNORECASE | re.MULTILINE)
_ENCODED = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)
_HTML = re.compile(rb"(?i)<html[\s>]|<!doctype\s+html")
# what EDGAR adds to the documents: data, pictures, and its own renderings of the data
_DATA = re.compile(r"(?:XML|EXCEL|ZIP|JSON|EX-10[0-4](?:\.\w+)?|GRAPHIC|COVER-XML)\Z", re.IGNORECASE)
_RENDERED = re.compile(r"R\d+\.html?\Z", re.IGNORECASE)
_UNSAFE = "Its name climbs out of the archive, or it is a link or lies behind one."
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_DAMAGED_ZIP = (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError)
_OFFICE = ("[content_types].xml", "mimetype", "meta-inf/manifest.mf")
# what may hold a filing in a form that is not read; in an archive it is no picture or style sheet beside a page
_UNREAD = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office file"),
    (b"{\\rtf", "a rich-text file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"%!PS", "a PostScript file"),
    (b"AT&TFORM", "a DjVu file"),
)
_AES = 99
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True, slots=True)
class Part:
    """A document inside a container: ``<nn>-<part>`` is its name on disk, ``origin`` what the container says of it."""

    number: int
    name: str
    data: bytes
    origin: Origin


@dataclass(frozen=True, slots=True)
class Skipped:
    """A member of a container that is no document to read, and one sentence why.

    ``lost``: it may have held one. ``locked``: the right password opens it.
    """

    name: str
    reason: str
    lost: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """What a container holds: the documents, numbered from 1, what was passed over, and how many have no end."""

    parts: tuple[Part, ...]
    skipped: tuple[Skipped, ...] = ()
    unended: int = 0

    @property
    def left_out(self) -> str | None:
        """A sentence where something that may be a document was left out, else None."""
        for member in self.skipped:
            if member.lost:
                return f"{member.name}: {member.reason}"
        if self.unended:
            return f"{self.unended} documents of the submission have no end; what they held may be missing."
        return None

    @property
    def locked(self) -> bool:
        """Whether a member was left out for want of the right password."""
        return any(member.locked for member in self.skipped)


def find_parts(data: bytes, name: str, password: str | None = None) -> tuple[Part, ...] | None:
    """The documents of a container, in order; None when the bytes are no container. Raises as ``open_container``."""
    container = open_container(data, name, password)
    return container.parts if container is not None else None


def open_container(data: bytes, name: str, password: str | None = None) -> Container | None:
    """Take a container apart; None when the bytes are none.

    Args:
        data: the file. name: for messages only ("" says nothing), never to decide what it is. password: opens
            encrypted members.

    Raises:
        EmptyError: an archive that holds no files.
        LimitError: too many members, too large, or compressed beyond what documents are.
        UnsafeError: nothing but members whose names climb out of the archive or that are links.
        EncryptedError: all members ask for a password. UnsupportedError: an office file, a program archive.
        UnreadableError: the archive is damaged, or all its members are; one of several is left out, and said.
    """
    if data.startswith(_ZIP):
        return _open_zip(data, name, password)
    if _SUBMISSION.match(data[:4096]) and _DOCUMENT.search(data):  # without a document it is one itself, after a header
        return _open_submission(data)
    # a wrapper around one text is that text; several, without EDGAR's header, are a submission all the same
    starts = _DOCUMENT.finditer(data)
    if re.match(rb"\s*<DOCUMENT>", data[:4096], re.IGNORECASE) and next(starts, None) and next(starts, None):
        return _open_submission(data)
    return None


def safe_name(name: str, fallback: str = "part") -> str:
    """A file name without folders, blanks, control characters or a leading point or dash; at most 100 characters."""
    last = re.split(r"[\\/]", name)[-1]
    clean = re.sub(r"[^\w.+-]+", "_", last, flags=re.ASCII).lstrip(".-_").rstrip(".")
    if len(clean) > 100:
        stem, dot, ending = clean.rpartition(".")
        clean = f"{stem[: 99 - len(ending)]}.{ending}" if dot and len(ending) <= 8 else clean[:100]
    return clean or fallback


# --- EDGAR ------------------------------------------------------------------------------------------------------


def _open_submission(data: bytes) -> Container:
    opened = list(_DOCUMENT.finditer(data))
    if len(opened) > MAX_PARTS:
        raise LimitError("size", f"The submission holds {len(opened)} documents, more than {MAX_PARTS} allowed.")
    ends = [*(found.start() for found in opened[1:]), len(data)]
    header = read_header(data[: opened[0].start() if opened else len(data)].decode("cp1252", errors="replace"))
    origin = Origin(parent=hashlib.sha256(data).hexdigest(), header=header)
    parts: list[Part] = []
    skipped: list[Skipped] = []
    unended = 0
    for found, end in zip(opened, ends if opened else (), strict=True):
        stop = _DOCUMENT_END.search(data, found.end(), end)
        unended += stop is None
        name, content = _submitted(data[found.end() : stop.start() if stop else end], len(parts) + 1)
        if isinstance(content, Skipped):
            skipped.append(content)
        else:
            parts.append(Part(len(parts) + 1, name, content, origin))
    return Container(tuple(parts), tuple(skipped), unended)


def _submitted(document: bytes, number: int) -> tuple[str, bytes | Skipped]:
    """The name of a ``<DOCUMENT>`` and its bytes, or why it is none to read."""
    opened = _TEXT.search(document)
    head = document[: opened.start()] if opened else document[:2000]
    tags = {tag.upper(): value.strip().decode("cp1252", errors="replace") for tag, value in _TAG.findall(head)}
    kind = tags.get(b"TYPE", "")
    file_name = safe_name(tags.get(b"FILENAME", ""), "")
    name = file_name or safe_name(kind, f"document{number}").lower() + ".txt"
    body = _TEXT_END.sub(b"", document[opened.end() :]) if opened else b""
    wrapper = _WRAPPER.match(body)
    if wrapper:
        body = re.sub(rb"\s*</" + wrapper[1] + rb">\s*\Z", b"", body[wrapper.end() :], flags=re.IGNORECASE)
    if not body.strip():
        return name, Skipped(name, "It holds no text.")
    encoded = _ENCODED.search(body[:2000])
    decoded, sound = _uudecoded(body[encoded.end() :]) if encoded else (body, True)
    if _DATA.match(kind) or _RENDERED.match(file_name):
        return name, _passed_over(name, kind or "R-file", decoded, sound)
    if wrapper and wrapper[1].upper() != b"PDF" and not _HTML.search(body[:20_000]):
        return name, Skipped(name, "It is XML data that belongs to the filing, no document.")
    if not decoded:
        return name, Skipped(name, "It is encoded (uuencode) and damaged beyond decoding.", lost=True)
    return name, decoded


def _passed_over(name: str, kind: str, content: bytes, sound: bool) -> Skipped:
    """Data and pictures belong to the filing; what is damaged, or an archive not to be opened, may have been more."""
    if not sound:
        return Skipped(name, f"It is of type {kind}, and what it is encoded in is damaged.", lost=True)
    if content.startswith(_ZIP):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                _check_members(archive.infolist())
        except UnreadableError as error:
            return Skipped(name, error.detail, lost=True)
        except _DAMAGED_ZIP as error:
            return Skipped(name, f"The ZIP archive is damaged: {error}.", lost=True)
    return Skipped(name, f"It is of type {kind}: data or a picture that belongs to the filing, no document.")


def _uudecoded(lines: bytes) -> tuple[bytes, bool]:
    """The bytes of a uuencoded text up to its end or to the first line that is none, and whether the end was there."""
    decoded = bytearray()
    for line in lines.splitlines():
        if line.strip() in (b"end", b"`", b""):
            return bytes(decoded), True
        try:
            decoded += binascii.a2b_uu(line)
        except binascii.Error:
            # some encoders pad lines wrongly: what the length byte announces is there all the same
            try:
                decoded += binascii.a2b_uu(line[: (((line[0] - 32) & 63) * 4 + 5) // 3])
            except binascii.Error:
                break
    return bytes(decoded), False


_FIELDS = {
    "accession": re.compile(r"(?im)^[ \t]*(?:ACCESSION NUMBER:|<ACCESSION-NUMBER>)\s*(\d{10}-\d{2}-\d{6})"),
    "form": re.compile(r"(?im)^[ \t]*(?:CONFORMED SUBMISSION TYPE:|<TYPE>)[ \t]*(\S[^\r\n<]*)"),
    "registrant": re.compile(r"(?im)^[ \t]*(?:COMPANY CONFORMED NAME:|<CONFORMED-NAME>)[ \t]*(\S[^\r\n<]*)"),
    "cik": re.compile(r"(?im)^[ \t]*(?:CENTRAL INDEX KEY:|<CIK>)[ \t]*(\d{1,10})"),
    "period": re.compile(r"(?im)^[ \t]*(?:CONFORMED PERIOD OF REPORT:|<PERIOD>)[ \t]*(\d{8})"),
}
# of several companies in a header it is the one the filing is about
_ABOUT = re.compile(r"(?im)^[ \t]*(?:SUBJECT COMPANY:|<SUBJECT-COMPANY>|FILER:|<FILER>|ISSUER:|<ISSUER>)")


def read_header(text: str) -> Identification | None:
    """What EDGAR's header says of the filing; None when it says nothing."""
    about = _ABOUT.search(text)
    found: dict[str, str] = {}
    for field, pattern in _FIELDS.items():
        hit = (pattern.search(text, about.start()) if about and field in ("registrant", "cik") else None) or (
            pattern.search(text)
        )
        if hit:
            found[field] = hit[1].strip()
    if not found:
        return None
    day = found.get("period")
    return Identification(
        registrant=found.get("registrant"),
        form=found.get("form"),
        report_date=_date(day) if day else None,
        cik=found["cik"].zfill(10) if "cik" in found else None,
        accession=found.get("accession"),
    )


def _date(digits: str) -> str | None:
    try:
        return dt.date.fromisoformat(digits).isoformat()
    except ValueError:
        return None


# --- ZIP --------------------------------------------------------------------------------------------------------


def _open_zip(data: bytes, name: str, password: str | None) -> Container:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGED_ZIP as error:
        raise UnreadableError(f"The ZIP archive is damaged: {_without_end(error)}.", name or None) from None
    with archive:
        members = archive.infolist()
        _check_members(members)
        origin = Origin(parent=hashlib.sha256(data).hexdigest())
        parts: list[Part] = []
        skipped: list[Skipped] = []
        failed: list[UnreadableError] = []
        links = tuple(member.filename.rstrip("/") + "/" for member in members if _is_link(member))
        for member in members:
            reason = _unread(member, links)
            if reason is not None:
                if reason:
                    skipped.append(Skipped(safe_name(member.filename), reason, lost=reason == _UNSAFE))
                continue
            try:
                content = _extract(archive, member, password, MAX_TOTAL_BYTES - sum(len(part.data) for part in parts))
            except LimitError:
                raise
            except UnreadableError as error:  # the others are no worse for it
                failed.append(error)
                locked = isinstance(error, EncryptedError) and member.compress_type != _AES
                skipped.append(Skipped(safe_name(member.filename), error.detail, lost=True, locked=locked))
            else:
                parts.append(Part(len(parts) + 1, safe_name(member.filename), content, origin))
    return _of_archive(parts, skipped, failed)


def _of_archive(parts: list[Part], skipped: list[Skipped], failed: list[UnreadableError]) -> Container:
    """What came out of an archive. Where nothing did, the archive is what its members are."""
    if parts:
        return Container(tuple(parts), tuple(skipped))
    if failed:
        raise failed[0]
    if not skipped:
        raise EmptyError("The archive holds no files.")
    if any(entry.reason == _UNSAFE for entry in skipped):
        raise UnsafeError("The members of the archive climb out of it or are links; nothing was unpacked.")
    return Container((), tuple(skipped))


def _without_end(error: Exception) -> str:
    """What is damaged, by the library's word for it; the list of an archive's members stands at its end."""
    if "not a zip file" in str(error):
        return "it has no list of its members at its end, so part of it is missing"
    return str(error).removesuffix(".")


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    names = {member.filename.lower() for member in members}
    if any(mark in names for mark in _OFFICE):
        raise UnsupportedError("The file is an office file or a program archive (ZIP), not a document that is read.")
    if len(members) > MAX_PARTS:
        raise LimitError("size", f"The archive holds {len(members)} members, more than {MAX_PARTS} allowed.")
    total = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    if total > _RATIO_BYTES and total > packed * MAX_RATIO:
        raise LimitError("ratio", f"The archive unpacks to {total // packed} times its size.")
    if total > MAX_TOTAL_BYTES:
        raise LimitError("size", f"The archive unpacks to {total} bytes, more than {MAX_TOTAL_BYTES} allowed.")


def _unread(member: zipfile.ZipInfo, links: tuple[str, ...]) -> str | None:
    """None for a member to read, "" for one that says nothing (a folder), else the reason why it is passed over."""
    path = member.filename.replace("\\", "/")
    climbs = path.startswith("/") or bool(re.match(r"[A-Za-z]:", path)) or ".." in path.split("/")
    if climbs or _is_link(member) or path.startswith(links):
        return _UNSAFE
    if member.is_dir():
        return ""
    segments = member.filename.split("/")
    if segments[0] == "__MACOSX" or segments[-1].startswith((".", "~$")):
        return "It is a hidden file."
    return None


def _is_link(member: zipfile.ZipInfo) -> bool:
    """True for a link, a device or a pipe: anything but a file and a folder."""
    return stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR)


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, password: str | None, room: int) -> bytes:
    """The bytes of a member; what its header says of the size is not believed."""
    _check_method(member)
    if member.flag_bits & 1 and password is None:
        raise EncryptedError("The archive is encrypted; give its password.", safe_name(member.filename))
    limit = min(MAX_PART_BYTES, room, max(_RATIO_BYTES, member.compress_size * MAX_RATIO))
    content = bytearray()
    try:
        with archive.open(member, pwd=password.encode() if password else None) as file:
            for chunk in iter(lambda: file.read(_CHUNK), b""):
                content += chunk
                if len(content) > limit:
                    raise LimitError("size", "A member unpacks to more than is allowed.", safe_name(member.filename))
    except NotImplementedError as error:  # a RuntimeError too
        said = f"A member of the archive is packed in a way that is not read: {error}."
        raise UnsupportedError(said, safe_name(member.filename)) from None
    except RuntimeError as error:
        raise EncryptedError(f"The archive cannot be opened: {error}.", safe_name(member.filename)) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError) as error:
        if member.flag_bits & 1:
            raise EncryptedError("The password does not open the archive.", safe_name(member.filename)) from None
        raise UnreadableError(f"A member of the archive is damaged: {error}.", safe_name(member.filename)) from None
    unread = _find_unread(content)
    if unread:
        raise UnsupportedError(f"A member of the archive is {unread}, which is not read.", safe_name(member.filename))
    return bytes(content)


def _check_method(member: zipfile.ZipInfo) -> None:
    """Refuse what no password and no care can unpack here.

    Raises:
        EncryptedError: it is encrypted in another way. UnsupportedError: it is compressed in another way.
    """
    if member.compress_type == _AES:
        said = "The archive is encrypted with AES, which is not opened; unpack it first."
        raise EncryptedError(said, safe_name(member.filename))
    if member.compress_type not in _METHODS:
        said = f"A member of the archive is compressed in a way that is not read (method {member.compress_type})."
        raise UnsupportedError(said, safe_name(member.filename))


def _find_unread(content: bytearray) -> str:
    """What a member is that may hold a filing and is not read; "" for all others."""
    for magic, name in _UNREAD:
        if content.startswith(magic):
            return name
    if not content.startswith(_ZIP):
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "an office file" if any(name.lower() in _OFFICE[:2] for name in archive.namelist()) else ""
    except _DAMAGED_ZIP:
        return ""

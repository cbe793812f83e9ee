"""What the bytes are, by their content and never by a file name: html, pdf, image or text.

Whatever else they are (office files, programs, archives, data) is refused with one clear sentence. A container
(``extractors.containers``) is taken apart before its parts come here.
"""

from __future__ import annotations

import codecs
import json
import re

from extractors.page import Kind
from schemas.errors import EmptyError, LimitError, UnsafeError, UnsupportedError

# readers accept junk before the header within the first kilobyte; mail gateways prepend more, so a header that
# starts a line and is followed by an object counts within this many bytes
_PDF_JUNK = 8192
_PDF_HEADER = re.compile(rb"%PDF-\d")
_PDF_OBJECT = re.compile(rb"(?:^|[\r\n])\s*\d+\s+\d+\s+obj\b|[\r\n]xref\b")

_IMAGES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ", "a program (Windows)"),
    (b"\xcf\xfa\xed\xfe", "a program (Mach-O)"),
    (b"\xfe\xed\xfa", "a program (Mach-O)"),
    (b"\xca\xfe\xba\xbe", "a program (Java)"),
    (b"\0asm", "a program (WebAssembly)"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office file (OLE)"),
    (b"{\\rtf", "a rich-text file"),
    (b"\x1f\x8b", "compressed data (gzip)"),
    (b"BZh", "compressed data (bzip2)"),
    (b"\xfd7zXZ\0", "compressed data (xz)"),
    (b"\x28\xb5\x2f\xfd", "compressed data (zstd)"),
    (b"7z\xbc\xaf\x27\x1c", "an archive (7z)"),
    (b"Rar!\x1a\x07", "an archive (RAR)"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (b"AT&TFORM", "a DjVu file"),
    (b"RIFF", "a media file (RIFF)"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (b"SQLite format 3\0", "a database"),
)
# two letters are no mark: what follows them in a bitmap is nought twice and the length of one of its headers
_BITMAP = re.compile(rb"BM.{4}\0\0\0\0.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")

_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# markup that only HTML has; the tags of 1990s text (<TABLE>, <CAPTION>, <S>, <C>, <PAGE>) and of EDGAR's wrapper are
# not part of it
_HTML_ROOT = re.compile(r"(?i)<!doctype\s+html\b|<html[\s>]")
_HTML_CELL = re.compile(r"(?i)<t[dr](?:\s[^<>]*)?>|<table\s+[a-z0-9-]+\s*=")
_HTML_BLOCK = re.compile(
    r"(?i)<(div|p|br|font|span|h[1-6]|hr|li|ul|ol|b|i|u|center|body|head|meta|pre|a)(?:\s[^<>]*)?/?>"
)
_INLINE = frozenset({"br", "font", "span", "b", "i", "u", "a"})
# a row whose cells bars or tabs part, and how many of them make a table
_BARRED, _ROWS = re.compile(r"(?m)^[^<\n|\t]*(?:[|\t][^|\t\n]*){2,}$"), 3
_PRINTED = re.compile(rb"[^ \t\r\n\f\v\0]")  # looked for: to strip the blanks would copy the document
_XML = re.compile(r"\s*<\?xml\b|\s*<!DOCTYPE\s+(?!html)\w", re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\s+(?:%\s+)?[\w.:-]+\s+(?P<external>SYSTEM|PUBLIC)?\s*(?P<value>\"[^\"]*\"|'[^']*')?")
_SAMPLE = 400_000
_JSON_LIMIT = 8 * 1024 * 1024


def sniff(data: bytes) -> Kind:
    """Tell which reader the bytes are for.

    Raises:
        EmptyError: no bytes, or nothing but blanks and noughts.
        UnsupportedError: a kind that is not read; the sentence says which.
        UnsafeError: XML that names files outside of itself. LimitError: XML whose entities multiply.
    """
    return _identify(data)[0]


def media_type(data: bytes) -> str:
    """The media type of the bytes, ``application/pdf`` for example; raises as ``sniff`` does."""
    return _identify(data)[1]


def _identify(data: bytes) -> tuple[Kind, str]:
    if not _PRINTED.search(data):
        raise EmptyError("The document holds no bytes." if not data else "The document holds nothing but blanks.")
    if _is_pdf(data):
        return "pdf", "application/pdf"
    for magic, name in _IMAGES:
        if data.startswith(magic):
            return "image", name
    if _BITMAP.match(data):
        return "image", "image/bmp"
    _refuse_foreign(data)
    text = _decoded(data)
    if not text.strip("\ufeff \t\r\n\f\v\0\N{NO-BREAK SPACE}"):
        raise EmptyError("The document holds nothing but blanks.")
    return ("html", "text/html") if _is_html(text) else _text(data, text)


def _is_pdf(data: bytes) -> bool:
    head = data[:_PDF_JUNK]
    found = _PDF_HEADER.search(head)
    if found is None:
        return False
    if found.start() <= 4:
        return True
    # a text may speak of "%PDF-1.4": past the very start an object has to follow
    return bool(_PDF_OBJECT.search(data, found.start(), found.start() + _PDF_JUNK))


def _refuse_foreign(data: bytes) -> None:
    if data.startswith(_ZIP):
        raise UnsupportedError("The file is a ZIP archive that holds no filing.")
    for magic, name in _FOREIGN:
        if data.startswith(magic):
            raise UnsupportedError(f"The file is {name}, not a document that is read.")


def _decoded(data: bytes) -> str:
    """The start of the text; enough to tell what it is.

    Raises:
        UnsupportedError: the bytes are no text in any usual encoding.
    """
    head = data[:_SAMPLE].rstrip(b"\0") if not data.startswith(b"\xff\xfe") else data[:_SAMPLE]
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return head[len(bom) :].decode(encoding, errors="replace")
    for encoding, bare in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        # ASCII in two bytes: every other byte is nought, and none of the rest is
        if bare and bare.count(0) > 0.7 * len(bare) and head.count(0) < 0.6 * len(head):
            return head.decode(encoding, errors="replace")
    controls = sum(head.count(byte) for byte in range(1, 32) if byte not in b"\t\n\v\f\r\x1a\x1b")
    noughts = head.rstrip(b"\0").count(0)
    if controls > 0.02 * len(head) + 2 or noughts > 0.05 * len(head) + 2:
        raise UnsupportedError("The file is binary data of an unknown kind, not a document that is read.")
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError:
        return head.decode("cp1252", errors="replace")


def _is_html(text: str) -> bool:
    if _HTML_ROOT.search(text[:20_000]):
        return True
    if _XML.match(text):
        return False
    if _HTML_CELL.search(text):
        return True
    # a stray <b> or <br> does not make a text a page: it needs several marks, and one for every few lines
    found = [mark[1].lower() for mark in _HTML_BLOCK.finditer(text)]
    if len(_BARRED.findall(text)) >= _ROWS:
        # converters write Markdown with marks of HTML in its cells
        found = [name for name in found if name not in _INLINE]
    return len(found) >= 3 and len(found) * 12 >= text.count("\n")


def _text(data: bytes, text: str) -> tuple[Kind, str]:
    if _XML.match(text):
        _refuse_xml(text)
    if _is_json(data, text):
        raise UnsupportedError("The file is JSON data, not a document.")
    if _is_separated(text):
        raise UnsupportedError("The file is a list of separated values (CSV), not a document.")
    return "text", "text/plain"


def _refuse_xml(text: str) -> None:
    """XML that is no page: data, in the best case."""
    if re.search(r"<(?:\w+:)?svg[\s>]", text):
        raise UnsupportedError("The file is a drawing (SVG), not a document that is read.")
    entities = list(_ENTITY.finditer(text[:100_000]))
    if any(entity["external"] for entity in entities):
        raise UnsafeError("The XML names files outside of itself; nothing was fetched.")
    if sum(1 for entity in entities if (entity["value"] or "").count("&") > 1) > 2:
        raise LimitError("ratio", "The entities of the XML multiply without bound; they were not expanded.")
    raise UnsupportedError("The file is XML data, not a document.")


def _is_json(data: bytes, text: str) -> bool:
    bare = text.strip()
    if not bare.startswith(("{", "[")):
        return False
    if len(data) <= _JSON_LIMIT:
        try:
            json.loads(data)
        except RecursionError:
            return True
        except ValueError:
            pass
        else:
            return True
    # one object a line, or too long to be parsed for a look
    first = bare.split("\n", 1)[0]
    return bool(re.match(r'\{\s*"(?:[^"\\]|\\.)*"\s*:', bare)) and (len(data) > _JSON_LIMIT or first.endswith("}"))


def _is_separated(text: str) -> bool:
    """True when every line has the same number (two or more) of commas or semicolons, and none is set in columns."""
    lines = [line for line in text.splitlines()[:200] if line.strip()]
    if len(lines) < 3 or "  " in text[:20_000] or "\t" in text[:20_000]:
        return False
    bare = [re.sub(r'"[^"]*"', "", line) for line in lines[:-1]]
    for mark in ",;":
        counts = {line.count(mark) for line in bare}
        if len(counts) == 1 and counts.pop() >= 2 and not any(f"{mark} " in line for line in bare):
            return True
    return False

"""Bytes become characters: byte order mark, strict UTF-8, declared (from a list), else cp1252. Never a guess.

A guess may turn a dash into a letter, and a dash is a figure.
"""

from __future__ import annotations

import codecs
import re

from schemas.filing import Finding, Severity

_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""(?i)<meta[^>]*?charset\s*=\s*["']?\s*([\w:.-]+)|<\?xml[^>]*?encoding\s*=\s*["']([\w:.-]+)"""
)
# encodings a page may declare; Latin-1 and ASCII are read as cp1252, as browsers do: their C1 codes are dashes there
_CP1252 = {"iso-8859-1", "iso8859-1", "latin1", "latin-1", "us-ascii", "ascii", "windows-1252", "cp1252"}
_ALLOWED = re.compile(
    r"(?:windows-125[0-8]|cp125[0-8]|iso-?8859-(?:[2-9]|1[0-6])|shift_jis|sjis|euc-jp|gb2312|gbk|gb18030|big5|euc-kr"
    r"|koi8-[ru]|macintosh)\Z"
)
_HANDLER = "crossfoot-cp1252"
# control characters are no text; figures are read as if they were not there
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
# references beyond Unicode: no character has a number of eight digits
_ENDLESS = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")
_C1 = re.compile("[\x80-\x9f]")


def _single_bytes(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 are cp1252, one by one; the UTF-8 around them stays."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error(_HANDLER, _single_bytes)


def decode(data: bytes) -> tuple[str, list[Finding]]:
    """The characters of a page, without byte order mark and control characters, and what was doubtful."""
    text, findings = _decoded(data)
    text, dropped = _CONTROLS.subn("", text.rstrip("\0\x1a"))
    if dropped:
        message = f"{dropped} control characters stood in the page; it was read as if they did not."
        findings.append(Finding(code="control_characters", severity="warning", message=message))
    text = _ENDLESS.sub("\N{REPLACEMENT CHARACTER}", text)
    text = _C1.sub(lambda code: code[0].encode("latin-1").decode("cp1252", errors="replace"), text)
    return text.replace("\r\n", "\n").replace("\r", "\n"), findings


def _decoded(data: bytes) -> tuple[str, list[Finding]]:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace"), []
    for encoding, odd in (("utf-16-le", 1), ("utf-16-be", 0)):
        sample = data[:4000].rstrip(b"\0")[odd::2]
        if sample and sample.count(0) > 0.7 * len(sample):
            return data.decode(encoding, errors="replace"), []
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        pass
    found = _DECLARED.search(data[:4096])
    name = (found[1] or found[2]).decode("ascii").lower() if found else ""
    if name in _CP1252:
        return data.decode("cp1252", errors="replace"), []
    if _ALLOWED.match(name):
        return data.decode(name, errors="replace"), []
    text = data.decode("utf-8", errors=_HANDLER)
    message = f"The page {'says that it is ' + name if name else 'names no encoding'} but is not UTF-8; read as cp1252."
    severity: Severity = "warning" if name.startswith("utf") else "info"
    return text, [Finding(code="charset", severity=severity, message=message)]

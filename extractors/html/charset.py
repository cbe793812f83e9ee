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
_CONTROLS = re.compile("[\x01-\x08\x0b\x0e-\x1f\x7f]")
# references that may name no character: nought, and all with numbers large enough for a surrogate
_DOUBTFUL = re.compile(
    r"&#(?:(?P<endless>0*[1-9][0-9]{7,}|[xX]0*[1-9a-fA-F][0-9a-fA-F]{6,})|(?P<decimal>0+|0*[1-9][0-9]{4,6})(?![0-9])"
    r"|[xX](?P<hex>0+|0*[1-9a-fA-F][0-9a-fA-F]{3,5})(?![0-9a-fA-F]));?"
)
_LAST_CHARACTER = 0x10FFFF
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
    text = text.rstrip("\0\x1a")
    noughts = text.count("\0")
    if noughts:
        # where a nought stands a byte was lost: print never holds one
        message = f"{noughts} NUL bytes stood in the page; it was read as if they did not."
        findings.append(Finding(code="nul_bytes", severity="error", message=message))
    text, dropped = _CONTROLS.subn("", text.replace("\0", ""))
    if dropped:
        message = f"{dropped} control characters stood in the page; it was read as if they did not."
        findings.append(Finding(code="control_characters", severity="warning", message=message))
    text = _without_bad_references(text, findings)
    text = _C1.sub(lambda code: code[0].encode("latin-1").decode("cp1252", errors="replace"), text)
    return text.replace("\r\n", "\n").replace("\r", "\n"), findings


def _without_bad_references(text: str, findings: list[Finding]) -> str:
    """The text with U+FFFD for each reference that names no character, which is a finding."""
    bad = 0

    def replaced(found: re.Match[str]) -> str:
        nonlocal bad
        code = _LAST_CHARACTER + 1
        if not found["endless"]:
            code = int(found["decimal"]) if found["decimal"] else int(found["hex"], 16)
        if 0 < code < 0xD800 or 0xDFFF < code <= _LAST_CHARACTER:
            return found[0]
        bad += 1
        return "\N{REPLACEMENT CHARACTER}"

    text = _DOUBTFUL.sub(replaced, text)
    if bad:
        message = f"{bad} character references of the page name no character; what was meant is lost."
        findings.append(Finding(code="bad_references", severity="error", message=message))
    return text


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
    # where the page says nothing, cp1252 is what it is; where it lies, another encoding may have been meant
    severity: Severity = "error" if name.startswith("utf") else "info"
    return text, [Finding(code="charset", severity=severity, message=message)]

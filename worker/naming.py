"""Names under ``results/``, ``done/`` and ``failed/``: pure functions on relative POSIX paths."""

from __future__ import annotations

import hashlib
import os
import unicodedata
import urllib.parse
from pathlib import Path, PurePosixPath
from typing import Final

RESULT_SUFFIX: Final = ".json"
ERROR_SUFFIX: Final = ".error.json"
INDEX_NAME: Final = "index.json"
# of what lies beside a document: its password, its options
PASSWORD_SUFFIX: Final = ".password"  # noqa: S105 - an ending of names
OPTIONS_SUFFIXES: Final = (".crossfoot.yaml", ".crossfoot.yml")
SIDECAR_SUFFIXES: Final = (PASSWORD_SUFFIX, *OPTIONS_SUFFIXES)
# what a file system takes in one name; less the longest ending that is put behind it
LONGEST_NAME: Final = 255
LONGEST: Final = LONGEST_NAME - len(ERROR_SUFFIX)
HASH_CHARACTERS: Final = 8
SUFFIX_BYTES: Final = 20
LONGEST_KEY: Final = 600
SCHEME: Final = "file://"
# endings of files that are still on their way, of programs that fetch and copy
UNFINISHED: Final = (".part", ".partial", ".crdownload", ".filepart", ".download", ".opdownload")
OFFICE_LOCK: Final = "~$"


def with_hash(path: str, sha256: str) -> str:
    """``("q2/report.pdf", "1a2b3c4d…")`` → ``"q2/report-1a2b3c4d.pdf"``: the name of another document of that name."""
    return _with_tail(path, sha256[:HASH_CHARACTERS])


def beside(name: str, suffix: str, tail: str = "") -> str:
    """``("report.pdf", ".password", "1a2b")`` → ``"report.pdf-1a2b.password"``, cut where that is too long."""
    tail = f"-{tail}{suffix}" if tail else suffix
    return f"{_cut(name, LONGEST_NAME - len(tail.encode()))}{tail}"


def fits(path: str) -> bool:
    """Whether every name of a path leaves room for the endings that are put behind it."""
    return all(len(part.encode(errors="surrogateescape")) <= LONGEST for part in PurePosixPath(path).parts)


def candidates(path: str, sha256: str) -> tuple[str, ...]:
    """The names a document may get, best first: its own, with 8 characters of its hash, with all of it.

    A name that is too long, or ends as an error file does, is never taken as it is.
    """
    plain = (path,) if fits(path) and not path.endswith(ERROR_SUFFIX) else ()
    return (*plain, with_hash(path, sha256), _with_tail(path, sha256))


def why_no_document(name: str) -> str | None:
    """Half a sentence on a file that is no document by its name, None for all others: ``"a hidden file"``."""
    if name.startswith(".") and not name.startswith(".."):
        return "a hidden file"
    if name.startswith(OFFICE_LOCK):
        return "the lock file of an office program"
    if name.lower().endswith(UNFINISHED):
        return "a file that is still being written"
    return None


def clean(path: str) -> str:
    """A path as text: bytes that are no UTF-8, and control characters, have no place in a message or an index."""
    if path.isascii() and path.isprintable():
        return path
    return "".join("_" if unicodedata.category(c).startswith("C") else c for c in path)


def uri_of_path(path: Path | str) -> str:
    """An absolute path as a URI: text, even where the name is no UTF-8."""
    return SCHEME + urllib.parse.quote(os.fsencode(path))


def path_of_uri(uri: str) -> Path:
    """The path that ``file:///…`` names, whatever bytes it is made of."""
    return Path(os.fsdecode(urllib.parse.unquote_to_bytes(uri.removeprefix(SCHEME))))


def key_of(text: str) -> str:
    """A text as a database can look it up, whose indexes take short ones only; of a long one a hash too."""
    if len(text.encode(errors="surrogateescape")) <= LONGEST_KEY:
        return text
    return f"{_cut(text, LONGEST_KEY // 2)}#{hashlib.sha256(text.encode(errors='surrogateescape')).hexdigest()}"


def part_name(number: int, name: str) -> str:
    """``(3, "ex99 1.htm")`` → ``"03-ex99 1.htm"``: a part's name in its container's folder, safe as a file name."""
    last = PurePosixPath(clean(name.replace("\\", "/"))).name.strip(" .") or "part"
    stem, suffix = _split(last)
    room = LONGEST - len(suffix.encode()) - HASH_CHARACTERS - len("-") - len(f"{number:02d}-")
    return f"{number:02d}-{_cut(stem, room)}{suffix}"


def _with_tail(path: str, tail: str) -> str:
    """Put something between stem and suffix, and cut what is too long."""
    pure = PurePosixPath(path)
    stem, suffix = _split(pure.name)
    name = f"{_cut(stem, LONGEST - len(suffix.encode()) - len(tail) - len('-'))}-{tail}{suffix}"
    return "/".join([*(_cut(part, LONGEST) for part in pure.parent.parts), name])


def _split(name: str) -> tuple[str, str]:
    """Stem and suffix; what is too long for a suffix is part of the stem."""
    pure = PurePosixPath(name)
    return (pure.stem, pure.suffix) if len(pure.suffix.encode()) <= SUFFIX_BYTES else (name, "")


def _cut(text: str, size: int) -> str:
    """At most ``size`` bytes of UTF-8, no character cut in two."""
    encoded = text.encode(errors="surrogateescape")
    return text if len(encoded) <= size else encoded[:size].decode(errors="ignore")

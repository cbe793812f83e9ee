"""Which file a result goes to: the document's own name, and part of its hash where that is taken or too long."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from worker.local.inputs import Input
from worker.naming import ERROR_SUFFIX, RESULT_SUFFIX, fits, with_hash


def name_results(inputs: Sequence[Input], digest: Callable[[Input], str | None]) -> list[Input]:
    """The same inputs with names that no two of them share and that every file system takes.

    All that would write the same file get the first characters of their hash, whatever their order; what then
    still is the same (twice the same bytes under the same name) is one document.

    Args:
        inputs: as found. digest: the sha256 of an input, asked only where it is needed; None if unreadable.
    """
    claims = Counter(claim for item in inputs for claim in _claims(item.name))
    named: dict[Path, Input] = {}
    for item in inputs:
        clean = Path(*(_clean(part) for part in item.name.parts))
        taken = clean != item.name or any(claims[claim] > 1 for claim in _claims(item.name))
        if taken or not fits(str(clean)):
            clean = Path(with_hash(str(clean), digest(item) or _digest_of_path(item)))
        named.setdefault(clean, replace(item, name=clean))
    return list(named.values())


def _claims(name: Path) -> tuple[str, str]:
    """The files that one input may write: its result and its error."""
    return f"{name}{RESULT_SUFFIX}", f"{name}{ERROR_SUFFIX}"


def _digest_of_path(item: Input) -> str:
    """What cannot be read still needs a name of its own."""
    return hashlib.sha256(os.fsencode(item.path)).hexdigest()


def _clean(part: str) -> str:
    """A file name as text: bytes that are no UTF-8 have no place in an index or a message."""
    return "".join("_" if 0xD800 <= ord(c) <= 0xDFFF else c for c in part)

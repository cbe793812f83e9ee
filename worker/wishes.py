"""What people may say with a document, at whatever door: metadata that is echoed, text that both databases take."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

METADATA_BYTES: Final = 16 * 1024
METADATA_DEPTH: Final = 32

NoNul = Annotated[str, Field(pattern=r"^[^\x00]*$")]


def _fits(value: dict[str, Any]) -> dict[str, Any]:
    """Metadata is kept and sent back, never looked into; so it has a size and no NUL (PostgreSQL takes none)."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError):
        raise ValueError("metadata must be plain JSON") from None
    if len(text.encode()) > METADATA_BYTES:
        raise ValueError(f"metadata holds at most {METADATA_BYTES} bytes")
    if _depth(text) > METADATA_DEPTH:
        raise ValueError(f"metadata is nested at most {METADATA_DEPTH} deep")
    if "\\u0000" in text:
        raise ValueError("metadata holds no NUL character")
    return value


def _depth(text: str) -> int:
    """How deep JSON is nested (brackets in strings counted too: never too few)."""
    deepest = depth = 0
    for c in text:
        depth += (c in "[{") - (c in "]}")
        deepest = max(deepest, depth)
    return deepest


Metadata = Annotated[dict[str, Any], AfterValidator(_fits)]

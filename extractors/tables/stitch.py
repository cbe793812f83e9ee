"""A table that goes on over a page end is one table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from extractors.tables.model import Table

_CONTINUED = re.compile(r"(?i)\bcont(?:inued|['’]?d)\b|\(cont\b")


def faceless(text: str) -> str:
    """A line with its digits set aside, so that running heads with page numbers are equal."""
    return re.sub(r"\d+", "#", text).strip()


def stitch(tables: Sequence[Table], furniture: frozenset[str] = frozenset()) -> list[Table]:
    """Join each table to the one before it when it continues it on the next page.

    ``furniture`` holds the faceless running heads and feet: a caption of nothing else is no caption.
    """
    joined: list[Table] = []
    for table in tables:
        if joined and _continues(joined[-1], table, furniture):
            before = joined[-1]
            joined[-1] = replace(
                before, rows=before.rows + table.rows, pages=before.pages + table.pages, notes=table.notes
            )
        else:
            joined.append(table)
    return joined


def _continues(before: Table, after: Table, furniture: frozenset[str]) -> bool:
    """True when ``after`` starts the next page with the same columns and no boxhead of its own, or a repeated one."""
    if not before.pages or not after.pages or after.pages[0] != before.pages[-1] + 1:
        return False
    if len(before.heads) != len(after.heads) or not before.heads:
        return False
    said = any(_CONTINUED.search(line) for line in (*after.caption, *after.stub_heads))
    untitled = all(faceless(line) in furniture for line in after.caption)
    return (not any(after.heads) or after.heads == before.heads) and (said or untitled)

"""Stage: a document becomes tables."""

from extractors.tables.model import BodyRow, Layout, Table

__all__ = ["BodyRow", "Layout", "Table"]

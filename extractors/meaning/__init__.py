"""Stage: what the figures mean."""

from extractors.meaning.model import Meaning, RowMeaning, TableMeaning

__all__ = ["Meaning", "RowMeaning", "TableMeaning"]

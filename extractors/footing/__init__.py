"""Stage: the identities that a document's own figures bear out, with the evidence for each."""

from extractors.footing.finding import find_identities

__all__ = ["find_identities"]

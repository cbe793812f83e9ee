"""The main flow: bytes in, a Filing out. Every stage is one line."""

from __future__ import annotations

from collections.abc import Sequence

from extractors.assemble import Read, assemble
from extractors.figures import read_figures
from extractors.meaning import find_meaning
from extractors.page import DEFAULT, Origin, Profile, without_words
from extractors.relabel import apply_labels
from extractors.repair import prove_figures
from extractors.routes import read_document
from extractors.sniff import sniff
from extractors.source import Source
from extractors.tables import find_tables
from schemas.errors import LimitError
from schemas.filing import Filing

NOWHERE = Origin()


def convert(
    data: bytes | Source, witnesses: Sequence[Filing] = (), profile: Profile = DEFAULT, origin: Origin = NOWHERE
) -> Filing:
    """Read one document and prove what can be proved.

    Deterministic: the same bytes, witnesses, engines and profile give the same Filing, byte for byte. No clock, host,
    network or path; outside programs run behind the readers' doors, in a folder of their own; the order in which pages
    are read changes nothing.

    Args:
        data: the document; a ``Source`` that nobody else needs is released as soon as it can be.
        witnesses: results of the same company that may prove or repair.
        profile: options and limits. origin: the container the document came out of, if any.

    Raises:
        UnreadableError: no reader accepts the bytes. Anything smaller becomes a Finding with its place.
        MissingProgramError: a program that this document needs is not installed.
    """
    source = Source(data) if isinstance(data, bytes) else data
    if source.size > profile.max_bytes:
        raise LimitError("size", f"The document has {source.size} bytes, more than the {profile.max_bytes} allowed.")
    kind = sniff(source.data)  # html | pdf | image | text
    document = read_document(source, kind, profile)  # pages of words (points, top-left origin), or cells
    layout = find_tables(document)  # tables: stub, boxhead with spanners, body of cells
    document = without_words(document)  # large documents need the room
    layout = apply_labels(layout, witnesses)  # labels that were torn off, where the same figures prove them
    bodies = read_figures(layout.tables)  # "(1,234)" -> -1234, decimals 0, place, rivals
    meaning = find_meaning(layout, bodies, origin)  # periods, scales, units, table kinds, who filed
    # foot, cross-foot, tie out, ratios; checks; the cheapest reading, unique or none
    bodies, outcome = prove_figures(layout.tables, bodies, meaning, witnesses, profile)
    return assemble(source, Read(document, layout, bodies, meaning, outcome), witnesses, profile, origin)

"""What every reader hands over, whatever the format: words with places, or cells with spans.

Geometry is in points (1/72 inch) with the origin at the top left, y growing downwards, on pages turned upright.
Fixed-width text is laid on the same plane: a character is ``CHARACTER_WIDTH`` points wide and a line
``LINE_HEIGHT`` points high, so that the grid finder serves paper and ASCII alike. Confidences are 0-1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from schemas.filing import Finding, HtmlPlace, Identification, Kind, PagePlace, Place, Route, TextPlace

__all__ = [
    "CHARACTER_WIDTH",
    "DEFAULT",
    "LINE_HEIGHT",
    "Cell",
    "Document",
    "Grid",
    "HtmlPlace",
    "Kind",
    "Line",
    "Origin",
    "Page",
    "PagePlace",
    "Place",
    "Profile",
    "Reading",
    "Rule",
    "TextPlace",
    "Word",
]

CHARACTER_WIDTH = 6.0
LINE_HEIGHT = 12.0


@dataclass(frozen=True, slots=True)
class Profile:
    """How to convert: everything besides the bytes and the witnesses that may change the result.

    Attributes:
        review_bound: a figure with a confidence below it needs review (0-1).
        repair: False leaves every figure as read; checks are still evaluated.
        first_page, last_page: the stretch of pages to read, from 1, both included; None is open.
        password: opens an encrypted document; never written to a result.
        languages: tesseract language codes joined by ``+``.
    """

    name: str = "default"
    review_bound: float = 0.99
    repair: bool = True
    first_page: int | None = None
    last_page: int | None = None
    password: str | None = field(default=None, repr=False)
    languages: str = "eng"
    max_bytes: int = 200 * 1024 * 1024
    max_pages: int = 5000
    max_pixels: int = 60_000_000


DEFAULT = Profile()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document came out of, when it is a part of a container: its sha256 and what its header says."""

    parent: str | None = None
    header: Identification | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a printed string, with its probability (0-1)."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without a blank, where it is printed.

    Attributes:
        left, top, right, bottom: points, top-left origin; ``right`` of fixed-width text is exclusive.
        size: height of the type in points (0 = unknown).
        rivals: other readings of the same ink, most probable first, without ``text`` itself.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    place: Place
    confidence: float = 1.0
    rivals: tuple[Reading, ...] = ()
    bold: bool = False
    size: float = 0.0

    @property
    def middle(self) -> float:
        """The y of the middle of the box."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Rule:
    """A drawn line, or a row of dashes in text: horizontal when wider than high."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def horizontal(self) -> bool:
        """True for a rule across, False for a rule down."""
        return self.right - self.left >= self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Line:
    """A line (or an HTML block) of running text outside any grid."""

    text: str
    place: Place
    bold: bool = False
    size: float = 0.0
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a grid, at its first row and column, with its spans (at least 1).

    Attributes:
        indent: how far the text is set in from the left edge of its column, in ems (about one per level).
        head: the markup calls it a head (``th``), or a rule or a ``<CAPTION>`` separates it from the body.
        ruled: a rule is drawn directly above (a sum follows).
    """

    text: str
    row: int
    column: int
    place: Place
    row_span: int = 1
    column_span: int = 1
    indent: float = 0.0
    head: bool = False
    bold: bool = False
    ruled: bool = False
    confidence: float = 1.0
    rivals: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells in rows and columns, as found; nothing is yet known to be stub, head or body.

    Attributes:
        rows, columns: how many there are; cells lie inside, do not overlap, and are in reading order.
        page: 1-based page number, None for HTML and text.
        source: who found it ("html", "camelot", "words", "markdown", …), for decisions between rivals.
        box: left, top, right, bottom on the page in points, where there is one.
    """

    rows: int
    columns: int
    cells: tuple[Cell, ...]
    page: int | None = None
    source: str = ""
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page, or for HTML and text one stretch, of a document.

    A reader fills ``words`` (with ``rules``) where it knows geometry and no cells, or ``flow`` (lines and grids in
    reading order) where it knows cells. ``ruled`` are grids that the drawn rules give, rivals of what the words give.

    Attributes:
        width, height: points, upright; rotation: degrees clockwise that were undone.
        words: never changed; those of a scan may be made anew each time they are looked through.
        findings: what could not be read on the page; the document's findings include them.
    """

    number: int
    width: float = 0.0
    height: float = 0.0
    route: Route | None = None
    rotation: Literal[0, 90, 180, 270] = 0
    confidence: float = 1.0
    words: Sequence[Word] = ()
    rules: tuple[Rule, ...] = ()
    ruled: tuple[Grid, ...] = ()
    flow: tuple[Line | Grid, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """What was read of one document.

    Attributes:
        page_count: pages of the file, None for HTML and text; ``pages`` may be fewer (``--pages``).
        findings: what the reader could not do or left out; any of severity "error" makes the outcome partial.
        engines: program name → version, only what was used (keys of ``schemas.filing.Engine``).
    """

    kind: Kind
    media_type: str
    pages: Sequence[Page]
    page_count: int | None = None
    findings: tuple[Finding, ...] = ()
    engines: Mapping[str, str] = field(default_factory=dict)


def without_words(document: Document) -> Document:
    """The same without what stands on its pages: once there are tables, nobody looks there again."""
    pages = tuple(replace(page, words=(), rules=(), ruled=(), flow=()) for page in document.pages)
    return replace(document, pages=pages)

"""Typefaces of the PDF renderer: the standard ones, and TrueType files of Debian packages where installed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

ROOT = Path("/usr/share/fonts/truetype")

# name: (regular, bold, the standard font that stands in where the package is missing)
FILES = {
    "LiberationSerif": ("liberation/LiberationSerif-Regular.ttf", "liberation/LiberationSerif-Bold.ttf", "Times"),
    "LiberationSans": ("liberation/LiberationSans-Regular.ttf", "liberation/LiberationSans-Bold.ttf", "Helvetica"),
    "LiberationNarrow": (
        "liberation/LiberationSansNarrow-Regular.ttf",
        "liberation/LiberationSansNarrow-Bold.ttf",
        "Helvetica",
    ),
    "LiberationMono": ("liberation/LiberationMono-Regular.ttf", "liberation/LiberationMono-Bold.ttf", "Courier"),
    "DejaVuSerif": ("dejavu/DejaVuSerif.ttf", "dejavu/DejaVuSerif-Bold.ttf", "Times"),
    "DejaVuSans": ("dejavu/DejaVuSans.ttf", "dejavu/DejaVuSans-Bold.ttf", "Helvetica"),
    "DejaVuCondensed": ("dejavu/DejaVuSansCondensed.ttf", "dejavu/DejaVuSansCondensed-Bold.ttf", "Helvetica"),
    "DejaVuSerifCondensed": ("dejavu/DejaVuSerifCondensed.ttf", "dejavu/DejaVuSerifCondensed-Bold.ttf", "Times"),
    "Carlito": ("crosextra/Carlito-Regular.ttf", "crosextra/Carlito-Bold.ttf", "Helvetica"),
    "Caladea": ("crosextra/Caladea-Regular.ttf", "crosextra/Caladea-Bold.ttf", "Times"),
    "ComputerModern": ("cmu/cmunrm.ttf", "cmu/cmunbx.ttf", "Times"),
    "ComputerModernSans": ("cmu/cmunss.ttf", "cmu/cmunsx.ttf", "Helvetica"),
    "Lato": ("lato/Lato-Regular.ttf", "lato/Lato-Bold.ttf", "Helvetica"),
    "Gentium": ("gentium-basic/GenBasR.ttf", "gentium-basic/GenBasB.ttf", "Times"),
    "GentiumBook": ("gentium-basic/GenBkBasR.ttf", "gentium-basic/GenBkBasB.ttf", "Times"),
    "Garamond": ("ebgaramond/EBGaramond12-Regular.ttf", "ebgaramond/EBGaramond12-Bold.ttf", "Times"),
    "OpenSans": ("open-sans/OpenSans-Regular.ttf", "open-sans/OpenSans-Bold.ttf", "Helvetica"),
    "Typewriter": ("cmu/cmuntt.ttf", "cmu/cmuntb.ttf", "Courier"),
    "LightTypewriter": ("cmu/cmunbtl.ttf", "cmu/cmuntt.ttf", "Courier"),
    "DejaVuMono": ("dejavu/DejaVuSansMono.ttf", "dejavu/DejaVuSansMono-Bold.ttf", "Courier"),
    "PTMono": ("paratype/PTM55F.ttf", "paratype/PTM75F.ttf", "Courier"),
    "PTSerif": ("paratype/PTF55F.ttf", "paratype/PTF75F.ttf", "Times"),
    "PTSans": ("paratype/PTS55F.ttf", "paratype/PTS75F.ttf", "Helvetica"),
    "PTNarrow": ("paratype/PTN57F.ttf", "paratype/PTN77F.ttf", "Helvetica"),
    "Roboto": (
        "roboto/unhinted/RobotoTTF/Roboto-Regular.ttf",
        "roboto/unhinted/RobotoTTF/Roboto-Bold.ttf",
        "Helvetica",
    ),
    "RobotoCondensed": (
        "roboto/unhinted/RobotoCondensed-Regular.ttf",
        "roboto/unhinted/RobotoCondensed-Bold.ttf",
        "Helvetica",
    ),
    "OldStandard": ("fonts-oldstandard/OldStandard-Regular.ttf", "fonts-oldstandard/OldStandard-Bold.ttf", "Times"),
    "Vollkorn": ("vollkorn/Vollkorn-Regular.ttf", "vollkorn/Vollkorn-Bold.ttf", "Times"),
}
SCANNED = {
    "serif": ("DejaVuSerif", "Caladea", "ComputerModern", "Gentium", "PTSerif", "OldStandard"),
    "sans": ("DejaVuSans", "Carlito", "Lato", "OpenSans", "PTSans", "Roboto", "ComputerModernSans"),
    "condensed": ("DejaVuCondensed", "DejaVuSerifCondensed", "PTNarrow", "RobotoCondensed"),
    "monospaced": ("DejaVuMono", "PTMono"),
    "old-style figures": ("Garamond", "Vollkorn"),
    "typewriter": ("Typewriter", "LightTypewriter"),
}
"""The typefaces of the scanned corpus by kind; none of them is one that the filings of the benchmark are set in."""
STANDARD = {
    "Times": ("Times-Roman", "Times-Bold"),
    "Helvetica": ("Helvetica", "Helvetica-Bold"),
    "Courier": ("Courier", "Courier-Bold"),
}


# a standard font is not embedded, so each machine draws its own: pages that become images need these
EMBEDDED = {"Times": "LiberationSerif", "Helvetica": "LiberationSans", "Courier": "LiberationMono"}


class Face(NamedTuple):
    """The two cuts a page uses, by the names under which they are registered."""

    regular: str
    bold: str


@cache
def face(name: str) -> Face:
    """Register a typeface; where its package is missing a standard font stands in.

    Raises:
        KeyError: no typeface has that name.
    """
    if name in STANDARD:
        return Face(*STANDARD[name])
    regular, bold, fallback = FILES[name]
    if not (ROOT / regular).is_file():
        return Face(*STANDARD[fallback])
    heavy = bold if (ROOT / bold).is_file() else regular
    pdfmetrics.registerFont(TTFont(name, ROOT / regular))
    pdfmetrics.registerFont(TTFont(f"{name}-Bold", ROOT / heavy))
    return Face(name, f"{name}-Bold")


def width(text: str, font: str, size: float) -> float:
    """The width of a line in points."""
    return float(pdfmetrics.stringWidth(text, font, size))

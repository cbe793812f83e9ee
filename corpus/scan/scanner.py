"""What happens to a page between paper and file, and the limits within which it stays legible.

Legibility is fixed here, before anything is read, and by nothing else:

* 150-400 dpi, and type of at least ``legible`` points: an em of 18 pixels (6.5 pt from 200 dpi on), at most 12 pt;
* ink of print is black (0) on white paper; what is not print is never darker than the level given with it:
  show-through 0.18 of black, pencil and stamps grey;
* marks (stamps, ticks, underlines, holes) keep ``CLEAR`` points of white paper between themselves and every sign of
  print. They stand beside figures, never on them; an underline lies under the lowest sign of its figure;
* at most 2° of skew, a curl that lifts a line by 1.4 % of the page's width at the spine, light that fades to 0.6 in
  one corner, two generations of copies, noise of 10 grey levels and a blur of 0.36 % of an inch, JPEG from q30
  (q60 below 200 dpi).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

CLEAR = 1.6
"""Points of white paper between a mark and print."""
LARGEST = 12.0
"""Points: no larger type is asked for."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """What happens to a page on its way from paper to file; lengths in pixels of the finished page."""

    dpi: int = 300
    skew: float = 0.3  # degrees, at most
    noise: float = 4.0  # grey levels
    blur: float = 0.0  # sigma
    quality: int = 75  # JPEG
    bitonal: bool = False
    lines_per_inch: int = 0  # of a fax, when it differs from dpi
    specks: int = 0  # per page
    shade: float = 0.0  # 0-1: how much darker the darkest corner is
    copies: int = 1  # times through the copier
    show_through: float = 0.0  # 0-1: how strongly the back of the page shows
    border: int = 0  # width of a dark edge
    holes: bool = False
    stamp: bool = False
    pencil: bool = False  # ticks beside figures and lines under them
    curl: float = 0.0  # height of the wave near the spine, as a share of the page width
    threshold: int = 160
    spread: bool = False  # two pages of an open book on one sheet
    turned: bool = False  # pages lie sideways or upside down
    slant: bool = False  # the whole skew, one way or the other, instead of up to it


PRESETS: dict[str, Scanner] = {
    "scan300": Scanner(300, 0.3, 4, 0.5, 80),
    "scan200": Scanner(200, 0.8, 7, 0.6, 60),
    "scan150": Scanner(150, 0.5, 4, 0.4, 70),
    "scan400": Scanner(400, 0.2, 3, 0.6, 80),
    "mid": Scanner(200, 1.0, 9, 0.8, 50),
    "hard": Scanner(200, 2.0, 8, 0.7, 30, shade=0.35, show_through=0.12),
    "fax": Scanner(204, 0.5, 10, 0.6, bitonal=True, lines_per_inch=196, specks=120),
    "lofax": Scanner(204, 0.3, 6, 0.5, bitonal=True, lines_per_inch=98, specks=60),
    "copy": Scanner(300, 0.7, 8, 0.9, 60, specks=150, copies=2, shade=0.2, border=18),
    "office": Scanner(300, 0.5, 5, 0.5, 70, holes=True, stamp=True, pencil=True),
    "book": Scanner(300, 0.4, 5, 0.6, 75, shade=0.4, show_through=0.15, curl=0.012, border=30),
    "grey": Scanner(300, 0.2, 2, 0.3, 90),
    # one damage each, as the benchmark of scans tells them apart
    "dpi150": Scanner(150, 0.5, 4, 0.4, 70),
    "dpi400": Scanner(400, 0.5, 5, 0.8, 75),
    "copied": Scanner(300, 0.7, 8, 0.9, 60, specks=150, copies=2),
    "light": Scanner(300, 0.5, 5, 0.5, 70, shade=0.4),
    "through": Scanner(300, 0.5, 5, 0.5, 70, show_through=0.18),
    "stamped": Scanner(300, 0.5, 5, 0.5, 70, stamp=True),
    "punched": Scanner(300, 0.5, 5, 0.5, 70, holes=True),
    "pencilled": Scanner(300, 0.5, 5, 0.5, 70, pencil=True),
    "skewed": Scanner(300, 2.0, 5, 0.5, 70, slant=True),
    "curled": Scanner(300, 0.5, 5, 0.5, 70, curl=0.014),
    "q30": Scanner(200, 0.5, 5, 0.5, 30),
    "bordered": Scanner(300, 0.5, 5, 0.5, 70, border=40, specks=40),
    "spread": Scanner(300, 0.5, 5, 0.5, 70, spread=True, curl=0.01, border=20),
    "turned": Scanner(300, 0.5, 5, 0.5, 70, turned=True),
}

DAMAGES = (
    "dpi150",
    "dpi400",
    "copied",
    "light",
    "through",
    "stamped",
    "punched",
    "pencilled",
    "skewed",
    "curled",
    "q30",
    "bordered",
    "spread",
    "turned",
    "random",
)
"""The kinds of damage that the benchmark of scans tells apart; ``random`` mixes them."""


def drawn(seed: str) -> Scanner:
    """A scanner of random habits, all legible: 150-400 dpi, up to 2° of skew, JPEG from q30, marks on the paper."""
    rng = Random(f"scanner {seed}")
    dpi = rng.choice((150, 200, 200, 240, 300, 300, 300, 400))
    worn = rng.random() < 0.3
    return Scanner(
        dpi=dpi,
        skew=rng.choice((0.2, 0.5, 1.0, 2.0)),
        noise=rng.uniform(2, 6 if dpi < 200 else 10),
        blur=rng.uniform(0.3, 0.5 if dpi < 200 else 0.9) * dpi / 250,
        quality=rng.choice((30, 45, 60, 75, 90)) if dpi >= 200 else rng.choice((60, 75, 90)),
        specks=rng.choice((0, 0, 40, 150)),
        shade=rng.choice((0.0, 0.0, 0.2, 0.4)),
        copies=2 if worn and dpi >= 200 else 1,
        show_through=rng.choice((0.0, 0.0, 0.1, 0.18)),
        border=rng.choice((0, 0, 0, 20, 40)),
        holes=rng.random() < 0.2,
        stamp=rng.random() < 0.2,
        pencil=rng.random() < 0.2,
        curl=rng.choice((0.0, 0.0, 0.0, 0.008, 0.014)),
    )


def legible(scanner: Scanner) -> float:
    """The smallest type in points that can be asked of a reader: an em of 18 pixels, of 12 lines on a coarse fax."""
    coarse = scanner.lines_per_inch and scanner.lines_per_inch < 150
    return max(6.5, 12 * 72 / scanner.lines_per_inch if coarse else 18 * 72 / scanner.dpi)


def scanner_of(preset: str, seed: str) -> Scanner:
    """The scanner of a preset; ``random`` draws one from the seed.

    Raises:
        KeyError: no preset has that name.
    """
    return drawn(seed) if preset == "random" else PRESETS[preset]

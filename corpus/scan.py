"""Scans: pages of a PDF as paper that went through a scanner, a copier or a fax.

Chance comes from ``random.Random`` alone (its bytes become noise), so that one seed gives the same pixels everywhere.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

import cv2
import numpy as np
import pypdfium2
from PIL import Image

Array = np.ndarray[Any, np.dtype[np.uint8]]


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
    pencil: bool = False
    curl: float = 0.0  # height of the wave near the spine, as a share of the page width
    threshold: int = 160


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
}


def pages(pdf: bytes, dpi: int, password: str | None = None) -> Iterator[Array]:
    """Each page in grey, one at a time."""
    document = pypdfium2.PdfDocument(pdf, password=password)
    for number in range(len(document)):
        bitmap = document[number].render(scale=dpi / 72, grayscale=True)
        yield np.array(bitmap.to_numpy(), dtype=np.uint8).reshape(bitmap.height, bitmap.width).copy()


def _noise(shape: tuple[int, int], strength: float, rng: Random) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Bell-shaped noise: the sum of four uniform bytes has a standard deviation of 147.8."""
    count = shape[0] * shape[1]
    total = np.zeros(count, dtype=np.float32)
    for _ in range(4):
        total += np.frombuffer(rng.randbytes(count), dtype=np.uint8)
    return ((total - 510) * np.float32(strength / 147.8)).reshape(shape)


def _rotated(page: Array, degrees: float) -> Array:
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(
        cv2.warpAffine(page, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=(255,)), dtype=np.uint8
    )


def _curled(page: Array, share: float) -> Array:
    """Lines bend up towards the left edge, where the spine is."""
    height, width = page.shape
    x = np.arange(width, dtype=np.float32)
    lift = (share * width * np.exp(-x / (0.12 * width))).astype(np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None] + lift[None, :]
    columns = np.broadcast_to(x[None, :], (height, width)).astype(np.float32)
    return np.asarray(
        cv2.remap(page, columns, rows.astype(np.float32), cv2.INTER_LINEAR, borderValue=(255,)), dtype=np.uint8
    )


def _light(page: Array, scanner: Scanner, rng: Random) -> Array:
    """Uneven light: one corner darker than the others."""
    height, width = page.shape
    across = (
        np.linspace(0, 1, width, dtype=np.float32) if rng.random() < 0.5 else np.linspace(1, 0, width, dtype=np.float32)
    )
    down = (
        np.linspace(0, 1, height, dtype=np.float32)
        if rng.random() < 0.5
        else np.linspace(1, 0, height, dtype=np.float32)
    )
    shade = 1 - scanner.shade * np.clip(across[None, :] * down[:, None], 0, 1)
    return np.asarray(np.clip(page * shade, 0, 255), dtype=np.uint8)


def _holes(page: Array, dpi: int) -> None:
    for share in (0.14, 0.5, 0.86):
        centre = (int(0.28 * dpi), int(page.shape[0] * share))
        cv2.circle(page, centre, int(0.13 * dpi), (70,), -1)


def _stamp(page: Array, dpi: int, rng: Random) -> None:
    """A round-cornered mark in the margin or over white paper near the top."""
    height, width = page.shape
    x, y = int(width * rng.uniform(0.62, 0.72)), int(height * rng.uniform(0.02, 0.05))
    box = (int(1.6 * dpi), int(0.4 * dpi))
    cv2.rectangle(page, (x, y), (x + box[0], y + box[1]), (120,), max(2, dpi // 100))
    cv2.putText(
        page,
        "RECEIVED",
        (x + dpi // 10, y + int(0.3 * dpi)),
        cv2.FONT_HERSHEY_DUPLEX,
        dpi / 190,
        (120,),
        max(1, dpi // 150),
    )


def _pencil(page: Array, dpi: int, rng: Random) -> None:
    """Ticks at the right margin and a line under something."""
    height, width = page.shape
    for _ in range(rng.randint(4, 9)):
        x, y = int(width * rng.uniform(0.93, 0.96)), int(height * rng.uniform(0.1, 0.85))
        s = dpi // 14
        cv2.polylines(
            page,
            [np.array([[x, y], [x + s // 3, y + s // 2], [x + s, y - s]], dtype=np.int32)],
            False,
            (150,),
            max(1, dpi // 130),
        )


def _paper(page: Array, back: Array | None, scanner: Scanner, rng: Random) -> Array:
    """What is on the paper before it is scanned."""
    if scanner.holes:
        _holes(page, scanner.dpi)
    if scanner.stamp:
        _stamp(page, scanner.dpi, rng)
    if scanner.pencil:
        _pencil(page, scanner.dpi, rng)
    if scanner.show_through and back is not None and back.shape == page.shape:
        ghost = cv2.GaussianBlur(back[:, ::-1], (0, 0), scanner.dpi / 120)
        page = np.asarray(np.minimum(page, 255 - (255 - ghost) * scanner.show_through), dtype=np.uint8)
    return page


def _specks(page: Array, count: int, rng: Random) -> None:
    height, width = page.shape
    for _ in range(count):
        x, y, r = rng.randrange(width), rng.randrange(height), rng.choice((0, 0, 0, 1))
        page[max(0, y - r) : y + r + 1, max(0, x - r) : x + r + 1] = rng.choice((0, 0, 255))


def scanned(page: Array, scanner: Scanner, rng: Random, back: Array | None = None) -> Array:
    """One page after the scanner; bitonal pages hold 0 and 255 only."""
    page = _paper(page, back, scanner, rng)
    if scanner.curl:
        page = _curled(page, scanner.curl)
    page = _rotated(page, rng.uniform(-scanner.skew, scanner.skew)) if scanner.skew else page
    if scanner.lines_per_inch and scanner.lines_per_inch != scanner.dpi:
        size = (page.shape[1], page.shape[0] * scanner.lines_per_inch // scanner.dpi)
        page = np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    for _ in range(scanner.copies):
        if scanner.blur:
            page = np.asarray(cv2.GaussianBlur(page, (0, 0), scanner.blur), dtype=np.uint8)
        shape = (page.shape[0], page.shape[1])
        page = np.asarray(
            np.clip(page * np.float32(0.93) + 12 + _noise(shape, scanner.noise, rng), 0, 255), dtype=np.uint8
        )
    if scanner.shade:
        page = _light(page, scanner, rng)
    if scanner.border:
        page[:, : scanner.border] = 25
        page[: scanner.border // 2, :] = 30
    if scanner.bitonal:
        page = np.where(page < scanner.threshold, 0, 255).astype(np.uint8)
    _specks(page, scanner.specks, rng)
    return page


def images(pdf: bytes, scanner: Scanner, seed: str) -> list[Array]:
    """All pages of a PDF after the scanner."""
    rng = Random(f"scan {seed}")
    out = []
    before: Array | None = None
    for page in pages(pdf, scanner.dpi):
        clean = page.copy()
        out.append(scanned(page, scanner, rng, before))
        before = clean
    return out


def _jpeg(page: Array, quality: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(page).save(file, "JPEG", quality=quality)
    return file.getvalue()


def _group4(page: Array) -> bytes:
    """The bare Group 4 data of a bitonal page, out of a TIFF of one strip."""
    file = io.BytesIO()
    Image.fromarray(page).convert("1").save(file, "TIFF", compression="group4", tiffinfo={278: page.shape[0]})
    tiff = Image.open(io.BytesIO(file.getvalue()), formats=["TIFF"])
    tags: Any = tiff.tag_v2  # type: ignore[attr-defined]
    data = file.getvalue()
    return b"".join(data[o : o + n] for o, n in zip(tags[273], tags[279], strict=True))


def image_pdf(pictures: list[Array], scanner: Scanner) -> bytes:
    """A PDF of nothing but full-page images: JPEG for grey pages, CCITT Group 4 for bitonal ones."""
    objects: list[bytes] = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    kids = []
    for page in pictures:
        height, width = page.shape
        size = (width * 72 / scanner.dpi, height * 72 / (scanner.lines_per_inch or scanner.dpi))
        first = len(objects) + 1
        kids.append(f"{first} 0 R")
        paint = f"q {size[0]:.2f} 0 0 {size[1]:.2f} 0 0 cm /I Do Q".encode()
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {size[0]:.2f} {size[1]:.2f}]/Contents {first + 1} 0 R"
            f"/Resources<</XObject<</I {first + 2} 0 R>>>>>>".encode()
        )
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(paint), paint))
        objects.append(_image_object(page, scanner))
    objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(kids)}]>>".encode()
    return _pdf(objects)


def _image_object(page: Array, scanner: Scanner) -> bytes:
    height, width = page.shape
    head = f"<</Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace/DeviceGray"
    if scanner.bitonal:
        data = _group4(page)
        decode = f"<</K -1/BlackIs1 true/Columns {width}/Rows {height}>>"
        head += f"/BitsPerComponent 1/Filter/CCITTFaxDecode/DecodeParms{decode}"
    else:
        data = _jpeg(page, scanner.quality)
        head += "/BitsPerComponent 8/Filter/DCTDecode"
    return f"{head}/Length {len(data)}>>stream\n".encode() + data + b"\nendstream"


def _pdf(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % o for o in offsets)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


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
    """The scanner of a preset; ``random`` draws one from the seed."""
    return drawn(seed) if preset == "random" else PRESETS[preset]


def render(pdf: bytes, preset: str, seed: str) -> bytes:
    """The scan of a PDF as a PDF of images; presets are the keys of ``PRESETS``, or ``random``."""
    scanner = scanner_of(preset, seed)
    return image_pdf(images(pdf, scanner, f"{preset} {seed}"), scanner)


def picture(pdf: bytes, preset: str, seed: str, form: Literal["PNG", "JPEG", "TIFF"]) -> bytes:
    """The scan as one picture (first page), or as a TIFF of all pages."""
    scanner = scanner_of(preset, seed)
    pictures = [Image.fromarray(p) for p in images(pdf, scanner, f"{preset} {seed}")]
    if scanner.bitonal:
        pictures = [p.convert("1") for p in pictures]
    file = io.BytesIO()
    dpi = (scanner.dpi, scanner.lines_per_inch or scanner.dpi)
    if form == "TIFF":
        squeeze = "group4" if scanner.bitonal else "tiff_lzw"
        pictures[0].save(file, "TIFF", save_all=True, append_images=pictures[1:], compression=squeeze, dpi=dpi)
    elif form == "JPEG":
        pictures[0].save(file, "JPEG", quality=scanner.quality, dpi=dpi)
    else:
        pictures[0].save(file, "PNG", dpi=dpi)
    return file.getvalue()

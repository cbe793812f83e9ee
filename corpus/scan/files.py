"""Scanned pages as files: a PDF of nothing but full-page images."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from corpus.scan.scanner import Scanner

Array = np.ndarray[Any, np.dtype[np.uint8]]


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

"""The page on its way: light, warps, copies, noise. Chance comes from ``random.Random`` alone."""

from __future__ import annotations

from random import Random
from typing import Any

import cv2
import numpy as np

from corpus.scan.scanner import Scanner

Array = np.ndarray[Any, np.dtype[np.uint8]]
Floats = np.ndarray[Any, np.dtype[np.float32]]


def noise(shape: tuple[int, int], strength: float, rng: Random) -> Floats:
    """Bell-shaped noise: the sum of four uniform bytes has a standard deviation of 147.8."""
    count = shape[0] * shape[1]
    total = np.zeros(count, dtype=np.float32)
    for _ in range(4):
        total += np.frombuffer(rng.randbytes(count), dtype=np.uint8)
    return ((total - 510) * np.float32(strength / 147.8)).reshape(shape)


def rotated(page: Array, degrees: float) -> Array:
    """The page turned by a small angle about its middle."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(
        cv2.warpAffine(page, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=(255,)), dtype=np.uint8
    )


def curled(page: Array, share: float) -> Array:
    """Lines bend up towards the left edge, where the spine is."""
    height, width = page.shape
    x = np.arange(width, dtype=np.float32)
    lift = (share * width * np.exp(-x / (0.12 * width))).astype(np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None] + lift[None, :]
    columns = np.broadcast_to(x[None, :], (height, width)).astype(np.float32)
    return np.asarray(
        cv2.remap(page, columns, rows.astype(np.float32), cv2.INTER_LINEAR, borderValue=(255,)), dtype=np.uint8
    )


def lit(page: Array, shade: float, rng: Random) -> Array:
    """Uneven light: one corner darker than the others."""
    height, width = page.shape
    across = _ramp(width, rising=rng.random() < 0.5)
    down = _ramp(height, rising=rng.random() < 0.5)
    light = 1 - shade * np.clip(across[None, :] * down[:, None], 0, 1)
    return np.asarray(np.clip(page * light, 0, 255), dtype=np.uint8)


def _ramp(length: int, *, rising: bool) -> Floats:
    return np.linspace(0, 1, length, dtype=np.float32) if rising else np.linspace(1, 0, length, dtype=np.float32)


def shown_through(page: Array, back: Array | None, strength: float, dpi: int) -> Array:
    """The page with its back shining through, mirrored and soft."""
    if not strength or back is None or back.shape != page.shape:
        return page
    ghost = cv2.GaussianBlur(back[:, ::-1], (0, 0), dpi / 120)
    return np.asarray(np.minimum(page, 255 - (255 - ghost) * strength), dtype=np.uint8)


def opened(left: Array, right: Array, curl: float) -> Array:
    """Two pages of an open book: both bend towards the spine, which lies in shadow."""
    if curl:
        left, right = curled(left[:, ::-1], curl)[:, ::-1], curled(right, curl)
    both = np.hstack([left, right])
    middle, reach = left.shape[1], left.shape[1] * 0.04
    away = np.abs(np.arange(both.shape[1], dtype=np.float32) - middle)
    shadow = 1 - 0.55 * np.exp(-((away / reach) ** 2)).astype(np.float32)
    return np.asarray(both * shadow[None, :], dtype=np.uint8)


def specked(page: Array, count: int, rng: Random) -> None:
    """Dust: dots of one or three pixels, black more often than white."""
    height, width = page.shape
    for _ in range(count):
        x, y, r = rng.randrange(width), rng.randrange(height), rng.choice((0, 0, 0, 1))
        page[max(0, y - r) : y + r + 1, max(0, x - r) : x + r + 1] = rng.choice((0, 0, 255))


def through_scanner(page: Array, scanner: Scanner, rng: Random) -> Array:
    """A sheet of paper after the scanner; bitonal pages hold 0 and 255 only."""
    if scanner.skew:
        degrees = rng.choice((-1, 1)) * scanner.skew if scanner.slant else rng.uniform(-scanner.skew, scanner.skew)
        page = rotated(page, degrees)
    if scanner.lines_per_inch and scanner.lines_per_inch != scanner.dpi:
        size = (page.shape[1], page.shape[0] * scanner.lines_per_inch // scanner.dpi)
        page = np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    for _ in range(scanner.copies):
        if scanner.blur:
            page = np.asarray(cv2.GaussianBlur(page, (0, 0), scanner.blur), dtype=np.uint8)
        shape = (page.shape[0], page.shape[1])
        page = np.asarray(
            np.clip(page * np.float32(0.93) + 12 + noise(shape, scanner.noise, rng), 0, 255), dtype=np.uint8
        )
    if scanner.shade:
        page = lit(page, scanner.shade, rng)
    if scanner.border:
        page[:, : scanner.border] = 25
        page[: scanner.border // 2, :] = 30
    if scanner.bitonal:
        page = np.where(page < scanner.threshold, 0, 255).astype(np.uint8)
    specked(page, scanner.specks, rng)
    return page

"""What is drawn on a page besides text: rules, shaded areas, pictures."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pypdfium2.raw as native

from extractors.page import Rule
from extractors.raster.geometry import IDENTITY, Box, Matrix, Plane, bounds, moved, product

_DEPTH = 12
# points: a filled strip as thin as this is a rule; a rule is at least this long; edges off the axis by this still count
_THIN = 3.0
_LONG = 4.0
_OFF_AXIS = 0.7
# pieces of a border drawn cell by cell touch
_TOUCH = 0.6
# darkness: less is white paper; thin strips paler than this are pieces of shading, which HTML printers cut up
_WHITE = 0.02
_SHADE = 0.14


@dataclass(frozen=True, slots=True)
class Picture:
    """An image: its box in user space (least x, least y, greatest x, greatest y), its matrix and pdfium's handle."""

    box: Box
    matrix: Matrix
    handle: Any


@dataclass(slots=True)
class Drawing:
    """All of it, in user space; ``complete`` is False when the page has more objects than were looked at."""

    strokes: list[Box] = field(default_factory=list)
    fills: list[Box] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    paths: int = 0
    complete: bool = True


def read_drawing(page: Any, limit: int) -> Drawing:
    """Look at no more than ``limit`` objects of a page."""
    drawing = Drawing()
    for seen, (item, matrix) in enumerate(_objects(page.raw, IDENTITY, 0)):
        if seen >= limit:
            drawing.complete = False
            break
        kind = native.FPDFPageObj_GetType(item)
        if kind == native.FPDF_PAGEOBJ_PATH:
            drawing.paths += 1
            _path(item, matrix, drawing)
        elif kind == native.FPDF_PAGEOBJ_IMAGE:
            own = product(_matrix(item), matrix)
            corners = [moved(own, x, y) for x in (0, 1) for y in (0, 1)]
            drawing.pictures.append(Picture(bounds(corners), own, item))
    return drawing


def rules_of(drawing: Drawing, plane: Plane) -> tuple[Rule, ...]:
    """The rules on the upright plane, top to bottom; pieces that touch are one."""
    boxes = [plane.box(*stroke) for stroke in drawing.strokes]
    inside = [b for b in boxes if b[2] > 0 and b[0] < plane.width and b[3] > 0 and b[1] < plane.height]
    across = [b for b in inside if b[2] - b[0] >= b[3] - b[1]]
    down = [(b[1], b[0], b[3], b[2]) for b in inside if b[2] - b[0] < b[3] - b[1]]
    rules = [Rule(*b) for b in _joined(across)] + [Rule(b[1], b[0], b[3], b[2]) for b in _joined(down)]
    return tuple(sorted(rules, key=lambda rule: (rule.top, rule.left)))


def _joined(boxes: list[Box]) -> list[Box]:
    """Strips along x on one height whose ends touch or overlap, as one."""
    joined: list[Box] = []
    for box in sorted(boxes, key=lambda b: (round((b[1] + b[3]) / 2 * 2), b[0])):
        if joined:
            last = joined[-1]
            level = abs((last[1] + last[3]) - (box[1] + box[3])) <= 2 * _TOUCH
            if level and box[0] <= last[2] + _TOUCH:
                joined[-1] = (last[0], min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3]))
                continue
        joined.append(box)
    return [box for box in joined if box[2] - box[0] >= _LONG]


def _objects(parent: Any, matrix: Matrix, depth: int) -> Iterator[tuple[Any, Matrix]]:
    count, get = (
        (native.FPDFFormObj_CountObjects, native.FPDFFormObj_GetObject)
        if depth
        else (native.FPDFPage_CountObjects, native.FPDFPage_GetObject)
    )
    for i in range(max(0, count(parent))):
        item = get(parent, i)
        if native.FPDFPageObj_GetType(item) == native.FPDF_PAGEOBJ_FORM:
            if depth < _DEPTH:
                yield from _objects(item, product(_matrix(item), matrix), depth + 1)
            else:
                yield item, matrix
        else:
            yield item, matrix


def _matrix(item: Any) -> Matrix:
    found = native.FS_MATRIX()
    if not native.FPDFPageObj_GetMatrix(item, found):
        return IDENTITY
    return found.a, found.b, found.c, found.d, found.e, found.f


def _path(item: Any, matrix: Matrix, drawing: Drawing) -> None:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not native.FPDFPath_GetDrawMode(item, fill, stroke):
        return
    own = product(_matrix(item), matrix)
    inside = _darkness(item, native.FPDFPageObj_GetFillColor) if fill.value else 0.0
    edge = _darkness(item, native.FPDFPageObj_GetStrokeColor) if stroke.value else 0.0
    if inside < _WHITE and edge < _WHITE:
        return
    for points, straight in _outlines(item, own):
        if inside >= _WHITE and len(points) >= 3:
            _filled(bounds(points), inside, drawing)
        if edge >= _WHITE and straight:
            _stroked(points, _stroke_width(item, own), drawing)


def _filled(box: Box, darkness: float, drawing: Drawing) -> None:
    width, height = box[2] - box[0], box[3] - box[1]
    if min(width, height) <= _THIN and darkness >= _SHADE:
        drawing.strokes.append(box)
    else:
        drawing.fills.append(box)


def _stroked(points: list[tuple[float, float]], thickness: float, drawing: Drawing) -> None:
    if thickness > _THIN:
        # a line thick enough to write on is an area
        drawing.fills.append(bounds(points))
        return
    half = thickness / 2
    for (x0, y0), (x1, y1) in pairwise(points):
        if abs(y0 - y1) <= _OFF_AXIS < abs(x0 - x1):
            y = (y0 + y1) / 2
            drawing.strokes.append((min(x0, x1), y - half, max(x0, x1), y + half))
        elif abs(x0 - x1) <= _OFF_AXIS < abs(y0 - y1):
            x = (x0 + x1) / 2
            drawing.strokes.append((x - half, min(y0, y1), x + half, max(y0, y1)))


def _stroke_width(item: Any, matrix: Matrix) -> float:
    width = ctypes.c_float()
    native.FPDFPageObj_GetStrokeWidth(item, width)
    scale = abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]) ** 0.5
    return width.value * float(scale)


def _darkness(item: Any, colour: Any) -> float:
    """How dark a shape is, 0-1; nought for white and for what is transparent: they leave no mark on paper."""
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not colour(item, red, green, blue, alpha):
        return 1.0
    light = 0.299 * red.value + 0.587 * green.value + 0.114 * blue.value
    return (1 - light / 255) * alpha.value / 255


def _outlines(item: Any, matrix: Matrix) -> Iterator[tuple[list[tuple[float, float]], bool]]:
    """The points of each part of a path, and whether it is made of straight lines only."""
    x, y = ctypes.c_float(), ctypes.c_float()
    points: list[tuple[float, float]] = []
    straight = True
    for i in range(max(0, native.FPDFPath_CountSegments(item))):
        segment = native.FPDFPath_GetPathSegment(item, i)
        kind = native.FPDFPathSegment_GetType(segment)
        if kind == native.FPDF_SEGMENT_MOVETO:
            if len(points) > 1:
                yield points, straight
            points, straight = [], True
        elif kind == native.FPDF_SEGMENT_BEZIERTO:
            straight = False
        native.FPDFPathSegment_GetPoint(segment, x, y)
        points.append(moved(matrix, x.value, y.value))
        if native.FPDFPathSegment_GetClose(segment) and points[0] != points[-1]:
            points.append(points[0])
    if len(points) > 1:
        yield points, straight

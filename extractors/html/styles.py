"""What CSS says about an element, as far as it decides what is read: hidden, bold, set in, ruled.

Inline styles and plain style sheets (tag, class, id, and descendants of those) are understood; the rest is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from bs4 import Tag

Edge = Literal["", "single", "double"]

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_COMPOUND = re.compile(r"(?P<tag>[a-zA-Z][\w-]*|\*)?(?P<rest>(?:[.#][\w-]+)*)\Z")
_LENGTH = re.compile(r"(-?[\d.]+)\s*(em|rem|pt|px|in|cm|mm|ex|ch|pc)?\Z")
# ems of a ten-point type
_EMS = {
    "em": 1.0,
    "rem": 1.0,
    "pt": 0.1,
    "px": 0.075,
    "in": 7.2,
    "cm": 2.83,
    "mm": 0.283,
    "ex": 0.5,
    "ch": 0.5,
    "pc": 1.2,
}
_DRAWN = re.compile(r"\b(?:solid|dashed|dotted|groove|ridge|inset|outset)\b")
_NO_WIDTH = re.compile(r"(?:\A|\s)0(?:px|pt|em)?(?:\s|\Z)")
_MAX_RULES = 5000


@dataclass(frozen=True, slots=True)
class Look:
    """How an element is set.

    Attributes:
        bold, centred, preformatted, raised: None where nothing is said, so that the parent's holds.
        inset: padding and margin at the left, in ems. first_line: ``text-indent`` in ems, None where unsaid.
        above, below: a rule at the upper or lower edge.
    """

    hidden: bool = False
    bold: bool | None = None
    centred: bool | None = None
    preformatted: bool | None = None
    raised: bool | None = None
    block: bool | None = None
    inset: float = 0.0
    first_line: float | None = None
    size: float | None = None
    above: Edge = ""
    below: Edge = ""


PLAIN = Look()


@lru_cache(maxsize=8192)
def look_of(style: str) -> Look:
    """The look that declarations such as ``font-weight:700;padding-left:9pt`` give."""
    said: dict[str, str] = {}
    for declaration in style.split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            said[name.strip().lower()] = value.replace("!important", "").strip().lower()
    look = Look(
        hidden=_is_hidden(said),
        bold=_bold(said.get("font-weight", said.get("font", ""))),
        centred=(said["text-align"] == "center") if "text-align" in said else None,
        preformatted=said["white-space"].startswith(("pre", "break-spaces")) if "white-space" in said else None,
        raised=_raised(said),
        block=said["display"] in ("block", "list-item", "flex", "table-row") if "display" in said else None,
        inset=_inset(said, "padding") + _inset(said, "margin"),
        first_line=_ems(said["text-indent"]) if "text-indent" in said else None,
        size=_points(said.get("font-size", "")),
    )
    return replace(look, above=_edge(said, "top"), below=_edge(said, "bottom"))


def _is_hidden(said: dict[str, str]) -> bool:
    return (
        said.get("display") == "none"
        or said.get("visibility") in ("hidden", "collapse")
        or said.get("mso-hide") == "all"
        or _ems(said.get("font-size", "1pt")) == 0
    )


def _bold(weight: str) -> bool | None:
    if not weight:
        return None
    if re.search(r"\bbold(?:er)?\b|\b[6-9]00\b", weight):
        return True
    return False if re.search(r"\bnormal\b|\blighter\b|\b[1-5]00\b", weight) else None


def _raised(said: dict[str, str]) -> bool | None:
    if said.get("vertical-align") in ("super", "text-top"):
        return True
    # set higher by hand: a negative top of a shifted run
    return True if said.get("position") == "relative" and said.get("top", "").startswith("-") else None


def _inset(said: dict[str, str], name: str) -> float:
    if f"{name}-left" in said:
        return _ems(said[f"{name}-left"])
    sides = said.get(name, "").split()
    # one value: all sides; two and three: the second is left and right; four: the last is left
    return _ems(sides[{1: 0, 2: 1, 3: 1, 4: 3}[len(sides)]]) if 1 <= len(sides) <= 4 else 0.0


def _ems(length: str) -> float:
    found = _LENGTH.match(length)
    if not found:
        return 0.0
    try:
        number = float(found[1])
    except ValueError:
        return 0.0
    return max(-100.0, min(100.0, number * _EMS[found[2] or "px"]))


def _points(length: str) -> float | None:
    return round(_ems(length) * 10, 1) if re.match(r"[\d.]+(?:pt|px)\Z", length) else None


def _edge(said: dict[str, str], side: str) -> Edge:
    """A rule at one side alone; a border all around says nothing about sums."""
    drawn = said.get(f"border-{side}", "")
    style = said.get(f"border-{side}-style", "")
    width = said.get(f"border-{side}-width", "")
    if not drawn and not style and "border-style" in said:
        sides = said["border-style"].split()
        style = (sides[0] if side == "top" else sides[2] if len(sides) > 2 else sides[0]) if len(sides) > 1 else ""
    text = f"{drawn} {style}"
    if "none" in text or "hidden" in text or _NO_WIDTH.search(drawn) or (width and _ems(width) == 0):
        return ""
    if "double" in text:
        return "double"
    return "single" if _DRAWN.search(text) else ""


@dataclass(frozen=True, slots=True)
class _Compound:
    """``td.num#x``: every part must match the element."""

    tag: str | None
    classes: frozenset[str]
    name: str | None

    def matches(self, tag: Tag, classes: frozenset[str]) -> bool:
        return (
            (self.tag is None or self.tag == tag.name)
            and self.classes <= classes
            and (self.name is None or self.name == tag.get("id"))
        )


@dataclass(slots=True)
class StyleSheet:
    """The rules of a page's ``<style>`` elements, in order, by the tag or class that their subject needs."""

    rules: dict[str, list[tuple[int, tuple[_Compound, ...], str]]] = field(default_factory=dict)
    count: int = 0
    known: dict[tuple[str, str], str] = field(default_factory=dict)
    contextual: bool = False

    def add(self, css: str) -> None:
        """Take in the text of a ``<style>`` element; what is not understood is ignored."""
        css = re.sub(r"@(?:media|supports)[^{]*print[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", _COMMENT.sub("", css))
        for found in _RULE.finditer(css):
            for selector in found[1].split(","):
                parts = tuple(_compound(part) for part in selector.replace(">", " ").split())
                known = tuple(part for part in parts if part is not None)
                if not known or len(known) != len(parts) or self.count >= _MAX_RULES:
                    continue
                self.count += 1
                self.contextual = self.contextual or len(known) > 1 or known[-1].name is not None
                subject = known[-1]
                key = next(iter(sorted(subject.classes)), None)
                self.rules.setdefault(f".{key}" if key else subject.tag or "*", []).append(
                    (self.count, known, found[2])
                )

    def said(self, tag: Tag) -> str:
        """All that is said about an element by the rules and, last and strongest, by itself."""
        return f"{self.declarations(tag) if self.count else ''};{tag.attrs.get('style') or ''}"

    def declarations(self, tag: Tag) -> str:
        """All that the rules say about an element, later ones last."""
        if self.contextual:
            return self._declared(tag)
        # without rules on descendants and ids, tag and classes decide
        key = (tag.name, str(tag.attrs.get("class", "")))
        if key not in self.known:
            self.known[key] = self._declared(tag)
        return self.known[key]

    def _declared(self, tag: Tag) -> str:
        classes = _classes(tag)
        hits: list[tuple[int, str]] = []
        for key in (tag.name, "*", *(f".{name}" for name in classes)):
            hits += [(order, said) for order, parts, said in self.rules.get(key, ()) if _applies(parts, tag, classes)]
        return ";".join(said for _, said in sorted(hits))


def _classes(tag: Tag) -> frozenset[str]:
    value = tag.get("class")
    if not value:
        return frozenset()
    return frozenset(value.split() if isinstance(value, str) else value)


def _compound(text: str) -> _Compound | None:
    found = _COMPOUND.match(text.strip())
    if not found or not text.strip():
        return None
    rest = re.findall(r"([.#])([\w-]+)", found["rest"])
    name = next((value for mark, value in rest if mark == "#"), None)
    tag = found["tag"]
    return _Compound(
        tag.lower() if tag and tag != "*" else None, frozenset(value for mark, value in rest if mark == "."), name
    )


def _applies(parts: tuple[_Compound, ...], tag: Tag, classes: frozenset[str]) -> bool:
    if not parts[-1].matches(tag, classes):
        return False
    ancestors: Iterable[Tag] = tag.parents
    for part in reversed(parts[:-1]):
        if not any(part.matches(ancestor, _classes(ancestor)) for ancestor in ancestors):
            return False
    return True

"""A parser that returns has proved nothing: is all that the file holds in the tree?"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag
from bs4.element import CData, NavigableString

from extractors.html.preformatted import LOST_TABLE
from schemas.filing import Finding

# what may be lost before it counts: stray characters around broken tags
_SHARE = 0.98
_FEW = 40
_ASIDE = re.compile(r"(?is)<!--.*?-->|<(script|style|template|title|textarea)\b.*?</\1\s*>|<![a-z\[][^>]*>|<\?[^>]*>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_TABLE = re.compile(r"(?i)<table\b|<" + LOST_TABLE + r"\b")
# no word is as long, no tag has as many attributes: what does is no page that a person made
_LONGEST_WORD = 1000
_MOST_ATTRIBUTES = 1000
# where browsers stop nesting
_DEEPEST = 512
_ASIDE_TAGS = frozenset(("script", "style", "template", "title", "textarea"))


@dataclass(slots=True)
class _Held:
    """What is in the tree: characters of text, tables, the longest word and the most attributes of a tag."""

    characters: int = 0
    tables: int = 0
    longest: int = 0
    attributes: int = 0


def find_losses(markup: str, soup: BeautifulSoup) -> list[Finding]:
    """Findings of severity "error" where text or tables of the markup are missing in the tree or beyond reading."""
    bare = _ASIDE.sub(" ", markup)
    expected = _count(html.unescape(_TAG.sub("", bare)))
    held = _held(soup)
    lost = expected - held.characters
    messages: list[tuple[str, str]] = []
    if held.characters < expected * _SHARE and lost > min(_FEW, expected // 2):
        messages.append(("text_lost", f"The page holds {expected} characters of text, of which {lost} were not read."))
    tables = len(_TABLE.findall(bare))
    if held.tables < tables:
        lost = tables - held.tables
        messages.append(("tables_lost", f"The page holds {tables} tables, of which {lost} could not be read."))
    if held.longest > _LONGEST_WORD:
        message = f"A word of {held.longest} characters stands on the page: longer than any figure or label."
        messages.append(("endless_word", message))
    if held.attributes > _MOST_ATTRIBUTES:
        message = f"A tag of the page has {held.attributes} attributes; what they say of it was not heeded in full."
        messages.append(("too_many_attributes", message))
    return [Finding(code=code, severity="error", message=message) for code, message in messages]


def find_depth(deepest: int) -> list[Finding]:
    """A finding where the page is nested more deeply than it can be shown."""
    if deepest <= _DEEPEST:
        return []
    message = f"The page is nested {deepest} deep, and no browser shows more than {_DEEPEST}: what it shows may differ."
    return [Finding(code="nested_too_deep", severity="error", message=message)]


def _held(soup: BeautifulSoup) -> _Held:
    """What is in the tree, counted in one pass."""
    held = _Held()
    for node in soup.descendants:
        if isinstance(node, Tag):
            held.tables += node.name in ("table", LOST_TABLE)
            held.attributes = max(held.attributes, len(node.attrs))
        elif type(node) in (NavigableString, CData) and (node.parent is None or node.parent.name not in _ASIDE_TAGS):
            words = str(node).split()
            if words:
                lengths = [*map(len, words)]
                held.characters += sum(lengths)
                held.longest = max(held.longest, *lengths)
    return held


def _count(text: str) -> int:
    return sum(map(len, text.split()))

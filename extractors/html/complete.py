"""A parser that returns has proved nothing: is all that the file holds in the tree?"""

from __future__ import annotations

import html
import re

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
_ASIDE_TAGS = frozenset(("script", "style", "template", "title", "textarea"))


def find_losses(markup: str, soup: BeautifulSoup) -> list[Finding]:
    """Findings of severity "error" where text or tables of the markup are missing in the tree."""
    bare = _ASIDE.sub(" ", markup)
    expected = _count(html.unescape(_TAG.sub("", bare)))
    read, there = _held(soup)
    findings = []
    if read < expected * _SHARE and expected - read > min(_FEW, expected // 2):
        message = f"The page holds {expected} characters of text, of which {expected - read} could not be read."
        findings.append(Finding(code="text_lost", severity="error", message=message))
    tables = len(_TABLE.findall(bare))
    if there < tables:
        message = f"The page holds {tables} tables, of which {tables - there} could not be read."
        findings.append(Finding(code="tables_lost", severity="error", message=message))
    return findings


def _held(soup: BeautifulSoup) -> tuple[int, int]:
    """The characters of text and the tables in the tree, counted in one pass."""
    characters = tables = 0
    for node in soup.descendants:
        if isinstance(node, Tag):
            tables += node.name in ("table", LOST_TABLE)
        elif type(node) in (NavigableString, CData) and (node.parent is None or node.parent.name not in _ASIDE_TAGS):
            characters += _count(str(node))
    return characters, tables


def _count(text: str) -> int:
    return sum(map(len, text.split()))

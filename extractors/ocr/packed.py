"""The words of a page that has been read, packed until its tables are looked for.

As objects the words of a page take a third of a megabyte, their places most of it; packed, a twentieth of that. So
they are hardly more when the last of a hundred pages is read, and a page takes most memory while it is read.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, overload

from extractors.page import PagePlace, Reading, Word

# higher ones take more time and hardly less memory
_LEVEL = 1


class PackedWords(Sequence[Word]):
    """Words of one page; they are made anew whenever they are asked for, equal to those that were packed."""

    __slots__ = ("_count", "_packed")

    def __init__(self, words: Sequence[Word]) -> None:
        self._count = len(words)
        self._packed = zlib.compress(json.dumps([_plain(word) for word in words]).encode("ascii"), _LEVEL)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Word]:
        return map(_word, json.loads(zlib.decompress(self._packed)))

    @overload
    def __getitem__(self, index: int) -> Word: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Word, ...]: ...

    def __getitem__(self, index: int | slice) -> Word | tuple[Word, ...]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, (PackedWords, tuple)) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))


def _plain(word: Word) -> list[Any]:
    """A word as JSON can say it, which keeps every float to the last bit.

    Raises:
        TypeError: its place is not on a page.
    """
    if not isinstance(word.place, PagePlace):
        raise TypeError("only words of pages are packed")
    return [
        (word.text, word.left, word.top, word.right, word.bottom, word.confidence, word.bold, word.size),
        (word.place.page, *word.place.bbox),
        [(rival.text, rival.probability) for rival in word.rivals],
    ]


def _word(plain: list[Any]) -> Word:
    (text, left, top, right, bottom, confidence, bold, size), (page, *bbox), rivals = plain
    place = PagePlace(page=page, bbox=tuple(bbox))
    readings = tuple(Reading(text, probability) for text, probability in rivals)
    return Word(text, left, top, right, bottom, place, confidence, readings, bold, size)

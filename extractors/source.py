"""The bytes of the document that is converted, which need not stay in memory as long as its conversion takes."""

from __future__ import annotations

import hashlib


class Source:
    """A document's bytes and what is told of them.

    Every stage is handed this and not the bytes, so that whoever has put them elsewhere can ``release`` them: a scan
    of a hundred pages would otherwise lie in memory as a whole while its pages are read.

    Attributes:
        size: in bytes. sha256: as hexadecimal digits.
    """

    def __init__(self, data: bytes) -> None:
        self._data: bytes | None = data
        self.size = len(data)
        self.sha256 = hashlib.sha256(data).hexdigest()

    @property
    def kept(self) -> bool:
        """Whether the bytes are still here."""
        return self._data is not None

    @property
    def data(self) -> bytes:
        """The bytes; nobody keeps them longer than one call takes.

        Raises:
            RuntimeError: they were released.
        """
        if self._data is None:
            raise RuntimeError("the bytes of the document were released")
        return self._data

    def release(self) -> None:
        """Forget the bytes; ``data`` is not asked for again."""
        self._data = None

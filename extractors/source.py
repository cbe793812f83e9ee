"""The bytes of the document that is converted, which need not stay in memory as long as its conversion takes."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class Source:
    """A document's bytes and what is told of them.

    Every stage is handed this and not the bytes, so that they can be let go of: a scan of a hundred pages would
    otherwise lie in memory as a whole while its pages are read.

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
            RuntimeError: they are on disk, or were.
        """
        if self._data is None:
            raise RuntimeError("the bytes of the document are no longer in memory")
        return self._data

    @contextmanager
    def on_disk(self, mend: Callable[[bytes], bytes] = bytes) -> Iterator[bytes | Path]:
        """The document, mended, as a temporary file; its bytes are forgotten.

        Where no file can be had they are handed out, as they are. Afterwards ``data`` is not asked for again.
        """
        with tempfile.TemporaryDirectory(prefix="crossfoot-source-", ignore_cleanup_errors=True) as folder:
            file = Path(folder) / "document"
            try:
                file.write_bytes(mend(self.data))
                self._data = None
            except OSError:
                file.unlink(missing_ok=True)
            yield file if self._data is None else self._data

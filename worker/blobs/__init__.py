"""Where documents and results are kept: bytes under their hash, in a folder or in an object store."""

from __future__ import annotations

import urllib.parse
from pathlib import Path

from schemas.errors import ConfigurationError
from worker.blobs.files import (
    PARTIAL,
    Stored,
    find_free,
    find_hash,
    is_regular,
    is_special,
    is_written,
    make_folder,
    move_file,
    open_regular,
    sync_file,
    sync_folder,
)
from worker.blobs.folder import Blobs
from worker.blobs.stores import GRACE_SECONDS, DamagedBlobError, FullError, Kept, MissingBlobError, Store, storing
from worker.settings import Settings

__all__ = [
    "GRACE_SECONDS",
    "PARTIAL",
    "Blobs",
    "DamagedBlobError",
    "FullError",
    "Kept",
    "MissingBlobError",
    "Store",
    "Stored",
    "find_free",
    "find_hash",
    "is_regular",
    "is_special",
    "is_written",
    "make_folder",
    "move_file",
    "open_blobs",
    "open_regular",
    "storing",
    "sync_file",
    "sync_folder",
]


def open_blobs(settings: Settings) -> Store:
    """The store of a home: ``CROSSFOOT_STORE``, or the folder ``blobs`` of the home.

    Raises:
        ConfigurationError: ``CROSSFOOT_STORE`` names no store that is known.
    """
    if not settings.store:
        return Blobs(settings.blobs)
    url = urllib.parse.urlsplit(settings.store)
    if url.scheme == "file" and url.netloc in ("", "localhost") and url.path.startswith("/"):
        root = Path(urllib.parse.unquote(url.path))
        make_folder(root)
        return Blobs(root)
    if url.scheme == "s3" and url.netloc:
        from worker.blobs.objects import ObjectBlobs

        return ObjectBlobs(settings.store, settings.cache)
    raise ConfigurationError("CROSSFOOT_STORE must be file:///folder or s3://bucket/prefix.", "CROSSFOOT_STORE")

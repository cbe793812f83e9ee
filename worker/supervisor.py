"""``crossfoot up``: everything on one machine, with a Redis of its own."""

from __future__ import annotations

from worker.settings import Settings


def run(settings: Settings) -> int:
    """Serve ``settings.home`` until SIGINT or SIGTERM; the exit status (0 after a clean stop).

    Everything that was started has ended when it returns. Messages go to stderr, one line each.

    Raises:
        MissingProgramError: there is no redis-server on the PATH (and no ``CROSSFOOT_REDIS_URL``).
        UsageError: another ``crossfoot up`` serves the same home.
        StorageError: the folders cannot be made.
    """
    raise NotImplementedError

"""The Celery app (start it with ``-A worker.app``)."""

from __future__ import annotations

from worker.settings import Settings


def run(settings: Settings, queues: str = "", concurrency: int | None = None) -> int:
    """``crossfoot worker``: serve queues (comma separated, all by default) until SIGTERM; the exit status.

    Needs ``settings.redis_url``.

    Raises:
        ConfigurationError: no Redis is named, or a queue that does not exist.
    """
    raise NotImplementedError

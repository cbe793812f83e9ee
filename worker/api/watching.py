"""Waiting for jobs: one query a tick for everybody who waits, so that thousands who wait cost no thread each."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from schemas.errors import StorageError
from worker.api.problems import BUSY_SECONDS, ApiError

log = logging.getLogger("crossfoot.api")

TICK_SECONDS: Final = 0.2
MOST_WAITING: Final = 5000
# after a fault of the program, before it is tried again
AGAIN_SECONDS: Final = 1.0


class Look(Protocol):
    """Asks the rows: for each job a text that differs when anything about it has changed; none for one that is gone."""

    async def __call__(self, jobs: Sequence[int], /) -> dict[int, str]:
        """``{job: text}``."""


@dataclass(eq=False, slots=True)
class _Waiting:
    job: int
    seen: str
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    now: str | None = None


class Watch:
    """Who waits for which job."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._waiting: set[_Waiting] = set()
        self._some = asyncio.Event()
        self._stopped = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look at the rows as long as somebody waits."""
        self._loop = asyncio.get_running_loop()
        self._begin()
        try:
            yield
        finally:
            self.stop()
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait([self._task])

    def _begin(self) -> None:
        if not self._stopped:
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(self._begin_again)

    def _begin_again(self, ended: asyncio.Task[None]) -> None:
        """It looks until it is stopped: whatever else has ended it, those who wait must not wait in vain for ever."""
        if not ended.cancelled() and not self._stopped:
            log.error("waiting for jobs has ended, and begins again", exc_info=ended.exception())
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._begin)

    def stop_soon(self) -> None:
        """``stop``, from a signal's handler."""
        self._stopped = True
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self.stop)

    def stop(self) -> None:
        """Nobody waits any longer: the service ends."""
        self._stopped = True
        for waiting in self._waiting:
            waiting.changed.set()

    @property
    def stopped(self) -> bool:
        """Whether the service ends."""
        return self._stopped

    async def changed(self, job: int, seen: str, seconds: float) -> str | None:
        """What is to be seen of a job once it differs from ``seen``; None when nothing has changed in time.

        Raises:
            ApiError: too many wait already.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise ApiError(503, "Too many wait already.", code="E_BUSY", headers={"Retry-After": str(BUSY_SECONDS)})
        waiting = _Waiting(job, seen)
        self._waiting.add(waiting)
        self._some.set()
        try:
            with contextlib.suppress(TimeoutError):
                if not self._stopped:
                    await asyncio.wait_for(waiting.changed.wait(), seconds)
        finally:
            self._waiting.discard(waiting)
        return waiting.now

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            try:
                await self._tell()
            except (StorageError, ApiError) as error:
                log.warning("%s", error.detail)
            if not self._waiting:
                self._some.clear()
            await asyncio.sleep(TICK_SECONDS)

    async def _tell(self) -> None:
        """Look once, and wake those whose job has changed."""
        asked = tuple(self._waiting)
        found = await self._look(tuple({w.job for w in asked}))
        for waiting in asked:
            now = found.get(waiting.job, "gone")
            if now != waiting.seen:
                waiting.now = now
                waiting.changed.set()

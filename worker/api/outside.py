"""Asking others' servers on threads of its own: one caller whose servers are slow holds up nobody else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final, TypeVar, TypeVarTuple

import anyio
from anyio.to_thread import run_sync

from worker.api.problems import BUSY_SECONDS, ApiError

Ts = TypeVarTuple("Ts")
R = TypeVar("R")

# how long it is waited for a turn
PATIENCE: Final = 10.0


class Outside:
    """So many at once, and so many of each caller; who does not get a turn in time is told to come again."""

    def __init__(self, at_once: int, each: int) -> None:
        self._each = each
        self._all = asyncio.Semaphore(at_once)
        self._own: dict[int, asyncio.Semaphore] = {}
        self._threads = anyio.CapacityLimiter(at_once)

    async def run(self, key_id: int, ask: Callable[[*Ts], R], *args: *Ts) -> R:
        """Call a function on a thread, in this caller's turn.

        Raises:
            ApiError: 503, there was none in time.
        """
        async with self._turn(key_id):
            return await run_sync(ask, *args, limiter=self._threads)

    @contextlib.asynccontextmanager
    async def _turn(self, key_id: int) -> AsyncIterator[None]:
        own = self._own.setdefault(key_id, asyncio.Semaphore(self._each))
        async with contextlib.AsyncExitStack() as held:
            try:
                async with asyncio.timeout(PATIENCE):
                    await held.enter_async_context(own)
                    await held.enter_async_context(self._all)
            except TimeoutError:
                headers = {"Retry-After": str(BUSY_SECONDS)}
                raise ApiError(503, "Too many other servers are asked.", code="E_BUSY", headers=headers) from None
            yield

"""What every operation works with: settings, rows, store, those who wait; and who is asking."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated, Concatenate, Final, ParamSpec, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from worker.api import rows
from worker.api.keys import LOCAL, Caller, Scope
from worker.api.outside import Outside
from worker.api.problems import BUSY_SECONDS, ApiError, no_key
from worker.api.uploads import Receiver
from worker.api.watching import Watch
from worker.database import Database
from worker.room import Room
from worker.settings import Settings
from worker.webhooks.guard import Network

P = ParamSpec("P")
R = TypeVar("R")

ROW_THREADS: Final = 8
# others' servers, and those that know their names, that are asked at once; and by one caller
FETCHES: Final = (16, 4)
LOOKUPS: Final = (16, 4)
# requests at once of one caller
MOST_OF_ONE: Final = 1024
# the key of a request's scope under which lies what is to be done after it
AFTER: Final = "crossfoot.after"
# how many questions may wait for the rows; what comes then is told to come again
MOST_QUEUED: Final = 2000
LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
_bearer: Final = HTTPBearer(auto_error=False, description="An API key: `Authorization: Bearer cf_…`")
_header: Final = APIKeyHeader(name="X-Api-Key", auto_error=False, description="The same key, for who cannot set that")


class Rows:
    """The database, asked on threads of its own, each with a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = ThreadPoolExecutor(ROW_THREADS, "rows")
        self._held = threading.local()
        self._opened: list[Database] = []
        self._asked = 0

    async def run(self, ask: Callable[Concatenate[Database, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function with a connection, on a thread.

        Raises:
            StorageError: the database does not answer.
            ApiError: too many wait for it already.
        """
        if self._asked >= MOST_QUEUED:
            raise ApiError(503, "Too much is asked at once.", code="E_BUSY", headers={"Retry-After": "2"})
        return await self.run_always(ask, *args, **kwargs)

    async def run_always(self, ask: Callable[Concatenate[Database, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """``run`` for the few questions that many wait for: however many wait already.

        Raises:
            StorageError: the database does not answer.
        """
        self._asked += 1
        try:
            # shielded: who is gone must not leave a half-done transaction to the next
            return await asyncio.shield(
                asyncio.get_running_loop().run_in_executor(self._pool, lambda: ask(self._database(), *args, **kwargs))
            )
        finally:
            self._asked -= 1

    def _database(self) -> Database:
        db: Database | None = getattr(self._held, "db", None)
        if db is None:
            db = self._held.db = Database.open(self._settings)
            self._opened.append(db)
        return db

    def close(self) -> None:
        """End the threads and their connections."""
        self._pool.shutdown(wait=True)
        while self._opened:
            self._opened.pop().close()


@dataclass(slots=True)
class Load:
    """What is on its way at this moment, of which caller: documents, idempotency keys, requests of any kind."""

    uploads: Counter[int] = field(default_factory=Counter)
    names: set[tuple[int, str]] = field(default_factory=set)
    requests: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Service:
    """One running API.

    Attributes:
        loopback: it is reached from this machine only.
        allowed: private networks that may be asked.
        longest_stream: seconds after which a stream of events is closed.
        used: when it was noted last that a key was used.
    """

    settings: Settings
    rows: Rows
    room: Room
    uploads: Receiver
    watch: Watch
    loopback: bool
    allowed: tuple[Network, ...] = ()
    longest_stream: float = 3600.0
    used: dict[int, float] = field(default_factory=dict)
    # what waits for others' servers, and for those that know their names, does so on threads of its own
    fetches: Outside = field(default_factory=lambda: Outside(*FETCHES))
    lookups: Outside = field(default_factory=lambda: Outside(*LOOKUPS))
    load: Load = field(default_factory=Load)
    # the names that each operation knows in a query
    wishes: dict[str, set[str]] = field(default_factory=dict)


def service_of(request: Request) -> Service:
    """The service that a request has reached."""
    found: Service = request.app.state.service
    return found


async def caller_of(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    header: Annotated[str | None, Depends(_header)],
) -> Caller:
    """Who asks. Without any key ever made, whoever reaches the loopback address is this machine's user.

    Raises:
        ApiError: 401 no key, or none that is good; 429 too much is asked by it at once.
    """
    known: Caller | None = getattr(request.state, "caller", None)
    if known is None:
        known = request.state.caller = await _look_up(request, bearer.credentials if bearer is not None else header)
        _count(request, known)
    return known


async def identify(request: Request) -> Caller:
    """Who asks, before an operation does; the errors of ``caller_of``."""
    return await caller_of(request, await _bearer(request), await _header(request))


def _count(request: Request, caller: Caller) -> None:
    """Count a request among its caller's until it has been answered."""
    running = service_of(request).load.requests
    if running[caller.key_id] >= MOST_OF_ONE:
        raise ApiError(429, "Too much is asked with this key at once.", headers={"Retry-After": str(BUSY_SECONDS)})
    after: contextlib.ExitStack = request.scope[AFTER]
    running[caller.key_id] += 1
    after.callback(running.subtract, {caller.key_id: 1})


async def _look_up(request: Request, key: str | None) -> Caller:
    service = service_of(request)
    found = await service.rows.run(rows.look_up_key, key, service.used, time.time())
    if found is not None:
        return found
    said = "authorization" in request.headers or "x-api-key" in request.headers
    if not said and service.loopback and not await service.rows.run(rows.has_keys):
        _check_local(request)
        return LOCAL
    raise no_key()


def _check_local(request: Request) -> None:
    """Refuse what a web page of somebody else makes this machine's browser ask."""
    host = _name(f"//{request.headers.get('host', '')}")
    origin = request.headers.get("origin")
    if host not in LOCAL_NAMES:
        raise ApiError(421, "Without API keys, only this machine is served, under the name localhost.")
    if origin is not None and _name(origin) not in LOCAL_NAMES:
        raise ApiError(403, "Without API keys, pages of other sites are not served.", code="E_KEY")
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin", "same-site"):
        raise ApiError(403, "Without API keys, pages of other sites are not served.", code="E_KEY")


def _name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def only_known(request: Request, _: Annotated[Caller, Depends(caller_of)]) -> None:
    """A dependency: a wish that is not understood is an error, not a wish that is silently not fulfilled."""
    service = service_of(request)
    if not service.wishes:
        for operations in request.app.openapi()["paths"].values():
            for each in operations.values():
                service.wishes[each["operationId"]] = {
                    wish["name"] for wish in each.get("parameters", []) if wish["in"] == "query"
                }
    known = service.wishes.get(request.scope["route"].unique_id, set())
    for name in request.query_params:
        if name not in known:
            raise ApiError(422, "There is no such parameter.", place=f"query.{name[:100]}")


def need(scope: Scope) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: the caller, who must have a scope."""

    async def check(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        if not caller.may(scope):
            raise ApiError(403, f"This key lacks the scope {scope}.")
        return caller

    return check


Serving = Annotated[Service, Depends(service_of)]
Submitter = Annotated[Caller, Depends(need("submit"))]
Reader = Annotated[Caller, Depends(need("read"))]
Reviewer = Annotated[Caller, Depends(need("review"))]
Administrator = Annotated[Caller, Depends(need("admin"))]


async def look(rows_: Rows, jobs: Sequence[int]) -> dict[int, str]:
    """What ``Watch`` asks."""
    return await rows_.run_always(rows.look, jobs)

"""What holds for every request, before any operation sees it: how many at once, how large and slow a body may be."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Final

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.errors import CrossfootError
from worker.api import problems
from worker.api.problems import ApiError
from worker.api.service import AFTER, identify

log = logging.getLogger("crossfoot.api")

# the one path whose bodies are large: they are read by who takes them in
DOCUMENTS: Final = "/v1/jobs"
SMALL_BODY: Final = 64 * 1024
# from its head to the end of a small body
BODY_SECONDS: Final = 30.0
# requests at once, of all kinds and callers
MOST_REQUESTS: Final = 2048
ALIVE: Final = "/livez"
QUIET: Final = (ALIVE, "/readyz", "/metrics")
HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)


class _Small:
    """A body that holds little and comes in time; afterwards, whether the client is there still."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._until = time.monotonic() + BODY_SECONDS
        self._count = 0
        self._ended = False
        # once an answer has begun there is no other: then who is late has gone
        self.answered = False

    async def __call__(self) -> Message:
        """The next message."""
        if self._ended:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, self._until - time.monotonic()))
        except TimeoutError:
            if self.answered:
                return {"type": "http.disconnect"}
            raise HTTPException(408, "The body did not come in time", {"Connection": "close"}) from None
        self._ended = not message.get("more_body", False)
        self._count += len(message.get("body", b""))
        if self._count > SMALL_BODY and not self.answered:
            raise HTTPException(413, f"A body holds at most {SMALL_BODY:,} bytes here", {"Connection": "close"})
        return message


class Guarded:
    """So many at once; keys before bodies; no sniffing, no framing; HEAD wherever GET is; one line of log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0
        # a stream of events has no end that a HEAD could wait for
        bare = scope["method"] == "HEAD" and not scope["path"].endswith(problems.EVENTS)
        small = _Small(receive)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status, small.answered = message["status"], True
                message["headers"] = [*message["headers"], *HEADERS]
            elif bare:
                message = {**message, "body": b""}
            await send(message)

        self._running += 1
        try:
            with contextlib.ExitStack() as after:
                asked = {**scope, AFTER: after, "method": "GET" if bare else scope["method"]}
                await self._pass(asked, receive if scope["path"] == DOCUMENTS else small, answer)
        finally:
            self._running -= 1
            path = scope["path"]
            if path not in QUIET:
                seconds = round(time.perf_counter() - begun, 4)
                facts = {"method": scope["method"], "path": path[:200], "status": status, "seconds": seconds}
                log.info("%s %s: %d", scope["method"], ascii(path[:200]).strip("'"), status, extra=facts)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = None
        if self._running > MOST_REQUESTS and scope["path"] != ALIVE:
            headers = {"Retry-After": str(problems.BUSY_SECONDS), "Connection": "close"}
            error = ApiError(503, "Too much is asked at once.", code="E_BUSY", headers=headers)
        elif scope["path"].startswith("/v1/") and _has_body(scope):
            error = await _refuse_stranger(scope)
        await (self._app if error is None else problems.answer(error))(scope, receive, send)


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


async def _refuse_stranger(scope: Scope) -> ApiError | None:
    """Look at the key before the body is waited for; the operation's own look costs nothing then."""
    try:
        await identify(Request(scope))
    except ApiError as error:
        return error
    except CrossfootError as error:
        return problems.of_error(error)
    return None

"""``crossfoot serve``: uvicorn with the app, and the rule that only keys open a door to the network."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Final

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from schemas.errors import ConfigurationError, ServiceError
from worker.api import problems, rows
from worker.api.app import make_app
from worker.api.problems import ApiError
from worker.api.service import is_loopback
from worker.database import Database
from worker.processes import logs
from worker.settings import Settings

log = logging.getLogger("crossfoot.api")

# connections at once, of all kinds; who comes then takes the place of whoever has been without a request the longest
MOST_CONNECTIONS: Final = 2048
OTHER_FILES: Final = 256
KEEP_ALIVE_SECONDS: Final = 15
# what a stop waits for: uploads and answers that are on their way
STOP_SECONDS: Final = 5
# from the first byte of a request to the end of its head
HEAD_SECONDS: Final = 30.0
# after its answer, for the rest of a body that nobody reads
LINGER_SECONDS: Final = 5.0
HEAD_BYTES: Final = 32 * 1024
# who takes nothing of what was sent to him for so long has gone, however politely his machine answers
UNREAD_SECONDS: Final = 60.0
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(settings: Settings, host: str, port: int, log_format: str = "text") -> int:
    """Serve until SIGINT or SIGTERM; the exit status.

    Raises:
        ConfigurationError: another address than loopback, and no key was ever made.
        StorageError: the rows cannot be reached.
        ServiceError: the address cannot be listened on.
    """
    logs.use(log_format, "crossfoot", "uvicorn.error")
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    with Database.open(settings) as db:
        if not is_loopback(host) and not rows.has_keys(db):
            raise ConfigurationError(
                f"{host} is reached from other machines: make a key first (crossfoot keys create NAME).", "--host"
            )
    _allow_files()
    server = Server(configuration(settings, host, port))
    log.info("listening on %s:%d", host, port)
    try:
        server.run()
    except SystemExit:  # uvicorn's way to say that the address is taken
        raise ServiceError(f"{host}:{port} cannot be listened on.", "--port") from None
    return 0


def _allow_files() -> None:
    """Have as many files open as connections take, each with a file to send, where the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MOST_CONNECTIONS + OTHER_FILES
    if soft < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a message of uvicorn's tells something: not that it starts, nor that a stop has cut off who was slow."""
    cut = record.exc_info is not None and record.exc_info[0] is asyncio.CancelledError
    return record.levelno >= logging.WARNING and not cut


class Server(uvicorn.Server):
    """Tells those who wait for jobs that it ends; uvicorn would wait for them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while it runs; a clean stop is no death by the signal, as uvicorn has it."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """What a signal calls."""
        super().handle_exit(sig, frame)
        app: FastAPI = self.config.app  # type: ignore[assignment]
        app.state.service.watch.stop_soon()


class Patient(H11Protocol):
    """HTTP with an end to patience: uvicorn waits for ever for the rest of a head, or of a body that is answered."""

    _late: asyncio.TimerHandle | None = None
    since: float = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has come."""
        super().connection_made(transport)
        connection: socket.socket | None = transport.get_extra_info("socket")
        if connection is not None and connection.family != socket.AF_UNIX:
            # the kernel ends it: what waits to be sent would hold a connection of ours for ever, closed or not
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD_SECONDS * 1000))
        self._watch()
        if len(self.connections) > MOST_CONNECTIONS:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Something was sent."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody has gone."""
        super().connection_lost(exc)
        if self._late is not None:
            self._late.cancel()

    def on_response_complete(self) -> None:
        """All of an answer has been handed over."""
        super().on_response_complete()
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Say that this is no HTTP."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            said = problems.answer(ApiError(400, msg, headers={"Connection": "close"}))
            for event in (h11.Response(status_code=400, headers=said.raw_headers), h11.Data(data=bytes(said.body))):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _make_room(self) -> None:
        """Close the connection that has been without a request the longest: it may be one that never will have any."""
        idle = [c for c in self.connections if isinstance(c, Patient) and c is not self and c.is_idle]
        if idle:
            min(idle, key=lambda connection: connection.since).transport.close()

    @property
    def is_idle(self) -> bool:
        """Whether it has no request, or not all of its head."""
        return self.conn.their_state is h11.IDLE and not self.transport.is_closing()

    def _watch(self) -> None:
        """Set the time for a head that has begun, or for what follows an answer; forget it once the head is there."""
        if self.conn.their_state is h11.IDLE:
            self.since = self.since or self.loop.time()
            self._late = self._late or self.loop.call_later(HEAD_SECONDS, self.transport.close)
            return
        self.since = 0.0
        if self.cycle is not None and self.cycle.response_complete and self.conn.their_state is h11.SEND_BODY:
            self._late = self._late or self.loop.call_later(LINGER_SECONDS, self.transport.close)
        elif self._late is not None:
            self._late.cancel()
            self._late = None


def configuration(settings: Settings, host: str, port: int, longest_stream: float = 3600.0) -> uvicorn.Config:
    """How uvicorn runs the app; the seconds are for a stream of events."""
    return uvicorn.Config(
        make_app(settings, loopback=is_loopback(host), longest_stream=longest_stream),
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # a line a request is ours to write, without what stands in a query
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=HEAD_BYTES,
        http=Patient,
        ws="none",
        loop="asyncio",
    )

"""The API on a port of this machine, served by uvicorn in a thread of this process."""

from __future__ import annotations

import threading
import time
from typing import Any, Self

from worker.api.server import Server, configuration
from worker.settings import Settings


class Served:
    """``with Served(settings) as served: … served.url …``."""

    def __init__(self, settings: Settings, **app: Any) -> None:
        config = configuration(settings, "127.0.0.1", 0, **app)
        self.app: Any = config.app
        self._server = Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        self._server.run()

    def __enter__(self) -> Self:
        self._thread.start()
        until = time.monotonic() + 20
        while not self._server.started:
            assert self._thread.is_alive()
            assert time.monotonic() < until
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self.app.state.service.watch.stop_soon()
        self._server.should_exit = True
        self._thread.join(20)

    @property
    def connections(self) -> set[Any]:
        """Who is connected."""
        return self._server.server_state.connections

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._server.servers[0].sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """The beginning of every address."""
        return f"http://127.0.0.1:{self.port}"

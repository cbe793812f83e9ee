"""An S3 server of the tests' own, in a process of its own: moto's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final, Self

import obstore
from obstore.store import S3Store

from worker.confinement.confine import die_with_parent

BUCKET: Final = "filings"
SERVER: Final = f"""
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
s3_backends["123456789012"]["aws"].create_bucket("{BUCKET}", "us-east-1")
print(server.get_host_and_port()[1], flush=True)
server._thread.join()
"""


class S3Server:
    """``with S3Server(log) as server: …``; ``variables`` name it to whoever reads them."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.variables: dict[str, str] = {}

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVER],
                stdout=subprocess.PIPE,
                stderr=log,
                env={k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
                preexec_fn=die_with_parent,  # noqa: PLW1509 - no threads yet
            )
        assert self.process.stdout is not None
        port = re.fullmatch(rb"(\d+)\n", self.process.stdout.readline())
        assert port, self._log.read_text()
        self.variables = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{int(port[1])}",
            "AWS_ACCESS_KEY_ID": "someone",
            "AWS_SECRET_ACCESS_KEY": "something",
            "AWS_REGION": "us-east-1",
        }
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def client(self, prefix: str) -> S3Store:
        """Another client than the one under test."""
        return S3Store.from_url(f"s3://{BUCKET}/{prefix}", config={}, client_options={"allow_http": True})

    def keys(self, prefix: str) -> list[str]:
        """What lies below a prefix."""
        return sorted(found["path"] for page in obstore.list(self.client(prefix)) for found in page)

    def kill(self) -> None:
        """Kill it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()
            self.process = None

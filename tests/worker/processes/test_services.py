"""A process that is kept running."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fakes.running import wait_for
from worker.processes import services
from worker.processes.services import Service

CHATTY = "import sys, time\nfor n in range(10**9):\n    print(f'line {n:09}', flush=True)\n    time.sleep(0.001)\n"


def test_a_log_stays_short_while_its_process_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that has become long begins anew, the one before is kept once; nobody else may read either."""
    monkeypatch.setattr(services, "LOG_BYTES", 2000)
    log = tmp_path / "chatty.log"
    service = Service("chatty", [sys.executable, "-c", CHATTY], {}, tmp_path, log)
    service.start()
    try:
        for _ in range(3):
            wait_for(lambda: log.stat().st_size > 3000)
            service.rotate()
            assert log.stat().st_size < 1000
        assert (tmp_path / "chatty.log.1").stat().st_size > 3000
        wait_for(lambda: log.stat().st_size > 0)
        assert log.read_text().startswith("line ")
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
        assert len(list(tmp_path.iterdir())) == 2
        assert service.lives()
    finally:
        service.kill()

"""The one task, thin: what a hint means is decided by the job's row."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_process_init, worker_process_shutdown

from worker.converting.conversion import convert_job
from worker.converting.sandbox import Sandbox
from worker.processes.app import TASK, app
from worker.settings import load

_settings = load()
_sandbox = Sandbox(_settings)


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _warm(**_: Any) -> None:
    """Have the readers imported before the first document comes."""
    _sandbox.warm()


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def _close(**_: Any) -> None:
    """End the process that converts for us."""
    _sandbox.close()


@app.task(name=TASK)  # type: ignore[untyped-decorator]
def convert(job_id: int) -> None:
    """Convert a job if it is still to be converted; a doubled or late hint finds nothing to do."""
    convert_job(_settings, _sandbox, job_id)

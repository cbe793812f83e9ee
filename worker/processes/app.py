"""The Celery app (start it with ``-A worker.processes.app``). The message is a hint, the job's row is the truth.

The settings follow from what was measured: early acknowledgement and no result, because what a lost or doubled
message means is decided by the row; no prefetching, because a hint that waits in a busy worker helps nobody.
"""

from __future__ import annotations

import warnings
from typing import Any, Final

import celery.apps.worker as celery_worker
from celery import Celery
from celery.signals import setup_logging
from kombu.entity import Queue

from schemas.errors import ConfigurationError
from worker.processes import logs
from worker.routing import QUEUES, read_queues
from worker.settings import Settings, load

KEY_PREFIX: Final = "crossfoot:"
TASK: Final = "crossfoot.convert"
# leak hygiene only: the memory of conversions is that of their children
TASKS_PER_PROCESS: Final = 500


def make_app(settings: Settings) -> Celery:
    """An app for these settings; one without a Redis can be imported but not reach anybody."""
    made = Celery(
        "crossfoot", broker=settings.redis_url or "redis://127.0.0.1:1/0", include=["worker.converting.tasks"]
    )
    made.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        result_backend=None,
        task_acks_late=False,
        task_queues=[Queue(name, routing_key=name) for name in QUEUES],  # type: ignore[no-untyped-call]
        task_default_queue="normal.text",
        task_create_missing_queues=False,
        worker_disable_prefetch=True,
        worker_prefetch_multiplier=1,
        worker_max_tasks_per_child=TASKS_PER_PROCESS,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport(),
    )
    return made


def _transport() -> dict[str, Any]:
    """Options for Redis; queues are served in the order of their urgency."""
    return {
        "visibility_timeout": 3600,
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "global_keyprefix": KEY_PREFIX,
        "queue_order_strategy": "priority",
    }


@setup_logging.connect  # type: ignore[untyped-decorator]
def _write_lines(**_: Any) -> None:
    """Have a worker's messages written as those of every other role; Celery then sets up nothing of its own."""
    logs.use_everywhere(load().log_format)
    celery_worker.safe_say = _say_nothing


def _say_nothing(_message: str, _file: object = None) -> None:
    """In place of what Celery writes past all loggers when it is told to stop."""


def command(queues: str, concurrency: int, name: str) -> list[str]:
    """The arguments of a Celery worker, without the interpreter.

    Raises:
        ConfigurationError: a queue that does not exist.
    """
    served = ",".join(read_queues(queues))
    # quiet: without the banner
    words = ["--quiet", "worker", "-Q", served, "-c", str(concurrency), "-n", f"{name}@%h", "-l", "WARNING"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [*words, *quiet, "--pool", "prefork"]


def run(settings: Settings, queues: str = "", concurrency: int | None = None) -> int:
    """``crossfoot worker``: serve queues (comma separated, all by default) until SIGTERM; the exit status.

    Needs ``settings.redis_url``.

    Raises:
        ConfigurationError: no Redis is named, or a queue that does not exist.
    """
    if not settings.redis_url:
        raise ConfigurationError("CROSSFOOT_REDIS_URL must name the Redis to serve.", "CROSSFOOT_REDIS_URL")
    name = settings.worker or "worker"
    made = make_app(settings)
    made.worker_main(command(queues, concurrency or settings.concurrency, name))
    return 0


# only root's dangers are meant, and what is taken is JSON
warnings.filterwarnings("ignore", module=r"celery\.platforms")
app = make_app(load())

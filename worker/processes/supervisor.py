"""``crossfoot up``: everything on one machine, with a Redis of its own.

    supervisor ─┬─ redis-server            hints only; it may die at any time
                ├─ worker "main"           Celery, every queue
                ├─ worker "front"          Celery, everything but back-fills: who waits never waits behind one
                ├─ inbox                   the folder, and what is put beside the names when jobs have ended
                ├─ sweeper                 leases and hints
                └─ webhooks                tells who wants to be told what became of jobs

Whatever dies is started again. The jobs of a worker that died go back at once, the attempt counted; those of workers
that we stop ourselves go back without it.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from schemas.errors import StorageError, UsageError
from worker.database import Database
from worker.jobs import leases
from worker.processes import own_redis
from worker.processes.app import command
from worker.processes.liveness import STALL_SECONDS, is_stalled
from worker.processes.process import stopping
from worker.processes.services import Service
from worker.processes.sweeper import remove_leftovers
from worker.routing import FRONT_QUEUES
from worker.settings import Settings, load

log = logging.getLogger("crossfoot")

TICK_SECONDS: Final = 0.1
READY_SECONDS: Final = 10.0
PORTS_TRIED: Final = 3
LIVENESS_SECONDS: Final = 10.0


def run(settings: Settings) -> int:
    """Serve ``settings.home`` until SIGINT or SIGTERM; the exit status (0 after a clean stop).

    Everything that was started has ended when it returns. Messages go to stderr, one line each.

    Raises:
        MissingProgramError: there is no redis-server on the PATH (and no ``CROSSFOOT_REDIS_URL``).
        UsageError: another ``crossfoot up`` serves the same home.
        StorageError: the folders cannot be made.
    """
    with _lock(settings), stopping() as stop:
        settings = replace(settings, instance=secrets.token_hex(4))
        with Database.open(settings) as db:
            remove_leftovers(settings, db)
        services = _start_redis(settings)
        workers = [s for s in services if s.name.startswith("worker ")]
        try:
            log.info("drop documents into %s; results are in %s", settings.inbox, settings.results)
            next_look = time.monotonic() + STALL_SECONDS
            while not stop.is_set():
                _tend(settings, services)
                if time.monotonic() >= next_look:
                    next_look = time.monotonic() + LIVENESS_SECONDS
                    _end_hanging(settings, workers)
                    for service in services:
                        service.rotate()
                stop.wait(TICK_SECONDS)
        finally:
            _stop(settings, services)
    return 0


def is_served(settings: Settings) -> bool:
    """Whether a ``crossfoot up`` serves the home at this moment."""
    try:
        with settings.lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def make_folders(settings: Settings) -> None:
    """Make the home and its folders.

    Raises:
        StorageError: they cannot be made.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in settings.folders():
            folder.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageError(f"The folder cannot be made: {error.strerror}.", str(settings.home)) from error


@contextlib.contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """Be the only one who serves this home; the lock goes with the process, however it ends."""
    make_folders(settings)
    handle = os.open(settings.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(handle, 20).decode(errors="replace").strip()
            raise UsageError(f"Process {owner} serves {settings.home} already.", str(settings.home)) from None
        os.truncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)


def _services(settings: Settings) -> list[Service]:
    """What is to run, Redis (if it is ours) first."""
    services = []
    if not settings.redis_url:
        own = own_redis.prepare(settings.redis)
        settings = replace(settings, redis_url=own.url)
        services.append(_service(settings, "redis", own.command))
    python = [sys.executable, "-P", "-m"]
    for name, queues, concurrency in (("main", "", settings.concurrency), ("front", ",".join(FRONT_QUEUES), 1)):
        celery = [*python, "celery", "-A", "worker.processes.app", *command(queues, concurrency, name)]
        services.append(_service(replace(settings, worker=name), f"worker {name}", celery))
    beside = {"inbox": "worker.inbox", "sweeper": "worker.processes.sweeper", "webhooks": "worker.webhooks"}
    services += [_service(settings, name, [*python, module]) for name, module in beside.items()]
    return services


def _service(settings: Settings, name: str, words: list[str]) -> Service:
    log_file = settings.logs / f"{name.replace(' ', '-')}.log"
    return Service(name, words, settings.environment(), settings.home, log_file)


def _start_redis(settings: Settings) -> list[Service]:
    """Start our Redis, if we have one, and wait until it answers; all services.

    The others would only wait longer between their tries. A port that was free may be taken by the time Redis asks
    for it: then another is chosen.
    """
    services = _services(settings)
    for tries in range(1, PORTS_TRIED + 1):
        redis = services[0]
        if redis.name != "redis":
            return services
        redis.start()
        if own_redis.wait_until_ready(load(services[1].environment).redis_url, READY_SECONDS, redis.lives):
            return services
        if redis.lives():
            break
        if tries >= own_redis.EARLY_ENDS:
            own_redis.set_aside(settings.redis)
        services = _services(settings)
    log.warning("Redis does not answer yet; see %s", services[0].log_file)
    return services


def _tend(settings: Settings, services: list[Service]) -> None:
    """Start what does not run."""
    now = time.monotonic()
    for service in services:
        if service.has_ended(now):
            _give_back(settings, service)
            if service.name == "redis" and service.failures >= own_redis.EARLY_ENDS:
                own_redis.set_aside(settings.redis)
        if service.is_due(now):
            service.start()


def _give_back(settings: Settings, service: Service) -> None:
    """Free the jobs of a worker that died, without waiting for their leases."""
    if not service.name.startswith("worker "):
        return
    owners = f"{settings.instance}:{service.name.removeprefix('worker ')}:"
    try:
        with Database.open(settings) as db:
            states = leases.release_dead(db, settings, owners, time.time())
    except StorageError as error:
        log.warning("%s", error.detail)  # their leases will run out
        return
    if states:
        log.info("%s: %d jobs given back, %d of them given up", service.name, len(states), states.count("quarantined"))


def _end_hanging(settings: Settings, workers: list[Service]) -> None:
    """End workers that live and take nothing; they are started again like any that died."""
    try:
        with Database.open(settings) as db:
            stalled = is_stalled(db, db.now(), hinted=True)
    except StorageError as error:
        log.warning("%s", error.detail)
        return
    now = time.monotonic()
    for worker in workers if stalled else ():
        if worker.process is not None and now - worker.started > STALL_SECONDS:
            log.warning("%s: takes nothing, though jobs wait", worker.name)
            worker.kill()


def _stop(settings: Settings, services: list[Service]) -> None:
    """End everything: who takes work in first, Redis last; who does not end in time is killed."""
    log.info("stopping")
    until = time.monotonic() + settings.stop_seconds
    others = [s for s in services if s.name != "redis"]
    for service in others:
        service.ask_to_end()
    for service in others:
        if not service.wait(until):
            log.info("%s: killed, its jobs go back", service.name)
        service.kill()
    _settle(settings)
    for service in services:
        service.ask_to_end()
        service.wait(time.monotonic() + settings.stop_seconds)
        service.kill()
    log.info("stopped")


def _settle(settings: Settings) -> None:
    """Give back what the workers we stopped have held; their folders go."""
    try:
        with Database.open(settings) as db:
            leases.release_unharmed(db, f"{settings.instance}:")
            remove_leftovers(settings, db)
    except StorageError as error:
        log.warning("%s", error.detail)  # their leases will run out


if __name__ == "__main__":
    sys.exit(run(load()))

"""Whether it lives, whether it can take documents, what Prometheus wants to know; and what program this is."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from schemas import __version__
from schemas.errors import StorageError
from schemas.filing import SCHEMA_VERSION, json_schema
from worker import metrics
from worker.api import models
from worker.api.problems import responses
from worker.api.service import Administrator, Reader, Service, Serving
from worker.blobs import FullError, open_blobs
from worker.database import Database
from worker.jobs.deliveries import PROFILE
from worker.processes.liveness import Probe, is_stalled
from worker.room import Room
from worker.settings import Settings

router = APIRouter()

StoreState = Literal["ok", "unavailable", "full"]
_cache: Final = metrics.Cache()


@router.get("/livez", tags=["service"])
async def livez() -> models.Alive:
    """The process answers."""
    return models.Alive()


@router.get(
    "/readyz",
    tags=["service"],
    responses={
        **responses(),
        200: {"model": models.Ready},
        503: {"model": models.Ready, "description": "Not ready"},
    },
)
async def readyz(
    service: Serving,
    workers: Annotated[bool, Query(description="Not ready either while jobs wait and no worker takes any")] = False,
) -> JSONResponse:
    """Documents can be taken: the rows answer and the disk has room. Whether Redis lives does not matter for that.

    That workers take jobs is seen from the rows too: `workers` is `stalled` where jobs wait and none was claimed for
    two minutes; documents are taken all the same.
    """
    ready = await _look(service)
    stalled = workers and ready.workers != "ok"
    return JSONResponse(ready.model_dump(), 503 if ready.status != "ok" or stalled else 200)


async def _look(service: Service) -> models.Ready:
    try:
        stalled = await service.rows.run(lambda db: is_stalled(db, db.now()))
    except StorageError:
        return models.Ready(status="unavailable", rows="unavailable", store="ok", workers="unknown")
    store = await service.rows.run(_look_at_store, service.room, _probe(service.settings))
    status = "ok" if store == "ok" else "unavailable"
    return models.Ready(status=status, rows="ok", store=store, workers="stalled" if stalled else "ok")


@lru_cache(maxsize=1)
def _probe(settings: Settings) -> Probe:
    """What asks whether the store of these settings answers."""
    return Probe(lambda: open_blobs(settings).reach())


def _look_at_store(db: Database, room: Room, probe: Probe) -> StoreState:
    """Whether it answers, and has room for another document by the rule that is asked when one comes."""
    try:
        room.check(db)
        if not probe.answers():
            return "unavailable"
    except FullError:
        return "full"
    except StorageError:
        return "unavailable"
    return "ok"


@router.get(
    "/metrics",
    tags=["service"],
    response_class=PlainTextResponse,
    responses={200: {"description": "Prometheus' text format", "content": {"text/plain": {}}}, **responses()},
)
async def show_metrics(service: Serving, _: Administrator) -> Response:
    """Everything Prometheus wants to know; counts of all jobs, so the scope is `admin`."""
    text = await service.rows.run(_metrics, service.settings)
    return Response(text, media_type=metrics.CONTENT_TYPE)


def _metrics(db: Database, settings: Settings) -> bytes:
    return _cache.get(partial(metrics.render, settings, db, db.now()))


@router.get("/v1/version", tags=["service"], responses=responses())
async def show_version(_: Reader) -> models.Version:
    """The program, and the version of its schema."""
    return models.Version(crossfoot=__version__, schema_version=SCHEMA_VERSION)


@router.get("/v1/profiles", tags=["service"], responses=responses())
async def list_profiles(_: Reader) -> models.Profiles:
    """The profiles that documents can be converted by."""
    return models.Profiles(items=[PROFILE])


@router.get("/v1/schema/{version}", tags=["service"], responses=responses(404))
async def show_schema(version: Annotated[int, Path(ge=1, le=1)], _: Reader) -> dict[str, Any]:
    """The JSON Schema of a result."""
    del version
    return json_schema()

"""The FastAPI app: every operation, every error a problem, one OpenAPI document."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi

from schemas import __version__
from worker.api import correcting, docs, health, hooks, jobs, models, problems, results, reviewing
from worker.api.doors import Guarded
from worker.api.service import Rows, Service, look, only_known
from worker.api.uploads import Receiver
from worker.api.watching import Watch
from worker.blobs import open_blobs
from worker.room import Room
from worker.settings import Settings
from worker.webhooks import guard

ABOUT: Final = """Turns filings into one fixed JSON in which the document's own arithmetic proves the figures.

Send a document to `POST /v1/jobs`; the answer is a job. Ask for the job until its state is `done`, wait for it, follow
its events, or be told by a webhook; then fetch the result. Errors are `application/problem+json` (RFC 9457)."""


def make_app(settings: Settings, *, loopback: bool = True, longest_stream: float = 3600.0) -> FastAPI:
    """The app over the rows and the store of these settings.

    Args:
        settings: where rows and store are.
        loopback: it is reached from this machine only, so that it needs no key as long as none was made.
        longest_stream: seconds after which a stream of events is closed.
    """
    rows = Rows(settings)
    room = Room(settings, open_blobs(settings))
    service = Service(
        settings=settings,
        rows=rows,
        room=room,
        uploads=Receiver(settings.home / "uploads", settings.max_bytes, room.check_disk),
        watch=Watch(functools.partial(look, rows)),
        loopback=loopback,
        allowed=guard.read_networks(settings.webhook_networks),
        longest_stream=longest_stream,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.watch.running():
            yield
        rows.close()

    app = FastAPI(
        title="Crossfoot",
        version=__version__,
        description=ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    problems.install(app)
    for module in (jobs, results, correcting, reviewing, hooks):
        app.include_router(module.router, dependencies=[Depends(only_known)])
    for module in (health, docs):
        app.include_router(module.router)
    app.openapi = functools.partial(_openapi, app)  # type: ignore[method-assign]
    app.add_middleware(Guarded)
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with what bodies that are read by hand are made of."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        parts = schema.setdefault("components", {}).setdefault("schemas", {})
        for model in (problems.Problem, models.NewJob, models.UploadForm):
            made = model.model_json_schema(ref_template="#/components/schemas/{model}")
            parts.update(made.pop("$defs", {}))
            parts[model.__name__] = made
        app.openapi_schema = schema
    return app.openapi_schema

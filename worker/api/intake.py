"""A request that brings a document: body to the disk, wishes checked, bytes to the store, row written."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, BinaryIO, Final, TypeVar
from urllib.parse import unquote

from anyio.to_thread import run_sync
from fastapi import Request
from pydantic import ValidationError

from schemas.errors import ServiceError
from worker.api import models, rows, stored, submitting
from worker.api.keys import Caller
from worker.api.problems import ApiError, not_found
from worker.api.service import Service
from worker.api.submitting import Submission, Submitted
from worker.api.uploads import Upload, file_name, gathered, too_large
from worker.blobs import Stored, storing
from worker.routing import kind_of_bytes
from worker.settings import engine_name
from worker.webhooks import guard, signing

M = TypeVar("M", bound=models.Closed)
log = logging.getLogger("crossfoot.api")

JSON_BYTES: Final = 128 * 1024
FETCH_SECONDS: Final = 60.0
MOST_UPLOADS: Final = 512
# by one caller
MOST_UPLOADS_OF_ONE: Final = 256
PIECE: Final = 256 * 1024
JSON_FIELDS: Final = ("options", "metadata", "callbacks")


async def take(request: Request, service: Service, caller: Caller, idempotency: str | None, force: bool) -> Submitted:
    """Bring a request's document to its job.

    Raises:
        ApiError: whatever is wrong with the request.
    """
    async with _counted(service, caller), _alone(service, caller, idempotency):
        length = request.headers.get("content-length", "")
        # before any of it is read: an upload lies on the disk until it is known what it is
        await run_sync(service.room.check_disk, int(length) if length.isdecimal() else 0)
        content_type = request.headers.get("content-type", "")
        if content_type.partition(";")[0].strip().lower() == "application/json":
            return await _take_named(request, service, caller, (idempotency, force))
        upload = await service.uploads.form(request.stream(), content_type, length or None)
        with upload.stream:
            asked = _check(models.Asked, _fields(upload))
            wanted = _Wanted(asked, caller, idempotency, _digest(asked, force, upload.sha256, upload.name), force)
            known = await _recall(service, wanted)
            return known or await _keep(service, wanted, upload)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked, by whom, and under which name."""

    asked: models.Asked
    caller: Caller
    idempotency: str | None
    digest: str
    force: bool


async def _take_named(request: Request, service: Service, caller: Caller, how: tuple[str | None, bool]) -> Submitted:
    """A document that is named in JSON."""
    idempotency, force = how
    asked = _check(models.NewJob, await _json(request))
    wanted = _Wanted(asked, caller, idempotency, _digest(asked, force), force)
    known = await _recall(service, wanted)
    if known is not None:
        return known
    upload = await _bring(service, caller, asked.source)
    with upload.stream:
        return await _keep(service, wanted, upload)


async def _keep(service: Service, wanted: _Wanted, upload: Upload) -> Submitted:
    """Store a document, then write its row, then make sure that nobody has tidied it up between the two."""
    await service.rows.run(service.room.take, upload.size, upload.sha256, wanted.caller.sees)
    threads = service.uploads.threads
    kept = await run_sync(stored.put_stream, service.settings, upload.stream, limiter=threads)
    submitted = await _submit(service, wanted, kept, file_name(upload.name))
    await run_sync(stored.make_sure, service.settings, kept.sha256, upload.stream, limiter=threads)
    return submitted


async def _recall(service: Service, wanted: _Wanted) -> Submitted | None:
    """The job that the request has got already, under the same idempotency key."""
    known = await service.rows.run(submitting.recall, wanted.caller.key_id, wanted.idempotency, wanted.digest)
    return None if known is None else Submitted(known, known=True)


async def _submit(service: Service, wanted: _Wanted, kept: Stored, name: str) -> Submitted:
    """Write the row of a document that lies in the store."""
    asked, key_id = wanted.asked, wanted.caller.key_id
    await _check_callbacks(service, wanted.caller, asked.callbacks)
    submission = Submission(
        key_id=key_id,
        sha256=kept.sha256,
        size=kept.size,
        kind=kind_of_bytes(kept.head),
        urgency=asked.options.urgency,
        profile=asked.profile,
        engine=engine_name(),
        name=name,
        metadata=asked.metadata,
        password=asked.options.password,
        idempotency=wanted.idempotency,
        request=wanted.digest,
        force=wanted.force,
        callbacks=tuple(asked.callbacks),
    )
    submitted = await service.rows.run(submitting.submit, submission, time.time())
    log.info("job %d: taken", submitted.job_id, extra={"document": kept.sha256, "key": key_id, "bytes": kept.size})
    return submitted


@asynccontextmanager
async def _counted(service: Service, caller: Caller) -> AsyncIterator[None]:
    """Refuse what would be too many at once, before any of it is read."""
    running = service.load.uploads
    if running.total() >= MOST_UPLOADS or running[caller.key_id] >= MOST_UPLOADS_OF_ONE:
        raise ApiError(503, "Too many documents are sent at once.", code="E_BUSY", headers={"Retry-After": "5"})
    running[caller.key_id] += 1
    try:
        yield
    finally:
        running[caller.key_id] -= 1


@asynccontextmanager
async def _alone(service: Service, caller: Caller, idempotency: str | None) -> AsyncIterator[None]:
    """Refuse a second request of the same idempotency key while the first is on its way."""
    if idempotency is None:
        yield
        return
    name = (caller.key_id, idempotency)
    if name in service.load.names:
        raise ApiError(409, "A request of this Idempotency-Key is on its way.", headers={"Retry-After": "2"})
    service.load.names.add(name)
    try:
        yield
    finally:
        service.load.names.discard(name)


async def _json(request: Request) -> Any:
    """The body as JSON."""
    body = bytearray()
    async for chunk in gathered(request.stream()):
        body += chunk
        if len(body) > JSON_BYTES:
            raise too_large(JSON_BYTES)
    try:
        return models.read_exactly(bytes(body))
    except models.InexactError as error:
        raise ApiError(422, f"{error}.", place="body") from None
    except (ValueError, RecursionError):
        raise ApiError(422, "The body is not JSON.", place="body") from None


def _check(model: type[M], content: Any) -> M:
    """What was asked, checked."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(("body", *(str(part) for part in first["loc"])))[:200]
        raise ApiError(422, f"{first['msg']}.", place=place) from None


def _fields(upload: Upload) -> dict[str, Any]:
    """The fields of a form as the keys of a JSON body.

    Raises:
        ApiError: 422, one that must be JSON is none.
    """
    found: dict[str, Any] = dict(upload.fields)
    for name in JSON_FIELDS:
        if name in found:
            try:
                found[name] = models.read_exactly(found[name])
            except models.InexactError as error:
                raise ApiError(422, f"{error}.", place=f"body.{name}") from None
            except (ValueError, RecursionError):
                raise ApiError(422, "This field must be JSON.", place=f"body.{name}") from None
    return found


def _digest(asked: models.Asked, force: bool, *sent: str) -> str:
    """One hash for all that was asked, however it was written, and for what was sent (hash and name of a file)."""
    words = [asked.model_dump(mode="json"), force, *sent]
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


async def _bring(service: Service, caller: Caller, source: models.HttpSource | models.DocumentSource) -> Upload:
    """The document that a request names, as if it had been sent; who calls closes its stream."""
    held = await run_sync(service.uploads.make_file)
    try:
        if isinstance(source, models.DocumentSource):
            name = await _copy_known(service, caller, source.sha256, held)
        else:
            await service.fetches.run(caller.key_id, _fetch, service, source.url, held)
            name = unquote(guard.check_url(source.url).path.rpartition("/")[2])
        return await run_sync(_measured, held, name, limiter=service.uploads.threads)
    except BaseException:
        held.close()
        raise


def _measured(held: BinaryIO, name: str) -> Upload:
    """A file that was written to its end, with its hash and size."""
    size = held.tell()
    held.seek(0)
    sha256 = hashlib.file_digest(held, "sha256").hexdigest()  # type: ignore[arg-type]
    held.seek(0)
    return Upload(held, name, size, sha256, {})


async def _copy_known(service: Service, caller: Caller, sha256: str, held: BinaryIO) -> str:
    """Copy a document of the caller's out of the store; its name."""
    row = await service.rows.run(rows.find_document, caller.sees, sha256)
    copy = partial(stored.copy_out, service.settings, sha256, held)
    if row is None or not await run_sync(copy, limiter=service.uploads.threads):
        raise not_found("There is no such document that this key may see.")
    names = await service.rows.run(rows.list_names, caller.sees, sha256)
    return names[-1] if names else "document"


def _fetch(service: Service, url: str, held: BinaryIO) -> None:
    """Fetch a document by the guard's rules into a file."""
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": engine_name()}
    try:
        target = guard.resolve(url, service.allowed)
        with guard.ask(target, "GET", headers, None, FETCH_SECONDS) as answer:
            if answer.status != HTTPStatus.OK:
                raise _bad_source(f"The other server has answered with status {answer.status}.")
            if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
                raise _bad_source("The other server has packed the document (Content-Encoding), which was not asked.")
            while piece := answer.read(PIECE):
                if held.tell() + len(piece) > service.settings.max_bytes:
                    raise too_large(service.settings.max_bytes)
                service.room.check_disk(len(piece))
                with storing():
                    held.write(piece)
            if answer.length:  # of what Content-Length has promised, so much is missing: read() does not say so
                raise _bad_source(f"The other server broke off {answer.length:,} bytes before the document's end.")
    except ServiceError as error:  # not one of ours: the other server's
        raise _bad_source(error.detail) from None


def _bad_source(detail: str) -> ApiError:
    return ApiError(422, detail, code="E_SOURCE", place="source.url")


async def _check_callbacks(service: Service, caller: Caller, callbacks: list[models.Callback]) -> None:
    """Refuse addresses that would never be told, while the caller is there to hear it."""
    for callback in callbacks:
        if callback.secret is not None:
            signing.read_secret(callback.secret)
        try:
            await service.lookups.run(caller.key_id, guard.resolve, callback.url, service.allowed)
        except ServiceError as error:
            raise ApiError(422, error.detail, place="body.callbacks") from None

"""What goes wrong, as RFC 9457 problem details: one place that turns errors into answers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import compile_path

from schemas.errors import (
    CrossfootError,
    LimitError,
    ServiceError,
    StorageError,
    UnreadableError,
    UnsafeError,
    UsageError,
)
from worker.blobs import FullError

log = logging.getLogger("crossfoot.api")

MEDIA_TYPE: Final = "application/problem+json"
BUSY_SECONDS: Final = 5
# room is made by people, and seldom at once
FULL_SECONDS: Final = 60
# the end of the path of what has no end: a HEAD would wait for it
EVENTS: Final = "/events"
RETRYABLE: Final = (408, 429, 500, 502, 503, 504, 507)
CODES: Final = {
    400: "E_REQUEST",
    401: "E_KEY",
    403: "E_SCOPE",
    404: "E_NOT_FOUND",
    405: "E_METHOD",
    406: "E_ACCEPT",
    408: "E_SLOW",
    409: "E_STATE",
    411: "E_REQUEST",
    412: "E_PRECONDITION",
    413: "E_LIMIT.size",
    415: "E_MEDIA_TYPE",
    421: "E_HOST",
    422: "E_USAGE",
    429: "E_BUSY",
    503: "E_STORAGE",
    507: "E_STORAGE",
}


class Problem(BaseModel):
    """RFC 9457 problem details. ``retryable``: the same request may succeed later."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    place: str | None = None
    retryable: bool = False
    job: str | None = None


class ApiError(Exception):
    """An answer that is an error. ``detail`` is one sentence; ``code`` where the status' own is too coarse."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        place: str | None = None,
        headers: Mapping[str, str] | None = None,
        job: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code or CODES.get(status, "E_INTERNAL")
        self.place = place
        self.headers = dict(headers or {})
        self.job = job


def not_found(what: str = "There is nothing here that this key may see.") -> ApiError:
    """The one answer for what is not there and for what is another's: nobody can tell them apart."""
    return ApiError(404, what)


def no_key() -> ApiError:
    """The answer to whoever has none that is good."""
    return ApiError(401, "A valid API key is needed.", headers={"WWW-Authenticate": 'Bearer realm="crossfoot"'})


def of_error(error: CrossfootError) -> ApiError:
    """The answer to one of the program's own errors."""
    if isinstance(error, FullError):
        return ApiError(507, "There is no room for more documents.", headers={"Retry-After": str(FULL_SECONDS)})
    if isinstance(error, StorageError):
        headers = {"Retry-After": str(BUSY_SECONDS)}
        # what exactly failed (paths, servers) is for our log
        return ApiError(503, "The store does not answer.", code=error.problem_code, headers=headers)
    status = 422
    if isinstance(error, LimitError) and error.limit == "size":
        status = 413
    if not isinstance(error, UnreadableError | UsageError | UnsafeError):
        return ApiError(500, "It failed for a reason that is in the log of the service.", code=error.problem_code)
    return ApiError(status, error.detail, code=error.problem_code, place=error.place)


def answer(error: ApiError) -> JSONResponse:
    """The response."""
    title = HTTPStatus(error.status).phrase
    problem = Problem(
        type=f"urn:crossfoot:error:{error.code}",
        title=title,
        status=error.status,
        code=error.code,
        detail=error.detail,
        place=error.place,
        # who is told when to come again may come again
        retryable=error.status in RETRYABLE or "Retry-After" in error.headers,
        job=error.job,
    )
    return JSONResponse(problem.model_dump(), error.status, error.headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Have every error of an app answered as a problem."""

    @app.exception_handler(ApiError)
    async def _api(_: Request, error: ApiError) -> JSONResponse:
        return answer(error)

    @app.exception_handler(CrossfootError)
    async def _own(_: Request, error: CrossfootError) -> JSONResponse:
        if isinstance(error, StorageError | ServiceError) or not isinstance(error, UnreadableError | UsageError):
            log.warning("%s", error.detail, extra={"code": error.problem_code})
        return answer(of_error(error))

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return answer(ApiError(422, f"{first['msg']}.", place=place))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        said = {404: "There is nothing here that this key may see."}.get(error.status_code, f"{error.detail}.")
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_methods(app, request.url.path))
        return answer(ApiError(error.status_code, said, headers=headers))

    @app.exception_handler(ClientDisconnect)
    async def _gone(_: Request, __: ClientDisconnect) -> JSONResponse:
        # nobody reads it; no fault of ours, and said by the line that each request gets
        return answer(ApiError(400, "The body was broken off."))

    @app.exception_handler(Exception)
    async def _fault(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s: a fault of the program", request.method, request.scope.get("path"), exc_info=error)
        return answer(ApiError(500, "It failed for a reason that is in the log of the service.", code="E_INTERNAL"))


def _methods(app: FastAPI, path: str) -> list[str]:
    """The methods that there are for a path; the framework names those of one operation only."""
    operations = [each for where, each in app.openapi()["paths"].items() if compile_path(where)[0].match(path)]
    found = {method.upper() for each in operations for method in each}
    return sorted(found | ({"HEAD"} if "GET" in found and not path.endswith(EVENTS) else set()))


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an operation declares of its errors in the OpenAPI document, those of every operation included."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}}
        for status in sorted({400, 401, 403, 422, 429, 503, *statuses})
    }

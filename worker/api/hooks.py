"""Webhooks over HTTP: who is told, what was told, and once more."""

from __future__ import annotations

import json
import time
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from schemas.errors import ServiceError
from worker.api import models, rows, views
from worker.api.keys import Caller
from worker.api.problems import ApiError, not_found, responses
from worker.api.service import Service, Serving, Submitter
from worker.database import Row
from worker.webhooks import guard, signing
from worker.webhooks.sending import Message, send

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

# how long a secret that was changed signs beside the new one
ROTATION_SECONDS: Final = 24 * 3600.0
MOST: Final = 50

Number = Annotated[str, Path(pattern=r"^[1-9][0-9]{0,17}$")]
MessageNumber = Annotated[str, Path(pattern=r"^[1-9][0-9]{0,17}$", alias="message")]


@router.post("", status_code=201, responses=responses(408, 409, 413))
async def create_webhook(
    wanted: models.NewWebhook, service: Serving, caller: Submitter, response: Response
) -> models.WebhookView:
    """Have an address told of this key's jobs; an admin's key of all jobs. The secret is shown here and never again."""
    if wanted.secret is not None:
        signing.read_secret(wanted.secret)
    await _check_url(service, caller, wanted.url)
    if len(await service.rows.run(rows.list_endpoints, caller.key_id)) >= MOST:
        raise ApiError(409, f"A key has at most {MOST} webhooks.")
    secret = wanted.secret or signing.make_secret()
    events = list(dict.fromkeys(wanted.events))
    number = await service.rows.run(rows.add_endpoint, caller.key_id, wanted.url, secret, events, time.time())
    response.headers["Location"] = f"/v1/webhooks/{number}"
    return views.webhook_view(await _find(service, caller, str(number)), secret)


@router.get("", responses=responses())
async def list_webhooks(service: Serving, caller: Submitter) -> models.WebhookList:
    """The addresses that are told of this key's jobs; for an admin's key everybody's."""
    found = await service.rows.run(rows.list_endpoints, caller.sees)
    return models.WebhookList(items=[views.webhook_view(row) for row in found])


@router.get("/{webhook}", responses=responses(404))
async def show_webhook(webhook: Number, service: Serving, caller: Submitter) -> models.WebhookView:
    """One of them."""
    return views.webhook_view(await _find(service, caller, webhook))


@router.delete("/{webhook}", status_code=204, response_class=Response, responses=responses(404))
async def delete_webhook(webhook: Number, service: Serving, caller: Submitter) -> Response:
    """Tell an address nothing more, not even what is on its way."""
    if not await service.rows.run(rows.remove_endpoint, caller.sees, int(webhook)):
        raise not_found()
    return Response(status_code=204)


@router.post("/{webhook}/secret", responses=responses(404))
async def change_secret(webhook: Number, service: Serving, caller: Submitter) -> models.WebhookView:
    """A new secret; the old one signs too for a day. An address that was disabled is enabled again."""
    secret, until = signing.make_secret(), time.time() + ROTATION_SECONDS
    if not await service.rows.run(rows.change_secret, caller.sees, int(webhook), secret, until):
        raise not_found()
    return views.webhook_view(await _find(service, caller, webhook), secret)


@router.post("/{webhook}/enable", responses=responses(404, 409))
async def enable_webhook(webhook: Number, service: Serving, caller: Submitter) -> models.WebhookView:
    """Tell an address again that has said it is gone."""
    await _find(service, caller, webhook)
    if not await service.rows.run(rows.enable_endpoint, caller.sees, int(webhook)):
        raise ApiError(409, "The key of this webhook was revoked.")
    return views.webhook_view(await _find(service, caller, webhook))


@router.post("/{webhook}/test", responses=responses(404))
async def try_webhook(webhook: Number, service: Serving, caller: Submitter) -> models.TestView:
    """Send an event `webhook.test` at once, and say what came of it."""
    row = await _find(service, caller, webhook)
    moment = views.moment(time.time())
    body = json.dumps({"type": "webhook.test", "timestamp": moment, "data": {"webhook": webhook}}).encode()
    message = Message(f"msg_test_{webhook}_{time.time_ns()}", row["url"], (row["secret"],), body)
    sent = await service.fetches.run(caller.key_id, send, message, service.allowed)
    return models.TestView(delivered=sent.delivered, status=sent.status, error=sent.error)


@router.get("/{webhook}/deliveries", responses=responses(404))
async def list_deliveries(
    webhook: Number,
    service: Serving,
    caller: Submitter,
    cursor: Annotated[models.Cursor, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> models.DeliveryList:
    """What an address was told, or is to be told."""
    before = views.read_cursor(cursor)
    await _find(service, caller, webhook)
    found = await service.rows.run(rows.list_sent, int(webhook), before, limit)
    following = views.make_cursor(found[limit - 1]["id"]) if len(found) > limit else None
    return models.DeliveryList(items=[views.sent_view(row) for row in found[:limit]], next=following)


@router.post(
    "/{webhook}/deliveries/{message}/redeliver",
    status_code=202,
    response_class=Response,
    responses=responses(404, 409),
)
async def redeliver(webhook: Number, message: MessageNumber, service: Serving, caller: Submitter) -> Response:
    """Tell an address once more; one that was disabled must be enabled first."""
    row = await _find(service, caller, webhook)
    if row["disabled_at"] is not None:
        raise ApiError(409, "This webhook is disabled: enable it first.")
    if not await service.rows.run(rows.send_again, int(webhook), int(message)):
        raise not_found()
    return Response(status_code=202)


async def _find(service: Service, caller: Caller, webhook: str) -> Row:
    found = await service.rows.run(rows.list_endpoints, caller.sees, int(webhook))
    if not found:
        raise not_found()
    return found[0]


async def _check_url(service: Service, caller: Caller, url: str) -> None:
    """Refuse an address that would never be told; it is looked at again before each message."""
    try:
        await service.lookups.run(caller.key_id, guard.resolve, url, service.allowed)
    except ServiceError as error:
        raise ApiError(422, error.detail, place="body.url") from None

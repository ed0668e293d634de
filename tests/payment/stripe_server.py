"""localstripe on loopback: `python -m tests.payment.stripe_server PORT`.

It adds behavior that Stripe's API reference documents and localstripe lacks: a request with a
known Idempotency-Key gets the first response again, including Stripe's own failures; only an
authorized amount can be captured, and only a captured one refunded; lists are filtered by `created`
and sorted newest first.
`/_config/requests` returns the requests received; `/_config/faults` sets faults to simulate.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from aiohttp import web
from localstripe import resources, server
from localstripe.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

create_refund = resources.Refund.__init__
responses: dict[str, tuple[int, bytes]] = {}
requests: list[dict[str, Any]] = []
faults: dict[str, str] = {}


@web.middleware
async def documented_behavior(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    if request.path.startswith("/_config/"):
        return await handler(request)
    key = request.headers.get("Idempotency-Key", "")
    requests.append({"method": request.method, "path": request.path, "key": key})
    fault = faults.get(request.path.rpartition("/")[2], "")
    if fault == "cut before" and request.transport:
        request.transport.close()
    if key in responses:
        status, body = responses[key]
        headers = {"Idempotent-Replayed": "true", "Content-Type": "application/json"}
        return web.Response(status=status, body=body, headers=headers)
    if is_invalid_capture(request.path):
        error = {"type": "invalid_request_error", "code": "payment_intent_unexpected_state"}
        response: Any = web.json_response({"error": error}, status=400)
    elif fault.isdigit():
        response = web.json_response({"error": {"type": "api_error"}}, status=int(fault))
    else:
        response = await handler(request)
    if key:
        responses[key] = (response.status, response.body)
    if fault == "cut after" and request.transport:
        request.transport.close()
    return response  # type: ignore[no-any-return]  # localstripe is untyped


async def list_requests(_: web.Request) -> web.Response:
    return web.json_response(requests)


async def set_faults(request: web.Request) -> web.Response:
    faults.clear()
    faults.update(await request.json())
    return web.Response()


def list_intents(url: str, **query: Any) -> Any:
    created = query.pop("created", {})
    since, until = int(created.get("gte", 0)), int(created.get("lte", 2**40))
    intents = super(resources.PaymentIntent, resources.PaymentIntent)._api_list_all(url, **query)
    intents._list = [each for each in reversed(intents._list) if since <= each.created <= until]
    return intents


def is_invalid_capture(path: str) -> bool:
    parts = path.split("/")
    if parts[-1] != "capture":
        return False
    status: str = resources.PaymentIntent._api_retrieve(parts[-2]).status
    return status != "requires_capture"


def create_refund_strictly(refund: Any, **params: Any) -> None:
    charge = resources.PaymentIntent._api_retrieve(params["payment_intent"]).latest_charge
    if not charge.captured or int(params["amount"]) > charge.amount - charge.amount_refunded:
        raise UserError(400, "more than is refundable", {"code": "amount_too_large"})
    create_refund(refund, **params)


if __name__ == "__main__":
    resources.store.dump_to_disk = lambda: None  # it would write to /tmp
    resources.PaymentIntent._api_list_all = list_intents
    resources.Refund.__init__ = create_refund_strictly
    server.app.middlewares.insert(0, documented_behavior)
    server.app.router.add_get("/_config/requests", list_requests)
    server.app.router.add_post("/_config/faults", set_faults)
    web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)

"""localstripe on loopback: `python -m tests.payment.stripe_server PORT`.

It plays Stripe, but for what Stripe's API reference documents and it lacks, which is added here:
a request with an Idempotency-Key seen before is answered as it was the first time (failures of
Stripe's own, too); only what is set aside can be captured, only what was captured refunded;
lists are filtered by `created` and newest first.
What it was asked is told at `/_config/seen`; `/_config/faults` makes it fail.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from aiohttp import web
from localstripe import resources, server
from localstripe.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

give_back = resources.Refund.__init__
answered: dict[str, tuple[int, bytes]] = {}
seen: list[dict[str, Any]] = []
faults: dict[str, str] = {}


@web.middleware
async def as_documented(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    if request.path.startswith("/_config/"):
        return await handler(request)
    key = request.headers.get("Idempotency-Key", "")
    seen.append({"method": request.method, "path": request.path, "key": key})
    fault = faults.get(request.path.rpartition("/")[2], "")
    if fault == "cut before" and request.transport:
        request.transport.close()
    if key in answered:
        status, body = answered[key]
        replay = {"Idempotent-Replayed": "true", "Content-Type": "application/json"}
        return web.Response(status=status, body=body, headers=replay)
    if not_to_be_captured(request.path):
        error = {"type": "invalid_request_error", "code": "payment_intent_unexpected_state"}
        answer: Any = web.json_response({"error": error}, status=400)
    elif fault.isdigit():
        answer = web.json_response({"error": {"type": "api_error"}}, status=int(fault))
    else:
        answer = await handler(request)
    if key:
        answered[key] = (answer.status, answer.body)
    if fault == "cut after" and request.transport:
        request.transport.close()
    return answer  # type: ignore[no-any-return]  # localstripe is untyped


async def tell_seen(_: web.Request) -> web.Response:
    return web.json_response(seen)


async def set_faults(request: web.Request) -> web.Response:
    faults.clear()
    faults.update(await request.json())
    return web.Response()


def list_intents(url: str, **query: Any) -> Any:
    created = query.pop("created", {})
    least, most = int(created.get("gte", 0)), int(created.get("lte", 2**40))
    found = super(resources.PaymentIntent, resources.PaymentIntent)._api_list_all(url, **query)
    found._list = [each for each in reversed(found._list) if least <= each.created <= most]
    return found


def not_to_be_captured(path: str) -> bool:
    parts = path.split("/")
    if parts[-1] != "capture":
        return False
    status: str = resources.PaymentIntent._api_retrieve(parts[-2]).status
    return status != "requires_capture"


def strict_refund(refund: Any, **wish: Any) -> None:
    charge = resources.PaymentIntent._api_retrieve(wish["payment_intent"]).latest_charge
    if not charge.captured or int(wish["amount"]) > charge.amount - charge.amount_refunded:
        raise UserError(400, "more than is left", {"code": "amount_too_large"})
    give_back(refund, **wish)


if __name__ == "__main__":
    resources.store.dump_to_disk = lambda: None  # it would write to /tmp
    resources.PaymentIntent._api_list_all = list_intents
    resources.Refund.__init__ = strict_refund
    server.app.middlewares.insert(0, as_documented)
    server.app.router.add_get("/_config/seen", tell_seen)
    server.app.router.add_post("/_config/faults", set_faults)
    web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)

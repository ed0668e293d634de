"""Brings one offer into the shop: lists it, changes it, or finds it there as it is."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import httpx

from cli.importing.faults import Fault, Faulty, ImportRefused
from cli.importing.offers import Offer
from cli.replay.answers import BasketAnswer, read
from cli.replay.client import Ask, Client, Lost, slug
from cli.replay.staff import SignedIn

Outcome = Literal["created", "updated", "unchanged"]

STAFF: Final = "/api/staff/products"
TRIES: Final = 4  # when others change the same product meanwhile
NOT_LET_IN: Final = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


async def currency_of(client: Client) -> str:
    """What the shop sells in: a visitor who has put nothing in a basket sees it there."""
    visitor = {"Guest-Token": secrets.token_urlsafe(24)}
    answer = await client.ask(Ask("see_basket", "GET", "/api/guest/basket", visitor))
    if not answer.is_success:
        raise Lost(f"the shop does not show its currency ({slug(answer)})")
    return read(BasketAnswer, answer).subtotal.currency


@dataclass(frozen=True)
class Shelf:
    """The shop's catalog, as its staff keep it."""

    staff: SignedIn

    async def put(self, offer: Offer) -> Outcome:
        """Let the shop have the product as offered; raises Faulty when it refuses, or Lost.

        Safe to do again: what is there already as offered is not touched.
        """
        answer = await self._ask("list", "POST", STAFF, offer.listing)
        if answer.is_success:
            return "created"
        for _ in range(TRIES):
            if slug(answer) not in ("sku-taken", "changed-meanwhile"):
                raise _refusal(answer)
            change = await self._adapt(offer, await self._known(offer.sku))
            if change is None:
                return "unchanged"
            if change.is_success:
                return "updated"
            answer = change
        raise Faulty(Fault(None, "others kept changing this product; import the file again"))

    async def stock(self, sku: str, quantity: int) -> bool:
        """Receive the product's first goods, once for all imports; whether they are these.

        Raises Faulty when the shop refuses, or Lost.
        """
        path, headers = f"/api/staff/stock/{sku}/receipts", {"Idempotency-Key": f"import-{sku}"}
        receipt = {"quantity": quantity, "reference": "import"}
        answer = await self._ask("receive", "POST", path, receipt, headers)
        if not (answer.is_success or slug(answer) == "idempotency-key-reused"):
            raise _refusal(answer, stock="quantity")
        return answer.is_success

    async def _known(self, sku: str) -> httpx.Response:
        answer = await self.staff.client.ask(Ask("read", "GET", f"/api/products/{sku}"))
        if not answer.is_success:
            raise _refusal(answer)
        if answer.json()["status"] != "listed":
            raise Faulty(Fault("sku", "is of a product that was taken out of sale, for good"))
        return answer

    async def _adapt(self, offer: Offer, known: httpx.Response) -> httpx.Response | None:
        """The shop's answer to the last change; None if there was nothing to change."""
        product: dict[str, Any] = known.json()
        details = offer.details(product)
        path = f"{STAFF}/{offer.sku}"
        last = None
        if details != {name: product[name] for name in details}:
            last = await self._ask("describe", "PUT", path, details, _if_it_is(known))
            if not last.is_success:
                return last
        if offer.money != product["price"]:
            headers = _if_it_is(last or known)
            price = {"price": offer.money}
            last = await self._ask("reprice", "PUT", f"{path}/price", price, headers)
        return last

    async def _ask(
        self,
        step: str,
        method: str,
        path: str,
        body: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        answer = await self.staff.ask(Ask(step, method, path, headers or {}, body))
        if answer.status_code in NOT_LET_IN:
            raise ImportRefused(
                "The shop does not take this token as one of its staff;"
                " get a new one, then run the same command again."
            )
        return answer


def _if_it_is(known: httpx.Response) -> dict[str, str]:
    return {"If-Match": known.headers["ETag"]}


def _refusal(answer: httpx.Response, **fields: str) -> Faulty:
    """What the shop says is wrong, in the words of its problem document; `fields` are a file's
    own names for what the shop calls otherwise."""
    ours = {theirs: own for own, theirs in fields.items()}
    try:
        problem = answer.json()
        faults = [
            Fault(ours.get(named := each["pointer"].split("/")[1], named), each["detail"])
            for each in problem.get("errors", [])
        ]
        return Faulty(*(faults or [Fault(None, problem["detail"])]))
    except (ValueError, LookupError, TypeError, AttributeError):
        return Faulty(Fault(None, f"the shop refused it ({slug(answer)})"))

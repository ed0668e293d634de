"""Creates and updates products through the staff API."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import httpx

from cli.importing.errors import FieldError, ImportFailed, InvalidRecord
from cli.importing.product_records import ProductRecord
from cli.replay.client import ApiRequest, Client, problem_slug
from cli.replay.responses import BasketResponse, parse
from cli.replay.staff import StaffClient

Outcome = Literal["created", "updated", "unchanged"]

PRODUCTS_PATH: Final = "/api/staff/products"
MAX_ATTEMPTS: Final = 4
"""Attempts to update a product that others change at the same time."""
ACCESS_DENIED: Final = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


async def fetch_currency(client: Client) -> str:
    """The shop's currency, read from an empty basket of a new guest.

    Raises ImportFailed for an error response, OutcomeUnknown when there is none.
    """
    guest = {"Guest-Token": secrets.token_urlsafe(24)}
    response = await client.send(ApiRequest("read_basket", "GET", "/api/guest/basket", guest))
    if not response.is_success:
        raise ImportFailed(
            "The import cannot start: the shop did not return its currency"
            f" ({problem_slug(response)})."
        )
    return parse(BasketResponse, response).subtotal.currency


@dataclass(frozen=True)
class CatalogClient:
    """The catalog and stock of a shop, as its staff manage them.

    All methods are idempotent, and raise InvalidRecord when the shop rejects the record,
    ImportFailed when it rejects the token, OutcomeUnknown when it does not respond.
    """

    staff: StaffClient

    async def create_or_update(self, record: ProductRecord) -> Outcome:
        """List the product, or update what differs. A product without differences is unchanged."""
        response = await self._send("list", "POST", PRODUCTS_PATH, record.as_new_product())
        if response.is_success:
            return "created"
        for _ in range(MAX_ATTEMPTS):
            if problem_slug(response) not in ("sku-exists", "precondition-failed"):
                raise _to_invalid_record(response)
            update = await self._update(record, await self._get_product(record.sku))
            if update is None:
                return "unchanged"
            if update.is_success:
                return "updated"
            response = update
        raise InvalidRecord(
            FieldError(None, "the product is being changed by others; import the file again")
        )

    async def receive_initial_stock(self, sku: str, quantity: int) -> bool:
        """Receive the initial stock of a product, once for all imports.

        Returns False if an earlier import received another quantity; the stock stays the same.
        """
        path, headers = f"/api/staff/stock/{sku}/receipts", {"Idempotency-Key": f"import-{sku}"}
        receipt = {"quantity": quantity, "reference": "import"}
        response = await self._send("receive", "POST", path, receipt, headers)
        if not (response.is_success or problem_slug(response) == "idempotency-key-reused"):
            raise _to_invalid_record(response, quantity="stock")
        return response.is_success

    async def _get_product(self, sku: str) -> httpx.Response:
        """Raises InvalidRecord if the product is delisted, which is final."""
        response = await self.staff.client.send(ApiRequest("read", "GET", f"/api/products/{sku}"))
        if not response.is_success:
            raise _to_invalid_record(response)
        if response.json()["status"] != "listed":
            raise InvalidRecord(FieldError("sku", "the product is delisted"))
        return response

    async def _update(
        self, record: ProductRecord, current: httpx.Response
    ) -> httpx.Response | None:
        """The response to the last update, or None if nothing differs.

        Details and price are updated by separate requests.
        """
        product: dict[str, Any] = current.json()
        details = record.details_with(product)
        path = f"{PRODUCTS_PATH}/{record.sku}"
        last = None
        if details != {name: product[name] for name in details}:
            last = await self._send("describe", "PUT", path, details, _if_match(current))
            if not last.is_success:
                return last
        if record.money != product["price"]:
            headers = _if_match(last or current)
            price = {"price": record.money}
            last = await self._send("reprice", "PUT", f"{path}/price", price, headers)
        return last

    async def _send(
        self,
        step: str,
        method: str,
        path: str,
        body: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        response = await self.staff.send(ApiRequest(step, method, path, headers or {}, body))
        if response.status_code in ACCESS_DENIED:
            raise ImportFailed(
                "The access token is not valid for staff of this shop;"
                " get a new one, then run the same command again."
            )
        return response


def _if_match(response: httpx.Response) -> dict[str, str]:
    return {"If-Match": response.headers["ETag"]}


def _to_invalid_record(response: httpx.Response, **column_fields: str) -> InvalidRecord:
    """The errors of a problem document.

    `column_fields` maps names of the API to names of the file where they differ.
    """
    try:
        problem = response.json()
        errors = [
            FieldError(
                column_fields.get(name := each["pointer"].split("/")[1], name), each["detail"]
            )
            for each in problem.get("errors", [])
        ]
        return InvalidRecord(*(errors or [FieldError(None, problem["detail"])]))
    except (ValueError, LookupError, TypeError, AttributeError):
        reason = f"the shop rejected the request ({problem_slug(response)})"
        return InvalidRecord(FieldError(None, reason))

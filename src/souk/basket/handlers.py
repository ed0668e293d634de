"""The basket's routes, subscriptions and commands."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from functools import cache

import msgspec

from souk.basket import usecases
from souk.basket.commands import Contact, ContactList, GetContacts
from souk.basket.domain import (
    BasketEmpty,
    BasketFull,
    DelistedProduct,
    Offer,
    ProductUnknown,
    SoldOut,
    TotalChanged,
    subtotal,
    total_weight_grams,
)
from souk.basket.schemas import (
    BasketLineView,
    BasketView,
    CheckoutRequest,
    CheckoutResponse,
    SetQuantityRequest,
    ShippingOptionList,
    ShippingOptionView,
    to_contact_details,
    to_line_view,
)
from souk.basket.shipping import ShippingOption, ShippingOptionUnavailable, ShippingRate
from souk.basket.store import BasketStore
from souk.catalog import events as catalog
from souk.delivery.events import ShippingPriceChanged
from souk.inventory import events as inventory
from souk.kernel.clock import timestamp
from souk.kernel.commands import Commands
from souk.kernel.errors import Busy, IdempotencyKeyReused, InvalidQuery
from souk.kernel.events import Subscriptions
from souk.kernel.settings import Settings, load
from souk.runtime.routes import Access, Request, Response, Routes

ROUTES = Routes()
_COUNTRY = re.compile(r"[A-Z]{2}")
_WEIGHT_GRAMS = re.compile(r"[0-9]{1,12}")


class BasketSettings(Settings, frozen=True, kw_only=True):
    table_name: str
    currency: str


@cache
def settings() -> BasketSettings:
    return load(BasketSettings)


@cache
def baskets() -> BasketStore:
    return BasketStore(settings().table_name)


@ROUTES.add(
    "GET",
    "/shipping-options",
    Access.PUBLIC,
    response=ShippingOptionList,
    query=("country", "weight_grams"),
)
def list_shipping_options(request: Request) -> ShippingOptionList:
    """List the shipping options with their prices for a country, cheapest first.

    Without a country, the prices are those for every country that has no rate of its own.
    """
    return ShippingOptionList(_shipping_options(_country(request), _weight_grams(request)))


@ROUTES.add("GET", "/basket", Access.VISITOR, response=BasketView, query=("country",))
def get_basket(request: Request) -> BasketView:
    """Get the basket at current prices, with a note on each line that changed since it was set."""
    return _to_view(request, usecases.get_basket(request.caller.owner, baskets=baskets()))


@ROUTES.add(
    "POST",
    "/basket/merge",
    Access.CUSTOMER,
    response=BasketView,
    errors=(BasketFull, Busy),
    headers=("Guest-Token",),
)
def merge_baskets(request: Request) -> BasketView:
    """Move the lines of a guest's basket into the customer's. Repeating it changes nothing."""
    basket = usecases.merge_baskets(request.guest_owner(), request.caller.owner, baskets=baskets())
    return _to_view(request, basket)


def _to_view(request: Request, basket: usecases.PricedBasket) -> BasketView:
    head, lines = basket
    weight_grams = total_weight_grams(lines)
    return BasketView(
        basket_id=head.basket_id if head else None,
        lines=[to_line_view(line) for line in lines],
        subtotal=subtotal(lines, settings().currency),
        weight_grams=weight_grams,
        shipping_options=_shipping_options(_country(request), weight_grams),
        expires_at=timestamp(datetime.fromtimestamp(head.expires_at, UTC)) if head else None,
    )


def _shipping_options(country: str | None, weight_grams: int) -> list[ShippingOptionView]:
    quotes = usecases.quote_shipping(country, weight_grams, baskets=baskets())
    return [ShippingOptionView(quote.id, quote.name, quote.price) for quote in quotes]


@ROUTES.add(
    "PUT",
    "/basket/items/{sku}",
    Access.VISITOR,
    response=BasketLineView,
    errors=(ProductUnknown, DelistedProduct, BasketFull, Busy),
)
def set_quantity(request: Request, body: SetQuantityRequest) -> BasketLineView:
    """Set the quantity of a product in the basket, at its current price."""
    line = usecases.set_quantity(
        request.caller.owner, request.path["sku"], body.quantity, baskets=baskets()
    )
    return to_line_view(line)


@ROUTES.add(
    "DELETE", "/basket/items/{sku}", Access.VISITOR, response=None, status=204, errors=(Busy,)
)
def remove_line(request: Request) -> None:
    """Remove a product from the basket. Succeeds also when the basket does not contain it."""
    usecases.remove_line(request.caller.owner, request.path["sku"], baskets=baskets())


@ROUTES.add(
    "POST",
    "/basket/checkout",
    Access.VISITOR,
    response=CheckoutResponse,
    status=202,
    errors=(
        BasketEmpty,
        DelistedProduct,
        SoldOut,
        TotalChanged,
        ShippingOptionUnavailable,
        IdempotencyKeyReused,
        Busy,
    ),
    headers=("Idempotency-Key",),
)
def check_out(request: Request, body: CheckoutRequest) -> Response:
    """Commit to buy the basket at the expected total, once per Idempotency-Key."""
    record = usecases.check_out(
        request.caller.owner,
        request.idempotency_key(),
        usecases.Checkout(
            contact=to_contact_details(body.contact),
            shipping_option=body.shipping_option,
            payment_token=body.payment_token,
            expected_total=body.expected_total,
            fingerprint=hashlib.sha256(msgspec.json.encode(body)).hexdigest(),
        ),
        baskets=baskets(),
    )
    location = f"{request.caller.prefix}/orders/{record.order_id}"
    return Response(CheckoutResponse(record.order_id, record.total), 202, {"Location": location})


def _country(request: Request) -> str | None:
    text = request.query.get("country")
    if text is not None and not _COUNTRY.fullmatch(text):
        raise InvalidQuery.field("/country", "country must be two capital letters, such as GB.")
    return text


def _weight_grams(request: Request) -> int:
    text = request.query.get("weight_grams", "0")
    if not _WEIGHT_GRAMS.fullmatch(text):
        raise InvalidQuery.field("/weight_grams", "weight_grams must be a whole number of grams.")
    return int(text)


def _save_offer(
    event: catalog.ProductListed | catalog.PriceChanged | catalog.ProductDelisted,
) -> None:
    """Each of the three events carries the whole offer."""
    baskets().save_offer(
        Offer(
            sku=event.sku,
            name=event.name,
            price=event.price,
            weight_grams=event.weight_grams,
            listed=not isinstance(event, catalog.ProductDelisted),
            version=event.version,
        )
    )


def _mark_sold_out(event: inventory.StockDepleted) -> None:
    baskets().save_availability(event.sku, event.availability_version, sold_out=True)


def _mark_available(event: inventory.StockReplenished) -> None:
    baskets().save_availability(event.sku, event.availability_version, sold_out=False)


def _save_shipping_option(event: ShippingPriceChanged) -> None:
    rates = [
        ShippingRate(country=rate.country, max_grams=rate.max_grams, price=rate.price)
        for rate in event.rates
    ]
    baskets().save_shipping_option(
        ShippingOption(
            option_id=event.option_id,
            name=event.name,
            rates=rates,
            offered=event.offered,
            version=event.version,
        )
    )


SUBSCRIPTIONS: Subscriptions = {
    ShippingPriceChanged: _save_shipping_option,
    catalog.ProductListed: _save_offer,
    catalog.PriceChanged: _save_offer,
    catalog.ProductDelisted: _save_offer,
    inventory.StockDepleted: _mark_sold_out,
    inventory.StockReplenished: _mark_available,
}


def _get_contacts(command: GetContacts) -> ContactList:
    return ContactList(
        contacts=[
            msgspec.convert({"contact_id": record.contact_id, **record.details}, Contact)
            for record in baskets().get_contacts(command.contact_ids)
        ]
    )


COMMANDS: Commands = {GetContacts: _get_contacts}

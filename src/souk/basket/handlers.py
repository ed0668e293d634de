"""The basket's routes, what it hears from other rooms, and what it can be asked."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from functools import cache

import msgspec

from souk.basket import usecases
from souk.basket.commands import ContactCard, ContactCards, GetContacts
from souk.basket.domain import (
    BasketEmpty,
    BasketFull,
    KeyReused,
    Offer,
    ProductDelisted,
    ProductUnknown,
    SoldOut,
    TotalChanged,
    subtotal,
    weight,
)
from souk.basket.shipping import NotServed, Option, Rate
from souk.basket.store import BasketStore
from souk.basket.wire import (
    BasketView,
    CheckoutReceipt,
    CheckoutWish,
    LineView,
    PutLine,
    ShippingOffer,
    ShippingOffers,
    ShippingOption,
    as_stored,
    line_view,
)
from souk.catalog import events as catalog
from souk.delivery.events import ShippingPriceChanged
from souk.edges.routes import Access, Answer, Call, Routes
from souk.inventory import events as inventory
from souk.kernel.clock import stamp
from souk.kernel.commands import Does
from souk.kernel.errors import Busy, InvalidQuery
from souk.kernel.facts import Hears
from souk.kernel.settings import Settings, load

ROUTES = Routes()
_COUNTRY = re.compile(r"[A-Z]{2}")
_GRAMS = re.compile(r"[0-9]{1,12}")


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
    answer=ShippingOffers,
    query=("country", "weight_grams"),
)
def list_shipping_options(call: Call) -> ShippingOffers:
    """List what sending a parcel there costs; without a country, where no rate is special."""
    found = usecases.see_shipping(_country(call), _grams(call), baskets=baskets())
    return ShippingOffers([ShippingOffer(each.option, each.name, each.price) for each in found])


@ROUTES.add("GET", "/basket", Access.VISITOR, answer=BasketView, query=("country",))
def see_basket(call: Call) -> BasketView:
    """See the basket at today's prices, with notes on what changed since a line was put."""
    return _view(call, usecases.see_basket(call.visitor.owner, baskets=baskets()))


@ROUTES.add(
    "POST",
    "/basket/merge",
    Access.CUSTOMER,
    answer=BasketView,
    refusals=(BasketFull, Busy),
    headers=("Guest-Token",),
)
def merge_baskets(call: Call) -> BasketView:
    """Bring along what you put as a guest, once however often it is asked."""
    return _view(call, usecases.merge(call.guest(), call.visitor.owner, baskets=baskets()))


def _view(call: Call, seen: usecases.Seen) -> BasketView:
    head, lines = seen
    grams = weight(lines)
    sent = usecases.see_shipping(_country(call), grams, baskets=baskets())
    return BasketView(
        basket_id=head.basket_id if head else None,
        lines=[line_view(line) for line in lines],
        subtotal=subtotal(lines, settings().currency),
        weight_grams=grams,
        shipping_options=[ShippingOption(each.option, each.price, each.name) for each in sent],
        expires_at=stamp(datetime.fromtimestamp(head.expires_at, UTC)) if head else None,
    )


@ROUTES.add(
    "PUT",
    "/basket/items/{sku}",
    Access.VISITOR,
    answer=LineView,
    refusals=(ProductUnknown, ProductDelisted, BasketFull, Busy),
)
def put_line(call: Call, body: PutLine) -> LineView:
    """Set how many of a product the basket holds."""
    line = usecases.put_line(call.visitor.owner, call.path["sku"], body.quantity, baskets=baskets())
    return line_view(line)


@ROUTES.add(
    "DELETE", "/basket/items/{sku}", Access.VISITOR, answer=None, status=204, refusals=(Busy,)
)
def remove_line(call: Call) -> None:
    """Take a product out of the basket; one that is not in it is out already."""
    usecases.remove_line(call.visitor.owner, call.path["sku"], baskets=baskets())


@ROUTES.add(
    "POST",
    "/basket/checkout",
    Access.VISITOR,
    answer=CheckoutReceipt,
    status=202,
    refusals=(
        BasketEmpty,
        ProductDelisted,
        SoldOut,
        TotalChanged,
        NotServed,
        KeyReused,
        Busy,
    ),
    headers=("Idempotency-Key",),
)
def check_out(call: Call, body: CheckoutWish) -> Answer:
    """Commit to buy the basket, once for an Idempotency-Key, at the total you saw."""
    receipt = usecases.check_out(
        call.visitor.owner,
        call.idempotency_key(),
        usecases.Checkout(
            contact=as_stored(body.contact),
            shipping_option=body.shipping_option,
            payment_token=body.payment_token,
            expected_total=body.expected_total,
            fingerprint=hashlib.sha256(msgspec.json.encode(body)).hexdigest(),
        ),
        baskets=baskets(),
    )
    location = f"{call.visitor.prefix}/orders/{receipt.order_id}"
    return Answer(CheckoutReceipt(receipt.order_id, receipt.total), 202, {"Location": location})


def _country(call: Call) -> str | None:
    text = call.query.get("country")
    if text is not None and not _COUNTRY.fullmatch(text):
        raise InvalidQuery.field("/country", "a country is two letters, such as GB")
    return text


def _grams(call: Call) -> int:
    text = call.query.get("weight_grams", "0")
    if not _GRAMS.fullmatch(text):
        raise InvalidQuery.field("/weight_grams", "a weight is a whole number of grams")
    return int(text)


def _learn(fact: catalog.ProductListed | catalog.PriceChanged | catalog.ProductDelisted) -> None:
    """The three facts say the same of a product; only a delisted one cannot be put any more."""
    baskets().learn(
        Offer(
            sku=fact.sku,
            name=fact.name,
            price=fact.price,
            weight_grams=fact.weight_grams,
            listed=not isinstance(fact, catalog.ProductDelisted),
            version=fact.version,
        )
    )


def _note_depleted(fact: inventory.StockDepleted) -> None:
    baskets().note_stock(fact.sku, fact.turn, sold_out=True)


def _note_replenished(fact: inventory.StockReplenished) -> None:
    baskets().note_stock(fact.sku, fact.turn, sold_out=False)


def _learn_option(fact: ShippingPriceChanged) -> None:
    rates = [
        Rate(country=rate.country, max_grams=rate.max_grams, price=rate.price)
        for rate in fact.rates
    ]
    baskets().learn_option(
        Option(
            option=fact.option,
            name=fact.name,
            rates=rates,
            offered=fact.offered,
            version=fact.version,
        )
    )


HEARS: Hears = {
    ShippingPriceChanged: _learn_option,
    catalog.ProductListed: _learn,
    catalog.PriceChanged: _learn,
    catalog.ProductDelisted: _learn,
    inventory.StockDepleted: _note_depleted,
    inventory.StockReplenished: _note_replenished,
}


def _get_contacts(wish: GetContacts) -> ContactCards:
    found = baskets().contacts(wish.contact_ids)
    return ContactCards(
        cards=[
            msgspec.convert({"contact_id": each.contact_id, **each.details}, ContactCard)
            for each in found
        ]
    )


DOES: Does = {GetContacts: _get_contacts}

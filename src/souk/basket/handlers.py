"""The basket's routes, and what it hears from catalog and inventory."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache

import msgspec

from souk.basket import shipping, usecases
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
)
from souk.basket.store import BasketStore
from souk.basket.wire import (
    BasketView,
    CheckoutReceipt,
    CheckoutWish,
    LineView,
    PutLine,
    ShippingOption,
    as_stored,
    line_view,
)
from souk.catalog import events as catalog
from souk.edges.routes import Access, Answer, Call, Routes
from souk.inventory import events as inventory
from souk.kernel.clock import stamp
from souk.kernel.errors import Busy
from souk.kernel.facts import Hears
from souk.kernel.settings import Settings, load

ROUTES = Routes()


class BasketSettings(Settings, frozen=True, kw_only=True):
    table_name: str
    currency: str


@cache
def settings() -> BasketSettings:
    return load(BasketSettings)


@cache
def baskets() -> BasketStore:
    return BasketStore(settings().table_name)


@ROUTES.add("GET", "/basket", Access.VISITOR, answer=BasketView)
def see_basket(call: Call) -> BasketView:
    """See the basket at today's prices, with notes on what changed since a line was put."""
    return _view(usecases.see_basket(call.visitor.owner, baskets=baskets()))


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
    return _view(usecases.merge(call.guest(), call.visitor.owner, baskets=baskets()))


def _view(seen: usecases.Seen) -> BasketView:
    head, lines = seen
    currency = settings().currency
    return BasketView(
        basket_id=head.basket_id if head else None,
        lines=[line_view(line) for line in lines],
        subtotal=subtotal(lines, currency),
        shipping_options=[ShippingOption(*each) for each in shipping.options(currency).items()],
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
    refusals=(BasketEmpty, ProductDelisted, SoldOut, TotalChanged, KeyReused, Busy),
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
        currency=settings().currency,
        baskets=baskets(),
    )
    location = f"{call.visitor.prefix}/orders/{receipt.order_id}"
    return Answer(CheckoutReceipt(receipt.order_id, receipt.total), 202, {"Location": location})


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


HEARS: Hears = {
    catalog.ProductListed: _learn,
    catalog.PriceChanged: _learn,
    catalog.ProductDelisted: _learn,
    inventory.StockDepleted: _note_depleted,
    inventory.StockReplenished: _note_replenished,
}

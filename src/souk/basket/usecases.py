"""What visitors can do with baskets."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from souk.basket.domain import (
    LIFETIME_DAYS,
    MAX_LINES,
    BasketEmpty,
    BasketFull,
    BasketHead,
    BasketLine,
    CheckoutRecord,
    ContactRecord,
    DelistedProduct,
    Offer,
    PricedLine,
    ProductUnknown,
    check_total,
    price_lines,
    to_order_lines,
    total_weight_grams,
)
from souk.basket.events import BasketCheckedOut
from souk.basket.shipping import (
    ShippingOption,
    ShippingOptionUnavailable,
    ShippingQuote,
    quote_options,
)
from souk.kernel.clock import now, timestamp
from souk.kernel.errors import (
    Busy,
    ConcurrentUpdate,
    Conflict,
    InvalidRequest,
)
from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeVar

    from souk.kernel.money import Money

    T = TypeVar("T")

MAX_ATTEMPTS = 5
"""Attempts of a request, or of one batch of a merge, while other requests change the basket.

There are no pauses in between. After the last one, the request fails with Busy.
"""

MERGE_BATCH_LINES = 40
"""Lines moved in one transaction: two actions per line and two for the heads, of 100 allowed."""


class Baskets(Protocol):
    """The repository of baskets. ConcurrentUpdate means that nothing was written.

    A head is a basket without its lines. The methods may raise Busy.
    """

    def get_offer_and_head(self, owner: str, sku: str) -> tuple[Offer | None, BasketHead | None]:
        """The offer for the SKU and the head of the owner's open basket."""

    def get_record_and_head(
        self, owner: str, idempotency_key: str
    ) -> tuple[CheckoutRecord | None, BasketHead | None]:
        """Both as of one moment: a closed basket is never seen without its checkout record."""

    def get_head(self, owner: str) -> BasketHead | None:
        """The owner's open basket; None also when it has expired."""

    def get_lines(self, basket_id: str) -> list[BasketLine]: ...

    def get_offers(self, skus: Iterable[str]) -> dict[str, Offer]:
        """The known offers by SKU."""

    def get_shipping_options(self) -> list[ShippingOption]:
        """All known options, including those no longer offered."""

    def create(self, head: BasketHead, line: BasketLine) -> None:
        """Store a new basket and its first line.

        Raises ConcurrentUpdate when the owner already has an open basket.
        """

    def add_line(self, head: BasketHead, line: BasketLine) -> bool:
        """Returns False when the basket already contains the SKU. Raises ConcurrentUpdate."""

    def update_line(self, head: BasketHead, line: BasketLine) -> bool:
        """Returns False when the basket does not contain the SKU. Raises ConcurrentUpdate."""

    def remove_line(self, head: BasketHead, sku: str) -> bool:
        """Returns False when the basket does not contain the SKU. Raises ConcurrentUpdate."""

    def move_lines(
        self, source: BasketHead, target: BasketHead, lines: Sequence[BasketLine], *, new_lines: int
    ) -> None:
        """Delete the lines from `source` and put them into `target`, in one transaction.

        They replace lines with the same SKU; `new_lines` is the number of SKUs that are new in
        `target`. Raises ConcurrentUpdate when either basket changed since it was read.
        """

    def create_with_lines(
        self, head: BasketHead, source: BasketHead, lines: Sequence[BasketLine]
    ) -> None:
        """Create a basket with lines moved from `source`. Raises ConcurrentUpdate."""

    def close(
        self,
        head: BasketHead,
        idempotency_key: str,
        record: CheckoutRecord,
        contact: ContactRecord,
        event: BasketCheckedOut,
    ) -> None:
        """Close the basket and store record, contact and event, in one transaction.

        Raises ConcurrentUpdate when the basket changed since it was read, or the key is bound.
        """

    def get_contacts(self, contact_ids: Sequence[str]) -> list[ContactRecord]:
        """The contacts that exist, in any order."""

    def save_offer(self, offer: Offer) -> None:
        """Does nothing when the stored version is the same or newer."""

    def save_shipping_option(self, option: ShippingOption) -> None:
        """Does nothing when the stored version is the same or newer."""

    def save_availability(self, sku: str, availability_version: int, *, sold_out: bool) -> None:
        """Does nothing when the stored `availability_version` is the same or newer."""


class PricedBasket(NamedTuple):
    """A basket at current prices.

    `head` is the basket without its lines; None while the visitor has no open basket.
    """

    head: BasketHead | None
    lines: list[PricedLine]


class Checkout(NamedTuple):
    """A checkout as requested.

    `expected_total` includes shipping. `fingerprint` identifies the request body.
    """

    contact: dict[str, Any]
    shipping_option: str
    payment_token: str
    expected_total: Money
    fingerprint: str

    @property
    def country(self) -> str:
        country: str = self.contact["address"]["country"]
        return country


def get_basket(owner: str, *, baskets: Baskets) -> PricedBasket:
    """The owner's basket; without lines if there is no open one. Raises Busy."""
    head = baskets.get_head(owner)
    return PricedBasket(head, _get_priced_lines(head, baskets))


def quote_shipping(
    country: str | None, weight_grams: int, *, baskets: Baskets
) -> list[ShippingQuote]:
    """The options that ship this weight to the country, cheapest first.

    Without a country, by their rates for every country that has no rate of its own.
    """
    return quote_options(baskets.get_shipping_options(), country, weight_grams)


def set_quantity(owner: str, sku: str, quantity: int, *, baskets: Baskets) -> PricedLine:
    """Set the quantity of a line, 1 or more, at the product's current price.

    Adds the line, and creates the basket, when needed. Does not check the stock.
    Raises ProductUnknown, DelistedProduct, BasketFull, Busy.
    """
    return _retry_concurrent_update(lambda: _set_quantity(owner, sku, quantity, baskets))


def remove_line(owner: str, sku: str, *, baskets: Baskets) -> None:
    """Succeeds also when the basket does not contain the SKU. Raises Busy."""

    def attempt() -> None:
        head = baskets.get_head(owner)
        if head is not None:
            baskets.remove_line(head, sku)

    _retry_concurrent_update(attempt)


def merge_baskets(guest_owner: str, customer_owner: str, *, baskets: Baskets) -> PricedBasket:
    """Move the lines of the guest's basket into the customer's.

    The quantities of equal SKUs are added, up to MAX_QUANTITY. A line is deleted from one basket
    in the transaction that puts it into the other, so a repeated or interrupted merge moves
    nothing twice. Raises BasketFull, Busy; lines moved before stay moved.
    """
    while _retry_concurrent_update(lambda: _merge_batch(guest_owner, customer_owner, baskets)):
        pass
    return get_basket(customer_owner, baskets=baskets)


def check_out(
    owner: str, idempotency_key: str, checkout: Checkout, *, baskets: Baskets
) -> CheckoutRecord:
    """Close the basket and store BasketCheckedOut in the outbox, once per owner and key.

    The key is looked up before the basket: a repeated request gets the record of the first one,
    whatever is in the basket by then. Raises IdempotencyKeyReused, BasketEmpty,
    DelistedProduct, SoldOut, TotalChanged, ShippingOptionUnavailable, Busy, or InvalidRequest
    for a shipping option that does not exist or is not offered.
    """
    try:
        return _retry_concurrent_update(
            lambda: _check_out(owner, idempotency_key, checkout, baskets)
        )
    except (Conflict, Busy):
        # A concurrent request with the same key may have closed the basket in the meantime.
        record, _ = baskets.get_record_and_head(owner, idempotency_key)
        if record is None:
            raise
        return record.require_fingerprint(checkout.fingerprint)


def _set_quantity(owner: str, sku: str, quantity: int, baskets: Baskets) -> PricedLine:
    offer, head = baskets.get_offer_and_head(owner, sku)
    if offer is None:
        raise ProductUnknown(
            f"Product {sku} is not known yet. If it was listed just now, try again in a moment."
        )
    if not offer.listed:
        raise DelistedProduct(f"Product {sku} is no longer for sale.", skus=[sku])
    line = BasketLine(sku=sku, quantity=quantity, seen_price=offer.price, added_at=timestamp(now()))
    if head is None:
        baskets.create(_new_head(owner), line)
    elif head.line_count >= MAX_LINES or not baskets.add_line(head, line):
        _update_line(head, line, baskets)
    return PricedLine(line, offer)


def _update_line(head: BasketHead, line: BasketLine, baskets: Baskets) -> None:
    if baskets.update_line(head, line):
        return
    if head.line_count >= MAX_LINES:
        raise BasketFull(
            f"A basket holds at most {MAX_LINES} lines. Check out, then start another basket."
        )
    raise ConcurrentUpdate


def _merge_batch(guest_owner: str, customer_owner: str, baskets: Baskets) -> bool:
    """Move up to MERGE_BATCH_LINES. False when there was nothing to move."""
    source = baskets.get_head(guest_owner)
    lines = baskets.get_lines(source.basket_id)[:MERGE_BATCH_LINES] if source else []
    if source is None or not lines:
        return False
    target = baskets.get_head(customer_owner)
    target_lines = baskets.get_lines(target.basket_id) if target else []
    existing = {line.sku: line for line in target_lines}
    new_lines = sum(line.sku not in existing for line in lines)
    if len(existing) + new_lines > MAX_LINES:
        raise BasketFull(
            f"A basket holds at most {MAX_LINES} lines. Remove some, then merge again."
        )
    merged = [line.merged_with(existing.get(line.sku)) for line in lines]
    if target is None:
        head = _new_head(customer_owner, line_count=new_lines)
        baskets.create_with_lines(head, source, merged)
    else:
        baskets.move_lines(source, target, merged, new_lines=new_lines)
    return True


def _check_out(
    owner: str, idempotency_key: str, checkout: Checkout, baskets: Baskets
) -> CheckoutRecord:
    existing, head = baskets.get_record_and_head(owner, idempotency_key)
    if existing is not None:
        return existing.require_fingerprint(checkout.fingerprint)
    if head is None:
        raise BasketEmpty("The basket is empty. Add a product first.")
    lines = _get_priced_lines(head, baskets)
    shipping = _shipping_price(checkout, total_weight_grams(lines), baskets.get_shipping_options())
    total = check_total(lines, shipping, checkout.expected_total)
    record = CheckoutRecord(order_id=new_id(), total=total, fingerprint=checkout.fingerprint)
    contact = ContactRecord(new_id(), checkout.contact)
    event = BasketCheckedOut(
        order_id=record.order_id,
        owner=owner,
        contact_id=contact.contact_id,
        lines=to_order_lines(lines),
        shipping_option=checkout.shipping_option,
        shipping=shipping,
        total=total,
        payment_token=checkout.payment_token,
        checked_out_at=timestamp(now()),
    )
    baskets.close(head, idempotency_key, record, contact, event)
    return record


def _shipping_price(checkout: Checkout, weight_grams: int, options: list[ShippingOption]) -> Money:
    """The price of the chosen option.

    Raises ShippingOptionUnavailable, or InvalidRequest for an option that does not exist or is not
    offered.
    """
    chosen = [
        option
        for option in options
        if option.offered and option.option_id == checkout.shipping_option
    ]
    if not chosen:
        raise InvalidRequest.field(
            "/shipping_option", f"There is no shipping option {checkout.shipping_option!r}."
        )
    price = chosen[0].price_for(checkout.country, weight_grams)
    if price is None:
        raise ShippingOptionUnavailable(
            f"{chosen[0].name} does not ship {weight_grams} g to {checkout.country}. "
            "Choose one of the options listed.",
            country=checkout.country,
            weight_grams=weight_grams,
            options=quote_options(options, checkout.country, weight_grams),
        )
    return price


def _get_priced_lines(head: BasketHead | None, baskets: Baskets) -> list[PricedLine]:
    if head is None:
        return []
    lines = baskets.get_lines(head.basket_id)
    return price_lines(lines, baskets.get_offers(line.sku for line in lines))


def _new_head(owner: str, *, line_count: int = 1) -> BasketHead:
    """The lifetime starts with the first line, so that head and lines expire together."""
    expires_at = now() + timedelta(days=LIFETIME_DAYS)
    return BasketHead(
        basket_id=new_id(),
        owner=owner,
        version=1,
        line_count=line_count,
        expires_at=int(expires_at.timestamp()),
    )


def _retry_concurrent_update(attempt: Callable[[], T]) -> T:
    """Start over when another request of the same visitor changed the basket. Raises Busy."""
    for _ in range(MAX_ATTEMPTS):
        try:
            return attempt()
        except ConcurrentUpdate:
            continue
    raise Busy("Other requests are changing this basket. Try again.")

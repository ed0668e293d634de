"""What visitors do with baskets, and what baskets learn from the catalog."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from souk.basket.domain import (
    LIFETIME_DAYS,
    MAX_LINES,
    BasketEmpty,
    BasketFull,
    BasketMoved,
    Contact,
    Head,
    Line,
    Offer,
    PricedLine,
    ProductDelisted,
    ProductUnknown,
    Receipt,
    agree,
    checked_out_lines,
    price,
    weight,
)
from souk.basket.events import BasketCheckedOut
from souk.basket.shipping import NotServed, Option, Priced, priced
from souk.kernel.clock import now, stamp
from souk.kernel.errors import Busy, Conflict, Invalid
from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeVar

    from souk.kernel.money import Money

    T = TypeVar("T")

TRIES = 5  # how often a basket may change under one request before it is called busy
MOVED_AT_ONCE = 40  # lines: two rows each, and two heads, stay within a transaction's 100


class Baskets(Protocol):
    def offer_and_head(self, owner: str, sku: str) -> tuple[Offer | None, Head | None]: ...

    def receipt_and_head(self, owner: str, key: str) -> tuple[Receipt | None, Head | None]:
        """Both as of one moment: never a closed basket without the receipt that closed it."""

    def head(self, owner: str) -> Head | None:
        """The owner's open basket; an expired one is none."""

    def lines(self, basket_id: str) -> list[Line]: ...

    def offers(self, skus: Iterable[str]) -> dict[str, Offer]: ...

    def shipping_options(self) -> list[Option]:
        """All that delivery spoke of, also those not offered any more."""

    def begin(self, head: Head, line: Line) -> None:
        """Raises BasketMoved when the owner has an open basket."""

    def add(self, head: Head, line: Line) -> bool:
        """False when the basket holds the SKU already; raises BasketMoved."""

    def change(self, head: Head, line: Line) -> bool:
        """False when the basket does not hold the SKU; raises BasketMoved."""

    def remove(self, head: Head, sku: str) -> bool:
        """False when the basket does not hold the SKU; raises BasketMoved."""

    def move(self, source: Head, target: Head, lines: Sequence[Line], *, new: int) -> None:
        """Take the lines out of one basket and set them in the other, `new` of them not there yet.

        Raises BasketMoved when either basket is not as its head says.
        """

    def begin_with(self, head: Head, source: Head, lines: Sequence[Line]) -> None:
        """Begin a basket with lines taken out of another; raises BasketMoved."""

    def close(
        self, head: Head, key: str, receipt: Receipt, contact: Contact, fact: BasketCheckedOut
    ) -> None:
        """Close the basket, bind the key, keep the contact and say the fact, or nothing at all.

        Raises BasketMoved when the basket is not as `head` says or the key is bound.
        """

    def contacts(self, contact_ids: Sequence[str]) -> list[Contact]:
        """What checkouts left under these ids, in any order."""

    def learn(self, offer: Offer) -> None:
        """Keep what the catalog says of the offer unless a newer version is known."""

    def learn_option(self, option: Option) -> None:
        """Keep what delivery says of the option unless a newer version is known."""

    def note_stock(self, sku: str, turn: int, *, sold_out: bool) -> None:
        """Keep what inventory says of the SKU unless a later turn is known."""


class Seen(NamedTuple):
    """A basket as its owner sees it; without a head there is none yet."""

    head: Head | None
    lines: list[PricedLine]


class Checkout(NamedTuple):
    """What the visitor asks for; `fingerprint` identifies the request body."""

    contact: dict[str, Any]
    shipping_option: str
    payment_token: str
    expected_total: Money
    fingerprint: str

    @property
    def country(self) -> str:
        """Where it goes."""
        country: str = self.contact["address"]["country"]
        return country


def see_basket(owner: str, *, baskets: Baskets) -> Seen:
    head = baskets.head(owner)
    return Seen(head, _priced(head, baskets))


def see_shipping(country: str | None, grams: int, *, baskets: Baskets) -> list[Priced]:
    """The options that go there, cheapest first; of no country, those that go everywhere."""
    return priced(baskets.shipping_options(), country, grams)


def put_line(owner: str, sku: str, quantity: int, *, baskets: Baskets) -> PricedLine:
    """Set a line's quantity, adding the line, and beginning the basket, where needed."""
    return _settled(lambda: _put_line(owner, sku, quantity, baskets))


def remove_line(owner: str, sku: str, *, baskets: Baskets) -> None:
    """Removing what is not there is done already."""

    def attempt() -> None:
        head = baskets.head(owner)
        if head is not None:
            baskets.remove(head, sku)

    _settled(attempt)


def merge(guest: str, owner: str, *, baskets: Baskets) -> Seen:
    """Bring what the guest put into the owner's basket; what is in both is added up.

    A line leaves the one basket in the transaction that brings it into the other, so asked
    again, or interrupted and asked again, nothing is brought twice. Raises BasketFull.
    """
    while _settled(lambda: _move_some(guest, owner, baskets)):
        pass
    return see_basket(owner, baskets=baskets)


def check_out(owner: str, key: str, wish: Checkout, *, baskets: Baskets) -> Receipt:
    """Close the basket and say so, exactly once for a key.

    The key is looked up before the basket: a repeated request gets the first one's answer,
    whatever the basket has become. Raises KeyReused, BasketEmpty, ProductDelisted,
    SoldOut, TotalChanged, NotServed, or Invalid for an unknown shipping option.
    """
    try:
        return _settled(lambda: _check_out(owner, key, wish, baskets))
    except (Conflict, Busy):  # perhaps only because the same click was accepted meanwhile
        known, _ = baskets.receipt_and_head(owner, key)
        if known is None:
            raise
        return known.answered(wish.fingerprint)


def _put_line(owner: str, sku: str, quantity: int, baskets: Baskets) -> PricedLine:
    offer, head = baskets.offer_and_head(owner, sku)
    if offer is None:
        raise ProductUnknown(f"{sku} is not known here; if it was listed just now, ask again soon")
    if not offer.listed:
        raise ProductDelisted(f"{sku} is not for sale any more", skus=[sku])
    line = Line(sku=sku, quantity=quantity, seen_price=offer.price, added_at=stamp(now()))
    if head is None:
        baskets.begin(_new_head(owner), line)
    elif head.line_count >= MAX_LINES or not baskets.add(head, line):
        _change(head, line, baskets)
    return PricedLine(line, offer)


def _change(head: Head, line: Line, baskets: Baskets) -> None:
    if baskets.change(head, line):
        return
    if head.line_count >= MAX_LINES:
        raise BasketFull(f"the basket holds {MAX_LINES} lines; check out, then begin another")
    raise BasketMoved


def _move_some(guest: str, owner: str, baskets: Baskets) -> bool:
    """False when there was nothing left to move."""
    source = baskets.head(guest)
    lines = baskets.lines(source.basket_id)[:MOVED_AT_ONCE] if source else []
    if source is None or not lines:
        return False
    target = baskets.head(owner)
    held = {line.sku: line for line in baskets.lines(target.basket_id)} if target else {}
    new = sum(line.sku not in held for line in lines)
    if len(held) + new > MAX_LINES:
        raise BasketFull(f"the basket holds {MAX_LINES} lines; remove some, then merge again")
    together = [line.joined_by(held.get(line.sku)) for line in lines]
    if target is None:
        baskets.begin_with(_new_head(owner, lines=new), source, together)
    else:
        baskets.move(source, target, together, new=new)
    return True


def _check_out(owner: str, key: str, wish: Checkout, baskets: Baskets) -> Receipt:
    known, head = baskets.receipt_and_head(owner, key)
    if known is not None:
        return known.answered(wish.fingerprint)
    if head is None:
        raise BasketEmpty("put something into the basket first")
    lines = _priced(head, baskets)
    fee = _fee(wish, weight(lines), baskets.shipping_options())
    due = agree(lines, fee, wish.expected_total)
    receipt = Receipt(order_id=new_id(), total=due, fingerprint=wish.fingerprint)
    contact = Contact(new_id(), wish.contact)
    fact = BasketCheckedOut(
        order_id=receipt.order_id,
        owner=owner,
        contact_id=contact.contact_id,
        lines=checked_out_lines(lines),
        shipping_option=wish.shipping_option,
        shipping=fee,
        total=due,
        payment_token=wish.payment_token,
        checked_out_at=stamp(now()),
    )
    baskets.close(head, key, receipt, contact, fact)
    return receipt


def _fee(wish: Checkout, grams: int, options: list[Option]) -> Money:
    """What sending costs. Raises NotServed, or Invalid for an option that is not offered."""
    chosen = [each for each in options if each.offered and each.option == wish.shipping_option]
    if not chosen:
        raise Invalid.field("/shipping_option", f"there is no option {wish.shipping_option!r}")
    fee = chosen[0].price(wish.country, grams)
    if fee is None:
        raise NotServed(
            f"{chosen[0].name} takes no parcel of {grams} g to {wish.country}",
            country=wish.country,
            weight_grams=grams,
            options=priced(options, wish.country, grams),
        )
    return fee


def _priced(head: Head | None, baskets: Baskets) -> list[PricedLine]:
    if head is None:
        return []
    lines = baskets.lines(head.basket_id)
    return price(lines, baskets.offers(line.sku for line in lines))


def _new_head(owner: str, *, lines: int = 1) -> Head:
    """Lifetime counts from the first line, so that head and lines expire together."""
    expires = now() + timedelta(days=LIFETIME_DAYS)
    return Head(
        basket_id=new_id(),
        owner=owner,
        version=1,
        line_count=lines,
        expires_at=int(expires.timestamp()),
    )


def _settled(attempt: Callable[[], T]) -> T:
    """Read and write again while other requests of the same visitor come in between."""
    for _ in range(TRIES):
        try:
            return attempt()
        except BasketMoved:
            continue
    raise Busy("the basket is being changed by other requests; nothing was done, try again")

"""What staff, customers, carriers and the clock do with options and shipments."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from souk.delivery import domain
from souk.delivery.domain import Label, ShipmentMoved, State, Verdict
from souk.delivery.shipping import Option
from souk.kernel.clock import now, stamp
from souk.kernel.errors import ChangedMeanwhile, Invalid, NotFound
from souk.kernel.facts import Cause, caused_by, current_cause
from souk.kernel.patience import tries

if TYPE_CHECKING:
    from collections.abc import Callable

    from souk.delivery.domain import Shipment, Step
    from souk.delivery.events import ShippingRate
    from souk.kernel.facts import Fact

    Take = Callable[[str], Verdict]
    """Takes the money of an order; raises MoneyUnknown."""


class Wish(NamedTuple):
    """What staff say of a shipping option."""

    option: str
    name: str
    rates: list[ShippingRate]
    offered: bool


class Options(Protocol):
    def get(self, option: str) -> Option:
        """Raises NotFound."""

    def add(self, option: Option, fact: Fact) -> None:
        """Raises OptionTaken."""

    def save(self, after: Option, fact: Fact) -> None:
        """Raises ChangedMeanwhile unless `after` follows upon what is stored."""


class Shipments(Protocol):
    def get(self, order_id: str) -> Shipment | None: ...

    def order_of(self, label: Label) -> str | None:
        """Whose parcel bears this label."""

    def save(self, after: Shipment, fact: Fact | None) -> None:
        """Write the change and say the fact, or neither; one being dispatched claims its label.

        Raises ShipmentMoved unless `after` follows upon what is stored, NumberTaken.
        """


# --- options ----------------------------------------------------------------------------------


def offer(wish: Wish, *, currency: str, options: Options) -> Option:
    """Offer a new way to send. Raises OptionTaken."""
    _sound(wish.rates, currency)
    option = Option(option=wish.option, name=wish.name, rates=wish.rates, offered=wish.offered)
    options.add(option, option.changed())
    return option


def describe(wish: Wish, *, seen_version: int, currency: str, options: Options) -> Option:
    """Change an option as a whole. Baskets charge the new rates as soon as they hear of them."""
    _sound(wish.rates, currency)
    before = options.get(wish.option)
    if before.version != seen_version:
        raise ChangedMeanwhile(
            f"you read version {seen_version} of {wish.option}, it is at {before.version};"
            " read it again",
            version=before.version,
        )
    after = before.described(wish.name, wish.rates, offered=wish.offered)
    options.save(after, after.changed())
    return after


def _sound(rates: list[ShippingRate], currency: str) -> None:
    seen = set()
    for number, rate in enumerate(rates):
        if rate.price.currency != currency:
            raise Invalid.field(f"/rates/{number}/price/currency", f"this shop sells in {currency}")
        if (rate.country, rate.max_grams) in seen:
            raise Invalid.field(f"/rates/{number}", "another rate is for this country and weight")
        seen.add((rate.country, rate.max_grams))


# --- shipments --------------------------------------------------------------------------------


def make_shipment(order_id: str, owner: str, contact_id: str, *, shipments: Shipments) -> Shipment:
    """A confirmed order is to be sent, once, unless the wish to cancel it came first."""
    at = stamp(now())
    made = domain.ready(order_id, owner, contact_id, journey=current_cause().correlation_id, at=at)

    def step(known: Shipment | None) -> Step | None:
        return _there(known).confirm(contact_id, at)

    try:
        shipments.save(made, None)
    except ShipmentMoved:
        return _changed(order_id, step, shipments)
    return made


def call_off(order_id: str, owner: str, *, shipments: Shipments) -> Shipment:
    """Cancel what did not leave; before there is a shipment, see that there will be none."""
    at = stamp(now())

    def step(known: Shipment | None) -> Step | None:
        if known is None:
            journey = current_cause().correlation_id
            return domain.called_off(order_id, owner, journey=journey, at=at), None
        return known.ask_to_cancel(at)

    return _changed(order_id, step, shipments)


def read_shipment(order_id: str, *, shipments: Shipments) -> Shipment:
    """Raises NotFound; what was only called off is no shipment."""
    shipment = shipments.get(order_id)
    if shipment is None or shipment.state is State.CALLED_OFF:
        raise NotFound(f"order {order_id} has no shipment")
    return shipment


def dispatch(order_id: str, label: Label, *, shipments: Shipments, take: Take) -> Shipment:
    """Take the order's money and send its parcel, once, whoever asks how often.

    Raises AlreadyCancelled, NumberTaken, or MoneyUnknown: then it stays `dispatching`, and
    asking again, or the clock, brings it to its end.
    """
    known = read_shipment(order_id, shipments=shipments)
    at = stamp(now())

    def step(shipment: Shipment | None) -> Step | None:
        return _there(shipment).dispatch(label, at)

    with caused_by(Cause(known.journey)):
        shipment = _changed(order_id, step, shipments)
    return settle(shipment, shipments=shipments, take=take)


def settle(shipment: Shipment, *, shipments: Shipments, take: Take) -> Shipment:
    """Bring what is being dispatched to its end, one way or the other. Raises MoneyUnknown."""
    if shipment.state is not State.DISPATCHING:
        return shipment
    with caused_by(Cause(shipment.journey)):
        verdict = take(shipment.order_id)
        at = stamp(now())

        def step(known: Shipment | None) -> Step | None:
            return _there(known).settle(verdict, shipment.attempt, at)

        return _changed(shipment.order_id, step, shipments)


def deliver(label: Label, *, shipments: Shipments) -> Shipment:
    """The carrier handed the parcel over, once. Raises ParcelUnknown: ask again later."""
    order_id = shipments.order_of(label)
    known = shipments.get(order_id) if order_id else None
    if known is None or known.label != label:
        raise domain.ParcelUnknown("no parcel with this tracking number was sent, so far")
    at = stamp(now())

    def step(shipment: Shipment | None) -> Step | None:
        return _there(shipment).deliver(at)

    with caused_by(Cause(known.journey)):
        return _changed(known.order_id, step, shipments)


def _changed(
    order_id: str, step: Callable[[Shipment | None], Step | None], shipments: Shipments
) -> Shipment:
    """Take the step from what is stored; when others come first, from what they made of it."""
    for _ in tries():
        known = shipments.get(order_id)
        wanted = step(known)
        if wanted is None:
            return _there(known)
        after, fact = wanted
        try:
            shipments.save(after, fact)
        except ShipmentMoved:
            continue
        return after
    raise AssertionError("tries() ends in Busy")


def _there(shipment: Shipment | None) -> Shipment:
    if shipment is None:
        raise LookupError("a shipment that was there is gone")
    return shipment

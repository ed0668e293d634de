"""Delivery's routes, what it hears of orders, whom it asks, and what the clock sees to."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from functools import cache, lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from souk.basket.commands import ContactCards, GetContacts
from souk.delivery import carrier, usecases
from souk.delivery.carrier import BadSignature
from souk.delivery.domain import (
    UNFINISHED,
    AlreadyCancelled,
    Label,
    MoneyUnknown,
    NotCaptured,
    NumberTaken,
    ParcelUnknown,
    Shipment,
    State,
    Verdict,
)
from souk.delivery.shipping import Option, OptionTaken
from souk.delivery.store import OptionStore, ShipmentStore
from souk.delivery.usecases import Wish
from souk.delivery.wire import (
    DispatchWish,
    NewOption,
    NoticeTaken,
    OptionDetails,
    OptionList,
    OptionView,
    Receiver,
    ShipmentCard,
    ShipmentPage,
    ShipmentView,
    option_view,
    shipment_card,
    shipment_view,
)
from souk.edges.asking import AskedInVain, ask
from souk.edges.routes import Access, Answer, Call, Routes
from souk.kernel import aws
from souk.kernel.clock import now
from souk.kernel.errors import (
    Busy,
    ChangedMeanwhile,
    Invalid,
    InvalidQuery,
    NotFound,
    PreconditionRequired,
)
from souk.kernel.facts import Cause, Hears, caused_by
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load
from souk.ordering.events import CancellationRequested, OrderConfirmed
from souk.payment.commands import Captured, CapturePayment

if TYPE_CHECKING:
    from collections.abc import Callable

ROUTES = Routes()
KEPT_SECONDS = 300
NO_ANSWER = (AskedInVain, BotoCoreError, ClientError)
"""How asking another room ends without one."""

OVERDUE = timedelta(minutes=15)
"""A shipment that waits so long for payment's word is one a person must look at."""


class DeliverySettings(Settings, frozen=True, kw_only=True):
    table_name: str
    currency: str


class CarrierSettings(Settings, frozen=True, kw_only=True):
    carrier_secret: str


class PaymentSettings(Settings, frozen=True, kw_only=True):
    payment_commands: str


class BasketSettings(Settings, frozen=True, kw_only=True):
    basket_commands: str


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """What Secrets Manager keeps; carriers sign their notices with it."""

    notice_secret: str


@cache
def settings() -> DeliverySettings:
    return load(DeliverySettings)


@cache
def options() -> OptionStore:
    return OptionStore(settings().table_name)


@cache
def shipments() -> ShipmentStore:
    return ShipmentStore(settings().table_name)


def secret() -> str:
    """At most some minutes old, so that a person can change it while the shop runs."""
    return _secret(int(time.monotonic() / KEPT_SECONDS))


@lru_cache(maxsize=1)
def _secret(_when: int) -> str:
    name = load(CarrierSettings).carrier_secret
    kept = aws.secretsmanager().get_secret_value(SecretId=name)
    return msgspec.json.decode(kept["SecretString"], type=Secret).notice_secret


# --- shipping options -------------------------------------------------------------------------


@ROUTES.add("GET", "/shipping-options", Access.STAFF, answer=OptionList)
def list_all_options(_call: Call) -> OptionList:
    """List every shipping option with all its rates, also those that are not offered."""
    return OptionList([option_view(option) for option in options().all()])


@ROUTES.add(
    "GET", "/shipping-options/{option}", Access.STAFF, answer=OptionView, refusals=(NotFound,)
)
def read_option(call: Call) -> Answer:
    """Read one shipping option."""
    return _versioned(options().get(call.path["option"]))


@ROUTES.add(
    "POST",
    "/shipping-options",
    Access.STAFF,
    answer=OptionView,
    status=201,
    refusals=(OptionTaken,),
)
def offer_option(_call: Call, body: NewOption) -> Answer:
    """Offer a new shipping option."""
    option = usecases.offer(
        _wish(body.option, body), currency=settings().currency, options=options()
    )
    return _versioned(option, 201, Location=f"/api/staff/shipping-options/{option.option}")


@ROUTES.add(
    "PUT",
    "/shipping-options/{option}",
    Access.STAFF,
    answer=OptionView,
    refusals=(NotFound, ChangedMeanwhile, PreconditionRequired),
    headers=("If-Match",),
)
def describe_option(call: Call, body: OptionDetails) -> Answer:
    """Change a shipping option as a whole: its name, its rates, whether it is offered."""
    option = usecases.describe(
        _wish(call.path["option"], body),
        seen_version=call.seen_version(),
        currency=settings().currency,
        options=options(),
    )
    return _versioned(option)


def _wish(option: str, body: OptionDetails) -> Wish:
    return Wish(option, body.name, [rate.rate() for rate in body.rates], body.offered)


def _versioned(option: Option, status: int = 200, **headers: str) -> Answer:
    return Answer(option_view(option), status, {"ETag": f'"{option.version}"', **headers})


# --- shipments --------------------------------------------------------------------------------


@ROUTES.add(
    "GET", "/shipments", Access.STAFF, answer=ShipmentPage, query=("state", "limit", "cursor")
)
def list_shipments(call: Call) -> ShipmentPage:
    """List unfinished shipments that stand so, oldest first; without a state, those to be sent."""
    state = _state(call)
    page = shipments().page(state, call.limit(), call.query.get("cursor"))
    return ShipmentPage([shipment_card(each) for each in page.shipments], page.next)


@ROUTES.add("GET", "/shipments/{order_id}", Access.STAFF, answer=ShipmentView, refusals=(NotFound,))
def read_shipment(call: Call) -> ShipmentView:
    """Read an order's shipment, and where it goes."""
    shipment = usecases.read_shipment(call.path["order_id"], shipments=shipments())
    return shipment_view(shipment, _receiver(shipment))


@ROUTES.add(
    "POST",
    "/shipments/{order_id}/dispatch",
    Access.STAFF,
    answer=ShipmentCard,
    refusals=(NotFound, AlreadyCancelled, NotCaptured, NumberTaken, Busy),
)
def dispatch_shipment(call: Call, body: DispatchWish) -> ShipmentCard:
    """Take the order's money and send its parcel, once.

    It stays `dispatching` while payment gives no answer, which is asked for again by itself.
    """
    order_id = call.path["order_id"]
    number = body.tracking_number or _number(order_id)
    label = Label(carrier=body.carrier, tracking_number=number)
    try:
        shipment = usecases.dispatch(order_id, label, shipments=shipments(), take=_take)
    except MoneyUnknown:
        shipment = usecases.read_shipment(order_id, shipments=shipments())
    if shipment.state is State.PARKED:
        raise NotCaptured(f"the money of order {order_id} was not taken", reason=shipment.reason)
    if shipment.state is State.CANCELLED:
        raise AlreadyCancelled(f"order {order_id} was cancelled; send nothing")
    return shipment_card(shipment)


def _number(order_id: str) -> str:
    """One of the shop's own; an order has one parcel."""
    return f"SP-{order_id.replace('-', '').upper()}"


def _state(call: Call) -> State:
    text = call.query.get("state", State.READY.value)
    known = {state.value: state for state in UNFINISHED}
    if text not in known:
        raise InvalidQuery.field("/state", f"a state to be seen to is one of {', '.join(known)}")
    return known[text]


def _receiver(shipment: Shipment) -> Receiver | None:
    """Asked for when somebody looks, and kept nowhere."""
    if shipment.contact_id is None:
        return None
    wish = GetContacts(contact_ids=[shipment.contact_id])
    try:
        told = ask(load(BasketSettings).basket_commands, wish, ContactCards)
    except NO_ANSWER as error:
        logger.warning("nobody told the receiver", order_id=shipment.order_id, exc_info=error)
        return None
    if not told.cards:
        logger.warning("nobody left this contact", order_id=shipment.order_id)
        return None
    (contact,) = told.cards
    return Receiver(name=contact.name, **msgspec.structs.asdict(contact.address))


def _take(order_id: str) -> Verdict:
    """Whatever is no answer leaves it unknown whether the money was taken."""
    wish = CapturePayment(order_id=order_id)
    try:
        answer = ask(load(PaymentSettings).payment_commands, wish, Captured)
    except NO_ANSWER as error:
        logger.warning("payment gave no answer", order_id=order_id, exc_info=error)
        raise MoneyUnknown(f"whether the money of {order_id} was taken is unknown") from error
    if answer.status == "captured":
        return Verdict(captured=True)
    return Verdict(captured=False, reason=answer.reason or answer.status)


# --- carriers ---------------------------------------------------------------------------------


@ROUTES.add(
    "POST",
    "/carriers/{carrier}/notices",
    Access.PUBLIC,
    answer=NoticeTaken,
    refusals=(BadSignature, ParcelUnknown, Invalid, Busy),
)
def take_notice_of_carrier(call: Call) -> NoticeTaken:
    """Take a carrier's signed word that a parcel of its was handed over."""
    signature = call.headers.get(carrier.SIGNATURE, "")
    notice = carrier.read_notice(call.body, signature, secret())
    if notice.event != carrier.DELIVERED:
        return NoticeTaken(heeded=False)
    label = Label(carrier=call.path["carrier"], tracking_number=notice.tracking_number)
    usecases.deliver(label, shipments=shipments())
    return NoticeTaken(heeded=True)


# --- facts and the clock ----------------------------------------------------------------------


def _make(fact: OrderConfirmed) -> None:
    usecases.make_shipment(fact.order_id, fact.owner, fact.contact_id, shipments=shipments())


def _call_off(fact: CancellationRequested) -> None:
    usecases.call_off(fact.order_id, fact.owner, shipments=shipments())


HEARS: Hears = {OrderConfirmed: _make, CancellationRequested: _call_off}


class Overdue(Exception):
    """Some shipments wait too long for payment's word, or failed; the log names them."""


def settle_all(*, enough: Callable[[], bool]) -> None:
    """Ask again for the money of every shipment that waits for it. Raises Overdue afterwards."""
    overdue = 0
    for order_id in takewhile(lambda _: not enough(), shipments().dispatching()):
        overdue += not _is_settled(order_id)
    if overdue:
        raise Overdue(f"{overdue} shipments could not be settled; the log names them")


def _is_settled(order_id: str) -> bool:
    """One that fails keeps none of the others waiting; a young one may wait."""
    shipment = usecases.read_shipment(order_id, shipments=shipments())
    try:
        with caused_by(Cause(shipment.journey)):
            after = usecases.settle(shipment, shipments=shipments(), take=_take)
    except MoneyUnknown:
        return _is_young(shipment)
    except Exception:  # noqa: BLE001  whatever it is, it is told in the end
        logger.exception("shipment not settled", order_id=order_id)
        return False
    logger.info("shipment settled", order_id=order_id, state=after.state.value)
    return True


def _is_young(shipment: Shipment) -> bool:
    begun = shipment.begun_at or shipment.made_at
    return now() - datetime.fromisoformat(begun) < OVERDUE

"""Delivery's routes, event subscriptions, calls of other services, and scheduled work."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from functools import cache, lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from souk.basket.commands import ContactList, GetContacts
from souk.delivery import carrier, usecases
from souk.delivery.carrier import BadSignature
from souk.delivery.domain import (
    OPEN_STATUSES,
    AlreadyCancelled,
    CaptureFailed,
    CaptureResult,
    CaptureUnknown,
    Label,
    ParcelNotFound,
    Shipment,
    ShipmentStatus,
    TrackingNumberInUse,
)
from souk.delivery.schemas import (
    CarrierWebhookResponse,
    CreateShippingOptionRequest,
    DispatchRequest,
    Receiver,
    ShipmentCard,
    ShipmentPage,
    ShipmentView,
    StaffShippingOptionList,
    StaffShippingOptionView,
    UpdateShippingOptionRequest,
    shipment_card,
    shipment_view,
    shipping_option_view,
)
from souk.delivery.shipping import ShippingOption, ShippingOptionExists
from souk.delivery.store import ShipmentStore, ShippingOptionStore
from souk.delivery.usecases import ShippingOptionRequest
from souk.kernel import aws
from souk.kernel.clock import now
from souk.kernel.errors import (
    Busy,
    InvalidQuery,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)
from souk.kernel.events import Cause, Subscriptions, caused_by
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load
from souk.ordering.events import CancellationRequested, OrderConfirmed
from souk.payment.commands import Captured, CapturePayment
from souk.runtime.invoke import CommandFailed, invoke
from souk.runtime.routes import Access, Request, Response, Routes

if TYPE_CHECKING:
    from collections.abc import Callable

ROUTES = Routes()
SECRET_CACHE_SECONDS = 300
CALL_ERRORS = (CommandFailed, BotoCoreError, ClientError)
"""The errors that a call of another service can raise."""

OVERDUE_AGE = timedelta(minutes=15)
"""A shipment that is `dispatching` for longer needs a person's attention."""


class DeliverySettings(Settings, frozen=True, kw_only=True):
    table_name: str
    currency: str


class CarrierSettings(Settings, frozen=True, kw_only=True):
    carrier_secret: str


class PaymentSettings(Settings, frozen=True, kw_only=True):
    payment_commands: str


class BasketSettings(Settings, frozen=True, kw_only=True):
    basket_commands: str


class CarrierSecret(msgspec.Struct, frozen=True, kw_only=True):
    """The secret in Secrets Manager; carriers sign their webhooks with it."""

    webhook_secret: str


@cache
def settings() -> DeliverySettings:
    return load(DeliverySettings)


@cache
def shipping_options() -> ShippingOptionStore:
    return ShippingOptionStore(settings().table_name)


@cache
def shipments() -> ShipmentStore:
    return ShipmentStore(settings().table_name)


def webhook_secret() -> str:
    """Cached for five minutes, so that it can be rotated without a deployment."""
    return _load_secret(int(time.monotonic() / SECRET_CACHE_SECONDS))


@lru_cache(maxsize=1)
def _load_secret(_period: int) -> str:
    name = load(CarrierSettings).carrier_secret
    response = aws.secretsmanager().get_secret_value(SecretId=name)
    return msgspec.json.decode(response["SecretString"], type=CarrierSecret).webhook_secret


# --- shipping options -------------------------------------------------------------------------


@ROUTES.add("GET", "/shipping-options", Access.STAFF, response=StaffShippingOptionList)
def list_all_options(_request: Request) -> StaffShippingOptionList:
    """List every shipping option with all its rates, including those that are not offered."""
    return StaffShippingOptionList(
        [shipping_option_view(option) for option in shipping_options().all()]
    )


@ROUTES.add(
    "GET",
    "/shipping-options/{option_id}",
    Access.STAFF,
    response=StaffShippingOptionView,
    errors=(NotFound,),
)
def get_shipping_option(request: Request) -> Response:
    """Read one shipping option."""
    return _option_response(shipping_options().get(request.path["option_id"]))


@ROUTES.add(
    "POST",
    "/shipping-options",
    Access.STAFF,
    response=StaffShippingOptionView,
    status=201,
    errors=(ShippingOptionExists, Busy),
)
def create_option(_request: Request, body: CreateShippingOptionRequest) -> Response:
    """Create a shipping option."""
    option = usecases.create_option(
        _option_request(body.id, body),
        currency=settings().currency,
        options=shipping_options(),
    )
    return _option_response(option, 201, Location=f"/api/staff/shipping-options/{option.id}")


@ROUTES.add(
    "PUT",
    "/shipping-options/{option_id}",
    Access.STAFF,
    response=StaffShippingOptionView,
    errors=(NotFound, PreconditionFailed, PreconditionRequired, Busy),
    headers=("If-Match",),
)
def update_option(request: Request, body: UpdateShippingOptionRequest) -> Response:
    """Replace a shipping option's name and rates, and whether it is offered."""
    option = usecases.update_option(
        _option_request(request.path["option_id"], body),
        expected_version=request.expected_version(),
        currency=settings().currency,
        options=shipping_options(),
    )
    return _option_response(option)


def _option_request(option_id: str, body: UpdateShippingOptionRequest) -> ShippingOptionRequest:
    rates = [rate.rate() for rate in body.rates]
    return ShippingOptionRequest(option_id, body.name, rates, body.offered)


def _option_response(option: ShippingOption, status: int = 200, **headers: str) -> Response:
    etag = f'"{option.version}"'
    return Response(shipping_option_view(option), status, {"ETag": etag, **headers})


# --- shipments --------------------------------------------------------------------------------


@ROUTES.add(
    "GET", "/shipments", Access.STAFF, response=ShipmentPage, query=("status", "limit", "cursor")
)
def list_shipments(request: Request) -> ShipmentPage:
    """List the open shipments in one status, oldest order first; by default those to dispatch."""
    status = _parse_status(request)
    page = shipments().page(status, request.limit(), request.query.get("cursor"))
    return ShipmentPage([shipment_card(each) for each in page.shipments], page.next)


@ROUTES.add("GET", "/shipments/{order_id}", Access.STAFF, response=ShipmentView, errors=(NotFound,))
def get_shipment(request: Request) -> ShipmentView:
    """Read an order's shipment with the receiver's name and address."""
    shipment = usecases.get_shipment(request.path["order_id"], shipments=shipments())
    return shipment_view(shipment, _fetch_receiver(shipment))


@ROUTES.add(
    "POST",
    "/shipments/{order_id}/dispatch",
    Access.STAFF,
    response=ShipmentCard,
    errors=(NotFound, AlreadyCancelled, CaptureFailed, TrackingNumberInUse, Busy),
)
def dispatch_shipment(request: Request, body: DispatchRequest) -> ShipmentCard:
    """Capture the order's payment and dispatch its parcel. Safe to repeat.

    While payment does not respond, the shipment stays `dispatching`; the reconciler completes it.
    """
    order_id = request.path["order_id"]
    number = body.tracking_number or _own_tracking_number(order_id)
    label = Label(carrier=body.carrier, tracking_number=number)
    try:
        shipment = usecases.dispatch(
            order_id, label, shipments=shipments(), capture=_capture_payment
        )
    except CaptureUnknown:
        shipment = usecases.get_shipment(order_id, shipments=shipments())
    if shipment.status is ShipmentStatus.CAPTURE_FAILED:
        raise CaptureFailed(
            f"The payment of order {order_id} was not captured. Do not send its parcel.",
            reason=shipment.reason,
        )
    if shipment.status is ShipmentStatus.CANCELLED:
        raise AlreadyCancelled(f"Order {order_id} was cancelled. Do not send its parcel.")
    return shipment_card(shipment)


def _own_tracking_number(order_id: str) -> str:
    """The shop's own number, for a parcel without one. Unique, as an order has one parcel."""
    return f"SP-{order_id.replace('-', '').upper()}"


def _parse_status(request: Request) -> ShipmentStatus:
    text = request.query.get("status", ShipmentStatus.READY.value)
    allowed = {status.value: status for status in OPEN_STATUSES}
    if text not in allowed:
        raise InvalidQuery.field("/status", f"status must be one of {', '.join(allowed)}.")
    return allowed[text]


def _fetch_receiver(shipment: Shipment) -> Receiver | None:
    """Name and address from basket, for this response only; None when they are unavailable."""
    if shipment.contact_id is None:
        return None
    command = GetContacts(contact_ids=[shipment.contact_id])
    try:
        result = invoke(load(BasketSettings).basket_commands, command, ContactList)
    except CALL_ERRORS as error:
        logger.warning("receiver not fetched", order_id=shipment.order_id, exc_info=error)
        return None
    if not result.contacts:
        logger.warning("contact not found", order_id=shipment.order_id)
        return None
    (contact,) = result.contacts
    return Receiver(name=contact.name, **msgspec.structs.asdict(contact.address))


def _capture_payment(order_id: str) -> CaptureResult:
    """Raises CaptureUnknown when the call fails: the payment may be captured or not."""
    command = CapturePayment(order_id=order_id)
    try:
        result = invoke(load(PaymentSettings).payment_commands, command, Captured)
    except CALL_ERRORS as error:
        logger.warning("capture result unknown", order_id=order_id, exc_info=error)
        raise CaptureUnknown(f"capture result of order {order_id} is unknown") from error
    if result.status == "captured":
        return CaptureResult(captured=True)
    return CaptureResult(captured=False, reason=result.reason or result.status)


# --- carrier webhooks -------------------------------------------------------------------------


@ROUTES.add(
    "POST",
    "/shipments/webhooks/{carrier}",
    Access.PUBLIC,
    response=CarrierWebhookResponse,
    errors=(BadSignature, ParcelNotFound, InvalidRequest, Busy),
)
def receive_shipment_webhook(request: Request) -> CarrierWebhookResponse:
    """Receive a carrier's signed webhook that reports a delivered parcel."""
    signature = request.headers.get(carrier.SIGNATURE_HEADER, "")
    webhook = carrier.parse_webhook(request.body, signature, webhook_secret())
    if webhook.event != carrier.DELIVERED:
        return CarrierWebhookResponse(handled=False)
    label = Label(carrier=request.path["carrier"], tracking_number=webhook.tracking_number)
    usecases.record_delivery(label, shipments=shipments())
    return CarrierWebhookResponse(handled=True)


# --- events -----------------------------------------------------------------------------------


def _create_shipment(event: OrderConfirmed) -> None:
    usecases.create_shipment(event.order_id, event.owner, event.contact_id, shipments=shipments())


def _request_cancellation(event: CancellationRequested) -> None:
    usecases.request_cancellation(event.order_id, event.owner, shipments=shipments())


SUBSCRIPTIONS: Subscriptions = {
    OrderConfirmed: _create_shipment,
    CancellationRequested: _request_cancellation,
}


# --- schedule ---------------------------------------------------------------------------------


class DispatchesOverdue(Exception):
    """Shipments are `dispatching` for too long or raised an error. The log names them."""


def complete_dispatches(*, is_out_of_time: Callable[[], bool]) -> None:
    """Complete every shipment that is `dispatching`, until there is no time left.

    Raises DispatchesOverdue at the end if a shipment is overdue or failed.
    """
    overdue = 0
    order_ids = takewhile(lambda _: not is_out_of_time(), shipments().dispatching())
    for order_id in order_ids:
        overdue += not _try_to_complete(order_id)
    if overdue:
        raise DispatchesOverdue(f"{overdue} shipments could not be completed; see the log")


def _try_to_complete(order_id: str) -> bool:
    """False for a shipment that needs attention. An error does not stop the others."""
    shipment = usecases.get_shipment(order_id, shipments=shipments())
    try:
        with caused_by(Cause(shipment.correlation_id)):
            after = usecases.complete_dispatch(
                shipment, shipments=shipments(), capture=_capture_payment
            )
    except CaptureUnknown:
        return not _is_overdue(shipment)
    except Exception:  # noqa: BLE001  reported by DispatchesOverdue at the end
        logger.exception("dispatch not completed", order_id=order_id)
        return False
    logger.info("dispatch completed", order_id=order_id, status=after.status.value)
    return True


def _is_overdue(shipment: Shipment) -> bool:
    started = shipment.dispatch_started_at or shipment.created_at
    return now() - datetime.fromisoformat(started) >= OVERDUE_AGE

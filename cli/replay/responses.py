"""The parts of the shop's API responses that the replay reads. Other fields are ignored."""

from typing import TypeVar

import httpx
import msgspec

from cli.replay.client import OutcomeUnknown


class Money(msgspec.Struct, frozen=True):
    """An amount in minor units."""

    amount: int
    currency: str


class ProductResponse(msgspec.Struct, frozen=True):
    price: Money


class ShippingOption(msgspec.Struct, frozen=True):
    """A shipping option of a basket, with its price for that basket."""

    id: str
    price: Money


class ShippingOptionSummary(msgspec.Struct, frozen=True):
    id: str


class ShippingOptionsResponse(msgspec.Struct, frozen=True):
    items: list[ShippingOptionSummary]


class BasketResponse(msgspec.Struct, frozen=True):
    subtotal: Money
    shipping_options: list[ShippingOption]


class Rejection(msgspec.Struct, frozen=True):
    reason: str


class Cancellation(msgspec.Struct, frozen=True):
    outcome: str


class StatusChange(msgspec.Struct, frozen=True):
    status: str
    at: str


class OrderStatusView(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that all views of an order have in common."""

    status: str
    rejection: Rejection | None = None

    @property
    def is_open(self) -> bool:
        """Whether the order is neither confirmed nor rejected yet."""
        return self.status in ("placed", "rejecting")

    @property
    def was_confirmed(self) -> bool:
        """True also for an order that was dispatched, delivered or cancelled afterwards."""
        return self.status in ("confirmed", "dispatched", "delivered", "cancelled")

    @property
    def rejection_reason(self) -> str | None:
        """The reason as a slug; None for an order that is not rejected."""
        if self.status != "rejected":
            return None
        return self.rejection.reason if self.rejection else "no-reason-given"


class OrderSummary(OrderStatusView, frozen=True, kw_only=True):
    order_id: str
    line_count: int
    subtotal: Money
    total: Money


class OrderDetails(OrderStatusView, frozen=True, kw_only=True):
    subtotal: Money
    cancellation: Cancellation | None = None
    history: list[StatusChange] = []

    def reached_at(self, status: str) -> str | None:
        """The timestamp of the change to `status`; None if the order never had that status."""
        return next((change.at for change in self.history if change.status == status), None)


class ShipmentCard(msgspec.Struct, frozen=True):
    status: str
    tracking_number: str | None
    created_at: str


class ReturnView(msgspec.Struct, frozen=True):
    """`refund` includes `shipping`. Both are None until staff have accepted the return."""

    return_id: str
    status: str
    refund: Money | None
    shipping: Money | None

    @property
    def refund_of_items(self) -> int:
        """The refund without shipping, in minor units; 0 before the return is accepted."""
        return self.refund.amount - self.shipping.amount if self.refund and self.shipping else 0


class ReturnsResponse(msgspec.Struct, frozen=True):
    items: list[ReturnView]


class OrdersPage(msgspec.Struct, frozen=True):
    """`next` is the cursor of the next page, None on the last page."""

    items: list[OrderSummary]
    next: str | None


ResponseT = TypeVar("ResponseT", bound=msgspec.Struct)


def parse(response_type: type[ResponseT], response: httpx.Response) -> ResponseT:
    """The body of a successful response. Raises OutcomeUnknown if it has another shape."""
    try:
        return msgspec.json.decode(response.content, type=response_type)
    except msgspec.DecodeError as error:
        request = response.request
        reason = f"{request.method} {request.url.path} has an unexpected response ({error})"
        raise OutcomeUnknown(reason) from error

"""What the replay reads from the shop's answers; unknown fields are passed over."""

from typing import TypeVar

import httpx
import msgspec

from cli.replay.client import Lost


class Money(msgspec.Struct, frozen=True):
    amount: int
    currency: str


class ProductAnswer(msgspec.Struct, frozen=True):
    price: Money


class ShippingOption(msgspec.Struct, frozen=True):
    id: str
    price: Money


class OfferedOption(msgspec.Struct, frozen=True):
    option: str


class ShippingAnswer(msgspec.Struct, frozen=True):
    items: list[OfferedOption]


class BasketAnswer(msgspec.Struct, frozen=True):
    subtotal: Money
    shipping_options: list[ShippingOption]


class Rejection(msgspec.Struct, frozen=True):
    reason: str


class Cancellation(msgspec.Struct, frozen=True):
    outcome: str


class Change(msgspec.Struct, frozen=True):
    status: str
    at: str


class OrderState(msgspec.Struct, frozen=True, kw_only=True):
    status: str
    rejection: Rejection | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is undecided; what was confirmed may be on its way, or cancelled, by now."""
        return self.status in ("placed", "rejecting")

    @property
    def was_confirmed(self) -> bool:
        return self.status in ("confirmed", "dispatched", "delivered", "cancelled")

    @property
    def rejected_for(self) -> str | None:
        """Why it was rejected, as a slug; None unless it was."""
        if self.status != "rejected":
            return None
        return self.rejection.reason if self.rejection else "no-reason-given"


class OrderSummary(OrderState, frozen=True, kw_only=True):
    order_id: str
    line_count: int
    subtotal: Money
    total: Money


class OrderStory(OrderState, frozen=True, kw_only=True):
    subtotal: Money
    cancellation: Cancellation | None = None
    history: list[Change] = []

    def became(self, status: str) -> str | None:
        """When it did; None if it never was."""
        return next((step.at for step in self.history if step.status == status), None)


class ShipmentCard(msgspec.Struct, frozen=True):
    state: str
    tracking_number: str | None
    made_at: str


class ReturnState(msgspec.Struct, frozen=True):
    return_id: str
    status: str
    refund: Money | None
    shipping: Money | None

    @property
    def goods(self) -> int:
        """What is given back for the goods alone; nothing before it is accepted."""
        return self.refund.amount - self.shipping.amount if self.refund and self.shipping else 0


class ReturnsAnswer(msgspec.Struct, frozen=True):
    items: list[ReturnState]


class OrdersPage(msgspec.Struct, frozen=True):
    items: list[OrderSummary]
    next: str | None


Answer = TypeVar("Answer", bound=msgspec.Struct)


def read(form: type[Answer], answer: httpx.Response) -> Answer:
    """The answer's body in the form the contract gives it; Lost when it has another."""
    try:
        return msgspec.json.decode(answer.content, type=form)
    except msgspec.DecodeError as error:
        request = answer.request
        why = f"{request.method} {request.url.path} has an odd answer ({error})"
        raise Lost(why) from error

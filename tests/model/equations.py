"""What an audit asks of a shop at rest, held against a small model of what was done in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from souk.delivery.domain import State
from souk.inventory.domain import Status as Held
from souk.ordering.domain import Status
from tests.inventory.fakes import available, balanced
from tests.model.shop import ModelShop

PRICES = {"LAMP": 250, "RUG": 1_999, "TEA": 5}
SHIPPING = 495
STOCKED = 6
SENT = (Status.DISPATCHED, Status.DELIVERED)


@dataclass
class Story:
    """What was done to one order: pieces bought, handed over or not, and what staff took back."""

    bought: dict[str, int]
    handed_over: bool = False
    cancel_asked: bool = False
    on_the_way: dict[str, int] = field(default_factory=dict)
    restocked: dict[str, int] = field(default_factory=dict)
    written_off: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return _worth(self.bought) + SHIPPING

    @property
    def refund(self) -> int:
        back = _worth(self.restocked) + _worth(self.written_off)
        pieces = sum(self.restocked.values()) + sum(self.written_off.values())
        return back + (SHIPPING if pieces == sum(self.bought.values()) else 0)

    def left(self, sku: str) -> int:
        """What may still be asked to be sent back."""
        return self.bought.get(sku, 0) - self.on_the_way.get(sku, 0)


def check(shop: ModelShop, stories: dict[str, Story]) -> None:
    """Of every order: one of it, decided, with its money and goods; and of all goods together."""
    for order_id, story in stories.items():
        _order(shop, order_id, story)
    balanced(shop.inventory, *PRICES)
    for sku in PRICES:
        _goods(shop, sku, stories)


def _order(shop: ModelShop, order_id: str, story: Story) -> None:
    status = shop.orders.standing(order_id).status
    shipment, (hold, _) = shop.shipments.get(order_id), shop.inventory.look(order_id, [])
    payment = shop.payments.get(order_id)
    captured, refunded = (payment.captured, payment.refunded) if payment else (0, 0)
    assert not status.is_open
    assert (status is Status.DELIVERED) == story.handed_over
    if status in (Status.REJECTED, Status.CANCELLED):
        assert hold is None or hold.progress == 0
        assert payment is None or payment.authorized == payment.voided + refunded
    else:
        assert hold is not None
        assert (hold.status, hold.progress) == (Held.COMMITTED, len(story.bought))
        assert payment is not None
        assert payment.authorized == story.total
    assert captured - refunded == (story.total - story.refund if status in SENT else 0)
    parcel = shipment.state if shipment else None
    assert (status is Status.CANCELLED) == (parcel is State.CANCELLED)
    assert status is not Status.CANCELLED or story.cancel_asked
    assert not (status is Status.CONFIRMED and story.cancel_asked)
    if payment and payment.reference:
        books = shop.provider.books[payment.reference]
        assert (books.captured, books.refunded) == (captured, refunded)
    back = shop.returns.of(shop.returns.book(order_id))
    assert all(each.status.value != "accepted" for each in back)


def _goods(shop: ModelShop, sku: str, stories: dict[str, Story]) -> None:
    free = STOCKED
    for order_id, story in stories.items():
        if shop.orders.standing(order_id).status not in (Status.REJECTED, Status.CANCELLED):
            free -= story.bought.get(sku, 0) - story.restocked.get(sku, 0)
    assert available(shop.inventory, sku) == free


def _worth(pieces: dict[str, int]) -> int:
    return sum(PRICES[sku] * count for sku, count in pieces.items())

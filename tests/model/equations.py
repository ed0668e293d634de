"""The audit's equations for an idle shop, checked against a small model of each order."""

from __future__ import annotations

from dataclasses import dataclass, field

from souk.delivery.domain import ShipmentStatus
from souk.inventory.domain import HoldStatus
from souk.ordering.domain import OrderStatus
from tests.inventory.fakes import assert_balanced, available
from tests.model.shop import ModelShop

PRICES = {"LAMP": 250, "RUG": 1_999, "TEA": 5}
SHIPPING = 495
INITIAL_STOCK = 6
DISPATCHED_OR_LATER = (OrderStatus.DISPATCHED, OrderStatus.DELIVERED)


@dataclass
class OrderModel:
    """What was done with one order. Quantities are by SKU."""

    ordered: dict[str, int]
    is_delivered: bool = False
    is_cancellation_requested: bool = False
    return_requested: dict[str, int] = field(default_factory=dict)
    restocked: dict[str, int] = field(default_factory=dict)
    written_off: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return _value(self.ordered) + SHIPPING

    @property
    def refund(self) -> int:
        """The value of the accepted returns; with shipping once everything was returned."""
        value = _value(self.restocked) + _value(self.written_off)
        quantity = sum(self.restocked.values()) + sum(self.written_off.values())
        return value + (SHIPPING if quantity == sum(self.ordered.values()) else 0)

    def returnable(self, sku: str) -> int:
        """The quantity that was neither returned nor requested to be."""
        return self.ordered.get(sku, 0) - self.return_requested.get(sku, 0)


def check(shop: ModelShop, models: dict[str, OrderModel]) -> None:
    """Check that orders, stock, shipments and payments of the shop match the models."""
    for order_id, model in models.items():
        _check_order(shop, order_id, model)
    assert_balanced(shop.inventory, *PRICES)
    for sku in PRICES:
        _check_stock(shop, sku, models)


def _check_order(shop: ModelShop, order_id: str, model: OrderModel) -> None:
    status = shop.orders.get_head(order_id).status
    shipment, (hold, _) = shop.shipments.get(order_id), shop.inventory.load_hold(order_id, [])
    payment = shop.payments.get(order_id)
    captured, refunded = (payment.captured, payment.refunded) if payment else (0, 0)
    assert not status.is_open
    assert (status is OrderStatus.DELIVERED) == model.is_delivered
    if status in (OrderStatus.REJECTED, OrderStatus.CANCELLED):
        assert hold is None or hold.progress == 0
        assert payment is None or payment.authorized == payment.voided + refunded
    else:
        assert hold is not None
        assert (hold.status, hold.progress) == (HoldStatus.COMMITTED, len(model.ordered))
        assert payment is not None
        assert payment.authorized == model.total
    due = model.total - model.refund if status in DISPATCHED_OR_LATER else 0
    assert captured - refunded == due
    shipment_status = shipment.status if shipment else None
    is_shipment_cancelled = shipment_status is ShipmentStatus.CANCELLED
    assert (status is OrderStatus.CANCELLED) == is_shipment_cancelled
    assert status is not OrderStatus.CANCELLED or model.is_cancellation_requested
    assert not (status is OrderStatus.CONFIRMED and model.is_cancellation_requested)
    if payment and payment.reference:
        state = shop.provider.states[payment.reference]
        assert (state.captured, state.refunded) == (captured, refunded)
    returns = shop.returns.list_for_order(shop.returns.get_order_returns(order_id))
    assert all(each.status.value != "accepted" for each in returns)


def _check_stock(shop: ModelShop, sku: str, models: dict[str, OrderModel]) -> None:
    expected = INITIAL_STOCK
    for order_id, model in models.items():
        status = shop.orders.get_head(order_id).status
        if status not in (OrderStatus.REJECTED, OrderStatus.CANCELLED):
            expected -= model.ordered.get(sku, 0) - model.restocked.get(sku, 0)
    assert available(shop.inventory, sku) == expected


def _value(quantities: dict[str, int]) -> int:
    return sum(PRICES[sku] * quantity for sku, quantity in quantities.items())

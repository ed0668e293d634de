"""Builds order lines, stock movements and returns with defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.inventory.commands import StockLine
from souk.inventory.domain import Return, ReturnedLine
from souk.inventory.usecases import MovementRequest, record_movement
from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from souk.inventory.domain import StockMovement
    from souk.inventory.usecases import Stocks

SAM = "customer-sam"


def lines(**quantities: int) -> list[StockLine]:
    """`lines(LAMP=2)` is one line of two LAMP."""
    return [StockLine(sku=sku, quantity=quantity) for sku, quantity in quantities.items()]


def many_lines(count: int, quantity: int = 2) -> list[StockLine]:
    """Lines of SKU-0000, SKU-0001 and so on."""
    return lines(**{f"SKU-{number:04}": quantity for number in range(count)})


def a_movement_request(sku: str = "LAMP", quantity: int = 10, **fields: Any) -> MovementRequest:
    defaults = {"type": "receipt", "note": None, "staff": SAM, "key": new_id()}
    return MovementRequest(**{"sku": sku, "quantity": quantity, **defaults, **fields})


def receive(stocks: Stocks, sku: str = "LAMP", quantity: int = 10, **fields: Any) -> StockMovement:
    return record_movement(a_movement_request(sku, quantity, **fields), stocks=stocks)


def adjust(stocks: Stocks, sku: str = "LAMP", quantity: int = -1, **fields: Any) -> StockMovement:
    adjustment = {"type": "adjustment", "note": "counted again", **fields}
    return record_movement(a_movement_request(sku, quantity, **adjustment), stocks=stocks)


def receive_all(stocks: Stocks, lines: list[StockLine], **exceptions: int) -> None:
    """Receive exactly these lines; `exceptions` replaces the quantity of single SKUs."""
    for line in lines:
        if quantity := exceptions.get(line.sku.replace("-", "_"), line.quantity):
            receive(stocks, line.sku, quantity)


def a_return(*lines: ReturnedLine, order_id: str = "o-1", return_id: str = "r-1") -> Return:
    return Return(order_id=order_id, return_id=return_id, lines=list(lines))


def returned_line(sku: str = "LAMP", quantity: int = 1, *, restock: bool = True) -> ReturnedLine:
    return ReturnedLine(sku=sku, quantity=quantity, restock=restock)

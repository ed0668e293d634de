"""Lines, moves and instructions, with the boring parts filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.inventory.commands import WantedLine
from souk.inventory.domain import Return, ReturnedLine
from souk.inventory.usecases import Instruction, move_stock
from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from souk.inventory.domain import Move
    from souk.inventory.usecases import Stocks

SAM = "customer-sam"


def lines(**quantities: int) -> list[WantedLine]:
    """`lines(LAMP=2)` wants two of LAMP."""
    return [WantedLine(sku=sku, quantity=quantity) for sku, quantity in quantities.items()]


def many(number: int, quantity: int = 2) -> list[WantedLine]:
    return lines(**{f"SKU-{each:04}": quantity for each in range(number)})


def an_instruction(sku: str = "LAMP", by: int = 10, **given: Any) -> Instruction:
    known = {"kind": "receipt", "note": None, "staff": SAM, "key": new_id()}
    return Instruction(**{"sku": sku, "by": by, **known, **given})


def receive(stocks: Stocks, sku: str = "LAMP", quantity: int = 10, **given: Any) -> Move:
    return move_stock(an_instruction(sku, quantity, **given), stocks=stocks)


def adjust(stocks: Stocks, sku: str = "LAMP", by: int = -1, **given: Any) -> Move:
    told = {"kind": "adjustment", "note": "counted again", **given}
    return move_stock(an_instruction(sku, by, **told), stocks=stocks)


def received(stocks: Stocks, wanted: list[WantedLine], **but: int) -> None:
    """Stock for just these lines; `but` names what there is another number of."""
    for line in wanted:
        if quantity := but.get(line.sku.replace("-", "_"), line.quantity):
            receive(stocks, line.sku, quantity)


def a_return(*returned: ReturnedLine, order_id: str = "o-1", return_id: str = "r-1") -> Return:
    return Return(order_id=order_id, return_id=return_id, lines=list(returned))


def back(sku: str = "LAMP", quantity: int = 1, *, restock: bool = True) -> ReturnedLine:
    return ReturnedLine(sku=sku, quantity=quantity, restock=restock)

"""The checkout workflow as it is deployed, walked by the local cloud's engine in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from ministack.services import stepfunctions as engine

from souk.edges.commands import commands
from souk.ordering import handlers
from tests.kernel.builders import CONTEXT
from tests.ordering.fakes import JOURNEY, FakeOrders
from tests.ordering.rooms import FakeInventory, FakePayment

if TYPE_CHECKING:
    from souk.ordering.domain import Order, Status

Json = dict[str, Any]

FILE = Path(handlers.__file__).with_name("checkout.asl.json")
DEFINITION: Json = json.loads(FILE.read_text())
ROOMS = ("Ordering", "Inventory", "Payment")


_in_turn: ContextVar[Callable[[], None]] = ContextVar("in_turn")


class Killed(BaseException):
    """The execution is gone, whatever it was at."""


class Failed(Exception):
    """The execution ended as failed, with the error's name."""


class Checkouts:
    """One shop's orders, stock and payments, and runs of the workflow over them.

    `before` and `after` are called with each command's name, before and after it is done.
    """

    def __init__(self, *orders: Order, **available: int) -> None:
        self.orders = FakeOrders(*orders)
        self.inventory = FakeInventory(**available)
        self.payment = FakePayment()
        self.asked: list[str] = []
        self.before: Callable[[str], None] = _nothing
        self.after: Callable[[str], None] = _nothing

    def run(self, order_id: str, in_turn: Callable[[], None] = lambda: None) -> None:
        """Walk the workflow from its beginning to its end; `in_turn` is called at each step."""
        _in_turn.set(in_turn)
        begin = {"order_id": order_id, "correlation_id": JOURNEY}
        context = {"QueryLanguage": "JSONata", "Execution": {"Input": begin}, "variables": {}}
        start, states = DEFINITION["StartAt"], DEFINITION["States"]
        try:
            engine._run_sub_machine(states, start, begin, {"events": []}, context)
        except engine._ExecutionError as error:
            raise Failed(error.error) from error

    def ask(self, function: str, payload: Json) -> Any:
        """What the engine does for a Task: call the room's function."""
        does = {
            "Ordering": handlers.DOES,
            "Inventory": self.inventory.does,
            "Payment": self.payment.does,
        }[function.strip("${}")]
        name = payload["command"]
        _in_turn.get()()
        try:
            self.before(name)
            self.asked.append(name)
            answer = commands(does)(json.loads(json.dumps(payload)), CONTEXT)
            self.after(name)
        except Exception as error:
            raise engine._ExecutionError(type(error).__name__, str(error)) from error
        return json.loads(msgspec.json.encode(answer))

    def status(self, order_id: str) -> Status:
        return self.orders.get(order_id).status

    def said(self) -> list[str]:
        return [type(fact).__name__ for fact in self.orders.said]


def _nothing(_command: str) -> None:
    """Nothing happens between the steps."""


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Checkouts], Checkouts]]:
    """Lets a shop's workflows run, and never wait."""
    monkeypatch.setattr(engine, "_SFN_WAIT_SCALE", 0)

    def open_(shop: Checkouts) -> Checkouts:
        monkeypatch.setattr(engine, "_call_lambda", shop.ask)
        monkeypatch.setattr(handlers, "orders", lambda: shop.orders)
        return shop

    yield open_

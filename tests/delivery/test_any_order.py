"""Whatever is heard, asked and answered, doubled, late and in any order: one end, and one told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.delivery import handlers, usecases
from souk.delivery.domain import (
    AlreadyCancelled,
    MoneyUnknown,
    ParcelUnknown,
    State,
    Verdict,
)
from souk.delivery.events import ParcelDelivered, ShipmentCancelled, ShipmentDispatched
from souk.kernel.errors import NotFound
from souk.ordering.events import CancellationRequested, OrderConfirmed
from tests.delivery.builders import ADA, NOON, a_label, pounds
from tests.delivery.fakes import FakeShipments

ORDER = "0196f3a2-6c1e-7d10-9b5a-1f0c2d3e4f50"
CONFIRMED = OrderConfirmed(
    order_id=ORDER, owner=ADA, contact_id="contact-1", total=pounds(100), confirmed_at=NOON
)
ASKED = CancellationRequested(order_id=ORDER, owner=ADA, requested_at=NOON)

WAYS = {
    State.CALLED_OFF: {State.CANCELLED},
    State.READY: {State.DISPATCHING, State.CANCELLED},
    State.DISPATCHING: {State.DISPATCHED, State.PARKED, State.CANCELLED},
    State.PARKED: {State.DISPATCHING, State.DISPATCHED, State.CANCELLED},
    State.DISPATCHED: {State.DELIVERED},
    State.DELIVERED: set(),
    State.CANCELLED: set(),
}


class World:
    """A shop of one order: a payment that takes money once, or not at all, and may say nothing."""

    def __init__(self) -> None:
        self.shipments = FakeShipments()
        self.taken = False
        self.moods: list[str] = []
        self.seen: list[State] = []

    def take(self, _: str) -> Verdict:
        mood = self.moods.pop(0) if self.moods else "takes"
        if mood == "refuses" and not self.taken:
            return Verdict(captured=False, reason="card-declined")
        self.taken = self.taken or mood in ("takes", "takes silently")
        if mood in ("is silent", "takes silently"):
            raise MoneyUnknown(ORDER)
        return Verdict(captured=True)

    def hear_confirmed(self) -> None:
        handlers.HEARS[OrderConfirmed](CONFIRMED)

    def hear_wish(self) -> None:
        handlers.HEARS[CancellationRequested](ASKED)

    def dispatch(self) -> None:
        usecases.dispatch(ORDER, a_label(), shipments=self.shipments, take=self.take)

    def clock(self) -> None:
        for order_id in list(self.shipments.dispatching()):
            shipment = usecases.read_shipment(order_id, shipments=self.shipments)
            usecases.settle(shipment, shipments=self.shipments, take=self.take)

    def deliver(self) -> None:
        usecases.deliver(a_label(), shipments=self.shipments)

    def do(self, step: Callable[[World], None]) -> None:
        with suppress(NotFound, AlreadyCancelled, MoneyUnknown, ParcelUnknown):
            step(self)
        shipment = self.shipments.get(ORDER)
        if shipment and (not self.seen or self.seen[-1] is not shipment.state):
            self.seen.append(shipment.state)

    @property
    def state(self) -> State:
        return self.seen[-1]

    def count(self, fact: type) -> int:
        return [type(each) for each in self.shipments.said].count(fact)


STEPS = [World.hear_confirmed, World.hear_wish, World.dispatch, World.clock, World.deliver]
MOODS = ["takes", "refuses", "is silent", "takes silently"]


@given(
    st.lists(st.sampled_from(STEPS), max_size=15),
    st.lists(st.sampled_from(MOODS), max_size=6),
)
def test_a_shipment_is_sent_or_cancelled_and_never_both(
    steps: list[Callable[[World], None]], moods: list[str]
) -> None:
    world = World()
    world.moods = moods
    with _deciding(world):
        for step in [*steps, World.hear_confirmed]:
            world.do(step)

        world.moods = []
        world.do(World.clock)

    assert all(after in _reachable(before) for before, after in pairwise(world.seen))
    assert world.count(ShipmentDispatched) <= 1
    assert world.count(ShipmentCancelled) <= 1
    assert world.count(ShipmentDispatched) + world.count(ShipmentCancelled) <= 1
    assert world.count(ShipmentDispatched) == (world.state in (State.DISPATCHED, State.DELIVERED))
    assert world.count(ShipmentCancelled) == (world.state is State.CANCELLED)
    assert world.count(ParcelDelivered) == (world.state is State.DELIVERED)
    assert world.state not in (State.CALLED_OFF, State.DISPATCHING)
    assert world.taken == (world.state in (State.DISPATCHED, State.DELIVERED))


@given(st.permutations([World.hear_confirmed, World.hear_wish] * 3))
def test_without_a_warehouse_a_wish_always_cancels_whatever_is_heard_first(
    steps: list[Callable[[World], None]],
) -> None:
    world = World()
    with _deciding(world):
        for step in steps:
            world.do(step)

    assert world.state is State.CANCELLED
    assert [type(fact) for fact in world.shipments.said] == [ShipmentCancelled]


def _reachable(state: State) -> set[State]:
    """One call may take two steps: to be dispatched, and to be sent or parked."""
    return WAYS[state].union(*(WAYS[after] for after in WAYS[state]))


@contextmanager
def _deciding(world: World) -> Iterator[None]:
    """The room's listeners write to this world."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handlers, "shipments", lambda: world.shipments)
        yield

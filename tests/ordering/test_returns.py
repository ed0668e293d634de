"""Returns: what can be returned, what staff decide, and the exact refund."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from souk.kernel.errors import Busy, IdempotencyKeyReused, InvalidQuery, InvalidRequest, NotFound
from souk.kernel.ids import new_id
from souk.ordering import return_usecases
from souk.ordering.domain import Order, OrderStatus, StatusChange
from souk.ordering.events import ReturnAccepted, ReturnedLine
from souk.ordering.return_usecases import ReturnDecision
from souk.ordering.returns import (
    MAX_RETURNS_PER_ORDER,
    RETURN_WINDOW,
    ItemsNotReturnable,
    OrderNotDelivered,
    RequestedLine,
    RequestedReturn,
    Return,
    ReturnAlreadyDecided,
    ReturnStatus,
    ReturnWindowClosed,
    TooManyReturns,
)
from tests.kernel.tables import temporary_table
from tests.ordering.builders import ADA, BOB, a_line, an_order, pounds
from tests.ordering.fakes import FakeOrders
from tests.ordering.return_fakes import FakeReturns, Returns, StoredReturns

DELIVERED_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
SAM = "customer-sam"


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def returns(request: pytest.FixtureRequest) -> Returns:
    if request.param == "in memory":
        return FakeReturns()
    stored: StoredReturns = request.getfixturevalue("stored")
    return stored


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Iterator[StoredReturns]:
    shop = request.getfixturevalue("lambda_env")
    with temporary_table(shop.outputs["OrderingTable"]) as table:
        yield StoredReturns(table)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The current time is the last element."""
    times = [DELIVERED_AT + timedelta(days=1)]
    monkeypatch.setattr(return_usecases, "now", lambda: times[-1])
    return times


def a_delivered_order(*lines: Any, **fields: Any) -> Order:
    statuses = (OrderStatus.PLACED, OrderStatus.CONFIRMED, OrderStatus.DISPATCHED)
    history = [StatusChange(status=status, at="2026-11-23T12:00:00.000Z") for status in statuses]
    delivered = StatusChange(status=OrderStatus.DELIVERED, at="2026-11-24T12:00:00.000Z")
    return an_order(*lines, **{"history": [*history, delivered], **fields})


LINES = (a_line("LAMP", quantity=3, price=1299), a_line("RUG", quantity=1, price=5000))


class Desk:
    """The use cases for one order: three lamps and a rug, with shipping of 4.95."""

    def __init__(self, returns: Returns, order: Order | None = None) -> None:
        self.order = order or a_delivered_order(*LINES)
        self.returns = returns
        self.orders = FakeOrders(self.order)

    def request(self, *, key: str = "", owner: str = ADA, **quantities: int) -> Return:
        lines = [RequestedLine(sku, quantity) for sku, quantity in quantities.items()]
        return self.send(RequestedReturn(key or new_id(), repr(lines), lines), owner=owner)

    def send(self, request: RequestedReturn, *, owner: str = ADA) -> Return:
        return return_usecases.request_return(
            self.order.order_id, request, owner=owner, **self.ports
        )

    def accept(self, return_: Return, **restock_by_sku: bool) -> Return:
        lines = restock_by_sku or {line.sku: True for line in return_.lines}
        decision = ReturnDecision(decided_by=SAM, lines=list(lines.items()))
        return return_usecases.accept_return(return_.return_id, decision, **self.ports)

    def reject(self, return_: Return, reason: str = "it was used") -> Return:
        decision = ReturnDecision(decided_by=SAM, rejection_reason=reason)
        return return_usecases.reject_return(return_.return_id, decision, returns=self.returns)

    def record_refund(self, refund_id: str) -> None:
        return_usecases.record_refund(self.order.order_id, refund_id, returns=self.returns)

    @property
    def ports(self) -> Any:
        return {"orders": self.orders, "returns": self.returns}

    def list(self, owner: str = ADA) -> list[Return]:
        return return_usecases.list_returns(self.order.order_id, owner=owner, **self.ports)


def sorted_by_id(*returns: Return) -> list[Return]:
    """In the order of lists; ids created in the same millisecond have no defined order."""
    return sorted(returns, key=lambda return_: return_.return_id)


@pytest.fixture
def desk(returns: Returns) -> Desk:
    return Desk(returns)


# --- requesting


def test_a_return_of_some_items_is_stored_as_requested(desk: Desk) -> None:
    requested = desk.request(LAMP=2, RUG=1)

    assert desk.list() == [requested]
    assert requested.status is ReturnStatus.REQUESTED
    assert [(line.sku, line.quantity) for line in requested.lines] == [("LAMP", 2), ("RUG", 1)]
    assert desk.returns.published == []


def test_the_remaining_items_can_be_returned_later(desk: Desk) -> None:
    first, second = desk.request(LAMP=1), desk.request(LAMP=2, RUG=1)

    assert desk.list() == sorted_by_id(first, second)


def test_a_repeated_request_returns_the_same_return(desk: Desk) -> None:
    first = desk.request(key="one click", LAMP=2)

    assert desk.request(key="one click", LAMP=2) == first
    assert desk.list() == [first]


def test_a_key_reused_for_another_return_is_rejected(desk: Desk) -> None:
    desk.request(key="one click", LAMP=2)

    with pytest.raises(IdempotencyKeyReused):
        desk.request(key="one click", LAMP=1)


def test_an_item_that_was_not_bought_cannot_be_returned(desk: Desk) -> None:
    with pytest.raises(ItemsNotReturnable) as error:
        desk.request(LAMP=1, SOFA=1)

    assert error.value.members["errors"][0]["pointer"] == "/lines/1/sku"
    assert desk.list() == []


def test_more_than_was_bought_cannot_be_returned(desk: Desk) -> None:
    with pytest.raises(ItemsNotReturnable, match="3 of LAMP were bought, 3 of them can") as error:
        desk.request(LAMP=4)

    assert error.value.members["errors"][0]["pointer"] == "/lines/0/quantity"


def test_returned_items_cannot_be_returned_again(desk: Desk) -> None:
    desk.accept(desk.request(LAMP=1))
    desk.request(LAMP=1)

    with pytest.raises(ItemsNotReturnable, match="3 of LAMP were bought, 1 of them can"):
        desk.request(LAMP=2)


def test_a_sku_that_appears_twice_is_rejected(desk: Desk) -> None:
    with pytest.raises(ItemsNotReturnable, match="appears twice"):
        desk.send(
            RequestedReturn("key", "body", [RequestedLine("LAMP", 1), RequestedLine("LAMP", 1)])
        )


@pytest.mark.parametrize("late_by", [timedelta(0), timedelta(milliseconds=1)])
def test_items_can_be_returned_until_the_window_closes(
    desk: Desk, clock: list[datetime], late_by: timedelta
) -> None:
    clock.append(DELIVERED_AT + RETURN_WINDOW + late_by)

    if late_by:
        with pytest.raises(ReturnWindowClosed) as error:
            desk.request(LAMP=1)
        assert error.value.members == {"until": "2026-12-24T12:00:00.000Z"}
    else:
        assert desk.request(LAMP=1).status is ReturnStatus.REQUESTED


def test_a_request_repeated_after_the_window_still_returns_the_same_return(
    desk: Desk, clock: list[datetime]
) -> None:
    first = desk.request(key="one click", LAMP=1)
    clock.append(DELIVERED_AT + RETURN_WINDOW + timedelta(days=1))

    assert desk.request(key="one click", LAMP=1) == first


@pytest.mark.parametrize("changes", [1, 2, 3])
def test_nothing_can_be_returned_before_the_delivery(returns: Returns, changes: int) -> None:
    history = a_delivered_order().history[:changes]
    desk = Desk(returns, a_delivered_order(*LINES, history=history))

    with pytest.raises(OrderNotDelivered):
        desk.request(LAMP=1)


def test_another_owners_order_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.request(owner=BOB, LAMP=1)
    with pytest.raises(NotFound):
        desk.list(owner=BOB)


def test_an_order_has_a_maximum_number_of_returns(returns: Returns) -> None:
    line = a_line("LAMP", quantity=MAX_RETURNS_PER_ORDER + 1)
    desk = Desk(returns, a_delivered_order(line))
    for _ in range(MAX_RETURNS_PER_ORDER):
        desk.request(LAMP=1)

    with pytest.raises(TooManyReturns):
        desk.request(LAMP=1)

    assert len(desk.list()) == MAX_RETURNS_PER_ORDER


def test_two_concurrent_requests_cannot_return_more_than_was_bought(desk: Desk) -> None:
    desk.returns.concurrent_actions = [lambda: desk.request(LAMP=2)]

    with pytest.raises(ItemsNotReturnable, match="1 of them can"):
        desk.request(LAMP=2)

    assert [return_.quantity for return_ in desk.list()] == [2]


def test_two_concurrent_requests_with_one_key_are_one_return(desk: Desk) -> None:
    other: list[Return] = []
    desk.returns.concurrent_actions = [lambda: other.append(desk.request(key="one click", LAMP=2))]

    assert [desk.request(key="one click", LAMP=2)] == other == desk.list()


@pytest.mark.cloud
def test_many_concurrent_requests_never_return_more_than_was_bought(
    stored: StoredReturns,
) -> None:
    desk = Desk(stored)

    def request_one(_: int) -> None:
        with suppress(ItemsNotReturnable, Busy):
            desk.request(LAMP=1)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(request_one, range(16)))

    assert sum(return_.quantity for return_ in desk.list()) == 3


# --- accepting


def test_accepting_publishes_the_returned_items_and_their_refund(desk: Desk) -> None:
    return_ = desk.accept(desk.request(LAMP=2, RUG=1), LAMP=True, RUG=False)

    assert (return_.status, return_.refund, return_.shipping) == (
        ReturnStatus.ACCEPTED,
        pounds(2 * 1299 + 5000),
        pounds(0),
    )
    assert desk.list() == [return_]
    assert desk.returns.published == [
        ReturnAccepted(
            order_id=desk.order.order_id,
            owner=ADA,
            contact_id="contact-1",
            return_id=return_.return_id,
            lines=[
                ReturnedLine(sku="LAMP", quantity=2, restock=True),
                ReturnedLine(sku="RUG", quantity=1, restock=False),
            ],
            refund=pounds(2 * 1299 + 5000),
            accepted_at=return_.decided_at or "",
        )
    ]


def test_the_return_that_completes_the_order_refunds_the_shipping(desk: Desk) -> None:
    first, second = desk.request(LAMP=3), desk.request(RUG=1)

    accepted = [desk.accept(second), desk.accept(first)]

    assert [return_.shipping for return_ in accepted] == [pounds(0), pounds(495)]
    refunds = [return_.refund.amount for return_ in accepted if return_.refund]
    assert sum(refunds) == desk.order.total.amount


def test_shipping_is_not_refunded_while_another_return_is_only_requested(desk: Desk) -> None:
    desk.request(RUG=1)

    assert desk.accept(desk.request(LAMP=3)).shipping == pounds(0)


def test_a_repeated_acceptance_takes_effect_once(desk: Desk) -> None:
    requested = desk.request(LAMP=2)

    first = desk.accept(requested)
    desk.record_refund(requested.return_id)
    second = desk.accept(requested)

    assert (first.refund, second.refund) == (pounds(2598), pounds(2598))
    assert second.status is ReturnStatus.REFUNDED
    assert len(desk.returns.published) == 1


def test_two_concurrent_acceptances_take_effect_once(desk: Desk) -> None:
    requested = desk.request(LAMP=2)
    desk.returns.concurrent_actions = [lambda: desk.accept(requested)]

    desk.accept(requested)

    assert len(desk.returns.published) == 1


def test_two_returns_accepted_concurrently_refund_the_shipping_once(desk: Desk) -> None:
    first, second = desk.request(LAMP=3), desk.request(RUG=1)
    desk.returns.concurrent_actions = [lambda: desk.accept(second)]

    desk.accept(first)

    assert sorted(return_.shipping.amount for return_ in desk.list() if return_.shipping) == [
        0,
        495,
    ]


def test_a_return_cannot_be_accepted_again_with_other_restock_decisions(desk: Desk) -> None:
    requested = desk.request(LAMP=2)
    desk.accept(requested, LAMP=True)

    with pytest.raises(ReturnAlreadyDecided) as error:
        desk.accept(requested, LAMP=False)

    assert error.value.members == {"decision": "accepted"}
    assert len(desk.returns.published) == 1


@pytest.mark.parametrize(
    ("restock_by_sku", "pointer"),
    [({"LAMP": True}, "/lines"), ({"LAMP": True, "SOFA": True}, "/lines/1/sku")],
)
def test_an_acceptance_decides_each_line_of_the_return(
    desk: Desk, restock_by_sku: dict[str, bool], pointer: str
) -> None:
    requested = desk.request(LAMP=2, RUG=1)

    with pytest.raises(InvalidRequest) as error:
        desk.accept(requested, **restock_by_sku)

    assert error.value.members["errors"][0]["pointer"] == pointer


def test_an_unknown_return_cannot_be_accepted(desk: Desk) -> None:
    unknown = Return(return_id="none", order_id="o", lines=[], reason="", requested_at="")

    with pytest.raises(NotFound):
        desk.accept(unknown)


# --- rejecting


def test_a_rejected_return_has_a_reason_and_no_refund(desk: Desk) -> None:
    return_ = desk.reject(desk.request(LAMP=3), "it was used")

    assert (return_.status, return_.rejection_reason, return_.refund) == (
        ReturnStatus.REJECTED,
        "it was used",
        None,
    )
    assert desk.reject(return_, "it was used") == return_
    assert desk.returns.published == []


def test_the_items_of_a_rejected_return_can_be_requested_again(desk: Desk) -> None:
    desk.reject(desk.request(LAMP=3))

    assert desk.request(LAMP=3).status is ReturnStatus.REQUESTED


def test_a_decision_cannot_be_changed(desk: Desk) -> None:
    accepted, rejected = desk.accept(desk.request(LAMP=1)), desk.reject(desk.request(LAMP=1))

    with pytest.raises(ReturnAlreadyDecided):
        desk.reject(accepted)
    with pytest.raises(ReturnAlreadyDecided):
        desk.accept(rejected)
    with pytest.raises(ReturnAlreadyDecided):
        desk.reject(rejected, "for another reason")


def test_the_first_of_two_concurrent_decisions_stays(desk: Desk) -> None:
    requested = desk.request(LAMP=1)
    desk.returns.concurrent_actions = [lambda: desk.reject(requested)]

    with pytest.raises(ReturnAlreadyDecided):
        desk.accept(requested)

    assert desk.returns.published == []


# --- refunded


def test_a_refund_is_recorded_once(desk: Desk, clock: list[datetime]) -> None:
    return_ = desk.accept(desk.request(LAMP=1))

    desk.record_refund(return_.return_id)
    clock.append(clock[-1] + timedelta(hours=1))
    desk.record_refund(return_.return_id)

    (refunded,) = desk.list()
    assert refunded.status is ReturnStatus.REFUNDED
    assert refunded.refunded_at == "2026-11-25T12:00:00.000Z"


def test_a_refund_that_belongs_to_no_accepted_return_changes_nothing(desk: Desk) -> None:
    requested, rejected = desk.request(LAMP=1), desk.reject(desk.request(LAMP=1))

    for refund_id in ("cancellation", requested.return_id, rejected.return_id):
        desk.record_refund(refund_id)

    assert desk.list() == sorted_by_id(requested, rejected)


# --- lists for staff


@pytest.mark.cloud
def test_staff_list_open_returns_page_by_page_and_no_finished_ones(
    stored: StoredReturns,
) -> None:
    desk = Desk(stored, a_delivered_order(a_line("LAMP", quantity=9)))
    requested = [desk.request(LAMP=1) for _ in range(5)]
    accepted = desk.accept(requested[0])
    desk.reject(requested[1])
    desk.record_refund(desk.accept(requested[2]).return_id)

    first = stored.list_open(ReturnStatus.REQUESTED, 1, None)
    rest = stored.list_open(ReturnStatus.REQUESTED, 10, first.next)

    listed_ids = [return_.return_id for return_ in (*first.returns, *rest.returns)]
    assert sorted(listed_ids) == sorted(return_.return_id for return_ in requested[3:])
    assert rest.next is None
    (listed,), next_cursor = stored.list_open(ReturnStatus.ACCEPTED, 10, None)
    assert (listed.return_id, listed.order_id) == (accepted.return_id, desk.order.order_id)
    assert (listed.status, listed.quantity, listed.refund) == (
        ReturnStatus.ACCEPTED,
        1,
        pounds(1299),
    )
    assert (listed.requested_at, listed.decided_at) == (
        accepted.requested_at,
        accepted.decided_at,
    )
    assert next_cursor is None


def test_an_invalid_cursor_is_rejected() -> None:
    with pytest.raises(InvalidQuery):
        StoredReturns("nowhere").list_open(ReturnStatus.REQUESTED, 10, "x")

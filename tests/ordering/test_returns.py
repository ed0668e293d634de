"""What may be sent back, what staff decide of it, and what it is worth: to the penny."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from souk.kernel.errors import Busy, Invalid, InvalidQuery, NotFound
from souk.kernel.ids import new_id
from souk.ordering import returning
from souk.ordering.domain import Change, Order
from souk.ordering.domain import Status as OrderStatus
from souk.ordering.events import ReturnAccepted, ReturnedLine
from souk.ordering.returning import Verdict
from souk.ordering.returns import (
    MAX_RETURNS,
    WINDOW,
    KeyReused,
    NotDelivered,
    NotReturnable,
    Return,
    ReturnDecided,
    Status,
    TooManyReturns,
    Wanted,
    WindowOver,
    Wish,
)
from tests.kernel.tables import twin
from tests.ordering.builders import ADA, BOB, a_line, an_order, pounds
from tests.ordering.fakes import FakeOrders
from tests.ordering.return_fakes import FakeReturns, Returns, StoredReturns

ARRIVED = datetime(2026, 11, 24, 12, tzinfo=UTC)
SAM = "customer-sam"


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def returns(request: pytest.FixtureRequest) -> Returns:
    if request.param == "in memory":
        return FakeReturns()
    stored: StoredReturns = request.getfixturevalue("stored")
    return stored


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Iterator[StoredReturns]:
    shop = request.getfixturevalue("in_function")
    with twin(shop.outputs["OrderingTable"]) as table:
        yield StoredReturns(table)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """What time it is: the last of these."""
    times = [ARRIVED + timedelta(days=1)]
    monkeypatch.setattr(returning, "now", lambda: times[-1])
    return times


def delivered(*lines: Any, **given: Any) -> Order:
    steps = (OrderStatus.PLACED, OrderStatus.CONFIRMED, OrderStatus.DISPATCHED)
    history = [Change(status=step, at="2026-11-23T12:00:00.000Z") for step in steps]
    arrived = Change(status=OrderStatus.DELIVERED, at="2026-11-24T12:00:00.000Z")
    return an_order(*lines, **{"history": [*history, arrived], **given})


LINES = (a_line("LAMP", quantity=3, price=1299), a_line("RUG", quantity=1, price=5000))


class Desk:
    """The use cases, about one order of three lamps and a rug, sent for 4.95."""

    def __init__(self, returns: Returns, order: Order | None = None) -> None:
        self.order = order or delivered(*LINES)
        self.returns = returns
        self.orders = FakeOrders(self.order)

    def ask(self, *, key: str = "", owner: str = ADA, **quantities: int) -> Return:
        lines = [Wanted(sku, quantity) for sku, quantity in quantities.items()]
        return self.wish(Wish(key or new_id(), repr(lines), lines), owner=owner)

    def wish(self, wish: Wish, *, owner: str = ADA) -> Return:
        return returning.ask_return(self.order.order_id, wish, owner=owner, **self.ports)

    def accept(self, back: Return, **restock: bool) -> Return:
        decided = restock or {item.sku: True for item in back.items}
        verdict = Verdict(by=SAM, lines=list(decided.items()))
        return returning.accept_return(back.return_id, verdict, **self.ports)

    def refuse(self, back: Return, reason: str = "it was used") -> Return:
        verdict = Verdict(by=SAM, refusal=reason)
        return returning.refuse_return(back.return_id, verdict, returns=self.returns)

    def refunded(self, refund_id: str) -> None:
        returning.note_refund(self.order.order_id, refund_id, returns=self.returns)

    @property
    def ports(self) -> Any:
        return {"orders": self.orders, "returns": self.returns}

    def list(self, owner: str = ADA) -> list[Return]:
        return returning.list_returns(self.order.order_id, owner=owner, **self.ports)


def in_order(*returns: Return) -> list[Return]:
    """As lists have them; of ids made in one millisecond none is the older."""
    return sorted(returns, key=lambda back: back.return_id)


@pytest.fixture
def desk(returns: Returns) -> Desk:
    return Desk(returns)


# --- asking


def test_a_return_of_some_pieces_is_kept_as_it_was_asked_for(desk: Desk) -> None:
    asked = desk.ask(LAMP=2, RUG=1)

    assert desk.list() == [asked]
    assert asked.status is Status.REQUESTED
    assert [(item.sku, item.quantity) for item in asked.items] == [("LAMP", 2), ("RUG", 1)]
    assert desk.returns.said == []


def test_the_rest_can_be_sent_back_later(desk: Desk) -> None:
    first, second = desk.ask(LAMP=1), desk.ask(LAMP=2, RUG=1)

    assert desk.list() == in_order(first, second)


def test_a_second_click_is_the_same_return(desk: Desk) -> None:
    first = desk.ask(key="one click", LAMP=2)

    assert desk.ask(key="one click", LAMP=2) == first
    assert desk.list() == [first]


def test_a_key_used_for_another_return_is_refused(desk: Desk) -> None:
    desk.ask(key="one click", LAMP=2)

    with pytest.raises(KeyReused):
        desk.ask(key="one click", LAMP=1)


def test_a_line_never_bought_is_not_taken_back(desk: Desk) -> None:
    with pytest.raises(NotReturnable) as refused:
        desk.ask(LAMP=1, SOFA=1)

    assert refused.value.members["errors"][0]["pointer"] == "/lines/1/sku"
    assert desk.list() == []


def test_more_than_was_bought_is_not_taken_back(desk: Desk) -> None:
    with pytest.raises(NotReturnable, match="3 were bought, and 3 can") as refused:
        desk.ask(LAMP=4)

    assert refused.value.members["errors"][0]["pointer"] == "/lines/0/quantity"


def test_what_was_sent_back_before_is_not_taken_back_again(desk: Desk) -> None:
    desk.accept(desk.ask(LAMP=1))
    desk.ask(LAMP=1)

    with pytest.raises(NotReturnable, match="3 were bought, and 1 can"):
        desk.ask(LAMP=2)


def test_a_sku_named_twice_is_refused(desk: Desk) -> None:
    with pytest.raises(NotReturnable, match="named twice"):
        desk.wish(Wish("key", "body", [Wanted("LAMP", 1), Wanted("LAMP", 1)]))


@pytest.mark.parametrize("late", [timedelta(0), timedelta(milliseconds=1)])
def test_after_the_window_it_is_too_late(
    desk: Desk, clock: list[datetime], late: timedelta
) -> None:
    clock.append(ARRIVED + WINDOW + late)

    if late:
        with pytest.raises(WindowOver) as refused:
            desk.ask(LAMP=1)
        assert refused.value.members == {"until": "2026-12-24T12:00:00.000Z"}
    else:
        assert desk.ask(LAMP=1).status is Status.REQUESTED


def test_a_second_click_after_the_window_is_still_answered(
    desk: Desk, clock: list[datetime]
) -> None:
    first = desk.ask(key="one click", LAMP=1)
    clock.append(ARRIVED + WINDOW + timedelta(days=1))

    assert desk.ask(key="one click", LAMP=1) == first


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_before_its_delivery_nothing_of_an_order_is_taken_back(
    returns: Returns, steps: int
) -> None:
    desk = Desk(returns, delivered(*LINES, history=delivered().history[:steps]))

    with pytest.raises(NotDelivered):
        desk.ask(LAMP=1)


def test_a_strangers_order_is_none(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.ask(owner=BOB, LAMP=1)
    with pytest.raises(NotFound):
        desk.list(owner=BOB)


def test_an_order_cannot_have_returns_without_end(returns: Returns) -> None:
    desk = Desk(returns, delivered(a_line("LAMP", quantity=MAX_RETURNS + 1)))
    for _ in range(MAX_RETURNS):
        desk.ask(LAMP=1)

    with pytest.raises(TooManyReturns):
        desk.ask(LAMP=1)

    assert len(desk.list()) == MAX_RETURNS


def test_of_two_at_once_only_what_was_bought_is_taken_back(desk: Desk) -> None:
    desk.returns.meanwhile = [lambda: desk.ask(LAMP=2)]

    with pytest.raises(NotReturnable, match="and 1 can"):
        desk.ask(LAMP=2)

    assert [back.pieces for back in desk.list()] == [2]


def test_two_clicks_at_once_are_one_return(desk: Desk) -> None:
    other: list[Return] = []
    desk.returns.meanwhile = [lambda: other.append(desk.ask(key="one click", LAMP=2))]

    assert [desk.ask(key="one click", LAMP=2)] == other == desk.list()


@pytest.mark.cloud
def test_many_at_once_never_take_back_more_than_was_bought(stored: StoredReturns) -> None:
    desk = Desk(stored)

    def ask(_: int) -> None:
        with suppress(NotReturnable, Busy):
            desk.ask(LAMP=1)

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(ask, range(16)))

    assert sum(back.pieces for back in desk.list()) == 3


# --- accepting


def test_accepting_says_what_comes_back_and_what_it_is_worth(desk: Desk) -> None:
    back = desk.accept(desk.ask(LAMP=2, RUG=1), LAMP=True, RUG=False)

    assert (back.status, back.refund, back.shipping) == (
        Status.ACCEPTED,
        pounds(2 * 1299 + 5000),
        pounds(0),
    )
    assert desk.list() == [back]
    assert desk.returns.said == [
        ReturnAccepted(
            order_id=desk.order.order_id,
            owner=ADA,
            contact_id="contact-1",
            return_id=back.return_id,
            lines=[
                ReturnedLine(sku="LAMP", quantity=2, restock=True),
                ReturnedLine(sku="RUG", quantity=1, restock=False),
            ],
            refund=pounds(2 * 1299 + 5000),
            accepted_at=back.decided_at or "",
        )
    ]


def test_shipping_goes_back_with_the_return_that_makes_it_all(desk: Desk) -> None:
    first, second = desk.ask(LAMP=3), desk.ask(RUG=1)

    refunds = [desk.accept(second), desk.accept(first)]

    assert [back.shipping for back in refunds] == [pounds(0), pounds(495)]
    assert sum(back.refund.amount for back in refunds if back.refund) == desk.order.total.amount


def test_shipping_is_kept_while_something_is_only_on_its_way_back(desk: Desk) -> None:
    desk.ask(RUG=1)

    assert desk.accept(desk.ask(LAMP=3)).shipping == pounds(0)


def test_accepting_twice_is_once(desk: Desk) -> None:
    asked = desk.ask(LAMP=2)

    first = desk.accept(asked)
    desk.refunded(asked.return_id)
    second = desk.accept(asked)

    assert (first.refund, second.refund) == (pounds(2598), pounds(2598))
    assert second.status is Status.REFUNDED
    assert len(desk.returns.said) == 1


def test_two_who_accept_at_once_accept_once(desk: Desk) -> None:
    asked = desk.ask(LAMP=2)
    desk.returns.meanwhile = [lambda: desk.accept(asked)]

    desk.accept(asked)

    assert len(desk.returns.said) == 1


def test_two_returns_accepted_at_once_give_shipping_back_once(desk: Desk) -> None:
    first, second = desk.ask(LAMP=3), desk.ask(RUG=1)
    desk.returns.meanwhile = [lambda: desk.accept(second)]

    desk.accept(first)

    assert sorted(back.shipping.amount for back in desk.list() if back.shipping) == [0, 495]


def test_accepted_otherwise_than_before_is_refused(desk: Desk) -> None:
    asked = desk.ask(LAMP=2)
    desk.accept(asked, LAMP=True)

    with pytest.raises(ReturnDecided) as refused:
        desk.accept(asked, LAMP=False)

    assert refused.value.members == {"decided": "accepted"}
    assert len(desk.returns.said) == 1


@pytest.mark.parametrize(
    ("named", "pointer"),
    [({"LAMP": True}, "/lines"), ({"LAMP": True, "SOFA": True}, "/lines/1/sku")],
)
def test_of_each_line_it_is_said_what_becomes_of_it(
    desk: Desk, named: dict[str, bool], pointer: str
) -> None:
    asked = desk.ask(LAMP=2, RUG=1)

    with pytest.raises(Invalid) as refused:
        desk.accept(asked, **named)

    assert refused.value.members["errors"][0]["pointer"] == pointer


def test_what_was_never_asked_for_cannot_be_decided(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.accept(Return(return_id="none", order_id="o", items=[], reason="", requested_at=""))


# --- refusing


def test_a_refused_return_tells_why_and_gives_nothing_back(desk: Desk) -> None:
    back = desk.refuse(desk.ask(LAMP=3), "it was used")

    assert (back.status, back.refusal, back.refund) == (Status.REFUSED, "it was used", None)
    assert desk.refuse(back, "it was used") == back
    assert desk.returns.said == []


def test_what_was_refused_can_be_asked_for_again(desk: Desk) -> None:
    desk.refuse(desk.ask(LAMP=3))

    assert desk.ask(LAMP=3).status is Status.REQUESTED


def test_what_was_decided_is_not_decided_otherwise(desk: Desk) -> None:
    accepted, refused = desk.accept(desk.ask(LAMP=1)), desk.refuse(desk.ask(LAMP=1))

    with pytest.raises(ReturnDecided):
        desk.refuse(accepted)
    with pytest.raises(ReturnDecided):
        desk.accept(refused)
    with pytest.raises(ReturnDecided):
        desk.refuse(refused, "for another reason")


def test_of_two_who_decide_at_once_the_first_decides(desk: Desk) -> None:
    asked = desk.ask(LAMP=1)
    desk.returns.meanwhile = [lambda: desk.refuse(asked)]

    with pytest.raises(ReturnDecided):
        desk.accept(asked)

    assert desk.returns.said == []


# --- refunded


def test_a_refund_is_noted_once(desk: Desk, clock: list[datetime]) -> None:
    back = desk.accept(desk.ask(LAMP=1))

    desk.refunded(back.return_id)
    clock.append(clock[-1] + timedelta(hours=1))
    desk.refunded(back.return_id)

    (noted,) = desk.list()
    assert (noted.status, noted.refunded_at) == (Status.REFUNDED, "2026-11-25T12:00:00.000Z")


def test_a_refund_of_no_return_changes_nothing(desk: Desk) -> None:
    asked, refused = desk.ask(LAMP=1), desk.refuse(desk.ask(LAMP=1))

    for refund_id in ("cancellation", asked.return_id, refused.return_id):
        desk.refunded(refund_id)

    assert desk.list() == in_order(asked, refused)


# --- lists of staff


@pytest.mark.cloud
def test_staff_see_what_awaits_them_page_by_page_and_nothing_that_is_done(
    stored: StoredReturns,
) -> None:
    desk = Desk(stored, delivered(a_line("LAMP", quantity=9)))
    asked = [desk.ask(LAMP=1) for _ in range(5)]
    accepted = desk.accept(asked[0])
    desk.refuse(asked[1])
    desk.refunded(desk.accept(asked[2]).return_id)

    first = stored.page(Status.REQUESTED, 1, None)
    rest = stored.page(Status.REQUESTED, 10, first.next)

    assert sorted(b.return_id for b in (*first.returns, *rest.returns)) == sorted(
        each.return_id for each in asked[3:]
    )
    assert rest.next is None
    (shown,), following = stored.page(Status.ACCEPTED, 10, None)
    assert (shown.return_id, shown.order_id) == (accepted.return_id, desk.order.order_id)
    assert (shown.status, shown.pieces, shown.refund) == (Status.ACCEPTED, 1, pounds(1299))
    assert (shown.requested_at, shown.decided_at) == (accepted.requested_at, accepted.decided_at)
    assert following is None


def test_a_forged_cursor_is_refused() -> None:
    with pytest.raises(InvalidQuery):
        StoredReturns("nowhere").page(Status.REQUESTED, 10, "x")

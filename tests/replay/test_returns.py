"""The cancellations of a file cancel orders of the day or return some of their items."""

from pathlib import Path

import httpx
import pytest

from cli.replay import ReplayReport
from tests.replay.builders import a_day, a_line, replay_day
from tests.replay.fake_shop import FakeShop, always
from tests.replay.responses import problem

ADA = "17850.0"


def purchase(invoice: str = "1", *, quantity: int = 6, at: str = "08:26") -> str:
    return a_line(invoice, quantity=quantity, customer=ADA, at=at)


def cancellation(
    invoice: str = "C9", *, quantity: int = -2, at: str = "10:00", customer: str = ADA
) -> str:
    return a_line(invoice, quantity=quantity, customer=customer, at=at)


def replay_lines(folder: Path, *lines: str, shop: FakeShop | None = None) -> ReplayReport:
    return replay_day(a_day(folder, *lines), shop or FakeShop())


def test_every_confirmed_order_is_delivered_and_paid(tmp_path: Path) -> None:
    shop = FakeShop()

    report = replay_lines(tmp_path, purchase("1"), purchase("2"), shop=shop)

    assert report.balanced
    assert (report.confirmed, report.delivered) == (2, 2)
    assert {order["status"] for order in shop.all_orders} == {"delivered"}
    assert report.money.captured == report.money.kept == 2 * (6 * 255 + 495)


def test_items_that_the_customer_bought_are_returned_and_refunded(tmp_path: Path) -> None:
    report = replay_lines(tmp_path, purchase(quantity=6), cancellation(quantity=-2))

    assert report.balanced
    assert (report.returns, report.lines_reversed, report.refused) == (1, 1, {})
    assert (report.value.ordered, report.value.returned, report.value.placed) == (1530, 510, 1020)
    assert report.value.placed + report.value.refused == report.value.file
    assert (report.money.captured, report.money.refunded) == (1530 + 495, 510)
    assert (report.stock.sold, report.stock.returned, report.stock.available) == (4, 2, 2)


def test_a_cancellation_of_all_items_cancels_the_order_before_it_is_dispatched(
    tmp_path: Path,
) -> None:
    shop = FakeShop()

    report = replay_lines(tmp_path, purchase(quantity=6), cancellation(quantity=-6), shop=shop)

    assert report.balanced
    assert (report.cancelled, report.delivered, report.returns) == (1, 0, 0)
    assert (report.value.cancelled, report.value.placed) == (1530, 0)
    assert (report.money.captured, report.stock.available) == (0, 6)
    assert not any("dispatch" in request.url.path for request in shop.requests)


def test_an_order_that_is_dispatched_before_its_cancellation_is_returned_with_its_shipping(
    tmp_path: Path,
) -> None:
    shop = FakeShop()

    def dispatch_first(request: httpx.Request) -> None:
        if "cancellation" in request.url.path:
            [order] = shop.all_orders
            order["status"] = "dispatched"

    shop.before = dispatch_first
    report = replay_lines(tmp_path, purchase(quantity=6), cancellation(quantity=-6), shop=shop)

    assert report.balanced
    assert (report.cancelled, report.delivered, report.returns) == (0, 1, 1)
    assert (report.money.refunded, report.money.kept) == (1530 + 495, 0)


def test_items_are_returned_from_the_latest_earlier_order_first(tmp_path: Path) -> None:
    shop = FakeShop()

    report = replay_lines(
        tmp_path,
        purchase("1", quantity=5, at="08:00"),
        purchase("2", quantity=3, at="09:00"),
        purchase("3", quantity=4, at="11:00"),
        cancellation("C7", quantity=-2, at="10:00"),
        cancellation("C8", quantity=-2, at="10:00"),
        shop=shop,
    )

    assert report.balanced
    returned = [(it["order"]["lines"]["LAMP1.255"], it["lines"]) for it in shop._fulfilment.returns]
    assert sorted(returned, key=lambda pair: pair[0]) == [
        (3, {"LAMP1.255": 2}),
        (5, {"LAMP1.255": 2}),
    ]


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("unknown-customer", cancellation(customer="")),
        ("nothing-to-return", cancellation(customer="13047.0")),
        ("nothing-to-return", cancellation(at="08:00")),
        ("more-than-bought", cancellation(quantity=-7)),
    ],
)
def test_a_cancellation_of_items_that_were_not_bought_is_refused_with_a_reason(
    tmp_path: Path, reason: str, line: str
) -> None:
    report = replay_lines(tmp_path, purchase(quantity=6), line)

    assert report.balanced
    assert (report.refused, report.returns) == ({reason: 1}, 0)
    assert report.refused_invoices == 1


def test_never_more_is_returned_than_was_bought(tmp_path: Path) -> None:
    lines = [cancellation(f"C{number}", quantity=-4) for number in (7, 8)]

    report = replay_lines(tmp_path, purchase(quantity=6), *lines)

    assert report.balanced
    assert (report.refused, report.returns) == ({"more-than-bought": 1}, 1)


def test_nothing_is_returned_from_a_refused_checkout(tmp_path: Path) -> None:
    shop = FakeShop(decides_orders=True)
    shop.before = always("POST", "checkout", problem(409, "sold-out"))

    report = replay_lines(tmp_path, purchase(), cancellation(), shop=shop)

    assert report.balanced
    assert report.refused == {"sold-out": 1, "nothing-to-return": 1}


def test_an_order_whose_payment_cannot_be_captured_is_not_dispatched(tmp_path: Path) -> None:
    shop = FakeShop(not_capturable=frozenset({"o-0"}))

    report = replay_lines(tmp_path, purchase(), shop=shop)

    assert report.balanced
    assert (report.not_dispatched, report.delivered) == ({"card-expired": 1}, 0)
    assert (report.money.captured, report.stock.sold) == (0, 6)


def test_a_return_that_the_shop_refuses_is_counted_by_reason(tmp_path: Path) -> None:
    shop = FakeShop(before=always("POST", "/returns", problem(409, "return-window-closed")))

    report = replay_lines(tmp_path, purchase(), cancellation(), shop=shop)

    assert report.balanced
    assert report.refused == {"return-window-closed": 1}


def test_an_undelivered_order_is_a_discrepancy(tmp_path: Path) -> None:
    shop = FakeShop(before=always("POST", "/shipments/webhooks/", problem(401, "bad-signature")))

    report = replay_lines(tmp_path, purchase(), shop=shop)

    assert not report.balanced
    assert report.discrepancies[0].startswith("Invoice 1 is not delivered: o-0 is dispatched")


def test_a_refund_that_is_too_high_and_missing_stock_are_discrepancies(tmp_path: Path) -> None:
    shop = FakeShop()

    def damage(request: httpx.Request) -> None:
        for return_ in shop._fulfilment.returns:
            if return_["status"] == "refunded" and return_["refund"]["amount"] == 510:
                return_["refund"] = {"amount": 511, "currency": "GBP"}
                shop.stock["LAMP1.255"] -= 1

    shop.before = damage
    report = replay_lines(tmp_path, purchase(), cancellation(), shop=shop)

    found = report.discrepancies
    assert not report.balanced
    assert "Invoice C9 is credited 511 for items worth 510 (minor units)." in found
    assert any(it.startswith("Order o-0: 2025 captured and 511 refunded") for it in found)
    assert any(it.startswith("LAMP1.255: 6 received") for it in found)


def test_a_second_replay_cancels_dispatches_and_refunds_nothing_more(tmp_path: Path) -> None:
    shop = FakeShop()
    day = a_day(
        tmp_path,
        purchase("1"),
        purchase("2", at="09:00"),
        cancellation("C7", quantity=-6),
        cancellation("C8"),
    )

    first, second = replay_day(day, shop), replay_day(day, shop)

    assert first.balanced
    assert second.balanced
    assert (second.value, second.money, second.stock) == (first.value, first.money, first.stock)
    assert (second.cancelled, second.returns) == (first.cancelled, first.returns) == (1, 1)


def test_a_parcel_waits_before_and_after_its_dispatch(tmp_path: Path) -> None:
    report = replay_day(a_day(tmp_path, purchase()), FakeShop(), pause_seconds=0.1)

    assert report.balanced
    assert report.seconds >= 0.2

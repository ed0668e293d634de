"""The audit follows items and money to the customer and back, and finds what is lost on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.audit.builders import (
    CANCELLED,
    CONFIRMED,
    DELIVERED,
    HOUR,
    FakeTables,
    a_shop_with_returns,
    a_sound_shop,
    timestamp,
)

SECOND_RETURN = ("Ordering", "RETURN#r-2", "RETURN")


def test_a_shop_with_returns_has_no_violations() -> None:
    report = a_shop_with_returns().audit()

    assert report.violations == report.pending == []
    assert report.checked["return"] == report.checked["booked return"] == 2
    assert report.totals["stock"] == {"received": 9, "available": 8, "reserved": 0, "sold": 1}
    money = report.totals["money"]["GBP"]
    assert (money["captured"], money["refunded"], money["dispatched"]) == (6990, 5495, 4495)
    assert money["kept"] == 1000 + 495


def _capture_too_little(shop: FakeTables) -> None:
    shop.row("Payment", f"PAYMENT#{DELIVERED}", "HEAD").update(captured=4494)
    shop.row("Payment", f"PAYMENT#{DELIVERED}", "ENTRY#capture")["amount"] = 4494


def _deliver_without_payment(shop: FakeTables) -> None:
    for sk in ("HEAD", "ENTRY#authorize", "ENTRY#capture", "ENTRY#refund#r-1", "ENTRY#refund#r-2"):
        shop.delete("Payment", f"PAYMENT#{DELIVERED}", sk)


def _capture_without_dispatch(shop: FakeTables) -> None:
    shop.row("Ordering", f"ORDER#{DELIVERED}", "HEAD")["status"] = "confirmed"
    for return_id in ("r-1", "r-2"):
        shop.delete("Ordering", f"RETURN#{return_id}", "RETURN")
        shop.delete("Inventory", f"HOLD#{DELIVERED}", f"RETURN#{return_id}")
        shop.delete("Payment", f"PAYMENT#{DELIVERED}", f"ENTRY#refund#{return_id}")
    shop.delete("Inventory", "STOCK#RUG", "MOVEMENT#return r-1")
    shop.row("Inventory", "STOCK#RUG", "STOCK").update(received=10, available=6)
    shop.row("Payment", f"PAYMENT#{DELIVERED}", "HEAD")["refunded"] = 0


def _deliver_without_committed_stock(shop: FakeTables) -> None:
    shop.row("Inventory", f"HOLD#{DELIVERED}", "HEAD")["status"] = "reserved"


def _cancel_and_keep_the_hold(shop: FakeTables) -> None:
    shop.row("Inventory", f"HOLD#{CANCELLED}", "HEAD").update(status="committed", progress=1)
    shop.row("Inventory", "STOCK#RUG", "STOCK")["available"] -= 2


def _cancel_and_keep_the_money(shop: FakeTables) -> None:
    shop.delete("Payment", f"PAYMENT#{CANCELLED}", "ENTRY#refund#cancellation")
    shop.row("Payment", f"PAYMENT#{CANCELLED}", "HEAD")["refunded"] = 0


def _omit_a_refund(shop: FakeTables) -> None:
    shop.delete("Payment", f"PAYMENT#{DELIVERED}", "ENTRY#refund#r-2")
    shop.row("Payment", f"PAYMENT#{DELIVERED}", "HEAD")["refunded"] -= 2000


def _refund_a_penny_less(shop: FakeTables) -> None:
    shop.row("Payment", f"PAYMENT#{DELIVERED}", "ENTRY#refund#r-2")["amount"] -= 1
    shop.row("Payment", f"PAYMENT#{DELIVERED}", "HEAD")["refunded"] -= 1


def _refund_without_reason(shop: FakeTables) -> None:
    shop.refund(DELIVERED, "goodwill", 10)


def _refund_a_cancellation_that_never_was(shop: FakeTables) -> None:
    shop.refund(DELIVERED, "cancellation", 10)


def _do_not_record_a_refund(shop: FakeTables) -> None:
    shop.row(*SECOND_RETURN)["return_status"] = "accepted"


def _return_more_than_was_bought(shop: FakeTables) -> None:
    shop.row(*SECOND_RETURN)["lines"][0]["quantity"] = 4
    shop.row("Inventory", f"HOLD#{DELIVERED}", "RETURN#r-2")["lines"][0]["quantity"] = 4
    shop.row("Ordering", f"ORDER#{DELIVERED}", "RETURNS").update(
        claimed_by_sku={"RUG": 5}, accepted_quantity=5
    )
    shop.row("Inventory", "STOCK#RUG", "STOCK")["available"] += 2


def _miscount_the_returns(shop: FakeTables) -> None:
    shop.row("Ordering", f"ORDER#{DELIVERED}", "RETURNS")["claimed_by_sku"]["RUG"] = 2


def _return_before_delivery(shop: FakeTables) -> None:
    shop.row("Ordering", f"ORDER#{DELIVERED}", "HEAD")["status"] = "dispatched"


def _lose_a_booked_return(shop: FakeTables) -> None:
    shop.delete("Inventory", f"HOLD#{DELIVERED}", "RETURN#r-2")
    shop.row("Inventory", "STOCK#RUG", "STOCK")["available"] -= 2


def _restock_instead_of_writing_off(shop: FakeTables) -> None:
    shop.row("Inventory", f"HOLD#{DELIVERED}", "RETURN#r-1")["lines"][0]["restock"] = True
    shop.row("Inventory", "STOCK#RUG", "STOCK").update(received=10, available=9)
    shop.delete("Inventory", "STOCK#RUG", "MOVEMENT#return r-1")


def _book_a_return_partially(shop: FakeTables) -> None:
    shop.row("Inventory", f"HOLD#{DELIVERED}", "RETURN#r-2")["progress"] = 0
    shop.row("Inventory", "STOCK#RUG", "STOCK")["available"] -= 2


def _book_before_acceptance(shop: FakeTables) -> None:
    shop.row(*SECOND_RETURN)["return_status"] = "requested"
    shop.row("Ordering", f"ORDER#{DELIVERED}", "RETURNS")["accepted_quantity"] = 1
    _omit_a_refund(shop)


def _write_off_without_movement(shop: FakeTables) -> None:
    shop.delete("Inventory", "STOCK#RUG", "MOVEMENT#return r-1")


def _do_not_restock(shop: FakeTables) -> None:
    shop.row("Inventory", "STOCK#RUG", "STOCK")["available"] -= 2


DAMAGES: dict[Callable[[FakeTables], None], list[str]] = {
    _capture_too_little: ["dispatched-without-capture"],
    _deliver_without_payment: [
        "confirmed-without-payment",
        "dispatched-without-capture",
        "refund-missing",
        "refund-missing",
    ],
    _capture_without_dispatch: ["captured-but-not-dispatched"],
    _deliver_without_committed_stock: ["confirmed-without-stock"],
    _cancel_and_keep_the_hold: ["cancelled-but-held"],
    _cancel_and_keep_the_money: ["cancelled-but-money-held"],
    _omit_a_refund: ["refund-missing"],
    _refund_a_penny_less: ["refund-missing"],
    _refund_without_reason: ["unexplained-refund"],
    _refund_a_cancellation_that_never_was: ["unexplained-refund"],
    _do_not_record_a_refund: ["refund-not-recorded"],
    _return_more_than_was_bought: ["more-returned-than-bought"],
    _miscount_the_returns: ["returns-mismatch"],
    _return_before_delivery: ["return-of-undelivered-order"] * 2,
    _lose_a_booked_return: ["return-not-booked"],
    _restock_instead_of_writing_off: ["return-not-booked"],
    _book_a_return_partially: ["return-not-booked"],
    _book_before_acceptance: ["booked-without-return"],
    _write_off_without_movement: ["stock-movements-mismatch"],
    _do_not_restock: ["stock-out-of-balance"],
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
def test_each_damage_is_found_by_its_check(damage: Callable[[FakeTables], None]) -> None:
    shop = a_shop_with_returns()

    damage(shop)

    assert shop.violated_checks() == DAMAGES[damage]


def test_a_recently_accepted_return_is_pending_until_it_is_booked_and_refunded() -> None:
    shop = a_shop_with_returns()
    _lose_a_booked_return(shop)
    _omit_a_refund(shop)
    shop.row(*SECOND_RETURN).update(return_status="accepted", decided_at=timestamp(1))
    shop.is_busy = True

    report = shop.audit()

    assert report.violations == []
    assert {each.check for each in report.pending} == {"return-not-booked", "refund-missing"}


def test_a_recent_capture_is_pending_until_the_order_is_dispatched() -> None:
    shop = a_sound_shop()
    head = shop.row("Payment", f"PAYMENT#{CONFIRMED}", "HEAD")
    head.update(status="captured", captured=1005, at=timestamp(1))
    shop.add_ledger_entry(CONFIRMED, "capture", "capture", 1005, age=1)
    shop.is_busy = True

    report = shop.audit()

    assert report.violations == []
    assert [each.check for each in report.pending] == ["captured-but-not-dispatched"]


def test_a_requested_return_is_no_violation() -> None:
    shop = a_shop_with_returns()
    requested = {"return_id": "r-3", "order_id": DELIVERED, "return_status": "requested"}
    lines = [{"sku": "RUG", "quantity": 1}]
    key = {"pk": "RETURN#r-3", "sk": "RETURN"}
    row = {**key, **requested, "lines": lines, "requested_at": timestamp(HOUR)}
    shop.tables["Ordering"].append(row)
    shop.row("Ordering", f"ORDER#{DELIVERED}", "RETURNS")["claimed_by_sku"]["RUG"] = 4

    assert shop.audit().is_clean

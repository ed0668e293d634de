"""The audit follows goods and money to the customer and back, and finds what is lost between."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.audit.builders import (
    CANCELLED,
    CONFIRMED,
    DELIVERED,
    HOUR,
    Rows,
    a_shop_of_returns,
    a_sound_shop,
    stamp,
)

RETURN = ("Ordering", "RETURN#r-2", "RETURN")


def test_a_shop_with_returns_keeps_every_promise() -> None:
    report = a_shop_of_returns().audit()

    assert report.violations == report.pending == []
    assert report.checked["return"] == report.checked["return booked"] == 2
    assert report.totals["stock"] == {"received": 9, "available": 8, "reserved": 0, "sold": 1}
    money = report.totals["money"]["GBP"]
    assert (money["captured"], money["refunded"], money["sent"]) == (6990, 5495, 4495)
    assert money["kept"] == 1000 + 495


def _send_without_money(shop: Rows) -> None:
    shop.row("Payment", f"PAYMENT#{DELIVERED}", "HEAD").update(captured=4494)
    shop.row("Payment", f"PAYMENT#{DELIVERED}", "ENTRY#capture")["amount"] = 4494


def _never_take_the_money(shop: Rows) -> None:
    for sk in ("HEAD", "ENTRY#authorize", "ENTRY#capture", "ENTRY#refund#r-1", "ENTRY#refund#r-2"):
        shop.drop("Payment", f"PAYMENT#{DELIVERED}", sk)


def _take_money_and_never_send(shop: Rows) -> None:
    shop.row("Ordering", f"ORDER#{DELIVERED}", "HEAD")["status"] = "confirmed"
    for name in ("r-1", "r-2"):
        shop.drop("Ordering", f"RETURN#{name}", "RETURN")
        shop.drop("Inventory", f"HOLD#{DELIVERED}", f"RETURN#{name}")
        shop.drop("Payment", f"PAYMENT#{DELIVERED}", f"ENTRY#refund#{name}")
    shop.drop("Inventory", "STOCK#RUG", "MOVE#return r-1")
    shop.row("Inventory", "STOCK#RUG", "STOCK").update(received=10, available=6)
    shop.row("Payment", f"PAYMENT#{DELIVERED}", "HEAD")["refunded"] = 0


def _send_without_goods(shop: Rows) -> None:
    shop.row("Inventory", f"HOLD#{DELIVERED}", "HEAD")["status"] = "reserved"


def _cancel_and_keep_the_goods(shop: Rows) -> None:
    shop.row("Inventory", f"HOLD#{CANCELLED}", "HEAD").update(status="committed", progress=1)
    shop.row("Inventory", "STOCK#RUG", "STOCK")["available"] -= 2


def _cancel_and_keep_the_money(shop: Rows) -> None:
    shop.drop("Payment", f"PAYMENT#{CANCELLED}", "ENTRY#refund#cancellation")
    shop.row("Payment", f"PAYMENT#{CANCELLED}", "HEAD")["refunded"] = 0


def _forget_a_refund(shop: Rows) -> None:
    shop.drop("Payment", f"PAYMENT#{DELIVERED}", "ENTRY#refund#r-2")
    shop.row("Payment", f"PAYMENT#{DELIVERED}", "HEAD")["refunded"] -= 2000


def _refund_a_penny_less(shop: Rows) -> None:
    shop.row("Payment", f"PAYMENT#{DELIVERED}", "ENTRY#refund#r-2")["amount"] -= 1
    shop.row("Payment", f"PAYMENT#{DELIVERED}", "HEAD")["refunded"] -= 1


def _refund_for_nothing(shop: Rows) -> None:
    shop.refund(DELIVERED, "goodwill", 10)


def _refund_as_cancelled_what_is_not(shop: Rows) -> None:
    shop.refund(DELIVERED, "cancellation", 10)


def _do_not_tell_of_a_refund(shop: Rows) -> None:
    shop.row(*RETURN)["state"] = "accepted"


def _take_back_more_than_was_bought(shop: Rows) -> None:
    shop.row(*RETURN)["items"][0]["quantity"] = 4
    shop.row("Inventory", f"HOLD#{DELIVERED}", "RETURN#r-2")["lines"][0]["quantity"] = 4
    shop.row("Ordering", f"ORDER#{DELIVERED}", "RETURNS").update(taken={"RUG": 5}, back=5)
    shop.row("Inventory", "STOCK#RUG", "STOCK")["available"] += 2


def _miscount_the_returns(shop: Rows) -> None:
    shop.row("Ordering", f"ORDER#{DELIVERED}", "RETURNS")["taken"]["RUG"] = 2


def _take_back_what_was_not_delivered(shop: Rows) -> None:
    shop.row("Ordering", f"ORDER#{DELIVERED}", "HEAD")["status"] = "dispatched"


def _lose_what_came_back(shop: Rows) -> None:
    shop.drop("Inventory", f"HOLD#{DELIVERED}", "RETURN#r-2")
    shop.row("Inventory", "STOCK#RUG", "STOCK")["available"] -= 2


def _restock_what_was_to_be_written_off(shop: Rows) -> None:
    shop.row("Inventory", f"HOLD#{DELIVERED}", "RETURN#r-1")["lines"][0]["restock"] = True
    shop.row("Inventory", "STOCK#RUG", "STOCK").update(received=10, available=9)
    shop.drop("Inventory", "STOCK#RUG", "MOVE#return r-1")


def _book_half_of_a_return(shop: Rows) -> None:
    shop.row("Inventory", f"HOLD#{DELIVERED}", "RETURN#r-2")["progress"] = 0
    shop.row("Inventory", "STOCK#RUG", "STOCK")["available"] -= 2


def _book_what_nobody_accepted(shop: Rows) -> None:
    shop.row(*RETURN)["state"] = "requested"
    shop.row("Ordering", f"ORDER#{DELIVERED}", "RETURNS")["back"] = 1
    _forget_a_refund(shop)


def _write_off_without_a_word(shop: Rows) -> None:
    shop.drop("Inventory", "STOCK#RUG", "MOVE#return r-1")


def _forget_that_it_came_back(shop: Rows) -> None:
    shop.row("Inventory", "STOCK#RUG", "STOCK")["available"] -= 2


DAMAGES: dict[Callable[[Rows], None], list[str]] = {
    _send_without_money: ["sent-without-its-money"],
    _never_take_the_money: [
        "confirmed-without-money",
        "refund-not-given",
        "refund-not-given",
        "sent-without-its-money",
    ],
    _take_money_and_never_send: ["money-taken-but-not-sent"],
    _send_without_goods: ["confirmed-without-stock"],
    _cancel_and_keep_the_goods: ["cancelled-but-held"],
    _cancel_and_keep_the_money: ["cancelled-but-money-held"],
    _forget_a_refund: ["refund-not-given"],
    _refund_a_penny_less: ["refund-not-given"],
    _refund_for_nothing: ["refund-nobody-is-owed"],
    _refund_as_cancelled_what_is_not: ["refund-nobody-is-owed"],
    _do_not_tell_of_a_refund: ["refund-not-noted"],
    _take_back_more_than_was_bought: ["more-returned-than-bought"],
    _miscount_the_returns: ["returns-do-not-add-up"],
    _take_back_what_was_not_delivered: ["return-of-an-order-not-delivered"] * 2,
    _lose_what_came_back: ["return-not-booked"],
    _restock_what_was_to_be_written_off: ["return-not-booked"],
    _book_half_of_a_return: ["return-not-booked"],
    _book_what_nobody_accepted: ["booked-but-not-returned"],
    _write_off_without_a_word: ["stock-without-its-movements"],
    _forget_that_it_came_back: ["stock-out-of-balance"],
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
def test_damage_is_found_and_called_by_its_name(damage: Callable[[Rows], None]) -> None:
    shop = a_shop_of_returns()

    damage(shop)

    assert shop.kinds() == DAMAGES[damage]


def test_a_return_accepted_a_moment_ago_explains_what_is_not_booked_and_refunded_yet() -> None:
    shop = a_shop_of_returns()
    _lose_what_came_back(shop)
    _forget_a_refund(shop)
    shop.row(*RETURN).update(state="accepted", decided_at=stamp(1))
    shop.busy = True

    report = shop.audit()

    assert report.violations == []
    assert {each.kind for each in report.pending} == {"return-not-booked", "refund-not-given"}


def test_a_capture_of_a_moment_ago_explains_an_order_not_sent_yet() -> None:
    shop = a_sound_shop()
    head = shop.row("Payment", f"PAYMENT#{CONFIRMED}", "HEAD")
    head.update(status="captured", captured=1005, at=stamp(1))
    shop.enter(CONFIRMED, "capture", "capture", 1005, ago=1)
    shop.busy = True

    report = shop.audit()

    assert report.violations == []
    assert [each.kind for each in report.pending] == ["money-taken-but-not-sent"]


def test_a_return_that_only_was_asked_for_is_no_difference() -> None:
    shop = a_shop_of_returns()
    asked = {"return_id": "r-3", "order_id": DELIVERED, "state": "requested"}
    items = [{"sku": "RUG", "quantity": 1}]
    dated = {"requested_at": stamp(HOUR)}
    row = {"pk": "RETURN#r-3", "sk": "RETURN", **asked, "items": items, **dated}
    shop.tables["Ordering"].append(row)
    shop.row("Ordering", f"ORDER#{DELIVERED}", "RETURNS")["taken"]["RUG"] = 4

    assert shop.audit().clean

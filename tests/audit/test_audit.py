"""The audit finds each way a promise can be broken, and nothing in a sound shop."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from cli.audit import audit
from cli.audit.shop import Row
from tests.audit.builders import CONFIRMED, REJECTED, Rows, a_sound_shop, order_id


def test_a_sound_shop_keeps_every_promise() -> None:
    report = a_sound_shop().audit()

    assert report.clean
    assert not report.pending
    assert report.checked["order"] == report.checked["checkout"] == 2
    assert report.totals["stock"] == {"received": 10, "available": 8, "reserved": 0, "sold": 2}
    assert report.totals["money"]["GBP"]["authorized"] == 2010
    assert report.totals["money"]["GBP"]["confirmed"] == 1005


def _lose_an_order(shop: Rows) -> None:
    for sk in ("HEAD", "LINES"):
        shop.drop("Ordering", f"ORDER#{REJECTED}", sk)


def _double_an_order(shop: Rows) -> None:
    shop.place(order_id(9), "rejected", [("LAMP", 1, 255)])


def _share_an_order(shop: Rows) -> None:
    shop.check_out(REJECTED, 1005)
    shop.tables["Basket"][-1]["sk"] = "CHECKOUT#another"


def _change_a_total(shop: Rows) -> None:
    shop.row("Basket", "OWNER#ada", f"CHECKOUT#{REJECTED}")["total"] = 1


def _lose_lines(shop: Rows) -> None:
    shop.drop("Ordering", f"ORDER#{REJECTED}", "LINES")


def _forget_an_order(shop: Rows) -> None:
    old = order_id(5, ago=2 * 3600)
    shop.check_out(old, 255 + 495)
    shop.place(old, "placed", [("LAMP", 1, 255)])


def _miscount_stock(shop: Rows) -> None:
    shop.row("Inventory", "STOCK#LAMP", "STOCK")["available"] += 1


def _oversell(shop: Rows) -> None:
    shop.row("Inventory", "STOCK#LAMP", "STOCK").update(available=-2, received=0)
    shop.row("Inventory", "STOCK#LAMP", "MOVE#k")["by"] = 0


def _lose_a_receipt(shop: Rows) -> None:
    shop.drop("Inventory", "STOCK#LAMP", "MOVE#k")


def _lose_a_hold(shop: Rows) -> None:
    for sk in ("HEAD", "LINES"):
        shop.drop("Inventory", f"HOLD#{CONFIRMED}", sk)
    shop.row("Inventory", "STOCK#LAMP", "STOCK")["available"] += 2


def _hold_something_else(shop: Rows) -> None:
    shop.row("Inventory", f"HOLD#{CONFIRMED}", "LINES")["lines"][0]["quantity"] = 1
    shop.row("Inventory", "STOCK#LAMP", "STOCK")["available"] += 1


def _hold_for_nobody(shop: Rows) -> None:
    shop.hold(order_id(6), "reserved", 1, ("LAMP", 1))


def _hold_for_a_rejected_order(shop: Rows) -> None:
    shop.row("Inventory", f"HOLD#{REJECTED}", "HEAD").update(status="reserved", progress=1)
    shop.row("Inventory", "STOCK#LAMP", "STOCK")["available"] -= 2


def _hold_what_never_came(shop: Rows) -> None:
    for sk in ("STOCK", "MOVE#k"):
        shop.drop("Inventory", "STOCK#LAMP", sk)


def _lose_a_payment(shop: Rows) -> None:
    for sk in ("HEAD", "ENTRY#authorize"):
        shop.drop("Payment", f"PAYMENT#{CONFIRMED}", sk)


def _authorize_too_little(shop: Rows) -> None:
    shop.row("Payment", f"PAYMENT#{CONFIRMED}", "HEAD")["authorized"] = 1004
    shop.row("Payment", f"PAYMENT#{CONFIRMED}", "ENTRY#authorize")["amount"] = 1004


def _forget_to_void(shop: Rows) -> None:
    shop.row("Payment", f"PAYMENT#{REJECTED}", "HEAD").update(status="authorized", voided=0)
    shop.drop("Payment", f"PAYMENT#{REJECTED}", "ENTRY#void")


def _lose_a_capture(shop: Rows) -> None:
    shop.row("Payment", f"PAYMENT#{CONFIRMED}", "HEAD").update(status="captured", captured=1005)


def _take_money_for_nobody(shop: Rows) -> None:
    shop.pay(order_id(7), "authorized", 100, authorized=100)


def _refund_too_much(shop: Rows) -> None:
    head = shop.row("Payment", f"PAYMENT#{CONFIRMED}", "HEAD")
    head.update(status="captured", captured=1005, refunded=1006)
    shop.enter(CONFIRMED, "capture", "capture", 1005)
    shop.enter(CONFIRMED, "refund#1", "refund", 1006)


def _say_what_is_not(shop: Rows) -> None:
    shop.say("Ordering", "OrderPlaced", order_id(8))


def _say_it_too_late(shop: Rows) -> None:
    shop.say("Ordering", "OrderPlaced", CONFIRMED, ago=3600)


DAMAGES: dict[Callable[[Rows], None], list[str]] = {
    _lose_an_order: ["checkout-without-order"],
    _double_an_order: ["order-without-checkout"],
    _share_an_order: ["checkouts-share-an-order"],
    _change_a_total: ["order-differs-from-checkout"],
    _lose_lines: ["order-does-not-add-up"],
    _forget_an_order: ["order-left-open"],
    _miscount_stock: ["stock-out-of-balance"],
    _oversell: ["stock-below-nothing"],
    _lose_a_receipt: ["stock-without-its-movements"],
    _lose_a_hold: ["confirmed-without-stock"],
    _hold_something_else: ["hold-differs-from-order"],
    _hold_for_nobody: ["hold-without-order"],
    _hold_for_a_rejected_order: ["rejected-but-held"],
    _hold_what_never_came: ["held-but-never-received"],
    _lose_a_payment: ["confirmed-without-money"],
    _authorize_too_little: ["confirmed-without-money"],
    _forget_to_void: ["rejected-but-money-held"],
    _lose_a_capture: ["ledger-does-not-add-up", "money-taken-but-not-sent"],
    _take_money_for_nobody: ["payment-without-order"],
    _refund_too_much: [
        "money-taken-but-not-sent",
        "more-taken-than-set-aside",
        "refund-nobody-is-owed",
    ],
    _say_what_is_not: ["fact-without-its-state"],
    _say_it_too_late: ["fact-not-published"],
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
def test_damage_is_found_and_called_by_its_name(damage: Callable[[Rows], None]) -> None:
    shop = a_sound_shop()

    damage(shop)

    assert shop.kinds() == DAMAGES[damage]


def test_a_violation_says_what_to_look_at() -> None:
    shop = a_sound_shop()
    _lose_an_order(shop)

    (found,) = shop.audit().violations

    assert found.guarantee == "G1"
    assert found.says == f"Checkout {REJECTED} was answered, but there is no such order."
    assert found.ids == {"order_id": REJECTED, "owner": "ada"}


@pytest.mark.parametrize(("busy", "where"), [(True, "pending"), (False, "violations")])
def test_a_checkout_of_a_moment_ago_is_pending_while_messages_are_on_their_way(
    busy: bool, where: str
) -> None:
    shop = a_sound_shop()
    shop.check_out(order_id(3, ago=1), 100)
    shop.busy = busy

    report = shop.audit()

    assert len(report.pending) + len(report.violations) == 1
    assert len(getattr(report, where)) == 1


def test_an_order_being_decided_explains_what_is_held_for_it() -> None:
    shop = a_sound_shop()
    young = order_id(4, ago=2)
    shop.check_out(young, 255 + 495)
    shop.place(young, "placed", [("LAMP", 1, 255)])
    shop.hold(young, "reserved", 1, ("LAMP", 1))
    shop.row("Inventory", "STOCK#LAMP", "STOCK")["available"] += 1  # read before, the hold after

    report = shop.audit()

    assert report.clean
    assert {each.kind for each in report.pending} == {"order-left-open", "stock-out-of-balance"}


def test_what_many_findings_of_one_kind_hide_is_counted() -> None:
    shop = a_sound_shop()
    for number in range(1200):
        shop.check_out(order_id(100 + number), 1)

    report = shop.audit()

    assert len(report.violations) == 1000
    assert report.found["violation checkout-without-order"] == 1200


class _Crowd:
    """A shop of very many checkouts, made up as they are read."""

    def rows(self, room: str) -> Iterator[Row]:
        for number in range(60_000 if room == "Basket" else 0):
            receipt = {"order_id": order_id(number), "total": 1, "currency": "GBP"}
            yield {"pk": "OWNER#ada", "sk": f"CHECKOUT#{number}", **receipt}

    def waits(self) -> bool:
        return False


def test_memory_stays_small_however_many_rows_there_are() -> None:
    tracemalloc.start()

    report = audit(_Crowd())

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.checked["checkout"] == 60_000
    assert peak < 5_000_000

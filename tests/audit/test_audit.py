"""The audit finds every violation of a guarantee, and none in a sound shop."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from cli.audit import audit
from cli.audit.shop import Row
from tests.audit.builders import CONFIRMED, REJECTED, FakeTables, a_sound_shop, order_id


def test_a_sound_shop_has_no_violations() -> None:
    report = a_sound_shop().audit()

    assert report.is_clean
    assert not report.pending
    assert report.checked["order"] == report.checked["checkout"] == 2
    assert report.totals["stock"] == {"received": 10, "available": 8, "reserved": 0, "sold": 2}
    assert report.totals["money"]["GBP"]["authorized"] == 2010
    assert report.totals["money"]["GBP"]["confirmed"] == 1005


def _lose_an_order(shop: FakeTables) -> None:
    for sk in ("HEAD", "LINES"):
        shop.delete("Ordering", f"ORDER#{REJECTED}", sk)


def _duplicate_an_order(shop: FakeTables) -> None:
    shop.place(order_id(9), "rejected", [("LAMP", 1, 255)])


def _share_an_order(shop: FakeTables) -> None:
    shop.check_out(REJECTED, 1005)
    shop.tables["Basket"][-1]["sk"] = "CHECKOUT#another"


def _change_a_total(shop: FakeTables) -> None:
    shop.row("Basket", "OWNER#ada", f"CHECKOUT#{REJECTED}")["total"] = 1


def _lose_order_lines(shop: FakeTables) -> None:
    shop.delete("Ordering", f"ORDER#{REJECTED}", "LINES")


def _leave_an_order_undecided(shop: FakeTables) -> None:
    old = order_id(5, age=2 * 3600)
    shop.check_out(old, 255 + 495)
    shop.place(old, "placed", [("LAMP", 1, 255)])


def _miscount_stock(shop: FakeTables) -> None:
    shop.row("Inventory", "STOCK#LAMP", "STOCK")["available"] += 1


def _oversell(shop: FakeTables) -> None:
    shop.row("Inventory", "STOCK#LAMP", "STOCK").update(available=-2, received=0)
    shop.row("Inventory", "STOCK#LAMP", "MOVEMENT#k")["quantity"] = 0


def _lose_a_receipt(shop: FakeTables) -> None:
    shop.delete("Inventory", "STOCK#LAMP", "MOVEMENT#k")


def _lose_a_hold(shop: FakeTables) -> None:
    for sk in ("HEAD", "LINES"):
        shop.delete("Inventory", f"HOLD#{CONFIRMED}", sk)
    shop.row("Inventory", "STOCK#LAMP", "STOCK")["available"] += 2


def _hold_another_quantity(shop: FakeTables) -> None:
    shop.row("Inventory", f"HOLD#{CONFIRMED}", "LINES")["lines"][0]["quantity"] = 1
    shop.row("Inventory", "STOCK#LAMP", "STOCK")["available"] += 1


def _hold_without_order(shop: FakeTables) -> None:
    shop.hold(order_id(6), "reserved", 1, ("LAMP", 1))


def _hold_for_a_rejected_order(shop: FakeTables) -> None:
    shop.row("Inventory", f"HOLD#{REJECTED}", "HEAD").update(status="reserved", progress=1)
    shop.row("Inventory", "STOCK#LAMP", "STOCK")["available"] -= 2


def _hold_without_stock(shop: FakeTables) -> None:
    for sk in ("STOCK", "MOVEMENT#k"):
        shop.delete("Inventory", "STOCK#LAMP", sk)


def _lose_a_payment(shop: FakeTables) -> None:
    for sk in ("HEAD", "ENTRY#authorize"):
        shop.delete("Payment", f"PAYMENT#{CONFIRMED}", sk)


def _authorize_too_little(shop: FakeTables) -> None:
    shop.row("Payment", f"PAYMENT#{CONFIRMED}", "HEAD")["authorized"] = 1004
    shop.row("Payment", f"PAYMENT#{CONFIRMED}", "ENTRY#authorize")["amount"] = 1004


def _omit_a_void(shop: FakeTables) -> None:
    shop.row("Payment", f"PAYMENT#{REJECTED}", "HEAD").update(status="authorized", voided=0)
    shop.delete("Payment", f"PAYMENT#{REJECTED}", "ENTRY#void")


def _lose_a_capture(shop: FakeTables) -> None:
    shop.row("Payment", f"PAYMENT#{CONFIRMED}", "HEAD").update(status="captured", captured=1005)


def _authorize_without_order(shop: FakeTables) -> None:
    shop.pay(order_id(7), "authorized", 100, authorized=100)


def _refund_too_much(shop: FakeTables) -> None:
    head = shop.row("Payment", f"PAYMENT#{CONFIRMED}", "HEAD")
    head.update(status="captured", captured=1005, refunded=1006)
    shop.add_ledger_entry(CONFIRMED, "capture", "capture", 1005)
    shop.add_ledger_entry(CONFIRMED, "refund#1", "refund", 1006)


def _publish_without_state(shop: FakeTables) -> None:
    shop.add_event("Ordering", "OrderPlaced", order_id(8))


def _leave_an_event_unpublished(shop: FakeTables) -> None:
    shop.add_event("Ordering", "OrderPlaced", CONFIRMED, age=3600)


DAMAGES: dict[Callable[[FakeTables], None], list[str]] = {
    _lose_an_order: ["checkout-without-order"],
    _duplicate_an_order: ["order-without-checkout"],
    _share_an_order: ["checkouts-share-an-order"],
    _change_a_total: ["order-differs-from-checkout"],
    _lose_order_lines: ["order-total-mismatch"],
    _leave_an_order_undecided: ["order-undecided"],
    _miscount_stock: ["stock-out-of-balance"],
    _oversell: ["stock-negative"],
    _lose_a_receipt: ["stock-movements-mismatch"],
    _lose_a_hold: ["confirmed-without-stock"],
    _hold_another_quantity: ["hold-differs-from-order"],
    _hold_without_order: ["hold-without-order"],
    _hold_for_a_rejected_order: ["rejected-but-held"],
    _hold_without_stock: ["held-but-never-received"],
    _lose_a_payment: ["confirmed-without-payment"],
    _authorize_too_little: ["confirmed-without-payment"],
    _omit_a_void: ["rejected-but-money-held"],
    _lose_a_capture: ["captured-but-not-dispatched", "ledger-mismatch"],
    _authorize_without_order: ["payment-without-order"],
    _refund_too_much: [
        "captured-but-not-dispatched",
        "more-captured-than-authorized",
        "unexplained-refund",
    ],
    _publish_without_state: ["event-without-state"],
    _leave_an_event_unpublished: ["event-not-published"],
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
def test_each_damage_is_found_by_its_check(damage: Callable[[FakeTables], None]) -> None:
    shop = a_sound_shop()

    damage(shop)

    assert shop.violated_checks() == DAMAGES[damage]


def test_a_violation_names_the_ids_to_look_at() -> None:
    shop = a_sound_shop()
    _lose_an_order(shop)

    (violation,) = shop.audit().violations

    assert violation.guarantee == "G1"
    assert violation.message == f"Checkout {REJECTED} was accepted, but its order does not exist."
    assert violation.ids == {"order_id": REJECTED, "owner": "ada"}


@pytest.mark.parametrize(("is_busy", "severity"), [(True, "pending"), (False, "violations")])
def test_a_recent_checkout_is_pending_while_messages_wait(is_busy: bool, severity: str) -> None:
    shop = a_sound_shop()
    shop.check_out(order_id(3, age=1), 100)
    shop.is_busy = is_busy

    report = shop.audit()

    assert len(report.pending) + len(report.violations) == 1
    assert len(getattr(report, severity)) == 1


def test_an_undecided_order_explains_a_difference_of_its_stock() -> None:
    shop = a_sound_shop()
    recent = order_id(4, age=2)
    shop.check_out(recent, 255 + 495)
    shop.place(recent, "placed", [("LAMP", 1, 255)])
    shop.hold(recent, "reserved", 1, ("LAMP", 1))
    # as if the stock was read before the hold was written
    shop.row("Inventory", "STOCK#LAMP", "STOCK")["available"] += 1

    report = shop.audit()

    assert report.is_clean
    assert {each.check for each in report.pending} == {"order-undecided", "stock-out-of-balance"}


def test_findings_that_are_not_listed_are_counted() -> None:
    shop = a_sound_shop()
    for number in range(1200):
        shop.check_out(order_id(100 + number), 1)

    report = shop.audit()

    assert len(report.violations) == 1000
    assert report.counts["violation checkout-without-order"] == 1200


class _ManyCheckouts:
    """A shop of 60,000 checkouts, generated while they are read."""

    def rows(self, service: str) -> Iterator[Row]:
        for number in range(60_000 if service == "Basket" else 0):
            record = {"order_id": order_id(number), "total": 1, "currency": "GBP"}
            yield {"pk": "OWNER#ada", "sk": f"CHECKOUT#{number}", **record}

    def has_pending_messages(self) -> bool:
        return False


def test_memory_use_does_not_grow_with_the_number_of_rows() -> None:
    tracemalloc.start()

    report = audit(_ManyCheckouts())

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.checked["checkout"] == 60_000
    assert peak < 5_000_000

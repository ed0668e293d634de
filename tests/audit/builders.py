"""A small shop as table rows, consistent until a test damages it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from cli.audit import AuditReport, audit
from cli.audit.shop import Row

HOUR = 3_600  # seconds


def order_id(number: int, *, age: int = HOUR) -> str:
    """A UUIDv7 created `age` seconds ago."""
    milliseconds = int((time.time() - age) * 1000)
    return str(UUID(int=milliseconds << 80 | 0x7000 << 64 | 0x8000 << 48 | number))


def timestamp(age: int) -> str:
    """The timestamp of `age` seconds ago."""
    return datetime.fromtimestamp(time.time() - age, UTC).isoformat(timespec="milliseconds")


@dataclass
class FakeTables:
    """The tables of a shop by service. `is_busy` means that messages wait in its queues."""

    tables: dict[str, list[Row]] = field(
        default_factory=lambda: {
            service: [] for service in ("Catalog", "Basket", "Ordering", "Inventory", "Payment")
        }
    )
    is_busy: bool = False

    def rows(self, service: str) -> Iterator[Row]:
        return iter(self.tables[service])

    def has_pending_messages(self) -> bool:
        return self.is_busy

    def row(self, service: str, pk: str, sk: str) -> Row:
        return next(row for row in self.tables[service] if (row["pk"], row["sk"]) == (pk, sk))

    def delete(self, service: str, pk: str, sk: str) -> None:
        self.tables[service].remove(self.row(service, pk, sk))

    def add_event(self, service: str, event: str, subject: str, *, age: int = 1) -> None:
        detail = json.dumps({"data": {"order_id": subject}})
        row = {"pk": "OUTBOX#1", "sk": f"f-{subject}", "type": event, "detail": detail}
        self.tables[service].append({**row, "source": service, "at": timestamp(age)})

    def receive(self, sku: str, quantity: int) -> None:
        stock = {"sku": sku, "received": quantity, "available": quantity, "availability_version": 1}
        movement = {"sku": sku, "key": "k", "type": "receipt", "quantity": quantity}
        self.tables["Inventory"] += [
            {"pk": f"STOCK#{sku}", "sk": "STOCK", **stock},
            {"pk": f"STOCK#{sku}", "sk": "MOVEMENT#k", "at": timestamp(HOUR), **movement},
        ]

    def check_out(self, order: str, total: int) -> None:
        record = {"order_id": order, "total": total, "currency": "GBP", "fingerprint": "f"}
        self.tables["Basket"].append({"pk": "OWNER#ada", "sk": f"CHECKOUT#{order}", **record})

    def place(self, order: str, status: str, lines: list[tuple[str, int, int]]) -> None:
        """Place an order of (SKU, quantity, unit price) lines; shipping costs 495."""
        subtotal = sum(quantity * price for _, quantity, price in lines)
        head = {
            "order_id": order,
            "owner": "ada",
            "status": status,
            "history": [{"status": status, "at": timestamp(HOUR)}],
            "shipping": 495,
            "total": subtotal + 495,
            "currency": "GBP",
        }
        order_lines = [
            {"sku": sku, "name": sku, "quantity": quantity, "unit_price": price}
            for sku, quantity, price in lines
        ]
        self.tables["Ordering"] += [
            {"pk": f"ORDER#{order}", "sk": "HEAD", **head},
            {"pk": f"ORDER#{order}", "sk": "LINES", "lines": order_lines},
        ]

    def hold(self, order: str, status: str, progress: int, *lines: tuple[str, int]) -> None:
        head = {"order_id": order, "status": status, "progress": progress}
        hold_lines = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
        self.tables["Inventory"] += [
            {"pk": f"HOLD#{order}", "sk": "HEAD", **head},
            {"pk": f"HOLD#{order}", "sk": "LINES", "lines": hold_lines},
        ]
        for sku, quantity in lines[:progress]:
            self.row("Inventory", f"STOCK#{sku}", "STOCK")["available"] -= quantity

    def pay(self, order: str, status: str, amount: int, **sums: int) -> None:
        entry_types = {"authorize": "authorized", "capture": "captured", "void": "voided"}
        all_sums = {"authorized": 0, "captured": 0, "voided": 0, "refunded": 0} | sums
        head = {"order_id": order, "status": status, "amount": amount, "currency": "GBP"}
        key = {"pk": f"PAYMENT#{order}", "sk": "HEAD", "at": timestamp(HOUR)}
        self.tables["Payment"].append({**key, **head, **all_sums})
        for entry_type, name in entry_types.items():
            if all_sums[name]:
                self.add_ledger_entry(order, entry_type, entry_type, all_sums[name])

    def add_ledger_entry(
        self, order: str, key: str, entry_type: str, amount: int, *, age: int = HOUR
    ) -> None:
        entry = {"type": entry_type, "amount": amount, "currency": "GBP", "at": timestamp(age)}
        row = {"pk": f"PAYMENT#{order}", "sk": f"ENTRY#{key}", **entry}
        self.tables["Payment"].append(row)

    def refund(self, order: str, refund_id: str, amount: int) -> None:
        self.add_ledger_entry(order, f"refund#{refund_id}", "refund", amount)
        self.row("Payment", f"PAYMENT#{order}", "HEAD")["refunded"] += amount

    def add_return(
        self, order: str, return_id: str, refund: int, *lines: tuple[str, int, bool]
    ) -> None:
        """A refunded return of (SKU, quantity, restock) lines, in all three services."""
        return_lines = [
            {"sku": sku, "quantity": quantity, "restock": restock}
            for sku, quantity, restock in lines
        ]
        claimed = {sku: quantity for sku, quantity, _ in lines}
        order_returns = {
            "order_id": order,
            "claimed_by_sku": claimed,
            "accepted_quantity": sum(claimed.values()),
        }
        ids = {"return_id": return_id, "order_id": order}
        decision = {
            "requested_at": timestamp(HOUR),
            "decided_at": timestamp(HOUR),
            "return_status": "refunded",
            "refund": {"amount": refund, "currency": "GBP"},
        }
        key = {"pk": f"RETURN#{return_id}", "sk": "RETURN"}
        self.tables["Ordering"] += [
            {"pk": f"ORDER#{order}", "sk": "RETURNS", **order_returns},
            {**key, "lines": return_lines, **ids, **decision},
        ]
        booked = {"lines": [dict(line) for line in return_lines], "progress": len(lines), **ids}
        key = {"pk": f"HOLD#{order}", "sk": f"RETURN#{return_id}"}
        self.tables["Inventory"].append({**key, **booked})
        for sku, quantity, restock in lines:
            stock = self.row("Inventory", f"STOCK#{sku}", "STOCK")
            if restock:
                stock["available"] += quantity
                continue
            stock["received"] -= quantity
            movement = {"sku": sku, "type": "write-off", "quantity": -quantity}
            key = {"pk": f"STOCK#{sku}", "sk": f"MOVEMENT#return {return_id}"}
            self.tables["Inventory"].append({**key, **movement, "at": timestamp(HOUR)})
        self.refund(order, return_id, refund)

    def audit(self) -> AuditReport:
        return audit(self)

    def violated_checks(self) -> list[str]:
        """The names of the checks that find violations, sorted; one for each violation."""
        return sorted(violation.check for violation in self.audit().violations)


CONFIRMED, REJECTED, DELIVERED, CANCELLED = (order_id(number) for number in (1, 2, 10, 11))


def a_sound_shop() -> FakeTables:
    """Ten lamps: two are sold in a confirmed order; a second order was declined and undone."""
    shop = FakeTables()
    shop.receive("LAMP", 10)
    for order, status in ((CONFIRMED, "confirmed"), (REJECTED, "rejected")):
        shop.check_out(order, 2 * 255 + 495)
        shop.place(order, status, [("LAMP", 2, 255)])
    shop.hold(CONFIRMED, "committed", 1, ("LAMP", 2))
    shop.hold(REJECTED, "released", 0, ("LAMP", 2))
    shop.pay(CONFIRMED, "authorized", 1005, authorized=1005)
    shop.pay(REJECTED, "voided", 1005, authorized=1005, voided=1005)
    return shop


def a_shop_with_returns() -> FakeTables:
    """Ten rugs. Of four delivered ones, three were returned, one of them not to be sold again.
    Two more were in an order that was cancelled after its payment was captured."""
    shop = FakeTables()
    shop.receive("RUG", 10)
    for order, status, quantity in ((DELIVERED, "delivered", 4), (CANCELLED, "cancelled", 2)):
        shop.check_out(order, quantity * 1000 + 495)
        shop.place(order, status, [("RUG", quantity, 1000)])
        total = quantity * 1000 + 495
        shop.pay(order, "captured", total, authorized=total, captured=total)
    shop.hold(DELIVERED, "committed", 1, ("RUG", 4))
    shop.hold(CANCELLED, "released", 0, ("RUG", 2))
    shop.refund(CANCELLED, "cancellation", 2495)
    shop.add_return(DELIVERED, "r-1", 1000, ("RUG", 1, False))
    shop.add_return(DELIVERED, "r-2", 2000, ("RUG", 2, True))
    first = shop.row("Ordering", f"ORDER#{DELIVERED}", "RETURNS")
    shop.delete("Ordering", f"ORDER#{DELIVERED}", "RETURNS")
    shop.row("Ordering", f"ORDER#{DELIVERED}", "RETURNS").update(
        claimed_by_sku={"RUG": 3}, accepted_quantity=3
    )
    assert first["accepted_quantity"] == 1
    return shop

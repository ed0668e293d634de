"""A small shop as rows, sound until a test damages it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from cli.audit import Report, audit
from cli.audit.shop import Row

HOUR = 3_600


def order_id(number: int, *, ago: int = HOUR) -> str:
    """A UUIDv7 made so many seconds ago."""
    milliseconds = int((time.time() - ago) * 1000)
    return str(UUID(int=milliseconds << 80 | 0x7000 << 64 | 0x8000 << 48 | number))


def stamp(ago: int) -> str:
    return datetime.fromtimestamp(time.time() - ago, UTC).isoformat(timespec="milliseconds")


@dataclass
class Rows:
    """The tables of a shop by room; `busy` is a shop whose queues are not empty."""

    tables: dict[str, list[Row]] = field(
        default_factory=lambda: {
            room: [] for room in ("Catalog", "Basket", "Ordering", "Inventory", "Payment")
        }
    )
    busy: bool = False

    def rows(self, room: str) -> Iterator[Row]:
        return iter(self.tables[room])

    def waits(self) -> bool:
        return self.busy

    def row(self, room: str, pk: str, sk: str) -> Row:
        return next(row for row in self.tables[room] if (row["pk"], row["sk"]) == (pk, sk))

    def drop(self, room: str, pk: str, sk: str) -> None:
        self.tables[room].remove(self.row(room, pk, sk))

    def say(self, room: str, fact: str, about: str, *, ago: int = 1) -> None:
        detail = json.dumps({"data": {"order_id": about}})
        row = {"pk": "OUTBOX#1", "sk": f"f-{about}", "type": fact, "detail": detail}
        self.tables[room].append({**row, "source": room, "at": stamp(ago)})

    def receive(self, sku: str, quantity: int) -> None:
        stock = {"sku": sku, "received": quantity, "available": quantity, "turn": 1}
        move = {"sku": sku, "key": "k", "kind": "receipt", "by": quantity, "at": stamp(HOUR)}
        self.tables["Inventory"] += [
            {"pk": f"STOCK#{sku}", "sk": "STOCK", **stock},
            {"pk": f"STOCK#{sku}", "sk": "MOVE#k", **move},
        ]

    def check_out(self, order: str, total: int) -> None:
        receipt = {"order_id": order, "total": total, "currency": "GBP", "fingerprint": "f"}
        self.tables["Basket"].append({"pk": "OWNER#ada", "sk": f"CHECKOUT#{order}", **receipt})

    def place(self, order: str, status: str, lines: list[tuple[str, int, int]]) -> None:
        """Of (SKU, quantity, unit price) lines; shipping is 495."""
        goods = sum(quantity * price for _, quantity, price in lines)
        head = {
            "order_id": order,
            "owner": "ada",
            "status": status,
            "history": [{"status": status, "at": stamp(HOUR)}],
            "shipping": 495,
            "total": goods + 495,
            "currency": "GBP",
        }
        kept = [
            {"sku": sku, "name": sku, "quantity": quantity, "unit_price": price}
            for sku, quantity, price in lines
        ]
        self.tables["Ordering"] += [
            {"pk": f"ORDER#{order}", "sk": "HEAD", **head},
            {"pk": f"ORDER#{order}", "sk": "LINES", "lines": kept},
        ]

    def hold(self, order: str, status: str, progress: int, *lines: tuple[str, int]) -> None:
        head = {"order_id": order, "status": status, "progress": progress}
        wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
        self.tables["Inventory"] += [
            {"pk": f"HOLD#{order}", "sk": "HEAD", **head},
            {"pk": f"HOLD#{order}", "sk": "LINES", "lines": wanted},
        ]
        for sku, quantity in lines[:progress]:
            self.row("Inventory", f"STOCK#{sku}", "STOCK")["available"] -= quantity

    def pay(self, order: str, status: str, amount: int, **sums: int) -> None:
        kinds = {"authorize": "authorized", "capture": "captured", "void": "voided"}
        all_sums = {"authorized": 0, "captured": 0, "voided": 0, "refunded": 0} | sums
        head = {"order_id": order, "status": status, "amount": amount, "currency": "GBP"}
        dated = {"pk": f"PAYMENT#{order}", "sk": "HEAD", "at": stamp(HOUR)}
        self.tables["Payment"].append({**dated, **head, **all_sums})
        for kind, name in kinds.items():
            if all_sums[name]:
                self.enter(order, kind, kind, all_sums[name])

    def enter(self, order: str, key: str, kind: str, amount: int, *, ago: int = HOUR) -> None:
        entry = {"kind": kind, "amount": amount, "currency": "GBP", "at": stamp(ago)}
        row = {"pk": f"PAYMENT#{order}", "sk": f"ENTRY#{key}", **entry}
        self.tables["Payment"].append(row)

    def refund(self, order: str, name: str, amount: int) -> None:
        self.enter(order, f"refund#{name}", "refund", amount)
        self.row("Payment", f"PAYMENT#{order}", "HEAD")["refunded"] += amount

    def send_back(self, order: str, name: str, refund: int, *lines: tuple[str, int, bool]) -> None:
        """A refunded return of (SKU, quantity, restock) lines, as all three rooms keep it."""
        pieces = [
            {"sku": sku, "quantity": quantity, "restock": restock}
            for sku, quantity, restock in lines
        ]
        taken = {sku: quantity for sku, quantity, _ in lines}
        book = {"order_id": order, "taken": taken, "back": sum(taken.values())}
        known = {"return_id": name, "order_id": order}
        money = {"refund": {"amount": refund, "currency": "GBP"}}
        dated = {"requested_at": stamp(HOUR), "decided_at": stamp(HOUR), "state": "refunded"}
        self.tables["Ordering"] += [
            {"pk": f"ORDER#{order}", "sk": "RETURNS", **book},
            {"pk": f"RETURN#{name}", "sk": "RETURN", "items": pieces, **known, **money, **dated},
        ]
        booked = {"lines": [dict(piece) for piece in pieces], "progress": len(lines), **known}
        self.tables["Inventory"].append({"pk": f"HOLD#{order}", "sk": f"RETURN#{name}", **booked})
        for sku, quantity, restock in lines:
            stock = self.row("Inventory", f"STOCK#{sku}", "STOCK")
            if restock:
                stock["available"] += quantity
                continue
            stock["received"] -= quantity
            move = {"sku": sku, "kind": "write-off", "by": -quantity, "at": stamp(HOUR)}
            row = {"pk": f"STOCK#{sku}", "sk": f"MOVE#return {name}", **move}
            self.tables["Inventory"].append(row)
        self.refund(order, name, refund)

    def audit(self) -> Report:
        return audit(self)

    def kinds(self) -> list[str]:
        """What the audit calls the violations it finds."""
        return sorted(each.kind for each in self.audit().violations)


CONFIRMED, REJECTED, DELIVERED, CANCELLED = (order_id(number) for number in (1, 2, 10, 11))


def a_sound_shop() -> Rows:
    """Ten lamps: two sold in a confirmed order; the other order was declined and undone."""
    shop = Rows()
    shop.receive("LAMP", 10)
    for order, status in ((CONFIRMED, "confirmed"), (REJECTED, "rejected")):
        shop.check_out(order, 2 * 255 + 495)
        shop.place(order, status, [("LAMP", 2, 255)])
    shop.hold(CONFIRMED, "committed", 1, ("LAMP", 2))
    shop.hold(REJECTED, "released", 0, ("LAMP", 2))
    shop.pay(CONFIRMED, "authorized", 1005, authorized=1005)
    shop.pay(REJECTED, "voided", 1005, authorized=1005, voided=1005)
    return shop


def a_shop_of_returns() -> Rows:
    """Ten rugs: of four that were delivered three came back, one of them not to be sold again;
    two were of an order that was cancelled when its money was taken already."""
    shop = Rows()
    shop.receive("RUG", 10)
    for order, status, pieces in ((DELIVERED, "delivered", 4), (CANCELLED, "cancelled", 2)):
        shop.check_out(order, pieces * 1000 + 495)
        shop.place(order, status, [("RUG", pieces, 1000)])
        total = pieces * 1000 + 495
        shop.pay(order, "captured", total, authorized=total, captured=total)
    shop.hold(DELIVERED, "committed", 1, ("RUG", 4))
    shop.hold(CANCELLED, "released", 0, ("RUG", 2))
    shop.refund(CANCELLED, "cancellation", 2495)
    shop.send_back(DELIVERED, "r-1", 1000, ("RUG", 1, False))
    shop.send_back(DELIVERED, "r-2", 2000, ("RUG", 2, True))
    book = shop.row("Ordering", f"ORDER#{DELIVERED}", "RETURNS")
    shop.drop("Ordering", f"ORDER#{DELIVERED}", "RETURNS")
    shop.row("Ordering", f"ORDER#{DELIVERED}", "RETURNS").update(taken={"RUG": 3}, back=3)
    assert book["back"] == 1
    return shop

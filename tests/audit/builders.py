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
        self.tables["Payment"].append({"pk": f"PAYMENT#{order}", "sk": "HEAD", **head, **all_sums})
        for kind, name in kinds.items():
            if all_sums[name]:
                entry = {"kind": kind, "amount": all_sums[name], "currency": "GBP"}
                row = {"pk": f"PAYMENT#{order}", "sk": f"ENTRY#{kind}", **entry}
                self.tables["Payment"].append(row)

    def audit(self) -> Report:
        return audit(self)

    def kinds(self) -> list[str]:
        """What the audit calls the violations it finds."""
        return sorted(each.kind for each in self.audit().violations)


CONFIRMED, REJECTED = order_id(1), order_id(2)


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

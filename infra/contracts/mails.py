"""The mails of the shop for people: each as a customer, or staff, would read it."""

from __future__ import annotations

from souk.kernel.money import Money
from souk.notification import letters
from souk.notification.domain import Kind
from souk.notification.formats import moment, price

ORDER = "01a20fcc-410e-7f02-bce0-3f1dfb3d4a98"
SAMPLE = {
    "name": "Ada Lovelace",
    "address": "12 St James's Square, London, SW1Y 4JH, GB",
    "order_id": ORDER,
    "at": moment("2026-11-24T22:45:09.123Z"),
    "products": "3",
    "pieces": "2",
    "total": price(Money(6495, "GBP")),
    "amount": price(Money(2598, "GBP")),
    "why": letters.reason("payment-declined"),
    "carrier": "Caravan",
    "tracking_number": "CRV-4711",
    "return_id": "01a20fd0-52aa-7c11-8f00-5d1b7c9e2a10",
    "kind": Kind.CONFIRMED.value,
    "reason": "invalid-address",
    "sku": "LAMP-MOS-02",
}
OTHERWISE = {"staff-rejected": {"reason": "payment-declined"}}
CUSTOMERS = {
    Kind.RECEIVED: "`OrderPlaced`",
    Kind.CONFIRMED: "`OrderConfirmed`",
    Kind.REJECTED: "`OrderRejected`",
    Kind.DISPATCHED: "`ShipmentDispatched`",
    Kind.CANCELLED: "`OrderCancelled`",
    Kind.RETURNED: "`ReturnAccepted`, once per return",
    Kind.REFUNDED: "`PaymentRefunded`, once per refund",
}
STAFF = {
    "staff-rejected": "`OrderRejected` for its payment, or by our own fault",
    "staff-depleted": "`StockDepleted`, each time",
    "staff-undeliverable": "a mail SES will never take",
}


def markdown() -> str:
    customers = "\n".join(_section(kind.value, told) for kind, told in CUSTOMERS.items())
    staff = "\n".join(_section(name, told) for name, told in STAFF.items())
    return f"""# Mails

Written by `./souk mails --texts > docs/mails.md`. The words are in
`src/souk/notification/templates`, a file a mail; its HTML is made of the same text, with
`layout.html` around it. `./souk mails` shows what a shop at home wrote, `./souk mails ORDER` the
text of an order's mails.

## To customers

{customers}
An order is rejected for one of these reasons:

{_reasons()}

## To staff

By the topic `StaffTopic`, where the alarms speak as well: see [deploying.md](deploying.md).

{staff}"""


def _section(template: str, told: str) -> str:
    letter = letters.write(template, SAMPLE | OTHERWISE.get(template, {}))
    return f"### {template}: {told}\n\n**{letter.subject}**\n\n```\n{letter.text}```\n"


def _reasons() -> str:
    return "\n".join(f"- `{slug}`: {sentence}" for slug, sentence in letters.reasons().items())

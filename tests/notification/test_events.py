"""Which email or staff message each event leads to, in any order and with duplicates."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.inventory.events import StockDepleted
from souk.kernel.events import Event
from souk.notification.domain import OrderNotKnownYet, SendInProgress
from tests.notification.builders import (
    CANCELLED,
    CONFIRMED,
    DISPATCHED,
    ORDER,
    PLACED,
    RETURNED,
    refunded,
    rejected,
)
from tests.notification.conftest import Service
from tests.notification.fakes import Killed

ALL_EVENTS: list[Event] = [
    PLACED,
    CONFIRMED,
    DISPATCHED,
    CANCELLED,
    RETURNED,
    refunded("return-1"),
    refunded("return-2"),
    rejected("payment-declined"),
    StockDepleted(sku="LAMP-1", availability_version=1),
    StockDepleted(sku="LAMP-1", availability_version=3),
]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (PLACED, ["received your order", "Products: 3", "Total:    £1,234.50"]),
        (CONFIRMED, ["is confirmed", "Total:     £1,234.50", "12 St James's Square, London"]),
        (
            rejected("out-of-stock"),
            ["cannot fulfil", "Some items are out of stock. You were not charged."],
        ),
        (DISPATCHED, ["is on its way", "Caravan", "CRV-42", "24 November 2026, 22:45 UTC"]),
        (CANCELLED, ["is cancelled", "24 November 2026, 22:45 UTC"]),
        (RETURNED, ["accepted your return", "return-1", "Items:    3", "£50.00"]),
    ],
)
def test_an_email_contains_the_values_of_its_event(
    service: Service, event: Event, expected: list[str]
) -> None:
    service.handle(event)

    ((_, content),) = service.email_sender.sent
    whole = " ".join(f"{content.subject}\n{content.text}".split())
    for each in (*expected, ORDER):
        assert " ".join(each.split()) in whole


def test_each_refund_is_emailed_once(service: Service) -> None:
    service.handle(CONFIRMED)

    service.handle(refunded("return-1", 5000))
    service.handle(refunded("return-2", 1250))
    service.handle(refunded("return-1", 5000))

    texts = [content.text for _, content in service.email_sender.sent[1:]]
    assert ["£50.00" in texts[0], "£12.50" in texts[1], len(texts)] == [True, True, 2]


@pytest.mark.parametrize(
    ("reason", "is_notified"),
    [
        ("payment-declined", True),
        ("payment-unresolved", True),
        ("internal-error", True),
        ("out-of-stock", False),
        ("reservation-expired", False),
    ],
)
def test_staff_are_notified_of_orders_rejected_for_a_payment_or_an_internal_error(
    service: Service, reason: str, is_notified: bool
) -> None:
    service.handle(rejected(reason))

    assert [subject for subject, _ in service.staff_channel.sent] == (
        [f"Order {ORDER} rejected: {reason}"] if is_notified else []
    )
    assert len(service.email_sender.sent) == 1


def test_staff_are_notified_each_time_a_product_is_sold_out(service: Service) -> None:
    for version in (1, 3, 1):
        service.handle(StockDepleted(sku="LAMP-1", availability_version=version))

    assert [subject for subject, _ in service.staff_channel.sent] == ["Out of stock: LAMP-1"] * 2


def handle_until_done(service: Service, events: list[Event], kills: list[str]) -> None:
    """Like a queue: an event whose handler fails is redelivered some time later.

    Each attempt takes one step from `kills`, before which its function is killed.
    """
    queue = list(events)
    while queue:
        event = queue.pop(0)
        service.emails.killed_at = {kills.pop()} if kills else set()
        try:
            service.handle(event)
        except (SendInProgress, OrderNotKnownYet, Killed):
            queue.append(event)
            service.emails.pass_time(15)


@given(data=st.data())
def test_duplicate_late_and_reordered_events_send_one_email_each(data: st.DataObject) -> None:
    duplicates = data.draw(st.lists(st.sampled_from(ALL_EVENTS), max_size=8))
    events = data.draw(st.permutations([*ALL_EVENTS, *duplicates]))
    kills = data.draw(st.lists(st.sampled_from(["claim", "send"]), max_size=5))
    service = Service()

    handle_until_done(service, events, kills)

    assert Counter(service.email_sender.subjects) == {
        f"We have received your order {ORDER}": 1,
        f"Your order {ORDER} is confirmed": 1,
        f"Your order {ORDER} is on its way": 1,
        f"Your order {ORDER} is cancelled": 1,
        f"We have accepted your return of order {ORDER}": 1,
        f"Your refund for order {ORDER}": 2,
        f"We cannot fulfil your order {ORDER}": 1,
    }
    assert len(service.staff_channel.sent) == 3
    assert {row.status for row in service.emails.rows.values()} == {"sent"}


@given(data=st.data())
def test_each_crash_between_sending_and_recording_sends_at_most_one_more(
    data: st.DataObject,
) -> None:
    events = data.draw(st.permutations(ALL_EVENTS))
    kills = data.draw(st.lists(st.sampled_from(["claim", "send", "record sent"]), max_size=6))
    killed_after_sending = kills.count("record sent")
    service = Service()

    handle_until_done(service, events, kills)

    sent = len(service.email_sender.sent) + len(service.staff_channel.sent)
    assert 11 <= sent <= 11 + killed_after_sending
    assert {row.status for row in service.emails.rows.values()} == {"sent"}

"""The service with fakes for its store, its senders and its recipients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from souk.notification import handlers
from tests.kernel.tables import temporary_table
from tests.notification.fakes import (
    FakeEmails,
    FakeEmailSender,
    FakeRecipients,
    FakeStaffChannel,
    StoredEmails,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souk.kernel.events import Event


class Service:
    """The service's event handlers with fakes. `handle` raises what the use case raises."""

    def __init__(self) -> None:
        self.emails = FakeEmails()
        self.email_sender = FakeEmailSender()
        self.staff_channel = FakeStaffChannel()

    def handle(self, event: Event) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(handlers, "emails", lambda: self.emails)
            patch.setattr(handlers, "email_sender", lambda: self.email_sender)
            patch.setattr(handlers, "staff_channel", lambda: self.staff_channel)
            patch.setattr(handlers, "recipients", FakeRecipients)
            handlers.SUBSCRIPTIONS[type(event)](event)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Iterator[StoredEmails]:
    shop = request.getfixturevalue("lambda_env")
    with temporary_table(shop.outputs["NotificationTable"]) as table:
        yield StoredEmails(table)


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def emails(request: pytest.FixtureRequest) -> FakeEmails | StoredEmails:
    if request.param == "in memory":
        return FakeEmails()
    stored: StoredEmails = request.getfixturevalue("stored")
    return stored

"""Recipients: fetched once per batch, and forgotten after it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from souk.basket.commands import Contact, ContactList, GetContacts, PostalAddress
from souk.notification import handlers
from souk.notification.domain import Recipient, RecipientNotFound
from souk.notification.recipients import Recipients

if TYPE_CHECKING:
    from collections.abc import Sequence

ADA = Recipient("Ada", "ada@example.org", "12 St James's Square, London, GB")
BOB = Recipient("Bob", "bob@example.org", "1 High Street, Leeds, GB")
RECIPIENTS = {"ada": ADA, "bob": BOB}


class FakeBasket:
    """Knows the contacts of Ada and Bob. `calls` are the contact ids of each call."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.is_down = False

    def __call__(self, contact_ids: Sequence[str]) -> dict[str, Recipient]:
        self.calls.append(list(contact_ids))
        if self.is_down:
            raise ConnectionError
        return {each: RECIPIENTS[each] for each in contact_ids if each in RECIPIENTS}


@pytest.fixture
def basket() -> FakeBasket:
    return FakeBasket()


def a_batch(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"body": body} for body in bodies]}


def a_message(contact_id: str | None) -> str:
    data = {"order_id": "order-1"} | ({"contact_id": contact_id} if contact_id else {})
    return json.dumps({"detail-type": "OrderPlaced", "detail": {"id": "1", "data": data}})


def test_all_recipients_of_a_batch_are_fetched_with_the_first(basket: FakeBasket) -> None:
    recipients = Recipients(basket)

    recipients.start_batch(
        a_batch(a_message("bob"), a_message("ada"), a_message(None), a_message("bob"))
    )
    found = [recipients.find("bob"), recipients.find("ada"), recipients.find("bob")]

    assert found == [BOB, ADA, BOB]
    assert basket.calls == [["ada", "bob"]]


def test_a_batch_that_needs_no_recipient_fetches_none(basket: FakeBasket) -> None:
    Recipients(basket).start_batch(a_batch(a_message("ada")))

    assert basket.calls == []


def test_a_recipient_outside_the_batch_is_fetched_separately(basket: FakeBasket) -> None:
    recipients = Recipients(basket)
    recipients.start_batch(a_batch(a_message("ada")))

    recipients.find("ada")
    recipients.find("bob")

    assert basket.calls == [["ada"], ["bob"]]


def test_recipients_are_forgotten_after_the_batch(basket: FakeBasket) -> None:
    recipients = Recipients(basket)
    recipients.start_batch(a_batch(a_message("ada")))
    recipients.find("ada")

    recipients.end_batch()
    recipients.find("ada")

    assert basket.calls == [["ada"], ["ada"]]


def test_an_unknown_contact_does_not_affect_the_other_recipients(basket: FakeBasket) -> None:
    recipients = Recipients(basket)
    recipients.start_batch(a_batch(a_message("nobody"), a_message("ada")))

    with pytest.raises(RecipientNotFound):
        recipients.find("nobody")

    assert recipients.find("ada") == ADA
    assert basket.calls == [["ada", "nobody"]]


def test_a_failed_fetch_is_repeated(basket: FakeBasket) -> None:
    recipients = Recipients(basket)
    recipients.start_batch(a_batch(a_message("ada"), a_message("bob")))
    basket.is_down = True
    with pytest.raises(ConnectionError):
        recipients.find("ada")

    basket.is_down = False
    recipients.find("bob")

    assert basket.calls == [["ada", "bob"]] * 2


@pytest.mark.parametrize("body", ["", "{", "[]", '{"detail": {}}', '{"detail": {"data": 1}}'])
def test_an_unreadable_message_has_no_recipient(basket: FakeBasket, body: str) -> None:
    recipients = Recipients(basket)

    recipients.start_batch(a_batch(body, a_message("ada")))
    recipients.find("ada")

    assert basket.calls == [["ada"]]


def test_recipients_are_fetched_from_basket(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = handlers.NotificationSettings(
        table_name="emails", basket_commands="basket-commands", email_sender="", staff_topic=""
    )
    address = PostalAddress(line1="12 St James's Square", city="London", country="GB")
    contact = Contact(contact_id="c-1", name="Ada", email="ada@example.org", address=address)

    def invoke(function: str, command: GetContacts, result_type: type[ContactList]) -> ContactList:
        assert (function, command.contact_ids) == ("basket-commands", ["c-1", "c-2"])
        return result_type(contacts=[contact])

    monkeypatch.setattr(handlers, "settings", lambda: settings)
    monkeypatch.setattr(handlers, "invoke", invoke)

    assert handlers.fetch_recipients(["c-1", "c-2"]) == {"c-1": ADA}

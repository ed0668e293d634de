"""Who mails go to: asked for by the batch, and forgotten with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from souk.basket.commands import ContactCard, ContactCards, GetContacts, PostalAddress
from souk.notification import handlers
from souk.notification.domain import Recipient, RecipientUnknown
from souk.notification.recipients import Recipients

if TYPE_CHECKING:
    from collections.abc import Sequence

ADA = Recipient("Ada", "ada@example.org", "12 St James's Square, London, GB")
BOB = Recipient("Bob", "bob@example.org", "1 High Street, Leeds, GB")
KNOWN = {"ada": ADA, "bob": BOB}


class Asked:
    """Knows Ada and Bob."""

    def __init__(self) -> None:
        self.times: list[list[str]] = []
        self.fails = False

    def __call__(self, contact_ids: Sequence[str]) -> dict[str, Recipient]:
        self.times.append(list(contact_ids))
        if self.fails:
            raise ConnectionError
        return {each: KNOWN[each] for each in contact_ids if each in KNOWN}


@pytest.fixture
def asked() -> Asked:
    return Asked()


def a_batch(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"body": body} for body in bodies]}


def about(contact_id: str | None) -> str:
    data = {"order_id": "order-1"} | ({"contact_id": contact_id} if contact_id else {})
    return json.dumps({"detail-type": "OrderPlaced", "detail": {"id": "1", "data": data}})


def test_all_of_a_batch_are_asked_for_with_the_first(asked: Asked) -> None:
    who = Recipients(asked)

    who.begin(a_batch(about("bob"), about("ada"), about(None), about("bob")))
    told = [who("bob"), who("ada"), who("bob")]

    assert told == [BOB, ADA, BOB]
    assert asked.times == [["ada", "bob"]]


def test_a_batch_that_needs_nobody_asks_for_nobody(asked: Asked) -> None:
    Recipients(asked).begin(a_batch(about("ada")))

    assert asked.times == []


def test_somebody_the_batch_did_not_name_is_asked_for_alone(asked: Asked) -> None:
    who = Recipients(asked)
    who.begin(a_batch(about("ada")))

    who("ada")
    who("bob")

    assert asked.times == [["ada"], ["bob"]]


def test_nobody_is_known_after_the_batch(asked: Asked) -> None:
    who = Recipients(asked)
    who.begin(a_batch(about("ada")))
    who("ada")

    who.forget()
    who("ada")

    assert asked.times == [["ada"], ["ada"]]


def test_an_unknown_contact_hinders_nobody_else(asked: Asked) -> None:
    who = Recipients(asked)
    who.begin(a_batch(about("nobody"), about("ada")))

    with pytest.raises(RecipientUnknown):
        who("nobody")

    assert who("ada") == ADA
    assert asked.times == [["ada", "nobody"]]


def test_what_was_not_answered_is_asked_again(asked: Asked) -> None:
    who = Recipients(asked)
    who.begin(a_batch(about("ada"), about("bob")))
    asked.fails = True
    with pytest.raises(ConnectionError):
        who("ada")

    asked.fails = False
    who("bob")

    assert asked.times == [["ada", "bob"]] * 2


@pytest.mark.parametrize("body", ["", "{", "[]", '{"detail": {}}', '{"detail": {"data": 1}}'])
def test_a_message_nobody_can_read_names_nobody(asked: Asked, body: str) -> None:
    who = Recipients(asked)

    who.begin(a_batch(body, about("ada")))
    who("ada")

    assert asked.times == [["ada"]]


def test_basket_tells_who_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = handlers.NotificationSettings(
        table_name="mails", basket_commands="basket-commands", mail_sender="", staff_topic=""
    )
    place = PostalAddress(line1="12 St James's Square", city="London", country="GB")
    card = ContactCard(contact_id="c-1", name="Ada", email="ada@example.org", address=place)

    def ask(function: str, wish: GetContacts, answer: type[ContactCards]) -> ContactCards:
        assert (function, wish.contact_ids) == ("basket-commands", ["c-1", "c-2"])
        return answer(cards=[card])

    monkeypatch.setattr(handlers, "settings", lambda: settings)
    monkeypatch.setattr(handlers, "ask", ask)

    assert handlers.of_contacts(["c-1", "c-2"]) == {"c-1": ADA}

"""A contact is told to the rooms that ask for it by id, and to nobody else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from local.shop import Running
from souk.basket import handlers
from souk.basket.commands import ContactCards, GetContacts
from souk.basket.usecases import check_out
from souk.edges.asking import ask
from souk.edges.commands import commands
from souk.kernel import dynamo
from souk.kernel.ids import new_id
from tests import deployed
from tests.basket.builders import ADA, a_wish
from tests.basket.fakes import FakeBaskets, with_lamps
from tests.journeys.visitor import CONTACT, Guest, Staff
from tests.kernel.builders import CONTEXT
from tests.kernel.logs import logged

LONDON = {"line1": "12 St James's Square", "city": "London", "country": "GB"}
WHO = {"name": "Ada Lovelace", "email": "ada@example.org", "address": LONDON}


@pytest.fixture
def baskets(monkeypatch: pytest.MonkeyPatch) -> FakeBaskets:
    """Ada checked out."""
    kept = with_lamps()
    check_out(ADA, "key-1", a_wish(2598, contact=WHO), baskets=kept)
    monkeypatch.setattr(handlers, "baskets", lambda: kept)
    return kept


def asked(*contact_ids: str) -> Any:
    payload = {"command": "GetContacts", "correlation_id": "journey-1"}
    return commands(handlers.DOES)({**payload, "data": {"contact_ids": contact_ids}}, CONTEXT)


def test_who_receives_an_order_is_told_by_contact_id(baskets: FakeBaskets) -> None:
    (contact_id,) = baskets.kept

    answer = asked(contact_id, "never-left")

    address = {**LONDON, "line2": None, "postcode": None}
    assert answer == {"cards": [{"contact_id": contact_id, **WHO, "address": address}]}


def test_no_contact_is_written_to_the_log(baskets: FakeBaskets) -> None:
    (contact_id,) = baskets.kept

    with logged() as lines:
        asked(contact_id)

    assert lines
    for word in ("Ada", "ada@", "London"):
        assert word not in str(lines)


@pytest.mark.cloud
def test_the_deployed_room_is_asked_by_another_room(in_function: Running) -> None:
    guest, sku = Guest(in_function), Staff(in_function).list_product()
    guest.put(sku)
    order_id = guest.buys()
    guest.sees(order_id)
    order = dynamo.get(in_function.outputs["OrderingTable"], f"ORDER#{order_id}", "HEAD")
    assert order is not None
    function = deployed.function(in_function, "BasketCommands")

    wish = GetContacts(contact_ids=[order["contact_id"], order["contact_id"], new_id()])
    told = ask(function, wish, ContactCards)

    cards = [{"contact_id": order["contact_id"], **CONTACT}]
    assert told == msgspec.convert({"cards": cards}, ContactCards)
    assert told.cards[0].email not in deployed.log(in_function, "BasketCommands")

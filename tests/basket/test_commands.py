"""GetContacts returns contacts to other services by id, and logs nothing of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from local.shop import RunningShop
from souk.basket import handlers
from souk.basket.commands import ContactList, GetContacts
from souk.basket.usecases import check_out
from souk.kernel import dynamo
from souk.kernel.ids import new_id
from souk.runtime.commands import command_handler
from souk.runtime.invoke import invoke
from tests import deployed
from tests.basket.builders import ADA, a_checkout
from tests.basket.fakes import FakeBaskets, baskets_with_lamps
from tests.journeys.visitor import CONTACT, Guest, Staff
from tests.kernel.builders import CONTEXT
from tests.kernel.logs import capture_log

LONDON = {"line1": "12 St James's Square", "city": "London", "country": "GB"}
ADAS_CONTACT = {"name": "Ada Lovelace", "email": "ada@example.org", "address": LONDON}


@pytest.fixture
def baskets(monkeypatch: pytest.MonkeyPatch) -> FakeBaskets:
    """Ada has checked out."""
    fake = baskets_with_lamps()
    check_out(ADA, "key-1", a_checkout(2598, contact=ADAS_CONTACT), baskets=fake)
    monkeypatch.setattr(handlers, "baskets", lambda: fake)
    return fake


def get_contacts(*contact_ids: str) -> Any:
    payload = {"command": "GetContacts", "correlation_id": "correlation-1"}
    return command_handler(handlers.COMMANDS)(
        {**payload, "data": {"contact_ids": contact_ids}}, CONTEXT
    )


def test_contacts_are_returned_by_id_and_unknown_ids_are_omitted(baskets: FakeBaskets) -> None:
    (contact_id,) = baskets.contacts

    result = get_contacts(contact_id, "unknown")

    address = {**LONDON, "line2": None, "postcode": None}
    assert result == {"contacts": [{"contact_id": contact_id, **ADAS_CONTACT, "address": address}]}


def test_no_contact_is_written_to_the_log(baskets: FakeBaskets) -> None:
    (contact_id,) = baskets.contacts

    with capture_log() as lines:
        get_contacts(contact_id)

    assert lines
    for text in ("Ada", "ada@", "London"):
        assert text not in str(lines)


@pytest.mark.cloud
def test_the_deployed_command_returns_the_contact_of_an_order(lambda_env: RunningShop) -> None:
    guest, sku = Guest(lambda_env), Staff(lambda_env).list_product()
    guest.put(sku)
    order_id = guest.place_order()
    guest.wait_for_order(order_id)
    order = dynamo.get(lambda_env.outputs["OrderingTable"], f"ORDER#{order_id}", "HEAD")
    assert order is not None
    function = deployed.function_name(lambda_env, "BasketCommands")

    command = GetContacts(contact_ids=[order["contact_id"], order["contact_id"], new_id()])
    result = invoke(function, command, ContactList)

    contacts = [{"contact_id": order["contact_id"], **CONTACT}]
    assert result == msgspec.convert({"contacts": contacts}, ContactList)
    assert result.contacts[0].email not in deployed.read_log(lambda_env, "BasketCommands")

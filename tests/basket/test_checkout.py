"""Checking out: what was agreed is said exactly once, whatever comes in between."""

from __future__ import annotations

import json

import msgspec
import pytest

from souk.basket.domain import BasketEmpty, Contact, KeyReused, Line, TotalChanged
from souk.basket.events import BasketCheckedOut, CheckedOutLine
from souk.basket.usecases import check_out, put_line, remove_line, see_basket
from souk.kernel.errors import Invalid
from tests.basket.builders import ADA, BOB, SHIPPING, a_wish, an_offer, pounds
from tests.basket.fakes import FakeBaskets, held, with_lamps


def test_checking_out_says_what_was_agreed() -> None:
    baskets = with_lamps(2)

    receipt = check_out(ADA, "key-1", a_wish(2598), baskets=baskets)

    (fact,) = baskets.said
    assert isinstance(fact, BasketCheckedOut)
    assert receipt.total == fact.total == pounds(2598 + SHIPPING)
    assert fact == BasketCheckedOut(
        order_id=receipt.order_id,
        owner=ADA,
        contact_id=fact.contact_id,
        lines=[
            CheckedOutLine(
                sku="LAMP-1", name="Name of LAMP-1", quantity=2, unit_price=pounds(1299)
            ),
        ],
        shipping_option="standard",
        shipping=pounds(SHIPPING),
        total=receipt.total,
        payment_token="tok_visa",
        checked_out_at=fact.checked_out_at,
    )
    assert see_basket(ADA, baskets=baskets) == (None, [])


def test_a_checkouts_contact_is_kept_and_only_its_id_travels() -> None:
    baskets, wish = with_lamps(2), a_wish(2598)

    check_out(ADA, "key-1", wish, baskets=baskets)

    (fact,) = baskets.said
    assert isinstance(fact, BasketCheckedOut)
    assert baskets.contacts([fact.contact_id]) == [Contact(fact.contact_id, wish.contact)]
    said = json.dumps(msgspec.to_builtins(fact))
    assert not [word for word in ("Lovelace", "example.org", "London") if word in said]


def test_a_second_click_is_the_same_checkout_whatever_the_basket_has_become() -> None:
    baskets = with_lamps(2)
    first = check_out(ADA, "key-1", a_wish(2598), baskets=baskets)
    put_line(ADA, "RUG-1", 1, baskets=baskets)

    second = check_out(ADA, "key-1", a_wish(2598), baskets=baskets)

    assert second == first
    assert len(baskets.said) == 1
    assert held(baskets) == {"RUG-1": 1}


def test_two_clicks_at_the_same_moment_are_one_checkout() -> None:
    baskets = with_lamps(2)
    receipts = []
    baskets.meanwhile = [
        lambda: receipts.append(check_out(ADA, "key-1", a_wish(2598), baskets=baskets))
    ]

    receipt = check_out(ADA, "key-1", a_wish(2598), baskets=baskets)

    assert receipts == [receipt]
    assert len(baskets.said) == len(baskets.kept) == 1


def test_a_click_refused_because_its_twin_was_accepted_meanwhile_gets_the_twins_answer() -> None:
    baskets = with_lamps(2)
    lines = baskets.lines

    def lines_after_the_twin(basket_id: str) -> list[Line]:
        baskets.lines = lines  # type: ignore[method-assign]  # the twin reads undisturbed
        check_out(ADA, "key-1", a_wish(2598), baskets=baskets)
        return []

    baskets.lines = lines_after_the_twin  # type: ignore[method-assign]  # read once the twin is done

    receipt = check_out(ADA, "key-1", a_wish(2598), baskets=baskets)

    (fact,) = baskets.said
    assert isinstance(fact, BasketCheckedOut)
    assert receipt.order_id == fact.order_id


def test_two_tabs_with_keys_of_their_own_buy_the_basket_once() -> None:
    baskets = with_lamps(2)
    baskets.meanwhile = [lambda: check_out(ADA, "key-1", a_wish(2598), baskets=baskets)]

    with pytest.raises(BasketEmpty):
        check_out(ADA, "key-2", a_wish(2598), baskets=baskets)

    assert len(baskets.said) == 1


def test_a_key_is_not_used_for_another_body() -> None:
    baskets = with_lamps(2)
    check_out(ADA, "key-1", a_wish(2598), baskets=baskets)

    with pytest.raises(KeyReused):
        check_out(ADA, "key-1", a_wish(2598, fingerprint="body-2"), baskets=baskets)


def test_a_key_belongs_to_its_visitor() -> None:
    baskets = with_lamps(2)
    put_line(BOB, "RUG-1", 1, baskets=baskets)

    adas = check_out(ADA, "key-1", a_wish(2598), baskets=baskets)
    bobs = check_out(BOB, "key-1", a_wish(5000), baskets=baskets)

    assert adas.order_id != bobs.order_id
    assert len(baskets.said) == 2


def test_a_refused_checkout_binds_no_key_and_keeps_no_contact() -> None:
    baskets = with_lamps(2)
    wrong, right = a_wish(1, fingerprint="body-1"), a_wish(2598, fingerprint="body-2")

    with pytest.raises(TotalChanged):
        check_out(ADA, "key-1", wrong, baskets=baskets)
    assert (baskets.said, baskets.kept) == ([], {})
    receipt = check_out(ADA, "key-1", right, baskets=baskets)

    assert receipt.total == right.expected_total


def test_a_price_changed_since_the_visitor_looked_is_told() -> None:
    baskets = with_lamps(2)
    baskets.learn(an_offer("LAMP-1", price=1400, version=2))

    with pytest.raises(TotalChanged) as refused:
        check_out(ADA, "key-1", a_wish(2598), baskets=baskets)

    assert refused.value.members["total"] == pounds(2800 + SHIPPING)
    assert [change["sku"] for change in refused.value.members["changes"]] == ["LAMP-1"]


def test_a_line_put_in_another_tab_while_checking_out_is_never_bought_unseen() -> None:
    baskets = with_lamps(2)
    baskets.meanwhile = [lambda: put_line(ADA, "RUG-1", 1, baskets=baskets)]

    with pytest.raises(TotalChanged):
        check_out(ADA, "key-1", a_wish(2598), baskets=baskets)

    assert baskets.said == []


def test_a_basket_emptied_line_by_line_is_not_checked_out() -> None:
    baskets = with_lamps()
    remove_line(ADA, "LAMP-1", baskets=baskets)

    with pytest.raises(BasketEmpty):
        check_out(ADA, "key-1", a_wish(0), baskets=baskets)


def test_who_has_no_basket_checks_nothing_out() -> None:
    with pytest.raises(BasketEmpty):
        check_out(ADA, "key-1", a_wish(0), baskets=FakeBaskets())


def test_an_unknown_shipping_option_is_refused() -> None:
    baskets = with_lamps(2)

    with pytest.raises(Invalid, match="no option 'rocket'"):
        check_out(ADA, "key-1", a_wish(2598, shipping_option="rocket"), baskets=baskets)

    assert baskets.said == []

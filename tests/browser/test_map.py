"""The live map: staff see what is in the shop and what happens in it, and can follow an order."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, ViewportSize, expect

from local import people
from local.shop import Running
from tests.browser.test_every_page import serious
from tests.journeys.visitor import Guest, Staff

PHONE: ViewportSize = {"width": 390, "height": 844}


def let_in(context: BrowserContext, shop: Running, name: str) -> None:
    """Signed in as the pages keep it."""
    known = {"access": people.token(shop, name), "ends": 9e15, "name": name, "groups": ["staff"]}
    told = json.dumps(json.dumps(known))
    at_the_shop = "location.protocol.startsWith('http')"  # a new tab is nowhere yet
    context.add_init_script(f"if ({at_the_shop}) localStorage.setItem('souk.session', {told})")


@pytest.fixture
def map_page(visitor: BrowserContext, shop: Running) -> Page:
    """The map in front of a member of staff, told of facts as they happen."""
    let_in(visitor, shop, "sam")
    page = visitor.new_page()
    page.goto("/map")
    expect(page.locator("#state")).to_have_text("Live")
    return page


@pytest.fixture
def order(map_page: Page, shop: Running, staff: Staff) -> str:
    """An order placed while the map is looked at."""
    sku = staff.list_product(price=1999)
    guest = Guest(shop)
    guest.put(sku, 1)
    return guest.buys()


def entry(page: Page, fact: str, order: str) -> Locator:
    last = f"order …{order[-6:]}"
    return page.locator("#facts button").filter(has_text=fact).filter(has_text=last)


def test_facts_appear_as_they_happen(map_page: Page, order: str) -> None:
    for fact in ("BasketCheckedOut", "OrderPlaced", "OrderConfirmed"):
        expect(entry(map_page, fact, order)).to_be_visible()


def test_an_orders_journey_lights_up_step_by_step(map_page: Page, order: str) -> None:
    entry(map_page, "OrderConfirmed", order).click()

    steps = map_page.locator(".journey .what")
    expect(steps.first).to_have_text("BasketCheckedOut")
    expect(steps.filter(has_text="OrderConfirmed")).to_be_visible()
    expect(map_page.locator(".journey .walked").last).to_contain_text("OrderConfirmed")
    expect(map_page.locator("#map .rule.walked").first).to_be_attached()
    expect(steps.filter(has_text="IsAuthorized")).to_be_visible()
    expect(map_page.locator("#map .state.walked")).to_have_count(7)
    expect(map_page.locator("#map .step.walked")).to_have_count(6)
    expect(map_page.locator('#map .walked[data-of^="PaymentCommands"]')).to_be_attached()

    map_page.keyboard.press("Escape")

    expect(map_page.locator("#map .walked")).to_have_count(0)


def test_a_room_shows_its_contract_by_keyboard_alone(map_page: Page) -> None:
    map_page.locator('#map [tabindex="0"]').focus()

    map_page.keyboard.press("Home")
    map_page.keyboard.press("Enter")

    expect(map_page.locator("#chosen-title")).to_be_focused()
    expect(map_page.locator("#chosen")).to_contain_text("GET /api/products")
    map_page.locator("#chosen summary", has_text="PriceChanged").click()
    expect(map_page.locator("#chosen details[open]")).to_contain_text("Money")


def test_every_queue_shows_how_much_is_in_it(map_page: Page) -> None:
    figures = map_page.locator("#map .figure")

    for n in range(figures.count()):
        expect(figures.nth(n)).not_to_be_empty()


def test_a_dead_letter_cannot_be_overlooked(map_page: Page, shop: Running) -> None:
    sqs = shop.session().client("sqs")
    dead = next(url for url in sqs.list_queues()["QueueUrls"] if "BasketDeadLetters" in url)
    sqs.send_message(QueueUrl=dead, MessageBody="{}")

    grave = map_page.locator('#map [data-of^="BasketDeadLetters"]')

    expect(grave).to_have_class("node dead-letters alarm")
    sqs.purge_queue(QueueUrl=dead)
    expect(grave).to_have_class("node dead-letters")


def test_who_wants_no_motion_sees_edges_light_up_and_nothing_move(
    visitor: BrowserContext, map_page: Page, order: str
) -> None:
    map_page.emulate_media(reduced_motion="reduce")

    entry(map_page, "OrderPlaced", order).click()

    expect(map_page.locator(".journey li").first).to_be_visible()
    expect(map_page.locator("#map .traveller")).to_have_count(0)


def test_without_staff_the_map_asks_to_sign_in(visitor: BrowserContext, shop: Running) -> None:
    page = visitor.new_page()

    page.goto("/map")

    expect(page.get_by_text("The map is for staff")).to_be_visible()
    expect(page.locator("#map .room").first).to_be_visible()


def test_a_customer_is_not_shown_what_happens(visitor: BrowserContext, shop: Running) -> None:
    let_in(visitor, shop, "ada")
    page = visitor.new_page()

    page.goto("/map")

    expect(page.get_by_text("The map is for staff")).to_be_visible()
    expect(page.locator("#facts li")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_can_be_used_by_everybody(map_page: Page, scheme: str) -> None:
    map_page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

    assert serious(map_page) == []


def test_on_a_phone_rooms_stand_in_one_column_and_nothing_sticks_out(map_page: Page) -> None:
    map_page.set_viewport_size(PHONE)

    boxes = map_page.locator("#map .room .card")
    expect(boxes.first).to_be_visible()
    lefts = {boxes.nth(n).get_attribute("x") for n in range(boxes.count())}
    assert len(lefts) == 1
    assert map_page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_list_of_which_nothing_can_be_opened_is_scrolled_by_keyboard(map_page: Page) -> None:
    """Of products alone, say: no entry takes the focus, so the list itself has to."""
    facts = [
        {"id": f"fact-{n}", "fact": "PriceChanged", "room": "catalog", "at": "2026-01-02T10:00:00Z"}
        for n in range(40)
    ]
    map_page.route("**/staff/facts?*", lambda asked: asked.fulfill(json={"items": facts}))
    map_page.reload()
    expect(map_page.locator("#facts li")).to_have_count(40)
    beside = map_page.locator("#beside")

    assert serious(map_page) == []
    beside.focus()
    map_page.keyboard.press("End")

    expect(map_page.locator("#facts li").last).to_be_in_viewport()

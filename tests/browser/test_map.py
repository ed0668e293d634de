"""The live map: staff see the shop's resources and events, and play an order step by step."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, ViewportSize, expect

from local import demo_users
from local.shop import RunningShop
from tests.browser.test_every_page import find_accessibility_problems
from tests.journeys.visitor import Guest, Staff

PHONE: ViewportSize = {"width": 390, "height": 844}


def sign_in(context: BrowserContext, shop: RunningShop, name: str) -> None:
    """Stores a session as the pages do, before any page is opened."""
    token = demo_users.sign_in(shop, name)
    session = {"accessToken": token, "expiresAt": 9e15, "name": name, "groups": ["staff"]}
    value = json.dumps(json.dumps(session))
    is_shop_page = "location.protocol.startsWith('http')"  # a new tab is about:blank first
    context.add_init_script(f"if ({is_shop_page}) localStorage.setItem('souk.session', {value})")


@pytest.fixture
def map_page(visitor: BrowserContext, shop: RunningShop) -> Page:
    """The map of a member of staff, connected to the live feed."""
    sign_in(visitor, shop, "sam")
    page = visitor.new_page()
    page.goto("/map")
    expect(page.locator("#status")).to_have_text("Live")
    return page


@pytest.fixture
def order(map_page: Page, shop: RunningShop, staff: Staff) -> str:
    """The id of an order that is placed while the map is open."""
    sku = staff.list_product(price=1999)
    guest = Guest(shop)
    guest.put(sku, 1)
    return guest.place_order()


def listed_event(page: Page, event: str, order: str) -> Locator:
    short_id = f"order …{order[-6:]}"
    return page.locator("#events button").filter(has_text=event).filter(has_text=short_id)


def test_events_appear_as_they_are_published(map_page: Page, order: str) -> None:
    for event in ("BasketCheckedOut", "OrderPlaced", "OrderConfirmed"):
        expect(listed_event(map_page, event, order)).to_be_visible()


def test_the_steps_of_an_order_are_highlighted_one_by_one(map_page: Page, order: str) -> None:
    listed_event(map_page, "OrderConfirmed", order).click()

    steps = map_page.locator(".order-steps .name")
    expect(steps.first).to_have_text("BasketCheckedOut")
    expect(steps.filter(has_text="OrderConfirmed")).to_be_visible()
    expect(map_page.locator(".order-steps .reached").last).to_contain_text("OrderConfirmed")
    expect(map_page.locator("#map .rule.reached").first).to_be_attached()
    expect(steps.filter(has_text="IsPaymentAuthorized")).to_be_visible()
    expect(map_page.locator("#map .state.reached")).to_have_count(7)
    expect(map_page.locator("#map .step.reached")).to_have_count(6)
    expect(map_page.locator('#map .reached[data-id^="PaymentCommands"]')).to_be_attached()

    map_page.keyboard.press("Escape")

    expect(map_page.locator("#map .reached")).to_have_count(0)


def test_the_contract_of_a_service_can_be_read_by_keyboard_alone(map_page: Page) -> None:
    map_page.locator('#map [tabindex="0"]').focus()

    map_page.keyboard.press("Home")
    map_page.keyboard.press("Enter")

    expect(map_page.locator("#selection-title")).to_be_focused()
    expect(map_page.locator("#selection")).to_contain_text("GET /api/products")
    map_page.locator("#selection summary", has_text="PriceChanged").click()
    expect(map_page.locator("#selection details[open]")).to_contain_text("Money")


def test_every_queue_shows_its_depth(map_page: Page) -> None:
    depths = map_page.locator("#map .depth")

    for n in range(depths.count()):
        expect(depths.nth(n)).not_to_be_empty()


def test_a_dead_letter_queue_with_messages_shows_an_alarm(
    map_page: Page, shop: RunningShop
) -> None:
    sqs = shop.session().client("sqs")
    queue_url = next(url for url in sqs.list_queues()["QueueUrls"] if "BasketDeadLetters" in url)
    sqs.send_message(QueueUrl=queue_url, MessageBody="{}")

    queue = map_page.locator('#map [data-id^="BasketDeadLetters"]')

    expect(queue).to_have_class("node dead-letter-queue alarm")
    sqs.purge_queue(QueueUrl=queue_url)
    expect(queue).to_have_class("node dead-letter-queue")


def test_with_reduced_motion_edges_light_up_and_nothing_moves(
    visitor: BrowserContext, map_page: Page, order: str
) -> None:
    map_page.emulate_media(reduced_motion="reduce")

    listed_event(map_page, "OrderPlaced", order).click()

    expect(map_page.locator(".order-steps li").first).to_be_visible()
    expect(map_page.locator("#map .event-dot")).to_have_count(0)


def test_a_visitor_is_asked_to_sign_in_as_staff(visitor: BrowserContext, shop: RunningShop) -> None:
    page = visitor.new_page()

    page.goto("/map")

    expect(page.get_by_text("Live events are for staff")).to_be_visible()
    expect(page.locator("#map .service").first).to_be_visible()


def test_a_customer_sees_no_events(visitor: BrowserContext, shop: RunningShop) -> None:
    sign_in(visitor, shop, "ada")
    page = visitor.new_page()

    page.goto("/map")

    expect(page.get_by_text("Live events are for staff")).to_be_visible()
    expect(page.locator("#events li")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_has_no_serious_accessibility_problems(map_page: Page, scheme: str) -> None:
    map_page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

    assert find_accessibility_problems(map_page) == []


def test_on_a_phone_services_stand_in_one_column_that_fits_the_width(map_page: Page) -> None:
    map_page.set_viewport_size(PHONE)

    cards = map_page.locator("#map .service .card")
    expect(cards.first).to_be_visible()
    lefts = {cards.nth(n).get_attribute("x") for n in range(cards.count())}
    assert len(lefts) == 1
    assert map_page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_list_without_orders_can_be_scrolled_by_keyboard(map_page: Page) -> None:
    """Events about no order are disabled buttons, so the sidebar itself must take the focus."""
    events = [
        {
            "id": f"event-{n}",
            "event": "PriceChanged",
            "service": "catalog",
            "at": "2026-01-02T10:00:00Z",
        }
        for n in range(40)
    ]
    map_page.route("**/staff/events?*", lambda route: route.fulfill(json={"items": events}))
    map_page.reload()
    expect(map_page.locator("#events li")).to_have_count(40)
    sidebar = map_page.locator("#sidebar")

    assert find_accessibility_problems(map_page) == []
    sidebar.focus()
    map_page.keyboard.press("End")

    expect(map_page.locator("#events li").last).to_be_in_viewport()

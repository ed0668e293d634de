"""Signing in on Cognito's own page, which the local cloud plays like the CloudFront before it."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from infra import pages
from infra.synth import synthesize
from local import people
from local.shop import Running
from tests.browser.conftest import never_here
from tests.browser.shopper import Shopper
from tests.browser.test_every_page import serious, settled
from tests.journeys.visitor import Staff


@pytest.fixture
def visitor(browser: Browser, shop: Running) -> Iterator[BrowserContext]:
    """A browser at the distribution's address; AWS's host names lead to the local cloud."""
    pages.upload(synthesize(print), shop.outputs, shop.session())
    site, sign_in = shop.outputs["ShopUrl"], shop.outputs["SignInUrl"]
    at_home = shop.urls["storefront"].removesuffix("/")
    host = {"host": site.removeprefix("https://"), "x-forwarded-proto": "https"}

    def lead(route: Route, to: str, headers: dict[str, str]) -> None:
        path = urlsplit(route.request.url)._replace(scheme="", netloc="").geturl()
        headers = route.request.headers | headers
        answer = route.fetch(url=f"{to}{path}", headers=headers, max_redirects=0)
        if answer.status == 302:  # followed by the browser itself it would leave for the real AWS
            route.fulfill(headers={"refresh": f"0; url={answer.headers['location']}"})
        else:
            route.fulfill(response=answer)

    with never_here(browser, site) as context:
        context.route(f"{site}/**", lambda route: lead(route, shop.endpoint, host))
        context.route(f"{site}/api/**", lambda route: lead(route, at_home, {}))
        context.route(f"{sign_in}/**", lambda route: lead(route, shop.endpoint, {}))
        yield context
        context.unroute_all(behavior="ignoreErrors")  # what is still under way may end unheard


def signs_in(page: Page, shop: Running, name: str) -> None:
    expect(page).to_have_url(re.compile(re.escape(shop.outputs["SignInUrl"])))
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(people.password(shop, name))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def form_of(request: Request) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(request.post_data or "").items()}


def test_a_customer_signs_in_there_and_comes_back_with_the_basket(
    page: Page, shop: Running, staff: Staff
) -> None:
    sku = Shopper(page, staff).puts_something()

    page.get_by_role("link", name="Sign in").click()
    signs_in(page, shop, "ada")

    expect(page).to_have_url(f"{shop.outputs['ShopUrl']}/")
    page.goto("/basket")
    expect(page.get_by_role("link", name=f"Lamp {sku}")).to_be_visible()
    assert serious(page) == []


def test_a_member_of_staff_is_led_to_their_work(page: Page, shop: Running) -> None:
    page.goto("/staff")

    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    signs_in(page, shop, "sam")

    expect(page.get_by_role("heading", level=1, name="Products")).to_be_visible()


def test_the_password_stays_there_and_a_code_is_good_for_this_tab_alone(
    page: Page, shop: Running
) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))

    with (
        page.expect_request("**/oauth2/authorize?*") as begun,
        page.expect_request("**/oauth2/token") as redeemed,
    ):
        page.goto("/sign-in")
        signs_in(page, shop, "ada")

    query = parse_qs(urlsplit(begun.value.url).query)
    verifier = form_of(redeemed.value)["code_verifier"].encode()
    assert query["code_challenge"] == [urlsafe_b64encode(sha256(verifier).digest()).decode()[:-1]]
    assert query["code_challenge_method"] == ["S256"]
    assert page.evaluate("sessionStorage.length") == 0
    with_password = [each for each in sent if "password=" in each]
    assert with_password
    assert all(each.startswith(shop.outputs["SignInUrl"]) for each in with_password)


@pytest.mark.parametrize("answer", ["code=stolen&state=another", "error=access_denied&state=none"])
def test_an_answer_nobody_here_asked_for_signs_nobody_in(
    page: Page, shop: Running, answer: str
) -> None:
    page.goto(f"/sign-in?{answer}")
    expect(page.get_by_role("alert")).to_contain_text("The sign-in was not finished")
    expect(page).to_have_url(f"{shop.outputs['ShopUrl']}/sign-in")
    assert serious(page) == []

    page.get_by_role("button", name="Try again").click()

    signs_in(page, shop, "ada")


def test_a_sign_in_is_renewed_before_it_ends(page: Page, shop: Running) -> None:
    page.goto("/sign-in")
    signs_in(page, shop, "ada")
    page.evaluate(
        """() => {
            const known = JSON.parse(localStorage["souk.session"]);
            localStorage["souk.session"] = JSON.stringify({ ...known, ends: Date.now() });
        }"""
    )

    with page.expect_request("**/oauth2/token") as renewal:
        page.goto("/orders")

    assert form_of(renewal.value)["grant_type"] == "refresh_token"
    settled(page)
    assert page.evaluate("JSON.parse(localStorage['souk.session']).ends > Date.now()")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_who_signs_out_is_signed_out_there_too(page: Page, shop: Running) -> None:
    page.goto("/sign-in")
    signs_in(page, shop, "ada")
    refresh = page.evaluate("JSON.parse(localStorage['souk.session']).refresh")

    with page.expect_request("**/oauth2/revoke") as revoked, page.expect_request("**/logout?*"):
        page.get_by_role("button", name="Sign out").click()

    assert form_of(revoked.value)["token"] == refresh
    expect(page).to_have_url(f"{shop.outputs['ShopUrl']}/")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()

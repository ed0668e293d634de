"""Sign-in on Cognito's hosted page. The local cloud serves it, and the CloudFront distribution."""

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
from local import demo_users
from local.shop import RunningShop
from tests.browser.conftest import new_visitor
from tests.browser.shopper import Shopper
from tests.browser.test_every_page import find_accessibility_problems, wait_until_loaded
from tests.infra.test_site import engine_host
from tests.journeys.visitor import Staff


@pytest.fixture
def visitor(browser: Browser, shop: RunningShop) -> Iterator[BrowserContext]:
    """A visitor at the distribution's URL. Requests to AWS's host names go to the local cloud."""
    pages.upload_pages(synthesize(print), shop.outputs, shop.session())
    shop_url, sign_in_url = shop.outputs["ShopUrl"], shop.outputs["SignInUrl"]
    gateway = shop.urls["storefront"].removesuffix("/")
    host = {"host": engine_host(shop), "x-forwarded-proto": "https"}

    def forward(route: Route, to: str, headers: dict[str, str]) -> None:
        path = urlsplit(route.request.url)._replace(scheme="", netloc="").geturl()
        headers = route.request.headers | headers
        response = route.fetch(url=f"{to}{path}", headers=headers, max_redirects=0)
        if response.status == 302:
            # A redirect would bypass this handler and go to the real AWS; a refresh does not.
            route.fulfill(headers={"refresh": f"0; url={response.headers['location']}"})
        else:
            route.fulfill(response=response)

    with new_visitor(browser, shop_url) as context:
        context.route(f"{shop_url}/**", lambda route: forward(route, shop.endpoint, host))
        context.route(f"{shop_url}/api/**", lambda route: forward(route, gateway, {}))
        context.route(f"{sign_in_url}/**", lambda route: forward(route, shop.endpoint, {}))
        yield context
        context.unroute_all(behavior="ignoreErrors")  # of requests that are still running


def sign_in(page: Page, shop: RunningShop, name: str) -> None:
    """Sign in on the hosted page, and wait until it has redirected to the shop."""
    expect(page).to_have_url(re.compile(re.escape(shop.outputs["SignInUrl"])))
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(demo_users.password(shop, name))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def form_of(request: Request) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(request.post_data or "").items()}


def test_a_customer_signs_in_and_keeps_the_basket(
    page: Page, shop: RunningShop, staff: Staff
) -> None:
    sku = Shopper(page, staff).add_new_product()

    page.get_by_role("link", name="Sign in").click()
    sign_in(page, shop, "ada")

    expect(page).to_have_url(f"{shop.outputs['ShopUrl']}/")
    page.goto("/basket")
    expect(page.get_by_role("link", name=f"Lamp {sku}")).to_be_visible()
    assert find_accessibility_problems(page) == []


def test_signing_in_from_the_staff_page_returns_to_it(page: Page, shop: RunningShop) -> None:
    page.goto("/staff")

    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    sign_in(page, shop, "sam")

    expect(page.get_by_role("heading", level=1, name="Products")).to_be_visible()


def test_only_the_hosted_page_sees_the_password_and_only_this_tab_can_use_the_code(
    page: Page, shop: RunningShop
) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(f"{request.url} {request.post_data}"))

    with (
        page.expect_request("**/oauth2/authorize?*") as authorize_request,
        page.expect_request("**/oauth2/token") as token_request,
    ):
        page.goto("/sign-in")
        sign_in(page, shop, "ada")

    query = parse_qs(urlsplit(authorize_request.value.url).query)
    verifier = form_of(token_request.value)["code_verifier"].encode()
    assert query["code_challenge"] == [urlsafe_b64encode(sha256(verifier).digest()).decode()[:-1]]
    assert query["code_challenge_method"] == ["S256"]
    assert page.evaluate("sessionStorage.length") == 0
    with_password = [request for request in requests if "password=" in request]
    assert with_password
    assert all(request.startswith(shop.outputs["SignInUrl"]) for request in with_password)


@pytest.mark.parametrize("query", ["code=stolen&state=another", "error=access_denied&state=none"])
def test_a_redirect_that_this_tab_did_not_request_signs_nobody_in(
    page: Page, shop: RunningShop, query: str
) -> None:
    page.goto(f"/sign-in?{query}")
    expect(page.get_by_role("alert")).to_contain_text("The sign-in was not completed")
    expect(page).to_have_url(f"{shop.outputs['ShopUrl']}/sign-in")
    assert find_accessibility_problems(page) == []

    page.get_by_role("button", name="Try again").click()

    sign_in(page, shop, "ada")


def test_a_session_is_renewed_before_it_expires(page: Page, shop: RunningShop) -> None:
    page.goto("/sign-in")
    sign_in(page, shop, "ada")
    page.evaluate(
        """() => {
            const session = JSON.parse(localStorage["souk.session"]);
            localStorage["souk.session"] = JSON.stringify({ ...session, expiresAt: Date.now() });
        }"""
    )

    with page.expect_request("**/oauth2/token") as renewal:
        page.goto("/orders")

    assert form_of(renewal.value)["grant_type"] == "refresh_token"
    wait_until_loaded(page)
    assert page.evaluate("JSON.parse(localStorage['souk.session']).expiresAt > Date.now()")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_signing_out_also_ends_the_session_of_the_hosted_page(
    page: Page, shop: RunningShop
) -> None:
    page.goto("/sign-in")
    sign_in(page, shop, "ada")
    refresh_token = page.evaluate("JSON.parse(localStorage['souk.session']).refreshToken")

    with page.expect_request("**/oauth2/revoke") as revocation, page.expect_request("**/logout?*"):
        page.get_by_role("button", name="Sign out").click()

    assert form_of(revocation.value)["token"] == refresh_token
    expect(page).to_have_url(f"{shop.outputs['ShopUrl']}/")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()

"""A page of another origin, in the browser of somebody who runs the shop."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page

from cli.browser import find_chromium
from local.shop import RunningShop

FETCH = """async ([url, method, headers]) => {
  try {
    const body = method === "GET" ? undefined : "{}";
    const response = await fetch(url, { method, headers, body });
    return `${response.status} ${(await response.text()).slice(0, 60)}`;
  } catch (error) { return "blocked"; }
}"""
SEND_BLINDLY = """async (url) => {
  await fetch(url, { method: "POST", mode: "no-cors", body: "{}" });
}"""
SUBMIT_FORM = """([url, fields]) => {
  const form = Object.assign(document.createElement("form"), {
    action: url, method: "POST", enctype: "multipart/form-data",
  });
  for (const [name, value] of Object.entries(fields))
    form.append(Object.assign(document.createElement("input"), { name, value }));
  document.body.append(form);
  form.submit();
}"""


class EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title>")

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The address of a page that is not the shop's."""
    with HTTPServer(("127.0.0.1", 0), EmptyPage) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def other_page(browser: Browser, elsewhere: str) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(elsewhere)
    yield page
    context.close()


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        ("/", "GET", {}),
        ("/_ministack/ses/messages", "GET", {}),
        ("/2015-03-31/functions/", "GET", {}),
        ("/", "POST", {"x-amz-target": "DynamoDB_20120810.ListTables"}),
        ("/", "POST", {"x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth"}),
        ("/", "POST", {"authorization": "AWS4-HMAC-SHA256 Credential=000000000000/x"}),
    ],
)
def test_a_page_of_another_origin_reads_nothing_from_the_aws_port(
    other_page: Page, shop: RunningShop, path: str, method: str, headers: dict[str, str]
) -> None:
    answer = other_page.evaluate(FETCH, [f"{shop.endpoint}{path}", method, headers])

    assert answer == "blocked"


def test_a_page_of_another_origin_cannot_wipe_the_shop(other_page: Page, shop: RunningShop) -> None:
    """The browser sends the request, although the page cannot read the response."""
    tables = shop.session().client("dynamodb").list_tables()["TableNames"]

    other_page.evaluate(SEND_BLINDLY, f"{shop.endpoint}/_ministack/reset")

    assert tables
    assert shop.session().client("dynamodb").list_tables()["TableNames"] == tables


def test_a_form_of_another_origin_cannot_upload(other_page: Page, shop: RunningShop) -> None:
    bucket = shop.outputs["PicturesBucket"]
    fields = {"key": "media/attack", "file": "attack"}

    with other_page.expect_navigation() as navigation:
        other_page.evaluate(SUBMIT_FORM, [f"{shop.endpoint}/{bucket}", fields])

    assert navigation.value.status == 403
    assert "Contents" not in shop.session().client("s3").list_objects_v2(
        Bucket=bucket, Prefix="media/attack"
    )


@pytest.mark.parametrize("port", ["port", "aws_port"])
def test_a_domain_that_is_pointed_to_this_machine_reaches_neither_port(
    browser: Browser, shop: RunningShop, port: str
) -> None:
    """DNS rebinding: for the browser, page and port then have the same origin."""
    number = getattr(shop, port)
    rebound = browser.browser_type.launch(
        executable_path=find_chromium(),
        args=["--no-sandbox", "--host-resolver-rules=MAP attacker.example 127.0.0.1"],
    )

    response = rebound.new_page().goto(f"http://attacker.example:{number}/")

    assert response
    assert response.status == 421
    rebound.close()

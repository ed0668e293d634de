"""The shop behind CloudFront: the deployed distribution, played by the local cloud."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import NamedTuple

import pytest

from infra import pages
from infra.synth import synthesize
from local.shop import Running
from tests.infra.template import Template, referred

Headers = dict[str, str]
POLICY = "content-security-policy"
SAID_BY_BOTH = (
    "cache-control",
    POLICY,
    "content-type",
    "referrer-policy",
    "x-content-type-options",
)


class Answer(NamedTuple):
    status: int
    headers: Headers
    body: bytes

    def said(self) -> Headers:
        return {name: self.headers[name] for name in SAID_BY_BOTH}


Look = Callable[..., Answer]


def without(parts: set[str], text: str) -> str:
    for part in parts:
        text = text.replace(part, "")
    return text


def ask(port: int, path: str, headers: Headers) -> Answer:
    door = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    door.request("GET", path, headers=headers)
    answer = door.getresponse()
    told = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(answer.status, told, answer.read())


@pytest.fixture(scope="module")
def look(shop: Running) -> Look:
    """Look at a page of the deployed distribution, where the pages were brought up."""
    pages.upload(synthesize(print), shop.outputs, shop.session())
    host = shop.outputs["ShopUrl"].removeprefix("https://")

    def at(path: str, protocol: str = "https") -> Answer:
        return ask(shop.aws_port, path, {"Host": host, "X-Forwarded-Proto": protocol})

    return at


@pytest.mark.cloud
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/basket",
        "/pages/home.js",
        "/style.css",
        "/pictures/rug-atl-01.svg",
        "/map.json",
        "/api/openapi.json",
        "/api/docs/",
        "/api/docs/swagger-ui-bundle.js",
    ],
)
def test_cloudfront_shows_what_the_front_door_shows_at_home(
    look: Look, shop: Running, path: str
) -> None:
    at_home = ask(shop.port, path, {})

    on_aws = look(path)

    assert (on_aws.status, on_aws.body) == (200, at_home.body)
    assert on_aws.said() | {POLICY: ""} == at_home.said() | {POLICY: ""}
    pictures = f"https://{shop.outputs['PicturesBucket']}.s3.us-east-1.amazonaws.com"
    elsewhere = {f" {shop.outputs['SignInUrl']}", f" {pictures}", f" {shop.endpoint}"}
    assert without(elsewhere, on_aws.headers[POLICY]) == without(elsewhere, at_home.headers[POLICY])
    assert path.startswith("/api/docs/") or f" {pictures};" in on_aws.headers[POLICY]


@pytest.mark.cloud
def test_a_page_is_only_shown_over_https(look: Look, shop: Running) -> None:
    led = look("/basket", "http")

    assert (led.status, led.headers["location"]) == (301, f"{shop.outputs['ShopUrl']}/basket")
    assert look("/").headers["strict-transport-security"] == "max-age=63072000"


@pytest.mark.cloud
def test_nobody_but_cloudfront_reads_the_bucket(look: Look, shop: Running) -> None:
    address = f"/{shop.outputs['PagesBucket']}/index.html"
    assert look("/index.html").status == 200

    assert ask(shop.aws_port, address, {}).status == 403


@pytest.mark.cloud
def test_a_picture_staff_sent_is_shown_at_the_shops_address(look: Look, shop: Running) -> None:
    sent = {"Body": b"a picture", "ContentType": "image/webp", "CacheControl": "immutable"}
    s3 = shop.session().client("s3")
    s3.put_object(Bucket=shop.outputs["PicturesBucket"], Key="media/0196f3a2-6c1e", **sent)

    shown = look("/media/0196f3a2-6c1e")

    assert (shown.status, shown.body) == (200, b"a picture")
    assert shown.headers["cache-control"] == "immutable"
    assert shown.headers["x-content-type-options"] == "nosniff"


@pytest.mark.cloud
def test_the_pages_are_told_where_one_signs_in(look: Look, shop: Running) -> None:
    settings = look("/settings.json")

    assert settings.body.decode() == (
        f'{{"hosted": "{shop.outputs["SignInUrl"]}",'
        f' "client": "{shop.outputs["UserPoolClientId"]}"}}'
    )


def test_calls_go_whole_and_uncached_to_the_api_that_answers_them(template: Template) -> None:
    (distribution,) = template.of("CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    apis = template.of("ApiGatewayV2::Api")
    hosts = {origin["Id"]: origin["DomainName"] for origin in config["Origins"]}

    def protocol(behavior: dict[str, str]) -> str:
        """Of the API whose own host name the origin is."""
        (api, *_) = hosts[behavior["TargetOriginId"]].get("Fn::Join", ["", [{}]])[1]
        return str(apis.get(referred(api), {}).get("ProtocolType", "files"))

    led = {each["PathPattern"]: protocol(each) for each in config["CacheBehaviors"]}
    assert led == {
        "/api/docs/*": "files",
        "/api/openapi.json": "files",
        "/api/*": "HTTP",
        "/media/*": "files",
        "/live": "WEBSOCKET",
    }
    assert list(led).index("/api/*") > list(led).index("/api/openapi.json")  # the first counts
    for calls in config["CacheBehaviors"]:
        if led[calls["PathPattern"]] == "files":
            continue
        assert calls["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # disabled
        # all the viewer says but the host, by which API Gateway knows its API
        assert calls["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
        assert calls["ViewerProtocolPolicy"] == "https-only"
        assert "POST" in calls["AllowedMethods"]


def test_the_sign_in_leads_back_to_the_shop_and_nowhere_else(template: Template) -> None:
    (client,) = template.of("Cognito::UserPoolClient").values()
    (distribution,) = template.of("CloudFront::Distribution")
    host = {"Fn::GetAtt": [distribution, "DomainName"]}

    assert client["CallbackURLs"] == [{"Fn::Join": ["", ["https://", host, "/sign-in"]]}]
    assert client["LogoutURLs"] == [{"Fn::Join": ["", ["https://", host, "/"]]}]
    assert client["AllowedOAuthFlows"] == ["code"]
    assert "GenerateSecret" not in client

"""The deployed CloudFront distribution, emulated by the local cloud."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import NamedTuple

import pytest

from infra import pages
from infra.synth import synthesize
from local.shop import RunningShop
from tests.infra.template import Template, reference

Headers = dict[str, str]
CSP = "content-security-policy"
COMMON_HEADERS = (
    "cache-control",
    CSP,
    "content-type",
    "referrer-policy",
    "x-content-type-options",
)


class Response(NamedTuple):
    status: int
    headers: Headers
    body: bytes

    def common_headers(self) -> Headers:
        return {name: self.headers[name] for name in COMMON_HEADERS}


GetPage = Callable[..., Response]


def engine_host(shop: RunningShop) -> str:
    """The distribution's name in the local cloud, which accepts no names of the public DNS."""
    label = shop.outputs["ShopUrl"].removeprefix("https://").partition(".")[0]
    return f"{label}.cloudfront.localhost:{shop.aws_port}"


def remove(parts: set[str], text: str) -> str:
    for part in parts:
        text = text.replace(part, "")
    return text


def get(port: int, path: str, headers: Headers) -> Response:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    response_headers = {name.lower(): value for name, value in response.getheaders()}
    return Response(response.status, response_headers, response.read())


@pytest.fixture(scope="module")
def get_page(shop: RunningShop) -> GetPage:
    """Gets a page from the deployed distribution, after the pages were uploaded."""
    pages.upload_pages(synthesize(print), shop.outputs, shop.session())
    host = engine_host(shop)

    def get_from_distribution(path: str, protocol: str = "https") -> Response:
        return get(shop.aws_port, path, {"Host": host, "X-Forwarded-Proto": protocol})

    return get_from_distribution


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
def test_cloudfront_serves_the_same_pages_as_the_local_gateway(
    get_page: GetPage, shop: RunningShop, path: str
) -> None:
    local = get(shop.port, path, {})

    deployed = get_page(path)

    assert (deployed.status, deployed.body) == (200, local.body)
    assert deployed.common_headers() | {CSP: ""} == local.common_headers() | {CSP: ""}
    pictures = f"https://{shop.outputs['PicturesBucket']}.s3.us-east-1.amazonaws.com"
    origins = {f" {shop.outputs['SignInUrl']}", f" {pictures}", f" {shop.endpoint}"}
    assert remove(origins, deployed.headers[CSP]) == remove(origins, local.headers[CSP])
    assert path.startswith("/api/docs/") or f" {pictures};" in deployed.headers[CSP]


@pytest.mark.cloud
def test_http_is_redirected_to_https(get_page: GetPage, shop: RunningShop) -> None:
    redirect = get_page("/basket", "http")

    assert (redirect.status, redirect.headers["location"]) == (
        301,
        f"https://{engine_host(shop)}/basket",
    )
    assert get_page("/").headers["strict-transport-security"] == "max-age=63072000"


@pytest.mark.cloud
def test_only_cloudfront_can_read_the_bucket(get_page: GetPage, shop: RunningShop) -> None:
    path = f"/{shop.outputs['PagesBucket']}/index.html"
    assert get_page("/index.html").status == 200

    assert get(shop.aws_port, path, {}).status == 403


@pytest.mark.cloud
def test_an_uploaded_picture_is_served_at_the_shops_address(
    get_page: GetPage, shop: RunningShop
) -> None:
    picture = {"Body": b"a picture", "ContentType": "image/webp", "CacheControl": "immutable"}
    s3 = shop.session().client("s3")
    s3.put_object(Bucket=shop.outputs["PicturesBucket"], Key="media/0196f3a2-6c1e", **picture)

    response = get_page("/media/0196f3a2-6c1e")

    assert (response.status, response.body) == (200, b"a picture")
    assert response.headers["cache-control"] == "immutable"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.cloud
def test_the_settings_name_the_sign_in_page(get_page: GetPage, shop: RunningShop) -> None:
    settings = get_page("/settings.json")

    assert settings.body.decode() == (
        f'{{"sign_in_url": "{shop.outputs["SignInUrl"]}",'
        f' "client_id": "{shop.outputs["UserPoolClientId"]}"}}'
    )


def test_api_requests_are_forwarded_unchanged_and_uncached(template: Template) -> None:
    (distribution,) = template.properties("CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    apis = template.properties("ApiGatewayV2::Api")
    hosts = {origin["Id"]: origin["DomainName"] for origin in config["Origins"]}

    def protocol(behavior: dict[str, str]) -> str:
        """The protocol of the API that is the origin; `files` for a bucket."""
        (api, *_) = hosts[behavior["TargetOriginId"]].get("Fn::Join", ["", [{}]])[1]
        return str(apis.get(reference(api), {}).get("ProtocolType", "files"))

    protocols = {each["PathPattern"]: protocol(each) for each in config["CacheBehaviors"]}
    assert protocols == {
        "/api/docs/*": "files",
        "/api/openapi.json": "files",
        "/api/*": "HTTP",
        "/media/*": "files",
        "/live": "WEBSOCKET",
    }
    paths = list(protocols)
    assert paths.index("/api/*") > paths.index("/api/openapi.json")  # the first match applies
    for behavior in config["CacheBehaviors"]:
        if protocols[behavior["PathPattern"]] == "files":
            continue
        assert (
            behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        )  # CachingDisabled
        # AllViewerExceptHostHeader: API Gateway accepts its own host name only
        assert behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
        assert behavior["ViewerProtocolPolicy"] == "https-only"
        assert "POST" in behavior["AllowedMethods"]


def test_sign_in_redirects_to_the_shop_only(template: Template) -> None:
    (client,) = template.properties("Cognito::UserPoolClient").values()
    (distribution,) = template.properties("CloudFront::Distribution")
    host = {"Fn::GetAtt": [distribution, "DomainName"]}

    assert client["CallbackURLs"] == [{"Fn::Join": ["", ["https://", host, "/sign-in"]]}]
    assert client["LogoutURLs"] == [{"Fn::Join": ["", ["https://", host, "/"]]}]
    assert client["AllowedOAuthFlows"] == ["code"]
    assert "GenerateSecret" not in client

"""Who may do what, and who may come in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.infra.template import Json, Template, referred, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

MAY_BE_ANY = {  # wildcard resources: action, and why it names none
    "states:DescribeExecution": "of one workflow; its executions are named at run time",
    "states:GetExecutionHistory": "the same",
    "execute-api:ManageConnections": "of one API; its connections are named when they open",
    **dict.fromkeys(
        ("s3:GetObject", "s3:ListBucket"), "of one bucket, by CloudFront: pages, pictures"
    ),
    "s3:PutObject": "of one bucket's pictures; each is named when its upload is asked for",
    "xray:PutTraceSegments": "a trace belongs to no resource",
    "xray:PutTelemetryRecords": "a trace belongs to no resource",
    **dict.fromkeys(
        ("xray:GetSamplingRules", "xray:GetSamplingTargets"), "rules belong to no resource"
    ),
    **dict.fromkeys(
        (
            "logs:CreateLogDelivery",
            "logs:GetLogDelivery",
            "logs:UpdateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:DescribeResourcePolicies",
            "logs:DescribeLogGroups",
        ),
        "a workflow's log is set up through calls that take no resource",
    ),
}
OPEN = re.compile(
    r"GET /api/(products(/{sku})?|categories)|[A-Z]+ /api/guest/.+"
    r"|GET /api/shipping-options"
    r"|POST /api/payments/webhooks/{provider}"  # signed by the provider
    r"|POST /api/carriers/{carrier}/notices"  # signed by the carrier
    r"|\$(dis)?connect"  # with a one-time ticket, which the function checks
)


def nobody_may_do_anything(template: Template) -> Iterator[str]:
    for statement in statements(template):
        for action in statement.said("Action"):
            if "*" in action:
                yield f"{statement.where} allows {action}"
        if "NotAction" in statement.body:
            yield f"{statement.where} allows all but some"


def nobody_may_reach_everything(template: Template) -> Iterator[str]:
    for statement in statements(template):
        everywhere = any(
            "*" in text for each in statement.said("Resource") for text in _texts(each)
        )
        for action in statement.said("Action"):
            if everywhere and action not in MAY_BE_ANY:
                yield f"{statement.where} allows {action} on resources it does not name"


def unused_exceptions(template: Template) -> set[str]:
    """What MAY_BE_ANY lists and the template does not need."""
    used = {
        action
        for statement in statements(template)
        if any("*" in text for each in statement.said("Resource") for text in _texts(each))
        for action in statement.said("Action")
    }
    return set(MAY_BE_ANY) - used


def nothing_is_open_to_everybody(template: Template) -> Iterator[str]:
    for statement in statements(template):
        if statement.body.get("Principal") in ("*", {"AWS": "*"}):
            yield f"{statement.where} lets everybody in"
    for name, url in template.of("Lambda::Url").items():
        if url.get("AuthType") != "AWS_IAM":
            yield f"{name} is a door past the API"


def a_function_is_called_by_one_source(template: Template) -> Iterator[str]:
    for name, permission in template.of("Lambda::Permission").items():
        if "SourceArn" not in permission:
            yield f"{name} lets all of {permission['Principal']} call a function"


def a_room_speaks_for_itself(template: Template) -> Iterator[str]:
    for statement in statements(template):
        if "events:PutEvents" in statement.said("Action"):
            only = statement.body.get("Condition", {}).get("StringEquals", {})
            source = only.get("events:source")
            room = str(source).removeprefix("souk.")
            if source != f"souk.{room}" or not statement.where.lower().startswith(room):
                yield f"{statement.where} may say what is said by {source or 'anybody'}"


def a_route_asks_for_sign_in_unless_it_is_open(template: Template) -> Iterator[str]:
    tokens = template.of("ApiGatewayV2::Authorizer")
    for name, route in template.of("ApiGatewayV2::Route").items():
        authorizer = tokens.get(referred(route.get("AuthorizerId")), {})
        signed_in = (
            route.get("AuthorizationType") == "JWT" and authorizer.get("AuthorizerType") == "JWT"
        )
        if signed_in is bool(OPEN.fullmatch(route["RouteKey"])):
            asks = "asks" if signed_in else "does not ask"
            yield f"{name}: {route['RouteKey']} {asks} for sign-in"


def the_api_logs_no_address(template: Template) -> Iterator[str]:
    apis = template.of("ApiGatewayV2::Api")
    for name, stage in template.of("ApiGatewayV2::Stage").items():
        if apis[referred(stage["ApiId"])]["ProtocolType"] == "WEBSOCKET":
            continue  # its log would need a role set for the whole account
        log = stage.get("AccessLogSettings", {})
        if not log.get("DestinationArn") or "$context.requestId" not in log.get("Format", ""):
            yield f"{name} has no access log"
        if "identity" in json.dumps(log).lower():
            yield f"{name} logs who called: an address or a user agent is personal data"


def _texts(node: Json) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for each in node.values():
            yield from _texts(each)
    elif isinstance(node, list):
        for each in node:
            yield from _texts(each)

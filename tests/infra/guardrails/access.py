"""IAM policies, and who may call the API."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.infra.template import Json, Template, reference, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

WILDCARD_ACTIONS = {  # actions allowed on wildcard resources, with the reason
    "states:DescribeExecution": "executions of one workflow, which are named at run time",
    "states:GetExecutionHistory": "the same",
    "execute-api:ManageConnections": "connections of one API, which get their ids at run time",
    **dict.fromkeys(
        ("s3:GetObject", "s3:ListBucket"), "objects of one bucket, by CloudFront: pages, pictures"
    ),
    "s3:PutObject": "pictures of one bucket, whose keys are created at run time",
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
        "the log of a workflow is set up by actions without resource-level permissions",
    ),
}
PUBLIC_ROUTES = re.compile(
    r"GET /api/(products(/{sku})?|categories)|[A-Z]+ /api/guest/.+"
    r"|GET /api/shipping-options"
    r"|POST /api/payments/webhooks/{provider}"  # signed by the provider
    r"|POST /api/shipments/webhooks/{carrier}"  # signed by the carrier
    r"|\$(dis)?connect"  # with a one-time ticket, which the function checks
)


def no_policy_allows_all_actions(template: Template) -> Iterator[str]:
    for statement in statements(template):
        for action in statement.values("Action"):
            if "*" in action:
                yield f"{statement.resource} allows {action}"
        if "NotAction" in statement.body:
            yield f"{statement.resource} allows all actions except some"


def no_policy_allows_all_resources(template: Template) -> Iterator[str]:
    for statement in statements(template):
        has_wildcard = any(
            "*" in text for each in statement.values("Resource") for text in _texts(each)
        )
        for action in statement.values("Action"):
            if has_wildcard and action not in WILDCARD_ACTIONS:
                yield f"{statement.resource} allows {action} on wildcard resources"


def unused_exceptions(template: Template) -> set[str]:
    """The WILDCARD_ACTIONS that the template does not use."""
    used = {
        action
        for statement in statements(template)
        if any("*" in text for each in statement.values("Resource") for text in _texts(each))
        for action in statement.values("Action")
    }
    return set(WILDCARD_ACTIONS) - used


def nothing_allows_everybody(template: Template) -> Iterator[str]:
    for statement in statements(template):
        if statement.body.get("Principal") in ("*", {"AWS": "*"}):
            yield f"{statement.resource} allows everybody"
    for name, url in template.properties("Lambda::Url").items():
        if url.get("AuthType") != "AWS_IAM":
            yield f"{name} is a public URL that bypasses the API"


def a_function_permission_names_its_source(template: Template) -> Iterator[str]:
    for name, permission in template.properties("Lambda::Permission").items():
        if "SourceArn" not in permission:
            yield f"{name} allows all of {permission['Principal']} to invoke a function"


def a_service_publishes_only_its_own_events(template: Template) -> Iterator[str]:
    for statement in statements(template):
        if "events:PutEvents" in statement.values("Action"):
            condition = statement.body.get("Condition", {}).get("StringEquals", {})
            source = condition.get("events:source")
            service = str(source).removeprefix("souk.")
            is_own = statement.resource.lower().startswith(service)
            if source != f"souk.{service}" or not is_own:
                yield f"{statement.resource} may publish events of {source or 'any source'}"


def a_route_needs_sign_in_unless_it_is_public(template: Template) -> Iterator[str]:
    authorizers = template.properties("ApiGatewayV2::Authorizer")
    for name, route in template.properties("ApiGatewayV2::Route").items():
        authorizer = authorizers.get(reference(route.get("AuthorizerId")), {})
        needs_sign_in = (
            route.get("AuthorizationType") == "JWT" and authorizer.get("AuthorizerType") == "JWT"
        )
        if needs_sign_in is bool(PUBLIC_ROUTES.fullmatch(route["RouteKey"])):
            needs = "needs" if needs_sign_in else "does not need"
            yield f"{name}: {route['RouteKey']} {needs} sign-in"


def the_access_log_has_no_personal_data(template: Template) -> Iterator[str]:
    apis = template.properties("ApiGatewayV2::Api")
    for name, stage in template.properties("ApiGatewayV2::Stage").items():
        if apis[reference(stage["ApiId"])]["ProtocolType"] == "WEBSOCKET":
            continue  # its access log would need a role for the whole account
        log = stage.get("AccessLogSettings", {})
        if not log.get("DestinationArn") or "$context.requestId" not in log.get("Format", ""):
            yield f"{name} has no access log"
        if "identity" in json.dumps(log).lower():
            yield f"{name} logs the caller: IP address and user agent are personal data"


def _texts(node: Json) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for item in node:
            yield from _texts(item)

"""The floor's CloudFormation template: tables, streams, bus, rule, queue, functions and API.

Permissions, memory and triggers of the functions are those of the shop, so that only the code
differs.
"""

import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

ROUTES = {
    "Products": ("GET /api/products", "GET /api/products/{sku}"),
    "Basket": ("PUT /api/guest/basket/items/{sku}", "POST /api/guest/basket/checkout"),
    "Orders": ("GET /api/guest/orders/{order_id}",),
}
PRODUCT_CARD = ["sku", "name", "category", "image", "weight_grams", "price", "currency", "status",
                "version", "listed_at"]  # fmt: skip
ORDER_CARD = ["status", "total", "placed_at"]
OUTBOX_FILTER = {
    "eventName": ["INSERT"],
    "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "OUTBOX#"}]}}},
}
REPORT_FAILURES = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
MEMORY_MB = 1024


def build_template(bucket: str, key: str) -> Json:
    """The template; the code of the functions is in this object of S3."""
    code = {"S3Bucket": bucket, "S3Key": key}
    resources = dict(_tables()) | dict(_functions(code)) | dict(_event_flow()) | dict(_api())
    outputs = {name: {"Value": {"Ref": name}} for name in resources if name in _OUTPUTS}
    return {"Resources": resources, "Outputs": outputs}


_OUTPUTS = ("Api", "ProductsTable", "BasketTable", "OrdersTable", "ProductsFunction")


def _tables() -> Iterator[tuple[str, Json]]:
    by_category = _index("by_category", "category_listed", "listing_id", PRODUCT_CARD)
    yield "ProductsTable", _table(by_category)
    yield "BasketTable", _table()
    yield "OrdersTable", _table(_index("by_owner", "owner", "order_id", ORDER_CARD))


def _table(*indexes: Json) -> Json:
    keys = ["pk", "sk", *(key["AttributeName"] for each in indexes for key in each["KeySchema"])]
    properties: Json = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in keys],
        "KeySchema": _keys("pk", "sk"),
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    }
    if indexes:
        properties["GlobalSecondaryIndexes"] = list(indexes)
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties}


def _index(name: str, partition: str, sort: str, attributes: list[str]) -> Json:
    return {
        "IndexName": name,
        "KeySchema": _keys(partition, sort),
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": attributes},
    }


def _keys(partition: str, sort: str) -> list[Json]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def _functions(code: Json) -> Iterator[tuple[str, Json]]:
    reads, writes = ["GetItem", "BatchGetItem", "Query"], ["PutItem", "UpdateItem"]
    yield from _function(code, "Products", "products", "ProductsTable", reads)
    yield from _function(code, "Basket", "basket", "BasketTable", [*reads, *writes])
    yield from _function(code, "Orders", "orders", "OrdersTable", reads)
    yield from _function(code, "Consumer", "consumer", "OrdersTable", writes)
    for service in ("Basket", "Orders"):
        extra = {"BUS": {"Ref": "Bus"}, "SOURCE": f"floor.{service.lower()}"}
        yield from _function(
            code, f"{service}Relay", "relay", f"{service}Table", ["BatchWriteItem"], **extra
        )


def _function(
    code: Json, name: str, module: str, table: str, actions: list[str], **env: Any
) -> Iterator[tuple[str, Json]]:
    arn = {"Fn::GetAtt": [table, "Arn"]}
    statements = [
        _allow(
            [f"dynamodb:{action}" for action in actions], arn, {"Fn::Sub": f"${{{table}.Arn}}/*"}
        )
    ]
    if "BUS" in env:
        statements.append(_allow(["events:PutEvents"], {"Fn::GetAtt": ["Bus", "Arn"]}))
    yield f"{name}Role", _role(statements)
    yield (
        f"{name}Function",
        {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.14",
                "Architectures": ["arm64"],
                "Handler": f"{module}.handler",
                "Code": code,
                "MemorySize": MEMORY_MB,
                "Timeout": 30,
                "Role": {"Fn::GetAtt": [f"{name}Role", "Arn"]},
                "Environment": {"Variables": {"TABLE": {"Ref": table}, **env}},
            },
        },
    )


def _role(statements: list[Json]) -> Json:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    version = {"Version": "2012-10-17"}
    policy = {"PolicyName": "permissions", "PolicyDocument": {**version, "Statement": statements}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {**version, "Statement": [trust]},
            "Policies": [policy],
        },
    }


def _allow(actions: list[str], *resources: Any) -> Json:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


def _event_flow() -> Iterator[tuple[str, Json]]:
    """The bus, a rule, a queue, and the triggers of consumer and relays, as in the shop."""
    yield "Bus", {"Type": "AWS::Events::EventBus", "Properties": {"Name": "floor"}}
    yield "Queue", {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 180}}
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    yield (
        "Rule",
        {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventBusName": {"Ref": "Bus"},
                "EventPattern": {"source": ["floor.basket"], "detail-type": ["BasketCheckedOut"]},
                "Targets": [{"Arn": queue, "Id": "Queue"}],
            },
        },
    )
    yield "QueuePolicy", _queue_policy(queue)
    yield "QueueTrigger", _trigger("Consumer", queue, BatchSize=10, **REPORT_FAILURES)
    for service in ("Basket", "Orders"):
        yield (
            f"{service}Stream",
            _trigger(
                f"{service}Relay",
                {"Fn::GetAtt": [f"{service}Table", "StreamArn"]},
                BatchSize=100,
                StartingPosition="TRIM_HORIZON",
                FilterCriteria={"Filters": [{"Pattern": json.dumps(OUTBOX_FILTER)}]},
                **REPORT_FAILURES,
            ),
        )


def _queue_policy(queue: Json) -> Json:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": "Queue"}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }


def _trigger(function: str, source: Json, **options: Any) -> Json:
    properties = {
        "FunctionName": {"Ref": f"{function}Function"},
        "EventSourceArn": source,
        **options,
    }
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}


def _api() -> Iterator[tuple[str, Json]]:
    yield (
        "Api",
        {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"Name": "floor", "ProtocolType": "HTTP"},
        },
    )
    api = {"ApiId": {"Ref": "Api"}}
    stage = {**api, "StageName": "$default", "AutoDeploy": True}
    yield "Stage", {"Type": "AWS::ApiGatewayV2::Stage", "Properties": stage}
    for name, keys in ROUTES.items():
        function = {"Fn::GetAtt": [f"{name}Function", "Arn"]}
        yield f"{name}Integration", _integration(api, function)
        yield f"{name}Permission", _permission(name)
        for number, key in enumerate(keys):
            target = {"Fn::Sub": f"integrations/${{{name}Integration}}"}
            route = {**api, "RouteKey": key, "Target": target}
            yield f"{name}Route{number}", {"Type": "AWS::ApiGatewayV2::Route", "Properties": route}


def _integration(api: Json, function: Json) -> Json:
    properties = {
        **api,
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": function,
        "PayloadFormatVersion": "2.0",
    }
    return {"Type": "AWS::ApiGatewayV2::Integration", "Properties": properties}


def _permission(name: str) -> Json:
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": f"{name}Function"},
        "Principal": "apigateway.amazonaws.com",
    }
    return {"Type": "AWS::Lambda::Permission", "Properties": properties}

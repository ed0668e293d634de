"""A hand-written cloud assembly with one of each kind of resource in the real template."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

Json = dict[str, Any]

STACK = "Souk-dev"
BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
BUCKET_REFERENCE = {"Fn::Sub": BUCKET}
FUNCTIONS = (
    "echo", "place", "relay", "consume", "sweep", "unauthorized", "probe", "recursive",
)  # fmt: skip

HANDLERS = """
import json, os
from layer import layer_text

def client(name):
    import boto3
    from botocore.config import Config
    return clients.setdefault(name, clients.get(name) or boto3.client(
        name, config=Config(retries={"total_max_attempts": 1})))

clients = {}
S = lambda text: {"S": text}

def respond(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"},
            "body": json.dumps(body)}

def echo(event, context):
    return respond(200, {"layer": layer_text(), "claims":
        event["requestContext"].get("authorizer", {}).get("jwt", {}).get("claims"),
        "path": event["rawPath"]})

def place(event, context):
    order = json.loads(event["body"])["id"]
    client("dynamodb").transact_write_items(TransactItems=[
        {"Put": {"TableName": os.environ["TABLE"],
            "Item": {"pk": S("ORDER#" + order), "sk": S("A")}}},
        {"Put": {"TableName": os.environ["TABLE"], "Item": {
            "pk": S("OUTBOX#" + order), "sk": S("A"), "body": S(json.dumps({"id": order}))}}}])
    return respond(202, {"id": order})

def relay(event, context):
    rows = [r["dynamodb"]["NewImage"] for r in event["Records"]]
    if any("unpublishable" in row["pk"]["S"] for row in rows):
        raise ValueError("the event cannot be published")
    client("events").put_events(Entries=[
        {"EventBusName": os.environ["BUS"], "Source": "souk.small", "DetailType": "OrderPlaced",
         "Detail": row["body"]["S"]} for row in rows])
    for row in rows:
        client("dynamodb").delete_item(
            TableName=os.environ["TABLE"], Key={"pk": row["pk"], "sk": row["sk"]})

def consume(event, context):
    failed = []
    for record in event["Records"]:
        order = json.loads(record["body"])["detail"]["id"]
        if order.startswith("poison"):
            failed.append({"itemIdentifier": record["messageId"]})
            continue
        client("dynamodb").put_item(TableName=os.environ["TABLE"],
            Item={"pk": S("CONSUMED#" + order), "sk": S("A")})
    return {"batchItemFailures": failed}

def sweep(event, context):
    return {"swept": 0}

def recursive(event, context):
    return probe(event, context)

def probe(event, context):
    import time
    if event.get("log"):
        print(event["log"])
    if event.get("fails"):
        raise ValueError("the test requested this")
    if event.get("recursions"):
        client("lambda").invoke(FunctionName=context.function_name,
            Payload=json.dumps({**event, "recursions": event["recursions"] - 1}))
    time.sleep(event.get("seconds", 0))
    return {"pid": os.getpid()}

def unauthorized(event, context):
    client("dynamodb").scan(TableName=os.environ["TABLE"])
"""

LAYER = "def layer_text():\n    return 'from the layer'\n"


def write_assembly(folder: Path, *, greeting: str = "hello", broken: bool = False) -> Path:
    """Writes what CDK would. Another `greeting` changes the code; `broken` fails to deploy."""
    code = _asset(folder, "code", {"handlers.py": HANDLERS + f"# {greeting}\n"})
    layer = _asset(folder, "layer", {"python/layer.py": LAYER})
    template = _template(code, layer)
    if broken:
        template["Resources"]["Broken"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                **_function("echo", code, layer)["Properties"],
                "Layers": ["not-an-arn"],
            },
        }
    body = json.dumps(template)
    (folder / f"{STACK}.template.json").write_text(body)
    files = {
        code: _manifest_entry(f"asset.{code}", f"{code}.zip", "zip"),
        layer: _manifest_entry(f"asset.{layer}", f"{layer}.zip", "zip"),
        "template": _manifest_entry(f"{STACK}.template.json", "template.json", "file"),
    }
    (folder / f"{STACK}.assets.json").write_text(json.dumps({"version": "48.0.0", "files": files}))
    return folder


def _asset(folder: Path, label: str, files: dict[str, str]) -> str:
    name = sha256((label + json.dumps(files)).encode()).hexdigest()
    for path, text in files.items():
        file = folder / f"asset.{name}" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return name


def _manifest_entry(path: str, key: str, packaging: str) -> Json:
    destination = {"bucketName": BUCKET, "objectKey": key}
    source = {"path": path, "packaging": packaging}
    return {"source": source, "destinations": {"current": destination}}


def _template(code: str, layer: str) -> Json:
    functions = {name.capitalize(): _function(name, code, layer) for name in FUNCTIONS}
    return {
        "Parameters": {
            "BootstrapVersion": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "Default": "/cdk-bootstrap/hnb659fds/version",
            }
        },
        "Resources": {
            **_roles(),
            **functions,
            **_table(),
            **_messaging(),
            **_api(),
            "Layer": {
                "Type": "AWS::Lambda::LayerVersion",
                "Properties": {
                    "Content": _s3_location(layer),
                    "CompatibleRuntimes": ["python3.14"],
                },
            },
        },
        "Outputs": {
            "ApiId": {"Value": {"Ref": "Api"}},
            "ApiUrl": {"Value": get_att("Api", "ApiEndpoint")},
            "UserPoolId": {"Value": {"Ref": "UserPool"}},
            "UserPoolClientId": {"Value": {"Ref": "UserPoolClient"}},
            "BusName": {"Value": {"Ref": "Bus"}},
            "TableName": {"Value": {"Ref": "Table"}},
            "ProbeName": {"Value": {"Ref": "Probe"}},
            "RecursiveName": {"Value": {"Ref": "Recursive"}},
            "RelayDlqUrl": {"Value": {"Ref": "RelayDlq"}},
            "ArchiveName": {"Value": {"Ref": "Archive"}},
        },
    }


def get_att(name: str, attribute: str) -> Json:
    return {"Fn::GetAtt": [name, attribute]}


def _s3_location(asset: str) -> Json:
    return {"S3Bucket": BUCKET_REFERENCE, "S3Key": f"{asset}.zip"}


def _function(name: str, code: str, layer: str) -> Json:
    role = "RoleWithoutPolicy" if name == "unauthorized" else "Role"
    return {
        "Type": "AWS::Lambda::Function",
        "DependsOn": ["Policy"],
        "Properties": {
            "Runtime": "python3.14",
            "Architectures": ["arm64"],
            "Handler": f"handlers.{name}",
            "Timeout": 10,
            "MemorySize": 256,
            "Role": get_att(role, "Arn"),
            "Code": _s3_location(code),
            "Layers": [{"Ref": "Layer"}],
            "TracingConfig": {"Mode": "Active"},
            "Environment": {"Variables": {"TABLE": {"Ref": "Table"}, "BUS": {"Ref": "Bus"}}},
        },
    }


def _roles() -> Json:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
            }
        ],
    }
    writes = ["dynamodb:PutItem", "dynamodb:DeleteItem"]
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    return {
        "Role": role,
        "RoleWithoutPolicy": role,
        "Policy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "small-shop",
                "Roles": [{"Ref": "Role"}],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Action": writes, "Resource": get_att("Table", "Arn")},
                        {
                            "Effect": "Allow",
                            "Action": "lambda:InvokeFunction",
                            "Resource": {
                                "Fn::Sub": "arn:aws:lambda:*:${AWS::AccountId}:function:*"
                            },
                        },
                        {
                            "Effect": "Allow",
                            "Action": "events:PutEvents",
                            "Resource": get_att("Bus", "Arn"),
                        },
                        {
                            "Effect": "Allow",
                            "Action": "events:StartReplay",
                            "Resource": get_att("Archive", "Arn"),
                        },
                    ],
                },
            },
        },
    }


def _table() -> Json:
    keys = [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    outbox_rows = json.dumps(
        {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "OUTBOX#"}]}}}}
    )
    return {
        "Table": {
            "Type": "AWS::DynamoDB::GlobalTable",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": keys,
                "AttributeDefinitions": [
                    {"AttributeName": name, "AttributeType": "S"}
                    for name in ("pk", "sk", "category")
                ],
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "by-category",
                        "KeySchema": [
                            {"AttributeName": "category", "KeyType": "HASH"},
                            {"AttributeName": "sk", "KeyType": "RANGE"},
                        ],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
                "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
                "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
                "Replicas": [
                    {
                        "Region": {"Ref": "AWS::Region"},
                        "DeletionProtectionEnabled": False,
                        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                    }
                ],
            },
        },
        "StreamTrigger": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": "Relay"},
                "EventSourceArn": get_att("Table", "StreamArn"),
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": 10,
                "FilterCriteria": {"Filters": [{"Pattern": outbox_rows}]},
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "BisectBatchOnFunctionError": True,
                "MaximumRetryAttempts": 1,
                "DestinationConfig": {"OnFailure": {"Destination": get_att("RelayDlq", "Arn")}},
            },
        },
        "RelayDlq": {"Type": "AWS::SQS::Queue"},
    }


def _messaging() -> Json:
    redrive = {"deadLetterTargetArn": get_att("Dlq", "Arn"), "maxReceiveCount": 2}
    return {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "small-shop"}},
        "Archive": {
            "Type": "AWS::Events::Archive",
            "Properties": {"SourceArn": get_att("Bus", "Arn")},
        },
        "Dlq": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "small-shop-dead"}},
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": "small-shop",
                "VisibilityTimeout": 1,
                "RedrivePolicy": redrive,
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventBusName": {"Ref": "Bus"},
                "EventPattern": {"source": ["souk.small"], "detail-type": ["OrderPlaced"]},
                "Targets": [{"Id": "queue", "Arn": get_att("Queue", "Arn")}],
            },
        },
        "QueueTrigger": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": "Consume"},
                "EventSourceArn": get_att("Queue", "Arn"),
                "BatchSize": 10,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            },
        },
        "Schedule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "ScheduleExpression": "rate(5 minutes)",
                "Targets": [{"Id": "sweep", "Arn": get_att("Sweep", "Arn")}],
            },
        },
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "Namespace": "AWS/SQS",
                "MetricName": "ApproximateNumberOfMessagesVisible",
                "Dimensions": [{"Name": "QueueName", "Value": get_att("Dlq", "QueueName")}],
                "Statistic": "Maximum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 1,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            },
        },
    }


def _api() -> Json:
    return {
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"Name": "small-shop", "ProtocolType": "HTTP"},
        },
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 30}},
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "StageName": "$default",
                "AutoDeploy": True,
                "AccessLogSettings": {
                    "DestinationArn": get_att("Log", "Arn"),
                    "Format": '{"id":"$context.requestId"}',
                },
            },
        },
        "UserPool": {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": "users"}},
        "Staff": {
            "Type": "AWS::Cognito::UserPoolGroup",
            "Properties": {"GroupName": "staff", "UserPoolId": {"Ref": "UserPool"}},
        },
        "UserPoolClient": {
            "Type": "AWS::Cognito::UserPoolClient",
            "Properties": {
                "UserPoolId": {"Ref": "UserPool"},
                "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            },
        },
        "Authorizer": {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "Name": "users",
                "AuthorizerType": "JWT",
                "IdentitySource": ["$request.header.Authorization"],
                "JwtConfiguration": {
                    "Audience": [{"Ref": "UserPoolClient"}],
                    "Issuer": {
                        "Fn::Join": [
                            "",
                            [
                                "https://cognito-idp.",
                                {"Ref": "AWS::Region"},
                                ".amazonaws.com/",
                                {"Ref": "UserPool"},
                            ],
                        ]
                    },
                },
            },
        },
        **_route("GuestEcho", "GET /api/guest/echo", "Echo"),
        **_route("Account", "GET /api/account", "Echo", {"Ref": "Authorizer"}),
        **_route("Order", "POST /api/guest/orders", "Place"),
        **_route("Unauthorized", "GET /api/guest/unauthorized", "Unauthorized"),
    }


def _route(name: str, key: str, function: str, authorizer: Json | None = None) -> Json:
    protection = {"AuthorizationType": "JWT", "AuthorizerId": authorizer} if authorizer else {}
    return {
        f"{name}Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": get_att(function, "Arn"),
                "PayloadFormatVersion": "2.0",
            },
        },
        f"{name}Route": {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "RouteKey": key,
                "Target": {"Fn::Join": ["", ["integrations/", {"Ref": f"{name}Integration"}]]},
                **protection,
            },
        },
    }

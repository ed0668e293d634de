"""An assembly of three resources, which deploys quickly and omits no resource type."""

import json
from pathlib import Path
from typing import Any

from infra.synth import map_path, openapi_path

BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"


def write_minimal_assembly(
    folder: Path,
    stack: str,
    *,
    key: str = "pk",
    deletion_policy: str = "Delete",
    has_queue: bool = True,
) -> Path:
    """Another `key` replaces the table. `deletion_policy` applies to the table and the bucket."""
    resources: dict[str, Any] = {
        "Pages": {"Type": "AWS::S3::Bucket", "DeletionPolicy": deletion_policy},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": deletion_policy,
            "UpdateReplacePolicy": deletion_policy,
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
    }
    if has_queue:
        resources["Queue"] = {"Type": "AWS::SQS::Queue", "Properties": {}}
    outputs = {
        "ApiUrl": "Table",
        "PagesBucket": "Pages",
        "SignInUrl": "Table",
        "UserPoolClientId": "Table",
    }
    template = {
        "Resources": resources,
        "Outputs": {name: {"Value": {"Ref": resource}} for name, resource in outputs.items()},
    }
    template_file = f"{stack}.template.json"
    destination = {"bucketName": BUCKET, "objectKey": "template.json"}
    manifest = {
        "files": {
            "template": {
                "source": {"path": template_file, "packaging": "file"},
                "destinations": {"current": destination},
            }
        }
    }
    folder.mkdir(exist_ok=True)
    (folder / template_file).write_text(json.dumps(template))
    for generated in (openapi_path(folder), map_path(folder)):
        generated.write_text("{}")
    (folder / f"{stack}.assets.json").write_text(json.dumps(manifest))
    return folder

"""An assembly of two resources, which deploys in a moment and leaves out nothing."""

import json
from pathlib import Path
from typing import Any

BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"


def write_stack(
    folder: Path, name: str, *, key: str = "pk", keep: str = "Delete", queue: bool = True
) -> Path:
    """Another `key` replaces the table; `keep` says what becomes of the old one."""
    resources: dict[str, Any] = {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": keep,
            "UpdateReplacePolicy": keep,
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        }
    }
    if queue:
        resources["Waiting"] = {"Type": "AWS::SQS::Queue", "Properties": {}}
    template = {"Resources": resources, "Outputs": {"ApiUrl": {"Value": {"Ref": "Table"}}}}
    path = f"{name}.template.json"
    manifest = {
        "files": {
            "template": {
                "source": {"path": path, "packaging": "file"},
                "destinations": {"here": {"bucketName": BUCKET, "objectKey": "template.json"}},
            }
        }
    }
    folder.mkdir(exist_ok=True)
    (folder / path).write_text(json.dumps(template))
    (folder / f"{name}.assets.json").write_text(json.dumps(manifest))
    return folder

"""An assembly of three resources, which deploys in a moment and leaves out nothing."""

import json
from pathlib import Path
from typing import Any

from infra.synth import map_path, openapi_path

BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"


def write_stack(
    folder: Path, name: str, *, key: str = "pk", keep: str = "Delete", queue: bool = True
) -> Path:
    """Another `key` replaces the table; `keep` says what becomes of what goes."""
    resources: dict[str, Any] = {
        "Pages": {"Type": "AWS::S3::Bucket", "DeletionPolicy": keep},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": keep,
            "UpdateReplacePolicy": keep,
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
    }
    if queue:
        resources["Waiting"] = {"Type": "AWS::SQS::Queue", "Properties": {}}
    names = {"ApiUrl": "Table", "PagesBucket": "Pages", "SignInUrl": "Table"}
    outputs = names | {"UserPoolClientId": "Table"}
    template = {
        "Resources": resources,
        "Outputs": {name: {"Value": {"Ref": of}} for name, of in outputs.items()},
    }
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
    for made in (openapi_path(folder), map_path(folder)):
        made.write_text("{}")
    (folder / f"{name}.assets.json").write_text(json.dumps(manifest))
    return folder

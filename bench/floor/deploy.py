"""Deploys the floor beside a running shop."""

import io
import json
import zipfile
from pathlib import Path

from bench.floor.template import build_template
from local.shop import BOOTSTRAP_BUCKET, RunningShop

STACK = "Floor"
CODE_FOLDER = Path(__file__).parent / "functions"


def deploy_floor(running: RunningShop) -> dict[str, str]:
    """Returns the outputs of the floor's stack."""
    session = running.session()
    key = "floor.zip"
    session.client("s3").put_object(Bucket=BOOTSTRAP_BUCKET, Key=key, Body=_zip_code())
    cloudformation = session.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(build_template(BOOTSTRAP_BUCKET, key)),
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def _zip_code() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(CODE_FOLDER.glob("[!_]*.py")):
            archive.write(file, file.name)
    return buffer.getvalue()

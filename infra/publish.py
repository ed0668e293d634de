"""Publishes a cloud assembly: its assets to the bootstrap bucket, its template as a change set."""

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

Json = Any
Template = dict[str, Any]

POLL_SECONDS = 0.1  # grows to POLL_SECONDS_AT_MOST while a deployment takes its time
POLL_SECONDS_AT_MOST = 3.0
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
UNCHANGED = ("didn't contain changes", "No updates are to be performed")


class PublishError(Exception):
    """The stack could not be brought to the assembly's template; the message says what failed."""


@dataclass(frozen=True)
class Published:
    """What a stack gives to those who use it, and what was not deployed of its template."""

    outputs: Mapping[str, str]
    left_out: tuple[str, ...]
    changed: bool


def publish(
    assembly: Path, stack: str, session: boto3.Session, *, leave_out: frozenset[str] = frozenset()
) -> Published:
    """Bring `stack` to what the assembly says; an unchanged template touches nothing.

    Resource types in `leave_out` are taken out of the template, with whatever refers to them.
    """
    template: Template = json.loads((assembly / f"{stack}.template.json").read_text())
    left_out = types_present(template, leave_out)
    template = without(template, left_out)
    cloudformation: Any = session.client("cloudformation")
    deployed = _deployed_template(cloudformation, stack)
    if deployed == template:
        return Published(_outputs(cloudformation, stack), left_out, changed=False)
    target = _Target.of(session)
    for asset in _assets(assembly, stack):
        _upload(session, asset, target)
    body = json.dumps(template, separators=(",", ":")).encode()
    url = _put_template(session, body, _template_bucket(assembly, stack, target))
    changed = _apply(cloudformation, stack, url, is_new=deployed is None)
    return Published(_outputs(cloudformation, stack), left_out, changed)


# -- the template -------------------------------------------------------------------------------


def types_present(template: Template, types: frozenset[str]) -> tuple[str, ...]:
    """Those of `types` the template really uses, in order."""
    used = {resource["Type"] for resource in template.get("Resources", {}).values()}
    return tuple(sorted(used & types))


def without(template: Template, types: tuple[str, ...]) -> Template:
    """The template without these resource types, and without whatever needs one of them.

    A list loses the items that refer to them, a policy the statements; an output or a
    property that refers to them goes as a whole.
    """
    if not types:
        return template
    resources = template["Resources"]
    gone = {name for name, resource in resources.items() if resource["Type"] in types}
    kept = {name: _prune(body, gone) for name, body in resources.items() if name not in gone}
    sensible = {name: body for name, body in kept.items() if _says_something(resources[name], body)}
    pruned = {**template, "Resources": sensible}
    if outputs := _prune(template.get("Outputs", {}), gone):
        pruned["Outputs"] = outputs
    return pruned


_NOTHING = object()


def _says_something(before: dict[str, Json], after: dict[str, Json]) -> bool:
    was_policy = "PolicyDocument" in before.get("Properties", {})
    return not was_policy or "Statement" in after.get("Properties", {}).get("PolicyDocument", {})


def _prune(node: Json, gone: set[str]) -> Json:
    left = _pruned(node, gone)
    return {} if left is _NOTHING else left


def _pruned(node: Json, gone: set[str]) -> Json:
    if isinstance(node, list):
        kept = [left for item in node if (left := _pruned(item, gone)) is not _NOTHING]
        return kept if kept or not node else _NOTHING
    if not isinstance(node, dict):
        return node
    if _refers_to(node, gone):
        return _NOTHING
    if len(node) == 1 and next(iter(node)).startswith("Fn::"):
        return node if _pruned_equal(node, gone) else _NOTHING
    depends = node.get("DependsOn")
    rest = {key: _pruned(value, gone) for key, value in node.items() if key != "DependsOn"}
    if _is_broken_statement(rest):
        return _NOTHING
    kept_fields = {key: value for key, value in rest.items() if value is not _NOTHING}
    if depends is not None and (still := _still_there(depends, gone)):
        kept_fields["DependsOn"] = still
    return kept_fields if kept_fields or not node else _NOTHING


def _refers_to(node: dict[str, Json], gone: set[str]) -> bool:
    if node.get("Ref") in gone:
        return True
    target = node.get("Fn::GetAtt")
    name = target.split(".")[0] if isinstance(target, str) else (target or [None])[0]
    if name in gone:
        return True
    text = node.get("Fn::Sub")
    written = text if isinstance(text, str) else (text or [""])[0]
    return any(f"${{{name}}}" in written or f"${{{name}." in written for name in gone)


def _pruned_equal(node: dict[str, Json], gone: set[str]) -> bool:
    return all(not _refers_to(inner, gone) for inner in _objects(node))


def _objects(node: Json) -> Iterator[dict[str, Json]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _objects(item)


def _is_broken_statement(fields: dict[str, Json]) -> bool:
    is_statement = "Effect" in fields and ("Action" in fields or "NotAction" in fields)
    return is_statement and _NOTHING in (fields.get("Resource"), fields.get("Principal"))


def _still_there(depends: str | list[str], gone: set[str]) -> list[str]:
    names = [depends] if isinstance(depends, str) else depends
    return [name for name in names if name not in gone]


# -- the assets ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Target:
    account: str
    region: str

    @staticmethod
    def of(session: boto3.Session) -> "_Target":
        account = session.client("sts").get_caller_identity()["Account"]
        return _Target(account, session.region_name)

    def fill(self, text: str) -> str:
        for name, value in (
            ("AccountId", self.account), ("Region", self.region), ("Partition", "aws"),
        ):  # fmt: skip
            text = text.replace(f"${{AWS::{name}}}", value)
        return text


@dataclass(frozen=True)
class _Asset:
    path: Path
    is_zip: bool
    bucket: str
    key: str


def _manifest(assembly: Path, stack: str) -> dict[str, Json]:
    manifest: dict[str, Json] = json.loads((assembly / f"{stack}.assets.json").read_text())
    return manifest


def _assets(assembly: Path, stack: str) -> Iterator[_Asset]:
    for file in _manifest(assembly, stack).get("files", {}).values():
        source = file["source"]
        if source["path"] == f"{stack}.template.json":
            continue  # goes up as it is applied, see _put_template
        for place in file["destinations"].values():
            path = assembly / source["path"]
            yield _Asset(path, path.is_dir(), place["bucketName"], place["objectKey"])


def _template_bucket(assembly: Path, stack: str, target: _Target) -> str:
    for file in _manifest(assembly, stack).get("files", {}).values():
        if file["source"]["path"] == f"{stack}.template.json":
            place = next(iter(file["destinations"].values()))
            return target.fill(place["bucketName"])
    raise PublishError(
        f"The assembly names no place for the template of {stack}; synthesize again."
    )


def _upload(session: boto3.Session, asset: _Asset, target: _Target) -> None:
    s3: Any = session.client("s3")
    place = {"Bucket": target.fill(asset.bucket), "Key": target.fill(asset.key)}
    if _exists(s3, place):
        return
    content = zipped(asset.path) if asset.is_zip else asset.path.read_bytes()
    s3.put_object(**place, Body=content)


def _exists(s3: Any, place: dict[str, str]) -> bool:
    try:
        s3.head_object(**place)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchBucket", "NotFound"):
            return False
        raise
    return True


def zipped(folder: Path) -> bytes:
    """The folder as a zip whose bytes depend on nothing but names and contents."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100755 if file.stat().st_mode & 0o100 else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            archive.writestr(entry, file.read_bytes())
    return packed.getvalue()


def _put_template(session: boto3.Session, body: bytes, bucket: str) -> str:
    s3: Any = session.client("s3")
    key = f"{hashlib.sha256(body).hexdigest()}.json"
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    except s3.exceptions.NoSuchBucket as error:
        raise PublishError(
            f"The bucket {bucket} does not exist; run `cdk bootstrap` for this account first."
        ) from error
    return f"{s3.meta.endpoint_url}/{bucket}/{key}"


# -- the stack ----------------------------------------------------------------------------------


def _deployed_template(cloudformation: Any, stack: str) -> Template | None:
    status = _status(cloudformation, stack)
    if status in (None, "REVIEW_IN_PROGRESS", "DELETE_COMPLETE"):
        return None
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"):
        raise PublishError(
            f"The stack {stack} never came up ({status}); delete it, then deploy again."
        )
    body = cloudformation.get_template(StackName=stack)["TemplateBody"]
    template: Template = json.loads(body) if isinstance(body, str) else body
    return template


def _status(cloudformation: Any, stack: str) -> str | None:
    try:
        status: str = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return status


def _apply(cloudformation: Any, stack: str, url: str, *, is_new: bool) -> bool:
    change_set, stack_id = _create_change_set(cloudformation, stack, url, is_new=is_new)
    since = _newest_event(cloudformation, stack_id)
    ready = _wait(lambda: cloudformation.describe_change_set(ChangeSetName=change_set), "Status")
    if ready["Status"] != "FAILED":
        cloudformation.execute_change_set(ChangeSetName=change_set)
    elif not _is_unchanged(ready.get("StatusReason", "")):
        raise PublishError(f"The change set for {stack} failed: {ready['StatusReason']}")
    else:
        cloudformation.delete_change_set(ChangeSetName=change_set)
        if not _update(cloudformation, stack_id, url):
            return False
    done = _wait(
        lambda: cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0], "StackStatus"
    )
    if done["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise PublishError(_failure(cloudformation, stack_id, done["StackStatus"], since))
    return True


def _create_change_set(
    cloudformation: Any, stack: str, url: str, *, is_new: bool
) -> tuple[str, str]:
    try:
        created = cloudformation.create_change_set(
            StackName=stack,
            ChangeSetName=f"souk-{time.time_ns()}",
            TemplateURL=url,
            Capabilities=CAPABILITIES,
            ChangeSetType="CREATE" if is_new else "UPDATE",
            # a stack that never came up would only be in the way of the next attempt
            **({"OnStackFailure": "DELETE"} if is_new else {}),
        )
    except ClientError as error:
        raise PublishError(f"{stack} was refused: {error.response['Error']['Message']}") from error
    return created["Id"], created["StackId"]


def _update(cloudformation: Any, stack: str, url: str) -> bool:
    """Apply what a change set does not count as a change, such as a new output."""
    try:
        cloudformation.update_stack(StackName=stack, TemplateURL=url, Capabilities=CAPABILITIES)
    except ClientError as error:
        if _is_unchanged(str(error)):
            return False
        raise PublishError(f"{stack} was refused: {error.response['Error']['Message']}") from error
    return True


def _is_unchanged(reason: str) -> bool:
    return any(words in reason for words in UNCHANGED)


def _wait(describe: Any, field: str) -> dict[str, Any]:
    pause = POLL_SECONDS
    while True:
        answer: dict[str, Any] = describe()
        status = answer[field]
        is_cleaning_up = status == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        if is_cleaning_up or not status.endswith(("_IN_PROGRESS", "_PENDING")):
            return {**answer, field: "UPDATE_COMPLETE"} if is_cleaning_up else answer
        time.sleep(pause)
        pause = min(pause * 1.2, POLL_SECONDS_AT_MOST)


def _newest_event(cloudformation: Any, stack: str) -> str | None:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return events[0]["EventId"] if events else None


def _failure(cloudformation: Any, stack: str, status: str, since: str | None) -> str:
    failed = []
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
    for event in (event for page in pages for event in page["StackEvents"]):
        if event["EventId"] == since:
            break
        reason = event.get("ResourceStatusReason", "")
        if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in reason.lower():
            failed.append(f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}")
    name = stack.split("/")[1]
    return "\n".join([f"The stack {name} ended as {status}.", *reversed(failed)])


def _outputs(cloudformation: Any, stack: str) -> dict[str, str]:
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return {out["OutputKey"]: out["OutputValue"] for out in described.get("Outputs", [])}

"""Brings the files of an assembly to the bucket that `cdk bootstrap` made."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

Json = Any


class NotPublished(Exception):
    """Why an assembly's files did not reach their bucket, in one sentence."""


@dataclass(frozen=True)
class Target:
    """Where a session deploys to."""

    account: str
    region: str
    partition: str

    @staticmethod
    def of(session: boto3.Session) -> "Target":
        """Asks AWS who we are."""
        caller = session.client("sts").get_caller_identity()
        return Target(caller["Account"], session.region_name, caller["Arn"].split(":")[1])

    def fill(self, text: str) -> str:
        """The text of a manifest with this account and region in it."""
        for name, value in (
            ("AccountId", self.account), ("Region", self.region), ("Partition", self.partition),
        ):  # fmt: skip
            text = text.replace(f"${{AWS::{name}}}", value)
        return text


@dataclass(frozen=True)
class _Asset:
    path: Path
    is_zip: bool
    bucket: str
    key: str


def upload(assembly: Path, stack: str, template: bytes, session: boto3.Session) -> str:
    """Bring up what is not there yet; the address of the template. Raises NotPublished."""
    target = Target.of(session)
    bucket = _template_bucket(assembly, stack, target)
    url = _put_template(session, template, bucket)
    for asset in _assets(assembly, stack):
        _upload(session, asset, target)
    return url


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


def _template_bucket(assembly: Path, stack: str, target: Target) -> str:
    for file in _manifest(assembly, stack).get("files", {}).values():
        if file["source"]["path"] == f"{stack}.template.json":
            place = next(iter(file["destinations"].values()))
            return target.fill(place["bucketName"])
    raise NotPublished(
        f"The assembly names no place for the template of {stack}; synthesize again."
    )


def _upload(session: boto3.Session, asset: _Asset, target: Target) -> None:
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
        raise NotPublished(
            f"The bucket {bucket} does not exist; run `cdk bootstrap` for this account first."
        ) from error
    return f"{s3.meta.endpoint_url}/{bucket}/{key}"

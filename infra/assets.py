"""Uploads the assets and the template of a cloud assembly to the bootstrap bucket."""

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


class UploadError(Exception):
    """The assets could not be uploaded. The message is one sentence for the user."""


@dataclass(frozen=True)
class Target:
    """The account, region and partition that a session deploys to."""

    account: str
    region: str
    partition: str

    @staticmethod
    def of(session: boto3.Session) -> "Target":
        """Reads account and partition from STS."""
        identity = session.client("sts").get_caller_identity()
        return Target(identity["Account"], session.region_name, identity["Arn"].split(":")[1])

    def substitute(self, text: str) -> str:
        """Replaces the pseudo parameters, such as `${AWS::Region}`, in a manifest's text."""
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


def upload_assets(assembly: Path, stack: str, template: bytes, session: boto3.Session) -> str:
    """Uploads the template and each asset that the bucket lacks. Returns the template's URL.

    Raises UploadError.
    """
    target = Target.of(session)
    bucket = _template_bucket(assembly, stack, target)
    template_url = _put_template(session, template, bucket)
    for asset in _assets(assembly, stack):
        _upload_asset(session, asset, target)
    return template_url


def _manifest(assembly: Path, stack: str) -> dict[str, Json]:
    manifest: dict[str, Json] = json.loads((assembly / f"{stack}.assets.json").read_text())
    return manifest


def _assets(assembly: Path, stack: str) -> Iterator[_Asset]:
    for file in _manifest(assembly, stack).get("files", {}).values():
        source = file["source"]
        if source["path"] == f"{stack}.template.json":
            continue  # _put_template uploads it, without the omitted resource types
        for destination in file["destinations"].values():
            path = assembly / source["path"]
            yield _Asset(path, path.is_dir(), destination["bucketName"], destination["objectKey"])


def _template_bucket(assembly: Path, stack: str, target: Target) -> str:
    for file in _manifest(assembly, stack).get("files", {}).values():
        if file["source"]["path"] == f"{stack}.template.json":
            destination = next(iter(file["destinations"].values()))
            return target.substitute(destination["bucketName"])
    raise UploadError(
        f"The assembly has no destination for the template of {stack}. Synthesize it again."
    )


def _upload_asset(session: boto3.Session, asset: _Asset, target: Target) -> None:
    s3: Any = session.client("s3")
    location = {"Bucket": target.substitute(asset.bucket), "Key": target.substitute(asset.key)}
    if _exists(s3, location):
        return
    content = zip_folder(asset.path) if asset.is_zip else asset.path.read_bytes()
    s3.put_object(**location, Body=content)


def _exists(s3: Any, location: dict[str, str]) -> bool:
    try:
        s3.head_object(**location)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchBucket", "NotFound"):
            return False
        raise
    return True


def zip_folder(folder: Path) -> bytes:
    """A reproducible zip file: its bytes depend on file names and contents only."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100755 if file.stat().st_mode & 0o100 else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            archive.writestr(entry, file.read_bytes())
    return buffer.getvalue()


def _put_template(session: boto3.Session, body: bytes, bucket: str) -> str:
    s3: Any = session.client("s3")
    key = f"{hashlib.sha256(body).hexdigest()}.json"
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    except s3.exceptions.NoSuchBucket as error:
        raise UploadError(
            f"The bucket {bucket} does not exist. Run `cdk bootstrap` for this account first."
        ) from error
    return f"{s3.meta.endpoint_url}/{bucket}/{key}"

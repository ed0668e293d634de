"""Product pictures in S3, under `media/`. Each upload gets a new key, so caches never expire."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config

from souk.catalog.domain import PictureUpload
from souk.kernel import aws
from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from souk.catalog.domain import PictureFile

KEY_PREFIX = "media"
UPLOAD_EXPIRES_SECONDS = 300
CACHE_CONTROL = "public, max-age=31536000, immutable"

# Signs for the regional endpoint, in us-east-1 too: the global endpoint redirects requests to a
# new bucket, and a browser's preflight request follows no redirect. The pages' Content Security
# Policy allows this endpoint only.
_SIGNING_CONFIG = Config(
    signature_version="s3v4",
    s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
)


@cache
def s3() -> S3Client:
    return cast("S3Client", aws.client("s3", _SIGNING_CONFIG))


class PictureBucket:
    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def create_upload(self, file: PictureFile) -> PictureUpload:
        """A presigned POST, valid for 300 seconds. Signing sends no request to AWS.

        S3 itself rejects a file of another type or size, and another key.
        """
        key = f"{KEY_PREFIX}/{new_id()}"
        headers = {"Content-Type": file.type, "Cache-Control": CACHE_CONTROL}
        size: list[Any] = ["content-length-range", file.size, file.size]
        form = s3().generate_presigned_post(
            self._bucket,
            key,
            Fields=dict(headers),
            Conditions=[*({name: value} for name, value in headers.items()), size],
            ExpiresIn=UPLOAD_EXPIRES_SECONDS,
        )
        return PictureUpload(form["url"], form["fields"], f"/{key}")

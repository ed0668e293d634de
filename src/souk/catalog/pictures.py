"""Pictures in S3: under `media/`, each under a new name, so that caches keep them for ever."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config

from souk.catalog.domain import Upload
from souk.kernel import aws
from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from souk.catalog.domain import PictureFile

FOLDER = "media"
SECONDS = 300  # in which an upload must have begun
FOR_EVER = "public, max-age=31536000, immutable"

# The region's own address from the first minute: a browser's preflight follows no redirect.
# It is the one that the pages' policy names, in us-east-1 too.
_SIGNING = Config(
    signature_version="s3v4",
    s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
)


@cache
def s3() -> S3Client:
    return cast("S3Client", aws.client("s3", _SIGNING))


class BucketPictures:
    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def upload(self, file: PictureFile) -> Upload:
        """S3 itself refuses any other type, size or name than was said; nothing is sent here."""
        key = f"{FOLDER}/{new_id()}"
        said = {"Content-Type": file.type, "Cache-Control": FOR_EVER}
        size: list[Any] = ["content-length-range", file.size, file.size]
        form = s3().generate_presigned_post(
            self._bucket,
            key,
            Fields=dict(said),
            Conditions=[*({name: value} for name, value in said.items()), size],
            ExpiresIn=SECONDS,
        )
        return Upload(form["url"], form["fields"], f"/{key}")

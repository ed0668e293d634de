"""Uploaded pictures: the gateway reads them from the shop's bucket, as CloudFront does on AWS."""

import os
import re
from collections.abc import MutableMapping
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

PATH: Final = re.compile(r"/media/[0-9a-f-]+")
_HOST: Final = "127.0.0.1"
_EXPIRES_SECONDS: Final = 60

Scope = MutableMapping[str, Any]


def presigned_scope(bucket: str, scope: Scope) -> Scope:
    """The ASGI scope of the same request to the bucket, presigned by the account's root user."""
    url = f"http://{_HOST}/{bucket}{scope['path']}"
    request = AWSRequest(method=scope["method"], url=url)
    _signer().add_auth(request)
    signed = urlsplit(str(request.url))
    forwarded = [(name, value) for name, value in scope["headers"] if name == b"if-none-match"]
    return {
        **scope,
        "path": signed.path,
        "raw_path": signed.path.encode(),
        "query_string": signed.query.encode(),
        "headers": [(b"host", _HOST.encode()), *forwarded],
    }


def _signer() -> S3SigV4QueryAuth:
    """Uses the root credentials that `cloud.engine_settings` puts into the environment."""
    root = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    region = os.environ["AWS_DEFAULT_REGION"]
    return S3SigV4QueryAuth(root, "s3", region, expires=_EXPIRES_SECONDS)

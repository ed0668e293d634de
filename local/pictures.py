"""Uploaded pictures: the front door reads them in the shop's bucket, as CloudFront does on AWS."""

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
_SECONDS: Final = 60

Scope = MutableMapping[str, Any]


def asked_of(bucket: str, scope: Scope) -> Scope:
    """The same request to the bucket, signed by the account itself."""
    url = f"http://{_HOST}/{bucket}{scope['path']}"
    signed = AWSRequest(method=scope["method"], url=url)
    _signer().add_auth(signed)
    to = urlsplit(str(signed.url))
    known = [(name, value) for name, value in scope["headers"] if name == b"if-none-match"]
    return {
        **scope,
        "path": to.path,
        "raw_path": to.path.encode(),
        "query_string": to.query.encode(),
        "headers": [(b"host", _HOST.encode()), *known],
    }


def _signer() -> S3SigV4QueryAuth:
    """Whoever the engine takes for the account's owner, see `cloud.engine_settings`."""
    owner = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    return S3SigV4QueryAuth(owner, "s3", os.environ["AWS_DEFAULT_REGION"], expires=_SECONDS)

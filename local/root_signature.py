"""Signs requests to the routes that the local cloud adds to AWS: they are for the root user."""

from collections.abc import Generator
from pathlib import Path

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.root_key import ACCOUNT, REGION, secret_key


class RootSignature(httpx.Auth):
    """The `auth` of an httpx client."""

    requires_request_body = True

    def __init__(self, state: Path) -> None:
        key = Credentials(ACCOUNT, secret_key(state))
        self._signer = SigV4Auth(key, "execute-api", REGION)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        signed = AWSRequest(
            request.method, str(request.url), {"host": request.headers["host"]}, request.content
        )
        self._signer.add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        yield request

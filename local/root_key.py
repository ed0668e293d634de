"""The access key of the local account's root user.

Whoever has it may do everything on the AWS port. All other keys are temporary and belong to roles.
"""

import os
from pathlib import Path
from typing import Final

from local.secret import derive

REGION: Final = "us-east-1"
ACCOUNT: Final = "000000000000"
"""MiniStack treats this id, used as an access key, as the account's root."""


def secret_key(state: Path) -> str:
    """The secret access key, another one for each shop. Only the owner of `state` can read it."""
    return derive(state, "secret access key of the root user")


def environment(state: Path, endpoint: str) -> dict[str, str]:
    """The variables with which the AWS CLI and AWS's SDKs call the local cloud at `endpoint`.

    Profiles, configuration files and proxies of the user have no effect.
    """
    return {
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": secret_key(state),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
    }

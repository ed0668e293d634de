"""The random secret of a local shop. Passwords and guest tokens of the demo derive from it."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

FILE = "secret"


def load_secret(state: Path) -> bytes:
    """The secret in the state folder. Created on first use; only its owner can read the file."""
    file = state / FILE
    if not file.exists():
        _create(file, secrets.token_bytes(32))
    return file.read_bytes()


def derive(state: Path, purpose: str) -> str:
    """An unguessable text of 64 hexadecimal digits, constant per shop and purpose."""
    return hmac.new(load_secret(state), purpose.encode(), hashlib.sha256).hexdigest()


def _create(file: Path, content: bytes) -> None:
    """Does nothing if another process created the file first."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(draft, flags, 0o600), "wb") as stream:
        stream.write(content)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()

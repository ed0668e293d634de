"""The shop's own random secret; passwords and guest tokens of the demo derive from it."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

FILE = "secret"


def secret(state: Path) -> bytes:
    """The secret of the shop kept in `state`, made on first use, readable by its owner alone."""
    file = state / FILE
    if not file.exists():
        _write_once(file, secrets.token_bytes(32))
    return file.read_bytes()


def derived(state: Path, purpose: str) -> str:
    """A text nobody can guess, the same each time for one purpose in one shop."""
    return hmac.new(secret(state), purpose.encode(), hashlib.sha256).hexdigest()


def _write_once(file: Path, content: bytes) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        written.write(content)
    try:
        os.link(draft, file)  # fails when another process was first; theirs counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()

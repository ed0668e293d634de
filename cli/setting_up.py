"""Makes .venv with exactly what the requirement files say; needs nothing but Python itself."""

import fcntl
import os
import re
import select
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from cli import environment

_VENV = Path(environment.VENV)
_LOG = _VENV / "setup.log"
_MEGABYTES = {"run": (180, 560), "dev": (120, 320)}  # to download, on disk

_REASONS = {
    "CERTIFICATE_VERIFY_FAILED": "the package index has a certificate nobody trusts here: look at"
    " pip's cert setting",
    "No space left on device": "the disk is full: make room for it",
    "DO NOT MATCH THE HASHES": "a package that came is not the one that was locked: look at pip's"
    " index or mirror settings",
    "connection broken by": "no package index could be reached: look at the network, or at pip's"
    " proxy and mirror settings",
    "No matching distribution found": "pip's package index has not all that is needed for this"
    " Python and machine",
}


def set_up(names: list[str]) -> None:
    """Bring .venv up to date, one launcher at a time."""
    lock = _take_turn()
    missing = _missing(names)
    if missing:
        _check(missing)
        _announce(missing)
        began = time.monotonic()
        if "run" in missing:
            _make_venv(lock)
        for name in missing:
            _install(name, lock)
        _say(f"Ready after {time.monotonic() - began:.0f} s.")
    os.close(lock)


def _take_turn() -> int:
    """Hold the project's folder; pip inherits the hold, should the launcher be killed alone."""
    lock = os.open(environment.ROOT, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say("Another ./souk is setting up the environment; waiting for it …")
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _missing(names: list[str]) -> list[str]:
    """What is half installed, or from other requirement files, is made anew rather than mended."""
    if all(map(environment.is_installed, names)):
        return []
    if environment.is_installed("run") and environment.stamped("dev") is None:
        return ["dev"]
    return names


def _check(missing: list[str]) -> None:
    if _VENV.is_symlink():  # making it anew would empty a folder that is somebody else's
        _fail(f"{_VENV} is a link: remove it, and an environment is made in its place.")
    if not os.access(_VENV if _VENV.exists() else _VENV.parent, os.W_OK):
        _fail(f"{_VENV.parent} is read-only: make it writable, or use a copy that is.")
    if not (find_spec("venv") and find_spec("ensurepip")):
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        _fail(
            "this Python cannot make virtual environments. On Debian and Ubuntu install the"
            f" package {package}, then run the same command again."
        )
    needed = sum(sum(_MEGABYTES[name]) for name in missing)
    free = shutil.disk_usage(_VENV.parent).free // 1_000_000
    if free < needed:
        _fail(f"{needed} MB of disk are needed in {_VENV.parent}, and {free} MB are free.")


def _announce(missing: list[str]) -> None:
    if "run" not in missing:
        why = "The tests need more tools"
    elif _VENV.exists():
        why = "The environment in .venv is unfinished or out of date, and is made anew"
    else:
        why = "First use: an environment is made in .venv"
    download, disk = (
        sum(sizes) for sizes in zip(*(_MEGABYTES[name] for name in missing), strict=True)
    )
    _say(f"{why}. About {download} MB to download, {disk} MB on disk.")


def _make_venv(lock: int) -> None:
    venv = [sys.executable, "-I", "-m", "venv", "--clear", str(_VENV)]
    made = subprocess.run(venv, capture_output=True, text=True, check=False, pass_fds=[lock])
    if made.returncode:
        _fail(f"could not make {_VENV}: {_last_line(made.stdout + made.stderr)}")


def _install(name: str, lock: int) -> None:
    stamp = Path(environment.stamp(name))
    stamp.write_text("unfinished\n")
    status, said = _pip(name, lock)
    _LOG.write_text(said)
    if status:
        if not _unpacking(said):
            stamp.unlink()  # pip has changed nothing yet
        _fail(_reason(said))
    stamp.write_text(environment.wanted(name))


def _pip(name: str, lock: int) -> tuple[int, str]:
    """Run pip as its user has configured it (mirrors, proxies); give its status and output."""
    locked = Path(environment.locked(name))
    pip = [environment.PYTHON, "-u", "-I", "-m", "pip", "--disable-pip-version-check", "install"]
    pip += ["--requirement", str(locked), "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    pip += ["--no-compile"]  # compiling would double the time
    pip += ["--progress-bar", "off", "--no-input"]
    with subprocess.Popen(
        pip,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, PIP_USER="0"),
        pass_fds=[lock],
    ) as child:
        try:
            said = _watch(child, total=locked.read_text().count("=="))
        except BaseException:
            child.terminate()
            raise
    return child.returncode, said


def _watch(child: subprocess.Popen[bytes], total: int) -> str:
    """Show how far pip is until it is done; give all it said."""
    assert child.stdout
    terminal = sys.stderr.isatty()
    began, said, shown = time.monotonic(), b"", ""
    while True:
        if select.select([child.stdout], [], [], 1)[0]:
            piece = os.read(child.stdout.fileno(), 65536)
            if not piece:
                break
            said += piece
        line = _progress(said.decode(errors="replace"), total, every=1 if terminal else 20)
        if terminal:
            _draw(f"{line}, {time.monotonic() - began:.0f} s")
        elif line != shown:
            _say(line)
        shown = line
    if terminal:
        _draw("")
    return said.decode(errors="replace")


def _progress(said: str, total: int, every: int) -> str:
    if _unpacking(said):
        return "  unpacking"
    seen = len(re.findall(r"^(?:Collecting|Processing|Requirement|Ignoring) ", said, re.MULTILINE))
    line = f"  {seen // every * every} of {total} packages"
    coming = re.findall(r"^  Downloading (\S+?)-\d\S* \((.*)\)$", said, re.MULTILINE)
    if every == 1 and coming:
        line += " ({} {})".format(*coming[-1])
    return line


def _unpacking(said: str) -> bool:
    return "\nInstalling collected packages" in said


def _reason(said: str) -> str:
    for symptom, reason in _REASONS.items():
        if symptom in said:
            return f"{reason}, then run the same command again. pip's own words are in {_LOG}."
    return f"pip could not install what is needed: {_last_line(said)} (all of it is in {_LOG})."


def _last_line(said: str) -> str:
    return (said.strip() or "no reason given").splitlines()[-1]


def _draw(line: str) -> None:
    sys.stderr.write(f"\r\x1b[K{line}")
    sys.stderr.flush()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _fail(sentence: str) -> NoReturn:
    sys.exit(f"souk: {sentence}")

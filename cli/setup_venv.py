"""Creates .venv with exactly the packages of the requirement files. Needs only Python itself."""

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
_SIZES_MB = {"run": (180, 560), "dev": (120, 320)}  # (download, disk) by set of packages

_EXPLANATIONS = {
    "CERTIFICATE_VERIFY_FAILED": "the certificate of the package index is not trusted on this"
    " machine: check pip's `cert` setting",
    "No space left on device": "the disk is full: free some space",
    "DO NOT MATCH THE HASHES": "a downloaded package is not the one that was locked: check pip's"
    " index and mirror settings",
    "connection broken by": "no package index could be reached: check the network, or pip's proxy"
    " and mirror settings",
    "No matching distribution found": "pip's package index lacks a needed package for this Python"
    " and machine: check pip's index and mirror settings",
}
"""Texts in pip's output, and what to tell the user about each."""


def set_up(names: list[str]) -> None:
    """Bring .venv up to date. Of several launchers, one works and the others wait for it."""
    lock = _acquire_lock()
    outdated = _outdated(names)
    if outdated:
        _check_preconditions(outdated)
        _announce(outdated)
        started = time.monotonic()
        if "run" in outdated:
            _create_venv(lock)
        for name in outdated:
            _install(name, lock)
        _print(f"Ready after {time.monotonic() - started:.0f} s.")
    os.close(lock)


def _acquire_lock() -> int:
    """Lock the project's folder, and wait if another launcher holds the lock.

    Returns the file descriptor. pip inherits it: if the launcher alone is killed, the lock lasts
    until pip has ended.
    """
    lock = os.open(environment.ROOT, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _print("Another ./souk is setting up the environment. Waiting for it …")
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _outdated(names: list[str]) -> list[str]:
    """The sets to install. A partial or outdated environment is replaced as a whole."""
    if all(map(environment.is_installed, names)):
        return []
    if environment.is_installed("run") and environment.read_stamp("dev") is None:
        return ["dev"]
    return names


def _check_preconditions(outdated: list[str]) -> None:
    if _VENV.is_symlink():  # `venv --clear` would empty the folder that the link points to
        _fail(f"{_VENV} is a link. Remove it; ./souk then creates an environment in its place.")
    if not os.access(_VENV if _VENV.exists() else _VENV.parent, os.W_OK):
        _fail(f"{_VENV.parent} is read-only. Make it writable, or use a copy that is.")
    if not (find_spec("venv") and find_spec("ensurepip")):
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        _fail(
            "this Python cannot create virtual environments. On Debian and Ubuntu install the"
            f" package {package}, then run the same command again."
        )
    needed = sum(sum(_SIZES_MB[name]) for name in outdated)
    free = shutil.disk_usage(_VENV.parent).free // 1_000_000
    if free < needed:
        _fail(f"{needed} MB of disk are needed in {_VENV.parent}, and {free} MB are free.")


def _announce(outdated: list[str]) -> None:
    if "run" not in outdated:
        action = "Installing additional tools for the tests"
    elif _VENV.exists():
        action = "The environment in .venv is incomplete or out of date. Creating a new one"
    else:
        action = "First use: creating an environment in .venv"
    download, disk = (
        sum(sizes) for sizes in zip(*(_SIZES_MB[name] for name in outdated), strict=True)
    )
    _print(f"{action}. About {download} MB to download, {disk} MB on disk.")


def _create_venv(lock: int) -> None:
    command = [sys.executable, "-I", "-m", "venv", "--clear", str(_VENV)]
    completed = subprocess.run(
        command, capture_output=True, text=True, check=False, pass_fds=[lock]
    )
    if completed.returncode:
        _fail(f"could not create {_VENV}: {_last_line(completed.stdout + completed.stderr)}")


def _install(name: str, lock: int) -> None:
    stamp = Path(environment.stamp_path(name))
    stamp.write_text("unfinished\n")
    status, output = _run_pip(name, lock)
    _LOG.write_text(output)
    if status:
        if not _is_unpacking(output):
            stamp.unlink()  # pip has changed nothing yet
        _fail(_explain(output))
    stamp.write_text(environment.expected_stamp(name))


def _run_pip(name: str, lock: int) -> tuple[int, str]:
    """Install a set with the user's pip configuration (mirrors, proxies).

    Returns pip's exit status and its output.
    """
    requirements = Path(environment.requirements_path(name))
    pip = [environment.PYTHON, "-u", "-I", "-m", "pip", "--disable-pip-version-check", "install"]
    pip += ["--requirement", str(requirements)]
    pip += ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
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
            output = _follow_output(child, total=requirements.read_text().count("=="))
        except BaseException:
            child.terminate()
            raise
    return child.returncode, output


def _follow_output(child: subprocess.Popen[bytes], total: int) -> str:
    """Show pip's progress until it ends; return all its output. `total` counts packages."""
    assert child.stdout
    is_terminal = sys.stderr.isatty()
    started, output, shown = time.monotonic(), b"", ""
    while True:
        if select.select([child.stdout], [], [], 1)[0]:
            chunk = os.read(child.stdout.fileno(), 65536)
            if not chunk:
                break
            output += chunk
        line = _progress_line(output.decode(errors="replace"), total, step=1 if is_terminal else 20)
        if is_terminal:
            _redraw(f"{line}, {time.monotonic() - started:.0f} s")
        elif line != shown:
            _print(line)
        shown = line
    if is_terminal:
        _redraw("")
    return output.decode(errors="replace")


def _progress_line(output: str, total: int, step: int) -> str:
    """How many packages pip has resolved, rounded down to `step`; by 1, also the last download."""
    if _is_unpacking(output):
        return "  unpacking"
    resolved = len(
        re.findall(r"^(?:Collecting|Processing|Requirement|Ignoring) ", output, re.MULTILINE)
    )
    line = f"  {resolved // step * step} of {total} packages"
    downloads = re.findall(r"^  Downloading (\S+?)-\d\S* \((.*)\)$", output, re.MULTILINE)
    if step == 1 and downloads:
        line += " ({} {})".format(*downloads[-1])
    return line


def _is_unpacking(output: str) -> bool:
    return "\nInstalling collected packages" in output


def _explain(output: str) -> str:
    """One sentence about why pip failed."""
    for text, explanation in _EXPLANATIONS.items():
        if text in output:
            return f"{explanation}, then run the same command again. pip's output is in {_LOG}."
    return f"pip could not install the packages: {_last_line(output)} (its output is in {_LOG})."


def _last_line(output: str) -> str:
    return (output.strip() or "no reason given").splitlines()[-1]


def _redraw(line: str) -> None:
    sys.stderr.write(f"\r\x1b[K{line}")
    sys.stderr.flush()


def _print(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _fail(sentence: str) -> NoReturn:
    sys.exit(f"souk: {sentence}")

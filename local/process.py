"""Processes and ports of this machine, as far as a shop is concerned with them."""

import http.client
import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path


def birth(pid: int) -> str | None:
    """A mark of this very process, which no later one with the same id has; None if it is gone."""
    stat = Path(f"/proc/{pid}/stat")
    if not Path("/proc/self").exists():
        asked = subprocess.run(
            ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        state, _, started = asked.stdout.strip().partition(" ")
        return None if not started or state.startswith("Z") else started.strip()
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)  # workers the process could not end itself


def bare_environment() -> dict[str, str]:
    # Functions inherit it: nothing of the person's own AWS or Python settings may reach them.
    kept = ("HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TZ")
    return {name: os.environ[name] for name in kept if name in os.environ}


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(wanted: int) -> int:
    if wanted and is_free(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("HEAD", "/_ministack/health")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]

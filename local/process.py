"""Processes and ports of this machine."""

import http.client
import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

_PROC_STATE, _PROC_START_TIME = 0, 19  # fields of /proc/PID/stat after the command name


def start_time(pid: int) -> str | None:
    """When the process started, as text that only serves for comparison; None if it has ended.

    Together with the id it identifies a process: the system may give the id to a later one.
    """
    if not Path("/proc/self").exists():
        listed = subprocess.run(
            ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        state, _, started = listed.stdout.strip().partition(" ")
        return None if not started or state.startswith("Z") else started.strip()
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[_PROC_STATE] in "ZX" else fields[_PROC_START_TIME]


def kill_group(leader: int) -> None:
    """Kill all processes of the group `leader` started, even if `leader` itself has ended."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def minimal_environment() -> dict[str, str]:
    """The environment for the local cloud, without the user's AWS and Python settings.

    Functions inherit it.
    """
    names = ("HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TZ")
    return {name: os.environ[name] for name in names if name in os.environ}


def is_port_free(port: int) -> bool:
    """Whether this process could listen on the loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def find_free_port(preferred: int) -> int:
    """`preferred` if it is free, otherwise any free port; 0 means no preference."""
    if preferred and is_port_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_responding(port: int) -> bool:
    """Whether an HTTP server answers on the port, with anything but a server error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("HEAD", "/_ministack/health")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def last_line(text: str) -> str:
    """The last line of a program's output, for an error message."""
    return (text.strip().splitlines() or ["no output"])[-1]

"""A local shop: started, found, queried and stopped by its state folder."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shutil import copyfile, rmtree
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from infra.publish import PublishError, PublishResult, publish
from local.cloud import MAP, OPENAPI, STACK
from local.process import (
    find_free_port,
    is_port_free,
    is_responding,
    kill_group,
    last_line,
    minimal_environment,
    start_time,
)
from local.root_key import ACCOUNT, REGION, secret_key
from local.wal import segments

UNSUPPORTED_RESOURCE_TYPES = frozenset({
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::Cognito::UserPoolUser",
    "AWS::Events::ApiDestination",
    "AWS::Events::Archive",
    "AWS::Events::Connection",
    "AWS::Events::EventBusPolicy",
    "AWS::Logs::QueryDefinition",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::WAFv2::WebACLAssociation",
})  # fmt: skip
"""Resource types that MiniStack rejects. A local deployment omits them and reports them."""

STATE_FORMAT = 1
"""Number of the state's format, in the marker file of the state folder. Raise it when older state
becomes unreadable: records of the write-ahead log, files of the folder, rows of the services."""

ROOT = Path(__file__).parents[1]
MARKER = ".souk-state"  # marks a folder as a shop's
PROCESS, LOG, PROCESS_LOCK, COMMAND_LOCK = "shop.json", "cloud.log", "in-use", "busy"
STATE_FILES = (
    PROCESS, LOG, PROCESS_LOCK, COMMAND_LOCK, OPENAPI, MAP, "aws", "wal", "tmp", "secret",
)  # fmt: skip
START_TIMEOUT_SECONDS, STOP_TIMEOUT_SECONDS = 60.0, 45.0
PORT_RELEASE_TIMEOUT_SECONDS = 2.0
POLL_INTERVAL_SECONDS = 0.02
BOOTSTRAP_BUCKET = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"

Report = Callable[[str], None]
"""Receives a line of progress."""


class ShopError(Exception):
    """The shop cannot be started. The message is for the user and says what to do."""


class LocalSession(boto3.Session):
    """AWS clients of the local cloud, with the rights of the account's root user.

    The user's AWS profile, configuration files and proxy have no effect.
    """

    def __init__(self, endpoint: str, state: Path) -> None:
        unset = (None, None, None, None)
        no_file = (None, None, os.devnull, None)
        core = botocore.session.Session(
            {"profile": unset, "config_file": no_file, "credentials_file": no_file}
        )
        super().__init__(
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key=secret_key(state),
            region_name=REGION,
            botocore_session=core,
        )
        self._endpoint = endpoint

    def client(self, service_name: str, **options: Any) -> Any:  # type: ignore[override]
        """A client of an AWS service in the local cloud."""
        return super().client(  # type: ignore[call-overload]
            service_name, endpoint_url=self._endpoint, config=Config(proxies={}), **options
        )


@dataclass(frozen=True)
class RunningShop:
    """A shop whose process is alive. Stored in `shop.json`, except for `state`."""

    state: Path
    pid: int
    start_time: str  # of the process, see `process.start_time`
    port: int
    aws_port: int
    outputs: dict[str, str] = field(default_factory=dict)
    omitted_types: tuple[str, ...] = ()  # resource types missing in the local deployment

    @property
    def endpoint(self) -> str:
        """The AWS endpoint."""
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def urls(self) -> dict[str, str]:
        """The public addresses: of the API, the storefront and the API reference."""
        origin = f"http://127.0.0.1:{self.port}"
        return {"api": f"{origin}/api", "storefront": f"{origin}/", "docs": f"{origin}/api/docs/"}

    def session(self) -> LocalSession:
        """AWS clients of this shop."""
        return LocalSession(self.endpoint, self.state)

    def is_alive(self) -> bool:
        return start_time(self.pid) == self.start_time


@dataclass(frozen=True)
class QueueDepth:
    """Messages of a queue: waiting, being handled, and in its dead-letter queue.

    An outbox relay has a dead-letter queue only; for it `visible` and `in_flight` are 0.
    """

    name: str
    visible: int
    in_flight: int
    dead: int


@dataclass(frozen=True)
class ShopStatus:
    """Whether the shop is deployed and running, where it is, and what its queues contain."""

    ready: bool
    urls: dict[str, str]
    queues: tuple[QueueDepth, ...]

    def as_json(self) -> dict[str, Any]:
        """The object that `status --json` prints."""
        return {**asdict(self), "queues": [asdict(queue) for queue in self.queues]}


@dataclass(frozen=True)
class Shop:
    """The shop whose state is in one folder, running or not."""

    state: Path

    def start(
        self, assembly: Path, openapi: Path, port: int, fresh: bool, report: Report
    ) -> RunningShop:
        """Start the shop, or find it running, and deploy `assembly`.

        `fresh` stops a running shop and deletes its state first. Raises ShopError.
        """
        _claim(self.state)
        with _command_lock(self.state):
            if not fresh:
                _check_format(self.state)
            running = self.find_running()
            if running is None:
                self._clean_up_after_crash()
            if running is None or running.port != port:
                _check_port_is_free(port)
            if fresh:
                if running:
                    report("Stopping the running shop")
                    self._end(running)
                    running = None
                _wipe(self.state)
            if running:
                _check_port_is_unchanged(running, port)
                return self._publish(running, assembly, openapi, report)
            return self._start(assembly, openapi, port, report)

    def deploy(self, assembly: Path, openapi: Path) -> RunningShop:
        """Deploy `assembly` to the running shop. A failed deployment leaves it unchanged.

        Raises ShopError.
        """
        with _command_lock(self.state):
            running = self.find_running()
            if running is None:
                raise ShopError("The shop is not running.")
            return self._publish(running, assembly, openapi, lambda _: None)

    def stop(self) -> bool:
        """Stop the shop and keep its state. Returns False if it was not running."""
        if not (self.state / MARKER).exists():
            return False
        with _command_lock(self.state):
            running = self.find_running()
            if running:
                self._end(running)
            else:
                self._clean_up_after_crash()
            return running is not None

    def find_running(self) -> RunningShop | None:
        """The shop's process, if it is alive."""
        try:
            record = json.loads((self.state / PROCESS).read_text())
            if "born" in record:  # a shop of an earlier version, which `stop` must still find
                record["start_time"] = record.pop("born")
                record["omitted_types"] = record.pop("left_out")
            record["omitted_types"] = tuple(record["omitted_types"])
            running = RunningShop(state=self.state, **record)
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return running if running.is_alive() else None

    def status(self) -> ShopStatus:
        """The status; a stopped shop is not ready and lists no queues."""
        running = self.find_running()
        if running is None or not is_responding(running.aws_port):
            return ShopStatus(ready=False, urls={}, queues=())
        is_deployed = "ApiId" in running.outputs
        return ShopStatus(is_deployed, running.urls, tuple(_read_queues(running)))

    def _start(self, assembly: Path, openapi: Path, port: int, report: Report) -> RunningShop:
        _check_not_damaged(self.state)
        report("Starting the local cloud")
        running = self._launch(port)
        try:
            _wait_until_responding(running)
            _bootstrap(running.session())
            return self._publish(running, assembly, openapi, report)
        except BaseException:
            self._end(running)
            raise

    def _launch(self, port: int) -> RunningShop:
        aws_port = find_free_port(self._last_recorded("aws_port"))
        command = [
            sys.executable, "-m", "local.cloud", "--state", str(self.state.resolve()),
            "--port", str(port), "--aws-port", str(aws_port),
            "--detach", str(self.state.resolve() / LOG),
        ]  # fmt: skip
        launched = subprocess.run(
            command,
            cwd=ROOT,
            env=minimal_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if launched.returncode:
            raise ShopError(f"The local cloud did not start: {last_line(launched.stderr)}")
        pid = int(launched.stdout)
        return self._record(RunningShop(self.state, pid, start_time(pid) or "", port, aws_port))

    def _last_recorded(self, field: str) -> int:
        """A number of the last process; 0 if there was none."""
        try:
            return int(json.loads((self.state / PROCESS).read_text())[field])
        except (OSError, ValueError, KeyError):
            return 0

    def _clean_up_after_crash(self) -> None:
        """End the workers of a killed engine and remove their temporary files."""
        leader = self._last_recorded("pid")
        # No other process can have this id while the group has members.
        if leader and start_time(leader) is None:
            kill_group(leader)
            deadline = time.monotonic() + PORT_RELEASE_TIMEOUT_SECONDS
            while not is_port_free(self._last_recorded("port")) and time.monotonic() < deadline:
                time.sleep(POLL_INTERVAL_SECONDS)
        rmtree(self.state / "tmp", ignore_errors=True)

    def _publish(
        self, running: RunningShop, assembly: Path, openapi: Path, report: Report
    ) -> RunningShop:
        report("Deploying the shop")
        try:
            published = publish(
                assembly, STACK, running.session(), omit_types=UNSUPPORTED_RESOURCE_TYPES
            )
        except PublishError as error:
            raise ShopError(str(error)) from error
        copyfile(openapi, self.state / OPENAPI)  # the assembly may be deleted later
        if (shop_map := openapi.with_name(MAP)).is_file():
            copyfile(shop_map, self.state / MAP)
        return self._record(_with_deployment(running, published))

    def _record(self, running: RunningShop) -> RunningShop:
        record = {name: value for name, value in asdict(running).items() if name != "state"}
        draft = self.state / f"{PROCESS}.new"
        draft.write_text(json.dumps(record, indent=1))
        draft.replace(self.state / PROCESS)
        return running

    def _end(self, running: RunningShop) -> None:
        _send_signal(running, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        while running.is_alive() and time.monotonic() < deadline:
            time.sleep(POLL_INTERVAL_SECONDS)
        _send_signal(running, signal.SIGKILL)
        kill_group(running.pid)
        rmtree(self.state / "tmp", ignore_errors=True)


def _with_deployment(running: RunningShop, published: PublishResult) -> RunningShop:
    return RunningShop(
        running.state, running.pid, running.start_time, running.port, running.aws_port,
        dict(published.outputs), published.omitted_types,
    )  # fmt: skip


def _bootstrap(session: LocalSession) -> None:
    """Create what templates use of a `cdk bootstrap`: the asset bucket and the version."""
    s3 = session.client("s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=BOOTSTRAP_BUCKET)
    session.client("ssm").put_parameter(
        Name=BOOTSTRAP_VERSION, Value="28", Type="String", Overwrite=True
    )


# -- the state folder ---------------------------------------------------------------------------


def _claim(state: Path) -> None:
    """Create the folder if necessary and mark it as a shop's. Raises ShopError."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        if not (state / MARKER).exists():
            _check_has_no_foreign_files(state)
            _write_marker(state)
        state.chmod(0o700)  # it contains customers' contact details and token keys
    except OSError as error:
        raise ShopError(
            f"The state folder {state} cannot be used ({error.strerror});"
            " choose another folder with --state."
        ) from error


def _check_has_no_foreign_files(state: Path) -> None:
    """Files of these names in a folder without the marker are not a shop's to overwrite."""
    if foreign := [name for name in STATE_FILES if (state / name).exists()]:
        raise ShopError(
            f"{state} already contains {foreign[0]!r}, which does not belong to a shop;"
            " choose another folder with --state."
        )


def _write_marker(state: Path) -> None:
    (state / MARKER).write_text(f"{STATE_FORMAT}\n")


def _check_format(state: Path) -> None:
    """Raises ShopError unless this version of the code can read the state."""
    number = (state / MARKER).read_text().strip()
    if number != str(STATE_FORMAT):
        is_newer = number.isdecimal() and int(number) > STATE_FORMAT
        raise _other_version("a later" if is_newer else "an earlier", state)


def _other_version(age: str, state: Path) -> ShopError:
    return ShopError(
        f"The state in {state} was made by {age} version of Souk."
        f" Start with an empty shop: {_fresh_start(state)}"
    )


def _fresh_start(state: Path) -> str:
    """The command that deletes this state."""
    option = "" if state == ROOT / ".souk" else f" --state {state}"
    return f"./souk up --fresh{option}"


def _check_not_damaged(state: Path) -> None:
    """A shop starts with its whole state or not at all. Raises ShopError."""
    if (state / "aws" / "dynamodb.json").exists():  # MiniStack's own file, from before the log
        raise _other_version("an earlier", state)
    try:
        segments.verify(state / "wal")
    except segments.DamagedLog as damage:
        raise ShopError(
            f"{damage}, so nothing was started."
            f" Restore a good copy, or start with an empty shop: {_fresh_start(state)}"
        ) from damage


def _wipe(state: Path) -> None:
    for name in STATE_FILES:
        path = state / name
        if name == COMMAND_LOCK:
            continue  # this command holds it
        rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    _write_marker(state)


@contextmanager
def _command_lock(state: Path) -> Iterator[None]:
    """One command at a time may start, stop or deploy the shop. Raises ShopError."""
    with (state / COMMAND_LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ShopError(
                f"Another command is starting or stopping the shop in {state};"
                " wait for it, then try again."
            ) from error
        yield


# -- the process --------------------------------------------------------------------------------


def _send_signal(running: RunningShop, number: signal.Signals) -> None:
    if running.is_alive():
        os.kill(running.pid, number)


def _check_port_is_free(port: int) -> None:
    if not is_port_free(port):
        raise ShopError(f"Port {port} is in use; stop what uses it, or choose another with --port.")


def _check_port_is_unchanged(running: RunningShop, port: int) -> None:
    if running.port != port:
        raise ShopError(
            f"The shop is already running on port {running.port};"
            f" stop it first to move it to port {port}."
        )


def _wait_until_responding(running: RunningShop) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not (is_responding(running.aws_port) and is_responding(running.port)):
        if not running.is_alive() or time.monotonic() > deadline:
            log = running.state / LOG
            last = last_line(log.read_text(errors="replace"))
            raise ShopError(f"The local cloud did not start ({last}); see {log}.")
        time.sleep(POLL_INTERVAL_SECONDS)


# -- its queues ---------------------------------------------------------------------------------


def _read_queues(running: RunningShop) -> Iterator[QueueDepth]:
    sqs = running.session().client("sqs")
    urls = [url for page in sqs.get_paginator("list_queues").paginate()
            for url in page.get("QueueUrls", [])]  # fmt: skip
    attributes_by_url = {
        url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        for url in urls
    }
    by_arn = {attributes["QueueArn"]: attributes for attributes in attributes_by_url.values()}
    dead_letter_queues = {
        url: _dead_letter_queue(attributes) for url, attributes in attributes_by_url.items()
    }
    for url, attributes in sorted(attributes_by_url.items()):
        name = url.rsplit("/", 1)[1]
        if dead_letter_queue := dead_letter_queues[url]:
            in_flight = int(attributes["ApproximateNumberOfMessagesNotVisible"])
            dead = _count_waiting(by_arn.get(dead_letter_queue, {}))
            yield QueueDepth(name, _count_waiting(attributes), in_flight, dead)
        elif attributes["QueueArn"] not in dead_letter_queues.values():  # of an outbox relay
            yield QueueDepth(name, 0, 0, _count_waiting(attributes))


def _dead_letter_queue(attributes: dict[str, str]) -> str | None:
    """The ARN of the queue's dead-letter queue; None if it has none."""
    policy: dict[str, str] = json.loads(attributes.get("RedrivePolicy", "{}"))
    return policy.get("deadLetterTargetArn")


def _count_waiting(attributes: dict[str, str]) -> int:
    return int(attributes.get("ApproximateNumberOfMessages", 0)) + int(
        attributes.get("ApproximateNumberOfMessagesDelayed", 0)
    )

"""What a running local shop is, and how it is started, found, asked and stopped."""

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

from infra.publish import Published, PublishError, publish
from local.cloud import ACCOUNT, MAP, OPENAPI, REGION, STACK
from local.journal import segments
from local.process import (
    answers,
    bare_environment,
    birth,
    free_port,
    is_free,
    kill_group,
    last_line,
)

# What the engine refuses in a template. Each is left out at home, and said at the start.
UNKNOWN_AT_HOME = frozenset({
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

ROOT = Path(__file__).parents[1]
RECORD, LOG, IN_USE, BUSY = "shop.json", "cloud.log", "in-use", "busy"
OURS = (RECORD, LOG, IN_USE, BUSY, OPENAPI, MAP, "aws", "journal", "tmp", "secret")
MARK = ".souk-state"
BOOT_PATIENCE, STOP_PATIENCE, CRASH_PATIENCE = 60.0, 45.0, 2.0
BOOTSTRAP_BUCKET = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"

NO_SECRET = "local"  # noqa: S105 - the engine does not check the root's signature

Say = Callable[[str], None]


class ShopError(Exception):
    """Why the shop cannot be started, and what to do about it, in one sentence."""


class HomeSession(boto3.Session):
    """Talks AWS to the local cloud, as the account's root.

    The person's own AWS profile, files and proxy have no part in it.
    """

    def __init__(self, endpoint: str) -> None:
        nothing = (None, None, None, None)
        no_file = (None, None, os.devnull, None)
        core = botocore.session.Session(
            {"profile": nothing, "config_file": no_file, "credentials_file": no_file}
        )
        super().__init__(
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key=NO_SECRET,
            region_name=REGION,
            botocore_session=core,
        )
        self._endpoint = endpoint

    def client(self, service_name: str, **options: Any) -> Any:  # type: ignore[override]
        """A client of the service, at the local cloud's own address."""
        return super().client(  # type: ignore[call-overload]
            service_name, endpoint_url=self._endpoint, config=Config(proxies={}), **options
        )


@dataclass(frozen=True)
class Running:
    """A shop whose process lives."""

    state: Path
    pid: int
    born: str
    port: int
    aws_port: int
    outputs: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def endpoint(self) -> str:
        """Where AWS is spoken."""
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def urls(self) -> dict[str, str]:
        """Where people and programs find the shop."""
        origin = f"http://127.0.0.1:{self.port}"
        return {"api": f"{origin}/api", "storefront": f"{origin}/", "docs": f"{origin}/api/docs/"}

    def session(self) -> HomeSession:
        """Clients of this shop's own AWS."""
        return HomeSession(self.endpoint)


@dataclass(frozen=True)
class Queue:
    """How much waits in a queue, is being worked on, and was given up.

    A relay has no queue before it: of its dead letters there is `dead` alone.
    """

    name: str
    visible: int
    in_flight: int
    dead: int


@dataclass(frozen=True)
class Status:
    """Whether the shop takes orders, and what waits in it."""

    ready: bool
    urls: dict[str, str]
    queues: tuple[Queue, ...]

    def as_json(self) -> dict[str, Any]:
        """The object `status --json` prints."""
        return {**asdict(self), "queues": [asdict(queue) for queue in self.queues]}


@dataclass(frozen=True)
class Shop:
    """The shop kept in one folder; running or not."""

    state: Path

    def start(self, assembly: Path, openapi: Path, port: int, fresh: bool, say: Say) -> Running:
        """The running shop with this assembly deployed; what ran already goes on running."""
        _claim(self.state)
        with _alone(self.state):
            running = self.running()
            if running is None:
                self._clear_after_a_crash()
            if running is None or running.port != port:
                _refuse_busy(port)
            if fresh:
                if running:
                    say("Closing the shop that is open")
                    self._end(running)
                    running = None
                _wipe(self.state)
            if running:
                _refuse_moving(running, port)
                return self._deploy(running, assembly, openapi, say)
            return self._open(assembly, openapi, port, say)

    def renew(self, assembly: Path, openapi: Path) -> Running:
        """The open shop with this assembly deployed; refused, it stays as it is."""
        with _alone(self.state):
            running = self.running()
            if running is None:
                raise ShopError("The shop is not open.")
            return self._deploy(running, assembly, openapi, lambda _: None)

    def stop(self) -> bool:
        """Close the shop and keep everything it knows; False if it was not open."""
        if not (self.state / MARK).exists():
            return False
        with _alone(self.state):
            running = self.running()
            if running:
                self._end(running)
            else:
                self._clear_after_a_crash()
            return running is not None

    def running(self) -> Running | None:
        """The shop's process as recorded, if that very process still lives."""
        try:
            record = json.loads((self.state / RECORD).read_text())
            known = Running(state=self.state, **{**record, "left_out": tuple(record["left_out"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return known if birth(known.pid) == known.born else None

    def status(self) -> Status:
        """What `status` tells; a closed shop is not ready and has no queues."""
        running = self.running()
        if running is None or not answers(running.aws_port):
            return Status(ready=False, urls={}, queues=())
        return Status("ApiId" in running.outputs, running.urls, tuple(_queues(running)))

    def _open(self, assembly: Path, openapi: Path, port: int, say: Say) -> Running:
        _refuse_damaged(self.state)
        say("Starting the local cloud")
        running = self._launch(port)
        try:
            _wait_until_it_answers(running)
            _bootstrap(running.session())
            return self._deploy(running, assembly, openapi, say)
        except BaseException:
            self._end(running)
            raise

    def _launch(self, port: int) -> Running:
        aws_port = free_port(self._last("aws_port"))
        command = [
            sys.executable, "-m", "local.cloud", "--state", str(self.state.resolve()),
            "--port", str(port), "--aws-port", str(aws_port),
            "--detach", str(self.state.resolve() / LOG),
        ]  # fmt: skip
        launched = subprocess.run(
            command, cwd=ROOT, env=bare_environment(), capture_output=True, text=True, check=False
        )
        if launched.returncode:
            raise ShopError(last_line(launched.stderr) or "The local cloud did not start.")
        pid = int(launched.stdout)
        running = Running(self.state, pid, birth(pid) or "", port, aws_port)
        self._record(running)
        return running

    def _last(self, field: str) -> int:
        try:
            return int(json.loads((self.state / RECORD).read_text())[field])
        except (OSError, ValueError, KeyError):
            return 0

    def _clear_after_a_crash(self) -> None:
        """End workers whose engine was killed, and take their files away."""
        leader = self._last("pid")
        if leader and birth(leader) is None:  # no one else has this number while its group lives
            kill_group(leader)
            deadline = time.monotonic() + CRASH_PATIENCE
            while not is_free(self._last("port")) and time.monotonic() < deadline:
                time.sleep(0.02)  # the last of its threads are still letting go
        rmtree(self.state / "tmp", ignore_errors=True)

    def _deploy(self, running: Running, assembly: Path, openapi: Path, say: Say) -> Running:
        say("Deploying the shop")
        try:
            published = publish(assembly, STACK, running.session(), leave_out=UNKNOWN_AT_HOME)
        except PublishError as error:
            raise ShopError(str(error)) from error
        copyfile(openapi, self.state / OPENAPI)  # it outlives the assembly it comes from
        if (shop_map := openapi.with_name(MAP)).is_file():
            copyfile(shop_map, self.state / MAP)
        return self._record(_with(running, published))

    def _record(self, running: Running) -> Running:
        record = {key: value for key, value in asdict(running).items() if key != "state"}
        draft = self.state / f"{RECORD}.new"
        draft.write_text(json.dumps(record, indent=1))
        draft.replace(self.state / RECORD)
        return running

    def _end(self, running: Running) -> None:
        _signal(running, signal.SIGTERM)
        deadline = time.monotonic() + STOP_PATIENCE
        while birth(running.pid) == running.born and time.monotonic() < deadline:
            time.sleep(0.02)
        _signal(running, signal.SIGKILL)
        kill_group(running.pid)
        rmtree(self.state / "tmp", ignore_errors=True)


def _with(running: Running, published: Published) -> Running:
    return Running(
        running.state, running.pid, running.born, running.port, running.aws_port,
        dict(published.outputs), published.left_out,
    )  # fmt: skip


def _bootstrap(session: HomeSession) -> None:
    # What `cdk bootstrap` leaves in an account, as far as a template looks at it.
    s3 = session.client("s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=BOOTSTRAP_BUCKET)
    session.client("ssm").put_parameter(
        Name=BOOTSTRAP_VERSION, Value="28", Type="String", Overwrite=True
    )


# -- its folder ---------------------------------------------------------------------------------


def _claim(state: Path) -> None:
    try:
        state.mkdir(parents=True, exist_ok=True)
        if not (state / MARK).exists():
            _refuse_a_stranger(state)
            (state / MARK).touch()
        state.chmod(0o700)  # customers' contacts and the keys of their tokens are inside
    except OSError as error:
        raise ShopError(
            f"The shop cannot be kept in {state} ({error.strerror});"
            " choose another folder with --state."
        ) from error


def _refuse_a_stranger(state: Path) -> None:
    if taken := [name for name in OURS if (state / name).exists()]:
        raise ShopError(
            f"{state} already holds a {taken[0]!r} that is not a shop's;"
            " choose another folder with --state."
        )


def _refuse_damaged(state: Path) -> None:
    """Nothing is started on half of what was kept, and nothing of it is lost by starting."""
    if (state / "aws" / "dynamodb.json").exists():
        raise ShopError(f"{state} was kept by an older version; begin anew with --fresh.")
    try:
        segments.check(state / "journal")
    except segments.Damaged as damage:
        raise ShopError(
            f"{damage}, so nothing was started; put a good copy in its place,"
            " or begin anew with --fresh."
        ) from damage


def _wipe(state: Path) -> None:
    for name in OURS:
        path = state / name
        if name == BUSY:
            continue  # held by this very command
        rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    with (state / BUSY).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ShopError(
                f"Another command is starting or stopping the shop in {state};"
                " wait for it, then try again."
            ) from error
        yield


# -- its process --------------------------------------------------------------------------------


def _signal(running: Running, which: signal.Signals) -> None:
    if birth(running.pid) == running.born:
        os.kill(running.pid, which)


def _refuse_busy(port: int) -> None:
    if not is_free(port):
        raise ShopError(f"Port {port} is in use; stop what uses it, or choose another with --port.")


def _refuse_moving(running: Running, port: int) -> None:
    if running.port != port:
        raise ShopError(
            f"The shop is open on port {running.port} already; close it first to move it to {port}."
        )


def _wait_until_it_answers(running: Running) -> None:
    deadline = time.monotonic() + BOOT_PATIENCE
    while not (answers(running.aws_port) and answers(running.port)):
        if birth(running.pid) != running.born or time.monotonic() > deadline:
            log = running.state / LOG
            last = last_line(log.read_text(errors="replace"))
            raise ShopError(f"The local cloud did not come up ({last}); {log} tells more.")
        time.sleep(0.02)


# -- what waits in it ---------------------------------------------------------------------------


def _queues(running: Running) -> Iterator[Queue]:
    sqs = running.session().client("sqs")
    urls = [url for page in sqs.get_paginator("list_queues").paginate()
            for url in page.get("QueueUrls", [])]  # fmt: skip
    everything = {
        url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        for url in urls
    }
    by_arn = {attributes["QueueArn"]: attributes for attributes in everything.values()}
    graves = {url: _grave(attributes) for url, attributes in everything.items()}
    for url, attributes in sorted(everything.items()):
        name = url.rsplit("/", 1)[1]
        if grave := graves[url]:
            in_flight = int(attributes["ApproximateNumberOfMessagesNotVisible"])
            yield Queue(name, _waiting(attributes), in_flight, _waiting(by_arn.get(grave, {})))
        elif attributes["QueueArn"] not in graves.values():  # the dead letters of a relay
            yield Queue(name, 0, 0, _waiting(attributes))


def _grave(attributes: dict[str, str]) -> str | None:
    """The queue its dead letters go to; None for one that holds dead letters."""
    policy: dict[str, str] = json.loads(attributes.get("RedrivePolicy", "{}"))
    return policy.get("deadLetterTargetArn")


def _waiting(attributes: dict[str, str]) -> int:
    return int(attributes.get("ApproximateNumberOfMessages", 0)) + int(
        attributes.get("ApproximateNumberOfMessagesDelayed", 0)
    )

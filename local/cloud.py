"""One process, two doors: the engine that plays AWS, and the shop's own address."""

import argparse
import asyncio
import fcntl
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import IO, Any

import uvicorn
import uvloop

from local.frontdoor import FrontDoor
from local.meter import with_meter

STACK = "Souk-dev"
OPENAPI = "openapi.json"  # in the state folder: the API description to serve
MAP = "map.json"  # beside it: what the page of the map draws
REGION = "us-east-1"
ACCOUNT = "000000000000"  # the engine treats this id, used as an access key, as the account's root
SERVICES = (
    "apigateway", "cloudformation", "cognito-idp", "dynamodb", "dynamodbstreams", "events",
    "iam", "kms", "lambda", "logs", "monitoring", "s3", "scheduler", "secretsmanager", "ses", "sns",
    "sqs", "ssm", "states", "sts", "tagging",
)  # fmt: skip
PAGES = Path(__file__).parents[1] / "storefront"
PATIENCE = 10.0  # seconds the functions at work get to finish when the shop closes


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, then write everything down."""
    options = _options(arguments)
    state: Path = options.state.resolve()
    held = _hold(state)
    if held is None:
        print(f"{state} is in use by another process; choose another folder.", file=sys.stderr)
        return 1
    if options.detach and (child := _detach(options.detach)):
        print(child)
        return 0
    os.environ.update(engine_settings(state, options.aws_port))
    tempfile.tempdir = str(_empty(state / "tmp"))
    uvloop.run(_run(options))
    rmtree(tempfile.tempdir, ignore_errors=True)
    held.close()
    return 0


def _hold(state: Path) -> IO[str] | None:
    state.mkdir(parents=True, exist_ok=True)
    lock = (state / "in-use").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _detach(log: Path) -> int:
    """Go on in a session of one's own, where neither Ctrl-C nor the end of the caller reaches."""
    sys.stdout.flush()
    if child := os.fork():
        return child
    os.setsid()
    with Path(os.devnull).open() as nothing, log.open("a") as output:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    return 0


def engine_settings(state: Path, port: int) -> dict[str, str]:
    """What MiniStack and the functions it starts find in their environment."""
    nowhere = os.devnull
    return {
        "AUTH": "true",  # a function may do what its role allows, here as on AWS
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_CONFIG_FILE": nowhere,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "BIND_HOST": "127.0.0.1",
        "DOCKER_HOST": "unix:///nowhere",  # never look at, or clean up, anyone's containers
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",  # AWS's; calls wait for one of few workers anyway
        "LAMBDA_WARM_TTL_SECONDS": "60",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(state / "aws" / "s3"),
        "S3_PERSIST": "1",
        "SERVICES": ",".join(SERVICES),
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(state / "aws"),
    }


async def _run(options: argparse.Namespace) -> None:
    # only now: the engine reads its settings while it is imported
    from local import patches
    from local.patches import kept_state, triggers

    patches.apply()
    from ministack import app
    from ministack.core import lambda_runtime

    door = FrontDoor(
        engine=app.app,
        outputs=_outputs,
        pages=PAGES,
        openapi=options.state / OPENAPI,
        shop_map=options.state / MAP,
        uploads=f"http://127.0.0.1:{options.aws_port}",
    )
    asked_to_stop = asyncio.Event()
    for stop in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(stop, asked_to_stop.set)
    engine = with_meter(_telling(app.app, triggers.serving.set))
    doors = [_Server(_config(engine)), _Server(_config(door))]
    ports = [options.aws_port, options.port]
    servers = asyncio.gather(
        *(each.serve([_listen(port)]) for each, port in zip(doors, ports, strict=True))
    )
    servers.add_done_callback(lambda _: asked_to_stop.set())  # a door could not be opened
    keeping = asyncio.create_task(kept_state.watch())
    keeping.add_done_callback(lambda _: asked_to_stop.set())  # without it nothing would be kept
    await asked_to_stop.wait()
    door.open = False
    if not servers.done():
        await _close(door)
    keeping.cancel()
    for each in doors:
        each.should_exit = True
    try:
        await servers
    finally:
        lambda_runtime.reset()


def _telling(engine: Any, when_started: Callable[[], None]) -> Any:
    async def telling(scope: Any, receive: Any, send: Any) -> None:
        async def send_on(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                when_started()

        await engine(scope, receive, send_on if scope["type"] == "lifespan" else send)

    return telling


async def _close(door: FrontDoor) -> None:
    """Let functions finish, then write everything down, so that the next start is a quick one."""
    from local.patches import kept_state, triggers, workers
    from local.patches.kept import journal

    triggers.serving.clear()
    _hang_up()
    deadline = time.monotonic() + PATIENCE
    while (door.connected or _calls()) and time.monotonic() < deadline:  # noqa: ASYNC110 - no event tells of threads
        await asyncio.sleep(0.02)
    if left := _calls():
        print(f"Closing: {left} calls did not end in {PATIENCE:.0f} s; they will be repeated.")
    workers.close()
    await kept_state.checkpoint()
    journal.sync()  # whatever a late request changed


def _hang_up() -> None:
    """End the live connections, which would otherwise stay as long as somebody watches."""
    from ministack.services import apigateway

    for connection in list(apigateway._ws_connections.values()):  # noqa: SLF001
        connection["close_event"].set()
        connection["outbox"].put_nowait(None)  # the engine looks at the event only now and then


def _calls() -> int:
    from ministack.services import lambda_svc

    running: int = lambda_svc.executions_in_flight()[0]
    return running + len(lambda_svc._esm_inflight)  # noqa: SLF001 - batches not yet begun


class _Server(uvicorn.Server):
    """One of two in a process, whose signals are `_run`'s."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        access_log=False,
        date_header=False,  # the engine and the front door write their own
        http="httptools",
        lifespan="on",
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
        ws="wsproto",
    )


def _listen(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port), backlog=2048)


def _outputs() -> dict[str, str]:
    from ministack.services import cloudformation

    stack: dict[str, Any] = cloudformation._stacks.get(STACK) or {}  # noqa: SLF001 - as above
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _empty(folder: Path) -> Path:
    rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local.cloud", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="where everything is kept")
    parser.add_argument("--port", type=int, required=True, help="of the shop's own address")
    parser.add_argument("--aws-port", type=int, required=True, help="of the AWS endpoint")
    parser.add_argument("--detach", type=Path, metavar="LOG", help="serve in the background")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

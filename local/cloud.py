"""One process with two servers: MiniStack, the emulator of AWS, and the local gateway."""

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

from local.gateway import Gateway
from local.meter import with_meter
from local.root_key import ACCOUNT, REGION, secret_key

STACK = "Souk-dev"
OPENAPI = "openapi.json"  # in the state folder: the API description that the gateway serves
MAP = "map.json"  # in the state folder: the data of the architecture map
SERVICES = (
    "apigateway", "cloudformation", "cognito-idp", "dynamodb", "dynamodbstreams", "events",
    "iam", "kms", "lambda", "logs", "monitoring", "s3", "scheduler", "secretsmanager", "ses", "sns",
    "sqs", "ssm", "states", "sts", "tagging",
)  # fmt: skip
PAGES = Path(__file__).parents[1] / "storefront"
SHUTDOWN_TIMEOUT_SECONDS = 10.0  # for functions at work when the shop stops


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, then save the state."""
    options = _parse_options(arguments)
    state: Path = options.state.resolve()
    lock = _lock(state)
    if lock is None:
        print(f"{state} is in use by another process; choose another folder.", file=sys.stderr)
        return 1
    if options.detach and (child := _detach(options.detach)):
        print(child)
        return 0
    os.environ.update(engine_settings(state, options.aws_port, secret_key(state)))
    tempfile.tempdir = str(_create_empty(state / "tmp"))
    uvloop.run(_run(options))
    rmtree(tempfile.tempdir, ignore_errors=True)
    lock.close()
    return 0


def _lock(state: Path) -> IO[str] | None:
    """Locks the state folder for as long as the returned file is open; None if it is locked."""
    state.mkdir(parents=True, exist_ok=True)
    lock = (state / "in-use").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _detach(log: Path) -> int:
    """Forks. The child gets a session of its own, so that Ctrl-C and the end of the parent do not
    reach it, and returns 0; the parent returns the child's process id."""
    sys.stdout.flush()
    if child := os.fork():
        return child
    os.setsid()
    with Path(os.devnull).open() as null, log.open("a") as output:
        os.dup2(null.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    return 0


def engine_settings(state: Path, port: int, root_secret: str) -> dict[str, str]:
    """The environment variables of MiniStack and of the functions it starts.

    A function gets temporary credentials of its role instead of the root user's.
    """
    nowhere = os.devnull
    return {
        "AUTH": "true",  # a function may do only what its role allows, as on AWS
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_CONFIG_FILE": nowhere,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SECRET_ACCESS_KEY": root_secret,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "BIND_HOST": "127.0.0.1",
        "DOCKER_HOST": "unix:///nowhere",  # keeps MiniStack from touching the user's containers
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",  # the limit on AWS; here the worker pool limits
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
    # Imported here because MiniStack reads its settings while it is imported.
    from local import patches
    from local.patches import durable_state, security, triggers

    patches.apply()
    from ministack import app
    from ministack.core import lambda_runtime

    engine = _with_startup_callback(app.app, triggers.serving.set)
    gateway = Gateway(
        engine=security.for_signed_calls(engine),
        outputs=_read_outputs,
        pages=PAGES,
        openapi=options.state / OPENAPI,
        shop_map=options.state / MAP,
        uploads=f"http://127.0.0.1:{options.aws_port}",
    )
    stop_requested = asyncio.Event()
    for stop_signal in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(stop_signal, stop_requested.set)
    ports = [options.aws_port, options.port]
    aws = security.for_signed_calls(with_meter(engine))
    servers = [
        _Server(_config(security.for_local_hosts(aws, options.aws_port, with_apis=True))),
        _Server(_config(security.for_local_hosts(gateway, options.port))),
    ]
    serving = asyncio.gather(
        *(server.serve([_listen(port)]) for server, port in zip(servers, ports, strict=True))
    )
    serving.add_done_callback(lambda _: stop_requested.set())  # a server could not start
    maintenance = asyncio.create_task(durable_state.maintain_log())
    maintenance.add_done_callback(lambda _: stop_requested.set())  # without it nothing is durable
    await stop_requested.wait()
    gateway.is_open = False
    if not serving.done():
        await _finish_work(gateway)
    maintenance.cancel()
    for server in servers:
        server.should_exit = True
    try:
        await serving
    finally:
        lambda_runtime.reset()


def _with_startup_callback(engine: Any, callback: Callable[[], None]) -> Any:
    """The engine, which also calls `callback` when its startup is complete."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def send_and_notify(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                callback()

        await engine(scope, receive, send_and_notify if scope["type"] == "lifespan" else send)

    return app


async def _finish_work(gateway: Gateway) -> None:
    """Wait for running functions, then write a snapshot, which makes the next start fast."""
    from local.patches import durable_state, triggers, workers
    from local.patches.wal import wal

    triggers.serving.clear()
    _close_websockets()
    deadline = time.monotonic() + SHUTDOWN_TIMEOUT_SECONDS
    while (gateway.connections or _count_calls()) and time.monotonic() < deadline:  # noqa: ASYNC110 - threads set no asyncio event
        await asyncio.sleep(0.02)
    if unfinished := _count_calls():
        print(
            f"{unfinished} calls did not end within {SHUTDOWN_TIMEOUT_SECONDS:.0f} s;"
            " they will be repeated."
        )
    workers.close()
    await durable_state.checkpoint()
    wal.sync()  # changes by requests during the checkpoint


def _close_websockets() -> None:
    """Close the WebSocket connections, which would otherwise stay open as long as the client."""
    from ministack.services import apigateway

    for connection in list(apigateway._ws_connections.values()):  # noqa: SLF001
        connection["close_event"].set()
        connection["outbox"].put_nowait(None)  # wakes MiniStack, which only polls the event


def _count_calls() -> int:
    """Function calls that are running, and batches about to start."""
    from ministack.services import lambda_svc

    running: int = lambda_svc.executions_in_flight()[0]
    return running + len(lambda_svc._esm_inflight)  # noqa: SLF001


class _Server(uvicorn.Server):
    """Leaves signals to `_run`, because two servers share the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        access_log=False,
        date_header=False,  # both apps write their own
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


def _read_outputs() -> dict[str, str]:
    from ministack.services import cloudformation

    stack: dict[str, Any] = cloudformation._stacks.get(STACK) or {}  # noqa: SLF001
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _create_empty(folder: Path) -> Path:
    rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local.cloud", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="the folder of the shop's state")
    parser.add_argument("--port", type=int, required=True, help="the port of the local gateway")
    parser.add_argument("--aws-port", type=int, required=True, help="the port of the AWS endpoint")
    parser.add_argument("--detach", type=Path, metavar="LOG", help="serve in the background")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

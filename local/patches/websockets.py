"""WebSocket APIs."""

import inspect
import textwrap

from ministack.services import apigateway


def invoke_websocket_functions_like_others() -> None:
    """MiniStack passes WebSocket events straight to a worker, without the invocation around it.

    That invocation writes the log, counts the call and waits for a place in the worker pool, as on
    AWS. The shortcut is removed from MiniStack's source, so these functions use it as well.
    """
    source = textwrap.dedent(inspect.getsource(apigateway._invoke_ws_lambda))
    shortcut = 'if code_zip and runtime.startswith(("python", "nodejs")):'
    if shortcut not in source:
        raise RuntimeError("MiniStack invokes WebSocket functions differently; review this patch")
    exec(source.replace(shortcut, "if False:"), vars(apigateway))  # noqa: S102  MiniStack's own code

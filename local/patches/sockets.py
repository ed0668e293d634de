"""WebSocket APIs: their functions are called like all others."""

import inspect
import textwrap

from ministack.services import apigateway


def connections_are_calls_like_others() -> None:
    """Upstream goes straight to a worker, past what keeps a call: its log, its count, its turn."""
    source = textwrap.dedent(inspect.getsource(apigateway._invoke_ws_lambda))
    short_cut = 'if code_zip and runtime.startswith(("python", "nodejs")):'
    if short_cut not in source:
        raise RuntimeError("MiniStack's connections take another way now; review local/patches")
    exec(source.replace(short_cut, "if False:"), vars(apigateway))  # noqa: S102  upstream's own text, less one branch

"""What policies are told about a request."""

import json
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator

Json = dict[str, Any]


def loopback_counts_as_private() -> None:
    """Queues refuse what does not come over TLS; at home there is only loopback, without TLS."""
    pin = iam_evaluator.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin(address, True)


def policies_see_who_speaks() -> None:
    """Upstream never fills `events:source`, by which a relay may say only its own room's facts."""
    upstream = iam_actions.request_tag_context

    def keys(service: str, action: str, body: bytes, params: Json) -> Json:
        found: Json = upstream(service, action, body, params)
        if action == "events:PutEvents":
            sources = {entry.get("Source", "") for entry in json.loads(body).get("Entries", [])}
            found["events:source"] = sources.pop() if len(sources) == 1 else sorted(sources)
        return found

    iam_actions.request_tag_context = keys

"""What policies are told about a request."""

import json
from email.utils import parseaddr
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


def mails_name_their_sender() -> None:
    """Upstream looks for a right to send from anywhere; AWS for one on the sender's identity."""
    upstream = iam_actions.extract_resource_arn

    def resource(service: str, *rest: Any) -> str:
        _, _, _, _, params, region, account = rest
        source = params.get("Source", "") if service == "ses" else ""
        _, address = parseaddr(source[0] if isinstance(source, list) else source)
        if address:
            return f"arn:aws:ses:{region}:{account}:identity/{address}"
        found: str = upstream(service, *rest)
        return found

    iam_actions.extract_resource_arn = resource

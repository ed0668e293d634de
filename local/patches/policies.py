"""What policies are told about a request."""

import json
import time
from email.utils import parseaddr
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator

CALLERS_KNOWN, KNOWN_FOR = 200, 1.0  # seconds

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


def callers_are_looked_up_once() -> None:
    """Upstream gathers and parses a caller's policies twice a request, and again for each item of
    a transaction. Who was found stays known for a second, with what was allowed then; on AWS a
    change takes longer to be heard."""
    upstream = iam_evaluator.resolve_principal
    known: dict[tuple[str, str], tuple[float, Any]] = {}

    def resolve(access_key: str, account: str, credential: Any = None) -> Any:
        now, caller = time.monotonic(), (access_key, account)
        until, principal = known.get(caller, (0, None))
        if now < until:
            return principal
        principal = upstream(access_key, account, credential)
        if isinstance(principal, iam_evaluator.PrincipalInfo):
            if len(known) >= CALLERS_KNOWN:
                known.clear()
            known[caller] = now + KNOWN_FOR, principal
        return principal

    iam_evaluator.resolve_principal = resolve


def bodies_are_read_once() -> None:
    """Upstream parses what was sent up to four times to learn what may be done with it."""
    once = lru_cache(maxsize=1)(iam_actions.json.loads)
    iam_actions.json = SimpleNamespace(**{**vars(iam_actions.json), "loads": once})


def rights_are_asked_for_once() -> None:
    """Upstream asks for each item of a transaction whether that is allowed, and looks at the
    signature anew each time: a hundred times, although all are of one table."""
    upstream = iam_actions.dynamodb_transaction_checks
    iam_actions.dynamodb_transaction_checks = lambda *sent: list(dict.fromkeys(upstream(*sent)))

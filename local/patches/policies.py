"""Authorization: what IAM and resource policies learn about a request, and how quickly."""

import hashlib
import hmac
import json
import os
import time
from email.utils import parseaddr
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import lambda_svc, sts

MAX_CACHED_PRINCIPALS = 200
CACHE_SECONDS = 1.0

Json = dict[str, Any]


def treat_loopback_as_secure() -> None:
    """MiniStack sets `aws:SecureTransport` to false for plain HTTP, as AWS does.

    The shop's queues deny requests without TLS, and the local endpoint has no TLS. Requests over
    loopback now count as secure, so the same policies work in both places.
    """
    pin = iam_evaluator.pin_request_origin
    app.pin_request_origin = lambda address, _is_secure: pin(address, True)


def make_role_credentials_secret() -> None:
    """MiniStack computes a role's secret key from the names of function and role, so everybody who
    knows or guesses the names has its rights.

    They are now derived with the root user's secret key, and like before survive a restart.
    """
    register, credentials = sts.register_session, lambda_runtime.execution_credentials
    root_secret = os.environ["AWS_SECRET_ACCESS_KEY"].encode()

    def derive(purpose: str, access_key: str) -> str:
        return hmac.new(root_secret, f"{purpose} {access_key}".encode(), hashlib.sha256).hexdigest()

    def register_secretly(access_key: str, session: Json) -> None:
        if "Expiration" not in session:  # a function's; others have a random secret
            session["SecretAccessKey"] = derive("secret access key", access_key)
            session["SessionToken"] = derive("session token", access_key)
        register(access_key, session)

    def secret_credentials(config: Json) -> dict[str, str]:
        access_key = credentials(config)["AWS_ACCESS_KEY_ID"]
        session = sts._sessions[access_key]
        return {
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        }

    sts.register_session = register_secretly
    lambda_runtime.execution_credentials = secret_credentials
    lambda_svc.execution_credentials = secret_credentials


def provide_event_source_key() -> None:
    """MiniStack never sets the condition key `events:source`; AWS sets it for PutEvents.

    Each outbox relay may publish only events of its own service, by a condition on this key.
    Without the key, every PutEvents call is denied.
    """
    upstream = iam_actions.request_tag_context

    def condition_keys(service: str, action: str, body: bytes, params: Json) -> Json:
        keys: Json = upstream(service, action, body, params)
        if action == "events:PutEvents":
            sources = {entry.get("Source", "") for entry in json.loads(body).get("Entries", [])}
            keys["events:source"] = sources.pop() if len(sources) == 1 else sorted(sources)
        return keys

    iam_actions.request_tag_context = condition_keys


def authorize_emails_by_sender() -> None:
    """MiniStack checks `ses:SendEmail` on the resource `*`; AWS checks it on the sender's identity.

    The shop's policy names the identity, so without this patch every email is denied.
    """
    upstream = iam_actions.extract_resource_arn

    def resource_arn(service: str, *rest: Any) -> str:
        _, _, _, _, params, region, account = rest
        source = params.get("Source", "") if service == "ses" else ""
        _, address = parseaddr(source[0] if isinstance(source, list) else source)
        if address:
            return f"arn:aws:ses:{region}:{account}:identity/{address}"
        arn: str = upstream(service, *rest)
        return arn

    iam_actions.extract_resource_arn = resource_arn


def cache_principals() -> None:
    """MiniStack collects and parses the caller's policies twice a request, and again for each item
    of a transaction.

    The principal is now cached for a second, with its permissions. On AWS, a change of permissions
    takes longer than that to have an effect.
    """
    upstream = iam_evaluator.resolve_principal
    cache: dict[tuple[str, str], tuple[float, Any]] = {}

    def resolve(access_key: str, account: str, credential: Any = None) -> Any:
        now, caller = time.monotonic(), (access_key, account)
        expires, principal = cache.get(caller, (0, None))
        if now < expires:
            return principal
        principal = upstream(access_key, account, credential)
        if isinstance(principal, iam_evaluator.PrincipalInfo):
            if len(cache) >= MAX_CACHED_PRINCIPALS:
                cache.clear()
            cache[caller] = now + CACHE_SECONDS, principal
        return principal

    iam_evaluator.resolve_principal = resolve


def cache_parsed_bodies() -> None:
    """MiniStack parses a request's body up to four times to authorize it. Now it parses it once."""
    loads = lru_cache(maxsize=1)(iam_actions.json.loads)
    iam_actions.json = SimpleNamespace(**{**vars(iam_actions.json), "loads": loads})


def deduplicate_transaction_checks() -> None:
    """MiniStack authorizes a transaction item by item and verifies the signature each time: a
    hundred times for a hundred items, although an action on a table has one answer.

    Each pair of action and table is now checked once.
    """
    upstream = iam_actions.dynamodb_transaction_checks
    iam_actions.dynamodb_transaction_checks = lambda *args: list(dict.fromkeys(upstream(*args)))

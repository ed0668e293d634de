"""Why a finding of cdk-nag is accepted; each reason is given where it holds."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

NO_RESOURCE = "X-Ray takes segments for no resource in particular"
LAST = "this is a dead-letter queue: of a stream trigger, a schedule or a function they call"
GUESTS = "guests and the catalogue need no sign-in; a guest's token is checked in the handler"
NO_MFA = "customers of a small shop sign in with a password; staff MFA comes with the staff pages"
NO_PLUS = "threat protection needs the Plus tier, priced per user; the shop runs for cents"
NAMED_LATER = "the executions of one workflow; an execution's name is an order's id"
TICKET = "who connects shows a one-time ticket; the function behind $connect checks it"
NO_SOCKET_LOG = "a WebSocket API's access log needs a role set for the whole account"
OPENED_LATER = "the connections of one API; a connection gets its name when it opens"
ONLY_ERRORS = "a log of every step would cost more than the steps; the history has them all"
NO_ROTATION = "the payment provider makes its keys; nobody but a person can rotate them there"
ONLY_CLOUDFRONT = "CloudFront alone reads the pages; who reads what there is nobody's business"
WORLDWIDE = "who may buy is decided by the addresses the shipping options serve"
NO_FIREWALL = "a firewall costs more each month than the shop; both APIs throttle"
NO_VIEWER_LOG = "it would hold the addresses of all who look; the APIs log what is called"
NO_DOMAIN = "a stricter TLS needs a certificate, and with it a domain of one's own"
NAMED_WHEN_SENT = "the pictures of one bucket; each gets its name when its upload is asked for"
NO_READER_LOG = "who looks at a picture is nobody's business; who may send one, the API logs"

CARRIERS_KEY = "carriers hold the same key; a person changes it there and here"


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept one finding of one rule at a construct and what is in it."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))

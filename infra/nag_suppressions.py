"""Reasons for accepted findings of cdk-nag, each acknowledged at the construct concerned."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

# access
PUBLIC_ROUTES = "the catalogue and guest routes need no sign-in; handlers check the guest token"
WEBSOCKET_TICKET = "clients connect with a one-time ticket, which the $connect function checks"
NO_MFA = "customers of a small shop sign in with a password; MFA for staff is planned"
NO_PLUS_PLAN = "threat protection needs Cognito's Plus plan, which is priced per user"

# resources that a policy cannot name
XRAY_RESOURCES = "X-Ray's write actions do not support resource-level permissions"
EXECUTION_NAMES = "all executions of one workflow; each is named by its order's id at run time"
CONNECTION_IDS = "all connections of one API; a connection id is assigned when a client connects"
PICTURE_KEYS = "all pictures of one bucket; a picture's key is created with its upload form"

# logs
ERROR_LOGS_ONLY = "logging every step would cost more than the steps; the history has them anyway"
NO_WEBSOCKET_ACCESS_LOG = "the access log of a WebSocket API needs a role for the whole account"
NO_PAGES_ACCESS_LOG = "only CloudFront reads the bucket, and who reads a page is personal data"
NO_PICTURES_ACCESS_LOG = "who views a picture is personal data; the API logs all upload requests"
NO_CLOUDFRONT_LOG = "the log would contain the viewers' addresses; the APIs have access logs"

# CloudFront
NO_GEO_RESTRICTION = "the shipping options decide which countries the shop sells to"
NO_WEB_FIREWALL = "a web ACL costs more per month than the shop; both APIs throttle requests"
NO_CUSTOM_DOMAIN = "a newer TLS policy needs a certificate and therefore a custom domain"

# queues and secrets
IS_DEAD_LETTER_QUEUE = "this is the dead-letter queue of a stream, a schedule or a function"
PROVIDER_ISSUES_KEYS = "the payment provider issues the keys; rotating them there is manual"
SHARED_WITH_CARRIERS = "carriers hold the same key, so it is changed by hand on both sides"


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accepts one finding of one rule at a construct and its children."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))

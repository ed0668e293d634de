"""Lambda entry point of the queue: what a fact needs is checked and made while it starts."""

from __future__ import annotations

from souk.edges.consumer import consumer
from souk.kernel import aws
from souk.notification import handlers, post

handlers.mails()
aws.dynamodb()
aws.functions()
post.ses()
handler = consumer(handlers.HEARS)

"""How Lambda reaches a service: HTTP routes, queue consumer, outbox relay, commands."""

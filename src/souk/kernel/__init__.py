"""Shared by all services: money, ids, events, the outbox, errors. The kernel knows no service."""

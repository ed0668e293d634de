"""The edges every room has: HTTP, its queue, the bus, and what a workflow asks of it."""

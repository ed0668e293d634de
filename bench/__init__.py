"""Benchmarks: the shop's speed and cost, compared with a minimal implementation, the floor."""

"""The floor: a minimal implementation that makes the same AWS calls, deployed beside the shop."""

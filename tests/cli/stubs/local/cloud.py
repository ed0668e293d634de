"""The name of the shop's stack in the local cloud."""

STACK = "Souk-dev"

"""The name the local cloud gives the shop's stack."""

STACK = "Souk-dev"

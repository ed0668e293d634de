"""Payments of orders: a ledger, and the provider that moves the money."""

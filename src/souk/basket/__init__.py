"""Baskets of guests and customers, until checkout turns one into an order."""

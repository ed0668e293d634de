"""Baskets of guests and customers, from the first line to checkout."""

"""Shipping options and their prices, and each order's shipment until it is delivered."""

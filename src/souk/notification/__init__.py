"""Emails to customers and messages to staff."""

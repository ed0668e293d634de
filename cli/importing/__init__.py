"""Brings a price list (CSV or JSON lines) into a shop's catalog, through its staff API."""

from cli.importing.faults import ImportRefused
from cli.importing.report import Summary, place
from cli.importing.run import Plan, bring_in, plan

__all__ = ["ImportRefused", "Plan", "Summary", "bring_in", "place", "plan"]

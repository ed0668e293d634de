"""Replays a day of orders from a file against a running shop, and checks what the shop did."""

from cli.replay.client import ReplayError
from cli.replay.day import Day, DayError, read_day
from cli.replay.report import ReplayReport
from cli.replay.runner import replay
from cli.replay.table import render

__all__ = ["Day", "DayError", "ReplayError", "ReplayReport", "read_day", "render", "replay"]

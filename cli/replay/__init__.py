"""Replays a day of a real shop against a running Souk and draws up its books."""

from cli.replay.books import Books
from cli.replay.client import ReplayError
from cli.replay.day import Day, DayError, read_day
from cli.replay.play import replay
from cli.replay.table import render

__all__ = ["Books", "Day", "DayError", "ReplayError", "read_day", "render", "replay"]

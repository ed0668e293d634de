"""`./souk trace`: the events of one order, with log lines and workflow steps."""

from cli.trace.rendering import as_json, render
from cli.trace.shop import AwsShop
from cli.trace.trace import Trace, UnknownOrder, load_trace

__all__ = ["AwsShop", "Trace", "UnknownOrder", "as_json", "load_trace", "render"]

"""`./souk trace`: one order, from the click to the parcel, with who did what."""

from cli.trace.shop import AwsShop
from cli.trace.story import Trace, UnknownOrder, trace
from cli.trace.tree import as_json, render

__all__ = ["AwsShop", "Trace", "UnknownOrder", "as_json", "render", "trace"]

"""What AWS would bill, list price: for orders from metered calls, and for a shop nobody visits.

What the local cloud cannot show is an assumption, and stands here by name.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from bench import prices
from bench.metering import Counts, Meter
from bench.prices import Line
from bench.site import Site, new_guest
from bench.stock import LISTED, PRICE
from local.cloud import STACK
from local.shop import Running

ORDERS = 1000
READS = 10  # products looked at per order
METERED = 20  # orders played

GB = 1_000_000_000
HOURS = 730  # of a month, as AWS's calculator has it
POLLERS, LONG_POLL = 5, 20  # Lambda's connections to an idle queue, and the seconds each waits

SWEEP_MINUTES = 5  # infra/platform.py
TRIGGER, ALARM = "AWS::Lambda::EventSourceMapping", "AWS::CloudWatch::Alarm"

# Bytes of a log that the local cloud does not write.
LINE = 26  # what CloudWatch counts per line besides its text
PLATFORM = 271  # Lambda's own START, END and REPORT lines of a run
PLATFORM_LINES = 3
ACCESS = 190  # one line of the API's access log, in the format of infra/edge.py


@dataclass(frozen=True)
class Function:
    """What of a function's configuration its price depends on."""

    handler: str
    memory_mb: int
    traces: bool


@dataclass(frozen=True)
class Cost:
    """Two bills: of a thousand orders, and of an idle month; and what was counted for an order."""

    orders: list[Line]
    idle: list[Line]
    counted: Counts

    def as_json(self) -> dict[str, Any]:
        known = prices.table()
        return {
            "prices": {"date": known["date"], "region": known["region"], "note": known["note"]},
            "orders": {"number": ORDERS, **_bill(self.orders)},
            "idle_month": _bill(self.idle),
            "metered_per_order": self.counted,
        }


def _bill(lines: list[Line]) -> dict[str, Any]:
    return {
        "usd": round(prices.total(lines), 5),
        "lines": [asdict(line) | {"usd": round(line.usd, 6)} for line in lines],
    }


def cost(running: Running, site: Site, meter: Meter) -> Cost:
    """Play some orders on a shop where the products are listed, and bill what they come to."""
    functions = _functions(running)
    counted = meter.count(lambda: _order(site), METERED)
    orders = {name: each * ORDERS for name, each in quantities(counted, functions).items()}
    return Cost(prices.bill(orders), prices.bill(_idle(running, meter, functions)), counted)


def _order(site: Site) -> None:
    """Ten products looked at, one put, the basket seen, checked out; the rest is the chain's."""
    guest = new_guest()
    for number in range(READS):
        site.read(LISTED[number])
    site.put(guest, LISTED[0])
    site.see_basket(guest)
    site.check_out(guest, PRICE)


def quantities(counted: Counts, functions: Mapping[str, Function]) -> dict[str, float]:
    """What is billed for these counts, by the price table's names.

    A queue's batch is one receive and one delete, each of its records one send. A function's
    time is that of this machine, rounded up to milliseconds as AWS does. Where a function
    begins traces of its own, each run is one: so it is up to one a second.
    """
    ran: dict[str, dict[str, float]] = counted.get("functions", {})
    requests = counted.get("http_requests", 0.0)
    events = counted.get("event_bytes", 0.0) / GB
    logged = _log_bytes(ran.values(), requests) / GB
    return {
        "http_request": requests,
        "lambda_run": sum(each["runs"] for each in ran.values()),
        "lambda_gb_second": sum(
            _seconds(each) * functions[name].memory_mb / 1024 for name, each in ran.items()
        ),
        "trace": sum(each["runs"] for name, each in ran.items() if functions[name].traces),
        "read_unit": counted.get("read_units", 0.0),
        "write_unit": counted.get("write_units", 0.0),
        "event": counted.get("events", 0.0),
        "archive_gb": events,
        "sqs_request": counted.get("sqs_records", 0.0) + 2 * counted.get("sqs_batches", 0.0),
        "mail": counted.get("calls", {}).get("ses:SendEmail", 0.0),
        "topic_message": counted.get("calls", {}).get("sns:Publish", 0.0),
        "log_gb": logged,
        "log_gb_month": logged,
    }


def _seconds(function: Mapping[str, float]) -> float:
    return function["runs"] * ceil(function["milliseconds"] / function["runs"]) / 1000


def _log_bytes(functions: Collection[Mapping[str, float]], requests: float) -> float:
    own = sum(each["log_bytes"] + LINE * each["log_lines"] for each in functions)
    runs = sum(each["runs"] for each in functions)
    return own + runs * (PLATFORM + LINE * PLATFORM_LINES) + requests * (ACCESS + LINE)


# -- nobody there -------------------------------------------------------------------------------


def _idle(running: Running, meter: Meter, functions: Mapping[str, Function]) -> dict[str, float]:
    """A month of alarms, of Lambda asking queues in vain, and of the relays' sweeps."""
    resources = _resources(running)
    triggers = [each["Properties"] for each in resources if each["Type"] == TRIGGER]
    queues = sum("StartingPosition" not in each for each in triggers)
    idle = _sweeps(running, meter, functions)
    idle["sqs_request"] += queues * POLLERS * HOURS * 3600 / LONG_POLL
    idle["alarm_month"] = sum(each["Type"] == ALARM for each in resources)
    return idle


def _resources(running: Running) -> list[dict[str, Any]]:
    cloudformation = running.session().client("cloudformation")
    body = cloudformation.get_template(StackName=STACK)["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    return list(template["Resources"].values())


def _sweeps(running: Running, meter: Meter, functions: Mapping[str, Function]) -> dict[str, float]:
    """Each relay looks for what was left behind; one such run of each is metered."""
    lambda_ = running.session().client("lambda")
    relays = [name for name, each in functions.items() if each.handler.endswith("relay.handler")]

    def sweep() -> None:
        for name in relays:
            lambda_.invoke(FunctionName=name, Payload=b"{}")

    runs = HOURS * 60 / SWEEP_MINUTES
    each = quantities(meter.count(sweep, 1), functions)
    return {name: quantity * runs for name, quantity in each.items()}


def _functions(running: Running) -> dict[str, Function]:
    pages = running.session().client("lambda").get_paginator("list_functions").paginate()
    return {
        each["FunctionName"]: Function(
            each["Handler"],
            each["MemorySize"],
            each.get("TracingConfig", {}).get("Mode") == "Active",
        )
        for page in pages
        for each in page["Functions"]
    }

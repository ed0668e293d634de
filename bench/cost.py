"""What AWS would bill, list price: for orders from metered calls, and for a shop nobody visits.

What the local cloud cannot show is an assumption, and stands here by name.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from math import ceil
from typing import Any

from bench import prices
from bench.metering import Counts, Meter
from bench.prices import Line
from bench.site import Site, new_guest
from bench.stock import LISTED, PRICE
from bench.warehouse import Warehouse
from local.cloud import STACK
from local.meter import KINDS, SUMMED
from local.shop import Running

ORDERS = 1000
READS = 10  # products looked at per order
METERED = 20  # orders played

GB = 1_000_000_000
HOURS = 730  # of a month, as AWS's calculator has it
POLLERS, LONG_POLL = 5, 20  # Lambda's connections to an idle queue, and the seconds each waits

RATE = re.compile(r"rate\((\d+) minutes?\)")
TRIGGER, RULE = "AWS::Lambda::EventSourceMapping", "AWS::Events::Rule"
WORKFLOW, MAILS = "checkout workflow", "mails"
KEPT = {
    "AWS::CloudWatch::Alarm": "alarm_month",
    "AWS::KMS::Key": "key_month",
    "AWS::SecretsManager::Secret": "secret_month",
}

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
    """Three bills: of a thousand orders until they are confirmed, of their parcels until they are
    delivered, and of an idle month; what each room's part of the first two comes to, in US
    dollars; and what was counted for one order and one parcel."""

    orders: list[Line]
    parcels: list[Line]
    rooms: dict[str, float]
    idle: list[Line]
    order: Counts
    parcel: Counts

    def as_json(self) -> dict[str, Any]:
        known = prices.table()
        return {
            "prices": {"date": known["date"], "region": known["region"], "note": known["note"]},
            "orders": {"number": ORDERS, **_bill(self.orders)},
            "parcels": {"number": ORDERS, **_bill(self.parcels)},
            "rooms_usd": {room: round(usd, 5) for room, usd in self.rooms.items()},
            "idle_month": _bill(self.idle),
            "metered_per_order": self.order,
            "metered_per_parcel": self.parcel,
        }


def _bill(lines: list[Line]) -> dict[str, Any]:
    return {
        "usd": round(prices.total(lines), 5),
        "lines": [asdict(line) | {"usd": round(line.usd, 6)} for line in lines],
    }


def cost(running: Running, site: Site, meter: Meter) -> Cost:
    """Play some orders on a shop where the products are listed, and bill what they come to."""
    functions = _functions(running)
    order = meter.count(lambda: _order(site), METERED)
    parcel = _parcel(running, site, meter)
    orders, parcels = (
        {
            room: _thousand(quantities(share, functions))
            for room, share in by_room(each, _rooms(running)).items()
        }
        for each in (order, parcel)
    )
    return Cost(
        orders=prices.bill(_sum(orders)),
        parcels=prices.bill(_sum(parcels)),
        rooms={room: prices.total(prices.bill(orders[room] + parcels[room])) for room in orders},
        idle=prices.bill(_idle(running, meter, functions)),
        order=order,
        parcel=parcel,
    )


def _sum(rooms: Mapping[str, Counter[str]]) -> Counter[str]:
    return sum(rooms.values(), Counter())


def _parcel(running: Running, site: Site, meter: Meter) -> Counts:
    """Of orders that are confirmed already."""
    return meter.count_with(partial(_order, site), Warehouse(running).bring, METERED)


def _thousand(order: Mapping[str, float]) -> Counter[str]:
    return Counter({name: each * ORDERS for name, each in order.items()})


def by_room(counted: Counts, rooms: Collection[str]) -> dict[str, Counts]:
    """The counts of each room, found by the names of what it owns, `Souk-dev-OrderingTable…`; the
    workflow's transitions stand for themselves, and so do the mails."""
    shares: dict[str, Counts] = {room: {"functions": {}} for room in (*rooms, WORKFLOW)}
    for kind in KINDS:
        for name, numbers in counted[kind].items():
            owner = name.removeprefix(f"{STACK}-").removeprefix("souk.").lower()
            room = next(room for room in rooms if owner.startswith(room))
            share = shares[WORKFLOW if kind == "workflows" else room]
            if kind == "functions":
                share["functions"][name] = numbers
            for number in SUMMED:
                if number in numbers:
                    share[number] = share.get(number, 0.0) + numbers[number]
    shares[MAILS] = {"functions": {}, "calls": counted["calls"]}
    return shares


def _rooms(running: Running) -> list[str]:
    return sorted(
        name.removesuffix("Table").lower() for name in running.outputs if name.endswith("Table")
    )


def _order(site: Site) -> str:
    """Ten products looked at, one put, the basket seen, checked out; the rest is the chain's.

    Returns the order's id.
    """
    guest = new_guest()
    for number in range(READS):
        site.read(LISTED[number])
    site.put(guest, LISTED[0])
    site.see_basket(guest)
    return site.check_out(guest, PRICE).rpartition("/")[2]


def quantities(counted: Counts, functions: Mapping[str, Function]) -> dict[str, float]:
    """What is billed for these counts, by the price table's names.

    A queue's batch is one receive and one delete, each of its records one send. A function's
    time is that of this machine, rounded up to milliseconds as AWS does. A workflow's execution
    is a trace, and so is each run of a function that begins its own: so it is up to one a second.
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
        "trace": counted.get("executions", 0.0)
        + sum(each["runs"] for name, each in ran.items() if functions[name].traces),
        "transition": counted.get("transitions", 0.0),
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
    """A month of what is paid for being there, of Lambda asking queues in vain, and of clocks."""
    resources = _resources(running)
    triggers = [each["Properties"] for each in resources.values() if each["Type"] == TRIGGER]
    queues = sum("StartingPosition" not in each for each in triggers)
    idle = _clocks(running, meter, functions, resources)
    idle["sqs_request"] += queues * POLLERS * HOURS * 3600 / LONG_POLL
    for resource in resources.values():
        if resource["Type"] in KEPT:
            idle[KEPT[resource["Type"]]] += 1
    return idle


def _resources(running: Running) -> dict[str, dict[str, Any]]:
    cloudformation = running.session().client("cloudformation")
    body = cloudformation.get_template(StackName=STACK)["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    resources: dict[str, dict[str, Any]] = template["Resources"]
    return resources


def _clocks(
    running: Running,
    meter: Meter,
    functions: Mapping[str, Function],
    resources: Mapping[str, Mapping[str, Any]],
) -> defaultdict[str, float]:
    """What is called by the clock and finds nothing to do; one such run of each is metered."""
    pages = running.session().client("cloudformation").get_paginator("list_stack_resources")
    names = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages.paginate(StackName=STACK)
        for each in page["StackResourceSummaries"]
    }
    lambda_ = running.session().client("lambda")
    month: defaultdict[str, float] = defaultdict(float)
    for minutes, function in _called_by_the_clock(resources):
        name = names[function]
        run = partial(lambda_.invoke, FunctionName=name, Payload=b"{}")
        for quantity, number in quantities(meter.count(run, 1), functions).items():
            month[quantity] += number * HOURS * 60 / minutes
    return month


def _called_by_the_clock(resources: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    """The minutes between two calls, and the function's logical id."""
    for resource in resources.values():
        properties = resource["Properties"]
        rate = RATE.fullmatch(properties.get("ScheduleExpression", ""))
        if resource["Type"] == RULE and rate:
            for target in properties["Targets"]:
                yield int(rate[1]), target["Arn"]["Fn::GetAtt"][0]


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

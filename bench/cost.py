"""Computes what AWS bills at list prices, for metered orders and parcels and for an idle month.

Constants in this module are assumptions about what the local cloud cannot show.
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
from bench.prices import BillLine
from bench.products import LISTED_SKUS, PRICE
from bench.shop_client import ShopClient, new_guest
from bench.warehouse import Warehouse
from local.cloud import STACK
from local.meter import DIMENSIONS, TOTALS
from local.shop import RunningShop

BILLED_ORDERS = 1000
READS_PER_ORDER = 10  # products read by a customer before the purchase
METERED_ORDERS = 20

GB = 1_000_000_000
HOURS_PER_MONTH = 730  # as in AWS's pricing calculator
# Lambda's connections to an idle queue, and the seconds that each long poll waits.
POLLERS_PER_QUEUE, LONG_POLL_SECONDS = 5, 20

RATE = re.compile(r"rate\((\d+) minutes?\)")
TRIGGER, RULE = "AWS::Lambda::EventSourceMapping", "AWS::Events::Rule"
WORKFLOW, EMAILS = "checkout workflow", "emails"
MONTHLY_PRICES = {
    "AWS::CloudWatch::Alarm": "alarm_month",
    "AWS::KMS::Key": "key_month",
    "AWS::SecretsManager::Secret": "secret_month",
}

# Log bytes that the local cloud does not write.
BYTES_PER_LINE = 26  # CloudWatch adds them to the text of each line
PLATFORM_BYTES = 271  # Lambda's START, END and REPORT lines of a run
PLATFORM_LINES = 3
ACCESS_LOG_BYTES = 190  # a line of the API's access log, in the format of infra/edge.py


@dataclass(frozen=True)
class Function:
    """The configuration that determines a function's price."""

    handler: str
    memory_mb: int
    traces: bool


@dataclass(frozen=True)
class Cost:
    """Three bills: 1,000 orders until confirmed, their parcels until delivered, an idle month.

    `services` is the cost of orders and parcels by service, in US dollars. `order_counts` and
    `parcel_counts` are the metered averages of one order and one parcel.
    """

    orders: list[BillLine]
    parcels: list[BillLine]
    services: dict[str, float]
    idle: list[BillLine]
    order_counts: Counts
    parcel_counts: Counts

    def as_json(self) -> dict[str, Any]:
        source = prices.load_prices()
        return {
            "prices": {name: source[name] for name in ("date", "region", "note")},
            "orders": {"number": BILLED_ORDERS, **_bill_json(self.orders)},
            "parcels": {"number": BILLED_ORDERS, **_bill_json(self.parcels)},
            "services_usd": {service: round(usd, 5) for service, usd in self.services.items()},
            "idle_month": _bill_json(self.idle),
            "metered_per_order": self.order_counts,
            "metered_per_parcel": self.parcel_counts,
        }


def _bill_json(lines: list[BillLine]) -> dict[str, Any]:
    return {
        "usd": round(prices.total_usd(lines), 5),
        "lines": [asdict(line) | {"usd": round(line.usd, 6)} for line in lines],
    }


def compute_cost(running: RunningShop, client: ShopClient, meter: Meter) -> Cost:
    """Place, confirm and deliver some orders and bill them. The products have to be listed."""
    functions = _load_functions(running)
    order_counts = meter.count(lambda: _place_order(client), METERED_ORDERS)
    parcel_counts = meter.count_with(
        partial(_place_order, client), Warehouse(running).deliver, METERED_ORDERS
    )
    orders, parcels = (
        {
            service: _for_all_orders(quantities(share, functions))
            for service, share in split_by_service(counts, _service_names(running)).items()
        }
        for counts in (order_counts, parcel_counts)
    )
    return Cost(
        orders=prices.compute_bill(_sum(orders)),
        parcels=prices.compute_bill(_sum(parcels)),
        services={
            service: prices.total_usd(prices.compute_bill(orders[service] + parcels[service]))
            for service in orders
        },
        idle=prices.compute_bill(_idle_month(running, meter, functions)),
        order_counts=order_counts,
        parcel_counts=parcel_counts,
    )


def _sum(services: Mapping[str, Counter[str]]) -> Counter[str]:
    return sum(services.values(), Counter())


def _for_all_orders(quantities_per_order: Mapping[str, float]) -> Counter[str]:
    return Counter({name: each * BILLED_ORDERS for name, each in quantities_per_order.items()})


def split_by_service(counts: Counts, services: Collection[str]) -> dict[str, Counts]:
    """The counts by service, by the names of its resources, such as `Souk-dev-OrderingTable…`.

    The transitions of the workflow and the emails have entries of their own.
    """
    shares: dict[str, Counts] = {service: {"functions": {}} for service in (*services, WORKFLOW)}
    for dimension in DIMENSIONS:
        for name, numbers in counts[dimension].items():
            owner = name.removeprefix(f"{STACK}-").removeprefix("souk.").lower()
            service = next(service for service in services if owner.startswith(service))
            share = shares[WORKFLOW if dimension == "workflows" else service]
            if dimension == "functions":
                share["functions"][name] = numbers
            for total in TOTALS:
                if total in numbers:
                    share[total] = share.get(total, 0.0) + numbers[total]
    shares[EMAILS] = {"functions": {}, "calls": counts["calls"]}
    return shares


def _service_names(running: RunningShop) -> list[str]:
    return sorted(
        name.removesuffix("Table").lower() for name in running.outputs if name.endswith("Table")
    )


def _place_order(client: ShopClient) -> str:
    """Read ten products, put one into the basket, read the basket and check out.

    Returns the order's id.
    """
    guest = new_guest()
    for number in range(READS_PER_ORDER):
        client.read_product(LISTED_SKUS[number])
    client.put_line(guest, LISTED_SKUS[0])
    client.read_basket(guest)
    return client.check_out(guest, PRICE).rpartition("/")[2]


def quantities(counts: Counts, functions: Mapping[str, Function]) -> dict[str, float]:
    """The billed quantities by price name.

    A batch of a queue is billed as one receive and one delete, each of its records as one send. A
    function's duration is that of this machine, rounded up to milliseconds as AWS does. A workflow
    execution is one trace, and so is each run of a function that starts its own traces: with up
    to one run per second, X-Ray records all of them.
    """
    runs_by_function: dict[str, dict[str, float]] = counts.get("functions", {})
    calls: dict[str, float] = counts.get("calls", {})
    requests = counts.get("http_requests", 0.0)
    log_gb = _log_bytes(runs_by_function.values(), requests) / GB
    return {
        "http_request": requests,
        "lambda_run": sum(each["runs"] for each in runs_by_function.values()),
        "lambda_gb_second": sum(
            _billed_seconds(each) * functions[name].memory_mb / 1024
            for name, each in runs_by_function.items()
        ),
        "trace": counts.get("executions", 0.0)
        + sum(each["runs"] for name, each in runs_by_function.items() if functions[name].traces),
        "transition": counts.get("transitions", 0.0),
        "read_unit": counts.get("read_units", 0.0),
        "write_unit": counts.get("write_units", 0.0),
        "event": counts.get("events", 0.0),
        "archive_gb": counts.get("event_bytes", 0.0) / GB,
        "sqs_request": counts.get("sqs_records", 0.0) + 2 * counts.get("sqs_batches", 0.0),
        "email": calls.get("ses:SendEmail", 0.0),
        "topic_message": calls.get("sns:Publish", 0.0),
        "log_gb": log_gb,
        "log_gb_month": log_gb,
    }


def _billed_seconds(function: Mapping[str, float]) -> float:
    return function["runs"] * ceil(function["milliseconds"] / function["runs"]) / 1000


def _log_bytes(functions: Collection[Mapping[str, float]], requests: float) -> float:
    own = sum(each["log_bytes"] + BYTES_PER_LINE * each["log_lines"] for each in functions)
    runs = sum(each["runs"] for each in functions)
    platform = runs * (PLATFORM_BYTES + BYTES_PER_LINE * PLATFORM_LINES)
    return own + platform + requests * (ACCESS_LOG_BYTES + BYTES_PER_LINE)


# -- an idle month ------------------------------------------------------------------------------


def _idle_month(
    running: RunningShop, meter: Meter, functions: Mapping[str, Function]
) -> dict[str, float]:
    """The billed quantities of resources with a monthly price, of polling, and of schedules."""
    resources = _load_resources(running)
    triggers = [each["Properties"] for each in resources.values() if each["Type"] == TRIGGER]
    queues = sum("StartingPosition" not in each for each in triggers)  # the others read streams
    idle = _scheduled_runs(running, meter, functions, resources)
    polls_per_month = HOURS_PER_MONTH * 3600 / LONG_POLL_SECONDS
    idle["sqs_request"] += queues * POLLERS_PER_QUEUE * polls_per_month
    for resource in resources.values():
        if resource["Type"] in MONTHLY_PRICES:
            idle[MONTHLY_PRICES[resource["Type"]]] += 1
    return idle


def _load_resources(running: RunningShop) -> dict[str, dict[str, Any]]:
    cloudformation = running.session().client("cloudformation")
    body = cloudformation.get_template(StackName=STACK)["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    resources: dict[str, dict[str, Any]] = template["Resources"]
    return resources


def _scheduled_runs(
    running: RunningShop,
    meter: Meter,
    functions: Mapping[str, Function],
    resources: Mapping[str, Mapping[str, Any]],
) -> defaultdict[str, float]:
    """The quantities of all scheduled runs of a month, from one metered run of each function."""
    pages = running.session().client("cloudformation").get_paginator("list_stack_resources")
    names = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages.paginate(StackName=STACK)
        for each in page["StackResourceSummaries"]
    }
    lambda_ = running.session().client("lambda")
    month: defaultdict[str, float] = defaultdict(float)
    for interval_minutes, function in _schedules(resources):
        name = names[function]
        invoke = partial(lambda_.invoke, FunctionName=name, Payload=b"{}")
        for price, quantity in quantities(meter.count(invoke, 1), functions).items():
            month[price] += quantity * HOURS_PER_MONTH * 60 / interval_minutes
    return month


def _schedules(resources: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    """The interval in minutes and the function's logical id of each schedule."""
    for resource in resources.values():
        properties = resource["Properties"]
        rate = RATE.fullmatch(properties.get("ScheduleExpression", ""))
        if resource["Type"] == RULE and rate:
            for target in properties["Targets"]:
                yield int(rate[1]), target["Arn"]["Fn::GetAtt"][0]


def _load_functions(running: RunningShop) -> dict[str, Function]:
    """All functions of the shop by name."""
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

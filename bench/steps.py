"""The measured steps. Shop and floor alternate call by call, so that both have equal conditions.

A step is a function from a `Pair` to results. Add new ones to `STEPS`; those that need many more
products are in `extreme_cases`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from bench.products import CATEGORY_SIZES, LISTED_SKUS, PRICE
from bench.results import StepResult, Target
from bench.shop_client import BenchmarkError, Headers, ShopClient

CALLS = 200
WARM_UP_CALLS = 10
CHECKOUTS = 60
COLD_STARTS = 9
BURSTS = 3
BURST_CHECKOUTS, CUSTOMERS = 300, 16
SEQUENTIAL_JOURNEYS, CONCURRENT_JOURNEYS = 60, 220
TARGET_ORDERS_PER_SECOND = 11
POLL_SECONDS = 0.004  # between two reads of an order that is not visible yet
# Shortest and longest pause between two reads of an undecided order: those of the order page.
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.3, 1.0
IDLE_SECONDS = 0.1  # until all work after a checkout is done
TIMEOUT_SECONDS = 60.0
SMALL_CATEGORY, LARGE_CATEGORY = CATEGORY_SIZES


@dataclass(frozen=True)
class Pair:
    """The shop and the floor, and a session of the AWS account that both are deployed in."""

    shop: ShopClient
    floor: ShopClient
    session: Any
    wait_until_idle: Callable[[], object]
    """Waits until no work of earlier calls is in progress."""

    def alternate(
        self, measure: Callable[[ShopClient], float], times: int
    ) -> dict[str, list[float]]:
        """The values of `measure` for shop and floor. Which one is first changes each time."""
        values: dict[str, list[float]] = {"shop": [], "floor": []}
        for number in range(times):
            clients = (self.shop, self.floor) if number % 2 else (self.floor, self.shop)
            for client in clients:
                values[client.name].append(measure(client))
        return values


Step = Callable[[Pair], list[StepResult]]


def reads(pair: Pair) -> list[StepResult]:
    return [
        _measure_calls(
            pair,
            "read a product",
            lambda client: client.read_product(LISTED_SKUS[0]),
            CALLS,
            Target(1.3),
        ),
        _measure_calls(
            pair,
            "a page of 24, category of 100 products",
            lambda client: client.list_products(SMALL_CATEGORY),
            CALLS,
        ),
        _measure_calls(
            pair,
            "a page of 24, category of 10,000 products",
            lambda client: client.list_products(LARGE_CATEGORY),
            CALLS // 8,
        ),
    ]


def basket_lines(pair: Pair) -> list[StepResult]:
    """All lines but the first, which creates the basket and is not measured."""
    lines = {client.name: _lines_to_put(client) for client in (pair.shop, pair.floor)}

    def put_line(client: ShopClient) -> float:
        guest, sku = next(lines[client.name])
        return _milliseconds(lambda: client.put_line(guest, sku))

    values = pair.alternate(put_line, CALLS)
    return [_compare("put a line into the basket", "ms", values, Target(1.5))]


def _lines_to_put(client: ShopClient) -> Iterator[tuple[Headers, str]]:
    while True:
        guest = client.create_basket(LISTED_SKUS[:1])
        yield from ((guest, sku) for sku in LISTED_SKUS[1:])


def checkouts(pair: Pair) -> list[StepResult]:
    """The response, then the visible order. The next checkout starts when the shop is idle."""
    visible: dict[str, list[float]] = {"shop": [], "floor": []}

    def check_out(client: ShopClient) -> float:
        guest = client.create_basket(LISTED_SKUS[:1])
        started = time.perf_counter()
        location = client.check_out(guest, PRICE)
        responded = time.perf_counter()
        _wait_until_visible(client, guest, location)
        visible[client.name].append((time.perf_counter() - responded) * 1000)
        time.sleep(IDLE_SECONDS)
        return (responded - started) * 1000

    responses = pair.alternate(check_out, CHECKOUTS)
    return [
        _compare("checkout response", "ms", responses, Target(1.5)),
        _compare("response → order visible", "ms", visible, Target(100, of="shop")),
    ]


def _wait_until_visible(client: ShopClient, guest: Headers, location: str) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not client.has_order(guest, location):
        if time.monotonic() > deadline:
            raise BenchmarkError(f"{client.name}: {location} did not appear")
        time.sleep(POLL_SECONDS)


def bursts(pair: Pair) -> list[StepResult]:
    """From the first checkout until the last order is stored."""
    values = pair.alternate(partial(_burst, pair), BURSTS)
    name = f"{BURST_CHECKOUTS} checkouts by {CUSTOMERS} customers stored"
    return [_compare(name, "s", values, Target(round(1 / 0.6, 2)), warm_up=0)]


def _burst(pair: Pair, client: ShopClient) -> float:
    with ThreadPoolExecutor(CUSTOMERS) as customers:
        guests = list(
            customers.map(lambda _: client.create_basket(LISTED_SKUS[:1]), range(BURST_CHECKOUTS))
        )
        pair.wait_until_idle()
        started = time.perf_counter()
        locations = list(customers.map(lambda guest: client.check_out(guest, PRICE), guests))
    order_ids = [location.rpartition("/")[2] for location in locations]
    _wait_until_stored(client, pair.session, order_ids)
    return time.perf_counter() - started


def _wait_until_stored(client: ShopClient, session: Any, order_ids: Sequence[str]) -> None:
    """Reads the table itself, so that polling costs shop and floor the same."""
    dynamodb = session.client("dynamodb")
    missing = set(order_ids)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while missing:
        if time.monotonic() > deadline:
            raise BenchmarkError(f"{client.name}: {len(missing)} orders were not stored")
        chunk = sorted(missing)[:100]
        keys = [{"pk": {"S": f"ORDER#{order_id}"}, "sk": {"S": "HEAD"}} for order_id in chunk]
        response = dynamodb.batch_get_item(RequestItems={client.orders_table: {"Keys": keys}})
        stored = {row["order_id"]["S"] for row in response["Responses"][client.orders_table]}
        missing -= stored
        if not stored:
            time.sleep(0.02)


def journeys(pair: Pair) -> list[StepResult]:
    """From an empty basket to the confirmed order, on the shop alone."""
    pair.wait_until_idle()
    journey_count = SEQUENTIAL_JOURNEYS + WARM_UP_CALLS
    sequential = [_journey(pair.shop) for _ in range(journey_count)][WARM_UP_CALLS:]
    pair.wait_until_idle()
    with ThreadPoolExecutor(CUSTOMERS) as customers:
        started = time.perf_counter()
        concurrent = list(customers.map(lambda _: _journey(pair.shop), range(CONCURRENT_JOURNEYS)))
        seconds = time.perf_counter() - started
    target_seconds = CONCURRENT_JOURNEYS / TARGET_ORDERS_PER_SECOND
    return [
        StepResult("journey to confirmed", "ms", sequential, (), Target(120, of="shop")),
        StepResult(f"journey with {CUSTOMERS} customers", "ms", concurrent, ()),
        StepResult(
            f"{CONCURRENT_JOURNEYS} such journeys by {CUSTOMERS} customers",
            "s",
            [seconds],
            (),
            Target(target_seconds, of="shop"),
        ),
    ]


def _journey(client: ShopClient) -> float:
    """Milliseconds for two basket lines, reading the basket, checkout and confirmation."""
    started = time.time()
    guest = client.create_basket(LISTED_SKUS[:2])
    client.read_basket(guest)
    location = client.check_out(guest, 2 * PRICE)
    return (wait_until_confirmed(client, guest, location) - started) * 1000


def wait_until_confirmed(client: ShopClient, guest: Headers, location: str) -> float:
    """Returns the time of the confirmation in Unix seconds. Raises BenchmarkError."""
    status, decided_at = wait_until_decided(client, guest, location)
    if status != "confirmed":
        raise BenchmarkError(f"{client.name}: {location} was {status}")
    return decided_at


def wait_until_decided(client: ShopClient, guest: Headers, location: str) -> tuple[str, float]:
    """Poll as often as the order page does, until the order is confirmed or rejected.

    Returns the status and its time in the order's history, in Unix seconds. Raises BenchmarkError
    after a timeout.
    """
    started = time.monotonic()
    while (waited := time.monotonic() - started) < TIMEOUT_SECONDS:
        if decision := client.read_decision(guest, location):
            return decision
        time.sleep(min(max(waited, MIN_PAUSE_SECONDS), MAX_PAUSE_SECONDS))
    raise BenchmarkError(f"{client.name}: {location} was not decided")


def cold_starts(pair: Pair) -> list[StepResult]:
    """The first call after a code update, which ends the function's execution environments."""
    functions = pair.session.client("lambda")
    code = {
        client.name: _download_code(functions, client.function)
        for client in (pair.shop, pair.floor)
    }

    def first_call(client: ShopClient) -> float:
        functions.update_function_code(FunctionName=client.function, ZipFile=code[client.name])
        time.sleep(0.5)
        return _milliseconds(lambda: client.read_product(LISTED_SKUS[0]))

    values = pair.alternate(first_call, COLD_STARTS)
    return [_compare("first call of a cold function", "ms", values, Target(1.4), warm_up=1)]


def _download_code(functions: Any, name: str) -> bytes:
    location = functions.get_function(FunctionName=name)["Code"]["Location"]
    return httpx.get(location, trust_env=False).raise_for_status().content


STEPS: tuple[Step, ...] = (reads, basket_lines, checkouts, bursts, journeys, cold_starts)


def _measure_calls(
    pair: Pair,
    name: str,
    call: Callable[[ShopClient], object],
    times: int,
    target: Target | None = None,
) -> StepResult:
    values = pair.alternate(
        lambda client: _milliseconds(partial(call, client)), times + WARM_UP_CALLS
    )
    return _compare(name, "ms", values, target)


def _compare(
    name: str,
    unit: str,
    values: dict[str, list[float]],
    target: Target | None = None,
    warm_up: int = WARM_UP_CALLS,
) -> StepResult:
    """The result without the first `warm_up` values."""
    return StepResult(name, unit, values["shop"][warm_up:], values["floor"][warm_up:], target)


def _milliseconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000

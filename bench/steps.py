"""What is measured. Shop and floor take turns call by call, so both see the same machine.

A step is a function from a `Pair` to `Figures`; a new one is added to `STEPS`. Those that need more
products than all others are in `extremes`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from bench.figures import Figures, Target
from bench.site import Headers, Refused, Site
from bench.stock import CATEGORIES, LISTED, PRICE

CALLS = 200
WARM_UP = 10
CHECKOUTS = 60
COLD = 9
BURSTS = 3
BURST, CUSTOMERS = 300, 16
JOURNEYS, CROWD = 60, 220
RATE = 11  # confirmed orders a second, at least
LOOK = 0.004  # seconds between two looks for an order
SOON, EAGERLY = 0.3, 1.0  # seconds between two looks of storefront/pages/order.js
REST = 0.1  # seconds until the chain behind a checkout is quiet
PATIENCE = 60.0
SMALL, LARGE = CATEGORIES


@dataclass(frozen=True)
class Pair:
    """The two that are compared, and the AWS both live in."""

    shop: Site
    floor: Site
    session: Any
    rest: Callable[[], object]
    """Waits until nothing that was set off is on its way any more."""

    def in_turn(self, call: Callable[[Site], float], times: int) -> dict[str, list[float]]:
        """What `call` gives on the two in turn; who is first changes each time."""
        figures: dict[str, list[float]] = {"shop": [], "floor": []}
        for number in range(times):
            both = (self.shop, self.floor) if number % 2 else (self.floor, self.shop)
            for site in both:
                figures[site.name].append(call(site))
        return figures


Step = Callable[[Pair], list[Figures]]


def reads(pair: Pair) -> list[Figures]:
    return [
        _calls(pair, "read a product", lambda site: site.read(LISTED[0]), CALLS, Target(1.3)),
        _calls(pair, "a page, of 100 products", lambda site: site.page(SMALL), CALLS),
        _calls(pair, "a page, of 10,000 products", lambda site: site.page(LARGE), CALLS // 8),
    ]


def put_a_line(pair: Pair) -> list[Figures]:
    """A visitor's later lines; the first, which begins the basket, is put before."""
    baskets = {site.name: _lines_to_put(site) for site in (pair.shop, pair.floor)}

    def put(site: Site) -> float:
        guest, sku = next(baskets[site.name])
        return _milliseconds(lambda: site.put(guest, sku))

    return [_figures("put a line", "ms", pair.in_turn(put, CALLS), Target(1.5))]


def _lines_to_put(site: Site) -> Iterator[tuple[Headers, str]]:
    while True:
        guest = site.new_basket(LISTED[:1])
        yield from ((guest, sku) for sku in LISTED[1:])


def checkouts(pair: Pair) -> list[Figures]:
    """The answer, and then the order; the next begins when the chain behind is quiet again."""
    visible: dict[str, list[float]] = {"shop": [], "floor": []}

    def check_out(site: Site) -> float:
        guest = site.new_basket(LISTED[:1])
        began = time.perf_counter()
        location = site.check_out(guest, PRICE)
        answered = time.perf_counter()
        _see(site, guest, location)
        visible[site.name].append((time.perf_counter() - answered) * 1000)
        time.sleep(REST)
        return (answered - began) * 1000

    answers = pair.in_turn(check_out, CHECKOUTS)
    return [
        _figures("checkout answered", "ms", answers, Target(1.5)),
        _figures("answer → order visible", "ms", visible, Target(100, of="shop")),
    ]


def _see(site: Site, guest: Headers, location: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not site.sees(guest, location):
        if time.monotonic() > deadline:
            raise Refused(f"{site.name}: {location} did not appear")
        time.sleep(LOOK)


def bursts(pair: Pair) -> list[Figures]:
    """From the first click until the last order is stored; the floor's rate is the measure."""
    took = pair.in_turn(partial(_burst, pair), BURSTS)
    name = f"{BURST} checkouts by {CUSTOMERS} customers stored"
    return [_figures(name, "s", took, Target(round(1 / 0.6, 2)), warm_up=0)]


def _burst(pair: Pair, site: Site) -> float:
    with ThreadPoolExecutor(CUSTOMERS) as customers:
        guests = list(customers.map(lambda _: site.new_basket(LISTED[:1]), range(BURST)))
        pair.rest()
        began = time.perf_counter()
        placed = list(customers.map(lambda guest: site.check_out(guest, PRICE), guests))
    _wait_until_stored(site, pair.session, [place.rpartition("/")[2] for place in placed])
    return time.perf_counter() - began


def _wait_until_stored(site: Site, session: Any, orders: Sequence[str]) -> None:
    """Looks into the table itself, so that looking costs the two the same."""
    dynamodb = session.client("dynamodb")
    missing = set(orders)
    deadline = time.monotonic() + PATIENCE
    while missing:
        if time.monotonic() > deadline:
            raise Refused(f"{site.name}: {len(missing)} orders were not stored")
        some = sorted(missing)[:100]
        keys = [{"pk": {"S": f"ORDER#{order}"}, "sk": {"S": "HEAD"}} for order in some]
        found = dynamodb.batch_get_item(RequestItems={site.orders_table: {"Keys": keys}})
        stored = {row["order_id"]["S"] for row in found["Responses"][site.orders_table]}
        missing -= stored
        if not stored:
            time.sleep(0.02)


def journeys(pair: Pair) -> list[Figures]:
    """A customer's whole way, from two lines to the confirmed order: of the shop alone."""
    pair.rest()
    one_by_one = [_journey(pair.shop) for _ in range(JOURNEYS + WARM_UP)][WARM_UP:]
    pair.rest()
    with ThreadPoolExecutor(CUSTOMERS) as customers:
        began = time.perf_counter()
        at_once = list(customers.map(lambda _: _journey(pair.shop), range(CROWD)))
        took = time.perf_counter() - began
    crowd = f"{CROWD} orders by {CUSTOMERS} customers confirmed"
    return [
        Figures("journey until confirmed", "ms", one_by_one, (), Target(120, of="shop")),
        Figures(f"journey of {CUSTOMERS} at once", "ms", at_once, ()),
        Figures(crowd, "s", [took], (), Target(CROWD / RATE, of="shop")),
    ]


def _journey(site: Site) -> float:
    began = time.time()
    guest = site.new_basket(LISTED[:2])
    site.see_basket(guest)
    confirmed = confirmed_at(site, guest, site.check_out(guest, 2 * PRICE))
    return (confirmed - began) * 1000


def confirmed_at(site: Site, guest: Headers, location: str) -> float:
    """Waits for it; in Unix seconds. Raises Refused when the order is not confirmed."""
    status, at = decided(site, guest, location)
    if status != "confirmed":
        raise Refused(f"{site.name}: {location} was {status}")
    return at


def decided(site: Site, guest: Headers, location: str) -> tuple[str, float]:
    """Looks as often as the order's page until it is confirmed or rejected, and says which, and
    when: the moment its own history gives. Raises Refused when neither comes."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < PATIENCE:
        if seen := site.decided(guest, location):
            return seen
        time.sleep(min(max(waited, SOON), EAGERLY))
    raise Refused(f"{site.name}: {location} was not decided")


def cold_calls(pair: Pair) -> list[Figures]:
    """The first call after its code was put anew, which ends a function's environments."""
    functions = pair.session.client("lambda")
    code = {site.name: _code(functions, site.function) for site in (pair.shop, pair.floor)}

    def first_call(site: Site) -> float:
        functions.update_function_code(FunctionName=site.function, ZipFile=code[site.name])
        time.sleep(0.5)
        return _milliseconds(lambda: site.read(LISTED[0]))

    took = pair.in_turn(first_call, COLD)
    return [_figures("first call of a cold function", "ms", took, Target(1.4), warm_up=1)]


def _code(functions: Any, name: str) -> bytes:
    where = functions.get_function(FunctionName=name)["Code"]["Location"]
    return httpx.get(where, trust_env=False).raise_for_status().content


STEPS: tuple[Step, ...] = (reads, put_a_line, checkouts, bursts, journeys, cold_calls)


def _calls(
    pair: Pair, name: str, call: Callable[[Site], object], times: int, target: Target | None = None
) -> Figures:
    took = pair.in_turn(lambda site: _milliseconds(partial(call, site)), times + WARM_UP)
    return _figures(name, "ms", took, target)


def _figures(
    name: str,
    unit: str,
    took: dict[str, list[float]],
    target: Target | None = None,
    warm_up: int = WARM_UP,
) -> Figures:
    return Figures(name, unit, took["shop"][warm_up:], took["floor"][warm_up:], target)


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000

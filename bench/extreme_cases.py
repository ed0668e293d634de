"""Rare cases: a very large order, and many customers who buy the last items of a product."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bench.metering import Counts, Meter
from bench.products import MANY_SKUS, PRICE, SCARCE_SKU, SCARCE_STOCK
from bench.results import StepResult, Target
from bench.shop_client import BenchmarkError, Headers, ShopClient, new_guest
from bench.steps import CUSTOMERS, Pair, wait_until_confirmed, wait_until_decided

LARGE_ORDERS = 3
COMPETING_CUSTOMERS = 200
LARGE_ORDER = f"an order of {len(MANY_SKUS)} lines"
_LARGE_ORDER_PRICE = PRICE * len(MANY_SKUS)


def meter_large_order(client: ShopClient, meter: Meter) -> dict[str, Counts]:
    """The calls and capacity units of a very large order, from checkout to confirmation."""
    counts = meter.count_with(
        lambda: client.create_basket(MANY_SKUS),
        lambda guest: client.check_out(guest, _LARGE_ORDER_PRICE),
        1,
    )
    return {LARGE_ORDER: counts}


def large_orders(pair: Pair) -> list[StepResult]:
    """On the shop alone, one after the other."""
    responses, confirmations = [], []
    for _ in range(LARGE_ORDERS):
        guest = pair.shop.create_basket(MANY_SKUS)
        pair.wait_until_idle()
        started = time.time()
        location = pair.shop.check_out(guest, _LARGE_ORDER_PRICE)
        responses.append((time.time() - started) * 1000)
        confirmed_at = wait_until_confirmed(pair.shop, guest, location)
        confirmations.append((confirmed_at - started) * 1000)
    return [
        StepResult(f"{LARGE_ORDER}: checkout response", "ms", responses, ()),
        StepResult(f"{LARGE_ORDER} until confirmed", "ms", confirmations, ()),
    ]


def last_items(pair: Pair) -> list[StepResult]:
    """Many customers buy one item each of a scarce product; the time to a rejection.

    Raises BenchmarkError when more or fewer items are sold than there were.
    """
    shop = pair.shop
    with ThreadPoolExecutor(CUSTOMERS) as threads:
        guests = [new_guest() for _ in range(COMPETING_CUSTOMERS)]
        list(threads.map(partial(shop.put_line, sku=SCARCE_SKU), guests))
        pair.wait_until_idle()
        outcomes = list(threads.map(partial(_buy_scarce_item, shop), guests))
    rejections = [milliseconds for is_confirmed, milliseconds in outcomes if not is_confirmed]
    if len(rejections) != COMPETING_CUSTOMERS - SCARCE_STOCK:
        sold = COMPETING_CUSTOMERS - len(rejections)
        raise BenchmarkError(f"{sold} of {SCARCE_STOCK} items were sold")
    name = f"{COMPETING_CUSTOMERS} customers buy the last {SCARCE_STOCK} items: time to a rejection"
    return [StepResult(name, "ms", rejections, (), Target(1000, of="shop"))]


def _buy_scarce_item(client: ShopClient, guest: Headers) -> tuple[bool, float]:
    """Whether the order was confirmed, and the milliseconds until that was decided."""
    started = time.time()
    location = client.try_check_out(guest, PRICE)
    if location is None:
        return False, (time.time() - started) * 1000
    status, decided_at = wait_until_decided(client, guest, location)
    return status == "confirmed", (decided_at - started) * 1000

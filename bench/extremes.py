"""What happens rarely and must go well: a wholesale order, and a crowd for the last pieces."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bench.figures import Figures, Target
from bench.metering import Counts, Meter
from bench.site import Headers, Refused, Site, new_guest
from bench.steps import CUSTOMERS, Pair, confirmed_at, decided
from bench.stock import MANY, PRICE, SCARCE, SCARCE_PIECES

LARGE_ORDERS = 3
RACERS = 200
WHOLESALE = f"an order of {len(MANY)} lines"


def metered(site: Site, meter: Meter) -> dict[str, Counts]:
    """Calls and units of a very large order."""
    wholesale = meter.count_with(
        lambda: site.new_basket(MANY), lambda guest: site.check_out(guest, _PRICE), 1
    )
    return {WHOLESALE: wholesale}


def large_orders(pair: Pair) -> list[Figures]:
    """Of the shop alone, one after the other."""
    answered, confirmed = [], []
    for _ in range(LARGE_ORDERS):
        guest = pair.shop.new_basket(MANY)
        pair.rest()
        began = time.time()
        location = pair.shop.check_out(guest, _PRICE)
        answered.append((time.time() - began) * 1000)
        confirmed.append((confirmed_at(pair.shop, guest, location) - began) * 1000)
    return [
        Figures(f"{WHOLESALE}: checkout answered", "ms", answered, ()),
        Figures(f"{WHOLESALE} until confirmed", "ms", confirmed, ()),
    ]


_PRICE = PRICE * len(MANY)


def race(pair: Pair) -> list[Figures]:
    """Many want one piece each of something scarce; how long those wait who get none.

    Raises Refused when more or fewer pieces are sold than there were.
    """
    shop = pair.shop
    with ThreadPoolExecutor(CUSTOMERS) as crowd:
        guests = [new_guest() for _ in range(RACERS)]
        list(crowd.map(partial(shop.put, sku=SCARCE), guests))
        pair.rest()
        ends = list(crowd.map(partial(_race, shop), guests))
    waits = [waited for got_one, waited in ends if not got_one]
    if len(waits) != RACERS - SCARCE_PIECES:
        raise Refused(f"{RACERS - len(waits)} of {SCARCE_PIECES} pieces were sold")
    name = f"{RACERS} customers want {SCARCE_PIECES} pieces: until one hears there is none left"
    return [Figures(name, "ms", waits, (), Target(1000, of="shop"))]


def _race(site: Site, guest: Headers) -> tuple[bool, float]:
    """Whether this one got a piece, and the milliseconds until that was decided."""
    began = time.time()
    location = site.try_check_out(guest, PRICE)
    if location is None:
        return False, (time.time() - began) * 1000
    status, at = decided(site, guest, location)
    return status == "confirmed", (at - began) * 1000

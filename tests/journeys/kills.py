"""A shop under load that is killed, opened again and asked for all it had acknowledged."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from local.process import birth
from local.shop import Running, Shop
from tests.journeys.visitor import Guest, Staff, new_key, until

WRITERS = 6


@dataclass
class Life:
    """What one visitor did, and what they were told."""

    guest: Guest
    sku: str
    wanted: list[int] = field(default_factory=list)  # quantities put; all but the last are answered
    answered: int = 0  # how many of them
    wish: dict[str, Any] | None = None
    key: str = field(default_factory=new_key)
    order_id: str | None = None

    def live(self, chance: random.Random, closing: threading.Event) -> None:
        """Put lines and mostly check out, until done or cut off."""
        for _ in range(chance.randint(1, 3)):
            if closing.is_set():
                return
            self.wanted.append(chance.randint(1, 9))
            if not self._put(self.wanted[-1]):
                return
            self.answered += 1
        if chance.random() < 0.8:
            wish = self.guest.wish()
            self.wish = wish
            answer = self.guest.check_out(wish, self.key)
            if answer.status_code == 202:
                self.order_id = answer.json()["order_id"]

    def _put(self, quantity: int) -> bool:
        where = f"/guest/basket/items/{self.sku}"
        return self.guest.http.put(where, json={"quantity": quantity}).status_code == 200

    @property
    def acknowledged(self) -> int:
        return self.answered + (self.order_id is not None)


@dataclass
class Figures:
    """What a run of kills came to."""

    seed: int
    kills: int = 0
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    boots: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills (seed {self.seed}): {self.acknowledged:,} acknowledged,"
            f" {len(self.lost)} lost, {len(self.half)} half,"
            f" open again after {median(self.boots):.1f} s (at most {max(self.boots):.1f} s)"
        )


@dataclass
class Victim:
    """A shop that can be killed and opened again at the same address."""

    home: Shop
    running: Running
    assembly: Path
    openapi: Path

    def kill(self) -> None:
        """End every process of the shop, at once and without a word."""
        os.killpg(self.running.pid, signal.SIGKILL)
        until("the end", lambda: birth(self.running.pid) is None)

    def open(self) -> float:
        """Open it again; the seconds it took."""
        began = time.monotonic()
        self.running = self.home.start(
            self.assembly, self.openapi, self.running.port, fresh=False, say=lambda _: None
        )
        return time.monotonic() - began


def kill_often(victim: Victim, kills: int, seed: int) -> Figures:
    """Let visitors shop, kill the shop at a random moment, look after each; and again."""
    figures, chance = Figures(seed), random.Random(seed)  # noqa: S311 - no secret
    for _ in range(kills):
        lives = _live_until_the_end(victim, chance)
        figures.kills += 1
        figures.acknowledged += sum(life.acknowledged for life in lives)
        figures.boots.append(victim.open())
        with ThreadPoolExecutor(WRITERS) as hands:
            list(hands.map(lambda life: _look(life, figures), lives))
    return figures


def _live_until_the_end(victim: Victim, chance: random.Random) -> list[Life]:
    skus = [Staff(victim.running).list_product() for _ in range(3)]
    for sku in skus:
        Guest(victim.running).put(sku)  # from now on every basket knows it
    closing, lives = threading.Event(), list[Life]()

    def shop_on(chance: random.Random) -> None:
        while not closing.is_set():
            life = Life(Guest(victim.running), chance.choice(skus))
            lives.append(life)
            try:
                life.live(chance, closing)
            except (httpx.TransportError, KeyError):
                return  # cut off: what was not answered may have happened or not

    with ThreadPoolExecutor(WRITERS) as writers:
        seeds = [chance.random() for _ in range(WRITERS)]
        for each in seeds:
            writers.submit(shop_on, random.Random(each))  # noqa: S311 - no secret
        enough = chance.randint(20, 150)
        until("so much business", lambda: sum(life.acknowledged for life in [*lives]) >= enough)
        time.sleep(chance.uniform(0, 0.3))
        victim.kill()
        closing.set()
    return lives


def _look(life: Life, figures: Figures) -> None:
    name = f"{life.key} (kill {figures.kills})"
    if life.wish is None:
        if life.answered and _quantity(life) not in life.wanted[life.answered - 1 :]:
            figures.lost.append(f"a line of {name}")
        return
    if life.order_id is None:
        _look_for_half(life, name, figures)
    answer = life.guest.check_out(life.wish, life.key)
    if life.order_id not in (None, answer.json().get("order_id")):
        figures.lost.append(f"the checkout of {name}")
        return
    life.guest.sees(answer.json()["order_id"])
    if len(life.guest.orders()) != 1 or _quantity(life):
        figures.half.append(f"{name}: {len(life.guest.orders())} orders, {_quantity(life)} left")


def _look_for_half(life: Life, name: str, figures: Figures) -> None:
    """Nobody was told: the basket is closed and there is an order, or neither."""
    if _quantity(life) == 0:
        try:
            until("its order", life.guest.orders)
        except AssertionError:
            figures.half.append(f"{name}: the basket is closed, and there is no order")
    elif life.guest.orders():
        figures.half.append(f"{name}: there is an order, and the basket is open")


def _quantity(life: Life) -> int:
    lines = life.guest.basket()["lines"]
    return sum(line["quantity"] for line in lines if line["sku"] == life.sku)

"""Options, shipments and payment in memory, and the real stores with their facts laid open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from souk.delivery.domain import (
    Label,
    MoneyUnknown,
    NumberTaken,
    Shipment,
    ShipmentMoved,
    State,
    Verdict,
)
from souk.delivery.events import (
    ParcelDelivered,
    ShipmentCancelled,
    ShipmentDispatched,
    ShippingPriceChanged,
)
from souk.delivery.shipping import Option, OptionTaken
from souk.delivery.store import OptionStore, ShipmentStore
from souk.kernel.errors import ChangedMeanwhile, NotFound
from souk.kernel.facts import Fact, current_cause
from tests.kernel import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FACTS: tuple[type[Fact], ...] = (
    ShipmentDispatched,
    ShipmentCancelled,
    ParcelDelivered,
    ShippingPriceChanged,
)


class FakeOptions:
    def __init__(self, *options: Option) -> None:
        self._kept = {option.option: option for option in options}
        self.said: list[Fact] = []

    def get(self, option: str) -> Option:
        if option not in self._kept:
            raise NotFound(f"there is no shipping option {option}")
        return self._kept[option]

    def all(self) -> list[Option]:
        return [self._kept[option] for option in sorted(self._kept)]

    def add(self, option: Option, fact: Fact) -> None:
        if option.option in self._kept:
            raise OptionTaken(option.option)
        self._keep(option, fact)

    def save(self, after: Option, fact: Fact) -> None:
        if self._kept[after.option].version != after.version - 1:
            raise ChangedMeanwhile(after.option)
        self._keep(after, fact)

    def _keep(self, option: Option, fact: Fact) -> None:
        self._kept[option.option] = option
        self.said.append(fact)


class StoredOptions(OptionStore):
    """The real store on a table no relay reads."""

    @property
    def said(self) -> list[Fact]:
        return tables.said(self._table, *FACTS)


class FakeShipments:
    """Shipments by order; `said` are the facts told, `journeys` on whose behalf. `meanwhile` is
    what others do, one after another, each just before a write."""

    def __init__(self, *shipments: Shipment) -> None:
        self._kept = {shipment.order_id: shipment for shipment in shipments}
        self._labels: dict[Label, str] = {}
        self.said: list[Fact] = []
        self.journeys: list[str] = []
        self.meanwhile: list[Callable[[], object]] = []

    def get(self, order_id: str) -> Shipment | None:
        return self._kept.get(order_id)

    def order_of(self, label: Label) -> str | None:
        return self._labels.get(label)

    def save(self, after: Shipment, fact: Fact | None) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        known = self._kept.get(after.order_id)
        if (known.version if known else 0) != after.version - 1:
            raise ShipmentMoved
        if after.state is State.DISPATCHING and after.label:
            self._claim(after.label, after.order_id)
        self._kept[after.order_id] = after
        if fact is not None:
            self.said.append(fact)
            self.journeys.append(current_cause().correlation_id)

    def _claim(self, label: Label, order_id: str) -> None:
        if self._labels.setdefault(label, order_id) != order_id:
            raise NumberTaken("this tracking number is another parcel's")

    def dispatching(self) -> Iterator[str]:
        kept = list(self._kept.values())
        return (each.order_id for each in kept if each.state is State.DISPATCHING)


class StoredShipments(ShipmentStore):
    """The real store on a table no relay reads."""

    @property
    def said(self) -> list[Fact]:
        return tables.said(self._table, *FACTS)


class FakePayment:
    """Takes each order's money, or does as it is told: `says` are its next answers, None for
    silence; `meanwhile` is what others do, one after another, while it thinks."""

    def __init__(self, *says: Verdict | None) -> None:
        self._says = list(says)
        self.asked: list[str] = []
        self.taken: set[str] = set()
        self.meanwhile: list[Callable[[], object]] = []

    def __call__(self, order_id: str) -> Verdict:
        self.asked.append(order_id)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        verdict = self._says.pop(0) if self._says else Verdict(captured=True)
        if verdict is None:
            raise MoneyUnknown(order_id)
        if verdict.captured:
            self.taken.add(order_id)
        return verdict

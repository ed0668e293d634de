"""The registry: every service of the shop, one line each.

The CDK app and the OpenAPI and AsyncAPI documents derive from it, and from these the map. What a
service has is found in its modules, by convention:

- `handlers.py`: `ROUTES`, `SUBSCRIPTIONS`
- `events.py`: the event classes it publishes
- `infra.py`: its construct, named like the service (`Basket`)
"""

from __future__ import annotations

import inspect
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from souk.kernel.events import Event
from souk.runtime.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from souk.kernel.events import Subscriptions


class Service(NamedTuple):
    """A service by the name of its package, `souk.<name>`. Its modules are imported on demand."""

    name: str

    @property
    def title(self) -> str:
        """`Basket`: the class and id of the construct, and the prefix of its resources."""
        return self.name.capitalize()

    @property
    def description(self) -> str:
        """The docstring of the package."""
        return inspect.getdoc(import_module(f"souk.{self.name}")) or ""

    @property
    def routes(self) -> Routes:
        return cast("Routes", self._declared("ROUTES", Routes()))

    @property
    def subscriptions(self) -> Subscriptions:
        return cast("Subscriptions", self._declared("SUBSCRIPTIONS", {}))

    @property
    def events(self) -> list[type[Event]]:
        """The event classes that the service publishes, in order of declaration."""
        module = self.module("events")
        return (
            [
                value
                for value in vars(module).values()
                if inspect.isclass(value)
                and issubclass(value, Event)
                and value.__module__ == module.__name__
            ]
            if module
            else []
        )

    @property
    def construct(self) -> Callable[[Any], object] | None:
        """The CDK construct, which is called with the platform; None if `infra.py` has none."""
        construct = getattr(self.module("infra"), self.title, None)
        return cast("Callable[[Any], object] | None", construct)

    def module(self, name: str) -> ModuleType | None:
        """A module of the service; None if there is none."""
        full_name = f"souk.{self.name}.{name}"
        return import_module(full_name) if find_spec(full_name) else None

    def _declared(self, name: str, default: object) -> object:
        return getattr(self.module("handlers"), name, default)


# A service comes after those whose commands it invokes. Operations is last: it covers all queues.
SERVICES = (
    Service("catalog"),
    Service("basket"),
    Service("inventory"),
    Service("payment"),
    Service("ordering"),
    Service("delivery"),
    Service("notification"),
    Service("timeline"),
    Service("operations"),
)

"""What functions printed, as a checkpoint writes it: in pieces, for it can be much."""

from collections.abc import Iterator
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudwatch_logs

from local.patches.kept import Change

Json = dict[str, Any]

_STORES = (
    "destinations", "resource_policies", "log_group_policies", "metric_filters", "queries",
    "log_records", "delivery_sources", "delivery_destinations", "deliveries",
)  # fmt: skip


def settings() -> Json:
    """Everything about logs but what is in them."""
    groups = AccountRegionScopedDict()
    for scope, group in cloudwatch_logs._log_groups.all_items():
        groups.set_scoped(*scope, {**group, "streams": {}})
    return {
        "log_groups": groups,
        **{name: getattr(cloudwatch_logs, f"_{name}") for name in _STORES},
    }


def changes() -> Iterator[Change]:
    """What leads from the settings alone to what there is."""
    for scope, group in cloudwatch_logs._log_groups.all_items():
        for name, stream in list(group["streams"].items()):
            yield ["log", *scope, name, stream]


def replay(change: Change) -> None:
    """Make a change again."""
    _, account, region, group, name, stream = change
    cloudwatch_logs._log_groups.get_scoped(account, region, group)["streams"][name] = stream

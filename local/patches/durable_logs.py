"""CloudWatch logs in a snapshot, stream by stream, because they can be large."""

from collections.abc import Iterator
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudwatch_logs

from local.patches.wal import Change

Json = dict[str, Any]

_STORES = (
    "destinations", "resource_policies", "log_group_policies", "metric_filters", "queries",
    "log_records", "delivery_sources", "delivery_destinations", "deliveries",
)  # fmt: skip


def configuration() -> Json:
    """Everything about logs except the streams."""
    groups = AccountRegionScopedDict()
    for scope, group in cloudwatch_logs._log_groups.all_items():
        groups.set_scoped(*scope, {**group, "streams": {}})
    return {
        "log_groups": groups,
        **{name: getattr(cloudwatch_logs, f"_{name}") for name in _STORES},
    }


def changes() -> Iterator[Change]:
    """The changes that lead from the configuration to the current state."""
    for scope, group in cloudwatch_logs._log_groups.all_items():
        for name, stream in list(group["streams"].items()):
            yield ["log", *scope, name, stream]


def replay(change: Change) -> None:
    _, account, region, group, name, stream = change
    cloudwatch_logs._log_groups.get_scoped(account, region, group)["streams"][name] = stream

"""Temporary tables for tests. No relay reads them, so their events stay in the outbox."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel import aws, dynamo, outbox
from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souk.kernel.events import Event


@contextmanager
def temporary_table(table: str) -> Iterator[str]:
    """An empty table with the keys and indexes of the deployed `table`, deleted after the block."""
    deployed: Any = aws.dynamodb().describe_table(TableName=table)["Table"]
    indexes = [
        {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}
        for index in deployed.get("GlobalSecondaryIndexes", [])
    ]
    name = f"test-{new_id()}"
    aws.dynamodb().create_table(
        TableName=name,
        KeySchema=deployed["KeySchema"],
        AttributeDefinitions=deployed["AttributeDefinitions"],
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),  # type: ignore[arg-type]
    )
    yield name
    aws.dynamodb().delete_table(TableName=name)


def outbox_events(table: str, *event_types: type[Event]) -> list[Event]:
    """The events in the table's outbox, oldest first. `event_types` must name their classes."""
    by_name = {event_type.__name__: event_type for event_type in event_types}
    rows = [row for pk in outbox.partitions() for row in dynamo.query(table, pk)]
    return [
        msgspec.convert(msgspec.json.decode(row["detail"])["data"], by_name[row["type"]])
        for row in sorted(rows, key=lambda row: row["sk"])
    ]

"""Tables like the deployed ones, for a test alone: their facts stay, since no relay takes them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel import aws, dynamo, outbox
from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souk.kernel.facts import Fact


@contextmanager
def twin(table: str) -> Iterator[str]:
    """An empty table with the keys and indexes of `table`, for as long as the block lasts."""
    deployed: Any = aws.dynamodb().describe_table(TableName=table)["Table"]
    indexes = [
        {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}
        for index in deployed.get("GlobalSecondaryIndexes", [])
    ]
    name = f"twin-{new_id()}"
    aws.dynamodb().create_table(
        TableName=name,
        KeySchema=deployed["KeySchema"],
        AttributeDefinitions=deployed["AttributeDefinitions"],
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),  # type: ignore[arg-type]
    )
    yield name
    aws.dynamodb().delete_table(TableName=name)


def said(table: str, *kinds: type[Fact]) -> list[Fact]:
    """The facts of these kinds in the table's outbox, as they were said one after another."""
    by_name = {kind.__name__: kind for kind in kinds}
    rows = [row for each in outbox.partitions() for row in dynamo.query(table, each)]
    return [
        msgspec.convert(msgspec.json.decode(row["detail"])["data"], by_name[row["type"]])
        for row in sorted(rows, key=lambda row: row["sk"])
    ]

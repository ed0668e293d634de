"""Capacity units as DynamoDB's developer guide works them out."""

import pytest

from local.capacity import read_units, reported_units


def item(size: int) -> dict[str, dict[str, str]]:
    """An item of so many bytes: the name counts, too."""
    return {"text": {"S": "x" * (size - len("text"))}}


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(100, False, 0.5), (100, True, 1), (4096, True, 1), (4097, True, 2), (9000, False, 1.5)],
)
def test_a_read_counts_each_four_kilobytes_begun(size: int, consistent: bool, units: float) -> None:
    asked = {"ConsistentRead": consistent}

    assert read_units("GetItem", asked, {"Item": item(size)}) == units


def test_what_is_not_there_costs_as_much_as_something_small() -> None:
    assert read_units("GetItem", {"ConsistentRead": True}, {}) == 1


def test_items_of_a_query_are_weighed_together() -> None:
    answer = {"Items": [item(1000)] * 5}

    assert read_units("Query", {"ConsistentRead": True}, answer) == 2


def test_items_of_a_batch_are_weighed_one_by_one_and_absent_ones_count() -> None:
    asked = {"RequestItems": {"table": {"Keys": [{}] * 4, "ConsistentRead": True}}}
    answer = {"Responses": {"table": [item(1000), item(1000), item(5000)]}}

    assert read_units("BatchGetItem", asked, answer) == 1 + 1 + 2 + 1


def test_a_read_in_a_transaction_costs_twice() -> None:
    answer = {"Responses": [{"Item": item(100)}, {}]}

    assert read_units("TransactGetItems", {}, answer) == 4


def test_writes_are_added_up_over_tables() -> None:
    answer = {"ConsumedCapacity": [{"CapacityUnits": 4.0}, {"CapacityUnits": 3.0}]}

    assert reported_units({}, answer) == 7


def test_a_refused_write_is_billed_as_well() -> None:
    assert reported_units({"TransactItems": [{}, {}]}, {}) == 4
    assert reported_units({"Item": {}}, {}) == 1

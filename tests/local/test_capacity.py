"""Capacity units, computed as in the DynamoDB developer guide."""

import pytest

from local.capacity import read_units, reported_units


def item(size: int) -> dict[str, dict[str, str]]:
    """An item of `size` bytes, including the attribute name."""
    return {"text": {"S": "x" * (size - len("text"))}}


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(100, False, 0.5), (100, True, 1), (4096, True, 1), (4097, True, 2), (9000, False, 1.5)],
)
def test_a_read_is_rounded_up_to_four_kilobytes(size: int, consistent: bool, units: float) -> None:
    request = {"ConsistentRead": consistent}

    assert read_units("GetItem", request, {"Item": item(size)}) == units


def test_a_missing_item_costs_as_much_as_a_small_one() -> None:
    assert read_units("GetItem", {"ConsistentRead": True}, {}) == 1


def test_the_items_of_a_query_are_rounded_up_together() -> None:
    response = {"Items": [item(1000)] * 5}

    assert read_units("Query", {"ConsistentRead": True}, response) == 2


def test_the_items_of_a_batch_are_rounded_up_one_by_one_and_missing_ones_count() -> None:
    request = {"RequestItems": {"table": {"Keys": [{}] * 4, "ConsistentRead": True}}}
    response = {"Responses": {"table": [item(1000), item(1000), item(5000)]}}

    assert read_units("BatchGetItem", request, response) == 1 + 1 + 2 + 1


def test_a_read_in_a_transaction_costs_twice_as_much() -> None:
    response = {"Responses": [{"Item": item(100)}, {}]}

    assert read_units("TransactGetItems", {}, response) == 4


def test_the_units_of_all_tables_are_added_up() -> None:
    response = {"ConsumedCapacity": [{"CapacityUnits": 4.0}, {"CapacityUnits": 3.0}]}

    assert reported_units({}, response) == 7


def test_a_rejected_write_is_billed_as_well() -> None:
    assert reported_units({"TransactItems": [{}, {}]}, {}) == 4
    assert reported_units({"Item": {}}, {}) == 1

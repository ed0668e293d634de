"""Values stored in DynamoDB are read back unchanged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.items import from_item, to_item

SCALARS = st.text() | st.integers(min_value=-(10**37), max_value=10**37) | st.booleans()
NAMES = st.text(min_size=1)
VALUES = st.recursive(
    SCALARS, lambda values: st.lists(values) | st.dictionaries(NAMES, values), max_leaves=6
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_a_row_is_read_back_unchanged(row: dict[str, Any]) -> None:
    assert from_item(to_item(row)) == row


def test_a_bool_is_not_stored_as_a_number() -> None:
    assert to_item({"is_open": True, "lines": 1}) == {
        "is_open": {"BOOL": True},
        "lines": {"N": "1"},
    }


def test_none_is_omitted_at_every_depth() -> None:
    row = to_item({"image": None, "address": {"city": "Leeds", "line2": None}})

    assert row == {"address": {"M": {"city": {"S": "Leeds"}}}}


@pytest.mark.parametrize("value", [12.99, b"bytes", {"a", "set"}, [None]])
def test_an_unsupported_type_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no DynamoDB type"):
        to_item({"value": value})

"""Every pair of stock code and price has its own SKU, and the shop accepts it."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli.replay.sku import build_sku

VALID_SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
codes = st.one_of(
    st.text(alphabet="aA1._-xy 2e", min_size=1, max_size=6),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50),
)
pairs = st.tuples(codes, st.integers(1, 99_999_999_999))


@pytest.mark.parametrize(
    ("code", "pennies", "sku"),
    [
        ("85123A", 255, "85123A.255"),
        ("85123a", 255, "85123a.255"),
        ("gift_0001_20", 1667, "gift_0001_20.1667"),
        ("A.1", 5, "A.2e1.5"),
        ("TWO WORDS", 5, "TWO.20WORDS.5"),
        ("é1", 5, "x...c3.a91.5"),
        ("_1", 5, "x.._1.5"),
    ],
)
def test_a_common_code_stays_readable_in_its_sku(code: str, pennies: int, sku: str) -> None:
    assert build_sku(code, pennies) == sku


@given(pairs)
def test_every_sku_is_valid(pair: tuple[str, int]) -> None:
    assert VALID_SKU.fullmatch(build_sku(*pair))


@given(pairs, pairs)
@example(("A", 11), ("A.1", 1))
@example(("A B", 1), ("A.20B", 1))
@example(("_1", 1), ("x.._1", 1))
@example(("L" * 50, 1), ("L" * 51, 1))
def test_two_codes_or_two_prices_never_share_a_sku(
    one: tuple[str, int], other: tuple[str, int]
) -> None:
    assert (build_sku(*one) == build_sku(*other)) == (one == other)

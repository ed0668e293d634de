"""The contract of a product store, for the fake and for DynamoDB; lists, for DynamoDB only."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest

from souk.catalog.domain import Product, SkuExists
from souk.kernel.errors import InvalidQuery, NotFound, PreconditionFailed
from tests.catalog.builders import a_product, details, pounds
from tests.catalog.fakes import FakeProducts, StoredProducts
from tests.kernel.tables import temporary_table

Products = FakeProducts | StoredProducts
ID = "0" * 36


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def products(request: pytest.FixtureRequest) -> Products:
    if request.param == "in memory":
        return FakeProducts()
    stored: StoredProducts = request.getfixturevalue("stored")
    return stored


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Iterator[StoredProducts]:
    shop = request.getfixturevalue("lambda_env")
    with temporary_table(shop.outputs["CatalogTable"]) as table:
        yield StoredProducts(table)


def add(products: Products, product: Product) -> Product:
    products.add(product, product.to_listed_event())
    return product


@pytest.mark.parametrize("image", [None, "/images/lamp.svg"])
def test_a_product_is_read_as_it_was_added(products: Products, image: str | None) -> None:
    product = add(products, a_product(description="Burns long. 🪔", image=image))

    assert products.get("LAMP-1") == product
    assert products.published == [product.to_listed_event()]


def test_an_unknown_product_is_not_found(products: Products) -> None:
    with pytest.raises(NotFound):
        products.get("LAMP-1")


def test_a_second_product_with_the_same_sku_is_refused(products: Products) -> None:
    first, second = a_product(price=1), a_product(price=2)
    add(products, first)

    with pytest.raises(SkuExists):
        add(products, second)

    assert products.get("LAMP-1") == first
    assert products.published == [first.to_listed_event()]


def test_a_change_is_stored_together_with_its_event(products: Products) -> None:
    before = add(products, a_product(price=1))

    after, event = before.change_price(pounds(2))
    products.save(before, after, event)

    assert products.get("LAMP-1") == after
    assert products.published == [before.to_listed_event(), event]


def test_the_second_of_two_writers_is_refused(products: Products) -> None:
    before = add(products, a_product(price=1))
    first, first_event = before.change_price(pounds(2))
    second, second_event = before.update_details(details(name="Copper lamp", category="Copper"))
    products.save(before, first, first_event)

    with pytest.raises(PreconditionFailed):
        products.save(before, second, second_event)

    assert products.get("LAMP-1") == first
    assert products.published == [before.to_listed_event(), first_event]


@pytest.mark.cloud
def test_only_one_of_several_concurrent_products_with_one_sku_is_added(
    stored: StoredProducts,
) -> None:
    def attempt(price: int) -> bool:
        try:
            add(stored, a_product(price=price))
        except SkuExists:
            return False
        return True

    with ThreadPoolExecutor(8) as staff:
        successes = list(staff.map(attempt, range(1, 9)))

    assert successes.count(True) == 1
    assert stored.count_by_category() == {"Lamps": 1}
    assert len(stored.published) == 1


@pytest.mark.cloud
def test_a_category_counts_its_listed_products(stored: StoredProducts) -> None:
    lamp = add(stored, a_product("LAMP-1"))
    rug = add(stored, a_product("RUG-1", category="Rugs"))
    add(stored, a_product("LAMP-2"))
    assert stored.count_by_category() == {"Lamps": 2, "Rugs": 1}

    moved, event = lamp.update_details(details(category="Rugs"))
    stored.save(lamp, moved, event)
    assert stored.count_by_category() == {"Lamps": 1, "Rugs": 2}

    repriced, price_event = rug.change_price(pounds(5000))
    stored.save(rug, repriced, price_event)
    assert stored.count_by_category() == {"Lamps": 1, "Rugs": 2}

    delisted, last_event = repriced.delist()
    stored.save(repriced, delisted, last_event)
    assert stored.count_by_category() == {"Lamps": 1, "Rugs": 1}


@pytest.mark.cloud
def test_a_refused_change_leaves_the_counts(stored: StoredProducts) -> None:
    lamp = add(stored, a_product())
    delisted, event = lamp.delist()
    stored.save(lamp, delisted, event)

    with pytest.raises(PreconditionFailed):
        stored.save(lamp, delisted, event)

    assert stored.count_by_category() == {}


def all_pages(stored: StoredProducts, category: str | None, limit: int) -> list[list[str]]:
    pages, cursor = [], None
    while True:
        page = stored.list_page(category, limit, cursor)
        pages.append([product.sku for product in page.products])
        if page.next is None:
            return pages
        cursor = page.next


def newest_first(products: list[Product]) -> list[str]:
    return [each.sku for each in sorted(products, key=lambda each: each.listing_id, reverse=True)]


@pytest.mark.cloud
@pytest.mark.parametrize("limit", [1, 3, 4, 8, 9])
def test_pages_list_every_product_once_newest_first(stored: StoredProducts, limit: int) -> None:
    products = [
        add(stored, a_product(f"P-{number}", category="AB"[number % 2])) for number in range(8)
    ]

    all_products, of_category_a = all_pages(stored, None, limit), all_pages(stored, "A", limit)

    assert list(chain(*all_products)) == newest_first(products)
    assert list(chain(*of_category_a)) == newest_first(products[::2])
    assert {len(page) for page in all_products[:-1]} <= {limit}
    assert all_products[-1] != []


@pytest.mark.cloud
def test_a_list_contains_all_fields_but_the_description(stored: StoredProducts) -> None:
    product = add(stored, a_product(description="Burns long.", image="/images/lamp.svg"))

    listed = stored.list_page(None, 24, None).products

    assert listed == [a_copy_without_description(product)]


def a_copy_without_description(product: Product) -> Product:
    return Product(
        sku=product.sku,
        details=details(image=product.details.image),
        price=product.price,
        listing_id=product.listing_id,
        listed_at=product.listed_at,
    )


@pytest.mark.cloud
def test_a_delisted_product_can_be_read_but_is_in_no_list(stored: StoredProducts) -> None:
    other, lamp = add(stored, a_product("LAMP-2")), add(stored, a_product("LAMP-1"))

    delisted, event = lamp.delist()
    stored.save(lamp, delisted, event)

    assert stored.get("LAMP-1") == delisted
    assert all_pages(stored, None, 24) == all_pages(stored, "Lamps", 24) == [[other.sku]]


@pytest.mark.cloud
def test_an_unknown_category_is_empty(stored: StoredProducts) -> None:
    add(stored, a_product())

    assert stored.list_page("Rugs", 24, None) == ([], None)


@pytest.mark.cloud
def test_a_cursor_stays_valid_when_its_product_is_delisted(stored: StoredProducts) -> None:
    products = [add(stored, a_product(f"P-{number}")) for number in range(4)]
    expected = newest_first(products)
    first = stored.list_page(None, 2, None)
    before = first.products[-1]
    delisted, event = before.delist()
    stored.save(before, delisted, event)

    second = stored.list_page(None, 2, first.next)

    assert [each.sku for each in second.products] == expected[2:]


@pytest.mark.cloud
def test_a_cursor_of_one_list_does_not_open_another(stored: StoredProducts) -> None:
    for number in range(4):
        add(stored, a_product(f"P-{number}", category="AB"[number % 2]))
    cursor = stored.list_page(None, 1, None).next

    page = stored.list_page("B", 24, cursor)

    assert {product.details.category for product in page.products} <= {"B"}


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "~", ID, f"{ID}~", f"{ID}~A/B", f"{ID}~A\n", f"{ID}~{'A' * 41}", f"x{ID}~A"],
)
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidQuery) as error:
        StoredProducts("nowhere").list_page(None, 24, cursor)

    assert error.value.members["errors"][0]["pointer"] == "/cursor"

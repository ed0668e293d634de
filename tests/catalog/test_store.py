"""What products promise, wherever they are kept; and shelves, which only the table has."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest

from souk.catalog.domain import Product, SkuTaken
from souk.kernel.errors import ChangedMeanwhile, InvalidQuery, NotFound
from tests.catalog.builders import a_product, details, pounds
from tests.catalog.fakes import FakeProducts, StoredProducts
from tests.kernel.tables import twin

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
    shop = request.getfixturevalue("in_function")
    with twin(shop.outputs["CatalogTable"]) as table:
        yield StoredProducts(table)


def listed(products: Products, product: Product) -> Product:
    products.add(product, product.listed())
    return product


@pytest.mark.parametrize("image", [None, "/images/lamp.svg"])
def test_a_product_is_read_as_it_was_listed(products: Products, image: str | None) -> None:
    product = listed(products, a_product(description="Burns long. 🪔", image=image))

    assert products.get("LAMP-1") == product
    assert products.said == [product.listed()]


def test_a_product_never_listed_is_not_found(products: Products) -> None:
    with pytest.raises(NotFound):
        products.get("LAMP-1")


def test_a_taken_sku_stays_what_it_was(products: Products) -> None:
    first, second = a_product(price=1), a_product(price=2)
    listed(products, first)

    with pytest.raises(SkuTaken):
        listed(products, second)

    assert products.get("LAMP-1") == first
    assert products.said == [first.listed()]


def test_a_change_is_kept_together_with_its_fact(products: Products) -> None:
    before = listed(products, a_product(price=1))

    after, fact = before.reprice(pounds(2))
    products.save(before, after, fact)

    assert products.get("LAMP-1") == after
    assert products.said == [before.listed(), fact]


def test_the_second_of_two_writers_is_refused(products: Products) -> None:
    before = listed(products, a_product(price=1))
    first, first_fact = before.reprice(pounds(2))
    second, second_fact = before.describe(details(name="Copper lamp", category="Copper"))
    products.save(before, first, first_fact)

    with pytest.raises(ChangedMeanwhile):
        products.save(before, second, second_fact)

    assert products.get("LAMP-1") == first
    assert products.said == [before.listed(), first_fact]


@pytest.mark.cloud
def test_of_two_who_list_one_sku_at_the_same_moment_one_is_refused(stored: StoredProducts) -> None:
    def attempt(price: int) -> bool:
        try:
            listed(stored, a_product(price=price))
        except SkuTaken:
            return False
        return True

    with ThreadPoolExecutor(8) as staff:
        done = list(staff.map(attempt, range(1, 9)))

    assert done.count(True) == 1
    assert stored.categories() == {"Lamps": 1}
    assert len(stored.said) == 1


@pytest.mark.cloud
def test_a_category_counts_what_it_has_for_sale(stored: StoredProducts) -> None:
    lamp = listed(stored, a_product("LAMP-1"))
    rug = listed(stored, a_product("RUG-1", category="Rugs"))
    listed(stored, a_product("LAMP-2"))
    assert stored.categories() == {"Lamps": 2, "Rugs": 1}

    moved, fact = lamp.describe(details(category="Rugs"))
    stored.save(lamp, moved, fact)
    assert stored.categories() == {"Lamps": 1, "Rugs": 2}

    dearer, fact_of_price = rug.reprice(pounds(5000))
    stored.save(rug, dearer, fact_of_price)
    assert stored.categories() == {"Lamps": 1, "Rugs": 2}

    gone, last_fact = dearer.delist()
    stored.save(dearer, gone, last_fact)
    assert stored.categories() == {"Lamps": 1, "Rugs": 1}


@pytest.mark.cloud
def test_a_refused_change_counts_nothing(stored: StoredProducts) -> None:
    lamp = listed(stored, a_product())
    gone, fact = lamp.delist()
    stored.save(lamp, gone, fact)

    with pytest.raises(ChangedMeanwhile):
        stored.save(lamp, gone, fact)

    assert stored.categories() == {}


def all_pages(stored: StoredProducts, category: str | None, limit: int) -> list[list[str]]:
    pages, cursor = [], None
    while True:
        page = stored.page(category, limit, cursor)
        pages.append([product.sku for product in page.products])
        if page.next is None:
            return pages
        cursor = page.next


def newest_first(products: list[Product]) -> list[str]:
    return [each.sku for each in sorted(products, key=lambda each: each.listing_id, reverse=True)]


@pytest.mark.cloud
@pytest.mark.parametrize("limit", [1, 3, 4, 8, 9])
def test_pages_show_everything_once_newest_first(stored: StoredProducts, limit: int) -> None:
    products = [
        listed(stored, a_product(f"P-{number}", category="AB"[number % 2])) for number in range(8)
    ]

    everything, of_a = all_pages(stored, None, limit), all_pages(stored, "A", limit)

    assert list(chain(*everything)) == newest_first(products)
    assert list(chain(*of_a)) == newest_first(products[::2])
    assert {len(page) for page in everything[:-1]} <= {limit}
    assert everything[-1] != []


@pytest.mark.cloud
def test_a_list_shows_all_of_a_product_but_its_description(stored: StoredProducts) -> None:
    product = listed(stored, a_product(description="Burns long.", image="/images/lamp.svg"))

    shown = stored.page(None, 24, None).products

    assert shown == [a_copy_without_description(product)]


def a_copy_without_description(product: Product) -> Product:
    return Product(
        sku=product.sku,
        details=details(image=product.details.image),
        price=product.price,
        listing_id=product.listing_id,
        listed_at=product.listed_at,
    )


@pytest.mark.cloud
def test_what_was_delisted_is_read_but_stands_in_no_list(stored: StoredProducts) -> None:
    kept, lamp = listed(stored, a_product("LAMP-2")), listed(stored, a_product("LAMP-1"))

    gone, fact = lamp.delist()
    stored.save(lamp, gone, fact)

    assert stored.get("LAMP-1") == gone
    assert all_pages(stored, None, 24) == all_pages(stored, "Lamps", 24) == [[kept.sku]]


@pytest.mark.cloud
def test_a_category_nobody_heard_of_is_empty(stored: StoredProducts) -> None:
    listed(stored, a_product())

    assert stored.page("Rugs", 24, None) == ([], None)


@pytest.mark.cloud
def test_a_cursor_still_holds_its_place_when_its_product_has_gone(stored: StoredProducts) -> None:
    products = [listed(stored, a_product(f"P-{number}")) for number in range(4)]
    expected = newest_first(products)
    first = stored.page(None, 2, None)
    before = first.products[-1]
    gone, fact = before.delist()
    stored.save(before, gone, fact)

    second = stored.page(None, 2, first.next)

    assert [each.sku for each in second.products] == expected[2:]


@pytest.mark.cloud
def test_a_cursor_names_a_place_and_not_a_shelf(stored: StoredProducts) -> None:
    for number in range(4):
        listed(stored, a_product(f"P-{number}", category="AB"[number % 2]))
    of_everything = stored.page(None, 1, None).next

    of_b = stored.page("B", 24, of_everything)

    assert {product.details.category for product in of_b.products} <= {"B"}


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "~", ID, f"{ID}~", f"{ID}~A/B", f"{ID}~A\n", f"{ID}~{'A' * 41}", f"x{ID}~A"],
)
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidQuery) as refused:
        StoredProducts("nowhere").page(None, 24, cursor)

    assert refused.value.members["errors"][0]["pointer"] == "/cursor"

"""The catalog's routes."""

from __future__ import annotations

from functools import cache

from souk.catalog import usecases
from souk.catalog.domain import Delisted, SkuTaken, Upload
from souk.catalog.pictures import BucketPictures
from souk.catalog.store import ProductStore
from souk.catalog.wire import (
    CategoryList,
    CategoryView,
    NewPicture,
    NewPrice,
    NewProduct,
    ProductDetails,
    ProductPage,
    ProductView,
    view,
)
from souk.edges.routes import Access, Answer, Call, Routes
from souk.kernel.errors import ChangedMeanwhile, NotFound, PreconditionRequired
from souk.kernel.settings import Settings, load

ROUTES = Routes()
_CHANGE = (NotFound, Delisted, ChangedMeanwhile, PreconditionRequired)


class CatalogSettings(Settings, frozen=True, kw_only=True):
    table_name: str
    bucket_name: str
    currency: str


@cache
def settings() -> CatalogSettings:
    return load(CatalogSettings)


@cache
def products() -> ProductStore:
    return ProductStore(settings().table_name)


@cache
def pictures() -> BucketPictures:
    return BucketPictures(settings().bucket_name)


@ROUTES.add(
    "GET", "/products", Access.PUBLIC, answer=ProductPage, query=("category", "limit", "cursor")
)
def list_products(call: Call) -> ProductPage:
    """List products for sale, newest first, all or of one category."""
    page = products().page(
        call.query.get("category") or None, limit=call.limit(), cursor=call.query.get("cursor")
    )
    return ProductPage([view(product).card() for product in page.products], page.next)


@ROUTES.add("GET", "/products/{sku}", Access.PUBLIC, answer=ProductView, refusals=(NotFound,))
def read_product(call: Call) -> Answer:
    """Read one product, delisted ones too."""
    return _versioned(view(products().get(call.path["sku"])))


@ROUTES.add("GET", "/categories", Access.PUBLIC, answer=CategoryList)
def list_categories(_call: Call) -> CategoryList:
    """List the categories that have something for sale."""
    return CategoryList([CategoryView(*each) for each in products().categories().items()])


@ROUTES.add("POST", "/products", Access.STAFF, answer=ProductView, status=201, refusals=(SkuTaken,))
def list_product(_call: Call, body: NewProduct) -> Answer:
    """Put a new product up for sale."""
    product = usecases.list_product(
        body.sku,
        body.details(),
        body.price.money(),
        currency=settings().currency,
        products=products(),
    )
    return _versioned(view(product), status=201, Location=f"/api/products/{product.sku}")


@ROUTES.add(
    "PUT",
    "/products/{sku}",
    Access.STAFF,
    answer=ProductView,
    refusals=_CHANGE,
    headers=("If-Match",),
)
def describe_product(call: Call, body: ProductDetails) -> Answer:
    """Change what describes a product; its price has a route of its own."""
    product = usecases.describe_product(
        call.path["sku"], body.details(), seen_version=call.seen_version(), products=products()
    )
    return _versioned(view(product))


@ROUTES.add(
    "POST",
    "/products/{sku}/image",
    Access.STAFF,
    answer=Upload,
    refusals=(NotFound, Delisted),
)
def upload_picture(call: Call, body: NewPicture) -> Upload:
    """Ask where to send a picture of a product; what describes the product then names it."""
    return usecases.upload_picture(call.path["sku"], body, products=products(), pictures=pictures())


@ROUTES.add(
    "PUT",
    "/products/{sku}/price",
    Access.STAFF,
    answer=ProductView,
    refusals=_CHANGE,
    headers=("If-Match",),
)
def change_price(call: Call, body: NewPrice) -> Answer:
    """Change a product's price."""
    product = usecases.change_price(
        call.path["sku"],
        body.price.money(),
        seen_version=call.seen_version(),
        currency=settings().currency,
        products=products(),
    )
    return _versioned(view(product))


@ROUTES.add(
    "POST",
    "/products/{sku}/delisting",
    Access.STAFF,
    answer=ProductView,
    refusals=_CHANGE,
    headers=("If-Match",),
)
def delist_product(call: Call) -> Answer:
    """Take a product out of sale, for good."""
    product = usecases.delist_product(
        call.path["sku"], seen_version=call.seen_version(), products=products()
    )
    return _versioned(view(product))


def _versioned(product: ProductView, status: int = 200, **headers: str) -> Answer:
    return Answer(product, status, {"ETag": f'"{product.version}"', **headers})

"""The catalog's routes."""

from __future__ import annotations

from functools import cache

from souk.catalog import usecases
from souk.catalog.domain import DelistedProduct, PictureUpload, SkuExists
from souk.catalog.pictures import PictureBucket
from souk.catalog.schemas import (
    CategoryList,
    CategoryView,
    ChangePriceRequest,
    CreateProductRequest,
    PictureUploadRequest,
    ProductPage,
    ProductView,
    UpdateProductRequest,
    to_view,
)
from souk.catalog.store import ProductStore
from souk.kernel.errors import Busy, NotFound, PreconditionFailed, PreconditionRequired
from souk.kernel.settings import Settings, load
from souk.runtime.routes import Access, Request, Response, Routes

ROUTES = Routes()
_CHANGE_ERRORS = (NotFound, DelistedProduct, PreconditionFailed, PreconditionRequired, Busy)


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
def pictures() -> PictureBucket:
    return PictureBucket(settings().bucket_name)


@ROUTES.add(
    "GET", "/products", Access.PUBLIC, response=ProductPage, query=("category", "limit", "cursor")
)
def list_products(request: Request) -> ProductPage:
    """List the products for sale, newest first; optionally of one category."""
    page = products().list_page(
        request.query.get("category") or None,
        limit=request.limit(),
        cursor=request.query.get("cursor"),
    )
    return ProductPage([to_view(product).card() for product in page.products], page.next)


@ROUTES.add("GET", "/products/{sku}", Access.PUBLIC, response=ProductView, errors=(NotFound,))
def get_product(request: Request) -> Response:
    """Get one product, listed or delisted."""
    return _versioned_response(to_view(products().get(request.path["sku"])))


@ROUTES.add("GET", "/categories", Access.PUBLIC, response=CategoryList)
def list_categories(_request: Request) -> CategoryList:
    """List the categories that have products for sale, with the number of products."""
    counts = products().count_by_category()
    return CategoryList([CategoryView(name, count) for name, count in counts.items()])


@ROUTES.add(
    "POST", "/products", Access.STAFF, response=ProductView, status=201, errors=(SkuExists, Busy)
)
def create_product(_request: Request, body: CreateProductRequest) -> Response:
    """Create a product and put it up for sale."""
    product = usecases.create_product(
        body.sku,
        body.to_details(),
        body.price.to_money(),
        currency=settings().currency,
        products=products(),
    )
    location = f"/api/products/{product.sku}"
    return _versioned_response(to_view(product), status=201, Location=location)


@ROUTES.add(
    "PUT",
    "/products/{sku}",
    Access.STAFF,
    response=ProductView,
    errors=_CHANGE_ERRORS,
    headers=("If-Match",),
)
def update_product(request: Request, body: UpdateProductRequest) -> Response:
    """Change the details of a product. The price has a route of its own."""
    product = usecases.update_product(
        request.path["sku"],
        body.to_details(),
        expected_version=request.expected_version(),
        products=products(),
    )
    return _versioned_response(to_view(product))


@ROUTES.add(
    "POST",
    "/products/{sku}/image",
    Access.STAFF,
    response=PictureUpload,
    errors=(NotFound, DelistedProduct),
)
def create_picture_upload(request: Request, body: PictureUploadRequest) -> PictureUpload:
    """Get a presigned form to upload a picture. The product shows it once its `image` is set."""
    return usecases.create_picture_upload(
        request.path["sku"], body, products=products(), pictures=pictures()
    )


@ROUTES.add(
    "PUT",
    "/products/{sku}/price",
    Access.STAFF,
    response=ProductView,
    errors=_CHANGE_ERRORS,
    headers=("If-Match",),
)
def change_price(request: Request, body: ChangePriceRequest) -> Response:
    """Change the price of a product."""
    product = usecases.change_price(
        request.path["sku"],
        body.price.to_money(),
        expected_version=request.expected_version(),
        currency=settings().currency,
        products=products(),
    )
    return _versioned_response(to_view(product))


@ROUTES.add(
    "POST",
    "/products/{sku}/delisting",
    Access.STAFF,
    response=ProductView,
    errors=_CHANGE_ERRORS,
    headers=("If-Match",),
)
def delist_product(request: Request) -> Response:
    """Remove a product from sale, permanently."""
    product = usecases.delist_product(
        request.path["sku"], expected_version=request.expected_version(), products=products()
    )
    return _versioned_response(to_view(product))


def _versioned_response(product: ProductView, status: int = 200, **headers: str) -> Response:
    return Response(product, status, {"ETag": f'"{product.version}"', **headers})

"""The catalog's resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from infra.platform import index
from souk.catalog.handlers import ROUTES

if TYPE_CHECKING:
    from infra.platform import Platform

CARD = [
    "sku",
    "name",
    "category",
    "image",
    "weight_grams",
    "price",
    "currency",
    "status",
    "version",
    "listed_at",
]


class Catalog(Construct):
    """A table with its two shelves, the API function, the relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Catalog")
        table = platform.table(
            self,
            indexes=[
                index("by_category", "category_listed", "listing_id", *CARD),
                index("by_listing", "shelf", "listing_id", *CARD),
            ],
        )
        api = platform.serve(self, handler="souk.catalog.api.handler", routes=ROUTES, table=table)
        platform.allow(api, table, "GetItem", "Query", "PutItem", "UpdateItem")
        platform.publish(self, table)

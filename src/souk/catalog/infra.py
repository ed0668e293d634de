"""The catalog's resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import reasons
from infra.platform import index
from souk.catalog import pictures
from souk.catalog.handlers import ROUTES

if TYPE_CHECKING:
    from aws_cdk import CfnElement
    from aws_cdk import aws_lambda as lambda_

    from infra.platform import Platform
    from infra.stages import Stage

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
    """A table with its two shelves, a bucket of pictures, the API function, the relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Catalog")
        table = platform.table(
            self,
            indexes=[
                index("by_category", "category_listed", "listing_id", *CARD),
                index("by_listing", "shelf", "listing_id", *CARD),
            ],
        )
        self.pictures = _bucket(self, platform.stage)
        api = platform.serve(
            self,
            handler="souk.catalog.api.handler",
            routes=ROUTES,
            table=table,
            env={"BUCKET_NAME": self.pictures.bucket_name},
        )
        _let_put(api, self.pictures)
        platform.edge.site.add_pictures(f"/{pictures.FOLDER}/*", self.pictures)
        platform.allow(api, table, "GetItem", "Query", "PutItem", "UpdateItem")
        platform.publish(self, table)


def _bucket(room: Construct, stage: Stage) -> s3.Bucket:
    """Browsers send pictures with a form the shop signed, whatever page they are on.

    They are read at the shop's own address, never here.
    """
    bucket = s3.Bucket(
        room,
        "Pictures",
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        cors=[s3.CorsRule(allowed_methods=[s3.HttpMethods.POST], allowed_origins=["*"])],
        removal_policy=stage.removal,
    )
    reasons.acknowledge(bucket, "AwsSolutions-S1", reasons.NO_READER_LOG)
    CfnOutput(room, "PicturesBucket", value=bucket.bucket_name).override_logical_id(
        "PicturesBucket"
    )
    return bucket


def _let_put(function: lambda_.Function, bucket: s3.Bucket) -> None:
    """What the function signs may be done by whoever holds it: put a picture, no more."""
    folder = f"{pictures.FOLDER}/*"
    function.add_to_role_policy(
        iam.PolicyStatement(actions=["s3:PutObject"], resources=[bucket.arn_for_objects(folder)])
    )
    name = Stack.of(bucket).get_logical_id(cast("CfnElement", bucket.node.default_child))
    finding = f"AwsSolutions-IAM5[Resource::<{name}.Arn>/{folder}]"
    reasons.acknowledge(cast("iam.IRole", function.role), finding, reasons.NAMED_WHEN_SENT)

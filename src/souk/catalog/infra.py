"""The AWS resources of the catalog service."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import nag_suppressions
from infra.platform import index
from souk.catalog import pictures
from souk.catalog.handlers import ROUTES

if TYPE_CHECKING:
    from aws_cdk import CfnElement
    from aws_cdk import aws_lambda as lambda_

    from infra.platform import Platform
    from infra.stages import Stage

CARD_ATTRIBUTES = [
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
"""The attributes that the indexes project: a product as lists show it, without description."""


class Catalog(Construct):
    """Table with indexes of listed products, bucket of pictures, API, outbox relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Catalog")
        table = platform.add_table(
            self,
            indexes=[
                index("by_category", "category_listed", "listing_id", *CARD_ATTRIBUTES),
                index("by_listing", "listing_partition", "listing_id", *CARD_ATTRIBUTES),
            ],
        )
        self.pictures = _bucket(self, platform.stage)
        api = platform.add_api(
            self,
            handler="souk.catalog.api.handler",
            routes=ROUTES,
            table=table,
            env={"BUCKET_NAME": self.pictures.bucket_name},
        )
        _grant_upload(api, self.pictures)
        platform.edge.site.add_pictures(f"/{pictures.KEY_PREFIX}/*", self.pictures)
        platform.allow(api, table, "GetItem", "Query", "PutItem", "UpdateItem")
        platform.add_outbox_relay(self, table)


def _bucket(service: Construct, stage: Stage) -> s3.Bucket:
    """The bucket of pictures. Browsers upload to it with a presigned form, from any origin.

    It has no public read access: CloudFront serves the pictures at the shop's address.
    """
    bucket = s3.Bucket(
        service,
        "Pictures",
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        cors=[s3.CorsRule(allowed_methods=[s3.HttpMethods.POST], allowed_origins=["*"])],
        removal_policy=stage.removal_policy,
    )
    nag_suppressions.acknowledge(bucket, "AwsSolutions-S1", nag_suppressions.NO_PICTURES_ACCESS_LOG)
    CfnOutput(service, "PicturesBucket", value=bucket.bucket_name).override_logical_id(
        "PicturesBucket"
    )
    return bucket


def _grant_upload(function: lambda_.Function, bucket: s3.Bucket) -> None:
    """Grants PutObject on pictures only: a presigned form has the permissions of its signer."""
    objects = f"{pictures.KEY_PREFIX}/*"
    function.add_to_role_policy(
        iam.PolicyStatement(actions=["s3:PutObject"], resources=[bucket.arn_for_objects(objects)])
    )
    name = Stack.of(bucket).get_logical_id(cast("CfnElement", bucket.node.default_child))
    finding = f"AwsSolutions-IAM5[Resource::<{name}.Arn>/{objects}]"
    nag_suppressions.acknowledge(
        cast("iam.IRole", function.role), finding, nag_suppressions.PICTURE_KEYS
    )

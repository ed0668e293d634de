"""The CloudFront distribution: one host name for the pages, the pictures and the APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import nag_suppressions, pages

if TYPE_CHECKING:
    from aws_cdk import aws_apigatewayv2 as http

# Like the local gateway: /basket is basket.html, and a folder is its index.html.
REWRITE_PATH = """\
function handler(event) {
  const request = event.request;
  if (request.uri.endsWith("/")) request.uri += "index.html";
  else if (!request.uri.includes(".")) request.uri += ".html";
  return request;
}
"""
CSP_PROPERTY = (
    "ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy"
)
TWO_YEARS = Duration.days(730)


class Site(Construct):
    """One distribution for the files of a private bucket and for the APIs.

    Pages may call the shop itself and `sign_in_url`, which issues tokens.

    `pages.upload_pages` uploads the files after the deployment. They are sent with `no-cache`, so
    CloudFront revalidates them and a deployment needs no invalidation.
    """

    def __init__(self, scope: Construct, name: str, *, sign_in_url: str) -> None:
        super().__init__(scope, name)
        self._bucket = self._create_bucket()
        self._origin = self._create_origin()
        self._rewrite_path = cloudfront.Function(
            self,
            "RewritePath",
            code=cloudfront.FunctionCode.from_inline(REWRITE_PATH),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )
        self._sign_in_url = sign_in_url
        self._headers = self._create_headers_policy("Headers", pages.page_policy(sign_in_url))
        docs_headers = self._create_headers_policy("DocsHeaders", pages.docs_policy())
        self._distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=Stack.of(self).stack_name,
            default_behavior=self._file_behavior(self._headers),
            additional_behaviors={  # the first pattern that matches applies
                "/api/docs/*": self._file_behavior(docs_headers),
                "/api/openapi.json": self._file_behavior(self._headers),
            },
        )
        for rule, reason in {
            "AwsSolutions-CFR1": nag_suppressions.NO_GEO_RESTRICTION,
            "AwsSolutions-CFR2": nag_suppressions.NO_WEB_FIREWALL,
            "AwsSolutions-CFR3": nag_suppressions.NO_CLOUDFRONT_LOG,
            "AwsSolutions-CFR4": nag_suppressions.NO_CUSTOM_DOMAIN,
        }.items():
            nag_suppressions.acknowledge(self._distribution, rule, reason)
        self.url = f"https://{self._distribution.distribution_domain_name}"
        for key, value in {"ShopUrl": self.url, "PagesBucket": self._bucket.bucket_name}.items():
            CfnOutput(self, key, value=value).override_logical_id(key)

    def add_api(self, path: str, api: http.IApi) -> None:
        """Forwards requests for `path` to an API, unchanged and uncached."""
        stack = Stack.of(self)
        host = f"{api.api_id}.execute-api.{stack.region}.{stack.url_suffix}"
        self._distribution.add_behavior(
            path,
            origins.HttpOrigin(host),
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            # API Gateway accepts its own host name only
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            response_headers_policy=self._headers,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        )

    def add_pictures(self, path: str, bucket: s3.Bucket) -> None:
        """Serves `path` from a service's bucket and allows pages to upload files to the bucket."""
        access = cloudfront.S3OriginAccessControl(
            self, "PicturesAccess", origin_access_control_name=self._unique_name("pictures")
        )
        self._distribution.add_behavior(
            path,
            origins.S3BucketOrigin.with_origin_access_control(bucket, origin_access_control=access),
            response_headers_policy=self._headers,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        )
        policy = pages.page_policy(
            self._sign_in_url, f"https://{bucket.bucket_regional_domain_name}"
        )
        headers = cast("cloudfront.CfnResponseHeadersPolicy", self._headers.node.default_child)
        headers.add_property_override(CSP_PROPERTY, policy)

    def _create_bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Pages",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.DESTROY,  # in prod too: its files can be uploaded again
        )
        nag_suppressions.acknowledge(
            bucket, "AwsSolutions-S1", nag_suppressions.NO_PAGES_ACCESS_LOG
        )
        return bucket

    def _create_origin(self) -> cloudfront.IOrigin:
        access = cloudfront.S3OriginAccessControl(
            self, "Access", origin_access_control_name=self._unique_name("pages")
        )
        return origins.S3BucketOrigin.with_origin_access_control(
            self._bucket,
            origin_access_control=access,
            # without List, S3 answers 403 instead of 404 for a missing page
            origin_access_levels=[cloudfront.AccessLevel.READ, cloudfront.AccessLevel.LIST],
        )

    def _file_behavior(
        self, headers: cloudfront.ResponseHeadersPolicy
    ) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=self._origin,
            function_associations=[
                cloudfront.FunctionAssociation(
                    event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                    function=self._rewrite_path,
                )
            ],
            response_headers_policy=headers,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        )

    def _create_headers_policy(self, name: str, policy: str) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            name,
            response_headers_policy_name=self._unique_name(name),
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=policy, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.SAME_ORIGIN,
                    override=True,
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=TWO_YEARS, override=True
                ),
            ),
        )

    def _unique_name(self, name: str) -> str:
        """A name that is unique in the account: CloudFront's names are shared by all regions."""
        stack = Stack.of(self)
        return f"{stack.stack_name}-{stack.region}-{name}"

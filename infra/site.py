"""The shop's one address on AWS: CloudFront before the pages' bucket and the APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import pages, reasons

if TYPE_CHECKING:
    from aws_cdk import aws_apigatewayv2 as http

# As the front door at home: /basket is basket.html, and a folder is its index.html.
FIND_FILE = """\
function handler(event) {
  const request = event.request;
  if (request.uri.endsWith("/")) request.uri += "index.html";
  else if (!request.uri.includes(".")) request.uri += ".html";
  return request;
}
"""
POLICY = (
    "ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy"
)
TWO_YEARS = Duration.days(730)


class Site(Construct):
    """One distribution: files of a private bucket, and beside them what APIs answer.

    Pages may call the shop and `sign_in`, where they get tokens.

    The files come up once the stack is there, see `pages.upload`. They say "ask again": an edge
    keeps them for a second, so a new page is seen at once and nothing has to be invalidated.
    """

    def __init__(self, scope: Construct, name: str, *, sign_in: str) -> None:
        super().__init__(scope, name)
        self._bucket = self._private_bucket()
        self._origin = self._readable_origin()
        self._find_file = cloudfront.Function(
            self,
            "FindFile",
            code=cloudfront.FunctionCode.from_inline(FIND_FILE),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )
        self._sign_in = sign_in
        self._headers = self._headers_policy("Headers", pages.page_policy(sign_in))
        docs_headers = self._headers_policy("DocsHeaders", pages.docs_policy())
        self._distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=Stack.of(self).stack_name,
            default_behavior=self._files(self._headers),
            additional_behaviors={  # the first that matches counts
                "/api/docs/*": self._files(docs_headers),
                "/api/openapi.json": self._files(self._headers),
            },
        )
        for rule, reason in {
            "AwsSolutions-CFR1": reasons.WORLDWIDE,
            "AwsSolutions-CFR2": reasons.NO_FIREWALL,
            "AwsSolutions-CFR3": reasons.NO_VIEWER_LOG,
            "AwsSolutions-CFR4": reasons.NO_DOMAIN,
        }.items():
            reasons.acknowledge(self._distribution, rule, reason)
        self.url = f"https://{self._distribution.distribution_domain_name}"
        for key, value in {"ShopUrl": self.url, "PagesBucket": self._bucket.bucket_name}.items():
            CfnOutput(self, key, value=value).override_logical_id(key)

    def add_api(self, path: str, api: http.IApi) -> None:
        """Hand calls of a path on to an API, whole and uncached."""
        stack = Stack.of(self)
        host = f"{api.api_id}.execute-api.{stack.region}.{stack.url_suffix}"
        self._distribution.add_behavior(
            path,
            origins.HttpOrigin(host),
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            # an API knows itself by its own host name alone
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            response_headers_policy=self._headers,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        )

    def add_pictures(self, path: str, bucket: s3.Bucket) -> None:
        """Show what lies under `path` in a room's bucket; pages may send files there."""
        access = cloudfront.S3OriginAccessControl(
            self, "PicturesAccess", origin_access_control_name=self._named("pictures")
        )
        self._distribution.add_behavior(
            path,
            origins.S3BucketOrigin.with_origin_access_control(bucket, origin_access_control=access),
            response_headers_policy=self._headers,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        )
        policy = pages.page_policy(self._sign_in, f"https://{bucket.bucket_regional_domain_name}")
        made = cast("cloudfront.CfnResponseHeadersPolicy", self._headers.node.default_child)
        made.add_property_override(POLICY, policy)

    def _private_bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Pages",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.DESTROY,  # in prod, too: it holds nothing of its own
        )
        reasons.acknowledge(bucket, "AwsSolutions-S1", reasons.ONLY_CLOUDFRONT)
        return bucket

    def _readable_origin(self) -> cloudfront.IOrigin:
        access = cloudfront.S3OriginAccessControl(
            self, "Access", origin_access_control_name=self._named("pages")
        )
        return origins.S3BucketOrigin.with_origin_access_control(
            self._bucket,
            origin_access_control=access,
            # who may list is told that a page is not there, others that it is forbidden
            origin_access_levels=[cloudfront.AccessLevel.READ, cloudfront.AccessLevel.LIST],
        )

    def _files(self, headers: cloudfront.ResponseHeadersPolicy) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=self._origin,
            function_associations=[
                cloudfront.FunctionAssociation(
                    event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                    function=self._find_file,
                )
            ],
            response_headers_policy=headers,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        )

    def _headers_policy(self, name: str, policy: str) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            name,
            response_headers_policy_name=self._named(name),
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

    def _named(self, name: str) -> str:
        """CloudFront's names are of an account: a stack elsewhere in it has others."""
        stack = Stack.of(self)
        return f"{stack.stack_name}-{stack.region}-{name}"

"""The edge of the shop: HTTP API with access log, CloudFront distribution and user pool."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsii
from aws_cdk import Aws, CfnOutput, Duration, aws_cognito
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_logs as logs
from aws_cdk.aws_apigateway import AccessLogFormat
from constructs import Construct

from infra import nag_suppressions
from infra.access import NEEDS_ACCESS_TOKEN, authorization_of
from infra.site import Site

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

    from infra.stages import Stage
    from souk.runtime.routes import Routes

GROUPS = ("staff", "admin")
# IP address and user agent are personal data and are not logged.
ACCESS_LOG = AccessLogFormat.custom(
    json.dumps(
        {
            "time": "$context.requestTimeEpoch",
            "request_id": "$context.requestId",
            "route": "$context.routeKey",
            "status": "$context.status",
            "milliseconds": "$context.responseLatency",
            "error": "$context.integrationErrorMessage",
        }
    )
)


@jsii.implements(http.IAccessLogSettings)
class _AccessLog:
    def __init__(self, destination: http.IAccessLogDestination) -> None:
        self._destination = destination

    @property
    def destination(self) -> http.IAccessLogDestination:
        return self._destination

    @property
    def format(self) -> AccessLogFormat:
        return ACCESS_LOG


class Edge(Construct):
    """One HTTP API for all services. Routes for customers and staff need an access token."""

    def __init__(self, scope: Construct, name: str, *, stage: Stage) -> None:
        super().__init__(scope, name)
        self._user_pool = self._create_user_pool(stage)
        sign_in_url = self._user_pool.add_domain(
            "SignIn",
            cognito_domain=aws_cognito.CognitoDomainOptions(
                # domain prefixes are unique per region, across all AWS accounts
                domain_prefix=f"souk-{stage.name}-{Aws.ACCOUNT_ID}"
            ),
        ).base_url()
        self._api = http.HttpApi(
            self, "Api", create_default_stage=False, api_name=f"souk-{stage.name}"
        )
        self._create_http_stage(stage)
        self.site = Site(self, "Site", sign_in_url=sign_in_url)
        self.site.add_api("/api/*", self._api)
        client = self._create_client()
        self._authorizer = authorizers.HttpUserPoolAuthorizer(
            "Authorizer", self._user_pool, user_pool_clients=[client]
        )
        for key, value in {
            "ApiUrl": self._api.api_endpoint,
            "ApiId": self._api.api_id,
            "UserPoolId": self._user_pool.user_pool_id,
            "UserPoolClientId": client.user_pool_client_id,
            "SignInUrl": sign_in_url,
        }.items():
            CfnOutput(self, key, value=value).override_logical_id(key)

    def add_routes(self, name: str, function: lambda_.Function, routes: Routes) -> None:
        """Integrates every path of `routes` with `function`."""
        integration = integrations.HttpLambdaIntegration(
            name, function, scope_permission_to_route=False
        )
        for route in routes:
            for path in route.paths():
                needs_token = authorization_of(route, path) in NEEDS_ACCESS_TOKEN
                added = self._api.add_routes(
                    path=path,
                    methods=[http.HttpMethod(route.method)],
                    integration=integration,
                    authorizer=self._authorizer if needs_token else None,
                )
                if not needs_token:
                    nag_suppressions.acknowledge(
                        added[0], "AwsSolutions-APIG4", nag_suppressions.PUBLIC_ROUTES
                    )

    def _create_user_pool(self, stage: Stage) -> aws_cognito.UserPool:
        pool = aws_cognito.UserPool(
            self,
            "UserPool",
            sign_in_aliases=aws_cognito.SignInAliases(email=True, username=True),
            self_sign_up_enabled=True,
            auto_verify=aws_cognito.AutoVerifiedAttrs(email=True),
            password_policy=aws_cognito.PasswordPolicy(
                min_length=12,
                require_digits=True,
                require_lowercase=True,
                require_uppercase=True,
                require_symbols=True,
            ),
            account_recovery=aws_cognito.AccountRecovery.EMAIL_ONLY,
            deletion_protection=stage.protected,
            removal_policy=stage.removal_policy,
        )
        for group in GROUPS:
            pool.add_group(group.capitalize(), group_name=group)
        nag_suppressions.acknowledge(pool, "AwsSolutions-COG2", nag_suppressions.NO_MFA)
        nag_suppressions.acknowledge(pool, "AwsSolutions-COG8", nag_suppressions.NO_PLUS_PLAN)
        return pool

    def _create_client(self) -> aws_cognito.UserPoolClient:
        """The client of the pages.

        On AWS they use the authorization code grant; on the local cloud, which has no sign-in page,
        they use the password flow.
        """
        return self._user_pool.add_client(
            "Shop",
            auth_flows=aws_cognito.AuthFlow(user_password=True, admin_user_password=True),
            prevent_user_existence_errors=True,
            access_token_validity=Duration.hours(1),
            supported_identity_providers=[aws_cognito.UserPoolClientIdentityProvider.COGNITO],
            o_auth=aws_cognito.OAuthSettings(
                flows=aws_cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[aws_cognito.OAuthScope.OPENID, aws_cognito.OAuthScope.EMAIL],
                callback_urls=[f"{self.site.url}/sign-in"],
                logout_urls=[f"{self.site.url}/"],
            ),
        )

    def _create_http_stage(self, stage: Stage) -> None:
        access_log = logs.LogGroup(
            self,
            "AccessLog",
            retention=stage.log_retention,
            removal_policy=stage.removal_policy,
        )
        http.HttpStage(
            self,
            "Stage",
            http_api=self._api,
            stage_name="$default",
            auto_deploy=True,
            throttle=http.ThrottleSettings(rate_limit=1000, burst_limit=2000),
            access_log_settings=_AccessLog(http.LogGroupLogDestination(access_log)),
        )

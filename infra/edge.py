"""The edge: the HTTP API with its access log, the shop's address, who may sign in."""

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

from infra import reasons
from infra.access import SIGNED_IN, door
from infra.site import Site

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

    from infra.stages import Stage
    from souk.edges.routes import Routes

GROUPS = ("staff", "admin")
# No address and no user agent: they are personal data.
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
    """One HTTP API for all rooms; signed-in routes ask for a token of the shop's user pool."""

    def __init__(self, scope: Construct, name: str, *, stage: Stage) -> None:
        super().__init__(scope, name)
        self._people = self._user_pool(stage)
        sign_in = self._people.add_domain(
            "SignIn",
            cognito_domain=aws_cognito.CognitoDomainOptions(
                # every account's domains of a region share one space of names
                domain_prefix=f"souk-{stage.name}-{Aws.ACCOUNT_ID}"
            ),
        ).base_url()
        self._api = http.HttpApi(
            self, "Api", create_default_stage=False, api_name=f"souk-{stage.name}"
        )
        self._stage(stage)
        self.site = Site(self, "Site", sign_in=sign_in)
        self.site.add_api("/api/*", self._api)
        client = self._client()
        self._signed_in = authorizers.HttpUserPoolAuthorizer(
            "SignedIn", self._people, user_pool_clients=[client]
        )
        for key, value in {
            "ApiUrl": self._api.api_endpoint,
            "ApiId": self._api.api_id,
            "UserPoolId": self._people.user_pool_id,
            "UserPoolClientId": client.user_pool_client_id,
            "SignInUrl": sign_in,
        }.items():
            CfnOutput(self, key, value=value).override_logical_id(key)

    def route(self, name: str, function: lambda_.Function, routes: Routes) -> None:
        """Lead every path of `routes` to `function`."""
        integration = integrations.HttpLambdaIntegration(
            name, function, scope_permission_to_route=False
        )
        for route in routes:
            for path in route.paths():
                is_open = door(route, path) not in SIGNED_IN
                added = self._api.add_routes(
                    path=path,
                    methods=[http.HttpMethod(route.method)],
                    integration=integration,
                    authorizer=None if is_open else self._signed_in,
                )
                if is_open:
                    reasons.acknowledge(added[0], "AwsSolutions-APIG4", reasons.GUESTS)

    def _user_pool(self, stage: Stage) -> aws_cognito.UserPool:
        pool = aws_cognito.UserPool(
            self,
            "People",
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
            removal_policy=stage.removal,
        )
        for group in GROUPS:
            pool.add_group(group.capitalize(), group_name=group)
        reasons.acknowledge(pool, "AwsSolutions-COG2", reasons.NO_MFA)
        reasons.acknowledge(pool, "AwsSolutions-COG8", reasons.NO_PLUS)
        return pool

    def _client(self) -> aws_cognito.UserPoolClient:
        """The pages sign in by code on AWS and by password at home, where Cognito has no page."""
        return self._people.add_client(
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

    def _stage(self, stage: Stage) -> None:
        access_log = logs.LogGroup(
            self,
            "AccessLog",
            retention=stage.log_retention,
            removal_policy=stage.removal,
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

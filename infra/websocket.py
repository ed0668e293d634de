"""A WebSocket API on which the shop sends messages to connected clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import ArnFormat, CfnElement, CfnOutput, Stack
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import nag_suppressions

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

STAGE = "live"  # also the path of the URL


class WebSocket(Construct):
    """One WebSocket API. `function` admits clients with a ticket and records disconnects.

    It has no access log: that would need a role for the whole AWS account, which a stack should
    not change. The function logs the connections it admits.
    """

    def __init__(
        self, service: Construct, name: str, *, function: lambda_.Function, api_name: str
    ) -> None:
        super().__init__(service, name)
        self.api = http.WebSocketApi(
            self,
            "Api",
            api_name=api_name,
            connect_route_options=_route("Connect", function),
            disconnect_route_options=_route("Disconnect", function),
        )
        stage = http.WebSocketStage(
            self,
            "Stage",
            web_socket_api=self.api,
            stage_name=STAGE,
            auto_deploy=True,
            throttle=http.ThrottleSettings(rate_limit=50, burst_limit=100),
        )
        nag_suppressions.acknowledge(self, "AwsSolutions-APIG4", nag_suppressions.WEBSOCKET_TICKET)
        nag_suppressions.acknowledge(
            self, "AwsSolutions-APIG1", nag_suppressions.NO_WEBSOCKET_ACCESS_LOG
        )
        self.path = f"/{STAGE}"
        self.endpoint = stage.callback_url
        """The URL to post messages for connections to."""
        for key, value in {"WebSocketUrl": stage.url, "WebSocketApiId": self.api.api_id}.items():
            CfnOutput(self, key, value=value).override_logical_id(key)

    def allow_post(self, function: lambda_.Function) -> None:
        """Grants posting messages to all connections of this API."""
        stack = Stack.of(self)
        connections = stack.format_arn(
            service="execute-api",
            resource=self.api.api_id,
            resource_name=f"{STAGE}/POST/@connections/*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        function.add_to_role_policy(
            iam.PolicyStatement(actions=["execute-api:ManageConnections"], resources=[connections])
        )
        api = stack.get_logical_id(cast("CfnElement", self.api.node.default_child))
        arn = f"arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<{api}>"
        nag_suppressions.acknowledge(
            cast("iam.IRole", function.role),
            f"AwsSolutions-IAM5[Resource::{arn}/{STAGE}/POST/@connections/*]",
            nag_suppressions.CONNECTION_IDS,
        )


def _route(name: str, function: lambda_.Function) -> http.WebSocketRouteOptions:
    return http.WebSocketRouteOptions(
        integration=integrations.WebSocketLambdaIntegration(name, function)
    )

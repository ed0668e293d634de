"""A WebSocket API: the shop speaks, whoever was let in listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import ArnFormat, CfnElement, CfnOutput, Stack
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import reasons

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

STAGE = "live"  # the path of the socket's address


class Live(Construct):
    """One WebSocket API; `function` lets in who has a ticket, and learns who has gone.

    It has no access log: for that API Gateway wants a role set for the whole account, which no
    stack of ours should change. The function's log tells who was let in.
    """

    def __init__(self, room: Construct, name: str, *, function: lambda_.Function, api: str) -> None:
        super().__init__(room, name)
        self.api = http.WebSocketApi(
            self,
            "Api",
            api_name=api,
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
        reasons.acknowledge(self, "AwsSolutions-APIG4", reasons.TICKET)
        reasons.acknowledge(self, "AwsSolutions-APIG1", reasons.NO_SOCKET_LOG)
        self.path = f"/{STAGE}"
        self.endpoint = stage.callback_url
        """Where messages to connections are posted."""
        for key, value in {"LiveUrl": stage.url, "LiveApiId": self.api.api_id}.items():
            CfnOutput(self, key, value=value).override_logical_id(key)

    def allow_to_post(self, function: lambda_.Function) -> None:
        """Send to any connection of this API; their names are made when they open."""
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
        finding = f"AwsSolutions-IAM5[Resource::{arn}/{STAGE}/POST/@connections/*]"
        reasons.acknowledge(cast("iam.IRole", function.role), finding, reasons.OPENED_LATER)


def _route(name: str, function: lambda_.Function) -> http.WebSocketRouteOptions:
    return http.WebSocketRouteOptions(
        integration=integrations.WebSocketLambdaIntegration(name, function)
    )

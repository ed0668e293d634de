"""The platform: event bus, API, sign-in, and the constructs that every service is built from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from aws_cdk import CfnOutput, Duration, Stack, Tags
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

from infra import queues, workflows
from infra.edge import Edge
from infra.functions import WORKER_TIMEOUT, Functions
from infra.websocket import WebSocket
from souk.kernel import outbox
from souk.kernel.events import Event, source_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from constructs import Construct

    from infra.packaging import LayerFolders
    from infra.stages import Stage
    from souk.kernel.events import Subscriptions
    from souk.runtime.routes import Routes

SWEEP_INTERVAL = Duration.minutes(5)
ALARM_PERIOD = Duration.minutes(1)
ALL_EVENTS = events.EventPattern(source=events.Match.prefix("souk."))
POINT_IN_TIME_RECOVERY = dynamodb.PointInTimeRecoverySpecification(
    point_in_time_recovery_enabled=True
)


class Batching(NamedTuple):
    """The maximum number of events per consumer invocation, and how long to wait for them."""

    size: int = 10
    window_seconds: int = 0


class Platform(Stack):
    """The stack and everything that services share. Each service adds its construct to it."""

    def __init__(self, scope: Construct, name: str, *, stage: Stage, layers: LayerFolders) -> None:
        super().__init__(scope, name, description="Souk: a serverless, event-driven shop")
        Tags.of(self).add("souk:stage", stage.name)
        self.stage = stage
        self.bus = self._bus()
        self.edge = Edge(self, "Edge", stage=stage)
        self._functions = Functions(self, stage=stage, layers=layers)
        self._dead_letter_queues = queues.DeadLetterQueues(self, stage=stage)
        self.staff_topic = self._dead_letter_queues.topic
        """Receives the alarms and the messages of services to staff."""
        self._index_names: dict[str, list[str]] = {}
        """Names of a table's indexes, by the table's path."""
        self._event_queues: dict[str, tuple[sqs.Queue, sqs.Queue]] = {}
        """Event queue and its dead-letter queue, by the service's path."""
        self._command_functions: dict[str, lambda_.Function] = {}
        """The function that runs a service's commands, by the service's construct id."""

    def add_table(
        self,
        service: Construct,
        *,
        indexes: Sequence[dynamodb.GlobalSecondaryIndexPropsV2] = (),
        ttl: str | None = None,
    ) -> dynamodb.TableV2:
        """The service's single table: on demand, with point-in-time recovery and a stream.

        `ttl` is the attribute with an item's expiry time in Unix seconds.
        """
        table = dynamodb.TableV2(
            service,
            "Table",
            partition_key=_string_attribute("pk"),
            sort_key=_string_attribute("sk"),
            billing=dynamodb.Billing.on_demand(),
            point_in_time_recovery_specification=POINT_IN_TIME_RECOVERY,
            dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
            global_secondary_indexes=list(indexes),
            time_to_live_attribute=ttl,
            removal_policy=self.stage.removal_policy,
            deletion_protection=self.stage.protected,
        )
        self._index_names[table.node.path] = [each.index_name for each in indexes]
        CfnOutput(self, f"{service.node.id}Table", value=table.table_name)
        return table

    def add_api(
        self,
        service: Construct,
        *,
        handler: str,
        routes: Routes,
        table: dynamodb.TableV2 | None = None,
        env: Mapping[str, str] | None = None,
        stripe: bool = False,
    ) -> lambda_.Function:
        """The function that serves the service's routes on the HTTP API."""
        environment = (self._service_env(table) if table else {}) | dict(env or {})
        function = self._functions.create(service, "Api", handler, env=environment, stripe=stripe)
        self.edge.add_routes(f"{service.node.id}Api", function, routes)
        return function

    def subscribe(
        self,
        service: Construct,
        *,
        handler: str,
        subscriptions: Subscriptions,
        table: dynamodb.TableV2,
        env: Mapping[str, str] | None = None,
        stripe: bool = False,
        batching: Batching = Batching(),  # noqa: B008  immutable
    ) -> lambda_.Function:
        """The service's rule, event queue, dead-letter queue and consumer function."""
        dead_letter_queue = self._dead_letter_queues.create(service, "DeadLetters")
        queue = queues.create_event_queue(service, dead_letter_queue, self.stage.removal_policy)
        self._event_queues[service.node.path] = queue, dead_letter_queue
        self._add_rule(
            service,
            subscriptions,
            targets.SqsQueue(queue, dead_letter_queue=dead_letter_queue),
        )
        urls = {
            "QUEUE_URL": queue.queue_url,
            "DEAD_LETTER_QUEUE_URL": dead_letter_queue.queue_url,
        }
        environment = self._service_env(table) | urls | dict(env or {})
        consumer = self._functions.create(
            service, "Consumer", handler, env=environment, timeout=WORKER_TIMEOUT, stripe=stripe
        )
        window = batching.window_seconds
        consumer.add_event_source(
            event_sources.SqsEventSource(
                queue,
                batch_size=batching.size,
                max_batching_window=Duration.seconds(window) if window else None,
                report_batch_item_failures=True,
            )
        )
        dead_letter_queue.grant(consumer, "sqs:SendMessage")
        return consumer

    def subscribe_to_aws(
        self,
        service: Construct,
        name: str,
        *,
        pattern: events.EventPattern,
        message: events.RuleTargetInput,
    ) -> None:
        """Delivers events from AWS's default bus to the event queue of a subscribed service."""
        queue, dead_letter_queue = self._event_queues[service.node.path]
        events.Rule(
            service,
            name,
            description=f"Events of AWS for {service.node.id}",
            event_pattern=pattern,
            targets=[targets.SqsQueue(queue, dead_letter_queue=dead_letter_queue, message=message)],
        )

    def add_websocket(
        self, service: Construct, *, handler: str, table: dynamodb.TableV2
    ) -> tuple[WebSocket, lambda_.Function]:
        """The service's WebSocket API and the function that handles connect and disconnect."""
        function = self._functions.create(
            service, "Connections", handler, env=self._service_env(table)
        )
        websocket = WebSocket(
            service, "WebSocket", function=function, api_name=f"souk-{self.stage.name}-live"
        )
        self.edge.site.add_api(websocket.path, websocket.api)
        return websocket, function

    def add_commands(
        self,
        service: Construct,
        *,
        handler: str,
        table: dynamodb.TableV2,
        env: Mapping[str, str] | None = None,
        stripe: bool = False,
    ) -> lambda_.Function:
        """The function that runs the service's commands. Callers need `grant_invoke`."""
        environment = self._service_env(table) | dict(env or {})
        function = self._functions.create(
            service, "Commands", handler, env=environment, timeout=WORKER_TIMEOUT, stripe=stripe
        )
        self._command_functions[service.node.id] = function
        return function

    def grant_invoke(self, function: lambda_.Function, *services: str) -> None:
        """Lets a function invoke the commands of these services, which must be built before it.

        It gets the name of each command function in a variable such as `BASKET_COMMANDS`.
        """
        for service in services:
            commands = self._commands_of(service)
            function.add_environment(f"{service.upper()}_COMMANDS", commands.function_name)
            function.add_to_role_policy(
                iam.PolicyStatement(
                    actions=["lambda:InvokeFunction"], resources=[commands.function_arn]
                )
            )

    def _commands_of(self, service: str) -> lambda_.Function:
        if service not in self._command_functions:
            raise LookupError(
                f"src/souk/services.py: {service.lower()} must come before the services that invoke"
                " its commands, and its construct must call add_commands."
            )
        return self._command_functions[service]

    def add_schedule(
        self,
        service: Construct,
        name: str,
        *,
        handler: str,
        every: Duration,
        table: dynamodb.TableV2,
        env: Mapping[str, str] | None = None,
        stripe: bool = False,
    ) -> lambda_.Function:
        """A function that a schedule invokes.

        An invocation that fails after all retries becomes a dead letter. The function can also
        send messages for staff to that queue.
        """
        dead_letter_queue = self._dead_letter_queues.create_failure_destination(
            service, f"{name}Failed"
        )
        environment = (
            self._service_env(table)
            | {"DEAD_LETTER_QUEUE_URL": dead_letter_queue.queue_url}
            | dict(env or {})
        )
        function = self._functions.create(
            service, name, handler, env=environment, timeout=WORKER_TIMEOUT, stripe=stripe
        )
        dead_letter_queue.grant(function, "sqs:SendMessage")
        function.configure_async_invoke(
            on_failure=destinations.SqsDestination(dead_letter_queue), retry_attempts=2
        )
        # the rule's own dead-letter queue gets only invocations that never reached the function
        target = targets.LambdaFunction(
            function, dead_letter_queue=dead_letter_queue, retry_attempts=2
        )
        events.Rule(
            service,
            f"{name}Schedule",
            description=f"{service.node.id}: {name}",
            schedule=events.Schedule.rate(every),
            targets=[target],
        )
        return function

    def add_workflow(
        self, service: Construct, name: str, *, definition: Path, services: Sequence[str]
    ) -> sfn.StateMachine:
        """A workflow that invokes the commands of these services. Failures raise an alarm."""
        machine = workflows.create_state_machine(
            service,
            name,
            stage=self.stage,
            definition=definition,
            functions={each: self._commands_of(each).function_arn for each in services},
        )
        self._dead_letter_queues.add_alarm(
            service, f"{name}Failed", machine.metric_failed(period=ALARM_PERIOD)
        )
        self._dead_letter_queues.add_alarm(
            service, f"{name}TimedOut", machine.metric_timed_out(period=ALARM_PERIOD)
        )
        return machine

    def add_outbox_relay(self, service: Construct, table: dynamodb.TableV2) -> lambda_.Function:
        """The function that publishes the table's outbox rows, from its stream and by a sweep."""
        dead_letter_queue = self._dead_letter_queues.create_failure_destination(
            service, "Unpublished"
        )
        env = {
            "TABLE_NAME": table.table_name,
            "BUS_NAME": self.bus.event_bus_name,
            "DEAD_LETTER_QUEUE_URL": dead_letter_queue.queue_url,
        }
        relay = self._functions.create(
            service, "Relay", "souk.runtime.relay.handler", env=env, timeout=WORKER_TIMEOUT
        )
        relay.add_event_source(_outbox_stream(table, dead_letter_queue))
        _add_sweep(
            service,
            targets.LambdaFunction(relay, dead_letter_queue=dead_letter_queue, retry_attempts=2),
        )
        _grant(relay, [table.table_arn], "Query", "BatchWriteItem")
        dead_letter_queue.grant(relay, "sqs:SendMessage")
        relay.add_to_role_policy(self._publish_statement(service))
        return relay

    def allow(self, function: lambda_.Function, table: dynamodb.TableV2, *actions: str) -> None:
        """Grants these DynamoDB actions on the table; Query also on its indexes."""
        _grant(function, [table.table_arn], *actions)
        names = self._index_names[table.node.path]
        if names and "Query" in actions:
            _grant(function, [f"{table.table_arn}/index/{name}" for name in names], "Query")

    def _bus(self) -> events.EventBus:
        """The bus and its archive; in prod both are retained.

        An archive can only be replayed to the bus that it belongs to.
        """
        bus = events.EventBus(self, "Bus", description="All events of all services")
        archive = bus.archive(
            "Archive",
            description="All events, for replay",
            event_pattern=ALL_EVENTS,
            retention=Duration.days(self.stage.archive_retention_days),
        )
        for resource in (bus, archive):
            resource.apply_removal_policy(self.stage.removal_policy)
        CfnOutput(self, "BusName", value=bus.event_bus_name)
        return bus

    def _add_rule(
        self, service: Construct, subscriptions: Subscriptions, target: events.IRuleTarget
    ) -> None:
        events.Rule(
            service,
            "Subscriptions",
            event_bus=self.bus,
            description=f"Events that {service.node.id} subscribes to",
            event_pattern=ALL_EVENTS if Event in subscriptions else _pattern(subscriptions),
            targets=[target],
        )

    def _publish_statement(self, service: Construct) -> iam.PolicyStatement:
        """Allows publishing events under the service's own source only."""
        return iam.PolicyStatement(
            actions=["events:PutEvents"],
            resources=[self.bus.event_bus_arn],
            conditions={"StringEquals": {"events:source": f"souk.{service.node.id.lower()}"}},
        )

    def _service_env(self, table: dynamodb.TableV2) -> dict[str, str]:
        return {"TABLE_NAME": table.table_name, "CURRENCY": self.stage.currency}


def _pattern(subscriptions: Subscriptions) -> events.EventPattern:
    return events.EventPattern(
        source=sorted({source_of(event) for event in subscriptions}),
        detail_type=sorted(event.__name__ for event in subscriptions),
    )


def _outbox_stream(
    table: dynamodb.TableV2, dead_letter_queue: sqs.Queue
) -> event_sources.DynamoEventSource:
    """The stream records of new outbox rows.

    A batch that fails after all retries loses nothing: its rows are still in the table, and the
    sweep publishes them.
    """
    inserted_outbox_row: dict[str, Any] = {
        "eventName": lambda_.FilterRule.is_equal("INSERT"),
        "dynamodb": {
            "Keys": {"pk": {"S": lambda_.FilterRule.begins_with(outbox.PARTITION_PREFIX)}}
        },
    }
    return event_sources.DynamoEventSource(
        table,
        starting_position=lambda_.StartingPosition.TRIM_HORIZON,
        batch_size=100,
        retry_attempts=5,
        bisect_batch_on_error=True,
        report_batch_item_failures=True,
        filters=[lambda_.FilterCriteria.filter(inserted_outbox_row)],
        on_failure=event_sources.SqsDlq(dead_letter_queue),
    )


def _add_sweep(service: Construct, target: events.IRuleTarget) -> None:
    events.Rule(
        service,
        "Sweep",
        description=f"Publishes overdue outbox rows of {service.node.id}",
        schedule=events.Schedule.rate(SWEEP_INTERVAL),
        targets=[target],
    )


def _grant(function: lambda_.Function, resources: list[str], *actions: str) -> None:
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=[f"dynamodb:{action}" for action in actions], resources=resources
        )
    )


def index(name: str, partition_key: str, sort_key: str, *attributes: str) -> Any:
    """A global secondary index that projects the keys and `attributes`.

    An index of keys only is not written when other attributes of an item change.
    """
    projection = dynamodb.ProjectionType
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name=name,
        partition_key=_string_attribute(partition_key),
        sort_key=_string_attribute(sort_key),
        projection_type=projection.INCLUDE if attributes else projection.KEYS_ONLY,
        non_key_attributes=list(attributes) or None,
    )


def _string_attribute(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)

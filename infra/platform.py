"""The platform: bus, API, sign-in, and the safe patterns every room is built from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from aws_cdk import CfnOutput, Duration, Stack, Tags
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

from infra import queues, workflows
from infra.edge import Edge
from infra.functions import LONG, Functions
from infra.live import Live
from souk.kernel import facts, outbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from constructs import Construct

    from infra.packaging import LayerFolders
    from infra.stages import Stage
    from souk.edges.routes import Routes
    from souk.kernel.facts import Hears

SWEEP = Duration.minutes(5)
MINUTE = Duration.minutes(1)
EVERYTHING = events.EventPattern(source=events.Match.prefix("souk."))
RECOVERABLE = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)


class Batches(NamedTuple):
    """How many facts a consumer is given at once, and how long they are gathered for that."""

    size: int = 10
    window_seconds: int = 0


class Platform(Stack):
    """One stack: what all rooms share. Each room adds its own construct to it."""

    def __init__(self, scope: Construct, name: str, *, stage: Stage, layers: LayerFolders) -> None:
        super().__init__(scope, name, description="Souk: a serverless, event-driven shop")
        Tags.of(self).add("souk:stage", stage.name)
        self.stage = stage
        self.bus = self._bus()
        self.edge = Edge(self, "Edge", stage=stage)
        self._functions = Functions(self, stage=stage, layers=layers)
        self._dead_letters = queues.DeadLetters(self, stage=stage)
        self.staff_topic = self._dead_letters.topic
        """Tells staff what a person should look at: alarms, and what rooms have to say."""
        self._indexes: dict[str, list[str]] = {}  # by the table's path
        self._inboxes: dict[str, tuple[sqs.Queue, sqs.Queue]] = {}  # and its dead letters, by room
        self.commanded: dict[str, lambda_.Function] = {}
        """Who answers commands, by room: `Inventory`, `Payment`."""

    def table(
        self,
        room: Construct,
        *,
        indexes: Sequence[dynamodb.GlobalSecondaryIndexPropsV2] = (),
        ttl: str | None = None,
    ) -> dynamodb.TableV2:
        """A room's one table: on demand, recoverable to any second, its stream feeds the relay."""
        table = dynamodb.TableV2(
            room,
            "Table",
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing=dynamodb.Billing.on_demand(),
            point_in_time_recovery_specification=RECOVERABLE,
            dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
            global_secondary_indexes=list(indexes),
            time_to_live_attribute=ttl,
            removal_policy=self.stage.removal,
            deletion_protection=self.stage.protected,
        )
        self._indexes[table.node.path] = [each.index_name for each in indexes]
        CfnOutput(self, f"{room.node.id}Table", value=table.table_name)
        return table

    def serve(
        self,
        room: Construct,
        *,
        handler: str,
        routes: Routes,
        table: dynamodb.TableV2 | None = None,
        env: Mapping[str, str] | None = None,
        stripe: bool = False,
    ) -> lambda_.Function:
        """The room's API function behind its routes."""
        environment = (self._room_env(table) if table else {}) | dict(env or {})
        function = self._functions.make(room, "Api", handler, env=environment, stripe=stripe)
        self.edge.route(f"{room.node.id}Api", function, routes)
        return function

    def subscribe(
        self,
        room: Construct,
        *,
        handler: str,
        hears: Hears,
        table: dynamodb.TableV2,
        env: Mapping[str, str] | None = None,
        stripe: bool = False,
        batches: Batches = Batches(),  # noqa: B008  immutable
    ) -> lambda_.Function:
        """The room's rule, queue and consumer; what cannot be handled ends in its dead letters."""
        window = batches.window_seconds
        dead = self._dead_letters.make(room, "DeadLetters")
        queue = queues.inbox(room, dead, self.stage.removal)
        self._inboxes[room.node.path] = queue, dead
        self._rule(room, hears, targets.SqsQueue(queue, dead_letter_queue=dead))
        urls = {"QUEUE_URL": queue.queue_url, "DEAD_LETTER_QUEUE_URL": dead.queue_url}
        environment = self._room_env(table) | urls | dict(env or {})
        consumer = self._functions.make(
            room, "Consumer", handler, env=environment, timeout=LONG, stripe=stripe
        )
        consumer.add_event_source(
            sources.SqsEventSource(
                queue,
                batch_size=batches.size,
                max_batching_window=Duration.seconds(window) if window else None,
                report_batch_item_failures=True,
            )
        )
        dead.grant(consumer, "sqs:SendMessage")
        return consumer

    def hear_aws(
        self,
        room: Construct,
        name: str,
        *,
        pattern: events.EventPattern,
        message: events.RuleTargetInput,
    ) -> None:
        """Bring what AWS says on its own bus into the queue of a room that subscribes."""
        queue, dead = self._inboxes[room.node.path]
        target = targets.SqsQueue(queue, dead_letter_queue=dead, message=message)
        events.Rule(
            room,
            name,
            description=f"What AWS tells {room.node.id}",
            event_pattern=pattern,
            targets=[target],
        )

    def connect(
        self, room: Construct, *, handler: str, table: dynamodb.TableV2
    ) -> tuple[Live, lambda_.Function]:
        """The room's WebSocket API, and its function that says who may connect."""
        function = self._functions.make(room, "Live", handler, env=self._room_env(table))
        live = Live(room, "Socket", function=function, api=f"souk-{self.stage.name}-live")
        self.edge.site.add_api(live.path, live.api)
        return live, function

    def answer(
        self,
        room: Construct,
        *,
        handler: str,
        table: dynamodb.TableV2,
        env: Mapping[str, str] | None = None,
        stripe: bool = False,
    ) -> lambda_.Function:
        """The room's function for commands; who may ask it is granted by `let_ask`."""
        environment = self._room_env(table) | dict(env or {})
        function = self._functions.make(
            room, "Commands", handler, env=environment, timeout=LONG, stripe=stripe
        )
        self.commanded[room.node.id] = function
        return function

    def let_ask(self, function: lambda_.Function, *rooms: str) -> None:
        """Let a function ask these rooms, which are built before; it finds `BASKET_COMMANDS`."""
        for room in rooms:
            asked = self.commanded[room]
            function.add_environment(f"{room.upper()}_COMMANDS", asked.function_name)
            function.add_to_role_policy(
                iam.PolicyStatement(
                    actions=["lambda:InvokeFunction"], resources=[asked.function_arn]
                )
            )

    def repeat(
        self,
        room: Construct,
        name: str,
        *,
        handler: str,
        every: Duration,
        table: dynamodb.TableV2,
        env: Mapping[str, str] | None = None,
        stripe: bool = False,
    ) -> lambda_.Function:
        """A function called by the clock; a call that fails for good is a dead letter.

        What it finds and nobody but a person can mend, it puts there itself.
        """
        dead = self._dead_letters.make_last(room, f"{name}Failed")
        letters = {"DEAD_LETTER_QUEUE_URL": dead.queue_url}
        environment = self._room_env(table) | letters | dict(env or {})
        function = self._functions.make(
            room, name, handler, env=environment, timeout=LONG, stripe=stripe
        )
        dead.grant(function, "sqs:SendMessage")
        function.configure_async_invoke(
            on_failure=destinations.SqsDestination(dead), retry_attempts=2
        )  # the rule's own dead letters are only calls that never reached the function
        events.Rule(
            room,
            f"{name}Clock",
            description=f"{room.node.id}: {name}",
            schedule=events.Schedule.rate(every),
            targets=[targets.LambdaFunction(function, dead_letter_queue=dead, retry_attempts=2)],
        )
        return function

    def orchestrate(
        self, room: Construct, name: str, *, definition: Path, rooms: Sequence[str]
    ) -> sfn.StateMachine:
        """A workflow that asks these rooms; one that fails or never ends calls a person."""
        machine = workflows.state_machine(
            room,
            name,
            stage=self.stage,
            definition=definition,
            functions={each: self.commanded[each].function_arn for each in rooms},
        )
        self._dead_letters.watch(room, f"{name}Failed", machine.metric_failed(period=MINUTE))
        self._dead_letters.watch(room, f"{name}TimedOut", machine.metric_timed_out(period=MINUTE))
        return machine

    def publish(self, room: Construct, table: dynamodb.TableV2) -> lambda_.Function:
        """The room's relay: outbox rows to the bus, from the stream and by a scheduled sweep."""
        dead = self._dead_letters.make_last(room, "Unpublished")
        env = {
            "TABLE_NAME": table.table_name,
            "BUS_NAME": self.bus.event_bus_name,
            "DEAD_LETTER_QUEUE_URL": dead.queue_url,
        }
        relay = self._functions.make(
            room, "Relay", "souk.edges.relay.handler", env=env, timeout=LONG
        )
        relay.add_event_source(_new_outbox_rows(table, dead))
        _sweep(room, targets.LambdaFunction(relay, dead_letter_queue=dead, retry_attempts=2))
        _grant(relay, [table.table_arn], "Query", "BatchWriteItem")
        dead.grant(relay, "sqs:SendMessage")
        relay.add_to_role_policy(self._may_say(room))
        return relay

    def allow(self, function: lambda_.Function, table: dynamodb.TableV2, *actions: str) -> None:
        """Grant just these DynamoDB actions on the table; Query on its indexes, too."""
        _grant(function, [table.table_arn], *actions)
        indexes = [f"{table.table_arn}/index/{name}" for name in self._indexes[table.node.path]]
        if indexes and "Query" in actions:
            _grant(function, indexes, "Query")

    def _bus(self) -> events.EventBus:
        """In prod, bus and archive outlive the stack: an archive replays to its own bus only."""
        bus = events.EventBus(self, "Bus", description="Every fact of every room")
        archive = bus.archive(
            "Archive",
            description="All facts, to be replayed",
            event_pattern=EVERYTHING,
            retention=Duration.days(self.stage.archive_days),
        )
        for kept in (bus, archive):
            kept.apply_removal_policy(self.stage.removal)
        CfnOutput(self, "BusName", value=bus.event_bus_name)
        return bus

    def _rule(self, room: Construct, hears: Hears, target: events.IRuleTarget) -> None:
        events.Rule(
            room,
            "Hears",
            event_bus=self.bus,
            description=f"What {room.node.id} hears",
            event_pattern=EVERYTHING if facts.Fact in hears else _only(hears),
            targets=[target],
        )

    def _may_say(self, room: Construct) -> iam.PolicyStatement:
        """A room speaks for itself only."""
        return iam.PolicyStatement(
            actions=["events:PutEvents"],
            resources=[self.bus.event_bus_arn],
            conditions={"StringEquals": {"events:source": f"souk.{room.node.id.lower()}"}},
        )

    def _room_env(self, table: dynamodb.TableV2) -> dict[str, str]:
        return {"TABLE_NAME": table.table_name, "CURRENCY": self.stage.currency}


def _only(hears: Hears) -> events.EventPattern:
    return events.EventPattern(
        source=sorted({facts.source(fact) for fact in hears}),
        detail_type=sorted(fact.__name__ for fact in hears),
    )


def _new_outbox_rows(table: dynamodb.TableV2, dead: sqs.Queue) -> sources.DynamoEventSource:
    """After its tries a batch is let go: its rows are still in the table, the sweep has them."""
    only: dict[str, Any] = {
        "eventName": lambda_.FilterRule.is_equal("INSERT"),
        "dynamodb": {"Keys": {"pk": {"S": lambda_.FilterRule.begins_with(outbox.PARTITION)}}},
    }
    return sources.DynamoEventSource(
        table,
        starting_position=lambda_.StartingPosition.TRIM_HORIZON,
        batch_size=100,
        retry_attempts=5,
        bisect_batch_on_error=True,
        report_batch_item_failures=True,
        filters=[lambda_.FilterCriteria.filter(only)],
        on_failure=sources.SqsDlq(dead),
    )


def _sweep(room: Construct, target: events.IRuleTarget) -> None:
    events.Rule(
        room,
        "Sweep",
        description=f"Facts of {room.node.id} that the stream left behind",
        schedule=events.Schedule.rate(SWEEP),
        targets=[target],
    )


def _grant(function: lambda_.Function, resources: list[str], *actions: str) -> None:
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=[f"dynamodb:{action}" for action in actions], resources=resources
        )
    )


def index(name: str, partition: str, sort: str, *include: str) -> Any:
    """A global secondary index that carries the keys and `include`.

    One of keys alone is written only when an item comes, goes or changes its place in it.
    """
    kind = dynamodb.ProjectionType
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name=name,
        partition_key=_text(partition),
        sort_key=_text(sort),
        projection_type=kind.INCLUDE if include else kind.KEYS_ONLY,
        non_key_attributes=list(include) or None,
    )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)

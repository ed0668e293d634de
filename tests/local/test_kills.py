"""After `kill -9` of the local cloud: acknowledged changes are there, old processes are not."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from local import demo_users
from local.process import start_time
from tests.local.conftest import SmallShop, eventually
from tests.local.sample_assembly import write_assembly
from tests.local.test_shop import processes_of, start


def kill(shop: SmallShop) -> None:
    """Kill all processes of the shop at once."""
    os.killpg(shop.running.pid, signal.SIGKILL)
    assert eventually(lambda: processes_of(shop) == [])


def kill_and_restart(shop: SmallShop) -> None:
    kill(shop)
    start(shop)


def key(shop: SmallShop, name: str) -> dict[str, Any]:
    """The parameters of a call that identify an item."""
    return {
        "TableName": shop.running.outputs["TableName"],
        "Key": {"pk": {"S": name}, "sk": {"S": "A"}},
    }


def put(shop: SmallShop, name: str, **attributes: Any) -> None:
    item = key(shop, name)
    shop.client("dynamodb").put_item(
        TableName=item["TableName"], Item={**item["Key"], **attributes}
    )


def test_changes_of_items_survive_a_kill(own_shop: SmallShop) -> None:
    dynamodb = own_shop.client("dynamodb")
    for name in ("unchanged", "changed", "deleted"):
        put(own_shop, name, category={"S": "old"})
    dynamodb.update_item(
        **key(own_shop, "changed"),
        UpdateExpression="SET category = :new",
        ExpressionAttributeValues={":new": {"S": "new"}},
    )
    dynamodb.delete_item(**key(own_shop, "deleted"))

    kill_and_restart(own_shop)

    found = {
        name: own_shop.client("dynamodb").get_item(**key(own_shop, name)).get("Item", {})
        for name in ("unchanged", "changed", "deleted")
    }
    assert found["unchanged"]["category"] == {"S": "old"}
    assert found["changed"]["category"] == {"S": "new"}
    assert found["deleted"] == {}
    listed = own_shop.client("dynamodb").query(
        TableName=own_shop.running.outputs["TableName"],
        IndexName="by-category",
        KeyConditionExpression="category = :new",
        ExpressionAttributeValues={":new": {"S": "new"}},
    )
    assert listed["Count"] == 1


def test_a_transaction_repeated_after_a_kill_takes_effect_once(own_shop: SmallShop) -> None:
    increment: dict[str, Any] = {
        **key(own_shop, "counter"),
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    transaction = {"TransactItems": [{"Update": increment}], "ClientRequestToken": "once"}
    own_shop.client("dynamodb").transact_write_items(**transaction)

    kill_and_restart(own_shop)
    own_shop.client("dynamodb").transact_write_items(**transaction)

    counter = own_shop.client("dynamodb").get_item(**key(own_shop, "counter"))["Item"]
    assert counter["n"] == {"N": "1"}
    other = {**increment, "ExpressionAttributeValues": {":one": {"N": "2"}}}
    with pytest.raises(own_shop.client("dynamodb").exceptions.IdempotentParameterMismatchException):
        own_shop.client("dynamodb").transact_write_items(
            TransactItems=[{"Update": other}], ClientRequestToken="once"
        )


def test_orders_in_progress_are_completed_after_a_kill(own_shop: SmallShop) -> None:
    for number in range(12):
        own_shop.place_order(f"early-{number}")

    kill_and_restart(own_shop)
    own_shop.place_order("late")

    assert eventually(lambda: own_shop.is_consumed("late"))
    assert eventually(lambda: all(own_shop.is_consumed(f"early-{number}") for number in range(12)))


def test_changes_of_queues_survive_a_kill(own_shop: SmallShop) -> None:
    queue = {"QueueUrl": own_shop.running.outputs["RelayDlqUrl"]}
    sqs = own_shop.client("sqs")
    for body in ("in flight", "deleted", "waiting"):
        sqs.send_message(**queue, MessageBody=body)
    received: dict[str, str] = {}
    while len(received) < 3:
        for message in sqs.receive_message(**queue, MaxNumberOfMessages=10)["Messages"]:
            received[message["Body"]] = message["ReceiptHandle"]
    sqs.delete_message(**queue, ReceiptHandle=received["deleted"])

    kill_and_restart(own_shop)

    remaining = own_shop.client("sqs").receive_message(**queue, MaxNumberOfMessages=10)["Messages"]
    assert sorted(message["Body"] for message in remaining) == ["in flight", "waiting"]


def test_users_groups_passwords_and_tokens_survive_a_kill(own_shop: SmallShop) -> None:
    demo_users.ensure_exist(own_shop.running)
    before = demo_users.sign_in(own_shop.running, "sam")
    pool = own_shop.running.outputs["UserPoolId"]
    cognito = own_shop.client("cognito-idp")
    cognito.admin_create_user(UserPoolId=pool, Username="deleted", MessageAction="SUPPRESS")
    cognito.admin_delete_user(UserPoolId=pool, Username="deleted")

    kill_and_restart(own_shop)

    after = demo_users.sign_in(own_shop.running, "sam")
    for token in (before, after):
        status, _, text = own_shop.call("GET", "/api/account", Authorization=f"Bearer {token}")
        assert status == 200
        assert '"cognito:groups": "[staff]"' in text
    users = own_shop.client("cognito-idp").list_users(UserPoolId=pool)["Users"]
    assert {user["Username"] for user in users} == set(demo_users.DEMO_USERS)


def test_a_deployment_survives_a_kill(own_shop: SmallShop) -> None:
    write_assembly(own_shop.assembly, greeting="good morning")
    start(own_shop)
    stacks = own_shop.client("cloudformation").describe_stacks()["Stacks"]

    kill_and_restart(own_shop)

    assert own_shop.client("cloudformation").describe_stacks()["Stacks"] == stacks
    assert own_shop.call("GET", "/api/guest/echo")[0] == 200
    stored = own_shop.client("s3").list_objects_v2(
        Bucket=f"cdk-hnb659fds-assets-{0:012d}-us-east-1"
    )
    assert stored["KeyCount"] >= 3
    parameter = own_shop.client("ssm").get_parameter(Name="/cdk-bootstrap/hnb659fds/version")
    assert parameter["Parameter"]["Value"] == "28"
    code = own_shop.shop.state / "aws" / "lambda-blobs"
    assert len(list(code.glob("*.zip"))) == 1  # the code of the earlier deployment was deleted


def test_a_kill_during_a_deployment_leaves_the_earlier_one(own_shop: SmallShop) -> None:
    own_shop.place_order("existing")
    assert eventually(lambda: own_shop.is_consumed("existing"))
    write_assembly(own_shop.assembly, greeting="good evening")
    client = own_shop.client("cloudformation")
    template = (own_shop.assembly / "Souk-dev.template.json").read_text()
    with ThreadPoolExecutor(1) as caller:
        deploying = caller.submit(
            client.update_stack, StackName="Souk-dev", TemplateBody=template,
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )  # fmt: skip
        time.sleep(0.03)
        kill(own_shop)
        deploying.exception()

    start(own_shop)

    assert own_shop.is_consumed("existing")
    assert own_shop.call("GET", "/api/guest/echo")[0] == 200
    (stack,) = own_shop.client("cloudformation").describe_stacks()["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"


def test_two_kills_without_a_checkpoint_between_them_lose_nothing(own_shop: SmallShop) -> None:
    own_shop.place_order("first")
    kill_and_restart(own_shop)
    own_shop.place_order("second")
    kill_and_restart(own_shop)

    assert eventually(lambda: own_shop.is_consumed("first") and own_shop.is_consumed("second"))


def test_a_torn_write_is_cut_off_and_reported(own_shop: SmallShop) -> None:
    own_shop.place_order("existing")
    assert eventually(lambda: own_shop.is_consumed("existing"))
    kill(own_shop)
    segment = max((own_shop.shop.state / "wal").glob("*.log"))
    with segment.open("ab") as file:
        file.write(b'12345678 [["put","0000')

    start(own_shop)

    assert own_shop.is_consumed("existing")
    output = (own_shop.shop.state / "cloud.log").read_text()
    assert f"{segment.name} ended in the middle of a record: 22 bytes cut off." in output


def test_under_endless_load_the_log_is_bounded_and_a_kill_in_a_checkpoint_loses_nothing(
    own_shop: SmallShop,
) -> None:
    folder = own_shop.shop.state / "wal"
    acknowledged: list[str] = []

    def segment_bytes() -> int:
        return sum(file.stat().st_size for file in folder.glob("*.log"))

    def write() -> None:
        for number in count():
            put(own_shop, f"big-{number}", content={"S": f"{number % 10}" * 350_000})
            acknowledged.append(f"big-{number}")

    with ThreadPoolExecutor(1) as writer:
        writing = writer.submit(write)
        assert eventually(lambda: any(folder.glob("*.partial")) and segment_bytes() > 32 << 20, 60)
        kill(own_shop)
        assert writing.exception() is not None
    assert list(folder.glob("*.partial"))

    start(own_shop)

    client = own_shop.client("dynamodb")
    for name in acknowledged:
        content = client.get_item(**key(own_shop, name))["Item"]["content"]["S"]
        assert content == f"{int(name.removeprefix('big-')) % 10}" * 350_000
    assert eventually(lambda: segment_bytes() < 1 << 20)
    assert not list(folder.glob("*.partial"))


@pytest.mark.parametrize("command", ["up", "down"])
def test_the_next_command_ends_the_workers_of_a_killed_engine_and_deletes_their_files(
    own_shop: SmallShop, command: str
) -> None:
    own_shop.call("GET", "/api/guest/echo")
    killed = replace(own_shop)
    with ThreadPoolExecutor(1) as caller:
        caller.submit(own_shop.invoke, seconds=9)
        assert eventually(lambda: len(processes_of(killed)) > 2)
        time.sleep(0.5)  # by now the function sleeps
        os.kill(killed.running.pid, signal.SIGKILL)
        assert eventually(lambda: start_time(killed.running.pid) is None)
        leftovers = processes_of(killed), (own_shop.shop.state / "tmp").exists()

        if command == "up":
            start(own_shop)
        else:
            assert not own_shop.shop.stop()

        assert leftovers != ([], False)
        assert eventually(lambda: processes_of(killed) == [], 1)
        assert (own_shop.shop.state / "tmp").exists() is (command == "up")

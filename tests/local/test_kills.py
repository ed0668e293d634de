"""After `kill -9` of the local cloud: what it had acknowledged, and what it leaves behind."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from local import people
from local.process import birth
from tests.local.conftest import Opened, soon
from tests.local.small_shop import write_assembly
from tests.local.test_shop import processes_of, quiet


def kill(opened: Opened) -> None:
    """End everything that belongs to the shop, at once."""
    os.killpg(opened.running.pid, signal.SIGKILL)
    assert soon(lambda: processes_of(opened) == [])


def open_again(opened: Opened) -> None:
    opened.running = opened.shop.start(
        opened.assembly, opened.openapi, opened.running.port, False, quiet
    )


def kill_and_open(opened: Opened) -> None:
    kill(opened)
    open_again(opened)


def row(opened: Opened, name: str) -> dict[str, Any]:
    return {
        "TableName": opened.running.outputs["TableName"],
        "Key": {"pk": {"S": name}, "sk": {"S": "A"}},
    }


def test_items_put_changed_and_deleted_are_so_after_a_kill(my_own: Opened) -> None:
    dynamodb = my_own.client("dynamodb")
    for name in ("kept", "changed", "deleted"):
        key = row(my_own, name)
        dynamodb.put_item(TableName=key["TableName"], Item={**key["Key"], "kind": {"S": "k"}})
    dynamodb.update_item(
        **row(my_own, "changed"),
        UpdateExpression="SET kind = :new",
        ExpressionAttributeValues={":new": {"S": "new"}},
    )
    dynamodb.delete_item(**row(my_own, "deleted"))

    kill_and_open(my_own)

    found = {
        name: my_own.client("dynamodb").get_item(**row(my_own, name)).get("Item", {})
        for name in ("kept", "changed", "deleted")
    }
    assert found["kept"]["kind"] == {"S": "k"}
    assert found["changed"]["kind"] == {"S": "new"}
    assert found["deleted"] == {}
    listed = my_own.client("dynamodb").query(
        TableName=my_own.running.outputs["TableName"],
        IndexName="by-kind",
        KeyConditionExpression="kind = :new",
        ExpressionAttributeValues={":new": {"S": "new"}},
    )
    assert listed["Count"] == 1


def test_a_transaction_asked_again_after_a_kill_is_the_same_one(my_own: Opened) -> None:
    count: dict[str, Any] = {
        **row(my_own, "counter"),
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    asked = {"TransactItems": [{"Update": count}], "ClientRequestToken": "once"}
    my_own.client("dynamodb").transact_write_items(**asked)

    kill_and_open(my_own)
    my_own.client("dynamodb").transact_write_items(**asked)

    counter = my_own.client("dynamodb").get_item(**row(my_own, "counter"))["Item"]
    assert counter["n"] == {"N": "1"}
    other = {**count, "ExpressionAttributeValues": {":one": {"N": "2"}}}
    with pytest.raises(my_own.client("dynamodb").exceptions.IdempotentParameterMismatchException):
        my_own.client("dynamodb").transact_write_items(
            TransactItems=[{"Update": other}], ClientRequestToken="once"
        )


def test_orders_on_their_way_arrive_after_a_kill(my_own: Opened) -> None:
    for number in range(12):
        my_own.order(f"early-{number}")

    kill_and_open(my_own)
    my_own.order("late")

    assert soon(lambda: my_own.heard("late"))
    assert soon(lambda: all(my_own.heard(f"early-{number}") for number in range(12)))


def test_messages_sent_received_and_deleted_are_so_after_a_kill(my_own: Opened) -> None:
    queue = {"QueueUrl": my_own.running.outputs["RelayDlqUrl"]}
    sqs = my_own.client("sqs")
    for body in ("held", "done", "waiting"):
        sqs.send_message(**queue, MessageBody=body)
    received: dict[str, str] = {}
    while len(received) < 3:
        for message in sqs.receive_message(**queue, MaxNumberOfMessages=10)["Messages"]:
            received[message["Body"]] = message["ReceiptHandle"]
    sqs.delete_message(**queue, ReceiptHandle=received["done"])

    kill_and_open(my_own)

    left = my_own.client("sqs").receive_message(**queue, MaxNumberOfMessages=10)["Messages"]
    assert sorted(message["Body"] for message in left) == ["held", "waiting"]


def test_people_their_groups_passwords_and_tokens_outlive_a_kill(my_own: Opened) -> None:
    people.ensure(my_own.running)
    before = people.token(my_own.running, "sam")
    pool = my_own.running.outputs["UserPoolId"]
    cognito = my_own.client("cognito-idp")
    cognito.admin_create_user(UserPoolId=pool, Username="gone", MessageAction="SUPPRESS")
    cognito.admin_delete_user(UserPoolId=pool, Username="gone")

    kill_and_open(my_own)

    after = people.token(my_own.running, "sam")
    for token in (before, after):
        status, _, text = my_own.call("GET", "/api/mine", Authorization=f"Bearer {token}")
        assert status == 200
        assert '"cognito:groups": "[staff]"' in text
    names = my_own.client("cognito-idp").list_users(UserPoolId=pool)["Users"]
    assert {each["Username"] for each in names} == set(people.PEOPLE)


def test_what_was_deployed_is_there_after_a_kill(my_own: Opened) -> None:
    write_assembly(my_own.assembly, greeting="good morning")
    open_again(my_own)
    stacks = my_own.client("cloudformation").describe_stacks()["Stacks"]

    kill_and_open(my_own)

    assert my_own.client("cloudformation").describe_stacks()["Stacks"] == stacks
    assert my_own.call("GET", "/api/guest/echo")[0] == 200
    stored = my_own.client("s3").list_objects_v2(Bucket=f"cdk-hnb659fds-assets-{0:012d}-us-east-1")
    assert stored["KeyCount"] >= 3
    parameter = my_own.client("ssm").get_parameter(Name="/cdk-bootstrap/hnb659fds/version")
    assert parameter["Parameter"]["Value"] == "28"
    code = my_own.shop.state / "aws" / "lambda-blobs"
    assert len(list(code.glob("*.zip"))) == 1  # that of the deployment before is gone


def test_a_kill_in_the_middle_of_a_deployment_leaves_the_one_before(my_own: Opened) -> None:
    my_own.order("kept")
    assert soon(lambda: my_own.heard("kept"))
    write_assembly(my_own.assembly, greeting="good evening")
    client = my_own.client("cloudformation")
    template = (my_own.assembly / "Souk-dev.template.json").read_text()
    with ThreadPoolExecutor(1) as hand:
        deploying = hand.submit(
            client.update_stack, StackName="Souk-dev", TemplateBody=template,
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )  # fmt: skip
        time.sleep(0.03)
        kill(my_own)
        deploying.exception()

    open_again(my_own)

    assert my_own.heard("kept")
    assert my_own.call("GET", "/api/guest/echo")[0] == 200
    (stack,) = my_own.client("cloudformation").describe_stacks()["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"


def test_two_kills_without_a_checkpoint_between_lose_nothing(my_own: Opened) -> None:
    my_own.order("first")
    kill_and_open(my_own)
    my_own.order("second")
    kill_and_open(my_own)

    assert soon(lambda: my_own.heard("first") and my_own.heard("second"))


def test_a_torn_tail_is_cut_off_and_said_in_the_log(my_own: Opened) -> None:
    my_own.order("kept")
    assert soon(lambda: my_own.heard("kept"))
    kill(my_own)
    log = max((my_own.shop.state / "journal").glob("*.log"))
    with log.open("ab") as file:
        file.write(b'12345678 [["put","0000')

    open_again(my_own)

    assert my_own.heard("kept")
    said = (my_own.shop.state / "cloud.log").read_text()
    assert f"{log.name} ended in the middle of a record: 22 bytes cut off." in said


def test_an_endless_load_leaves_a_bounded_journal_and_a_kill_in_a_checkpoint_loses_nothing(
    my_own: Opened,
) -> None:
    folder = my_own.shop.state / "journal"
    acknowledged: list[str] = []

    def written() -> int:
        return sum(file.stat().st_size for file in folder.glob("*.log"))

    def load() -> None:
        for number in count():
            key = row(my_own, f"big-{number}")
            big = {**key["Key"], "content": {"S": f"{number % 10}" * 350_000}}
            my_own.client("dynamodb").put_item(TableName=key["TableName"], Item=big)
            acknowledged.append(f"big-{number}")

    with ThreadPoolExecutor(1) as writer:
        loading = writer.submit(load)
        assert soon(lambda: any(folder.glob("*.half")) and written() > 32 << 20, 60)
        kill(my_own)
        assert loading.exception() is not None
    assert list(folder.glob("*.half"))

    open_again(my_own)

    client = my_own.client("dynamodb")
    for name in acknowledged:
        content = client.get_item(**row(my_own, name))["Item"]["content"]["S"]
        assert content == f"{int(name.removeprefix('big-')) % 10}" * 350_000
    assert soon(lambda: written() < 1 << 20)
    assert not list(folder.glob("*.half"))


@pytest.mark.parametrize("command", ["up", "down"])
def test_workers_of_a_killed_engine_are_ended_and_their_files_gone(
    my_own: Opened, command: str
) -> None:
    my_own.call("GET", "/api/guest/echo")
    killed = replace(my_own)
    with ThreadPoolExecutor(1) as hand:
        hand.submit(my_own.invoke, seconds=9)
        assert soon(lambda: len(processes_of(killed)) > 2)
        time.sleep(0.5)  # by now the function sleeps, deaf to the end of the engine
        os.kill(killed.running.pid, signal.SIGKILL)
        assert soon(lambda: birth(killed.running.pid) is None)
        left_behind = processes_of(killed), (my_own.shop.state / "tmp").exists()

        if command == "up":
            open_again(my_own)
        else:
            assert not my_own.shop.stop()

        assert left_behind != ([], False)
        assert soon(lambda: processes_of(killed) == [], 1)
        assert (my_own.shop.state / "tmp").exists() is (command == "up")

"""Stream and queue triggers under the patches: when they run, how much they take, how they fail."""

import pytest

from tests.local.conftest import Opened, soon
from tests.local.engine import in_the_engine


def test_a_row_that_cannot_be_relayed_is_put_aside_and_blocks_none(opened: Opened) -> None:
    rows = [
        {"pk": {"S": f"OUTBOX#{name}"}, "sk": {"S": "A"}, "body": {"S": f'{{"id": "{name}"}}'}}
        for name in ("before", "unpublishable", "after")
    ]
    table = opened.running.outputs["TableName"]

    opened.client("dynamodb").transact_write_items(
        TransactItems=[{"Put": {"TableName": table, "Item": row}} for row in rows]
    )

    assert soon(lambda: opened.heard("before") and opened.heard("after"))
    aside = opened.client("sqs").receive_message(
        QueueUrl=opened.running.outputs["RelayDlqUrl"], WaitTimeSeconds=5
    )
    assert "RetryAttemptsExhausted" in aside["Messages"][0]["Body"]


def test_triggers_rest_until_the_doors_are_open() -> None:
    polled = in_the_engine("""
from ministack.services import lambda_svc
lambda_svc._poll_sqs = lambda: "polled"
patches.triggers.triggers_rest_unless_serving()
before = lambda_svc._poll_sqs()
patches.triggers.serving.set()
print(before, lambda_svc._poll_sqs())
""")

    assert polled == "False polled"


def test_rows_that_come_while_a_stream_trigger_rests_are_one_batch() -> None:
    taken = in_the_engine("""
import time
from ministack.services import dynamodb, lambda_svc
patches.apply()
patches.triggers.serving.set()
patches.triggers._table_of = lambda trigger: "t"
rows, batches = [], []
dynamodb.stream_start_position = lambda table: 0
dynamodb.stream_records_since = lambda table, position, most: rows[position:position + most]
lambda_svc._esms["t"] = {"UUID": "t", "EventSourceArn": "arn", "FunctionName": "f"}
lambda_svc._dynamodb_stream_positions["t"] = 0
lambda_svc._get_func_record_for_qualifier = lambda *_: ({}, {})
lambda_svc._apply_filter_criteria = lambda records, trigger: records
lambda_svc._dispatch_esm_batch = lambda uuid, run, *args: run(*args)
def execute(function, event):
    batches.append(len(event["Records"]))
    time.sleep(0.02)
    return {}
lambda_svc._execute_function = execute
for _ in range(4):
    rows.append({})
    lambda_svc._poll_dynamodb_streams()
lambda_svc._esm_wake.clear()
woken = lambda_svc._esm_wake.wait(5)
lambda_svc._poll_dynamodb_streams()
print(batches, woken)
""")

    assert taken == "[1, 3] True"


GATHERING = """
from ministack.services import lambda_svc, sqs
sqs._act_create_queue({"QueueName": "q"}, "")
url, queue = next(iter(sqs._queues.items()))
arn = queue["attributes"]["QueueArn"]
def send(number):
    for _ in range(number):
        sqs._HANDLERS["SendMessage"]({"QueueUrl": url, "MessageBody": "{}"}, url)
lambda_svc._esms["t"] = {"UUID": "t", "EventSourceArn": arn, "FunctionName": "f", "Enabled": True,
                         "BatchSize": 100, "MaximumBatchingWindowInSeconds": 1}
lambda_svc._get_func_record_for_qualifier = lambda *_: ({}, {})
lambda_svc._reserved_concurrency = lambda *_: None
batches = []
def execute(function, event):
    batches.append(len(event["Records"]))
    return {}
lambda_svc._execute_function = execute
lambda_svc._dispatch_esm_batch = lambda uuid, run, *args: run(*args)
"""


@pytest.mark.parametrize(
    ("patched", "batches"), [("", "[1, 10, 10, 5]"), ("patches.apply()", "[1]")]
)
def test_a_batch_waits_for_more_as_the_trigger_says(patched: str, batches: str) -> None:
    taken = in_the_engine(f"""
{patched}
{GATHERING}
patches.triggers.serving.set()
send(1); lambda_svc._poll_sqs(); send(25)
for _ in range(5): lambda_svc._poll_sqs()
print(batches)
""")

    assert taken == batches


def test_a_full_batch_waits_for_nobody() -> None:
    taken = in_the_engine(f"""
patches.apply()
{GATHERING}
patches.triggers.serving.set()
send(230)
for _ in range(5): lambda_svc._poll_sqs()
print(batches)
""")

    assert taken == "[100, 100, 30]"


@pytest.mark.parametrize(("window", "waits"), [(1, "True"), (0, "False")])
def test_a_batch_that_is_gathered_lets_customers_pass(window: int, waits: str) -> None:
    waited = in_the_engine(f"""
import time
patches.apply()
{GATHERING}
lambda_svc._esms["t"]["MaximumBatchingWindowInSeconds"] = {window}
patches.triggers.serving.set()
patches.requests.FAR_ASIDE = 0.3
patches.requests.at_hand.come(); send(1)
began = time.monotonic()
lambda_svc._poll_sqs()
print(time.monotonic() - began >= 0.3, batches)
""")

    assert waited == f"{waits} [1]"

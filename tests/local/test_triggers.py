"""Stream and queue triggers with the patches: when they run, their batches, how they fail."""

import pytest

from tests.local.conftest import SmallShop, eventually
from tests.local.engine import run_in_engine


def test_an_unpublishable_row_moves_to_the_dead_letter_queue_and_blocks_no_other(
    small_shop: SmallShop,
) -> None:
    rows = [
        {"pk": {"S": f"OUTBOX#{name}"}, "sk": {"S": "A"}, "body": {"S": f'{{"id": "{name}"}}'}}
        for name in ("before", "unpublishable", "after")
    ]
    table = small_shop.running.outputs["TableName"]

    small_shop.client("dynamodb").transact_write_items(
        TransactItems=[{"Put": {"TableName": table, "Item": row}} for row in rows]
    )

    assert eventually(lambda: small_shop.is_consumed("before") and small_shop.is_consumed("after"))
    received = small_shop.client("sqs").receive_message(
        QueueUrl=small_shop.running.outputs["RelayDlqUrl"], WaitTimeSeconds=5
    )
    assert "RetryAttemptsExhausted" in received["Messages"][0]["Body"]


def test_triggers_pause_until_the_engine_serves() -> None:
    polled = run_in_engine("""
from ministack.services import lambda_svc
lambda_svc._poll_sqs = lambda: "polled"
patches.triggers.pause_triggers_unless_serving()
before = lambda_svc._poll_sqs()
patches.triggers.serving.set()
print(before, lambda_svc._poll_sqs())
""")

    assert polled == "False polled"


def test_rows_written_during_a_pause_of_a_stream_trigger_are_one_batch() -> None:
    output = run_in_engine("""
import time
from ministack.services import dynamodb, lambda_svc
patches.apply()
patches.triggers.serving.set()
patches.triggers._table = lambda trigger: "t"
rows, batches = [], []
dynamodb.stream_start_position = lambda table: 0
dynamodb.stream_records_since = lambda table, position, size: rows[position:position + size]
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

    assert output == "[1, 3] True"


BATCHING = """
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
def test_a_partial_batch_waits_for_the_batching_window(patched: str, batches: str) -> None:
    output = run_in_engine(f"""
{patched}
{BATCHING}
patches.triggers.serving.set()
send(1); lambda_svc._poll_sqs(); send(25)
for _ in range(5): lambda_svc._poll_sqs()
print(batches)
""")

    assert output == batches


def test_a_full_batch_does_not_wait() -> None:
    output = run_in_engine(f"""
patches.apply()
{BATCHING}
patches.triggers.serving.set()
send(230)
for _ in range(5): lambda_svc._poll_sqs()
print(batches)
""")

    assert output == "[100, 100, 30]"


@pytest.mark.parametrize(("window", "waits"), [(1, "True"), (0, "False")])
def test_a_batch_with_a_window_waits_for_requests_in_progress(window: int, waits: str) -> None:
    output = run_in_engine(f"""
import time
patches.apply()
{BATCHING}
lambda_svc._esms["t"]["MaximumBatchingWindowInSeconds"] = {window}
patches.triggers.serving.set()
patches.request_priority.BATCH_DELAY_SECONDS = 0.3
patches.request_priority.api_requests.started(); send(1)
started = time.monotonic()
lambda_svc._poll_sqs()
print(time.monotonic() - started >= 0.3, batches)
""")

    assert output == f"{waits} [1]"

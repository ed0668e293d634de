"""What patches spare the engine: work it would do again and again."""

import pytest

from tests.local.engine import in_the_engine


def test_a_condition_is_parsed_once_not_once_per_item() -> None:
    parsed = in_the_engine("""
from ministack.services import dynamodb as d
patches.apply()
count = [0]
tokenize = d._tokenize
def counting(text): count[0] += 1; return tokenize(text)
d._tokenize = counting
for i in range(200):
    d._evaluate_condition("pk = :p", {"pk": {"S": "x"}}, {":p": {"S": "x"}}, {}, slot="X")
print(count[0])
""")

    assert int(parsed) < 10


@pytest.mark.parametrize(("known_for", "lookups"), [(60, "1"), (0, "4")])
def test_a_caller_is_looked_up_once_and_again_when_that_is_old(
    known_for: float, lookups: str
) -> None:
    looked_up = in_the_engine(f"""
from ministack.core import iam_evaluator as iam
count = [0]
def resolve(key, account, credential=None):
    count[0] += 1
    return iam.PrincipalInfo(arn=key, type="Role", account=account, policies=[], keys={{}})
iam.resolve_principal = resolve
patches.policies.KNOWN_FOR = {known_for}
patches.policies.callers_are_looked_up_once()
for _ in range(4): found = iam.resolve_principal("AKIA1", "000000000000")
print(count[0], found.arn)
""")

    assert looked_up == f"{lookups} AKIA1"


def test_a_stranger_is_looked_up_every_time() -> None:
    found = in_the_engine("""
from ministack.core import iam_evaluator as iam
answers = [iam.AuthError("Unknown", ""), iam.PrincipalInfo("arn", "Role", "0", [], {})]
iam.resolve_principal = lambda *_: answers.pop(0)
patches.policies.callers_are_looked_up_once()
print(*(type(iam.resolve_principal("AKIA1", "0")).__name__ for _ in range(2)))
""")

    assert found == "AuthError PrincipalInfo"


def test_a_route_is_read_only_if_the_path_begins_like_it() -> None:
    found = in_the_engine("""
from ministack.services import apigateway
read, upstream = [], apigateway._extract_path_params
apigateway._extract_path_params = lambda route, path: read.append(route) or upstream(route, path)
patches.routes.routes_are_found_by_their_beginning()
for route in "/api/products", "/api/products/{sku}", "/api/orders/{id}", "/{proxy+}":
    print(apigateway._extract_path_params(route, "/api/products/A-1"))
print(apigateway._extract_path_params("/api/products", "/api/products"), read)
""")

    assert found.splitlines() == [
        "None",
        "{'sku': 'A-1'}",
        "None",
        "{'proxy': 'api/products/A-1'}",
        "{} ['/api/products/{sku}', '/{proxy+}']",
    ]


@pytest.mark.parametrize(("patched", "few"), [("", False), ("patches.apply()", True)])
def test_one_call_after_another_runs_on_the_same_thread(patched: str, few: bool) -> None:
    threads = in_the_engine(f"""
{patched}
import asyncio, threading
from ministack.core import concurrency
async def calls():
    return [await concurrency.run_reentrant(threading.get_native_id) for _ in range(40)]
print(len(set(asyncio.run(calls()))))
""")

    assert (int(threads) <= 3) is few


def test_calls_that_wait_for_each_other_have_a_thread_each() -> None:
    met = in_the_engine("""
patches.apply()
import asyncio, threading
from ministack.core import concurrency
all_there = threading.Barrier(60, timeout=20)
async def calls():
    each = (concurrency.run_reentrant(all_there.wait) for _ in range(60))
    return await asyncio.gather(*each)
print(len(set(asyncio.run(calls()))))
""")

    assert met == "60"


def test_a_call_that_takes_too_long_is_not_waited_for() -> None:
    seen = in_the_engine("""
patches.apply()
import threading
from ministack.core import lambda_runtime
end = threading.Event()
reader = lambda_runtime.threading.Thread(target=end.wait, daemon=True)
reader.start()
reader.join(timeout=0.01)
print(reader.is_alive())
end.set()
reader.join()
print(reader.is_alive())
""")

    assert seen.split() == ["True", "False"]


def test_what_was_sent_is_parsed_once_and_anew_when_it_differs() -> None:
    found = in_the_engine("""
import json
parsed, upstream = [], json.loads
json.loads = lambda text: parsed.append(text) or upstream(text)
from ministack.core import iam_actions as actions
patches.policies.bodies_are_read_once()
for table in "Orders", "Carts":
    body = json.dumps({"TableName": table}).encode()
    for _ in range(3):
        arns = actions.dynamodb_resource_arns(body, "us-east-1", "000000000000")
    print(*arns)
print(len(parsed), actions.dynamodb_resource_arns(b"{", "us-east-1", "000000000000"))
""")

    assert found.splitlines() == [
        "arn:aws:dynamodb:us-east-1:000000000000:table/Orders",
        "arn:aws:dynamodb:us-east-1:000000000000:table/Carts",
        "2 []",
    ]


def test_a_trigger_sweeps_a_queue_only_if_something_can_be_received() -> None:
    swept = in_the_engine("""
from ministack.services import sqs
import time
patches.apply()
swept, upstream = [], sqs._dlq_sweep
sqs._dlq_sweep = lambda queue: swept.append(1) or upstream(queue)
sqs._act_create_queue({"QueueName": "facts"}, "")
url = sqs._queue_url("facts")
print(len(sqs._receive_messages_for_esm(url, 10)), len(swept))
sqs._act_send_message({"QueueUrl": url, "MessageBody": "one"}, "")
print(len(sqs._receive_messages_for_esm(url, 10)), len(swept))
print(len(sqs._receive_messages_for_esm(url, 10)), len(swept))
sqs._get_q(url)["messages"][0]["visible_at"] = time.time()
print(len(sqs._receive_messages_for_esm(url, 10)), len(swept))
""")

    assert swept.splitlines() == ["0 0", "1 1", "0 1", "1 2"]


def test_each_right_to_a_transaction_is_asked_for_once() -> None:
    found = in_the_engine("""
import json
from ministack.core import iam_actions as actions
patches.apply()
def action(kind, table): return {kind: {"TableName": table}}
sent = [action("Put", "Orders")] * 50 + [action("Update", "Orders"), action("Put", "Carts")] * 2
body = json.dumps({"TransactItems": sent}).encode()
for right in actions.dynamodb_transaction_checks(
    "dynamodb:TransactWriteItems", body, "us-east-1", "000000000000"
): print(*right)
""")

    assert found.splitlines() == [
        "dynamodb:PutItem arn:aws:dynamodb:us-east-1:000000000000:table/Orders",
        "dynamodb:UpdateItem arn:aws:dynamodb:us-east-1:000000000000:table/Orders",
        "dynamodb:PutItem arn:aws:dynamodb:us-east-1:000000000000:table/Carts",
    ]


@pytest.mark.parametrize(
    ("protocol", "left_out"),
    [
        ("application/x-amz-json-1.0", "Access-Control-Allow-Origin x-amz-id-2 x-amz-request-id"),
        ("application/xml", ""),
    ],
)
def test_an_answer_has_the_headers_it_has_on_aws(protocol: str, left_out: str) -> None:
    found = in_the_engine(f"""
import asyncio
from ministack import app
names = "Access-Control-Allow-Origin", "x-amz-id-2", "x-amz-request-id", "x-amzn-requestid"
sent = {{"Content-Type": "{protocol}", **dict.fromkeys(names, "1")}}
async def answers(*request): return 200, dict(sent), b""
app._dispatch_service_request = answers
patches.answers.answers_have_the_headers_of_aws()
_, headers, _ = asyncio.run(app._dispatch_service_request())
print(*(name for name in sent if name not in headers))
""")

    assert found == left_out


def test_the_answers_of_one_second_share_a_date() -> None:
    dates = in_the_engine("""
import time
from ministack import app
patches.answers.a_second_is_written_once()
time.time = lambda: 1_796_000_000.2
first = app.formatdate(usegmt=True)
time.time = lambda: 1_796_000_000.9
print(first, app.formatdate(usegmt=True) is first)
time.time = lambda: 1_796_000_001.0
print(app.formatdate(usegmt=True))
""")

    assert dates.splitlines() == [
        "Mon, 30 Nov 2026 00:53:20 GMT True",
        "Mon, 30 Nov 2026 00:53:21 GMT",
    ]


def test_quick_json_means_the_same() -> None:
    differing = in_the_engine(r"""
import json
from decimal import Decimal
patches.apply()
from ministack.services import dynamodb as d
def of(call, *args, **options):
    try: return call(*args, **options)
    except Exception as error: return type(error).__name__
for text in ('{"a": [1, 2.5, null, true, "\u00e9"]}', b'{"a": "x"}', '{"a": 1, "a": 2}', '1e400',
             '"\ud800"', 'NaN', '', '{', b'\xff', None, '123456789012345678901234567890'):
    if repr(of(json.loads, text)) != repr(of(d.json.loads, text)): print("loads", text)
if d.json.loads("1.10", parse_float=Decimal) != Decimal("1.10"): print("parse_float")
for value in ({"a": (1, 2.5, None), "b": "\u00e9"}, {1: 2, None: 3, True: 4}, "\ud800", 2**80):
    if json.loads(json.dumps(value)) != json.loads(d.json.dumps(value)): print("dumps", value)
for options in {"sort_keys": True}, {"indent": 1}, {"default": str}:
    value = {"b": 1, "a": Decimal(1) if "default" in options else 1}
    if json.dumps(value, **options) != d.json.dumps(value, **options): print(options)
print(d.json.dumps({"a": 1, "b": "\u00e9"}, ensure_ascii=False, separators=(",", ":")))
""")

    assert differing == '{"a":1,"b":"é"}'

"""Patches that save the engine repeated work."""

import pytest

from tests.local.engine import run_in_engine


def test_a_condition_is_parsed_once_for_all_items() -> None:
    parsed = run_in_engine("""
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


@pytest.mark.parametrize(("cache_seconds", "lookups"), [(60, "1"), (0, "4")])
def test_a_principal_is_resolved_once_until_the_cache_expires(
    cache_seconds: float, lookups: str
) -> None:
    output = run_in_engine(f"""
from ministack.core import iam_evaluator as iam
count = [0]
def resolve(key, account, credential=None):
    count[0] += 1
    return iam.PrincipalInfo(arn=key, type="Role", account=account, policies=[], keys={{}})
iam.resolve_principal = resolve
patches.policies.CACHE_SECONDS = {cache_seconds}
patches.policies.cache_principals()
for _ in range(4): principal = iam.resolve_principal("AKIA1", "000000000000")
print(count[0], principal.arn)
""")

    assert output == f"{lookups} AKIA1"


def test_an_unknown_principal_is_resolved_every_time() -> None:
    output = run_in_engine("""
from ministack.core import iam_evaluator as iam
results = [iam.AuthError("Unknown", ""), iam.PrincipalInfo("arn", "Role", "0", [], {})]
iam.resolve_principal = lambda *_: results.pop(0)
patches.policies.cache_principals()
print(*(type(iam.resolve_principal("AKIA1", "0")).__name__ for _ in range(2)))
""")

    assert output == "AuthError PrincipalInfo"


def test_a_route_is_matched_only_if_the_path_starts_with_its_prefix() -> None:
    output = run_in_engine("""
from ministack.services import apigateway
matched, upstream = [], apigateway._extract_path_params
apigateway._extract_path_params = (
    lambda route, path: matched.append(route) or upstream(route, path))
patches.routes.match_routes_by_prefix()
for route in "/api/products", "/api/products/{sku}", "/api/orders/{id}", "/{proxy+}":
    print(apigateway._extract_path_params(route, "/api/products/A-1"))
print(apigateway._extract_path_params("/api/products", "/api/products"), matched)
""")

    assert output.splitlines() == [
        "None",
        "{'sku': 'A-1'}",
        "None",
        "{'proxy': 'api/products/A-1'}",
        "{} ['/api/products/{sku}', '/{proxy+}']",
    ]


@pytest.mark.parametrize(("setup", "is_reused"), [("", False), ("patches.apply()", True)])
def test_successive_calls_run_on_the_same_thread(setup: str, is_reused: bool) -> None:
    threads = run_in_engine(f"""
{setup}
import asyncio, threading
from ministack.core import concurrency
async def calls():
    return [await concurrency.run_reentrant(threading.get_native_id) for _ in range(40)]
print(len(set(asyncio.run(calls()))))
""")

    assert (int(threads) <= 3) is is_reused


def test_calls_that_wait_for_each_other_have_a_thread_each() -> None:
    output = run_in_engine("""
patches.apply()
import asyncio, threading
from ministack.core import concurrency
barrier = threading.Barrier(60, timeout=20)
async def calls():
    return await asyncio.gather(*(concurrency.run_reentrant(barrier.wait) for _ in range(60)))
print(len(set(asyncio.run(calls()))))
""")

    assert output == "60"


def test_joining_a_long_call_times_out() -> None:
    output = run_in_engine("""
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

    assert output.split() == ["True", "False"]


def test_a_body_is_parsed_once_and_another_body_anew() -> None:
    output = run_in_engine("""
import json
parsed, upstream = [], json.loads
json.loads = lambda text: parsed.append(text) or upstream(text)
from ministack.core import iam_actions as actions
patches.policies.cache_parsed_bodies()
for table in "Orders", "Carts":
    body = json.dumps({"TableName": table}).encode()
    for _ in range(3):
        arns = actions.dynamodb_resource_arns(body, "us-east-1", "000000000000")
    print(*arns)
print(len(parsed), actions.dynamodb_resource_arns(b"{", "us-east-1", "000000000000"))
""")

    assert output.splitlines() == [
        "arn:aws:dynamodb:us-east-1:000000000000:table/Orders",
        "arn:aws:dynamodb:us-east-1:000000000000:table/Carts",
        "2 []",
    ]


def test_a_trigger_sweeps_a_queue_only_if_a_message_is_visible() -> None:
    output = run_in_engine("""
from ministack.services import sqs
import time
patches.apply()
swept, upstream = [], sqs._dlq_sweep
sqs._dlq_sweep = lambda queue: swept.append(1) or upstream(queue)
sqs._act_create_queue({"QueueName": "events"}, "")
url = sqs._queue_url("events")
print(len(sqs._receive_messages_for_esm(url, 10)), len(swept))
sqs._act_send_message({"QueueUrl": url, "MessageBody": "one"}, "")
print(len(sqs._receive_messages_for_esm(url, 10)), len(swept))
print(len(sqs._receive_messages_for_esm(url, 10)), len(swept))
sqs._get_q(url)["messages"][0]["visible_at"] = time.time()
print(len(sqs._receive_messages_for_esm(url, 10)), len(swept))
""")

    assert output.splitlines() == ["0 0", "1 1", "0 1", "1 2"]


def test_each_permission_for_a_transaction_is_checked_once() -> None:
    output = run_in_engine("""
import json
from ministack.core import iam_actions as actions
patches.apply()
def action(name, table): return {name: {"TableName": table}}
items = [action("Put", "Orders")] * 50 + [action("Update", "Orders"), action("Put", "Carts")] * 2
body = json.dumps({"TransactItems": items}).encode()
for check in actions.dynamodb_transaction_checks(
    "dynamodb:TransactWriteItems", body, "us-east-1", "000000000000"
): print(*check)
""")

    assert output.splitlines() == [
        "dynamodb:PutItem arn:aws:dynamodb:us-east-1:000000000000:table/Orders",
        "dynamodb:UpdateItem arn:aws:dynamodb:us-east-1:000000000000:table/Orders",
        "dynamodb:PutItem arn:aws:dynamodb:us-east-1:000000000000:table/Carts",
    ]


@pytest.mark.parametrize(
    ("protocol", "removed"),
    [
        ("application/x-amz-json-1.0", "Access-Control-Allow-Origin x-amz-id-2 x-amz-request-id"),
        ("application/xml", ""),
    ],
)
def test_a_response_has_the_same_headers_as_on_aws(protocol: str, removed: str) -> None:
    output = run_in_engine(f"""
import asyncio
from ministack import app
names = "Access-Control-Allow-Origin", "x-amz-id-2", "x-amz-request-id", "x-amzn-requestid"
original = {{"Content-Type": "{protocol}", **dict.fromkeys(names, "1")}}
async def respond(*request): return 200, dict(original), b""
app._dispatch_service_request = respond
patches.responses.remove_extra_headers()
_, headers, _ = asyncio.run(app._dispatch_service_request())
print(*(name for name in original if name not in headers))
""")

    assert output == removed


def test_the_responses_of_one_second_share_a_date() -> None:
    dates = run_in_engine("""
import time
from ministack import app
patches.responses.cache_date_header()
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


def test_fast_json_gives_the_same_results() -> None:
    differing = run_in_engine(r"""
import json
from decimal import Decimal
patches.apply()
from ministack.services import dynamodb as d
def call(function, *args, **options):
    try: return function(*args, **options)
    except Exception as error: return type(error).__name__
for text in ('{"a": [1, 2.5, null, true, "\u00e9"]}', b'{"a": "x"}', '{"a": 1, "a": 2}', '1e400',
             '"\ud800"', 'NaN', '', '{', b'\xff', None, '123456789012345678901234567890'):
    if repr(call(json.loads, text)) != repr(call(d.json.loads, text)): print("loads", text)
if d.json.loads("1.10", parse_float=Decimal) != Decimal("1.10"): print("parse_float")
for value in ({"a": (1, 2.5, None), "b": "\u00e9"}, {1: 2, None: 3, True: 4}, "\ud800", 2**80):
    if json.loads(json.dumps(value)) != json.loads(d.json.dumps(value)): print("dumps", value)
for options in {"sort_keys": True}, {"indent": 1}, {"default": str}:
    value = {"b": 1, "a": Decimal(1) if "default" in options else 1}
    if json.dumps(value, **options) != d.json.dumps(value, **options): print(options)
print(d.json.dumps({"a": 1, "b": "\u00e9"}, ensure_ascii=False, separators=(",", ":")))
""")

    assert differing == '{"a":1,"b":"é"}'

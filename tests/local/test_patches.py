"""Effects of the patches, and a check that MiniStack still contains the code they replace."""

import ast
import base64
import os
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import pytest

from tests.local.conftest import SmallShop
from tests.local.engine import run_in_engine

PATCHES = Path(__file__).parents[2] / "local" / "patches" / "__init__.py"

REPLACED_CODE = {
    "treat_loopback_as_secure": (
        "app.py",
        'headers.get("x-forwarded-proto", "").split(",")[0].strip().lower() == "https")',
    ),
    "make_role_credentials_secret": (
        "core/lambda_runtime.py",
        'hashlib.sha256(f"secret:{digest}".encode()).hexdigest()',
    ),
    "provide_event_source_key": (
        "core/iam_actions.py",
        'split(":", 1)[-1] not in _tag_operations(service):\n        return {}',
    ),
    "authorize_emails_by_sender": (
        "core/iam_actions.py",
        'service == "ses":\n        identity = _query_param(query_params, "Identity")\n        if',
    ),
    "cache_principals": (
        "core/iam_evaluator.py",
        '    principal = resolve_principal(access_key_id or "", account_id, checked)\n',
    ),
    "remove_extra_headers": (
        "app.py",
        '    else:\n        resp_headers["x-amz-request-id"] = request_id\n',
    ),
    "cache_date_header": ("app.py", '(b"date", formatdate(usegmt=True).encode("ascii"))'),
    "use_fast_json": ("core/responses.py", "    body = json.dumps(data, ensure_ascii=False)"),
    "cache_parsed_bodies": (
        "core/iam_actions.py",
        'addressed by a DynamoDB JSON request."""\n    try:\n        data = json.loads(',
    ),
    "deduplicate_transaction_checks": (
        "core/iam_actions.py",
        "checks.append((action, _dynamodb_table_arn(table, region, account_id)))\n    return",
    ),
    "match_routes_by_prefix": (
        "services/apigateway.py",
        '    m = re.fullmatch("".join(pattern_parts), request_path)\n',
    ),
    "reuse_threads": (
        "core/concurrency.py",
        "        threading.Thread(target=_run, daemon=True, name=thread_name).start()\n",
    ),
    "verify_confirmed_emails": (
        "services/cognito.py",
        'user.pop("_confirmation_code", None)\n    user["UserStatus"] = "CONFIRMED"\n    user',
    ),
    "mark_end_of_log": ("core/lambda_runtime.py", "first_line_wait: float = 0.050,"),
    "keep_workers_after_exceptions": (
        "core/lambda_runtime.py",
        'get("status") == "error":\n                proc, self._proc = self._proc, None\n',
    ),
    "report_exception_types": (
        "services/lambda_svc.py",
        'error_type = "Runtime.HandlerError"\n            if _RIE_TIMEOUT_TEXT_RE.fullmatch(',
    ),
    "end_workers_with_engine": (
        "core/lambda_runtime.py",
        "    _real_stdout = sys.stdout\n    sys.stdout = sys.stderr\n\n    init = json.loads(",
    ),
    "lower_worker_priority": (
        "core/lambda_runtime.py",
        "    sys.stdout = sys.stderr\n\n    init = json.loads(sys.stdin.readline())\n",
    ),
    "share_function_workers": ("core/lambda_runtime.py", "_LOCAL_MAX_WORKERS = 0\n"),
    "end_idle_workers": (
        "core/lambda_runtime.py",
        "if worker.in_use or idle < ttl or (i == 0 and not snapstart_version):",
    ),
    "finish_calls_of_changed_functions": (
        "core/lambda_runtime.py",
        "for w in (_workers.pop(k, []) or [])]\n    # Outside the lock",
    ),
    "unpack_code_once": ("core/lambda_runtime.py", "            zf.extractall(code_dir)"),
    "rewrite_api_endpoints": (
        "services/apigateway.py",
        '"apiEndpoint": f"{_api_endpoint_scheme(protocol)}://{api_id}.execute-api.{_HOST}:{_PORT}"',
    ),
    "invoke_websocket_functions_like_others": (
        "services/apigateway.py",
        'if code_zip and runtime.startswith(("python", "nodejs")):\n        # get_or_create_worker',
    ),
    "hide_errors_from_api_callers": (
        "services/lambda_svc.py",
        'else str(err_body)\n        return {\n            "statusCode": 502,',
    ),
    "apply_time_to_live": (
        "services/cloudformation/provisioners.py",
        '        "Tags": [],\n    }\n    _dynamodb._tables[name] = table\n',
    ),
    "cache_parsed_expressions": (
        "services/dynamodb.py",
        "        tokens = _tokenize(expr)\n        err = _check_redundant_parens(tokens, slot)",
    ),
    "lock_queues": (
        "services/sqs.py",
        "while True:\n        _expire_retained(q)\n        _dlq_sweep(q)\n        msgs = _coll",
    ),
    "persist_tables": (
        "services/dynamodb.py",
        '        "imports": copy.deepcopy(_imports),\n    }\n',
    ),
    "persist_queues": (
        "services/sqs.py",
        "def _restore_state(data):\n    if data:\n        _queues.update(",
    ),
    "persist_emails": (
        "services/ses.py",
        'lst = []\n        _sent_emails["entries"] = lst\n    return lst',
    ),
    "persist_users": (
        "services/cognito.py",
        '        "challenge_sessions": copy.deepcopy(_challenge_sessions),\n    }\n',
    ),
    "persist_state": (
        "app.py",
        "            if PERSIST_STATE:\n                save_all(_build_persistence_save_dict())",
    ),
    "discard_delivered_events": (
        "services/eventbridge.py",
        "        _events_log_list().append(event_record)\n",
    ),
    "limit_log_streams": (
        "services/lambda_svc.py",
        "[{qualifier}]{new_uuid().replace('-', '')}\"",
    ),
    "handle_stream_failures_like_aws": (
        "services/lambda_svc.py",
        "# Position doesn't advance on failure, so the next pass",
    ),
    "pause_triggers_unless_serving": (
        "services/lambda_svc.py",
        "    _restore_state(data)\n    if _esms.has_any():\n        _ensure_poller()\n",
    ),
    "skip_empty_queues": (
        "services/sqs.py",
        "_expire_retained(q)\n        _dlq_sweep(q)\n        return _collect_msgs(q, max_n, vis)",
    ),
    "apply_batching_windows": ("services/sqs.py", "max_n = min(int(max_number or 1), 10)\n"),
    "start_executions_immediately": (
        "services/stepfunctions.py",
        "    time.sleep(0.15)\n\n    sm =",
    ),
    "limit_concurrent_executions": (
        "services/stepfunctions.py",
        "threading.Thread(\n        target=ctx_snapshot.run,\n        args=(_run_execution,",
    ),
    "prioritize_requests": (
        "services/stepfunctions.py",
        "args=(_run_execution, exec_arn),\n        daemon=True,\n    ).start()",
    ),
    "apply_retry_delays": (
        "services/stepfunctions.py",
        "sleep_sec = interval * (backoff ** count)\n",
    ),
    "discard_old_executions": (
        "services/stepfunctions.py",
        '        "executions": copy.deepcopy(_executions),\n',
    ),
}  # fmt: skip
"""The code in MiniStack that each patch replaces. If it is gone, review the patch."""


def read_ministack(file: str) -> str:
    spec = find_spec("ministack")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / file).read_text()


def test_ministack_has_the_version_the_patches_are_written_for() -> None:
    assert version("ministack") == "1.5.33"


@pytest.mark.parametrize("patch", REPLACED_CODE)
def test_ministack_still_contains_the_code_that_the_patch_replaces(patch: str) -> None:
    file, code = REPLACED_CODE[patch]

    assert code in read_ministack(file)


def test_every_patch_names_the_code_that_it_replaces() -> None:
    tree = ast.parse(PATCHES.read_text())
    applied = next(
        node.value for node in tree.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "PATCHES"
    )  # fmt: skip
    assert isinstance(applied, ast.Tuple)

    assert {ast.unparse(name).partition(".")[2] for name in applied.elts} == REPLACED_CODE.keys()


def test_a_call_without_log_lines_does_not_wait_for_them(small_shop: SmallShop) -> None:
    small_shop.invoke()

    times = []
    for _ in range(9):
        started = time.perf_counter()
        small_shop.invoke()
        times.append(time.perf_counter() - started)

    assert median(times) < 0.045


def test_each_call_gets_its_own_log_lines(small_shop: SmallShop) -> None:
    logs = [base64.b64decode(small_shop.invoke(log=f"line {i}")["LogResult"]) for i in range(20)]
    quiet_log = base64.b64decode(small_shop.invoke().get("LogResult", ""))

    assert all(f"line {i}\n".encode() in log + b"\n" for i, log in enumerate(logs))
    assert b"line" not in quiet_log


def test_a_worker_survives_an_exception_of_the_handler(small_shop: SmallShop) -> None:
    before = small_shop.invoke()["result"]["pid"]

    failed = small_shop.invoke(fails=True)

    assert failed["FunctionError"] == "Unhandled"
    assert failed["result"]["errorMessage"] == "the test requested this"
    assert failed["result"]["errorType"] == "ValueError"
    assert small_shop.invoke()["result"]["pid"] == before


def test_calls_beyond_the_limit_wait_for_a_worker(small_shop: SmallShop) -> None:
    with ThreadPoolExecutor(12) as callers:
        responses = list(callers.map(lambda _: small_shop.invoke(seconds=0.1), range(12)))

    assert all("FunctionError" not in response for response in responses)
    assert len({response["result"]["pid"] for response in responses}) <= 4


def test_functions_that_invoke_themselves_do_not_deadlock(small_shop: SmallShop) -> None:
    with ThreadPoolExecutor(5) as callers:
        calls = callers.map(
            lambda _: small_shop.invoke("RecursiveName", recursions=1, seconds=0.1), range(5)
        )
        responses = list(calls)

    assert all("pid" in response["result"] for response in responses), responses


def test_code_and_layer_are_unpacked_once_for_all_workers(small_shop: SmallShop) -> None:
    small_shop.invoke()
    small_shop.call("GET", "/api/guest/echo")

    unpacked = list((small_shop.shop.state / "tmp" / "unpacked").iterdir())

    assert len(unpacked) == 2
    assert not list((small_shop.shop.state / "tmp").glob("ministack-lambda-*/code/*"))


def test_a_worker_has_a_lower_priority_than_the_engine(small_shop: SmallShop) -> None:
    worker, engine = small_shop.invoke()["result"]["pid"], small_shop.running.pid

    niceness = [os.getpriority(os.PRIO_PROCESS, pid) for pid in (worker, engine)]

    assert niceness[0] > niceness[1]


def test_an_api_caller_does_not_see_the_exception(small_shop: SmallShop) -> None:
    status, _, body = small_shop.call("GET", "/api/guest/unauthorized")

    assert (status, body) == (500, '{"message":"Internal Server Error"}')


def test_a_function_may_do_only_what_its_role_allows(small_shop: SmallShop) -> None:
    small_shop.call("GET", "/api/guest/unauthorized")

    logs = small_shop.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/Souk-dev-Unauthorized")[
        "logGroups"
    ]
    events = logs.filter_log_events(logGroupName=groups[0]["logGroupName"])["events"]

    assert any("not authorized to perform: dynamodb:Scan" in event["message"] for event in events)


def test_the_time_to_live_of_a_template_is_applied(small_shop: SmallShop) -> None:
    table = small_shop.running.outputs["TableName"]

    response = small_shop.client("dynamodb").describe_time_to_live(TableName=table)

    assert response["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires",
    }


@pytest.mark.parametrize(("setup", "expected"), [("", 3), ("patches.apply()", 0)])
def test_delivered_events_are_not_kept_in_memory(setup: str, expected: int) -> None:
    events = run_in_engine(f"""
{setup}
from ministack.services import eventbridge
eventbridge._put_events({{"Entries": [
    {{"Source": "souk.small", "DetailType": "OrderPlaced", "Detail": "{{}}"}}] * 3}})
print(len(eventbridge._events_log_list()))
""")

    assert int(events) == expected


@pytest.mark.parametrize(("setup", "expected"), [("", 5_100), ("patches.apply()", 5_000)])
def test_the_latest_emails_are_kept(setup: str, expected: int) -> None:
    emails = run_in_engine(f"""
{setup}
from ministack.services import ses
for n in range(5_100):
    ses._sent_emails_list().append({{"MessageId": n}})
assert ses._sent_emails_list()[-1]["MessageId"] == 5_099
print(len(ses._sent_emails["entries"]))
""")

    assert int(emails) == expected


@pytest.mark.parametrize(
    ("setup", "expected"), [("", "*"), ("patches.apply()", "identity/orders@souk.example")]
)
def test_sending_email_is_authorized_on_the_senders_identity(setup: str, expected: str) -> None:
    arn = run_in_engine(f"""
{setup}
from ministack.core import iam_actions
params = {{"Action": ["SendEmail"], "Source": ["Souk <orders@souk.example>"]}}
print(iam_actions.extract_resource_arn("ses", "POST", "/", {{}}, b"", params, "r", "a"))
""")

    assert arn.rpartition(":")[2] == expected


@pytest.mark.parametrize(("setup", "expected"), [("", 700), ("patches.apply()", 500)])
def test_the_latest_calls_of_each_function_are_in_the_log(setup: str, expected: int) -> None:
    streams = run_in_engine(f"""
{setup}
from ministack.services import cloudwatch_logs, lambda_svc
for n in range(700):
    lambda_svc._emit_lambda_logs({{"FunctionName": "f"}}, f"call-{{n}}", "", False, 1)
streams = list(cloudwatch_logs._log_groups["/aws/lambda/f"]["streams"].values())
assert "call-699" in streams[-1]["events"][0]["message"]
print(len(streams))
""")

    assert int(streams) == expected


@pytest.mark.parametrize(("setup", "expected"), [("", 5_000), ("patches.apply()", 1_000)])
def test_a_limited_number_of_read_stream_records_is_kept(setup: str, expected: int) -> None:
    records = run_in_engine(f"""
{setup}
from ministack.services import dynamodb, lambda_svc
dynamodb._create_table({{"TableName": "orders", "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{{"AttributeName": "pk", "KeyType": "HASH"}}],
    "AttributeDefinitions": [{{"AttributeName": "pk", "AttributeType": "S"}}],
    "StreamSpecification": {{"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}}})
arn = dynamodb._tables["orders"]["LatestStreamArn"]
for trigger in "fast", "slow":
    lambda_svc._esms[trigger] = {{"UUID": trigger, "EventSourceArn": arn}}
for n in range(5000):
    dynamodb._put_item({{"TableName": "orders", "Item": {{"pk": {{"S": str(n)}}}}}})
lambda_svc._dynamodb_stream_positions["fast"] = 5000
lambda_svc._dynamodb_stream_positions["slow"] = 10
assert len(dynamodb._stream_records["orders"]) == 5000
assert dynamodb.stream_records_since("orders", 10, 1)[0]["dynamodb"]["Keys"]["pk"]["S"] == "10"
lambda_svc._dynamodb_stream_positions["slow"] = 5000
assert dynamodb.stream_end_position("orders") == 5000
assert dynamodb.stream_records_since("orders", 4500, 1)[0]["dynamodb"]["Keys"]["pk"]["S"] == "4500"
print(len(dynamodb._stream_records["orders"]))
""")

    assert int(records) == expected


@pytest.mark.parametrize(("setup", "expected"), [("", 3), ("patches.apply()", 4)])
def test_a_message_sent_while_another_is_deleted_is_not_lost(setup: str, expected: int) -> None:
    messages = run_in_engine(f"""
{setup}
import threading
from ministack.services import sqs, eventbridge
from ministack.core.arn import parse_arn
sqs._act_create_queue({{"QueueName": "q"}}, "")
url, queue = next(iter(sqs._queues.items()))
for i in range(4):
    sqs._HANDLERS["SendMessage"]({{"QueueUrl": url, "MessageBody": str(i)}}, url)
handle = sqs._collect_msgs(queue, 1, 30)[0]["receipt_handle"]
arn = parse_arn(queue["attributes"]["QueueArn"])
class SlowList(list):
    def __iter__(self):
        yield from super().__iter__()
        if senders: return
        sender = threading.Thread(target=eventbridge._dispatch_to_sqs, args=(arn, "late"))
        sender.start(); senders.append(sender); sender.join(0.3)
senders = []
dict.__setitem__(queue, "messages", SlowList(queue["messages"]))
sqs._HANDLERS["DeleteMessage"]({{"QueueUrl": url, "ReceiptHandle": handle}}, url)
for sender in senders: sender.join()
print(len(queue["messages"]))
""")

    assert int(messages) == expected


def test_a_function_gets_the_engines_endpoint_of_an_api() -> None:
    output = run_in_engine("""
from ministack.core import lambda_runtime as runtime
runtime.Worker._spawn = lambda worker: print(*worker.config["Environment"]["Variables"].values())
patches.workers.rewrite_api_endpoints()
class Worker:
    config = {"Environment": {"Variables": {
        "LIVE": "https://abc1.execute-api.us-east-1.amazonaws.com/live", "OTHER": "https://a.b/c"}}}
runtime.Worker._spawn(Worker())
""")

    assert output == "http://127.0.0.1:1/_aws/execute-api/abc1/live https://a.b/c"


def test_a_websocket_function_is_invoked_like_others() -> None:
    output = run_in_engine("""
import asyncio
from ministack.services import apigateway, lambda_svc
patches.apply()
apigateway._integrations["api"] = {"i": {"integrationType": "AWS_PROXY", "integrationUri": "f"}}
function = {"FunctionName": "f", "Runtime": "python3.12"}
lambda_svc._get_func_record_for_ref_in_scope = lambda *_, **__: (
    {"config": function, "code_zip": b"zip"}, function, "f")
def execute(record, event):
    print(event["requestContext"]["eventType"])
    return {"body": {"statusCode": 204}}
lambda_svc._execute_function_with_config_scope = execute
response = asyncio.run(apigateway._invoke_ws_lambda(
    "api", "000000000000", "us-east-1", {"target": "integrations/i"}, "live", "c-1", "CONNECT",
    "m-1", "", "127.0.0.1", {}))
print(response["statusCode"])
""")

    assert output.split() == ["CONNECT", "204"]

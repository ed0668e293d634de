"""Each patch shows its effect here, and is missed by nobody once upstream has done the work."""

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

from tests.local.conftest import Opened
from tests.local.engine import in_the_engine

PATCHES = Path(__file__).parents[2] / "local" / "patches" / "__init__.py"

# What each patch changes, as upstream writes it. Gone: look whether the patch may go too.
UPSTREAM = {
    "loopback_counts_as_private": (
        "app.py",
        'headers.get("x-forwarded-proto", "").split(",")[0].strip().lower() == "https")',
    ),
    "policies_see_who_speaks": (
        "core/iam_actions.py",
        'split(":", 1)[-1] not in _tag_operations(service):\n        return {}',
    ),
    "mails_name_their_sender": (
        "core/iam_actions.py",
        'service == "ses":\n        identity = _query_param(query_params, "Identity")\n        if',
    ),
    "callers_are_looked_up_once": (
        "core/iam_evaluator.py",
        '    principal = resolve_principal(access_key_id or "", account_id, checked)\n',
    ),
    "answers_have_the_headers_of_aws": (
        "app.py",
        '    else:\n        resp_headers["x-amz-request-id"] = request_id\n',
    ),
    "a_second_is_written_once": ("app.py", '(b"date", formatdate(usegmt=True).encode("ascii"))'),
    "json_is_quick": ("core/responses.py", "    body = json.dumps(data, ensure_ascii=False)"),
    "bodies_are_read_once": (
        "core/iam_actions.py",
        'addressed by a DynamoDB JSON request."""\n    try:\n        data = json.loads(',
    ),
    "rights_are_asked_for_once": (
        "core/iam_actions.py",
        "checks.append((action, _dynamodb_table_arn(table, region, account_id)))\n    return",
    ),
    "routes_are_found_by_their_beginning": (
        "services/apigateway.py",
        '    m = re.fullmatch("".join(pattern_parts), request_path)\n',
    ),
    "threads_are_used_again": (
        "core/concurrency.py",
        "        threading.Thread(target=_run, daemon=True, name=thread_name).start()\n",
    ),
    "confirmed_addresses_are_verified": (
        "services/cognito.py",
        'user.pop("_confirmation_code", None)\n    user["UserStatus"] = "CONFIRMED"\n    user',
    ),
    "logs_end_with_a_mark": ("core/lambda_runtime.py", "first_line_wait: float = 0.050,"),
    "exceptions_leave_the_worker_alive": (
        "core/lambda_runtime.py",
        'get("status") == "error":\n                proc, self._proc = self._proc, None\n',
    ),
    "failures_keep_their_name": (
        "services/lambda_svc.py",
        'error_type = "Runtime.HandlerError"\n            if _RIE_TIMEOUT_TEXT_RE.fullmatch(',
    ),
    "workers_end_with_the_engine": (
        "core/lambda_runtime.py",
        "    _real_stdout = sys.stdout\n    sys.stdout = sys.stderr\n\n    init = json.loads(",
    ),
    "workers_give_way": (
        "core/lambda_runtime.py",
        "    sys.stdout = sys.stderr\n\n    init = json.loads(sys.stdin.readline())\n",
    ),
    "functions_share_few_workers": ("core/lambda_runtime.py", "_LOCAL_MAX_WORKERS = 0\n"),
    "idle_workers_end": (
        "core/lambda_runtime.py",
        "if worker.in_use or idle < ttl or (i == 0 and not snapstart_version):",
    ),
    "changed_functions_finish_their_calls": (
        "core/lambda_runtime.py",
        "for w in (_workers.pop(k, []) or [])]\n    # Outside the lock",
    ),
    "code_is_unpacked_once": ("core/lambda_runtime.py", "            zf.extractall(code_dir)"),
    "functions_find_apis_here": (
        "services/apigateway.py",
        '"apiEndpoint": f"{_api_endpoint_scheme(protocol)}://{api_id}.execute-api.{_HOST}:{_PORT}"',
    ),
    "connections_are_calls_like_others": (
        "services/apigateway.py",
        'if code_zip and runtime.startswith(("python", "nodejs")):\n        # get_or_create_worker',
    ),
    "failures_are_not_told_to_callers": (
        "services/lambda_svc.py",
        'else str(err_body)\n        return {\n            "statusCode": 502,',
    ),
    "tables_expire_their_items": (
        "services/cloudformation/provisioners.py",
        '        "Tags": [],\n    }\n    _dynamodb._tables[name] = table\n',
    ),
    "expressions_are_parsed_once": (
        "services/dynamodb.py",
        "        tokens = _tokenize(expr)\n        err = _check_redundant_parens(tokens, slot)",
    ),
    "queues_have_one_lock": (
        "services/sqs.py",
        "while True:\n        _expire_retained(q)\n        _dlq_sweep(q)\n        msgs = _coll",
    ),
    "tables_are_journaled": (
        "services/dynamodb.py",
        '        "imports": copy.deepcopy(_imports),\n    }\n',
    ),
    "queues_are_journaled": (
        "services/sqs.py",
        "def _restore_state(data):\n    if data:\n        _queues.update(",
    ),
    "mails_are_kept": (
        "services/ses.py",
        'lst = []\n        _sent_emails["entries"] = lst\n    return lst',
    ),
    "people_are_journaled": (
        "services/cognito.py",
        '        "challenge_sessions": copy.deepcopy(_challenge_sessions),\n    }\n',
    ),
    "everything_is_journaled": (
        "app.py",
        "            if PERSIST_STATE:\n                save_all(_build_persistence_save_dict())",
    ),
    "events_are_not_hoarded": (
        "services/eventbridge.py",
        "        _events_log_list().append(event_record)\n",
    ),
    "logs_are_bounded": (
        "services/lambda_svc.py",
        "[{qualifier}]{new_uuid().replace('-', '')}\"",
    ),
    "stream_triggers_fail_like_aws": (
        "services/lambda_svc.py",
        "# Position doesn't advance on failure, so the next pass",
    ),
    "triggers_rest_unless_serving": (
        "services/lambda_svc.py",
        "    _restore_state(data)\n    if _esms.has_any():\n        _ensure_poller()\n",
    ),
    "empty_queues_are_passed_over": (
        "services/sqs.py",
        "_expire_retained(q)\n        _dlq_sweep(q)\n        return _collect_msgs(q, max_n, vis)",
    ),
    "batches_are_gathered": ("services/sqs.py", "max_n = min(int(max_number or 1), 10)\n"),
    "executions_begin_at_once": ("services/stepfunctions.py", "    time.sleep(0.15)\n\n    sm ="),
    "executions_take_turns": (
        "services/stepfunctions.py",
        "threading.Thread(\n        target=ctx_snapshot.run,\n        args=(_run_execution,",
    ),
    "customers_go_first": (
        "services/stepfunctions.py",
        "args=(_run_execution, exec_arn),\n        daemon=True,\n    ).start()",
    ),
    "retries_wait_as_written": (
        "services/stepfunctions.py",
        "sleep_sec = interval * (backoff ** count)\n",
    ),
    "old_executions_are_forgotten": (
        "services/stepfunctions.py",
        '        "executions": copy.deepcopy(_executions),\n',
    ),
}  # fmt: skip


def upstream(file: str) -> str:
    spec = find_spec("ministack")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / file).read_text()


def test_the_engine_is_the_one_the_patches_were_written_for() -> None:
    assert version("ministack") == "1.5.33"


@pytest.mark.parametrize("patch", UPSTREAM)
def test_upstream_still_needs_the_patch(patch: str) -> None:
    file, written = UPSTREAM[patch]

    assert written in upstream(file)


def test_no_patch_goes_unwatched() -> None:
    tree = ast.parse(PATCHES.read_text())
    applied = next(
        node.value for node in tree.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "PATCHES"
    )  # fmt: skip
    assert isinstance(applied, ast.Tuple)

    assert {ast.unparse(name).partition(".")[2] for name in applied.elts} == UPSTREAM.keys()


def test_a_quiet_call_does_not_wait_for_log_lines(opened: Opened) -> None:
    opened.invoke()

    times = []
    for _ in range(9):
        started = time.perf_counter()
        opened.invoke()
        times.append(time.perf_counter() - started)

    assert median(times) < 0.045


def test_a_call_keeps_its_own_log_lines(opened: Opened) -> None:
    spoken = [base64.b64decode(opened.invoke(log=f"line {i}")["LogResult"]) for i in range(20)]
    quiet = base64.b64decode(opened.invoke().get("LogResult", ""))

    assert all(f"line {i}\n".encode() in log + b"\n" for i, log in enumerate(spoken))
    assert b"line" not in quiet


def test_a_worker_survives_its_handlers_exception(opened: Opened) -> None:
    before = opened.invoke()["said"]["pid"]

    failed = opened.invoke(wrong=True)

    assert failed["FunctionError"] == "Unhandled"
    assert failed["said"]["errorMessage"] == "as asked"
    assert failed["said"]["errorType"] == "ValueError"
    assert opened.invoke()["said"]["pid"] == before


def test_calls_beyond_the_bound_wait_for_one_of_four_workers(opened: Opened) -> None:
    with ThreadPoolExecutor(12) as callers:
        answers = list(callers.map(lambda _: opened.invoke(seconds=0.1), range(12)))

    assert all("FunctionError" not in answer for answer in answers)
    assert len({answer["said"]["pid"] for answer in answers}) <= 4


def test_functions_that_call_themselves_never_wait_for_each_other(opened: Opened) -> None:
    with ThreadPoolExecutor(5) as callers:
        calls = callers.map(lambda _: opened.invoke("NestedName", again=1, seconds=0.1), range(5))
        answers = list(calls)

    assert all("pid" in answer["said"] for answer in answers), answers


def test_code_and_layer_are_unpacked_once_for_all_workers(opened: Opened) -> None:
    opened.invoke()
    opened.call("GET", "/api/guest/echo")

    unpacked = list((opened.shop.state / "tmp" / "unpacked").iterdir())

    assert len(unpacked) == 2
    assert not list((opened.shop.state / "tmp").glob("ministack-lambda-*/code/*"))


def test_a_worker_gives_way_to_the_engine(opened: Opened) -> None:
    worker, engine = opened.invoke()["said"]["pid"], opened.running.pid

    niceness = [os.getpriority(os.PRIO_PROCESS, pid) for pid in (worker, engine)]

    assert niceness[0] > niceness[1]


def test_a_failure_is_not_told_to_the_apis_caller(opened: Opened) -> None:
    status, _, body = opened.call("GET", "/api/guest/greed")

    assert (status, body) == (500, '{"message":"Internal Server Error"}')


def test_a_function_may_do_only_what_its_role_allows(opened: Opened) -> None:
    opened.call("GET", "/api/guest/greed")

    logs = opened.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/Souk-dev-Greedy")["logGroups"]
    events = logs.filter_log_events(logGroupName=groups[0]["logGroupName"])["events"]

    assert any("not authorized to perform: dynamodb:Scan" in event["message"] for event in events)


def test_a_tables_items_expire_as_the_template_says(opened: Opened) -> None:
    table = opened.running.outputs["TableName"]

    kept = opened.client("dynamodb").describe_time_to_live(TableName=table)

    assert kept["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires",
    }


@pytest.mark.parametrize(("patched", "left"), [("", 3), ("patches.apply()", 0)])
def test_events_long_delivered_are_not_kept_in_memory(patched: str, left: int) -> None:
    kept = in_the_engine(f"""
{patched}
from ministack.services import eventbridge
eventbridge._put_events({{"Entries": [
    {{"Source": "souk.small", "DetailType": "OrderPlaced", "Detail": "{{}}"}}] * 3}})
print(len(eventbridge._events_log_list()))
""")

    assert int(kept) == left


@pytest.mark.parametrize(("patched", "kept"), [("", 5_100), ("patches.apply()", 5_000)])
def test_of_mails_the_last_ones_are_kept(patched: str, kept: int) -> None:
    left = in_the_engine(f"""
{patched}
from ministack.services import ses
for n in range(5_100):
    ses._sent_emails_list().append({{"MessageId": n}})
assert ses._sent_emails_list()[-1]["MessageId"] == 5_099
print(len(ses._sent_emails["entries"]))
""")

    assert int(left) == kept


@pytest.mark.parametrize(
    ("patched", "named"), [("", "*"), ("patches.apply()", "identity/orders@souk.example")]
)
def test_a_right_to_send_is_one_on_the_senders_identity(patched: str, named: str) -> None:
    arn = in_the_engine(f"""
{patched}
from ministack.core import iam_actions
asked = {{"Action": ["SendEmail"], "Source": ["Souk <orders@souk.example>"]}}
print(iam_actions.extract_resource_arn("ses", "POST", "/", {{}}, b"", asked, "r", "a"))
""")

    assert arn.rpartition(":")[2] == named


@pytest.mark.parametrize(("patched", "kept"), [("", 700), ("patches.apply()", 500)])
def test_of_each_function_the_last_calls_are_in_the_log(patched: str, kept: int) -> None:
    left = in_the_engine(f"""
{patched}
from ministack.services import cloudwatch_logs, lambda_svc
for n in range(700):
    lambda_svc._emit_lambda_logs({{"FunctionName": "f"}}, f"call-{{n}}", "", False, 1)
streams = list(cloudwatch_logs._log_groups["/aws/lambda/f"]["streams"].values())
assert "call-699" in streams[-1]["events"][0]["message"]
print(len(streams))
""")

    assert int(left) == kept


@pytest.mark.parametrize(("patched", "kept"), [("", 5_000), ("patches.apply()", 1_000)])
def test_of_a_stream_all_triggers_have_read_a_bounded_tail_is_kept(patched: str, kept: int) -> None:
    left = in_the_engine(f"""
{patched}
from ministack.services import dynamodb, lambda_svc
dynamodb._create_table({{"TableName": "books", "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{{"AttributeName": "pk", "KeyType": "HASH"}}],
    "AttributeDefinitions": [{{"AttributeName": "pk", "AttributeType": "S"}}],
    "StreamSpecification": {{"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}}})
arn = dynamodb._tables["books"]["LatestStreamArn"]
for trigger in "fast", "slow":
    lambda_svc._esms[trigger] = {{"UUID": trigger, "EventSourceArn": arn}}
for n in range(5000):
    dynamodb._put_item({{"TableName": "books", "Item": {{"pk": {{"S": str(n)}}}}}})
lambda_svc._dynamodb_stream_positions["fast"] = 5000
lambda_svc._dynamodb_stream_positions["slow"] = 10
assert len(dynamodb._stream_records["books"]) == 5000
assert dynamodb.stream_records_since("books", 10, 1)[0]["dynamodb"]["Keys"]["pk"]["S"] == "10"
lambda_svc._dynamodb_stream_positions["slow"] = 5000
assert dynamodb.stream_end_position("books") == 5000
assert dynamodb.stream_records_since("books", 4500, 1)[0]["dynamodb"]["Keys"]["pk"]["S"] == "4500"
print(len(dynamodb._stream_records["books"]))
""")

    assert int(left) == kept


@pytest.mark.parametrize(("patched", "left"), [("", 3), ("patches.apply()", 4)])
def test_a_message_sent_while_another_is_deleted_is_not_lost(patched: str, left: int) -> None:
    messages = in_the_engine(f"""
{patched}
import threading
from ministack.services import sqs, eventbridge
from ministack.core.arn import parse_arn
sqs._act_create_queue({{"QueueName": "q"}}, "")
url, queue = next(iter(sqs._queues.items()))
for i in range(4):
    sqs._HANDLERS["SendMessage"]({{"QueueUrl": url, "MessageBody": str(i)}}, url)
handle = sqs._collect_msgs(queue, 1, 30)[0]["receipt_handle"]
arn = parse_arn(queue["attributes"]["QueueArn"])
class Slow(list):
    def __iter__(self):
        yield from super().__iter__()
        if senders: return
        sender = threading.Thread(target=eventbridge._dispatch_to_sqs, args=(arn, "late"))
        sender.start(); senders.append(sender); sender.join(0.3)
senders = []
dict.__setitem__(queue, "messages", Slow(queue["messages"]))
sqs._HANDLERS["DeleteMessage"]({{"QueueUrl": url, "ReceiptHandle": handle}}, url)
for sender in senders: sender.join()
print(len(queue["messages"]))
""")

    assert int(messages) == left


def test_a_function_finds_an_api_where_the_engine_is() -> None:
    told = in_the_engine("""
from ministack.core import lambda_runtime as runtime
runtime.Worker._spawn = lambda worker: print(*worker.config["Environment"]["Variables"].values())
patches.workers.functions_find_apis_here()
class Worker:
    config = {"Environment": {"Variables": {
        "LIVE": "https://abc1.execute-api.us-east-1.amazonaws.com/live", "OTHER": "https://a.b/c"}}}
runtime.Worker._spawn(Worker())
""")

    assert told == "http://127.0.0.1:1/_aws/execute-api/abc1/live https://a.b/c"


def test_the_function_of_a_connection_is_called_like_all_others() -> None:
    told = in_the_engine("""
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
answer = asyncio.run(apigateway._invoke_ws_lambda(
    "api", "000000000000", "us-east-1", {"target": "integrations/i"}, "live", "c-1", "CONNECT",
    "m-1", "", "127.0.0.1", {}))
print(answer["statusCode"])
""")

    assert told.split() == ["CONNECT", "204"]

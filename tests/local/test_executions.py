"""Executions of Step Functions with the patches: their start, their concurrency, their retries."""

from tests.local.engine import run_in_engine

WORKFLOW = """
import json, threading, time
from ministack.services import stepfunctions as sfn
patches.apply()
patches.triggers.serving.set()
retry = {"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "BackoffRate": 9, "MaxAttempts": 20,
         "MaxDelaySeconds": 2, "JitterStrategy": "FULL"}
task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 5,
        "Arguments": {"FunctionName": "f", "Payload": "{% $states.context.Execution.Name %}"},
        "Retry": [retry], "End": True}
states = {"StartAt": "A", "QueryLanguage": "JSONata", "States": {"A": task}}
machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
sfn._state_machines[machine] = {"stateMachineArn": machine, "name": "m", "roleArn": "r",
                                "definition": json.dumps(states)}
def start(name):
    started = sfn._start_execution({"stateMachineArn": machine, "name": name, "input": "{}"})
    return json.loads(started[2])["executionArn"]
def running():
    executions = sfn._executions._data.values()
    return [execution for execution in executions if execution["status"] == "RUNNING"]
def wait():
    deadline = time.monotonic() + 20
    while running() and time.monotonic() < deadline: time.sleep(0.005)
"""


def test_an_execution_starts_immediately() -> None:
    milliseconds = run_in_engine(f"""{WORKFLOW}
sfn._call_lambda = lambda name, payload: {{}}
times = []
for number in range(9):
    started = time.perf_counter()
    start(str(number)); wait()
    times.append(1000 * (time.perf_counter() - started))
print(sorted(times)[4])
""")

    assert float(milliseconds) < 75


def test_executions_beyond_the_limit_wait_before_their_timeout_starts() -> None:
    peak, unfinished = run_in_engine(f"""{WORKFLOW}
peak, concurrent, lock = 0, 0, threading.Lock()
def call(name, payload):
    global peak, concurrent
    with lock: concurrent += 1; peak = max(peak, concurrent)
    time.sleep(0.01)
    with lock: concurrent -= 1
sfn._call_lambda = call
for number in range(60): start(str(number))
wait()
print(peak, len(running()))
""").split()

    assert int(peak) == 4
    assert int(unfinished) == 0


def test_a_waiting_execution_lets_others_run() -> None:
    status = run_in_engine(f"""{WORKFLOW}
service_is_up, sleep = threading.Event(), sfn.time.sleep
sfn.time.sleep = lambda seconds: service_is_up.wait() if seconds > 0.1 else sleep(seconds)
def call(name, payload):
    if payload.startswith("busy") and not service_is_up.is_set():
        raise sfn._ExecutionError("Busy", "later")
sfn._call_lambda = call
for number in range(30): start(f"busy-{{number}}")
sleep(0.3)
last = start("other")
sleep(0.3)
print(sfn._executions[last]["status"])
service_is_up.set(); wait()
""")

    assert status == "SUCCEEDED"


def test_no_execution_runs_a_task_while_the_shop_stops() -> None:
    calls = run_in_engine(f"""{WORKFLOW}
calls = []
sfn._call_lambda = lambda name, payload: calls.append(payload)
patches.triggers.serving.clear()
start("late"); time.sleep(0.2)
before = len(calls)
patches.triggers.serving.set(); wait()
print(before, len(calls))
""")

    assert calls == "0 1"


def test_an_execution_waits_for_requests_in_progress_but_not_for_later_ones() -> None:
    calls = run_in_engine(f"""{WORKFLOW}
calls, requests = [], patches.request_priority.api_requests
sfn._call_lambda = lambda name, payload: calls.append(payload)
requests.started(); start("waiting"); time.sleep(0.1)
during_request = len(calls)
requests.finished(); requests.started(); wait()
after_request = len(calls)
start("during more requests"); wait()
print(during_request, after_request, len(calls))
""")

    assert calls == "0 1 2"


def test_retries_wait_for_random_times_up_to_the_maximum_delay() -> None:
    output = run_in_engine(f"""{WORKFLOW}
delays, sleep = [], sfn.time.sleep
sfn.time.sleep = lambda seconds: delays.append(seconds) if seconds != 0.005 else sleep(seconds)
calls = iter(range(99))
def call(name, payload):
    if next(calls) < 20: raise sfn._ExecutionError("Busy", "later")
sfn._call_lambda = call
start("one"); wait()
print(len(delays), max(delays) <= 2, len(set(delays)) > 15)
""")

    assert output == "20 True True"


def test_only_the_latest_finished_executions_are_kept() -> None:
    kept = run_in_engine(f"""{WORKFLOW}
sfn._call_lambda = lambda name, payload: None
for number in range(250): start(str(number))
wait(); time.sleep(0.1)
print(len(sfn._executions._data))
""")

    assert int(kept) == 200

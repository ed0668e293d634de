"""Step Functions' executions under the patches: when they begin, who waits, what is kept."""

from tests.local.engine import in_the_engine

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
    return [each for each in sfn._executions._data.values() if each["status"] == "RUNNING"]
def wait():
    deadline = time.monotonic() + 20
    while running() and time.monotonic() < deadline: time.sleep(0.005)
"""


def test_an_execution_begins_at_once() -> None:
    milliseconds = in_the_engine(f"""{WORKFLOW}
sfn._call_lambda = lambda name, payload: {{}}
times = []
for number in range(9):
    began = time.perf_counter()
    start(str(number)); wait()
    times.append(1000 * (time.perf_counter() - began))
print(sorted(times)[4])
""")

    assert float(milliseconds) < 75


def test_executions_beyond_the_bound_wait_their_turn_before_their_time_runs() -> None:
    most, left = in_the_engine(f"""{WORKFLOW}
most, live, lock = 0, 0, threading.Lock()
def call(name, payload):
    global most, live
    with lock: live += 1; most = max(most, live)
    time.sleep(0.01)
    with lock: live -= 1
sfn._call_lambda = call
for number in range(60): start(str(number))
wait()
print(most, len(running()))
""").split()

    assert int(most) == 4
    assert int(left) == 0


def test_an_execution_that_waits_lets_others_pass() -> None:
    passed = in_the_engine(f"""{WORKFLOW}
patience = threading.Event()
sfn.time.sleep, really = (lambda seconds: patience.wait() if seconds > 0.1 else really(seconds),
                          sfn.time.sleep)
def call(name, payload):
    if payload.startswith("busy") and not patience.is_set():
        raise sfn._ExecutionError("Busy", "later")
sfn._call_lambda = call
waiting = [start(f"busy-{{number}}") for number in range(30)]
really(0.3)
last = start("quick")
really(0.3)
print(sfn._executions[last]["status"])
patience.set(); wait()
""")

    assert passed == "SUCCEEDED"


def test_no_execution_takes_a_step_while_the_shop_closes() -> None:
    asked = in_the_engine(f"""{WORKFLOW}
asked = []
sfn._call_lambda = lambda name, payload: asked.append(payload)
patches.triggers.serving.clear()
start("late"); time.sleep(0.2)
before = len(asked)
patches.triggers.serving.set(); wait()
print(before, len(asked))
""")

    assert asked == "0 1"


def test_an_execution_lets_customers_pass_but_waits_for_no_crowd_to_end() -> None:
    asked = in_the_engine(f"""{WORKFLOW}
asked, requests = [], patches.requests.at_hand
sfn._call_lambda = lambda name, payload: asked.append(payload)
requests.come(); start("behind"); time.sleep(0.1)
while_answering = len(asked)
requests.go(); requests.come(); wait()
once_answered = len(asked)
start("in a crowd"); wait()
print(while_answering, once_answered, len(asked))
""")

    assert asked == "0 1 2"


def test_a_retry_waits_no_longer_than_written_and_never_quite_the_same() -> None:
    told = in_the_engine(f"""{WORKFLOW}
delays, sleep = [], sfn.time.sleep
sfn.time.sleep = lambda seconds: delays.append(seconds) if seconds != 0.005 else sleep(seconds)
calls = iter(range(99))
def call(name, payload):
    if next(calls) < 20: raise sfn._ExecutionError("Busy", "later")
sfn._call_lambda = call
start("one"); wait()
print(len(delays), max(delays) <= 2, len(set(delays)) > 15)
""")

    assert told == "20 True True"


def test_only_the_last_finished_executions_are_kept() -> None:
    kept = in_the_engine(f"""{WORKFLOW}
sfn._call_lambda = lambda name, payload: None
for number in range(250): start(str(number))
wait(); time.sleep(0.1)
print(len(sfn._executions._data))
""")

    assert int(kept) == 200

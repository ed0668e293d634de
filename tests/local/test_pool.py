"""Few workers for all functions: who waits, who gives way, who ends."""

import threading
from concurrent.futures import ThreadPoolExecutor

from infra.publish import publish
from local.shop import UNKNOWN_AT_HOME
from tests.local.conftest import Opened
from tests.local.engine import in_the_engine
from tests.local.small_shop import STACK, write_assembly

# Functions of one line each, real workers, and a bound of three.
A_SMALL_POOL = """
patches.apply()
import io, subprocess, threading, time, zipfile
from concurrent.futures import ThreadPoolExecutor
from ministack.core import lambda_runtime as runtime
from ministack.services import lambda_svc
from local.patches import pool
pool.WORKERS, pool.WORKERS_PER_FUNCTION = 3, 3
pool.RESTED, pool.STALLED = 0.5, 60

def zipped(source):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("code.py", source)
    return packed.getvalue()

CODE = zipped("import os, time\\ndef handler(event, _): time.sleep(event); return os.getpid()")

def function(name):
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    config = {"FunctionName": name, "FunctionArn": arn, "Handler": "code.handler",
              "Runtime": "python3.14", "RevisionId": "1"}
    return lambda_svc._functions.setdefault(name, {"config": config, "code_zip": CODE})

def call(name, seconds=0.0):
    return lambda_svc._execute_function_warm(function(name), seconds, "id")["body"]

def nested(name, seconds=0.0):
    pool._called_by_a_function.set(True)
    return call(name, seconds)

def alive():
    listed = subprocess.run(["/bin/ps", "-ww", "--ppid", str(os.getpid()), "-o", "stat=,args="],
                            capture_output=True, text=True).stdout
    mark = "_worker" + ".py"  # not as it stands: a child being born has this script's command line
    return sum(mark in line and line[0] != "Z" for line in listed.splitlines())

def together(*calls):
    with ThreadPoolExecutor(len(calls)) as callers:
        return [future.result() for future in [callers.submit(*each) for each in calls]]
"""


def in_a_small_pool(script: str) -> str:
    return in_the_engine(f"{A_SMALL_POOL}\n{script}\npool.closed.set(); runtime.reset()")


def test_all_functions_together_have_few_workers() -> None:
    seen = in_a_small_pool("""
with ThreadPoolExecutor(7) as callers:
    calls, most = [callers.submit(call, name, 0.3) for name in "abcdefg"], 0
    while not all(each.done() for each in calls):
        most = max(most, alive())
print(most, len({each.result() for each in calls}))
""")

    assert seen == "3 7"


def test_the_least_recently_used_worker_gives_way() -> None:
    kept = in_a_small_pool("""
before = {name: call(name) for name in "abc"}
call("a")
call("d")
print(*[name for name in "ac" if call(name) == before[name]])
""")

    assert kept == "a c"


def test_a_function_with_workers_takes_none_of_one_just_as_busy() -> None:
    first, later = in_a_small_pool("""
one, other = together((call, "a", 0.1), (call, "a", 0.1))
call("b")
print(len({*together((call, "a", 0.1), (call, "a", 0.1), (call, "a", 0.1))}), end=" ")
time.sleep(pool.RESTED)
print(len({*together((call, "a", 0.1), (call, "a", 0.1), (call, "a", 0.1))}))
""").split()

    assert (first, later) == ("2", "3")


def test_a_call_by_a_function_never_waits_and_what_it_needed_ends_with_it() -> None:
    answers, left, seconds = in_a_small_pool("""
all_at_work = threading.Barrier(3)
def caller(name):
    worker, _ = pool._acquire_worker(name, function(name)["config"], CODE)
    try:
        all_at_work.wait()
        return nested("callee")
    finally:
        pool._release_worker(worker)
started = time.monotonic()
answers = together(*[(caller, name) for name in "abc"])
print(len([each for each in answers if isinstance(each, int)]), len(pool._everyone()),
      time.monotonic() - started)
""").split()

    assert (answers, left) == ("3", "3")
    assert float(seconds) < 30


def test_what_waits_while_nothing_comes_free_is_let_in() -> None:
    waited = in_a_small_pool("""
pool.STALLED = 0.4
for name in "abc":
    pool._acquire_worker(name, function(name)["config"], CODE)
started = time.monotonic()
answer = call("d")
print(isinstance(answer, int), time.monotonic() - started >= pool.STALLED)
""")

    assert waited == "True True"


def test_idle_workers_end_and_no_folder_stays() -> None:
    before, after, folders = in_a_small_pool("""
import tempfile
from pathlib import Path
tempfile.tempdir = tempfile.mkdtemp()
together((call, "a", 0.1), (call, "b", 0.1))
print(alive(), end=" ")
runtime._LOCAL_WORKER_TTL = 0
lambda_svc.reap_idle_workers()
print(alive(), len(list(Path(tempfile.tempdir).glob("ministack-*"))))
""").split()

    assert (before, after, folders) == ("2", "0", "0")


def test_a_worker_at_work_is_not_idle_however_long_it_takes() -> None:
    answer = in_a_small_pool("""
runtime._LOCAL_WORKER_TTL = 0
with ThreadPoolExecutor(1) as callers:
    answer = callers.submit(call, "a", 0.5)
    time.sleep(0.25)
    lambda_svc.reap_idle_workers()
    print(isinstance(answer.result(), int))
""")

    assert answer == "True"


def test_a_call_that_waited_through_a_change_leaves_no_worker_of_the_old_code() -> None:
    said = in_a_small_pool("""
for name in "bc":
    pool._acquire_worker(name, function(name)["config"], CODE)
with ThreadPoolExecutor(2) as callers:
    at_work, waiting = callers.submit(call, "a", 0.5), None
    time.sleep(0.3)
    pool.WORKERS_PER_FUNCTION = 1
    waiting = callers.submit(call, "a", 0)
    time.sleep(0.1)
    function("a")["code_zip"] = zipped("def handler(event, _): return 'new'")
    lambda_svc.invalidate_worker("a")
    print(isinstance(at_work.result(), int), isinstance(waiting.result(), int), call("a"))
""")

    assert said == "True True new"


def test_a_function_that_cannot_start_leaves_no_process() -> None:
    said, left = in_a_small_pool("""
function("a")["code_zip"] = zipped("nonsense")
print(call("a")["errorType"], alive())
""").split()

    assert (said, left) == ("RuntimeError", "0")


def test_a_closed_shop_starts_no_worker() -> None:
    said = in_a_small_pool("""
patches.workers.close()
print(lambda_svc._execute_function_warm(function("a"), 0, "id")["throttle"], alive())
""")

    assert said == "True 0"


def test_a_changed_function_finishes_its_calls(my_own: Opened) -> None:
    began = threading.Event()

    def slow() -> object:
        began.set()
        return my_own.invoke(seconds=2)["said"]

    with ThreadPoolExecutor(1) as callers:
        old = my_own.invoke()["said"]["pid"]
        at_work = callers.submit(slow)
        began.wait()
        write_assembly(my_own.assembly, greeting="changed")
        publish(my_own.assembly, STACK, my_own.running.session(), leave_out=UNKNOWN_AT_HOME)

        new = my_own.invoke()["said"]["pid"]

    assert at_work.result() == {"pid": old}
    assert new != old

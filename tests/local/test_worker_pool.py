"""All functions share a few workers: which calls wait, and which workers end."""

import threading
from concurrent.futures import ThreadPoolExecutor

from infra.publish import publish
from local.shop import UNSUPPORTED_RESOURCE_TYPES
from tests.local.conftest import SmallShop
from tests.local.engine import run_in_engine
from tests.local.sample_assembly import STACK, write_assembly

# Functions of one line, real workers, and at most three of them.
SMALL_POOL = """
patches.apply()
import io, subprocess, threading, time, zipfile
from concurrent.futures import ThreadPoolExecutor
from ministack.core import lambda_runtime as runtime
from ministack.services import lambda_svc
from local.patches import worker_pool as pool
pool.MAX_WORKERS, pool.MAX_WORKERS_PER_FUNCTION = 3, 3
pool.MIN_IDLE_SECONDS, pool.STALL_SECONDS = 0.5, 60

def zip_code(source):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("code.py", source)
    return buffer.getvalue()

CODE = zip_code("import os, time\\ndef handler(event, _): time.sleep(event); return os.getpid()")

def function(name):
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    config = {"FunctionName": name, "FunctionArn": arn, "Handler": "code.handler",
              "Runtime": "python3.14", "RevisionId": "1"}
    return lambda_svc._functions.setdefault(name, {"config": config, "code_zip": CODE})

def call(name, seconds=0.0):
    return lambda_svc._execute_function_warm(function(name), seconds, "id")["body"]

def call_from_function(name, seconds=0.0):
    pool._is_called_by_function.set(True)
    return call(name, seconds)

def count_workers():
    listed = subprocess.run(["/bin/ps", "-ww", "--ppid", str(os.getpid()), "-o", "stat=,args="],
                            capture_output=True, text=True).stdout
    # Split, because a child just forked still has the command line of this script.
    script = "_worker" + ".py"
    return sum(script in line and line[0] != "Z" for line in listed.splitlines())

def run_concurrently(*calls):
    with ThreadPoolExecutor(len(calls)) as callers:
        futures = [callers.submit(*call) for call in calls]
        return [future.result() for future in futures]
"""


def run_in_small_pool(script: str) -> str:
    return run_in_engine(f"{SMALL_POOL}\n{script}\npool.closed.set(); runtime.reset()")


def test_all_functions_together_have_at_most_three_workers() -> None:
    output = run_in_small_pool("""
with ThreadPoolExecutor(7) as callers:
    futures, peak = [callers.submit(call, name, 0.3) for name in "abcdefg"], 0
    while not all(future.done() for future in futures):
        peak = max(peak, count_workers())
print(peak, len({future.result() for future in futures}))
""")

    assert output == "3 7"


def test_the_least_recently_used_worker_is_replaced() -> None:
    output = run_in_small_pool("""
before = {name: call(name) for name in "abc"}
call("a")
call("d")
print(*[name for name in "ac" if call(name) == before[name]])
""")

    assert output == "a c"


def test_a_function_with_workers_replaces_none_of_an_equally_busy_function() -> None:
    first, later = run_in_small_pool("""
run_concurrently((call, "a", 0.1), (call, "a", 0.1))
call("b")
print(len({*run_concurrently((call, "a", 0.1), (call, "a", 0.1), (call, "a", 0.1))}), end=" ")
time.sleep(pool.MIN_IDLE_SECONDS)
print(len({*run_concurrently((call, "a", 0.1), (call, "a", 0.1), (call, "a", 0.1))}))
""").split()

    assert (first, later) == ("2", "3")


def test_a_call_by_a_function_never_waits_and_its_extra_worker_ends_with_it() -> None:
    results, workers, seconds = run_in_small_pool("""
all_callers_have_workers = threading.Barrier(3)
def caller(name):
    worker, _ = pool._acquire_worker(name, function(name)["config"], CODE)
    try:
        all_callers_have_workers.wait()
        return call_from_function("callee")
    finally:
        pool._release_worker(worker)
started = time.monotonic()
results = run_concurrently(*[(caller, name) for name in "abc"])
print(len([each for each in results if isinstance(each, int)]), len(pool._all_workers()),
      time.monotonic() - started)
""").split()

    assert (results, workers) == ("3", "3")
    assert float(seconds) < 30


def test_a_call_that_waits_while_no_worker_is_released_gets_an_extra_one() -> None:
    output = run_in_small_pool("""
pool.STALL_SECONDS = 0.4
for name in "abc":
    pool._acquire_worker(name, function(name)["config"], CODE)
started = time.monotonic()
result = call("d")
print(isinstance(result, int), time.monotonic() - started >= pool.STALL_SECONDS)
""")

    assert output == "True True"


def test_idle_workers_end_and_their_folders_are_deleted() -> None:
    before, after, folders = run_in_small_pool("""
import tempfile
from pathlib import Path
tempfile.tempdir = tempfile.mkdtemp()
run_concurrently((call, "a", 0.1), (call, "b", 0.1))
print(count_workers(), end=" ")
runtime._LOCAL_WORKER_TTL = 0
lambda_svc.reap_idle_workers()
print(count_workers(), len(list(Path(tempfile.tempdir).glob("ministack-*"))))
""").split()

    assert (before, after, folders) == ("2", "0", "0")


def test_a_worker_at_work_is_not_idle_however_long_the_call_takes() -> None:
    output = run_in_small_pool("""
runtime._LOCAL_WORKER_TTL = 0
with ThreadPoolExecutor(1) as callers:
    future = callers.submit(call, "a", 0.5)
    time.sleep(0.25)
    lambda_svc.reap_idle_workers()
    print(isinstance(future.result(), int))
""")

    assert output == "True"


def test_a_call_that_waits_during_a_change_leaves_no_worker_with_the_old_code() -> None:
    output = run_in_small_pool("""
for name in "bc":
    pool._acquire_worker(name, function(name)["config"], CODE)
with ThreadPoolExecutor(2) as callers:
    running = callers.submit(call, "a", 0.5)
    time.sleep(0.3)
    pool.MAX_WORKERS_PER_FUNCTION = 1
    waiting = callers.submit(call, "a", 0)
    time.sleep(0.1)
    function("a")["code_zip"] = zip_code("def handler(event, _): return 'new'")
    lambda_svc.invalidate_worker("a")
    print(isinstance(running.result(), int), isinstance(waiting.result(), int), call("a"))
""")

    assert output == "True True new"


def test_a_function_that_cannot_start_leaves_no_process() -> None:
    error_type, workers = run_in_small_pool("""
function("a")["code_zip"] = zip_code("nonsense")
print(call("a")["errorType"], count_workers())
""").split()

    assert (error_type, workers) == ("RuntimeError", "0")


def test_a_stopped_shop_starts_no_worker() -> None:
    output = run_in_small_pool("""
patches.workers.close()
print(lambda_svc._execute_function_warm(function("a"), 0, "id")["throttle"], count_workers())
""")

    assert output == "True 0"


def test_a_changed_function_finishes_its_calls(own_shop: SmallShop) -> None:
    has_started = threading.Event()

    def slow() -> object:
        has_started.set()
        return own_shop.invoke(seconds=2)["result"]

    with ThreadPoolExecutor(1) as callers:
        old_pid = own_shop.invoke()["result"]["pid"]
        running = callers.submit(slow)
        has_started.wait()
        write_assembly(own_shop.assembly, greeting="changed")
        publish(
            own_shop.assembly,
            STACK,
            own_shop.running.session(),
            omit_types=UNSUPPORTED_RESOURCE_TYPES,
        )

        new_pid = own_shop.invoke()["result"]["pid"]

    assert running.result() == {"pid": old_pid}
    assert new_pid != old_pid

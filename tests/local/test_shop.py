"""Starting, finding, asking and stopping a shop."""

import os
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import rmtree

import pytest

from local import people
from local.secret import secret
from local.shop import Shop, ShopError
from tests.local.conftest import Opened, free_port, open_shop, soon
from tests.local.small_shop import write_assembly


def quiet(_: str) -> None:
    pass


def processes_of(opened: Opened) -> list[str]:
    listed = subprocess.run(
        ["/bin/ps", "-o", "stat=,args=", "-g", str(opened.running.pid)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return [line for line in listed.stdout.splitlines() if not line.startswith("Z")]


def test_an_order_travels_from_the_door_to_the_consumer(opened: Opened) -> None:
    opened.order("traveller")

    assert soon(lambda: opened.heard("traveller"))


def test_a_message_given_up_is_counted_as_dead(opened: Opened) -> None:
    opened.order("poison")

    def dead() -> int:
        (queue,) = [queue for queue in opened.shop.status().queues if queue.name == "small-shop"]
        return queue.dead

    assert soon(lambda: dead() == 1)


def test_an_open_shop_tells_where_it_is(opened: Opened) -> None:
    status = opened.shop.status().as_json()

    origin = f"http://127.0.0.1:{opened.running.port}"
    assert status["ready"] is True
    assert status["urls"] == {
        "api": f"{origin}/api", "storefront": f"{origin}/", "docs": f"{origin}/api/docs/",
    }  # fmt: skip
    assert {"name", "visible", "in_flight", "dead"} == status["queues"][0].keys()


def test_starting_an_open_shop_again_changes_nothing(opened: Opened) -> None:
    port = opened.running.port

    again = opened.shop.start(opened.assembly, opened.openapi, port, False, quiet)

    assert again == opened.running


def test_an_open_shop_is_not_moved_to_another_port(opened: Opened) -> None:
    with pytest.raises(ShopError, match=rf"open on port {opened.running.port} already"):
        opened.shop.start(opened.assembly, opened.openapi, free_port(), False, quiet)


def test_what_a_relay_could_not_publish_is_counted_as_dead(my_own: Opened) -> None:
    url = my_own.running.outputs["RelayDlqUrl"]
    my_own.client("sqs").send_message(QueueUrl=url, MessageBody="unpublishable")

    queues = {queue.name: queue for queue in my_own.shop.status().queues}

    relay = queues[url.rpartition("/")[2]]
    assert (relay.visible, relay.in_flight) == (0, 0)
    assert relay.dead == 1


def test_the_persons_own_aws_settings_and_proxy_have_no_part_in_it(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("no configuration [")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "of-another-account")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    buckets = opened.running.session().client("s3").list_buckets()["Buckets"]

    assert buckets


def test_nobody_else_on_the_machine_looks_into_a_shop(opened: Opened) -> None:
    assert opened.shop.state.stat().st_mode & 0o777 == 0o700


def test_what_was_under_way_goes_on_after_a_restart(my_own: Opened) -> None:
    for i in range(12):
        my_own.order(f"early-{i}")
    assert my_own.shop.stop()

    my_own.running = my_own.shop.start(
        my_own.assembly, my_own.openapi, my_own.running.port, False, quiet
    )
    my_own.order("late")

    assert soon(lambda: my_own.heard("late"))
    assert soon(lambda: all(my_own.heard(f"early-{i}") for i in range(12)))


def test_a_message_in_someones_hands_is_free_again_after_a_restart(my_own: Opened) -> None:
    queue = {"QueueUrl": my_own.running.outputs["RelayDlqUrl"]}
    my_own.client("sqs").send_message(**queue, MessageBody="held")
    my_own.client("sqs").receive_message(**queue, VisibilityTimeout=3600)
    my_own.shop.stop()

    my_own.running = my_own.shop.start(
        my_own.assembly, my_own.openapi, my_own.running.port, False, quiet
    )

    received = my_own.client("sqs").receive_message(**queue)
    assert received["Messages"][0]["Body"] == "held"


def test_a_closed_shop_leaves_no_process_and_no_temporary_folder(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.call("GET", "/api/guest/echo")

    assert shop.shop.stop()

    assert processes_of(shop) == []
    assert not (shop.shop.state / "tmp").exists()
    assert shop.shop.running() is None
    assert not shop.shop.stop()
    assert shop.shop.status().as_json() == {"ready": False, "urls": {}, "queues": []}


def test_a_killed_shop_takes_its_workers_with_it_and_starts_again(my_own: Opened) -> None:
    my_own.call("GET", "/api/guest/echo")
    os.kill(my_own.running.pid, signal.SIGKILL)
    assert soon(lambda: processes_of(my_own) == [])

    again = my_own.shop.start(my_own.assembly, my_own.openapi, my_own.running.port, False, quiet)

    assert again.pid != my_own.running.pid
    assert my_own.shop.status().ready


def test_workers_at_work_end_with_a_killed_engine(my_own: Opened) -> None:
    my_own.invoke()
    with ThreadPoolExecutor(1) as callers:
        at_work = callers.submit(my_own.invoke, seconds=9)
        time.sleep(0.5)
        assert not at_work.done()

        os.kill(my_own.running.pid, signal.SIGKILL)

        assert soon(lambda: processes_of(my_own) == [], seconds=2)
        assert at_work.exception() is not None


def test_closing_a_killed_shop_removes_what_it_left(my_own: Opened) -> None:
    my_own.invoke()
    os.killpg(my_own.running.pid, signal.SIGKILL)
    assert soon(lambda: my_own.shop.running() is None)
    assert (my_own.shop.state / "tmp").exists()

    assert not my_own.shop.stop()

    assert processes_of(my_own) == []
    assert not (my_own.shop.state / "tmp").exists()


def test_two_shops_know_nothing_of_each_other(opened: Opened, my_own: Opened) -> None:
    my_own.order("of-mine-alone")
    opened.order("of-the-other-alone")
    assert soon(lambda: my_own.heard("of-mine-alone") and opened.heard("of-the-other-alone"))

    my_own.shop.stop()

    assert not opened.heard("of-mine-alone")
    assert opened.call("GET", "/api/guest/echo")[0] == 200


def test_a_fresh_start_forgets_orders_and_secret(my_own: Opened) -> None:
    my_own.order("forgotten")
    assert soon(lambda: my_own.heard("forgotten"))
    before = secret(my_own.shop.state)

    my_own.running = my_own.shop.start(
        my_own.assembly, my_own.openapi, my_own.running.port, True, quiet
    )

    assert not my_own.heard("forgotten")
    assert secret(my_own.shop.state) != before


def test_a_changed_assembly_is_deployed_to_the_open_shop(my_own: Opened) -> None:
    my_own.order("kept")
    assert soon(lambda: my_own.heard("kept"))
    write_assembly(my_own.assembly, greeting="good morning")
    said: list[str] = []

    port = my_own.running.port
    my_own.openapi.write_text('{"openapi": "3.1.0", "info": "newer"}')

    running = my_own.shop.start(my_own.assembly, my_own.openapi, port, False, said.append)
    my_own.openapi.unlink()

    assert running.pid == my_own.running.pid
    assert "newer" in my_own.call("GET", "/api/openapi.json")[2]
    assert my_own.heard("kept")
    assert my_own.call("GET", "/api/guest/echo")[0] == 200


def test_a_busy_port_is_said_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(ShopError, match=rf"Port {port} is in use; .* --port"):
            Shop(tmp_path / "state").start(tmp_path, tmp_path, port, False, quiet)


def test_a_busy_port_leaves_a_shop_to_be_made_fresh_as_it_is(my_own: Opened) -> None:
    my_own.order("kept")
    assert soon(lambda: my_own.heard("kept"))
    port = my_own.running.port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(ShopError, match="is in use"):
            my_own.shop.start(my_own.assembly, my_own.openapi, taken.getsockname()[1], True, quiet)

    assert my_own.shop.running() == my_own.running
    assert (my_own.running.port, my_own.heard("kept")) == (port, True)


def test_a_damaged_state_is_named_and_left_as_it_is(my_own: Opened) -> None:
    my_own.shop.stop()
    (damaged,) = (my_own.shop.state / "journal").glob("*.snapshot")
    content = damaged.read_bytes().replace(b"TimeToLiveStatus", b"TimeToLoseStatus", 1)
    damaged.write_bytes(content)

    with pytest.raises(ShopError, match=r"\.snapshot is damaged .* begin anew with --fresh"):
        my_own.shop.start(my_own.assembly, my_own.openapi, my_own.running.port, False, quiet)

    assert damaged.read_bytes() == content
    assert my_own.shop.running() is None


def test_a_state_from_before_the_journal_is_not_taken_for_an_empty_one(my_own: Opened) -> None:
    my_own.shop.stop()
    rmtree(my_own.shop.state / "journal")
    (my_own.shop.state / "aws" / "dynamodb.json").write_text("{}")

    with pytest.raises(ShopError, match="older version; begin anew with --fresh"):
        my_own.shop.start(my_own.assembly, my_own.openapi, my_own.running.port, False, quiet)


def test_a_folder_that_cannot_be_written_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ShopError, match="choose another folder with --state"):
        Shop(tmp_path / "file" / "state").start(tmp_path, tmp_path, 1, False, quiet)


def test_a_folder_with_someone_elses_files_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "aws"
    mine.mkdir()

    with pytest.raises(ShopError, match="already holds a 'aws' that is not a shop's"):
        Shop(tmp_path).start(tmp_path, tmp_path, 1, True, quiet)

    assert mine.is_dir()


def test_a_recycled_process_id_is_not_taken_for_the_shop(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    (tmp_path / "shop.json").write_text(
        f'{{"pid": {os.getpid()}, "born": "long ago", "port": 1, "aws_port": 2,'
        ' "outputs": {}, "left_out": []}'
    )

    assert shop.running() is None


def test_a_failed_first_deployment_leaves_nothing_running(tmp_path: Path) -> None:
    assembly = tmp_path / "assembly"
    assembly.mkdir()
    write_assembly(assembly, broken=True)
    openapi = tmp_path / "openapi.json"
    openapi.write_text("{}")
    shop = Shop(tmp_path / "state")

    with pytest.raises(ShopError, match="Broken"):
        shop.start(assembly, openapi, free_port(), False, quiet)

    assert shop.running() is None


def test_people_call_with_tokens_that_carry_their_groups(opened: Opened) -> None:
    people.ensure(opened.running)
    people.ensure(opened.running)

    answers = {
        name: opened.call(
            "GET", "/api/mine", Authorization=f"Bearer {people.token(opened.running, name)}"
        )
        for name in people.PEOPLE
    }

    assert {status for status, _, _ in answers.values()} == {200}
    assert '"cognito:groups": "[staff]"' in answers["sam"][2]
    assert "cognito:groups" not in answers["ada"][2]


def test_a_stranger_gets_no_answer_and_no_token(opened: Opened) -> None:
    status, _, _ = opened.call("GET", "/api/mine", Authorization="Bearer nonsense")

    assert status == 401
    with pytest.raises(people.NobodyThere, match="There is no 'eve' in this shop; there are ada"):
        people.token(opened.running, "eve")


def test_the_shops_secret_is_its_owners_alone(opened: Opened) -> None:
    kept = secret(opened.shop.state)

    assert kept == secret(opened.shop.state)
    assert (opened.shop.state / "secret").stat().st_mode & 0o777 == 0o600


def test_a_second_start_answers_within_five_seconds(my_own: Opened) -> None:
    my_own.shop.stop()
    started = time.monotonic()

    my_own.shop.start(my_own.assembly, my_own.openapi, my_own.running.port, False, quiet)

    assert my_own.call("GET", "/api/guest/echo")[0] == 200
    assert time.monotonic() - started < 5

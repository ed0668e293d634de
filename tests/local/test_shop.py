"""A local shop is started, found, queried and stopped."""

import os
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import rmtree

import pytest

from local import demo_users
from local.process import start_time
from local.secret import load_secret
from local.shop import MARKER, STATE_FORMAT, Shop, ShopError
from tests.local.conftest import SmallShop, eventually, free_port, start_small_shop
from tests.local.sample_assembly import write_assembly


def ignore(_: str) -> None:
    pass


def start(small: SmallShop) -> None:
    small.running = small.shop.start(
        small.assembly, small.openapi, small.running.port, False, ignore
    )


def processes_of(small: SmallShop) -> list[str]:
    listed = subprocess.run(
        ["/bin/ps", "-o", "stat=,args=", "-g", str(small.running.pid)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return [line for line in listed.stdout.splitlines() if not line.startswith("Z")]


def test_an_order_reaches_the_consumer_from_the_gateway(small_shop: SmallShop) -> None:
    small_shop.place_order("traveller")

    assert eventually(lambda: small_shop.is_consumed("traveller"))


def test_a_dead_letter_message_is_counted(small_shop: SmallShop) -> None:
    small_shop.place_order("poison")

    def dead() -> int:
        queues = small_shop.shop.status().queues
        (queue,) = [queue for queue in queues if queue.name == "small-shop"]
        return queue.dead

    assert eventually(lambda: dead() == 1)


def test_the_status_of_a_running_shop_has_its_addresses_and_queues(small_shop: SmallShop) -> None:
    status = small_shop.shop.status().as_json()

    origin = f"http://127.0.0.1:{small_shop.running.port}"
    assert status["ready"] is True
    assert status["urls"] == {
        "api": f"{origin}/api", "storefront": f"{origin}/", "docs": f"{origin}/api/docs/",
    }  # fmt: skip
    assert {"name", "visible", "in_flight", "dead"} == status["queues"][0].keys()


def test_starting_a_running_shop_again_changes_nothing(small_shop: SmallShop) -> None:
    port = small_shop.running.port

    again = small_shop.shop.start(small_shop.assembly, small_shop.openapi, port, False, ignore)

    assert again == small_shop.running


def test_a_running_shop_is_not_moved_to_another_port(small_shop: SmallShop) -> None:
    expected = rf"already running on port {small_shop.running.port}"

    with pytest.raises(ShopError, match=expected):
        small_shop.shop.start(small_shop.assembly, small_shop.openapi, free_port(), False, ignore)


def test_an_event_that_a_relay_could_not_publish_is_counted_as_dead(own_shop: SmallShop) -> None:
    url = own_shop.running.outputs["RelayDlqUrl"]
    own_shop.client("sqs").send_message(QueueUrl=url, MessageBody="unpublishable")

    queues = {queue.name: queue for queue in own_shop.shop.status().queues}

    relay = queues[url.rpartition("/")[2]]
    assert (relay.visible, relay.in_flight) == (0, 0)
    assert relay.dead == 1


def test_the_users_aws_settings_and_proxy_have_no_effect(
    small_shop: SmallShop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("no configuration [")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "of-another-account")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    buckets = small_shop.running.session().client("s3").list_buckets()["Buckets"]

    assert buckets


def test_other_users_of_the_machine_cannot_read_the_state(small_shop: SmallShop) -> None:
    assert small_shop.shop.state.stat().st_mode & 0o777 == 0o700


def test_orders_in_progress_are_completed_after_a_restart(own_shop: SmallShop) -> None:
    for i in range(12):
        own_shop.place_order(f"early-{i}")
    assert own_shop.shop.stop()

    start(own_shop)
    own_shop.place_order("late")

    assert eventually(lambda: own_shop.is_consumed("late"))
    assert eventually(lambda: all(own_shop.is_consumed(f"early-{i}") for i in range(12)))


def test_a_message_in_flight_is_visible_again_after_a_restart(own_shop: SmallShop) -> None:
    queue = {"QueueUrl": own_shop.running.outputs["RelayDlqUrl"]}
    own_shop.client("sqs").send_message(**queue, MessageBody="in flight")
    own_shop.client("sqs").receive_message(**queue, VisibilityTimeout=3600)
    own_shop.shop.stop()

    start(own_shop)

    received = own_shop.client("sqs").receive_message(**queue)
    assert received["Messages"][0]["Body"] == "in flight"


def test_a_stopped_shop_leaves_no_process_and_no_temporary_folder(tmp_path: Path) -> None:
    small = start_small_shop(tmp_path)
    small.call("GET", "/api/guest/echo")

    assert small.shop.stop()

    assert processes_of(small) == []
    assert not (small.shop.state / "tmp").exists()
    assert small.shop.find_running() is None
    assert not small.shop.stop()
    assert small.shop.status().as_json() == {"ready": False, "urls": {}, "queues": []}


def test_the_workers_of_a_killed_shop_end_and_it_can_be_started_again(own_shop: SmallShop) -> None:
    own_shop.call("GET", "/api/guest/echo")
    os.kill(own_shop.running.pid, signal.SIGKILL)
    assert eventually(lambda: processes_of(own_shop) == [])

    killed = own_shop.running
    start(own_shop)

    assert own_shop.running.pid != killed.pid
    assert own_shop.shop.status().ready


def test_workers_at_work_end_with_a_killed_engine(own_shop: SmallShop) -> None:
    own_shop.invoke()
    with ThreadPoolExecutor(1) as callers:
        call = callers.submit(own_shop.invoke, seconds=9)
        time.sleep(0.5)
        assert not call.done()

        os.kill(own_shop.running.pid, signal.SIGKILL)

        assert eventually(lambda: processes_of(own_shop) == [], seconds=2)
        assert call.exception() is not None


def test_stopping_a_killed_shop_removes_its_temporary_files(own_shop: SmallShop) -> None:
    own_shop.invoke()
    os.killpg(own_shop.running.pid, signal.SIGKILL)
    assert eventually(lambda: own_shop.shop.find_running() is None)
    assert (own_shop.shop.state / "tmp").exists()

    assert not own_shop.shop.stop()

    assert processes_of(own_shop) == []
    assert not (own_shop.shop.state / "tmp").exists()


def test_two_shops_are_independent(small_shop: SmallShop, own_shop: SmallShop) -> None:
    own_shop.place_order("of-this-shop")
    small_shop.place_order("of-the-other-shop")
    assert eventually(
        lambda: own_shop.is_consumed("of-this-shop") and small_shop.is_consumed("of-the-other-shop")
    )

    own_shop.shop.stop()

    assert not small_shop.is_consumed("of-this-shop")
    assert small_shop.call("GET", "/api/guest/echo")[0] == 200


def test_a_fresh_start_deletes_orders_and_secret(own_shop: SmallShop) -> None:
    own_shop.place_order("deleted")
    assert eventually(lambda: own_shop.is_consumed("deleted"))
    before = load_secret(own_shop.shop.state)

    own_shop.running = own_shop.shop.start(
        own_shop.assembly, own_shop.openapi, own_shop.running.port, True, ignore
    )

    assert not own_shop.is_consumed("deleted")
    assert load_secret(own_shop.shop.state) != before


def test_a_changed_assembly_is_deployed_to_the_running_shop(own_shop: SmallShop) -> None:
    own_shop.place_order("existing")
    assert eventually(lambda: own_shop.is_consumed("existing"))
    write_assembly(own_shop.assembly, greeting="good morning")
    progress: list[str] = []
    port = own_shop.running.port
    own_shop.openapi.write_text('{"openapi": "3.1.0", "info": "newer"}')

    running = own_shop.shop.start(own_shop.assembly, own_shop.openapi, port, False, progress.append)
    own_shop.openapi.unlink()

    assert running.pid == own_shop.running.pid
    assert "newer" in own_shop.call("GET", "/api/openapi.json")[2]
    assert own_shop.is_consumed("existing")
    assert own_shop.call("GET", "/api/guest/echo")[0] == 200


def test_a_port_in_use_is_reported_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        with pytest.raises(ShopError, match=rf"Port {port} is in use; .* --port"):
            Shop(tmp_path / "state").start(tmp_path, tmp_path, port, False, ignore)


def test_a_fresh_start_on_a_port_in_use_leaves_the_running_shop_unchanged(
    own_shop: SmallShop,
) -> None:
    own_shop.place_order("existing")
    assert eventually(lambda: own_shop.is_consumed("existing"))
    port = own_shop.running.port
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port_in_use = listener.getsockname()[1]

        with pytest.raises(ShopError, match="is in use"):
            own_shop.shop.start(own_shop.assembly, own_shop.openapi, port_in_use, True, ignore)

    assert own_shop.shop.find_running() == own_shop.running
    assert (own_shop.running.port, own_shop.is_consumed("existing")) == (port, True)


def test_a_damaged_file_is_named_and_not_changed(own_shop: SmallShop) -> None:
    own_shop.shop.stop()
    (damaged,) = (own_shop.shop.state / "wal").glob("*.snapshot")
    content = damaged.read_bytes().replace(b"TimeToLiveStatus", b"TimeToLoseStatus", 1)
    damaged.write_bytes(content)

    with pytest.raises(ShopError, match=r"\.snapshot is damaged .* \./souk up --fresh"):
        start(own_shop)

    assert damaged.read_bytes() == content
    assert own_shop.shop.find_running() is None


def test_a_state_without_a_log_is_not_mistaken_for_an_empty_one(own_shop: SmallShop) -> None:
    own_shop.shop.stop()
    rmtree(own_shop.shop.state / "wal")
    (own_shop.shop.state / "aws" / "dynamodb.json").write_text("{}")

    with pytest.raises(ShopError, match=r"an earlier version of Souk\..* \./souk up --fresh"):
        start(own_shop)


@pytest.mark.parametrize(
    ("marker", "age"), [("", "an earlier"), ("0\n", "an earlier"), ("999\n", "a later")]
)
def test_a_state_of_another_format_is_not_started_and_not_changed(
    tmp_path: Path, marker: str, age: str
) -> None:
    (tmp_path / MARKER).write_text(marker)
    (tmp_path / "shop.json").write_text('{"pid": 0, "born": "1", "port": 1, "left_out": []}')
    shop = Shop(tmp_path)

    with pytest.raises(ShopError) as error:
        shop.start(tmp_path, tmp_path, free_port(), False, ignore)

    assert str(error.value) == (
        f"The state in {tmp_path} was made by {age} version of Souk."
        f" Start with an empty shop: ./souk up --fresh --state {tmp_path}"
    )
    assert shop.status().as_json() == {"ready": False, "urls": {}, "queues": []}
    assert not shop.stop()
    assert (tmp_path / MARKER).read_text() == marker


def test_a_fresh_start_replaces_a_state_of_another_format(own_shop: SmallShop) -> None:
    own_shop.place_order("deleted")
    assert eventually(lambda: own_shop.is_consumed("deleted"))
    marker = own_shop.shop.state / MARKER
    marker.write_text("")

    own_shop.running = own_shop.shop.start(
        own_shop.assembly, own_shop.openapi, own_shop.running.port, True, ignore
    )

    assert not own_shop.is_consumed("deleted")
    assert marker.read_text() == f"{STATE_FORMAT}\n"


def test_a_folder_that_cannot_be_written_is_reported_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ShopError, match="choose another folder with --state"):
        Shop(tmp_path / "file" / "state").start(tmp_path, tmp_path, 1, False, ignore)


def test_a_folder_with_other_files_of_these_names_is_not_used(tmp_path: Path) -> None:
    foreign = tmp_path / "aws"
    foreign.mkdir()

    with pytest.raises(ShopError, match="already contains 'aws', which does not belong to a shop"):
        Shop(tmp_path).start(tmp_path, tmp_path, 1, True, ignore)

    assert foreign.is_dir()


def test_a_process_that_reuses_the_id_is_not_mistaken_for_the_shop(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    (tmp_path / "shop.json").write_text(
        f'{{"pid": {os.getpid()}, "start_time": "long ago", "port": 1, "aws_port": 2,'
        ' "outputs": {}, "omitted_types": []}'
    )

    assert shop.find_running() is None


def test_the_process_of_an_earlier_version_is_found_so_that_it_can_be_stopped(
    tmp_path: Path,
) -> None:
    pid = os.getpid()
    (tmp_path / "shop.json").write_text(
        f'{{"pid": {pid}, "born": "{start_time(pid)}", "port": 1, "aws_port": 2,'
        ' "outputs": {}, "left_out": []}'
    )

    running = Shop(tmp_path).find_running()

    assert running is not None
    assert running.pid == pid


def test_after_a_failed_first_deployment_nothing_runs(tmp_path: Path) -> None:
    assembly = tmp_path / "assembly"
    assembly.mkdir()
    write_assembly(assembly, broken=True)
    openapi = tmp_path / "openapi.json"
    openapi.write_text("{}")
    shop = Shop(tmp_path / "state")

    with pytest.raises(ShopError, match="Broken"):
        shop.start(assembly, openapi, free_port(), False, ignore)

    assert shop.find_running() is None


def test_the_token_of_a_demo_user_contains_the_groups(small_shop: SmallShop) -> None:
    demo_users.ensure_exist(small_shop.running)
    demo_users.ensure_exist(small_shop.running)

    responses = {
        name: small_shop.call(
            "GET",
            "/api/account",
            Authorization=f"Bearer {demo_users.sign_in(small_shop.running, name)}",
        )
        for name in demo_users.DEMO_USERS
    }

    assert {status for status, _, _ in responses.values()} == {200}
    assert '"cognito:groups": "[staff]"' in responses["sam"][2]
    assert "cognito:groups" not in responses["ada"][2]


def test_an_unknown_user_gets_no_response_and_no_token(small_shop: SmallShop) -> None:
    status, _, _ = small_shop.call("GET", "/api/account", Authorization="Bearer nonsense")

    assert status == 401
    with pytest.raises(
        demo_users.UnknownDemoUser, match="There is no demo user 'eve'; there are ada"
    ):
        demo_users.sign_in(small_shop.running, "eve")


def test_only_the_owner_can_read_the_shops_secret(small_shop: SmallShop) -> None:
    secret = load_secret(small_shop.shop.state)

    assert secret == load_secret(small_shop.shop.state)
    assert (small_shop.shop.state / "secret").stat().st_mode & 0o777 == 0o600


def test_a_second_start_takes_less_than_five_seconds(own_shop: SmallShop) -> None:
    own_shop.shop.stop()
    started = time.monotonic()

    start(own_shop)

    assert own_shop.call("GET", "/api/guest/echo")[0] == 200
    assert time.monotonic() - started < 5

"""Each product is imported once, no matter how often the file is imported."""

import json
import signal
from itertools import count
from pathlib import Path

import httpx
import pytest

from cli.importing import ImportFailed
from cli.importing.run import CONCURRENCY, MAX_CONSECUTIVE_FAILURES
from tests.importing.fake_catalog import FakeCatalog, problem, run_import

LAMP = '{"sku": "LAMP", "name": "Lamp", "price": 12.10, "category": "lights", "stock": 3}\n'


def write_file(folder: Path, content: str | bytes, name: str = "list.jsonl") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def write_products(folder: Path, lines: int) -> Path:
    rows = (f"S{number},Thing {number},1.5" for number in range(lines))
    return write_file(folder, "\n".join(["sku,name,price", *rows]), "list.csv")


def outcomes(summary: object) -> dict[str, int]:
    return {**summary.outcomes}  # type: ignore[attr-defined]  # a Summary


def test_a_new_product_is_listed(tmp_path: Path) -> None:
    shop = FakeCatalog()

    summary, _ = run_import(write_file(tmp_path, LAMP), shop)

    assert shop.products["LAMP"] == {
        "sku": "LAMP",
        "name": "Lamp",
        "category": "lights",
        "description": "",
        "weight_grams": 0,
        "image": None,
        "price": {"amount": 1210, "currency": "GBP"},
        "status": "listed",
        "version": 1,
    }
    assert outcomes(summary) == {"created": 1}
    assert summary.omitted == {}


def test_the_stock_is_received_once_even_if_the_file_is_imported_twice(tmp_path: Path) -> None:
    shop = FakeCatalog()

    for _ in range(2):
        summary, _ = run_import(write_file(tmp_path, LAMP), shop)

    assert shop.receipts == {"import-LAMP": {"sku": "LAMP", "quantity": 3, "reference": "import"}}
    assert (outcomes(summary), summary.omitted) == ({"unchanged": 1}, {})


def test_a_different_stock_in_a_later_import_is_omitted(tmp_path: Path) -> None:
    shop = FakeCatalog()
    run_import(write_file(tmp_path, LAMP), shop)

    summary, _ = run_import(write_file(tmp_path, LAMP.replace('"stock": 3', '"stock": 8')), shop)

    assert (outcomes(summary), summary.omitted) == ({"unchanged": 1}, {"stock": 1})
    assert shop.receipts["import-LAMP"]["quantity"] == 3


def test_a_stock_of_zero_is_not_received_and_an_excessive_one_is_an_error(
    tmp_path: Path,
) -> None:
    zero, excessive = (LAMP.replace('"stock": 3', f'"stock": {stock}') for stock in (0, 2_000_000))
    file = write_file(tmp_path, zero + excessive.replace("LAMP", "BULB"))

    summary, report = run_import(file, FakeCatalog())

    assert outcomes(summary) == {"created": 1, "failed": 1}
    assert [(entry["line"], entry["field"]) for entry in report] == [(2, "stock")]


def test_importing_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    shop, file = FakeCatalog(), write_products(tmp_path, 40)
    run_import(file, shop)

    summary, _ = run_import(file, shop)

    assert outcomes(summary) == {"unchanged": 40}
    assert len(shop.products) == 40
    assert shop.update_count == 0


def test_only_what_differs_is_updated(tmp_path: Path) -> None:
    shop = FakeCatalog()
    run_import(write_file(tmp_path, LAMP + LAMP.replace("LAMP", "BULB")), shop)
    new_price = write_file(tmp_path, LAMP.replace("12.10", "13") + LAMP.replace("LAMP", "BULB"))

    summary, _ = run_import(new_price, shop)

    assert outcomes(summary) == {"updated": 1, "unchanged": 1}
    assert shop.products["LAMP"]["price"] == {"amount": 1300, "currency": "GBP"}
    assert shop.update_count == 1


def test_name_and_price_can_be_updated_together(tmp_path: Path) -> None:
    shop = FakeCatalog()
    run_import(write_file(tmp_path, LAMP), shop)

    summary, _ = run_import(
        write_file(tmp_path, LAMP.replace("12.10", "13").replace("Lamp", "L")), shop
    )

    assert outcomes(summary) == {"updated": 1}
    assert shop.products["LAMP"]["name"] == "L"
    assert shop.products["LAMP"]["price"]["amount"] == 1300
    reverted, _ = run_import(write_file(tmp_path, LAMP), shop)
    assert outcomes(reverted) == {"updated": 1}
    assert shop.products["LAMP"]["name"] == "Lamp"


def test_a_field_that_the_file_does_not_have_keeps_its_value(tmp_path: Path) -> None:
    shop = FakeCatalog()
    run_import(write_file(tmp_path, LAMP), shop)
    prices = write_file(tmp_path, "sku,name,price,category\nLAMP,Lamp,12.10,\n", "prices.csv")

    summary, _ = run_import(prices, shop)

    assert outcomes(summary) == {"unchanged": 1}
    assert shop.products["LAMP"]["category"] == "lights"


def test_a_concurrent_update_by_others_is_kept(tmp_path: Path) -> None:
    shop, puts = FakeCatalog(), count()
    run_import(write_file(tmp_path, LAMP), shop)

    def update_concurrently(request: httpx.Request) -> httpx.Response | None:
        if request.method == "PUT" and next(puts) == 0:
            shop.products["LAMP"] |= {"description": "by staff", "version": 2}
        return None

    shop.intercept = update_concurrently
    summary, _ = run_import(write_file(tmp_path, LAMP.replace("12.10", "13")), shop)

    assert outcomes(summary) == {"updated": 1}
    assert shop.products["LAMP"]["description"] == "by staff"
    assert shop.products["LAMP"]["price"]["amount"] == 1300


def test_a_product_whose_response_was_lost_is_not_listed_twice(tmp_path: Path) -> None:
    shop, posts = FakeCatalog(), count()

    def lose_response(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and next(posts) == 0:
            shop._route(request)
            raise httpx.ReadError("cut", request=request)
        return None

    shop.intercept = lose_response
    summary, _ = run_import(write_file(tmp_path, LAMP), shop)

    assert summary.failed == 0
    assert shop.products["LAMP"]["version"] == 1


# --- records that fail ------------------------------------------------------------------------


def test_an_invalid_record_is_reported_and_does_not_stop_others(
    tmp_path: Path,
) -> None:
    shop = FakeCatalog()
    rows = ["sku,name,price", "A,Thing,12.345", "B,,x", "C,Thing,1", "D," + "n" * 201 + ",1"]

    summary, report = run_import(write_file(tmp_path, "\n".join(rows), "list.csv"), shop)

    assert outcomes(summary) == {"failed": 3, "created": 1}
    assert [(entry["line"], entry["field"], entry["problem"]) for entry in report] == [
        (2, "price", "12.345 has more than the 2 decimals of GBP"),
        (3, "name", "is missing"),
        (3, "price", "'x' is not a plain number such as 12.50"),
        (5, "name", "Expected `str` of length <= 200"),
    ]
    assert report[0]["raw"] == "A,Thing,12.345"


def test_a_price_in_another_currency_is_invalid(tmp_path: Path) -> None:
    rows = "sku,name,price,currency\nA,Thing,1,USD\nB,Thing,1,gbp\nC,Thing,1,\n"

    summary, report = run_import(write_file(tmp_path, rows, "list.csv"), shop := FakeCatalog())

    assert report[0]["problem"] == "the price is in USD, but the shop sells in GBP"
    assert (summary.failed, sorted(shop.products)) == (1, ["B", "C"])


def test_prices_have_the_decimals_of_the_shops_currency(tmp_path: Path) -> None:
    shop = FakeCatalog(currency="JPY")
    file = write_file(tmp_path, LAMP + LAMP.replace("LAMP", "B").replace("12.10", "12"))

    _, report = run_import(file, shop)

    assert shop.products["B"]["price"] == {"amount": 12, "currency": "JPY"}
    assert report[0]["problem"] == "12.10 has more than the 0 decimals of JPY"


def test_a_second_record_for_a_sku_fails_unless_it_is_equal(
    tmp_path: Path,
) -> None:
    rows = "sku,name,price\nA,Thing,1\nA,Thing,1\nA,Thing,2\n"

    summary, report = run_import(write_file(tmp_path, rows, "list.csv"), shop := FakeCatalog())

    assert outcomes(summary) == {"created": 1, "unchanged": 1, "failed": 1}
    assert report[0]["problem"] == "A is already on line 2, with other values"
    assert shop.products["A"]["price"]["amount"] == 100


def test_a_delisted_product_stays_delisted(tmp_path: Path) -> None:
    shop = FakeCatalog()
    run_import(write_file(tmp_path, LAMP), shop)
    shop.products["LAMP"]["status"] = "delisted"

    _, report = run_import(write_file(tmp_path, LAMP), shop)

    assert report[0]["problem"] == "the product is delisted"


def test_a_record_without_a_response_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.replay.client.MIN_PAUSE_SECONDS", 0)

    def fail_one(request: httpx.Request) -> httpx.Response | None:
        return problem(500, "internal-error", "Oops.") if b'"S7"' in request.content else None

    summary, report = run_import(write_products(tmp_path, 40), FakeCatalog(intercept=fail_one))

    assert outcomes(summary) == {"created": 39, "failed": 1}
    assert report[0]["line"] == 9
    assert "got no response (internal-error)" in report[0]["problem"]


def test_an_image_that_is_a_file_name_is_omitted_and_counted(tmp_path: Path) -> None:
    rows = "sku,name,price,image\nA,Thing,1,a.jpg\nB,Thing,1,https://img.test/b.jpg\n"

    summary, _ = run_import(write_file(tmp_path, rows, "list.csv"), shop := FakeCatalog())

    assert summary.omitted == {"image": 1}
    assert shop.products["B"]["image"] == "https://img.test/b.jpg"


# --- the whole import -------------------------------------------------------------------------


def test_at_most_eight_records_are_sent_concurrently(tmp_path: Path) -> None:
    shop = FakeCatalog()

    run_import(write_products(tmp_path, 100), shop)

    assert shop.max_concurrent_requests == CONCURRENCY == 8


def test_a_shop_that_stops_responding_ends_the_import_which_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.replay.client.MIN_PAUSE_SECONDS", 0)
    shop, file = FakeCatalog(), write_products(tmp_path, 100)

    def refuse_connections(request: httpx.Request) -> httpx.Response | None:
        if len(shop.products) >= 50:
            raise httpx.ConnectError("refused", request=request)
        return None

    shop.intercept = refuse_connections
    with pytest.raises(ImportFailed, match="run the same command again"):
        run_import(file, shop)
    imported = len(shop.products)
    shop.intercept = lambda request: None
    summary, _ = run_import(file, shop)

    assert 50 <= imported <= 50 + MAX_CONSECUTIVE_FAILURES
    assert outcomes(summary) == {"unchanged": imported, "created": 100 - imported}


def test_an_interrupted_import_can_be_repeated(tmp_path: Path) -> None:
    shop, file = FakeCatalog(), write_products(tmp_path, 100)
    calls = count()

    def interrupt(done: int, total: int) -> None:
        if next(calls) == 50:
            signal.raise_signal(signal.SIGINT)  # as Ctrl-C does

    with pytest.raises(KeyboardInterrupt):
        run_import(file, shop, progress=interrupt)
    imported = len(shop.products)
    summary, _ = run_import(file, shop)

    assert 0 < imported < 100
    assert outcomes(summary) == {"unchanged": imported, "created": 100 - imported}
    assert shop.update_count == 0


def test_an_expired_token_is_renewed(tmp_path: Path) -> None:
    tokens = iter(["old", "sam"])

    summary, _ = run_import(write_products(tmp_path, 20), FakeCatalog(), token=lambda: next(tokens))

    assert outcomes(summary) == {"created": 20}


def test_without_a_staff_token_nothing_is_imported(tmp_path: Path) -> None:
    shop = FakeCatalog()

    with pytest.raises(ImportFailed, match="The access token is not valid for staff"):
        run_import(write_products(tmp_path, 20), shop, token=lambda: "ada")

    assert shop.products == {}


def test_progress_ends_at_the_size_of_the_file(tmp_path: Path) -> None:
    reported: list[tuple[int, int]] = []
    file = write_products(tmp_path, 20)

    run_import(file, FakeCatalog(), progress=lambda done, total: reported.append((done, total)))

    size = file.stat().st_size
    assert reported[-1] == (size, size)
    assert reported == sorted(reported)


def test_the_summary_counts_every_record_once(tmp_path: Path) -> None:
    summary, _ = run_import(write_file(tmp_path, LAMP + "no\n\n" + LAMP), FakeCatalog())

    as_json = json.loads(json.dumps(summary.as_json()))

    assert as_json["read"] == 3
    assert {name: as_json[name] for name in ("created", "updated", "unchanged", "failed")} == {
        "created": 1,
        "updated": 0,
        "unchanged": 1,
        "failed": 1,
    }
    assert as_json["report"].endswith("list.errors.jsonl")


def test_the_report_of_an_earlier_import_is_deleted(tmp_path: Path) -> None:
    shop = FakeCatalog()
    run_import(write_file(tmp_path, "no\n" + LAMP), shop)

    summary, report = run_import(write_file(tmp_path, LAMP), shop)

    assert (summary.report, report) == (None, [])

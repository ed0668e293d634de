"""A price list comes into the shop once, whatever is in it and however often it is imported."""

import json
import signal
from itertools import count
from pathlib import Path

import httpx
import pytest

from cli.importing import ImportRefused
from cli.importing.run import AT_ONCE, LOST_IN_A_ROW
from tests.importing.shop import FakeCatalog, imported, problem

LAMP = '{"sku": "LAMP", "name": "Lamp", "price": 12.10, "category": "lights", "stock": 3}\n'


def a_file(folder: Path, content: str | bytes, name: str = "list.jsonl") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def many(folder: Path, lines: int) -> Path:
    rows = (f"S{number},Thing {number},1.5" for number in range(lines))
    return a_file(folder, "\n".join(["sku,name,price", *rows]), "list.csv")


def outcomes(summary: object) -> dict[str, int]:
    return {**summary.outcomes}  # type: ignore[attr-defined]  # a Summary


def test_a_new_product_is_listed_as_the_file_has_it(tmp_path: Path) -> None:
    shop = FakeCatalog()

    summary, _ = imported(a_file(tmp_path, LAMP), shop)

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
    assert summary.left_out == {}


def test_its_stock_is_received_once_however_often_the_file_is_imported(tmp_path: Path) -> None:
    shop = FakeCatalog()

    for _ in range(2):
        summary, _ = imported(a_file(tmp_path, LAMP), shop)

    assert shop.receipts == {"import-LAMP": {"sku": "LAMP", "quantity": 3, "reference": "import"}}
    assert (outcomes(summary), summary.left_out) == ({"unchanged": 1}, {})


def test_another_number_later_is_told_and_the_shops_own_count_stays(tmp_path: Path) -> None:
    shop = FakeCatalog()
    imported(a_file(tmp_path, LAMP), shop)

    summary, _ = imported(a_file(tmp_path, LAMP.replace('"stock": 3', '"stock": 8')), shop)

    assert (outcomes(summary), summary.left_out) == ({"unchanged": 1}, {"stock": 1})
    assert shop.receipts["import-LAMP"]["quantity"] == 3


def test_no_stock_is_nothing_to_receive_and_too_much_is_a_fault_of_the_line(
    tmp_path: Path,
) -> None:
    none, much = (LAMP.replace('"stock": 3', f'"stock": {said}') for said in (0, 2_000_000))

    summary, report = imported(a_file(tmp_path, none + much.replace("LAMP", "BULB")), FakeCatalog())

    assert outcomes(summary) == {"created": 1, "failed": 1}
    assert [(entry["line"], entry["field"]) for entry in report] == [(2, "stock")]


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    shop, file = FakeCatalog(), many(tmp_path, 40)
    imported(file, shop)

    summary, _ = imported(file, shop)

    assert outcomes(summary) == {"unchanged": 40}
    assert len(shop.products) == 40
    assert shop.changes == 0


def test_what_differs_is_changed_and_nothing_else(tmp_path: Path) -> None:
    shop = FakeCatalog()
    imported(a_file(tmp_path, LAMP + LAMP.replace("LAMP", "BULB")), shop)
    dearer = a_file(tmp_path, LAMP.replace("12.10", "13") + LAMP.replace("LAMP", "BULB"))

    summary, _ = imported(dearer, shop)

    assert outcomes(summary) == {"updated": 1, "unchanged": 1}
    assert shop.products["LAMP"]["price"] == {"amount": 1300, "currency": "GBP"}
    assert shop.changes == 1


def test_name_and_price_may_change_together(tmp_path: Path) -> None:
    shop = FakeCatalog()
    imported(a_file(tmp_path, LAMP), shop)

    summary, _ = imported(a_file(tmp_path, LAMP.replace("12.10", "13").replace("Lamp", "L")), shop)

    assert outcomes(summary) == {"updated": 1}
    assert shop.products["LAMP"]["name"] == "L"
    assert shop.products["LAMP"]["price"]["amount"] == 1300
    again, _ = imported(a_file(tmp_path, LAMP), shop)
    assert outcomes(again) == {"updated": 1}
    assert shop.products["LAMP"]["name"] == "Lamp"


def test_what_a_file_does_not_say_stays_as_it_is_in_the_shop(tmp_path: Path) -> None:
    shop = FakeCatalog()
    imported(a_file(tmp_path, LAMP), shop)
    prices = a_file(tmp_path, "sku,name,price,category\nLAMP,Lamp,12.10,\n", "prices.csv")

    summary, _ = imported(prices, shop)

    assert outcomes(summary) == {"unchanged": 1}
    assert shop.products["LAMP"]["category"] == "lights"


def test_someone_elses_change_meanwhile_is_read_again(tmp_path: Path) -> None:
    shop, first = FakeCatalog(), count()
    imported(a_file(tmp_path, LAMP), shop)

    def renamed_meanwhile(request: httpx.Request) -> httpx.Response | None:
        if request.method == "PUT" and next(first) == 0:
            shop.products["LAMP"] |= {"description": "by hand", "version": 2}
        return None

    shop.before = renamed_meanwhile
    summary, _ = imported(a_file(tmp_path, LAMP.replace("12.10", "13")), shop)

    assert outcomes(summary) == {"updated": 1}
    assert shop.products["LAMP"]["description"] == "by hand"
    assert shop.products["LAMP"]["price"]["amount"] == 1300


def test_a_listing_whose_answer_was_lost_is_no_double(tmp_path: Path) -> None:
    shop, posts = FakeCatalog(), count()

    def lost(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and next(posts) == 0:
            shop._route(request)
            raise httpx.ReadError("cut", request=request)
        return None

    shop.before = lost
    summary, _ = imported(a_file(tmp_path, LAMP), shop)

    assert summary.failed == 0
    assert shop.products["LAMP"]["version"] == 1


# --- lines that fail --------------------------------------------------------------------------


def test_a_line_that_fails_is_reported_with_what_is_wrong_and_stops_no_other(
    tmp_path: Path,
) -> None:
    shop = FakeCatalog()
    rows = ["sku,name,price", "A,Thing,12.345", "B,,x", "C,Thing,1", "D," + "n" * 201 + ",1"]

    summary, report = imported(a_file(tmp_path, "\n".join(rows), "list.csv"), shop)

    assert outcomes(summary) == {"failed": 3, "created": 1}
    assert [(entry["line"], entry["field"], entry["problem"]) for entry in report] == [
        (2, "price", "12.345 has more than the 2 decimals of GBP"),
        (3, "name", "is missing"),
        (3, "price", "'x' is not a plain number such as 12.50"),
        (5, "name", "Expected `str` of length <= 200"),
    ]
    assert report[0]["raw"] == "A,Thing,12.345"


def test_a_price_in_another_currency_is_refused(tmp_path: Path) -> None:
    rows = "sku,name,price,currency\nA,Thing,1,USD\nB,Thing,1,gbp\nC,Thing,1,\n"

    summary, report = imported(a_file(tmp_path, rows, "list.csv"), shop := FakeCatalog())

    assert report[0]["problem"] == "the price is in USD, and this shop sells in GBP"
    assert (summary.failed, sorted(shop.products)) == (1, ["B", "C"])


def test_prices_are_exact_in_the_shops_own_currency(tmp_path: Path) -> None:
    shop = FakeCatalog(currency="JPY")

    _, report = imported(a_file(tmp_path, LAMP + LAMP.replace("LAMP", "B").replace("12.10", "12")),
                         shop)  # fmt: skip

    assert shop.products["B"]["price"] == {"amount": 12, "currency": "JPY"}
    assert report[0]["problem"] == "12.10 has more than the 0 decimals of JPY"


def test_the_second_of_two_lines_for_one_sku_fails_unless_it_says_the_same(
    tmp_path: Path,
) -> None:
    rows = "sku,name,price\nA,Thing,1\nA,Thing,1\nA,Thing,2\n"

    summary, report = imported(a_file(tmp_path, rows, "list.csv"), shop := FakeCatalog())

    assert outcomes(summary) == {"created": 1, "unchanged": 1, "failed": 1}
    assert report[0]["problem"] == "A stands in line 2 already, otherwise"
    assert shop.products["A"]["price"]["amount"] == 100


def test_a_product_taken_out_of_sale_stays_out(tmp_path: Path) -> None:
    shop = FakeCatalog()
    imported(a_file(tmp_path, LAMP), shop)
    shop.products["LAMP"]["status"] = "delisted"

    _, report = imported(a_file(tmp_path, LAMP), shop)

    assert report[0]["problem"] == "is of a product that was taken out of sale, for good"


def test_a_line_the_shop_cannot_answer_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.replay.client.SHORTEST_PAUSE", 0)

    def breaks(request: httpx.Request) -> httpx.Response | None:
        return problem(500, "internal", "oops") if b'"S7"' in request.content else None

    summary, report = imported(many(tmp_path, 40), FakeCatalog(before=breaks))

    assert outcomes(summary) == {"created": 39, "failed": 1}
    assert report[0]["line"] == 9
    assert "got no answer (internal)" in report[0]["problem"]


def test_an_image_that_is_only_a_file_name_is_left_out_and_counted(tmp_path: Path) -> None:
    rows = "sku,name,price,image\nA,Thing,1,a.jpg\nB,Thing,1,https://img.test/b.jpg\n"

    summary, _ = imported(a_file(tmp_path, rows, "list.csv"), shop := FakeCatalog())

    assert summary.left_out == {"image": 1}
    assert shop.products["B"]["image"] == "https://img.test/b.jpg"


# --- the shop, and who may not go on -----------------------------------------------------------


def test_no_more_than_eight_lines_are_under_way_at_once(tmp_path: Path) -> None:
    shop = FakeCatalog()

    imported(many(tmp_path, 100), shop)

    assert shop.most_at_once == AT_ONCE == 8


def test_a_shop_that_is_gone_ends_the_import_and_doing_it_again_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.replay.client.SHORTEST_PAUSE", 0)
    shop, file = FakeCatalog(), many(tmp_path, 100)

    def gone(request: httpx.Request) -> httpx.Response | None:
        if len(shop.products) >= 50:
            raise httpx.ConnectError("refused", request=request)
        return None

    shop.before = gone
    with pytest.raises(ImportRefused, match="run the same command again"):
        imported(file, shop)
    there = len(shop.products)
    shop.before = lambda request: None
    summary, _ = imported(file, shop)

    assert 50 <= there <= 50 + LOST_IN_A_ROW
    assert outcomes(summary) == {"unchanged": there, "created": 100 - there}


def test_an_interrupted_import_is_gone_on_with(tmp_path: Path) -> None:
    shop, file = FakeCatalog(), many(tmp_path, 100)
    told = count()

    def interrupt(done: int, total: int) -> None:
        if next(told) == 50:
            signal.raise_signal(signal.SIGINT)  # as Ctrl-C does

    with pytest.raises(KeyboardInterrupt):
        imported(file, shop, progress=interrupt)
    there = len(shop.products)
    summary, _ = imported(file, shop)

    assert 0 < there < 100
    assert outcomes(summary) == {"unchanged": there, "created": 100 - there}
    assert shop.changes == 0


def test_an_expired_token_is_renewed(tmp_path: Path) -> None:
    tokens = iter(["old", "sam"])

    summary, _ = imported(many(tmp_path, 20), FakeCatalog(), token=lambda: next(tokens))

    assert outcomes(summary) == {"created": 20}


def test_who_is_not_staff_imports_nothing(tmp_path: Path) -> None:
    shop = FakeCatalog()

    with pytest.raises(ImportRefused, match="does not take this token as one of its staff"):
        imported(many(tmp_path, 20), shop, token=lambda: "ada")

    assert shop.products == {}


def test_progress_ends_with_the_whole_file(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    file = many(tmp_path, 20)

    imported(file, FakeCatalog(), progress=lambda done, total: told.append((done, total)))

    size = file.stat().st_size
    assert told[-1] == (size, size)
    assert told == sorted(told)


def test_the_summary_counts_every_line_once(tmp_path: Path) -> None:
    summary, _ = imported(a_file(tmp_path, LAMP + "no\n\n" + LAMP), FakeCatalog())

    as_json = json.loads(json.dumps(summary.as_json()))

    assert as_json["read"] == 3
    assert {name: as_json[name] for name in ("created", "updated", "unchanged", "failed")} == {
        "created": 1,
        "updated": 0,
        "unchanged": 1,
        "failed": 1,
    }
    assert as_json["report"].endswith("list.errors.jsonl")


def test_a_report_of_an_earlier_time_does_not_stay(tmp_path: Path) -> None:
    shop = FakeCatalog()
    imported(a_file(tmp_path, "no\n" + LAMP), shop)

    summary, report = imported(a_file(tmp_path, LAMP), shop)

    assert (summary.report, report) == (None, [])

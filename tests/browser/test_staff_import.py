"""How staff bring a price list into the shop, on the staff's page."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.browser.test_every_page import fits_a_phone, serious
from tests.journeys.visitor import Staff

HEADER = "Stock Code,Title,Unit Price,Department,Weight (g),Qty\n"


@pytest.fixture
def prefix() -> str:
    """What the SKUs of one list begin with."""
    return f"I-{secrets.token_hex(3)}"


@pytest.fixture
def at_import(at_work: Page) -> Page:
    at_work.get_by_role("link", name="Import").click()
    return at_work


def hand_over(page: Page, content: bytes, name: str) -> None:
    file: FilePayload = {"name": name, "mimeType": "text/plain", "buffer": content}
    page.get_by_label("Price list").set_input_files(file)


def choose(page: Page, content: str, name: str = "list.csv") -> None:
    hand_over(page, content.encode(), name)
    expect(page.get_by_role("button", name="Import them")).to_be_visible()


def bring_in(page: Page, content: str, name: str = "list.csv") -> None:
    choose(page, content, name)
    page.get_by_role("button", name="Import them").click()
    expect(page.get_by_role("status").filter(has_text="Done:")).to_be_visible()


def rows(prefix: str, number: int, price: str = "12.50") -> str:
    return "".join(f"{prefix}-{n},Lamp {n},{price},Tests,900,7\n" for n in range(number))


def figures(page: Page) -> dict[str, str]:
    names = page.locator(".sums dt").all_inner_texts()
    return dict(zip(names, page.locator(".sums dd").all_inner_texts(), strict=True))


def test_staff_import_a_price_list_and_its_first_stock(
    at_import: Page, staff: Staff, prefix: str
) -> None:
    choose(at_import, HEADER + rows(prefix, 30))
    expect(at_import.get_by_label("Price", exact=True)).to_have_value("Unit Price")
    expect(at_import.get_by_role("cell", name=f"{prefix}-0")).to_be_visible()
    assert serious(at_import) == []
    at_import.get_by_role("button", name="Import them").click()

    expect(at_import.get_by_text("Done: 30 lines were read.")).to_be_visible()
    assert figures(at_import) == {"New": "30", "Changed": "0", "As they were": "0", "Failed": "0"}
    product = staff.http.get(f"/products/{prefix}-29").json()
    assert product["price"] == {"amount": 1250, "currency": "GBP"}
    assert (product["name"], product["weight_grams"]) == ("Lamp 29", 900)
    assert staff.stock(f"{prefix}-29")["received"] == 7


def test_the_same_list_again_changes_nothing_and_another_price_is_a_change(
    at_import: Page, staff: Staff, prefix: str
) -> None:
    bring_in(at_import, HEADER + rows(prefix, 3))
    bring_in(at_import, HEADER + rows(prefix, 3))
    assert figures(at_import)["As they were"] == "3"

    bring_in(at_import, HEADER + rows(prefix, 3, price="9.99"))

    assert figures(at_import)["Changed"] == "3"
    assert staff.http.get(f"/products/{prefix}-0").json()["price"]["amount"] == 999
    assert staff.stock(f"{prefix}-0")["received"] == 7


def test_lines_that_fail_stop_no_other_and_are_reported(
    at_import: Page, staff: Staff, prefix: str, tmp_path: Path
) -> None:
    lines = [
        f'{prefix}-a,"Two\nlines, 12"" wide",5,Tests,,',
        f"{prefix}-b,Lamp,free,Tests,1.5,",
        f"{prefix}-c,Lamp",
        f'{prefix}-d,"Lamp"s,5,Tests,,',
        f"{prefix}!,Lamp,5,Tests,,",
        f"{prefix}-a,Another,5,Tests,,",
        f"{prefix}-e,Lamp,5,Tests,,",
    ]
    bring_in(at_import, HEADER + "\n".join(lines))

    assert figures(at_import) == {"New": "2", "Changed": "0", "As they were": "0", "Failed": "5"}
    assert staff.http.get(f"/products/{prefix}-a").json()["name"] == 'Two lines, 12" wide'
    with at_import.expect_download() as download:
        at_import.get_by_role("button", name="Download the report").click()
    download.value.save_as(tmp_path / "report")
    faults = [json.loads(line) for line in (tmp_path / "report").read_text().splitlines()]
    assert download.value.suggested_filename == "list.errors.jsonl"
    assert sorted((fault["line"], fault["field"] or "") for fault in faults) == [
        (4, "price"),
        (4, "weight_grams"),
        (5, ""),
        (6, ""),
        (7, "sku"),
        (8, "sku"),
    ]
    assert faults[0]["raw"] in lines
    assert serious(at_import) == []
    at_import.emulate_media(color_scheme="dark")
    assert serious(at_import) == []
    assert fits_a_phone(at_import)


def test_a_table_of_another_system_is_read(at_import: Page, staff: Staff, prefix: str) -> None:
    table = (
        f"\r\nsku\tname\tprice\tweight\t\r\n\r\n{prefix}\tLampe für Ödön\t12\t\t\r\n\t\t\t\t\r\n"
    )

    bring_in(at_import, f"\ufeff{table}", "list.tsv")

    assert figures(at_import) == {"New": "1", "Changed": "0", "As they were": "0", "Failed": "0"}
    assert staff.http.get(f"/products/{prefix}").json()["name"] == "Lampe für Ödön"


def test_staff_say_which_column_is_meant(at_import: Page, staff: Staff, prefix: str) -> None:
    product = {"id": prefix, "title": "Lamp", "net": 4.5, "price": 9, "image": "lamp.jpg"}
    choose(at_import, json.dumps(product), "list.jsonl")
    at_import.get_by_label("Price", exact=True).select_option("net")
    at_import.get_by_label("First stock").select_option("Leave out")
    at_import.get_by_role("button", name="Import them").click()

    expect(at_import.get_by_text("Done: 1 line was read.")).to_be_visible()
    expect(at_import.get_by_text("1 picture was left out")).to_be_visible()
    assert staff.http.get(f"/products/{prefix}").json()["price"]["amount"] == 450


def test_an_import_that_is_stopped_goes_on_with_the_rest(at_import: Page, prefix: str) -> None:
    def hesitate(route: Route) -> None:
        at_import.wait_for_timeout(50)
        route.continue_()

    at_import.route("**/api/staff/products", hesitate)
    choose(at_import, HEADER + rows(prefix, 40))
    at_import.get_by_role("button", name="Import them").click()
    expect(at_import.locator(".sums dd").first).not_to_have_text("0")
    at_import.get_by_role("button", name="Stop").click()
    said = at_import.get_by_role("status").filter(has_text="Stopped after")
    expect(said).to_be_visible()
    done = int(re.findall(r"\d+", said.inner_text())[0])
    at_import.unroute("**/api/staff/products")

    bring_in(at_import, HEADER + rows(prefix, 40))

    assert 0 < done < 40
    expected = {"New": str(40 - done), "Changed": "0", "As they were": str(done), "Failed": "0"}
    assert figures(at_import) == expected


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("list.csv", b"sku,sku\nA,B\n", "two columns called “sku”"),
        ("list.csv", "sku,name\nA,B\n".encode("utf-16"), "not UTF-8 text"),
        ("list.json", b'[{"sku": "A"}, {"sku": "B"}]', "One JSON array has to"),
        ("list.csv", b"\n \n", "holds no products"),
    ],
    ids=["a column twice", "UTF-16", "a JSON array", "empty"],
)
def test_a_file_that_is_no_list_is_told(
    at_import: Page, name: str, content: bytes, told: str
) -> None:
    hand_over(at_import, content, name)

    expect(at_import.get_by_role("alert")).to_contain_text(told)


def test_an_answer_that_is_lost_is_asked_for_again(at_import: Page, prefix: str) -> None:
    lost: list[Route] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            return route.continue_()
        lost.append(route)
        route.fetch()
        return route.abort()

    at_import.route("**/api/staff/products", lose_the_first)

    bring_in(at_import, HEADER + rows(prefix, 1))

    assert figures(at_import)["As they were"] == "1"


def test_a_shop_that_answers_no_more_ends_the_import(at_import: Page, prefix: str) -> None:
    at_import.clock.install()
    at_import.route("**/api/staff/products", lambda route: route.abort())
    choose(at_import, HEADER + rows(prefix, 9))
    at_import.get_by_role("button", name="Import them").click()

    told = at_import.get_by_role("alert").filter(has_text="The shop answers no more")
    for _ in range(100):
        at_import.clock.run_for(1000)  # it waits between its tries
        if told.is_visible():
            break

    assert figures(at_import)["Failed"] == "3"
    expect(at_import.get_by_label("Price list")).to_be_enabled()


@pytest.mark.all
@pytest.mark.data
@pytest.mark.timeout(300)
def test_a_whole_catalogue_comes_into_the_shop(at_import: Page, data_folder: Path) -> None:
    choose(at_import, (data_folder / "catalog.jsonl").read_text(), "catalog.jsonl")
    at_import.get_by_role("button", name="Import them").click()

    done = at_import.get_by_text("Done: 2465 lines were read.")
    expect(done).to_be_visible(timeout=240_000)
    assert figures(at_import)["Failed"] == "0"

"""Staff import a price list on their page."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.browser.test_every_page import find_accessibility_problems, fits_a_phone
from tests.journeys.visitor import Staff

HEADER = "Stock Code,Title,Unit Price,Department,Weight (g),Qty\n"


@pytest.fixture
def prefix() -> str:
    """Prefix of a test's SKUs, so that tests do not share products."""
    return f"I-{secrets.token_hex(3)}"


@pytest.fixture
def import_page(staff_page: Page) -> Page:
    staff_page.get_by_role("link", name="Import").click()
    return staff_page


def choose_file(page: Page, content: bytes, name: str) -> None:
    file: FilePayload = {"name": name, "mimeType": "text/plain", "buffer": content}
    page.get_by_label("Price list").set_input_files(file)


def choose_list(page: Page, content: str, name: str = "list.csv") -> None:
    choose_file(page, content.encode(), name)
    expect(page.get_by_role("button", name="Start import")).to_be_visible()


def import_list(page: Page, content: str, name: str = "list.csv") -> None:
    choose_list(page, content, name)
    page.get_by_role("button", name="Start import").click()
    expect(page.get_by_role("status").filter(has_text="Done:")).to_be_visible()


def rows(prefix: str, number: int, price: str = "12.50") -> str:
    return "".join(f"{prefix}-{n},Lamp {n},{price},Tests,900,7\n" for n in range(number))


def outcomes(page: Page) -> dict[str, str]:
    names = page.locator(".totals dt").all_inner_texts()
    return dict(zip(names, page.locator(".totals dd").all_inner_texts(), strict=True))


def test_staff_import_a_price_list_with_initial_stock(
    import_page: Page, staff: Staff, prefix: str
) -> None:
    choose_list(import_page, HEADER + rows(prefix, 30))
    expect(import_page.get_by_label("Price", exact=True)).to_have_value("Unit Price")
    expect(import_page.get_by_role("cell", name=f"{prefix}-0")).to_be_visible()
    assert find_accessibility_problems(import_page) == []
    import_page.get_by_role("button", name="Start import").click()

    expect(import_page.get_by_text("Done: 30 lines were read.")).to_be_visible()
    assert outcomes(import_page) == {
        "Created": "30",
        "Updated": "0",
        "Unchanged": "0",
        "Failed": "0",
    }
    product = staff.http.get(f"/products/{prefix}-29").json()
    assert product["price"] == {"amount": 1250, "currency": "GBP"}
    assert (product["name"], product["weight_grams"]) == ("Lamp 29", 900)
    assert staff.stock(f"{prefix}-29")["received"] == 7


def test_importing_the_same_list_changes_nothing_and_a_new_price_is_updated(
    import_page: Page, staff: Staff, prefix: str
) -> None:
    import_list(import_page, HEADER + rows(prefix, 3))
    import_list(import_page, HEADER + rows(prefix, 3))
    assert outcomes(import_page)["Unchanged"] == "3"

    import_list(import_page, HEADER + rows(prefix, 3, price="9.99"))

    assert outcomes(import_page)["Updated"] == "3"
    assert staff.http.get(f"/products/{prefix}-0").json()["price"]["amount"] == 999
    assert staff.stock(f"{prefix}-0")["received"] == 7


def test_lines_with_errors_are_reported_and_do_not_stop_others(
    import_page: Page, staff: Staff, prefix: str, tmp_path: Path
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
    import_list(import_page, HEADER + "\n".join(lines))

    assert outcomes(import_page) == {
        "Created": "2",
        "Updated": "0",
        "Unchanged": "0",
        "Failed": "5",
    }
    assert staff.http.get(f"/products/{prefix}-a").json()["name"] == 'Two lines, 12" wide'
    with import_page.expect_download() as download:
        import_page.get_by_role("button", name="Download the report").click()
    download.value.save_as(tmp_path / "report")
    errors = [json.loads(line) for line in (tmp_path / "report").read_text().splitlines()]
    assert download.value.suggested_filename == "list.errors.jsonl"
    assert sorted((error["line"], error["field"] or "") for error in errors) == [
        (4, "price"),
        (4, "weight_grams"),
        (5, ""),
        (6, ""),
        (7, "sku"),
        (8, "sku"),
    ]
    assert errors[0]["raw"] in lines
    assert find_accessibility_problems(import_page) == []
    import_page.emulate_media(color_scheme="dark")
    assert find_accessibility_problems(import_page) == []
    assert fits_a_phone(import_page)


def test_an_export_of_another_system_is_imported(
    import_page: Page, staff: Staff, prefix: str
) -> None:
    table = (
        f"\r\nsku\tname\tprice\tweight\t\r\n\r\n{prefix}\tLampe für Ödön\t12\t\t\r\n\t\t\t\t\r\n"
    )

    import_list(import_page, f"\ufeff{table}", "list.tsv")

    assert outcomes(import_page) == {
        "Created": "1",
        "Updated": "0",
        "Unchanged": "0",
        "Failed": "0",
    }
    assert staff.http.get(f"/products/{prefix}").json()["name"] == "Lampe für Ödön"


def test_staff_choose_the_column_of_a_field(import_page: Page, staff: Staff, prefix: str) -> None:
    product = {"id": prefix, "title": "Lamp", "net": 4.5, "price": 9, "image": "lamp.jpg"}
    choose_list(import_page, json.dumps(product), "list.jsonl")
    import_page.get_by_label("Price", exact=True).select_option("net")
    import_page.get_by_label("Initial stock").select_option("Ignore")
    import_page.get_by_role("button", name="Start import").click()

    expect(import_page.get_by_text("Done: 1 line was read.")).to_be_visible()
    expect(import_page.get_by_text("1 picture was omitted")).to_be_visible()
    assert staff.http.get(f"/products/{prefix}").json()["price"]["amount"] == 450


def test_a_stopped_import_can_be_repeated(import_page: Page, prefix: str) -> None:
    def delay(route: Route) -> None:
        import_page.wait_for_timeout(50)
        route.continue_()

    import_page.route("**/api/staff/products", delay)
    choose_list(import_page, HEADER + rows(prefix, 40))
    import_page.get_by_role("button", name="Start import").click()
    expect(import_page.locator(".totals dd").first).not_to_have_text("0")
    import_page.get_by_role("button", name="Stop").click()
    status = import_page.get_by_role("status").filter(has_text="Stopped after")
    expect(status).to_be_visible()
    done = int(re.findall(r"\d+", status.inner_text())[0])
    import_page.unroute("**/api/staff/products")

    import_list(import_page, HEADER + rows(prefix, 40))

    assert 0 < done < 40
    expected = {"Created": str(40 - done), "Updated": "0", "Unchanged": str(done), "Failed": "0"}
    assert outcomes(import_page) == expected


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("list.csv", b"sku,sku\nA,B\n", "two columns named “sku”"),
        ("list.csv", "sku,name\nA,B\n".encode("utf-16"), "not UTF-8 text"),
        ("list.json", b'[{"sku": "A"}, {"sku": "B"}]', "a JSON array must be split"),
        ("list.csv", b"\n \n", "contains no products"),
    ],
    ids=["duplicate column", "UTF-16", "JSON array", "empty"],
)
def test_a_file_that_cannot_be_imported_is_an_error(
    import_page: Page, name: str, content: bytes, message: str
) -> None:
    choose_file(import_page, content, name)

    expect(import_page.get_by_role("alert")).to_contain_text(message)


def test_a_request_whose_response_was_lost_is_retried(import_page: Page, prefix: str) -> None:
    aborted: list[Route] = []

    def abort_first(route: Route) -> None:
        if aborted:
            return route.continue_()
        aborted.append(route)
        route.fetch()
        return route.abort()

    import_page.route("**/api/staff/products", abort_first)

    import_list(import_page, HEADER + rows(prefix, 1))

    assert outcomes(import_page)["Unchanged"] == "1"


def test_a_shop_that_stops_responding_ends_the_import(import_page: Page, prefix: str) -> None:
    import_page.clock.install()
    import_page.route("**/api/staff/products", lambda route: route.abort())
    choose_list(import_page, HEADER + rows(prefix, 9))
    import_page.get_by_role("button", name="Start import").click()

    alert = import_page.get_by_role("alert").filter(has_text="The shop does not respond")
    for _ in range(100):
        import_page.clock.run_for(1000)  # the pauses between retries
        if alert.is_visible():
            break

    assert outcomes(import_page)["Failed"] == "3"
    expect(import_page.get_by_label("Price list")).to_be_enabled()


@pytest.mark.all
@pytest.mark.data
@pytest.mark.timeout(300)
def test_a_complete_catalog_is_imported(import_page: Page, data_folder: Path) -> None:
    choose_list(import_page, (data_folder / "catalog.jsonl").read_text(), "catalog.jsonl")
    import_page.get_by_role("button", name="Start import").click()

    done = import_page.get_by_text("Done: 2465 lines were read.")
    expect(done).to_be_visible(timeout=240_000)
    assert outcomes(import_page)["Failed"] == "0"

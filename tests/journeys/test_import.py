"""A price list is imported into the running shop through the API."""

from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from cli.importing import Summary, import_products, plan_import, report_path
from local import demo_users
from local.shop import RunningShop
from tests.journeys.visitor import Staff

pytestmark = pytest.mark.cloud


def import_into(shop: RunningShop, file: Path, folder: Path) -> Summary:
    return import_products(
        plan_import(file, []),
        base_url=shop.urls["storefront"],
        staff_token=lambda: demo_users.sign_in(shop, "sam"),
        report=report_path(file, folder),
        progress=lambda done, total: None,
    )


def test_a_list_with_errors_is_imported_corrected_and_imported_again(
    shop: RunningShop, tmp_path: Path
) -> None:
    prefix = uuid4().hex[:12]
    file = tmp_path / "list.csv"
    good = "".join(
        f"{prefix}-{number},Thing {number},{number}.10,things,{number}\n" for number in range(1, 30)
    )
    bad = f"{prefix} bad,Thing,1,things,1\n{prefix},,1.234,,\n"
    file.write_text(f"sku,name,price,category,stock\n{good}{bad}")

    first = import_into(shop, file, tmp_path)
    report = report_path(file, tmp_path).read_text()
    file.write_text(
        file.read_text()
        .replace("Thing 7,7.10", "Thing seven,8")
        .replace("things,9", "things,5")
        .partition(" bad")[0]
    )
    file.write_text(file.read_text().rpartition("\n")[0])
    second = import_into(shop, file, tmp_path)
    third = import_into(shop, file, tmp_path)

    assert dict(first.outcomes) == {"created": 29, "failed": 2}
    assert '"field": "sku"' in report  # reported by the API
    assert '"problem": "1.234 has more than the 2 decimals of GBP"' in report
    assert dict(second.outcomes) == {"updated": 1, "unchanged": 28}
    assert second.omitted == {"stock": 1}
    assert dict(third.outcomes) == {"unchanged": 29}
    seven = httpx.get(f"{shop.urls['api']}/products/{prefix}-7").json()
    assert (seven["name"], seven["price"]["amount"], seven["version"]) == ("Thing seven", 800, 3)
    received = [
        Staff(shop).http.get(f"/staff/stock/{prefix}-{number}").json()["received"]
        for number in (7, 9)
    ]
    assert received == [7, 9]


@pytest.mark.all
@pytest.mark.data
@pytest.mark.timeout(300)
def test_a_whole_catalogue_is_imported(
    shop: RunningShop, data_folder: Path, tmp_path: Path
) -> None:
    summary = import_into(shop, data_folder / "catalog.jsonl", tmp_path)

    assert (summary.read, summary.failed) == (2465, 0)
    assert summary.omitted == {"image": 2465}

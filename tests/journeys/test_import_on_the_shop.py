"""A price list is imported into the running shop through its public API."""

from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from cli.importing import Summary, bring_in, place, plan
from local import people
from local.shop import Running
from tests.journeys.visitor import Staff

pytestmark = pytest.mark.cloud


def import_into(shop: Running, file: Path, folder: Path) -> Summary:
    return bring_in(
        plan(file, []),
        base_url=shop.urls["storefront"],
        staff_token=lambda: people.token(shop, "sam"),
        report=place(file, folder),
        progress=lambda done, total: None,
    )


def test_a_dirty_list_is_imported_repaired_and_imported_again(
    shop: Running, tmp_path: Path
) -> None:
    mark = uuid4().hex[:12]
    file = tmp_path / "list.csv"
    good = "".join(
        f"{mark}-{number},Thing {number},{number}.10,things,{number}\n" for number in range(1, 30)
    )
    bad = f"{mark} bad,Thing,1,things,1\n{mark},,1.234,,\n"
    file.write_text(f"sku,name,price,category,stock\n{good}{bad}")

    first = import_into(shop, file, tmp_path)
    report = place(file, tmp_path).read_text()
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
    assert '"field": "sku"' in report  # the shop's own word
    assert '"problem": "1.234 has more than the 2 decimals of GBP"' in report
    assert dict(second.outcomes) == {"updated": 1, "unchanged": 28}
    assert second.left_out == {"stock": 1}
    assert dict(third.outcomes) == {"unchanged": 29}
    seven = httpx.get(f"{shop.urls['api']}/products/{mark}-7").json()
    assert (seven["name"], seven["price"]["amount"], seven["version"]) == ("Thing seven", 800, 3)
    counted = [
        Staff(shop).http.get(f"/staff/stock/{mark}-{number}").json()["received"]
        for number in (7, 9)
    ]
    assert counted == [7, 9]


@pytest.mark.all
@pytest.mark.data
@pytest.mark.timeout(300)
def test_a_whole_catalogue_comes_into_the_shop(
    shop: Running, data_folder: Path, tmp_path: Path
) -> None:
    summary = import_into(shop, data_folder / "catalog.jsonl", tmp_path)

    assert (summary.read, summary.failed) == (2465, 0)
    assert summary.left_out == {"image": 2465}

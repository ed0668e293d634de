"""A price list is imported into the running shop through its public API."""

from pathlib import Path
from time import perf_counter
from uuid import uuid4

import httpx
import pytest

from cli.importing import Summary, bring_in, place, plan
from local import people
from local.shop import Running

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
        f"{mark}-{number},Thing {number},{number}.10,things\n" for number in range(1, 30)
    )
    file.write_text(f"sku,name,price,category\n{good}{mark} bad,Thing,1,things\n{mark},,1.234,\n")

    first = import_into(shop, file, tmp_path)
    report = place(file, tmp_path).read_text()
    file.write_text(file.read_text().replace("Thing 7,7.10", "Thing seven,8").partition(" bad")[0])
    file.write_text(file.read_text().rpartition("\n")[0])
    second = import_into(shop, file, tmp_path)
    third = import_into(shop, file, tmp_path)

    assert dict(first.outcomes) == {"created": 29, "failed": 2}
    assert '"field": "sku"' in report  # the shop's own word
    assert '"problem": "1.234 has more than the 2 decimals of GBP"' in report
    assert dict(second.outcomes) == {"updated": 1, "unchanged": 28}
    assert dict(third.outcomes) == {"unchanged": 29}
    seven = httpx.get(f"{shop.urls['api']}/products/{mark}-7").json()
    assert (seven["name"], seven["price"]["amount"], seven["version"]) == ("Thing seven", 800, 3)


@pytest.mark.all
@pytest.mark.data
def test_a_whole_catalogue_is_in_the_shop_within_a_minute(
    shop: Running, data_folder: Path, tmp_path: Path
) -> None:
    began = perf_counter()

    summary = import_into(shop, data_folder / "catalog.jsonl", tmp_path)

    assert perf_counter() - began < 60
    assert (summary.read, summary.failed) == (2465, 0)
    assert summary.left_out == {"stock": 2465, "image": 2465}

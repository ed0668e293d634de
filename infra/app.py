"""The CDK app: the platform, and every room in it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aws_cdk import App

from infra import packaging
from infra.platform import Platform
from infra.stages import STAGES, stack_name
from souk.basket.infra import Basket
from souk.catalog.infra import Catalog
from souk.delivery.infra import Delivery
from souk.inventory.infra import Inventory
from souk.journal.infra import Journal
from souk.notification.infra import Notification
from souk.ordering.infra import Ordering
from souk.payment.infra import Payment
from souk.watch.infra import Watch

if TYPE_CHECKING:
    from pathlib import Path

ROOMS = (
    Catalog,
    Basket,
    Inventory,
    Payment,
    Ordering,
    Delivery,
    Notification,
    Journal,
    Watch,
)  # Watch last: it counts what is in the queues of all


def build(
    stages: tuple[str, ...], layers: packaging.LayerFolders, outdir: Path | None = None
) -> App:
    """The app with one stack per stage; `layers` are of `packaging.layer_folders`."""
    app = App(outdir=str(outdir) if outdir else None, analytics_reporting=False)
    for stage in stages:
        platform = Platform(app, stack_name(stage), stage=STAGES[stage], layers=layers)
        for room in ROOMS:
            room(platform)
    return app


if __name__ == "__main__":  # the cdk CLI comes in here, see cdk.json
    try:
        build(tuple(STAGES), packaging.layer_folders("arm64")).synth()
    except packaging.PackagingError as error:
        sys.exit(f"souk: {error}")

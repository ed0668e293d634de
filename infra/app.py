"""The CDK app: the platform and every service on it."""

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
from souk.notification.infra import Notification
from souk.operations.infra import Operations
from souk.ordering.infra import Ordering
from souk.payment.infra import Payment
from souk.timeline.infra import Timeline

if TYPE_CHECKING:
    from pathlib import Path

SERVICES = (
    Catalog,
    Basket,
    Inventory,
    Payment,
    Ordering,
    Delivery,
    Notification,
    Timeline,
    Operations,
)  # a service follows those whose commands it invokes; Operations is last, as it reads all queues


def build_app(
    stages: tuple[str, ...], layers: packaging.LayerFolders, outdir: Path | None = None
) -> App:
    """The app with one stack per stage. `layers` come from `packaging.build_layers`."""
    app = App(outdir=str(outdir) if outdir else None, analytics_reporting=False)
    for stage in stages:
        platform = Platform(app, stack_name(stage), stage=STAGES[stage], layers=layers)
        for service in SERVICES:
            service(platform)
    return app


if __name__ == "__main__":  # the entry point of the cdk CLI, see cdk.json
    try:
        build_app(tuple(STAGES), packaging.build_layers("arm64")).synth()
    except packaging.PackagingError as error:
        sys.exit(f"souk: {error}")

"""The CDK app: the platform and every service of the registry on it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aws_cdk import App

from infra import packaging
from infra.platform import Platform
from infra.stages import STAGES, stack_name
from souk.services import SERVICES

if TYPE_CHECKING:
    from pathlib import Path


def build_app(
    stages: tuple[str, ...], layers: packaging.LayerFolders, outdir: Path | None = None
) -> App:
    """The app with one stack per stage. `layers` come from `packaging.build_layers`."""
    app = App(outdir=str(outdir) if outdir else None, analytics_reporting=False)
    for stage in stages:
        platform = Platform(app, stack_name(stage), stage=STAGES[stage], layers=layers)
        for service in SERVICES:
            construct = service.construct
            if construct is None:
                raise LookupError(f"src/souk/{service.name}/infra.py: add {service.title}.")
            construct(platform)
    return app


if __name__ == "__main__":  # the entry point of the cdk CLI, see cdk.json
    try:
        build_app(tuple(STAGES), packaging.build_layers("arm64")).synth()
    except packaging.PackagingError as error:
        sys.exit(f"souk: {error}")

"""Writes the assembly for `infra.synth`: `python -m infra.assemble OUT host|arm64`."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

from infra import error_location, synth


def main(out: Path, platform: synth.LayerPlatform) -> None:
    # imported here, so that an error in one of these modules is reported by file and line too
    from infra import app, contracts, packaging, service_checks, shopmap, stages

    if mistakes := list(service_checks.find_mistakes()):
        sys.exit(" ".join(mistakes))
    app.build_app(tuple(stages.STAGES), packaging.build_layers(platform), out).synth()
    synth.openapi_path(out).write_text(json.dumps(contracts.openapi(), indent=1))
    shop_map = shopmap.build_map(out, stages.stack_name("dev"))  # the same for every stage
    synth.map_path(out).write_text(json.dumps(shop_map))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), "arm64" if sys.argv[2] == "arm64" else "host")
    except Exception as error:  # noqa: BLE001 - any error in the project's code is reported
        traceback.print_exception(error)
        sys.exit(error_location.describe_error(error, synth.ROOT))

"""Writes the assembly `infra.synth` asks for: `python -m infra.assemble OUT host|arm64`."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

from infra import blame, synth


def main(out: Path, target: synth.Target) -> None:
    # only now: a mistake in any of these is told like one in the template
    from infra import app, contracts, packaging, shopmap, stages

    app.build(tuple(stages.STAGES), packaging.layer_folders(target), out).synth()
    synth.openapi_path(out).write_text(json.dumps(contracts.openapi(), indent=1))
    made = shopmap.make(out, stages.stack_name("dev"))  # every stage's is the same
    synth.map_path(out).write_text(json.dumps(made))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), "arm64" if sys.argv[2] == "arm64" else "host")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is somebody's last edit
        traceback.print_exception(error)
        sys.exit(blame.sentence(error, synth.ROOT))

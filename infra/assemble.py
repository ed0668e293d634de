"""Writes the assembly `infra.synth` asks for: `python -m infra.assemble OUT host|arm64`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from infra import app, contracts, packaging, stages, synth

if __name__ == "__main__":
    out = Path(sys.argv[1])
    try:
        layer = packaging.layer_folder("arm64" if sys.argv[2] == "arm64" else "host")
    except packaging.PackagingError as error:
        sys.exit(str(error))
    app.build(tuple(stages.STAGES), layer, out).synth()
    synth.openapi_path(out).write_text(json.dumps(contracts.openapi(), indent=1))

"""Writes the assembly `infra.synth` asks for: `python -m infra.assemble OUT`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from infra import app, contracts, packaging, stages, synth

if __name__ == "__main__":
    out = Path(sys.argv[1])
    app.build(tuple(stages.STAGES), packaging.layer_folders("host"), out).synth()
    synth.openapi_path(out).write_text(json.dumps(contracts.openapi(), indent=1))

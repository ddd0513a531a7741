"""The browser's verifier (frontend/verifier) run by node, so that both programs judge the same records."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from engine.inspection.draw_record import Files
from engine.web.assets import node_and_npm

SCRIPT = Path(__file__).with_name("verify_with_node.mjs")


def in_the_browsers_program(records: list[Files]) -> list[dict[str, Any]]:
    """One report a record, in order."""
    done = subprocess.run(
        [node_and_npm()[0], str(SCRIPT)], input=json.dumps(records), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    reports: list[dict[str, Any]] = json.loads(done.stdout)
    return reports

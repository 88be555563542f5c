"""The types that the page's comments give are true: `tsc --checkJs` finds nothing."""

import subprocess
from pathlib import Path

from tests.clients.tools import npm_ci, require

_FOLDER = Path(__file__).with_name("types")


def test_tsc_finds_nothing_wrong_with_the_types() -> None:
    node = require("node")
    npm_ci(_FOLDER)
    tsc = _FOLDER / "node_modules" / "typescript" / "bin" / "tsc"
    checked = subprocess.run(
        [node, str(tsc), "-p", str(_FOLDER)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout

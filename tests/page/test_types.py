"""The types that the page's comments give are true: `tsc --checkJs` finds nothing."""

import fcntl
import subprocess
from pathlib import Path

from tests.clients.tools import require, unavailable

_FOLDER = Path(__file__).with_name("types")


def test_tsc_finds_nothing_wrong_with_the_types() -> None:
    require("node")
    npm = require("npm")
    lock_file = _FOLDER / "package-lock.json"
    tsc = _FOLDER / "node_modules" / "typescript" / "bin" / "tsc"
    with lock_file.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tsc.exists():
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            npm_ci = subprocess.run(
                command, cwd=_FOLDER, capture_output=True, text=True, check=False
            )
            if npm_ci.returncode:
                unavailable(f"npm ci failed: {npm_ci.stderr}")
    checked = subprocess.run(
        ["node", str(tsc), "-p", str(_FOLDER)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout

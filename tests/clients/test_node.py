"""node-soap: what people call SOAP services with from JavaScript (W2)."""

import fcntl
import subprocess
from pathlib import Path

import pytest

from .story import Endpoint, tell_story
from .tools import SOAP_NAMESPACE, VERSIONS, Script, Version, require, unavailable

_FOLDER = Path(__file__).with_name("node")


@pytest.fixture(scope="session")
def node() -> str:
    """Node.js, with the packages of `node/package-lock.json` installed."""
    program, npm = require("node"), require("npm")
    lock_file = _FOLDER / "package-lock.json"
    installed = _FOLDER / "node_modules" / ".package-lock.json"  # what npm writes last
    with lock_file.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers' fixtures are here, too
        if not installed.exists() or installed.stat().st_mtime < lock_file.stat().st_mtime:
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            npm_ci = subprocess.run(command, cwd=_FOLDER, capture_output=True, text=True)
            if npm_ci.returncode:
                unavailable(f"npm ci failed: {npm_ci.stderr}")
    return program


@pytest.mark.parametrize("version", VERSIONS)
def test_node_soap(endpoint: Endpoint, node: str, version: Version) -> None:
    namespace = SOAP_NAMESPACE[version]
    script = _FOLDER / "client.js"
    with Script([node], script, endpoint.wsdl_url, version, sent=namespace) as call:
        tell_story(endpoint, call)

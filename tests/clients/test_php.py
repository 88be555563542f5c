"""PHP's own SoapClient (W2)."""

import subprocess
from pathlib import Path

import pytest

from .story import Endpoint, tell_story
from .tools import SOAP_NAMESPACE, VERSIONS, Script, Version, require, unavailable

_SCRIPT = Path(__file__).with_name("php") / "client.php"


@pytest.fixture(scope="session")
def php() -> str:
    """PHP, with its SOAP extension."""
    program = require("php")
    modules = subprocess.run([program, "-m"], capture_output=True, text=True, check=True)
    return program if "soap" in modules.stdout.split() else unavailable("php has no soap extension")


@pytest.mark.parametrize("version", VERSIONS)
def test_soap_client(endpoint: Endpoint, php: str, version: Version) -> None:
    command = [php, "-d", "display_errors=stderr"]
    namespace = SOAP_NAMESPACE[version]
    with Script(command, _SCRIPT, endpoint.wsdl_url, version, sent=namespace) as call:
        tell_story(endpoint, call)

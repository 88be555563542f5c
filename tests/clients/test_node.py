"""node-soap: what people call SOAP services with from JavaScript (W2)."""

from pathlib import Path

import pytest

from .story import Endpoint, tell_story
from .tools import SOAP_NAMESPACE, VERSIONS, Script, Version, npm_ci, require

_FOLDER = Path(__file__).with_name("node")


@pytest.fixture(scope="session")
def node() -> str:
    """Node.js, with the packages of `node/package-lock.json` installed."""
    program = require("node")
    npm_ci(_FOLDER)
    return program


@pytest.mark.parametrize("version", VERSIONS)
def test_node_soap(endpoint: Endpoint, node: str, version: Version) -> None:
    namespace = SOAP_NAMESPACE[version]
    script = _FOLDER / "client.js"
    with Script([node], script, endpoint.wsdl_url, version, sent=namespace) as call:
        tell_story(endpoint, call)

"""curl, with the envelopes in `fixtures/` and other values put into them (W2)."""

import subprocess
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest

from .story import Endpoint, tell_story
from .tools import NAMESPACE, VERSIONS, Version, require

_FIXTURES = Path(__file__).parents[2] / "fixtures"

_FOLDER = {"1.1": "soap11", "1.2": "soap12"}


@pytest.mark.parametrize("version", VERSIONS)
def test_curl(endpoint: Endpoint, version: Version) -> None:
    curl = require("curl")

    def call(operation: str, /, **parameters: str) -> str:
        headers = {
            "1.1": [
                "-HContent-Type: text/xml; charset=utf-8",
                f'-HSOAPAction: "{NAMESPACE}{operation}"',
            ],
            "1.2": ["-HContent-Type: application/soap+xml; charset=utf-8"],
        }
        fixture = _FIXTURES / _FOLDER[version] / f"{operation}.request.xml"
        response = subprocess.run(
            [
                curl, "--silent", "--show-error", "--fail-with-body", "--max-time", "30",
                *headers[version], "--data-binary", "@-", endpoint.soap_url,
            ],
            input=_filled_in(fixture.read_text("utf-8"), parameters).encode(),
            capture_output=True,
        )  # fmt: skip
        assert response.returncode == 0, response
        result = ElementTree.fromstring(response.stdout).find(
            f".//{{{NAMESPACE}}}{operation}Result"
        )
        assert result is not None
        return result.text or ""

    tell_story(endpoint, call)


def _filled_in(envelope: str, parameters: dict[str, str]) -> str:
    for name, value in parameters.items():
        before, _, rest = envelope.partition(f"<{name}>")
        _, end, after = rest.partition(f"</{name}>")
        assert end, f"the fixture has no <{name}>"
        envelope = f"{before}<{name}>{escape(value)}{end}{after}"
    return envelope

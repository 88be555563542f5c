"""curl, with the envelopes that the service's pages show (W2, W6)."""

import subprocess
from xml.etree import ElementTree

import pytest

from .story import Endpoint, tell_story
from .tools import NAMESPACE, VERSIONS, Version, envelope, require


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
        answer = subprocess.run(
            [
                curl, "--silent", "--show-error", "--fail-with-body", "--max-time", "30",
                *headers[version], "--data-binary", "@-", endpoint.soap_url,
            ],
            input=envelope(version, operation, parameters).encode(),
            capture_output=True,
        )  # fmt: skip
        assert answer.returncode == 0, answer
        result = ElementTree.fromstring(answer.stdout).find(f".//{{{NAMESPACE}}}{operation}Result")
        assert result is not None
        return result.text or ""

    tell_story(endpoint, call)

"""Clients that are given the fake's CA, and nothing switched off."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import zeep

from fake_every8d import FakeEvery8d
from tests.web.serving import ENDPOINT, Served

from .story import Call
from .test_node import node
from .tools import NAMESPACE, SOAP_NAMESPACE, Script, require

__all__ = ["node"]


@dataclass
class Secured:
    """A fake that is served by HTTPS."""

    soap_url: str
    ca_file: str


@pytest.fixture(scope="module", params=["thread", "serve"])
def secured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Secured]:
    if request.param == "thread":
        with FakeEvery8d(tls=True) as fake:
            yield Secured(fake.soap_url, str(fake.ca_file))
    else:
        folder = tmp_path_factory.mktemp("serve")
        ca_file = folder / "ca.pem"
        with Served(folder, "--tls", f"--tls-ca-file={ca_file}") as served:
            yield Secured(served.url + ENDPOINT, str(ca_file))


def exchange(call: Call) -> None:
    """Logs in and asks for the points."""
    connection = call("getConnection", userID="demo", password="demo")
    key = re.search("<SESSION_KEY>([0-9a-f]{32})</SESSION_KEY>", connection)
    assert key, connection
    assert call("getCredit", sessionKey=key[1]) == "1000.00"


def test_zeep(secured: Secured) -> None:
    with requests.Session() as session:
        session.trust_env = False  # nor anything switched to another CA from outside
        session.verify = secured.ca_file
        client = zeep.Client(f"{secured.soap_url}?WSDL", transport=zeep.Transport(session=session))

        def call(operation: str, /, **parameters: str) -> str:
            response: str = client.service[operation](**parameters)
            return response

        exchange(call)


def test_node_soap(secured: Secured, node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", secured.ca_file)
    script = Path(__file__).with_name("node") / "client.js"
    wsdl_url, namespace = f"{secured.soap_url}?WSDL", SOAP_NAMESPACE["1.1"]
    with Script([node], script, wsdl_url, "1.1", sent=namespace) as call:
        exchange(call)


def test_curl(secured: Secured) -> None:
    curl = require("curl")

    def call(operation: str, /, **parameters: str) -> str:
        values = "".join(f"<{name}>{value}</{name}>" for name, value in parameters.items())
        envelope = (
            f'<s:Envelope xmlns:s="{SOAP_NAMESPACE["1.1"]}"><s:Body>'
            f'<{operation} xmlns="{NAMESPACE}">{values}</{operation}></s:Body></s:Envelope>'
        )
        response = subprocess.run(
            [
                curl, "--silent", "--show-error", "--fail-with-body", "--max-time", "30",
                "--cacert", secured.ca_file, "-HContent-Type: text/xml; charset=utf-8",
                "--data-binary", "@-", secured.soap_url,
            ],
            input=envelope, capture_output=True, encoding="utf-8",
        )  # fmt: skip
        assert response.returncode == 0, response
        result = re.search(f"<{operation}Result>(.*)</{operation}Result>", response.stdout)
        assert result
        return result[1].replace("&lt;", "<").replace("&gt;", ">")

    exchange(call)

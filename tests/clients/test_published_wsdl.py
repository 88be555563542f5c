"""Clients generated from the WSDL files that production has published (W2, F1).

They are ours without an operation each, as tests/soap/test_wsdl.py shows.
"""

import subprocess
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
import requests
import zeep

from tests.soap.published import without

from .story import Endpoint, tell_story
from .tools import VERSIONS, Version, require

_WSDL = Path(__file__).parents[2] / "fixtures" / "SMS.wsdl"
_DOTNET = Path(__file__).with_name("dotnet")

lacking = pytest.mark.parametrize("lacks", ["", "sendMessage", "getFreePhoneCallinLog"])


@pytest.fixture
def saved(tmp_path: Path, lacks: str) -> Path:
    """A WSDL as a customer saved it."""
    path = tmp_path / "saved.wsdl"
    path.write_bytes(without(_WSDL.read_bytes(), {lacks} if lacks else set()))
    return path


@lacking
@pytest.mark.parametrize("binding", ["SMSSoap", "SMSSoap12"])
def test_zeep(endpoint: Endpoint, saved: Path, lacks: str, binding: str) -> None:
    with requests.Session() as session:
        client = zeep.Client(str(saved), transport=zeep.Transport(session=session))
        service = client.create_service(f"{{http://tempuri.org/}}{binding}", endpoint.soap_url)
        assert len(list(service)) == (8 if lacks else 9)

        def call(operation: str, /, **parameters: str) -> str:
            response: str | None = service[operation](**parameters)
            return response or ""

        tell_story(endpoint, call, lacks=lacks)


@lacking
def test_dotnet(endpoint: Endpoint, saved: Path, lacks: str) -> None:
    """Mono's System.Web.Services is what wsdl.exe and "Add Web Reference" generate code with."""
    compiler, runtime = require("mcs"), require("mono")

    def run(*command: str | Path) -> None:
        done = subprocess.run(
            command, cwd=saved.parent, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stdout + done.stderr

    run(compiler, "-r:System.Web.Services", "-out:Import.exe", _DOTNET / "Import.cs")
    run(runtime, "Import.exe", saved, "Sms.cs")
    run(compiler, "-r:System.Web.Services", "-out:Client.exe", "Sms.cs", _DOTNET / "Client.cs")
    for version in VERSIONS:
        tell_in_dotnet(endpoint, [runtime, "Client.exe"], saved.parent, version, lacks)


def tell_in_dotnet(
    endpoint: Endpoint, command: list[str], folder: Path, version: Version, lacks: str
) -> None:
    with subprocess.Popen(
        [*command, endpoint.soap_url, version],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="ascii",
    ) as process:

        def call(operation: str, /, **parameters: str) -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            words = [operation]
            for name, value in parameters.items():
                words += [name, b64encode(value.encode()).decode()]
            process.stdin.write(" ".join(words) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            assert line, f"the client ended in {operation}: see its standard error"
            return b64decode(line).decode()

        try:
            tell_story(endpoint, call, lacks=lacks)
        finally:
            process.stdin.close()

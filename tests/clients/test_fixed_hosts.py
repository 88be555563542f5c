"""docs/fixed-hosts.md: which clients take the fake for a proxy, and a way without root.

The host is one that nobody can have: a client that honours nothing must not call production.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_every8d import FakeEvery8d
from tests.pages import ROOT, sections

from .tools import PROGRAMS, environment, require, require_php, unavailable

DEADLINE = 240  # seconds: Go compiles its standard library the first time
PAGE = ROOT / "docs/fixed-hosts.md"
COMMANDS = {
    "curl": 'curl -s "$SMS_URL/API21/HTTP/getCredit.ashx?UID=demo&PWD=demo"',
    "Python: urllib": "python with_urllib.py",
    "Python: requests, zeep": "python with_requests.py",
    "Python: httpx": "python with_httpx.py",
    "Node: fetch": "node app.js",
    "PHP: curl": "php with_curl.php",
    "PHP: Guzzle": "php with_guzzle.php",
    "PHP: SoapClient": "php with_soap.php",
    "PHP: file_get_contents": "php with_stream.php",
    "Java": "java App.java",
    "Mono": "mcs app.cs && mono app.exe",
    "Ruby": "ruby app.rb",
    "Go": "go run app.go",
}
ROWS = {
    row[1]: {"http_proxy": row[2] == "yes", "HTTP_PROXY": row[3] == "yes"}
    for row in re.finditer(
        r"^\| ([^`|]+) \| (yes|no) \| (yes|no) \|", PAGE.read_text("utf-8"), re.M
    )
}


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeEvery8d]:
    with FakeEvery8d() as fake:
        yield fake


def run(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    require_php(command)
    for program in PROGRAMS.iterdir():
        if program.name in command:
            shutil.copy(program, folder)
    return subprocess.run(
        [require("bash"), "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment(folder, **variables),
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
    )


def test_every_client_of_the_table_is_tried() -> None:
    assert ROWS.keys() == COMMANDS.keys()


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY"])
@pytest.mark.parametrize("client", COMMANDS)
def test_clients_that_take_the_fake_for_a_proxy(
    fake: FakeEvery8d, tmp_path: Path, client: str, variable: str
) -> None:
    command = COMMANDS[client]
    for tool in re.findall(r"(?:^|&& )(\w+)", command):
        require(tool) if tool != "python" else None
    fake.clear_requests()
    done = run(command, tmp_path, SMS_URL="http://sms.test", **{variable: fake.url})
    assert ("1000.00" in done.stdout) == bool(fake.requests) == ROWS[client][variable], done


def test_java_takes_properties(fake: FakeEvery8d, tmp_path: Path) -> None:
    require("java")
    (properties,) = re.findall(r"`(-Dhttp\.proxyHost[^`]+)`", PAGE.read_text("utf-8"))
    port = fake.url.rpartition(":")[2]
    command = f"java {properties.replace('8021', port)} App.java"
    assert run(command, tmp_path, SMS_URL="http://sms.test").stdout == "1000.00\n"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_by_name_without_root(tmp_path: Path, scheme: str) -> None:
    """It reaches the host that is written into the client, and nothing else can be reached."""
    (block,) = sections(PAGE)["By name, without root"]
    require("ip")
    if subprocess.run([require("unshare"), "-rmn", "true"], capture_output=True).returncode:
        unavailable("this system gives no namespaces to its users")
    done = run(block.code, tmp_path, SMS_URL=f"{scheme}://api.e8d.tw")
    assert done.returncode == 0, done.stdout + done.stderr
    # The credit of the fake's own account: there is no way to production in that namespace.
    assert "1000.00" in done.stdout.splitlines()

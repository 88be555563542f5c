"""The suites in other languages: each over HTTP, against a fake that runs beside it."""

import os
import subprocess
from pathlib import Path

import pytest

from fake_every8d import FakeEvery8d
from tests.clients.tools import require
from tests.web.serving import DEADLINE

HERE = Path(__file__).parent
SUITES = {
    "node": ["--test", "signup.test.mjs"],
    "php": ["signup_test.php"],
    "java": ["-Dfile.encoding=UTF-8", "SignUpTest.java"],
}


@pytest.mark.parametrize("tool", SUITES)
def test_a_suite_in_another_language(tool: str) -> None:
    passes([require(tool), *SUITES[tool]])


def test_a_suite_in_dotnet(tmp_path: Path) -> None:
    """Mono has the .NET Framework's own SOAP client, which a web reference is made for."""
    compiler, runtime = require("mcs"), require("mono")
    program = tmp_path / "SignUpTest.exe"
    libraries = ["-r:System.Net.Http", "-r:System.Web.Services"]
    done = subprocess.run(
        [compiler, *libraries, f"-out:{program}", "SignUpTest.cs"],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=4 * DEADLINE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passes([runtime, str(program)])


def passes(command: list[str]) -> None:
    """Run a suite beside a fake, and see to it that it succeeds and calls that."""
    with FakeEvery8d() as fake:
        done = subprocess.run(
            command,
            cwd=HERE,
            env=os.environ | {"FAKE_EVERY8D_URL": fake.url, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=4 * DEADLINE,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert fake.requests  # it was called, and not something else

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
    program = require(tool)
    with FakeEvery8d() as fake:
        done = subprocess.run(
            [program, *SUITES[tool]],
            cwd=HERE,
            env=os.environ | {"FAKE_EVERY8D_URL": fake.url, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=4 * DEADLINE,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert fake.requests  # it was called, and not something else

"""Any encoding of standard output, a code page of Windows or ASCII: nothing fails for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.serving import Served, call

ENCODINGS = ["cp950:strict", "cp1252:strict", "ascii:strict"]

ACCOUNTS = """\
[[account]]
user_id = "簡訊囍é"
password = "demo"
"""


@pytest.fixture
def accounts(tmp_path: Path) -> str:
    """A file of an account whose name none of the encodings can write."""
    path = tmp_path / "accounts.toml"
    path.write_text(ACCOUNTS, "utf-8")
    return str(path)


@pytest.fixture(params=ENCODINGS)
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    return {"PYTHONUTF8": "0", "PYTHONIOENCODING": str(request.param)}


def test_check_replaces_what_it_cannot_write(accounts: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fake_every8d", "check", accounts],
        capture_output=True,
        timeout=60,
        env=os.environ | environment,
    )
    encoding = environment["PYTHONIOENCODING"].partition(":")[0]
    assert (done.returncode, done.stderr) == (0, b"")
    if encoding == "ascii":
        encoding = "utf-8"  # click takes ASCII for a locale that was forgotten
    name = "簡訊囍é".encode(encoding, "backslashreplace")
    assert name + b" (1000 points)" in done.stdout.splitlines()[0]


def test_error_is_written_in_the_terminals_encoding(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fake_every8d", "check", str(tmp_path / "簡訊囍é.toml")],
        capture_output=True,
        timeout=60,
        env=os.environ | environment,
    )
    assert done.returncode == 2
    assert b"cannot be read" in done.stderr
    assert b"Traceback" not in done.stderr


def test_text_lines_replace_what_they_cannot_write(
    tmp_path: Path, accounts: str, environment: dict[str, str]
) -> None:
    with Served(tmp_path, "--accounts", accounts, **environment) as served:
        served.wait_bytes(b"points)")
        call(served.url, "getConnection", userID="簡訊囍é", password="demo")
        encoding = environment["PYTHONIOENCODING"].partition(":")[0]
        served.wait_bytes(b"getConnection  " + "簡訊囍é".encode(encoding, "backslashreplace"))


def test_json_lines_are_utf_8(tmp_path: Path, accounts: str, environment: dict[str, str]) -> None:
    options = ["--accounts", accounts, "--log-format", "json"]
    with Served(tmp_path, *options, **environment) as served:
        ready = json.loads(served.wait_for(r".*\n")[0])
        assert ready["accounts"] == {"簡訊囍é": "1000"}
        call(ready["ready"], "getConnection", userID="簡訊囍é", password="demo")
        assert json.loads(served.wait_for(r"\n(.+)\n")[1])["account"] == "簡訊囍é"

"""The command line, as far as it goes without serving."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`fake-every8d …`, and how it ended."""
    return subprocess.run(
        [sys.executable, "-m", "fake_every8d", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | environment,
    )


def test_help_lists_the_options() -> None:
    done = run("serve", "--help")
    assert done.returncode == 0
    for option in (
        "--host",
        "--port",
        "--accounts",
        "--delivery-seconds",
        "--report-retry-seconds",
        "--public-url",
        "--log-format",
        "--max-messages",
        "--pad-mobile",
    ):
        assert option in done.stdout


def test_help_does_not_import_what_serving_needs() -> None:
    code = (
        "import sys; from fake_every8d.cli import cli; cli(['serve', '--help'], "
        "standalone_mode=False); "
        "print(sorted({'spyne', 'lxml', 'werkzeug', 'granian', 'urllib3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version() -> None:
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("fake-every8d, version ")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--prot", "8021"], "No such option"),
        (["serve", "--prot", "8021"], "No such option"),
        (["bogus"], "unexpected extra argument (bogus)"),
        (["--port", "eighty"], "'--port'"),
        (["--port", "65536"], "'--port'"),
        (["--log-format", "xml"], "'--log-format'"),
        (["--public-url", "sms.example.com"], "must be like https://sms.example.com"),
        (["--public-url", "http://[::1"], "must be like https://sms.example.com"),
        (["--delivery-seconds", "-1"], "delivery_seconds must be 0 or more"),
        (["--delivery-seconds", "nan"], "delivery_seconds must be 0 or more"),
        (["--report-retry-seconds", "inf"], "report_retry_seconds must be 0 or more"),
        (["--max-messages", "0"], "max_messages must be 1 or more"),
        (["--accounts", "/nowhere.toml"], "/nowhere.toml: cannot be read: No such file"),
        (["--host", "no such host"], "cannot listen on no such host port 8021"),
    ],
)
def test_wrong_use_ends_with_exit_code_2_and_one_clear_line(
    arguments: list[str], complaint: str
) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("fake-every8d: ")
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def test_wrong_use_in_the_environment_is_told_the_same_way() -> None:
    done = run(FAKE_EVERY8D_MAX_MESSAGES="many")
    assert done.returncode == 2
    assert "--max-messages" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_accounts_file_that_is_wrong_is_named_with_account_and_key(tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text('[[account]]\nuser_id = "demo"\npassword = "demo"\ncredit = -5\n')
    done = run("--accounts", str(path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"fake-every8d: {path}: account 1 (demo): credit must be")

"""The command line, but for what serving is like."""

import io
import os
import re
import socket
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import pytest
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from fake_every8d import health
from fake_every8d.cli import check, main
from tests.web.serving import Served


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`fake-every8d …`, and how it ended."""
    return subprocess.run(
        [sys.executable, "-m", "fake_every8d", *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        env=os.environ | environment,
    )


@pytest.mark.parametrize("command", ["serve", "check", "health"])
def test_help_lists_the_options(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    for option in (
        "--host",
        "--port",
        "--edition",
        "--delivery-seconds",
        "--report-retry-seconds",
        "--public-url",
        "--smtp-url",
        "--log-format",
        "--max-messages",
        "--pad-mobile",
        "--tls",
        "--tls-name",
        "--tls-dir",
        "--tls-port",
        "--tls-ca-file",
        "--tls-cert",
        "--tls-key",
    ):
        assert option in done.stdout


@pytest.mark.parametrize("arguments", [["--version"], ["serve", "--help"], ["health", "--port=1"]])
def test_other_commands_import_no_server(arguments: list[str]) -> None:
    code = f"""if True:
        import sys
        from fake_every8d.cli import main
        sys.argv[1:] = {arguments}
        try:
            main()
        except SystemExit:
            heavy = {{"fake_every8d.fake", "spyne", "lxml", "werkzeug", "urllib3"}}
            print(sorted(heavy & set(sys.modules)))
    """
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60
    )
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
        (["bogus"], "No such command 'bogus'"),
        (["--port", "eighty"], "'--port': 'eighty' is not a valid integer."),
        (["--port", "65536"], "'--port'"),
        (["--log-format", "xml"], "'--log-format'"),
        (["--public-url", "sms.example.com"], "must be like https://sms.example.com"),
        (["--public-url", "http://[::1"], "must be like https://sms.example.com"),
        (["--edition", "2017"], "'--edition': must be one of '2016', '2021', '2025', not"),
        (["--delivery-seconds", "-1"], "'--delivery-seconds': must be 0 or more"),
        (["--delivery-seconds", "nan"], "'--delivery-seconds': must be 0 or more"),
        (["--report-retry-seconds", "inf"], "'--report-retry-seconds': must be 0 or more"),
        (["--max-messages", "0"], "'--max-messages': must be 1 or more"),
        (
            ["--smtp-url", "localhost:1025"],
            "'--smtp-url': 'localhost:1025' is not the URL of an SMTP server, such as smtp://",
        ),
        (["--accounts", "/nowhere.toml"], "/nowhere.toml: cannot be read: "),
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
    assert "FAKE_EVERY8D_MAX_MESSAGES: 'many' is not a valid integer" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_accounts_file_that_is_wrong_is_named_with_account_and_key(tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text('[[account]]\nuser_id = "demo"\npassword = "demo"\ncredit = -5\n')
    done = run("--accounts", str(path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"fake-every8d: {path}: account 1 (demo): credit must be")


SETTINGS = """
[settings]
port = 9000
edition = "2021"
delivery_seconds = 0.5
max_messages = 5
pad_mobile = true
tls_name = ["sms.test", "10.0.0.1"]
tls = true
"""


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """A file of settings, and an account of 12.5 points."""
    path = tmp_path / "every8d.toml"
    path.write_text(
        SETTINGS + '[[account]]\nuser_id = "shop"\npassword = "s3cret"\ncredit = 12.5\n'
    )
    return str(path)


def checked(*arguments: str, **environment: str) -> dict[str, tuple[str, str]]:
    """The output of `check`: each value, and its source."""
    done = run("check", *arguments, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [re.split(" {2,}", line) for line in done.stdout.splitlines()]
    return {name: (value, origin) for name, value, origin in rows}


def test_check_without_a_file_shows_the_defaults() -> None:
    says = checked()
    assert {origin for _, origin in says.values()} == {"default"}
    assert says["accounts"][0] == "demo (1000 points)"
    assert says["port"][0] == "8021"
    assert says["tls"][0] == "false"
    assert says["public_url"][0] == "-"


def test_an_option_outranks_the_environment_and_that_the_file(settings: str) -> None:
    says = checked(
        settings,
        "--port=9002",
        FAKE_EVERY8D_PORT="9001",
        FAKE_EVERY8D_MAX_MESSAGES="7",
        FAKE_EVERY8D_PAD_MOBILE="0",
    )
    assert says["port"] == ("9002", "--port")
    assert says["max_messages"] == ("7", "FAKE_EVERY8D_MAX_MESSAGES")
    assert says["pad_mobile"] == ("false", "FAKE_EVERY8D_PAD_MOBILE")
    assert says["edition"] == ("2021", settings)
    assert says["delivery_seconds"] == ("0.5", settings)
    assert says["tls"] == ("true", settings)
    assert says["tls_name"] == ("sms.test 10.0.0.1", settings)
    assert says["host"] == ("127.0.0.1", "default")
    assert says["accounts"] == ("shop (12.5 points)", settings)


def test_the_file_can_be_named_in_the_environment(settings: str) -> None:
    says = checked(FAKE_EVERY8D_ACCOUNTS=settings)
    assert says["accounts"] == ("shop (12.5 points)", settings)
    assert says["port"] == ("9000", settings)


def test_a_file_of_settings_only_leaves_the_account_demo(tmp_path: Path) -> None:
    path = tmp_path / "every8d.toml"
    path.write_text("[settings]\nport = 9000\n")
    assert checked(str(path))["accounts"][0] == "demo (1000 points)"


def test_check_shows_outcomes_and_failures(tmp_path: Path) -> None:
    path = tmp_path / "every8d.toml"
    path.write_text(
        '[[outcome]]\nto = "0912345678"\nstatus = 103\n'
        '[[failure]]\noperation = "sendSMS"\nkind = "disconnect"\neffect = "after"\n'
    )
    says = checked(str(path))
    assert says["outcome"] == ('to = "0912345678", status = 103', str(path))
    assert says["failure"][0] == 'operation = "sendSMS", kind = "disconnect", effect = "after"'


def test_check_says_no_password_and_no_token(settings: str) -> None:
    assert "s3cret" not in run("check", settings, "--api-token=s3cret").stdout


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("prot = 8021", '"prot" is unknown here'),
        ("accounts = 'x'", '"accounts" is unknown here'),
        ('port = "8021"', "port must be"),
        ("port = true", "port must be"),
        ("port = 65536", "port: 65536 is not in the range 0<=x<=65535"),
        ('edition = "1999"', "edition: must be one of '2016', '2021', '2025'"),
        ("edition = 2021", "edition must be"),
        ("delivery_seconds = -0.5", "delivery_seconds: must be 0 or more"),
        ("delivery_seconds = nan", "delivery_seconds: must be 0 or more"),
        ('delivery_seconds = "1"', "delivery_seconds must be"),
        ("max_messages = 0", "max_messages: must be 1 or more"),
        ("pad_mobile = 1", "pad_mobile must be"),
        ('log_format = "xml"', "log_format: 'xml' is not one of 'text', 'json'"),
        ('public_url = "sms"', "public_url: must be like https://sms.example.com, not 'sms'"),
        (
            'smtp_url = "http://x"',
            "smtp_url: 'http://x' is",
        ),
        ('tls_name = "sms.test"', "tls_name must be"),
        ('tls_cert = "/nowhere.pem"', "tls_cert: File '/nowhere.pem' does not exist"),
    ],
)
def test_wrong_setting_is_named_with_file_table_and_key(
    tmp_path: Path, line: str, complaint: str
) -> None:
    path = tmp_path / "every8d.toml"
    path.write_text(f"[settings]\n{line}\n")
    done = run("check", str(path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"fake-every8d: {path}: settings: {complaint}")
    assert done.stderr.count("\n") == 1


def test_serve_refuses_a_wrong_setting_as_check_does(tmp_path: Path) -> None:
    path = tmp_path / "every8d.toml"
    path.write_text("[settings]\nport = true\n")
    served, checked = run("serve", "--accounts", str(path)), run("check", str(path))
    assert (served.returncode, served.stdout, served.stderr) == (2, "", checked.stderr)


OPTIONS = [option.opts[0] for option in check.params if option.param_type_name == "option"]
ODD = ["", "0", "-1", "-0.0", "1e9999", "nan", "9" * 5_000, "x" * 100_000, "\u202e\x1b\n", "[#"]
ODD += ["smtp://[#", "http://[#", "a..b", "/", "2021", "."]


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(
    st.dictionaries(st.sampled_from(OPTIONS), st.sampled_from(ODD), min_size=1, max_size=3)
)
def test_any_option_is_taken_or_refused_in_a_sentence(options: dict[str, str]) -> None:
    host = options.get("--host")
    hypothesis.assume(host in (None, "a..b", "9" * 5_000, "x" * 100_000))  # without asking the DNS
    arguments = [f"{name}={value}" for name, value in options.items()]
    shown, told = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(shown),
        redirect_stderr(told),
    ):
        patch.setattr("signal.signal", lambda *_: None)
        patch.setattr("sys.argv", ["fake-every8d", "check", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    assert bool(ended.value.code) == bool(told.getvalue())
    assert told.getvalue().rstrip("\n").isprintable()
    assert len(told.getvalue()) <= 2_001
    assert all(line.isprintable() for line in shown.getvalue().splitlines())


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('host = "a..b"', "cannot listen on a..b: "),
        ('host = "203.0.113.1"', "cannot listen on 203.0.113.1: "),  # of nobody: RFC 5737
        ('tls_cert = "a\\u0000b"', "{path}: settings: tls_cert: "),
        (
            'smtp_url = "smtp://[#"',
            "{path}: settings: smtp_url: 'smtp://[#' is",
        ),
    ],
)
def test_check_refuses_what_serve_would(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "every8d.toml"
    path.write_text(f"[settings]\n{line}\n")
    done = run("check", str(path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"fake-every8d: {complaint.format(path=path)}")
    assert done.stderr.count("\n") == 1


def test_check_tells_of_an_account_that_is_wrong() -> None:
    done = run("check", "/nowhere.toml")
    assert done.returncode == 2
    assert done.stderr == "fake-every8d: /nowhere.toml: cannot be read: No such file or directory\n"


def test_health_of_nobody_is_exit_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = run("health", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr == (
        f"fake-every8d: 127.0.0.1 port {port} is not healthy: Connection refused\n"
    )


def test_health_of_somebody_else_is_exit_code_1(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/healthz").respond_with_data("no", status=503)
    done = run("health", "--host", httpserver.host, "--port", str(httpserver.port))
    assert done.returncode == 1
    assert done.stderr.endswith("is not healthy: HTTP 503\n")


@pytest.mark.parametrize("options", [[], ["--tls"]])
def test_health_of_what_is_served_is_exit_code_0(tmp_path: Path, options: list[str]) -> None:
    with Served(tmp_path, *options) as served:
        port = urlsplit(served.url).port
        done = run("health", FAKE_EVERY8D_PORT=str(port))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_health_of_what_is_served_by_the_script_that_the_image_has(tmp_path: Path) -> None:
    """It runs without this package and all others."""
    with Served(tmp_path) as served:
        environment = os.environ | {"FAKE_EVERY8D_PORT": str(urlsplit(served.url).port)}
        command = [sys.executable, "-IS", health.__file__]
        assert subprocess.run(command, env=environment).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as closed:
        environment["FAKE_EVERY8D_PORT"] = str(closed.getsockname()[1])
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "not healthy: Connection refused\n")


def test_health_waits_until_it_is_well(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    waiting = subprocess.Popen(
        [sys.executable, "-m", "fake_every8d", "health", "--wait", "30", "--port", port]
    )
    with Served(tmp_path, "--port", port):
        assert waiting.wait(30) == 0


def test_health_waits_no_longer_than_it_was_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = run("health", "--wait", "0.2", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr == (
        f"fake-every8d: 127.0.0.1 port {port} is not healthy within 0.2 s: Connection refused\n"
    )


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("FAKE_EVERY8D_PROT", "did you mean FAKE_EVERY8D_PORT?"),
        ("FAKE_EVERY8D_DELIVERY_SECOND", "did you mean FAKE_EVERY8D_DELIVERY_SECONDS?"),
        ("FAKE_EVERY8D_COLOUR_OF_THE_SKY", "serve --help has the options"),
    ],
)
def test_check_knows_misspelt_environment_variables(variable: str, hint: str) -> None:
    done = run("check", **{variable: "1"})
    assert done.returncode == 2
    assert done.stderr == f"fake-every8d: {variable}, in the environment, is unknown; {hint}\n"


def test_check_knows_the_fixtures_variable() -> None:
    """Set for a whole pipeline, it is there when the fake is started, too."""
    done = run("check", FAKE_EVERY8D_URL="http://127.0.0.1:8021")
    assert (done.returncode, done.stderr) == (0, "")


def test_check_takes_the_accounts_as_serve_does(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text('[[account]]\nuser_id = "shop"\npassword = "s3cret"\n', "utf-8")
    for given in (["--accounts", str(accounts)], [str(accounts)]):
        done = run("check", *given, FAKE_EVERY8D_ACCOUNTS="" if given[1:] else "missing.toml")
        assert done.stdout.startswith("accounts              shop (1000 points)"), done.stderr
    done = run("check", str(accounts), "--accounts", str(accounts))
    assert done.returncode == 2
    assert done.stderr == "fake-every8d: FILE and --accounts are the same: give one of them\n"


@pytest.mark.parametrize("token", ["", "  "])
def test_an_empty_token_in_the_environment_is_refused(token: str) -> None:
    done = run("check", FAKE_EVERY8D_API_TOKEN=token)
    assert done.returncode == 2
    assert "must not be empty: leave it out for none" in done.stderr

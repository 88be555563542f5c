"""`fake-every8d serve`, as a process of its own."""

import email
import email.policy
import errno
import http.client
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import pytest
import urllib3
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from tests.waiting import wait_for
from tests.web.serving import DEADLINE, ENDPOINT, Served, call, log_in

ACCOUNTS = """
[[account]]
user_id = "shop"
password = "s3cret"
credit = 12.5

[[account]]
user_id = "demo"
password = "demo"
"""

IN_USE = ".+" if sys.platform == "win32" else os.strerror(errno.EADDRINUSE)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_name_of_an_account_cannot_forge_a_line(tmp_path: Path, log_format: str) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text('[[account]]\nuser_id = "a\\nb\\u001bc\\u202ed"\npassword = "x"\n', "utf-8")
    with Served(tmp_path, "--accounts", str(path), "--log-format", log_format) as served:
        served.wait_for(r"accounts.*\n")
        lines = served.output.splitlines()
        assert all(line.isprintable() for line in lines)
        if log_format == "json":
            assert json.loads(lines[0])["accounts"] == {"a\nb\x1bc\u202ed": "1000"}
        else:
            assert lines[-1] == "  accounts  a b c d (1000 points)"


@pytest.fixture
def accounts(tmp_path: Path) -> str:
    path = tmp_path / "accounts.toml"
    path.write_text(ACCOUNTS, "utf-8")
    return str(path)


def test_it_says_where_everything_is_and_serves_it(tmp_path: Path, accounts: str) -> None:
    with Served(tmp_path, "serve", "--accounts", accounts) as served:
        url = served.url
        served.wait_for(r"accounts .*\n")
        assert served.output == (
            "fake-every8d is ready; Ctrl-C ends it\n"
            f"  endpoint  {url}{ENDPOINT}\n"
            f"  WSDL      {url}{ENDPOINT}?WSDL\n"
            f"  HTTP API  {url}/API21/HTTP/\n"
            f"  page      {url}/\n"
            f"  edition   2016 (--edition, or PATCH {url}/fake/settings)\n"
            "  accounts  shop (12.5 points), demo (1000 points)\n"
        )
        assert urllib3.request("GET", f"{url}/healthz", timeout=DEADLINE).status == 200


def test_a_request_is_a_line_without_the_password_and_the_session_key(
    tmp_path: Path, accounts: str
) -> None:
    with Served(tmp_path, "--accounts", accounts) as served:
        key = log_in(served.url, "shop", "s3cret")
        call(served.url, "getCredit", sessionKey=key)
        date = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
        served.wait_for(rf"(?m)^{date}  getConnection  shop  0  \d+\.\d ms$")
        served.wait_for(rf"(?m)^{date}  getCredit  shop  12\.50  \d+\.\d ms$")
        assert "s3cret" not in served.output
        assert key not in served.output


def test_json_lines_and_settings_from_the_environment(tmp_path: Path, accounts: str) -> None:
    with Served(
        tmp_path,
        FAKE_EVERY8D_ACCOUNTS=accounts,
        FAKE_EVERY8D_LOG_FORMAT="json",
        FAKE_EVERY8D_PUBLIC_URL="https://sms.example.com/",
    ) as served:
        ready = json.loads(served.wait_for(r".*\n")[0])
        assert ready["endpoint"] == "https://sms.example.com/API21/SOAP/SMS.asmx"
        assert ready["wsdl"] == "https://sms.example.com/API21/SOAP/SMS.asmx?WSDL"
        assert ready["http_api"] == "https://sms.example.com/API21/HTTP/"
        assert ready["edition"] == "2016"
        assert ready["accounts"] == {"shop": "12.5", "demo": "1000"}
        call(ready["ready"], "getConnection", userID="shop", password="wrong")
        line = json.loads(served.wait_for(r"\n(.+)\n")[1])
        assert (line["operation"], line["account"]) == ("getConnection", "shop")
        assert line["result"] == "-101, 取得連線失敗，密碼錯誤。"


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_exit_code_0_and_without_a_word(
    tmp_path: Path, ended_by: signal.Signals
) -> None:
    with Served(tmp_path) as served:
        served.wait_for("accounts .*\n")
        before = served.output
        assert served.end(ended_by) == 0
        assert served.output == before


def test_ctrl_c_reaches_the_whole_group_and_ends_it_with_exit_code_0(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        served.wait_for("accounts .*\n")
        os.killpg(served.process.pid, signal.SIGINT)
        assert served.process.wait(DEADLINE) == 0


@pytest.mark.parametrize("options", [[], ["serve"]])
def test_a_port_in_use_ends_it_with_exit_code_2_and_one_line(
    tmp_path: Path, options: list[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Served(tmp_path, *options, "--port", str(port)) as served:
            assert served.process.wait(DEADLINE) == 2
            assert re.fullmatch(
                rf"fake-every8d: cannot listen on 127\.0\.0\.1 port {port}: {IN_USE}\n",
                served.output,
            )


def test_a_port_that_another_of_its_kind_has_is_in_use(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        port = urlsplit(served.url).port
        second = tmp_path / "second"
        second.mkdir()
        with Served(second, "--port", str(port)) as refused:
            assert refused.process.wait(DEADLINE) == 2


def test_a_client_that_stalls_does_not_stall_the_others(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        address = urlsplit(served.url)
        with socket.create_connection((address.hostname, address.port), DEADLINE) as stalled:
            stalled.sendall(f"POST {ENDPOINT} HTTP/1.1\r\nHost: x\r\n".encode())
            stalled.sendall(b"Content-Length: 1000\r\n\r\n<soap:")
            for _ in range(3):
                response = urllib3.request("GET", f"{served.url}/healthz", timeout=DEADLINE)
                assert response.status == 200


def test_s7_copies_by_email_reach_the_smtp_server(tmp_path: Path) -> None:
    with mail_server() as (smtp_url, received), Served(tmp_path, "--smtp-url", smtp_url) as served:
        call(
            served.url,
            "sendParamSMS",
            sessionKey=log_in(served.url, "demo", "demo"),
            subject="通知",
            contentXML=escape(
                '<REPS><USER MOBILE="+886912345678" EMAIL="ann@example.com">您好 😀</USER></REPS>'
            ),
        )
        message = received.get(timeout=DEADLINE)
        assert message["To"] == "ann@example.com"
        assert message["Subject"] == "通知"
        assert message.get_content().strip() == "您好 😀"


@contextmanager
def mail_server() -> Iterator[tuple[str, queue.Queue[EmailMessage]]]:
    """An SMTP server's URL, and what it has received."""
    received: queue.Queue[EmailMessage] = queue.Queue()

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
            assert isinstance(envelope.content, bytes)
            message = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
            assert isinstance(message, EmailMessage)
            received.put(message)
            return "250 OK"

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        class OnListener(Controller):  # by itself it cannot take any free port
            def _create_server(self) -> Any:
                return self.loop.create_server(self._factory_invoker, sock=listener)

        controller = OnListener(Handler(), "127.0.0.1", port)
        controller.start()
        yield f"smtp://127.0.0.1:{port}", received
        controller.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def running(command: list[str], port: int, **streams: Any) -> Iterator[str]:
    """The URL of a process that serves there, and then ends on SIGTERM, with exit code 0."""
    process = subprocess.Popen(command, **streams)
    url = f"http://127.0.0.1:{port}"

    def well() -> bool:
        assert process.poll() is None
        try:
            return urllib3.request("GET", f"{url}/healthz", retries=False).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    try:
        wait_for(well)
        yield url
        process.terminate()
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.wait()


def test_standard_output_that_nobody_reads_stops_nothing() -> None:
    reading, writing = os.pipe()
    # As full as it gets, so that not even the first line can be written.
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while os.write(writing, b"x" * 1024):
            pass
    os.set_blocking(writing, True)
    port = free_port()
    command = [sys.executable, "-m", "fake_every8d", "--port", str(port)]
    with running(command, port, stdout=writing, stderr=writing) as url:
        for _ in range(3):
            assert urllib3.request("GET", f"{url}/nowhere", timeout=DEADLINE).status == 404
    os.close(reading)
    os.close(writing)


def test_closed_standard_output_is_no_reason_not_to_start(tmp_path: Path) -> None:
    port = free_port()
    errors = tmp_path / "errors"
    command = f'exec "$0" -m fake_every8d --port {port} >&- 2>"$1"'
    with running(["sh", "-c", command, sys.executable, str(errors)], port):
        pass
    assert errors.read_text() == ""


def test_connections_are_kept_alive(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        address = urlsplit(served.url)
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=DEADLINE
        )
        own_ports = set()
        for path in ("/healthz", "/nowhere", ENDPOINT):
            connection.request("POST", path, b"body")
            connection.getresponse().read()
            own_ports.add(connection.sock.getsockname()[1])
        connection.close()
        assert len(own_ports) == 1


@pytest.mark.parametrize(
    ("options", "warned"),
    [((), 0), (("--host=0.0.0.0",), 1), (("--host=0.0.0.0", "--api-token=x"), 0)],
)
def test_it_warns_if_anybody_can_look_inside(
    tmp_path: Path, options: tuple[str, ...], warned: int
) -> None:
    with Served(tmp_path, *options) as served:
        log_in(served.url, "demo", "demo")
        served.wait_for("getConnection")
        assert served.output.count("Anybody who can reach this machine") == warned

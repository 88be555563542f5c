"""Serving: from threads of the test's own process, and what a log line looks like."""

import gc
import json
import socket
import threading
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
import urllib3

from fake_every8d.gateway import Gateway
from fake_every8d.web.app import Application
from fake_every8d.web.journal import RecordedRequest
from fake_every8d.web.log import json_line, text_line
from fake_every8d.web.server import ThreadServer
from tests.web.serving import DEADLINE

RECORD = RecordedRequest(
    id=7,
    at=datetime(2026, 11, 23, 22, 5, 6, 789_000, timezone(timedelta(hours=8))),
    method="POST",
    path="/API21/SOAP/SMS.asmx",
    query="",
    headers={},
    body=b"<sendSMS/>",
    status=200,
    response_headers={},
    response_body=b"<sendSMSResponse/>",
    operation="sendSMS",
    user_id="demo",
    result="999.00,1,1.0,0,6f9619ff-8b86-d011-b42d-00cf4fc964ff",
    milliseconds=1.23456,
    advice=("Mind the gap.",),
    fault=None,
)


def test_it_listens_from_when_it_is_made_until_it_is_closed(gateway: Gateway) -> None:
    server = ThreadServer(Application(gateway))
    address = ("127.0.0.1", server.port)
    assert server.url == f"http://127.0.0.1:{server.port}"
    assert urllib3.request("GET", f"{server.url}/healthz", timeout=DEADLINE).status == 200
    server.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, DEADLINE)


def test_it_can_listen_on_ipv6(gateway: Gateway) -> None:
    server = ThreadServer(Application(gateway), "::1")
    assert server.url == f"http://[::1]:{server.port}"
    assert urllib3.request("GET", f"{server.url}/healthz", timeout=DEADLINE).status == 200
    server.close()


def test_a_port_that_is_taken_is_an_oserror(gateway: Gateway) -> None:
    server = ThreadServer(Application(gateway))
    with pytest.raises(OSError, match="in use"):
        ThreadServer(Application(gateway), port=server.port)
    server.close()


def test_nothing_is_left_of_it(gateway: Gateway, recwarn: pytest.WarningsRecorder) -> None:
    before = threading.active_count()
    for _ in range(5):
        server = ThreadServer(Application(gateway))
        server.close()
    assert threading.active_count() == before
    del server
    gc.collect()
    assert [warning for warning in recwarn if warning.category is ResourceWarning] == []


def test_it_says_nothing(gateway: Gateway, capfd: pytest.CaptureFixture[str]) -> None:
    server = ThreadServer(Application(gateway))
    urllib3.request("GET", f"{server.url}/nowhere", timeout=DEADLINE)
    with socket.create_connection(("127.0.0.1", server.port), DEADLINE) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        connection.recv(1)
    server.close()
    assert capfd.readouterr() == ("", "")


def test_a_line_for_people() -> None:
    assert text_line(RECORD) == (
        "2026-11-23 22:05:06  sendSMS  demo  "
        "999.00,1,1.0,0,6f9619ff-8b86-d011-b42d-00cf4fc964ff  1.2 ms  · Mind the gap."
    )


def test_a_line_for_people_of_a_request_that_is_no_operation() -> None:
    record = replace(
        RECORD,
        method="GET",
        path="/healthz",
        operation=None,
        user_id=None,
        result=None,
        milliseconds=0.04,
        advice=(),
    )
    assert text_line(record) == "2026-11-23 22:05:06  GET /healthz  -  200  0.0 ms"


def test_what_callers_send_cannot_break_or_flood_the_log() -> None:
    record = replace(RECORD, user_id="a\n2026-01-01 forged" + "x" * 1000, advice=("a\r\nb",))
    line = text_line(record)
    assert "a 2026-01-01 forged" in line
    assert "\n" not in line
    assert len(line) < 500
    assert json_line(record).isprintable()


def test_a_line_for_machines() -> None:
    assert json.loads(json_line(RECORD)) == {
        "time": "2026-11-23T22:05:06.789+08:00",
        "method": "POST",
        "path": "/API21/SOAP/SMS.asmx",
        "status": 200,
        "milliseconds": 1.235,
        "operation": "sendSMS",
        "account": "demo",
        "result": "999.00,1,1.0,0,6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        "advice": ["Mind the gap."],
        "fault": None,
    }

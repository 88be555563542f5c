"""A line in the log for each request."""

import json
import re
from dataclasses import replace

import requests

from fake_every8d import FakeEvery8d
from fake_every8d.control.journal import RecordedRequest
from fake_every8d.control.log import json_line, text_line
from tests.web.records import Executed, said

# 2026-11-23 22:05:06.789 in Taipei, which is eight hours ahead of 1970's midnight there.
AT = (20_780 * 86_400 + 14 * 3_600 + 5 * 60 + 6) * 1_000_000 + 789_000


EXECUTED = Executed()


def request(
    call: Executed | None = EXECUTED,
    method: str = "POST",
    path: str = "/API21/SOAP/SMS.asmx",
    milliseconds: float = 1.23456,
) -> RecordedRequest:
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path}
    return RecordedRequest(
        environ, b"", 200, [], b"", micros=AT, milliseconds=milliseconds, call=call
    )


def test_a_line_for_people() -> None:
    assert text_line(request()) == (
        "2026-11-23 22:05:06  sendSMS  demo  "
        "999.00,1,1.0,0,6f9619ff-8b86-d011-b42d-00cf4fc964ff  1.2 ms  "
        "· BID 1 is no batch of this account."
    )


def test_a_line_for_people_of_a_request_that_is_no_operation() -> None:
    looked = request(None, "GET", "/healthz", milliseconds=0.04)
    assert text_line(looked) == "2026-11-23 22:05:06  GET /healthz  -  HTTP 200  0.0 ms"


def test_input_of_clients_cannot_break_or_flood_the_log() -> None:
    forged = "a\n2026-01-01 forged" + "x" * 1000
    record = request(replace(Executed(), user_id=forged, advice=said("a\r\nb\u2028c")))
    line = text_line(record)
    assert "a 2026-01-01 forged" in line
    assert "\n" not in line
    assert len(line) < 500
    assert json_line(record).isprintable()
    assert len(json_line(record)) < 1000


def test_a_line_for_machines() -> None:
    assert json.loads(json_line(request())) == {
        "time": "2026-11-23T22:05:06.789+08:00",
        "method": "POST",
        "path": "/API21/SOAP/SMS.asmx",
        "status": 200,
        "milliseconds": 1.235,
        "operation": "sendSMS",
        "account": "demo",
        "result": "999.00,1,1.0,0,6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        "advice": ["BID 1 is no batch of this account."],
        "failure": None,
    }


def test_h17_lines_of_a_call_by_the_http_api() -> None:
    """Its code or receipt, under SOAP's name for the operation; and never a password."""
    with FakeEvery8d() as fake:
        form = {"UID": "demo", "PWD": "demo", "MSG": "hello", "DEST": "0912345678"}
        for path, values in (("sendSMS", form), ("getCredit", form | {"PWD": "hunter2"})):
            requests.post(f"{fake.http_url}{path}.ashx", data=values, timeout=10)
        body = {"UID": "demo", "PWD": "demo", "MSG": "hi", "RecipientDataList": []}
        requests.post(f"{fake.http_url}SendParam.ashx", json=body, timeout=10)
        lines = fake.requests
    sent, refused, param = map(text_line, lines)
    assert re.search(r"  sendSMS  demo  999\.00,1,1\.0,0,[0-9a-f-]{36}  [0-9.]+ ms$", sent)
    assert re.search(r"  getCredit  demo  -101, 密碼錯誤。  [0-9.]+ ms$", refused)
    assert re.search(
        r"  sendParamSMS  demo  -41, no mobile\.  [0-9.]+ ms  · SendParam was introduced", param
    )
    record = json.loads(json_line(lines[1]))
    assert (record["path"], record["status"]) == ("/API21/HTTP/getCredit.ashx", 200)
    assert (record["operation"], record["account"]) == ("getCredit", "demo")
    assert "hunter2" not in refused + json_line(lines[1])

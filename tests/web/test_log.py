"""A line in the log for each request."""

import json
from dataclasses import replace

from fake_every8d.web.journal import RecordedRequest
from fake_every8d.web.log import json_line, text_line
from tests.web.records import Answered

# 2026-11-23 22:05:06.789 in Taipei, which is eight hours ahead of 1970's midnight there.
AT = (20_780 * 86_400 + 14 * 3_600 + 5 * 60 + 6) * 1_000_000 + 789_000


ANSWERED = Answered()


def request(
    call: Answered | None = ANSWERED,
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
        "999.00,1,1.0,0,6f9619ff-8b86-d011-b42d-00cf4fc964ff  1.2 ms  · Mind the gap."
    )


def test_a_line_for_people_of_a_request_that_is_no_operation() -> None:
    looked = request(None, "GET", "/healthz", milliseconds=0.04)
    assert text_line(looked) == "2026-11-23 22:05:06  GET /healthz  -  200  0.0 ms"


def test_what_callers_send_cannot_break_or_flood_the_log() -> None:
    forged = "a\n2026-01-01 forged" + "x" * 1000
    record = request(replace(Answered(), user_id=forged, advice=("a\r\nb\u2028c",)))
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
        "advice": ["Mind the gap."],
        "fault": None,
    }

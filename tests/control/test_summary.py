"""The fake's section in the report of a failed test."""

from dataclasses import replace
from datetime import datetime

import pytest
import urllib3

from fake_every8d import FakeEvery8d, Status
from fake_every8d.control import summary
from fake_every8d.gateway import Gateway
from tests.receiver import Receiver, refused_url, status
from tests.web.serving import call, log_in


def send(gateway: Gateway, content: str, mobile: str = "0912345678", send_time: str = "") -> None:
    key = gateway.platform.open_session("demo", "demo")
    gateway.platform.send_sms(key, "", content, mobile, send_time)


def lines(fake: FakeEvery8d) -> list[str]:
    """The summary's lines. What varies, the time of day, is left out."""
    return [
        f"  {line[12:]}" if line[4:5] == line[7:8] == ":" else line
        for line in fake.summary().splitlines()
    ]


def test_nothing_has_happened(every8d: FakeEvery8d) -> None:
    assert lines(every8d) == ["0 requests", "0 messages", "0 reports"]


def test_one_of_each_in_the_fakes_own_time(every8d: FakeEvery8d) -> None:
    every8d.clock.freeze()
    every8d.clock.travel_to(datetime(2040, 3, 1, 9, 30))
    with Receiver() as receiver:
        every8d.update_account("demo", report_url=f"{receiver.url}?from=sms")
        log_in(every8d.url, "demo", "demo")
        send(every8d.gateway, "驗證碼 1234")
        every8d.clock.advance(seconds=1)
    assert every8d.summary().splitlines() == [
        "1 request:",
        "  09:30:00  getConnection  demo  0",
        "1 message:",
        "  09:30:00  to +886912345678  100 發送成功: '驗證碼 1234'",
        "1 report:",
        f"  09:30:01  +886912345678  STATUS=100 to {receiver.url}?from=sms: HTTP 200 (delivered)",
    ]


def test_requests_with_result_advice_and_failure(every8d: FakeEvery8d) -> None:
    key = log_in(every8d.url, "demo", "demo")
    call(every8d.url, "sendSMS", sessionKey=key, content="x", mobile="0212345678")
    every8d.add_failure("getCredit", "http_error", status=503)
    call(every8d.url, "getCredit", sessionKey=key)
    call(every8d.url, "getCredits", sessionKey=key)
    (sent,) = every8d.messages
    assert lines(every8d)[2:7] == [
        f"  sendSMS  demo  1000.00,0,0.0,0,{sent.batch_id}",
        "            advice: Refused with status -3, no number that SMS can go to: 0212345678. A "
        "Taiwan mobile is 0912345678 or +886912345678, another country's +14155550100.",
        "  getCredit  demo  HTTP 503  (failure: http_error)",
        "  POST /API21/SOAP/SMS.asmx  -  Client: Server did not recognize the value of HTTP "
        "Header SOAPAction: http://tempuri.org/getCredits.",
        "1 message:",
    ]


def test_long_content_is_cut_and_bookings_say_for_when(every8d: FakeEvery8d) -> None:
    every8d.clock.freeze()
    every8d.clock.travel_to(datetime(2040, 3, 1))
    send(every8d.gateway, "第一行\n第二行" + "字" * 70, send_time="20400302083000")
    assert lines(every8d)[2] == (
        f"  to +886912345678  300 預約簡訊, for 2040-03-02 08:30:00: '第一行\\n第二行{'字' * 62}…'"
    )


def test_attempts_that_were_answered_alike_are_counted(every8d: FakeEvery8d) -> None:
    with Receiver() as receiver:
        receiver.respond = lambda request: status(500 if len(receiver.requests) < 4 else 200)
        every8d.update_account("demo", report_url=receiver.url)
        send(every8d.gateway, "hello")
        every8d.clock.advance(minutes=5)
        every8d.reply("0912345678", "好")
        every8d.wait_for_report(status=Status.REPLY)
    assert lines(every8d)[-2:] == [
        f"  +886912345678  STATUS=100 to {receiver.url}: 3 × HTTP 500, HTTP 200 (delivered)",
        f"  +886912345678  STATUS=999 '好' to {receiver.url}: HTTP 200 (delivered)",
    ]


def test_a_report_that_was_not_taken(every8d: FakeEvery8d) -> None:
    with refused_url() as url:
        every8d.update_account("demo", report_url=url)
        send(every8d.gateway, "hello")
        every8d.clock.advance(minutes=30)
        (line,) = lines(every8d)[-1:]
    assert line.startswith(f"  +886912345678  STATUS=100 to {url}: 11 × ")
    assert line.endswith(" refused the connection (given_up)")
    assert {attempt.reason for attempt in every8d.reports[0].attempts} == {"refused"}
    untried = replace(every8d.reports[0], attempts=())
    assert summary.report_line(untried).endswith(f"{url}: not tried yet (given_up)")


def test_of_many_the_last_twenty(every8d: FakeEvery8d) -> None:
    for number in range(21):
        send(every8d.gateway, f"number {number}")
    shown = lines(every8d)[1:-1]
    assert shown[0] == "21 messages, the last 20:"
    assert len(shown) == 21
    assert shown[1] == "  to +886912345678  0 已發送: 'number 1'"


@pytest.mark.parametrize("path", ["/a%0Ab%1B[2J", "/" + "a" * 1000])
def test_input_of_clients_cannot_spoil_the_summary(every8d: FakeEvery8d, path: str) -> None:
    urllib3.request("GET", every8d.url + path, retries=False)
    title, line, *_ = lines(every8d)
    assert title == "1 request:"
    assert line.isprintable()
    assert len(line) <= 302

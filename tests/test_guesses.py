"""The guesses of new users: they work, or the error says what to type instead."""

import re
import threading
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
import requests

from fake_every8d import FakeEvery8d, Message, Report, Status

PYTHON = Path(__file__).parents[1] / "docs/python.md"
PHONE, ABROAD, LANDLINE = "0912345678", "+14155550100", "0223456789"


def text(every8d: FakeEvery8d, message: str, to: str = PHONE, **more: str) -> str:
    """The application: it sends an SMS by the HTTP API."""
    fields = {"UID": "demo", "PWD": "demo", "MSG": message, "DEST": to, **more}
    return requests.post(every8d.http_url + "sendSMS.ashx", fields, timeout=30).text


@pytest.fixture
def sms(every8d: FakeEvery8d) -> Message:
    text(every8d, "您的驗證碼為 483920，詳見 https://a.test/9", SB="sign-up", RETRYTIME="30")
    return every8d.wait_for_message()


# Messages


def test_text_of_a_message(sms: Message) -> None:
    assert sms.code == "483920"
    assert sms.links == ("https://a.test/9",)
    assert sms.subject == "sign-up"
    assert "驗證碼" in sms.text
    assert sms.phone == PHONE  # `to` is +886912345678
    assert sms.cost == sms.pieces == 1
    assert sms.retry_time == "30"


def test_messages_to_a_number(every8d: FakeEvery8d, sms: Message) -> None:
    assert every8d.messages_to(PHONE) == every8d.messages_to("+886 912-345-678") == [sms]


def test_nothing_sent_is_asserted(every8d: FakeEvery8d) -> None:
    every8d.assert_nothing_sent()
    assert every8d.messages == every8d.sent == []


def test_refused_message_was_not_sent(every8d: FakeEvery8d) -> None:
    text(every8d, "hello", f"{LANDLINE},{ABROAD}")
    assert every8d.sent == []
    every8d.assert_nothing_sent()
    statuses = [message.status for message in every8d.messages]
    assert statuses == [Status.INVALID_NUMBER, Status.INTERNATIONAL_DISABLED]


def test_thirty_at_once(every8d: FakeEvery8d) -> None:
    numbers = [f"09120000{number:02}" for number in range(30)]
    text(every8d, "sale", ",".join(numbers))
    assert len(every8d.wait_for_messages(30)) == 30
    every8d.assert_sent(count=30)
    every8d.assert_sent(to=numbers[7], containing="sale", count=1)


def test_pattern(every8d: FakeEvery8d, sms: Message) -> None:
    assert every8d.wait_for_message(matching=r"驗證碼為 \d{6}") == sms
    assert sms.find(r"驗證碼為 (\d+)") == "483920"


def test_booking(every8d: FakeEvery8d) -> None:
    tomorrow = every8d.clock.now.replace(microsecond=0) + timedelta(days=1)
    text(every8d, "see you", ST=f"{tomorrow:%Y%m%d%H%M%S}")
    (booked,) = every8d.messages
    assert booked.booked_for == tomorrow
    every8d.clock.to_next_due()
    assert every8d.clock.now >= tomorrow
    assert [message.id for message in every8d.sent] == [booked.id]


# Accounts


def test_account_without_points_sends_nothing(every8d: FakeEvery8d) -> None:
    """P7: it is no error, so an application has to look."""
    every8d.update_account("demo", credit=0)
    assert text(every8d, "hello").startswith("0.00,0,0.0,1,")
    assert every8d.messages[0].status == 301
    assert every8d.sent == []


def test_account_of_its_own(every8d: FakeEvery8d) -> None:
    every8d.add_account("shop", "s3cret", credit=2.5)
    text(every8d, "hello", UID="shop", PWD="s3cret")
    assert every8d.account_of("shop").credit == Decimal("1.5")


def test_undelivered_sms_is_not_refunded(every8d: FakeEvery8d) -> None:
    every8d.set_outcome(PHONE, "NO_SUCH_NUMBER")
    text(every8d, "hello")
    every8d.clock.advance(seconds=1)
    assert every8d.messages[0].status == 103
    assert every8d.account.credit == 999


def test_sessions_end_with_the_day(every8d: FakeEvery8d) -> None:
    """A4, H7: that is how an application's second login is tried."""
    login: dict[str, Any] = {"HandlerType": 3, "VerifyType": 1, "UID": "demo", "PWD": "demo"}
    url = every8d.http_url + "ConnectionHandler.ashx"
    token = requests.post(url, json=login, timeout=30).json()["Msg"]
    headers = {"Authorization": f"Bearer {token}"}
    ask = every8d.http_url + "getCredit.ashx"
    assert requests.get(ask, headers=headers, timeout=30).text == "1000.00"
    every8d.clock.advance(days=1)
    assert requests.get(ask, headers=headers, timeout=30).text.startswith("-301")


# Calls that fail


def test_one_failure_and_then_all_is_well(every8d: FakeEvery8d) -> None:
    every8d.add_failure("sendSMS", kind="http_error", status=503, times=1)
    assert "1000" not in text(every8d, "hello")
    assert text(every8d, "hello").startswith("999.00,1,")


def test_slow_platform(every8d: FakeEvery8d) -> None:
    every8d.add_failure("*", kind="delay", seconds=60)
    with pytest.raises(requests.Timeout):
        requests.get(every8d.http_url + "getCredit.ashx", timeout=0.05)


def test_outage(every8d: FakeEvery8d) -> None:
    with every8d.outage() as outage:
        text(every8d, "hello")
        text(every8d, "hello")
    assert outage.happened == 2
    assert text(every8d, "hello").startswith("999.00,1,")


# Reports


def test_reply(every8d: FakeEvery8d, sms: Message) -> None:
    assert [reply.text for reply in every8d.reply(PHONE, "好的").replies] == ["好的"]
    assert every8d.reply(sms, "再見").replies[-1].text == "再見"


def test_report_without_a_server(every8d: FakeEvery8d) -> None:
    received: list[Report] = []
    every8d.reports_to(received.append)
    text(every8d, "hello")
    every8d.clock.advance(seconds=1)
    every8d.reply(PHONE, "好的")
    assert every8d.wait_for_report(status="reply").text == "好的"
    assert [report.status.name for report in received] == ["DELIVERED", "REPLY"]


def test_report_that_is_tried_again_without_a_server(every8d: FakeEvery8d) -> None:
    answers = iter([500, 200])
    every8d.reports_to(lambda report: next(answers))
    text(every8d, "hello")
    every8d.clock.advance(minutes=2)
    report = every8d.reports[-1]
    assert report.state.value == "delivered"
    assert len(report.attempts) == 2
    assert [attempt.status_code for attempt in report.attempts] == [500, 200]


def test_report_that_failed_can_be_waited_for(every8d: FakeEvery8d) -> None:
    every8d.update_account("demo", report_url="http://127.0.0.1:1/sms", report_attempts=1)
    text(every8d, "hello")
    every8d.clock.advance(seconds=1)
    report = every8d.wait_for_report(to=PHONE, status="DELIVERED", state="given_up", attempts=1)
    assert report.attempts[0].reason == "refused"
    assert every8d.wait_for_report(status=100, state="given_up") == report
    with pytest.raises(AssertionError, match=r"no report was delivered within 0 s; there are:\n"):
        every8d.wait_for_report(timeout=0)


# Requests


def test_request_of_the_application(every8d: FakeEvery8d, sms: Message) -> None:
    request = every8d.wait_for_request("sendSMS")
    assert request.params["SB"] == "sign-up"
    assert request.params["DEST"] == PHONE
    assert request.params["PWD"] == "********"
    assert every8d.requests[-1].params == request.params


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_waiting_on_an_event_loop(every8d: FakeEvery8d) -> None:
    async with anyio.create_task_group() as tasks:
        send = partial(text, every8d, "code 483920")
        tasks.start_soon(partial(anyio.to_thread.run_sync, send))
        sms = await every8d.wait_for_message_async(to=PHONE, timeout=30)
    assert sms.code == "483920"


def test_waiting_for_another_thread(every8d: FakeEvery8d) -> None:
    sending = threading.Thread(target=text, args=[every8d, "code 483920"])
    sending.start()
    assert every8d.wait_for_message(timeout=30).code == "483920"
    sending.join()


@pytest.mark.parametrize("status", [103, "103", "NO_SUCH_NUMBER", "no_such_number"])
def test_status_by_number_or_name_everywhere(every8d: FakeEvery8d, status: int | str) -> None:
    url = every8d.url + "/fake/"
    every8d.set_outcome(PHONE, status)
    text(every8d, "hello")
    every8d.set_status(every8d.messages[-1], status)
    every8d.update_account("demo", report_url="http://127.0.0.1:1/", report_attempts=1)
    text(every8d, "hello")
    every8d.clock.advance(seconds=1)
    assert every8d.wait_for_report(status=status, state="given_up").status == 103
    body = {"to": PHONE, "status": status}
    if status != "103":  # in JSON, a number is no text
        assert requests.post(url + "outcomes", json=body, timeout=30).json()["status"] == 103
    for path, count in (("messages", 2), ("reports", 1), ("phones", 1)):
        found = requests.get(f"{url}{path}", {"status": status}, timeout=30).json()
        assert len(found[path]) == count


# What does not work says what does


@pytest.mark.parametrize("elsewhere", [False, True])
def test_error_about_the_clock_names_what_is_documented(
    every8d: FakeEvery8d, elsewhere: bool
) -> None:
    """Not what only the gateway uses, such as `call_at`."""
    row = next(line for line in PYTHON.read_text("utf-8").splitlines() if "`clock` with" in line)
    documented = re.findall(r"`(\w+)`", row.partition("`clock` with")[2])
    clock = FakeEvery8d.connect(every8d.url).clock if elsewhere else every8d.clock
    with pytest.raises(AttributeError) as caught:
        clock.move_to  # type: ignore[attr-defined]  # noqa: B018
    named = str(caught.value).partition("; it has ")[2].split(", ")
    assert named == sorted(documented)


@pytest.fixture
def there(every8d: FakeEvery8d, sms: Message) -> dict[str, object]:
    """The names in what people type."""
    every8d.update_account("demo", report_url="http://127.0.0.1:1/", report_attempts=1)
    every8d.clock.advance(minutes=1)
    return {
        "every8d": every8d,
        "account": every8d.account,
        "clock": every8d.clock,
        "message": sms,
        "report": every8d.reports[-1],
        "request": every8d.requests[-1],
        # As on a machine in UTC.
        "now": lambda: (every8d.clock.now - timedelta(hours=8)).replace(tzinfo=None),
        "timedelta": timedelta,
    }


@pytest.mark.parametrize(
    ("typed", "instead"),
    [
        ('account.report_url = "http://127.0.0.1:3000"', "Use every8d.update_account(user_id, "),
        ("account.credit = 0", "Use every8d.update_account(user_id, credit=…)"),
        ("account.points", "'Account' object has no attribute 'points'; it has credit, "),
        ("message.body", " text,"),
        ("message.content", " text,"),
        ("message.points", " cost,"),
        ("message.segments", " pieces,"),
        ("message.send_at", " booked_for,"),
        ("message.retry_minutes", " retry_time,"),
        ("message.number", " phone,"),
        ('message.reply("好的")', " every8d.reply(message, …)"),
        ("message.status = 103", "Use every8d.set_status(message, …)"),
        ("clock.move_to(now())", " travel_to,"),
        ("clock.advance_to_next()", " to_next_due,"),
        ("clock.travel_to(now() + timedelta(hours=1))", "a time without a zone is Taipei's"),
        ('every8d.add_failure("*", kind="timeout")', "kind must be one of result, soap_fault, "),
        ('every8d.add_failure("*", kind="http")', " http_error,"),
        ('every8d.add_fault("*")', " add_failure,"),
        ("every8d.expire_sessions()", " clock,"),
        ("every8d.await_message()", " wait_for_message_async,"),
        ("every8d.assert_sent_count(30)", " assert_sent,"),
        ("request.form", " params,"),
        ("report.delivered", " state,"),
        ("report.attempts[-1].status", " status_code"),
        ('every8d.set_outcome("0912345678", "lost")', " 103 NO_SUCH_NUMBER,"),
        ('every8d.set_outcome("0912345678", "delivrd")', "did you mean DELIVERED?"),
        ('every8d.wait_for_request("SendSms")', "did you mean sendSMS?"),
        ('every8d.assert_nothing_sent(user_id="dmeo")', "; there are: demo"),
    ],
)
def test_error_says_what_to_type_instead(
    there: dict[str, object], typed: str, instead: str
) -> None:
    with pytest.raises((AttributeError, ValueError)) as caught:
        exec(typed, there)
    assert instead in str(caught.value)

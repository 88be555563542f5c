"""Messages as a test finds them in `FakeEvery8d`, and what becomes of them."""

import re
import threading
from dataclasses import FrozenInstanceError
from datetime import datetime, timedelta
from typing import Any

import pytest

from fake_every8d import (
    TAIPEI,
    Conflict,
    FakeEvery8d,
    InvalidInput,
    NotFound,
    PlatformError,
    Status,
)
from tests.fakes import PHONE, send
from tests.receiver import Receiver, refused_url
from tests.web.serving import call, log_in


@pytest.mark.parametrize("written", [PHONE, "+886912345678", " 0912345678 "])
@pytest.mark.parametrize("asked", [PHONE, "+886912345678", " +886912345678"])
def test_n1_numbers_are_found_however_they_are_written(
    every8d: FakeEvery8d, written: str, asked: str
) -> None:
    send(every8d, "hello", written)
    send(every8d, "somebody else", "0922333444")
    assert [sms.text for sms in every8d.messages_to(asked)] == ["hello"]
    assert every8d.wait_for_message(to=asked).text == "hello"
    every8d.set_outcome(asked, Status.TIMED_OUT)
    assert every8d.reply(asked, "好").replies[0].text == "好"


def test_numbers_abroad_and_no_numbers_are_found_as_written(every8d: FakeEvery8d) -> None:
    every8d.update_account("demo", international=True)
    send(every8d, "hello", "+14155550100,0212345678")
    assert every8d.messages_to("+14155550100")[0].status is Status.SENT
    assert every8d.messages_to("0212345678")[0].status is Status.INVALID_NUMBER
    assert every8d.messages_to("0987654321") == []


def test_returned_objects_are_frozen(every8d: FakeEvery8d, receiver: Receiver) -> None:
    every8d.update_account("demo", report_url=receiver.url)
    send(every8d, "hello")
    sms = every8d.wait_for_message()
    every8d.clock.advance(seconds=1)
    assert sms.status is Status.SENT
    assert every8d.messages[0].status is Status.DELIVERED
    values: list[Any] = [sms, every8d.reports[0], every8d.account, every8d.requests[0]]
    values += [every8d.set_outcome(PHONE, 107), every8d.add_failure("*", "garbage")]
    for value in values:
        with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
            value.id = 5


def test_wait_for_message_waits_for_another_thread(every8d: FakeEvery8d) -> None:
    sending = threading.Thread(target=send, args=[every8d, "hello"])
    sending.start()
    assert every8d.wait_for_message(to=PHONE, containing="ell", timeout=30).text == "hello"
    sending.join()


def test_wait_for_message_gives_the_newest_and_after_only_later_ones(every8d: FakeEvery8d) -> None:
    send(every8d, "first 1111")
    send(every8d, "second 2222")
    second = every8d.wait_for_message()
    assert second.code == "2222"
    assert every8d.wait_for_message(containing="first").code == "1111"
    with pytest.raises(AssertionError, match="after message 2 within 0 s"):
        every8d.wait_for_message(to=PHONE, after=second, timeout=0)
    send(every8d, "third 3333")
    assert every8d.wait_for_message(after=second).code == "3333"


def test_a_booking_counts_as_a_message(every8d: FakeEvery8d) -> None:
    tomorrow = every8d.clock.now + timedelta(days=1)
    send(every8d, "hello", send_time=f"{tomorrow:%Y%m%d%H%M%S}")
    assert every8d.wait_for_message().booked_for == tomorrow.replace(microsecond=0)


@pytest.mark.every8d(credit=2)
def test_refused_messages_do_not_count_and_are_listed(every8d: FakeEvery8d) -> None:
    send(every8d, "no number", "0212345678")
    send(every8d, "abroad", "+14155550100")
    send(every8d, "long gone", send_time="20000101000000")
    send(every8d, "三" * 71)
    send(every8d, "more than there is", "0922333444")
    with pytest.raises(AssertionError) as failure:
        every8d.wait_for_message(to="0922333444", containing="more", timeout=0.01)
    complaint, *listed = str(failure.value).splitlines()
    assert complaint == ("no message to 0922333444 containing 'more' within 0.01 s; there are:")
    assert [re.sub(r"^  \d\d:\d\d:\d\d  to ", "", line) for line in listed] == [
        "0212345678  -3 無效門號: 'no number'",
        "+14155550100  500 未開通國際簡訊，無法發送國際簡訊: 'abroad'",
        "+886912345678  -4 DT 格式錯誤或預計發送時間已過去 24 小時以上: 'long gone'",
        f"+886912345678  0 已發送: '{'三' * 69}…'",
        "+886922333444  301 無額度(或額度不足)無法發送: 'more than there is'",
    ]


def test_wait_in_vain_says_so(every8d: FakeEvery8d) -> None:
    with pytest.raises(AssertionError, match=r"^no message within 0.01 s; there are none$"):
        every8d.wait_for_message(timeout=0.01)
    with pytest.raises(AssertionError, match=r"^no report was delivered within 0.01 s; there are"):
        every8d.wait_for_report(timeout=0.01)


# What becomes of them


def test_set_outcome(every8d: FakeEvery8d) -> None:
    outcome = every8d.set_outcome(PHONE, Status.NO_SUCH_NUMBER, after=5)
    assert (outcome.to, outcome.status, outcome.after_seconds) == ("+886912345678", 103, 5)
    send(every8d, "hello")
    every8d.clock.advance(seconds=4)
    assert every8d.messages[0].status is Status.SENT
    every8d.clock.advance(seconds=1)
    assert every8d.messages[0].status is Status.NO_SUCH_NUMBER


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("0212345678", 103), "'0212345678' is not a number that SMS can go to"),
        (
            (PHONE, 300),
            "a sent message ends in 100 to 107, -1 to -8, 301 or 500, or stays at 0; not in 300",
        ),
        ((PHONE, 103, -1), "after_seconds must be 0 or more, 1e.09 at most, not -1"),
    ],
)
def test_outcomes_that_make_no_sense(
    every8d: FakeEvery8d, arguments: tuple[Any, ...], complaint: str
) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        every8d.set_outcome(*arguments)
    assert every8d.gateway.outcomes() == []


def test_outcomes_are_listed_and_cleared(every8d: FakeEvery8d) -> None:
    one = every8d.set_outcome(PHONE, Status.NO_SUCH_NUMBER)
    other = every8d.set_outcome("0922333444", Status.TIMED_OUT)
    assert every8d.outcomes == [one, other]
    every8d.clear_outcomes("+886912345678")
    assert every8d.outcomes == [other]
    every8d.clear_outcomes()
    assert every8d.outcomes == []


def test_d2_a_status_is_decided_by_the_test(every8d: FakeEvery8d) -> None:
    send(every8d, "hello", f"{PHONE},0922333444")
    first, second = every8d.messages
    assert every8d.set_status(first, Status.NO_SUCH_NUMBER).status is Status.NO_SUCH_NUMBER
    assert every8d.set_status(second.id, 100).status is Status.DELIVERED
    with pytest.raises(Conflict, match="cannot come to"):
        every8d.set_status(first, 100)
    (batch,) = every8d.batches
    assert batch.statuses == {Status.NO_SUCH_NUMBER: 1, Status.DELIVERED: 1}


def test_d4_replies_to_a_message_or_a_number(every8d: FakeEvery8d, receiver: Receiver) -> None:
    every8d.update_account("demo", report_url=receiver.url)
    send(every8d, "first")
    send(every8d, "second")
    first, second = every8d.messages
    assert every8d.reply(first, "to the first").id == first.id
    assert every8d.reply("+886912345678", "to the newest").id == second.id
    report = every8d.wait_for_report(to=PHONE, status=Status.REPLY)
    assert report.text in ("to the first", "to the newest")
    with pytest.raises(NotFound):
        every8d.reply("0922333444", "hello")
    with pytest.raises(InvalidInput):
        every8d.reply(first, "\0")


def test_wait_for_report_is_about_those_that_were_taken(every8d: FakeEvery8d) -> None:
    with refused_url() as url:
        every8d.update_account("demo", report_url=url)
        send(every8d, "hello")
        every8d.clock.advance(seconds=1)
        with pytest.raises(AssertionError) as failure:
            every8d.wait_for_report(to=PHONE, status=100, timeout=0.01)
    complaint, listed = str(failure.value).splitlines()
    assert complaint == (
        "no report about 0912345678 of status 100 was delivered within 0.01 s; there are:"
    )
    assert f"+886912345678  STATUS=100 to {url}: " in listed
    assert listed.endswith("(waiting)")


def test_s7_emails_are_kept(every8d: FakeEvery8d) -> None:
    reps = (
        '&lt;REPS&gt;&lt;USER NAME="王" MOBILE="+886912345678" EMAIL="wang@example.com"&gt;'
        "hello&lt;/USER&gt;&lt;/REPS&gt;"
    )
    key = log_in(every8d.url, "demo", "demo")
    call(every8d.url, "sendParamSMS", sessionKey=key, subject="早", contentXML=reps, sendTime="")
    (email,) = every8d.emails
    assert (email.to, email.subject, email.text) == ("wang@example.com", "早", "hello")


def test_send_stands_in_for_an_application(every8d: FakeEvery8d) -> None:
    """P1, S4, S5: as by an API: charged, refused, booked; only the journal has no request."""
    sent, refused = every8d.send("驗證碼 483920", to="0912345678, +14155550100", subject="註冊")
    assert (sent.code, sent.subject, sent.status) == ("483920", "註冊", Status.SENT)
    assert refused.status is Status.INTERNATIONAL_DISABLED
    moment = datetime(2099, 1, 2, 3, 4, 5)
    for send_time in (moment, moment.replace(tzinfo=TAIPEI)):
        (booked,) = every8d.send("later", to="0912345678", send_time=send_time)
        assert booked.booked_for == moment.replace(tzinfo=TAIPEI)
    assert every8d.account.credit == 997
    assert every8d.requests == []


def test_send_for_another_account_and_errors(every8d: FakeEvery8d) -> None:
    every8d.add_account("shop", "s3cret", credit=5)
    every8d.send("hello", to="0912345678", user_id="shop")
    assert every8d.account_of("shop").credit == 4
    with pytest.raises(PlatformError, match=r"^-24, "):
        every8d.send("", to="0912345678")
    with pytest.raises(NotFound):
        every8d.send("hello", to="0912345678", user_id="nobody")

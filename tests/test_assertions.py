"""Waits and assertions, against a fake that is really called."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from fake_every8d import FakeEvery8d, InvalidInput, NotFound, Status
from tests.receiver import refused_url
from tests.web.serving import call, log_in

PHONE, OTHER = "0912345678", "0922333444"


def send(fake: FakeEvery8d, content: str, mobile: str = PHONE, user_id: str = "demo") -> None:
    key = log_in(fake.url, user_id, user_id)
    call(fake.url, "sendSMS", sessionKey=key, subject="", content=content, mobile=mobile)


def test_assert_sent_finds_messages(every8d: FakeEvery8d) -> None:
    every8d.assert_nothing_sent()
    send(every8d, "驗證碼 483920", f"{PHONE},{OTHER},0212345678")
    (sms,) = every8d.assert_sent(to=" 0912-345-678", containing="驗證碼", count=1)
    assert sms.code == "483920"
    assert len(every8d.assert_sent(count=2)) == 2
    assert len(every8d.assert_sent()) == 2
    assert every8d.assert_sent(to="0933444555", count=0) == []
    every8d.assert_nothing_sent(to="0212345678")  # refused, with status -3
    every8d.assert_nothing_sent(containing="再見")


@pytest.mark.parametrize("count", [1, 3])
def test_another_count(every8d: FakeEvery8d, count: int) -> None:
    send(every8d, "hello")
    send(every8d, "hello")
    complaint = f"^2 messages were sent to {PHONE}, not {count}; there are:"
    with pytest.raises(AssertionError, match=complaint):
        every8d.assert_sent(to=PHONE, count=count)


def test_accounts_are_told_apart(every8d: FakeEvery8d) -> None:
    every8d.add_account("shop", "shop", credit=7)
    send(every8d, "from demo")
    send(every8d, "from the shop", user_id="shop")
    assert every8d.account_of("shop").credit == 6
    assert every8d.wait_for_message(user_id="demo").text == "from demo"
    assert every8d.wait_for_messages(1, user_id="shop")[0].text == "from the shop"
    every8d.assert_sent(user_id="shop", count=1)
    assert every8d.wait_for_request("sendSMS", user_id="shop").user_id == "shop"
    every8d.add_account("idle", "idle")
    every8d.assert_nothing_sent(user_id="idle")
    with pytest.raises(AssertionError, match=r"^no message of account 'idle' within 0\.01 s"):
        every8d.wait_for_message(user_id="idle", timeout=0.01)


@pytest.mark.parametrize(
    "look",
    [
        lambda fake: fake.assert_nothing_sent(user_id="shopp"),
        lambda fake: fake.assert_sent(user_id="shopp", count=0),
        lambda fake: fake.wait_for_message(user_id="shopp"),
        lambda fake: fake.wait_for_report(user_id="shopp"),
        lambda fake: fake.wait_for_request(user_id="shopp"),
    ],
)
def test_unknown_account_is_an_error(
    every8d: FakeEvery8d, look: Callable[[FakeEvery8d], object]
) -> None:
    """An assertion about an account that does not exist could not fail."""
    every8d.add_account("shop", "shop")
    with pytest.raises(NotFound) as refusal:
        look(every8d)
    assert (refusal.value.field, refusal.value.reason) == ("user_id", "unknown")


def test_account_that_is_gone_is_known(every8d: FakeEvery8d) -> None:
    every8d.add_account("shop", "shop")
    send(every8d, "hello", user_id="shop")
    every8d.remove_account("shop")
    assert every8d.wait_for_message(user_id="shop").text == "hello"


def test_failed_login_of_no_account_is_found(every8d: FakeEvery8d) -> None:
    call(every8d.url, "getConnection", userID="nobody", password="x")
    assert every8d.wait_for_request("getConnection", user_id="nobody").result.startswith("-100")


@pytest.mark.parametrize(
    ("operation", "meant"),
    [
        ("sendSms", "did you mean sendSMS?"),
        ("SendParam", "did you mean sendParamSMS?"),
        ("getDeliveryStatus.ashx", "did you mean getDeliveryStatus?"),
        ("login", "there are getConnection, closeConnection, "),
    ],
)
def test_unknown_operation_is_an_error(every8d: FakeEvery8d, operation: str, meant: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        every8d.wait_for_request(operation)
    assert f"there is no operation {operation!r}; {meant}" in str(caught.value)


def test_cancelled_booking_was_not_sent(every8d: FakeEvery8d) -> None:
    """D6: a booking counts until it is cancelled; one that went out counts whatever its status."""
    key = log_in(every8d.url, "demo", "demo")
    tomorrow = f"{every8d.clock.now + timedelta(days=1):%Y%m%d%H%M%S}"
    call(every8d.url, "sendSMS", sessionKey=key, content="later", mobile=PHONE, sendTime=tomorrow)
    every8d.set_outcome(OTHER, Status.NO_SUCH_NUMBER)
    send(every8d, "lost", OTHER)
    every8d.clock.advance(seconds=1)
    every8d.assert_sent(to=PHONE, count=1)
    assert [message.text for message in every8d.sent] == ["lost"]
    every8d.set_status(every8d.messages_to(PHONE)[0], "CANCELLED")
    every8d.assert_nothing_sent(to=PHONE)
    with pytest.raises(AssertionError, match=r"^no message to 0912345678 within 0\.01 s"):
        every8d.wait_for_message(to=PHONE, timeout=0.01)
    assert [message.phone for message in every8d.sent] == [OTHER]


def test_pattern_is_looked_for_in_the_content(every8d: FakeEvery8d) -> None:
    send(every8d, "驗證碼 483920")
    send(every8d, "訂單 10034 已出貨")
    assert every8d.wait_for_message(matching=r"驗證碼 \d{6}").code == "483920"
    assert len(every8d.assert_sent(matching=re.compile(r"\d{5}"))) == 2
    with pytest.raises(AssertionError, match=r"^no message was sent matching '\^驗證碼\$';"):
        every8d.assert_sent(matching="^驗證碼$")


def test_report_whose_first_attempt_failed(every8d: FakeEvery8d) -> None:
    """R2: it waits for its next attempt."""
    with refused_url() as url:
        every8d.update_account("demo", report_url=url)
        send(every8d, "hello")
        every8d.clock.advance(seconds=1)
    report = every8d.wait_for_report(to=PHONE, status="delivered", state="waiting", attempts=1)
    assert [attempt.status_code for attempt in report.attempts] == [None]
    with pytest.raises(AssertionError, match=r"^no report was given_up after 2 attempts within"):
        every8d.wait_for_report(state="given_up", attempts=2, timeout=0.01)
    with pytest.raises(InvalidInput, match=r"^state must be one of waiting, delivered, given_up"):
        every8d.wait_for_report(state="failed")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("no_such_number", Status.NO_SUCH_NUMBER),
        ("REPLY", Status.REPLY),
        ("103", Status.NO_SUCH_NUMBER),
        (-3, Status.INVALID_NUMBER),
    ],
)
def test_status_by_number_or_name(status: str | int, expected: Status) -> None:
    assert Status.parse(status) is expected


def test_unknown_status_lists_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match=r"^there is no status 'lost'; .*100 DELIVERED"):
        Status.parse("lost")
    with pytest.raises(InvalidInput, match=r"no status 'no_such_numer'; did you mean NO_SUCH_NU"):
        Status.parse("no_such_numer")


def test_several_messages_are_waited_for(every8d: FakeEvery8d) -> None:
    def send_three() -> None:
        for number in range(3):
            send(every8d, f"number {number}")

    sending = threading.Thread(target=send_three)
    sending.start()
    messages = every8d.wait_for_messages(3, to=PHONE, timeout=30)
    assert [sms.text for sms in messages] == ["number 0", "number 1", "number 2"]
    sending.join()


def test_a_request_is_waited_for(every8d: FakeEvery8d) -> None:
    calling = threading.Thread(target=call, args=[every8d.url, "getCredit"])
    calling.start()
    request = every8d.wait_for_request("getCredit", timeout=30)
    assert (request.operation, request.status) == ("getCredit", 200)
    calling.join()
    call(every8d.url, "getCredit")
    assert every8d.wait_for_request("getCredit", count=2) == every8d.requests[-1]
    with pytest.raises(
        AssertionError, match=r"^2 of 3 requests for getCredit within 0\.01 s; there"
    ):
        every8d.wait_for_request("getCredit", count=3, timeout=0.01)

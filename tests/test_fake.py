"""`FakeEvery8d`, as a test holds it: over real sockets, in real time where it is short."""

import errno
import inspect
import re
import socket
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import zeep

from fake_every8d import (
    Account,
    Conflict,
    FakeEvery8d,
    InvalidInput,
    NotFound,
    Settings,
    Status,
)
from fake_every8d.assertions import Assertions
from tests.receiver import Receiver, refused_url
from tests.waiting import wait_for
from tests.web.serving import call, log_in

PHONE = "0912345678"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def send(fake: FakeEvery8d, content: str, mobile: str = PHONE, send_time: str = "") -> str:
    """Send it as the first account; returns the receipt."""
    return call(
        fake.url,
        "sendSMS",
        sessionKey=log_in(fake.url, fake.account.user_id, fake.account.password),
        subject="",
        content=content,
        mobile=mobile,
        sendTime=send_time,
    ).data.decode()


# Starting and stopping


def test_outside_pytest_it_is_a_context_manager() -> None:
    with FakeEvery8d() as fake:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", fake.url)
        assert fake.soap_url == f"{fake.url}/API21/SOAP/SMS.asmx"
        assert fake.wsdl_url == f"{fake.soap_url}?WSDL"
        assert repr(fake) == f"<FakeEvery8d at {fake.url}>"
        assert requests.get(fake.wsdl_url, timeout=30).status_code == 200
        port = int(fake.url.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_several_at_once_know_nothing_of_each_other() -> None:
    with FakeEvery8d() as one, FakeEvery8d(Settings(accounts=(Account("a", "b"),))) as other:
        assert one.url != other.url
        send(one, "for one")
        send(other, "for the other")
        one.clock.advance(days=1)
        assert [sms.content for sms in one.messages] == ["for one"]
        assert [sms.content for sms in other.messages] == ["for the other"]
        assert other.clock.now - one.clock.now < timedelta(hours=-23)
        one.reset()
        assert len(other.messages) == 1


def test_starting_and_stopping_twice_does_no_harm() -> None:
    fake = FakeEvery8d()
    with fake.start() as started:
        assert started is fake
        assert fake.start() is fake
        fake.stop()
    fake.stop()


def test_before_and_after_it_has_no_address_and_says_so() -> None:
    fake = FakeEvery8d()
    not_running = "FakeEvery8d is not running: use it in a `with`, or call start()"
    for _ in range(2):
        for name in ("url", "soap_url", "wsdl_url"):
            with pytest.raises(RuntimeError, match=re.escape(not_running)):
                getattr(fake, name)
        assert repr(fake) == "<FakeEvery8d, not running>"
        fake.stop()


def test_stopped_is_for_good() -> None:
    with FakeEvery8d() as fake:
        pass
    stopped = r"FakeEvery8d was stopped, for good: make a new one"
    with pytest.raises(RuntimeError, match=stopped):
        fake.start()
    with pytest.raises(RuntimeError, match=stopped), fake:
        pass


def test_what_reached_it_can_still_be_looked_at_once_it_has_stopped() -> None:
    with FakeEvery8d() as fake:
        send(fake, "hello")
    assert [sms.content for sms in fake.messages] == ["hello"]
    assert [request.operation for request in fake.requests] == ["getConnection", "sendSMS"]


def test_a_port_that_is_taken_is_an_oserror() -> None:
    with FakeEvery8d() as fake:
        other = FakeEvery8d(port=int(fake.url.rpartition(":")[2]))
        with pytest.raises(OSError) as refused:  # noqa: PT011
            other.start()
        assert refused.value.errno == errno.EADDRINUSE
        other.stop()


def test_stopping_waits_for_nobody(receiver: Receiver) -> None:
    """R3: not for a receiver that hangs, nor for a client that is being delayed."""
    hang = receiver.hang()
    receiver.answer = lambda request: hang
    fake = FakeEvery8d().start()
    fake.update_account("demo", report_url=receiver.url)
    send(fake, "hello")
    advancing = threading.Thread(target=fake.clock.advance, kwargs={"seconds": 1}, daemon=True)
    advancing.start()
    hang.wait_until_reached()
    fake.add_fault("getCredit", "delay", seconds=3600)
    arguments = {"url": fake.url, "operation": "getCredit", "sessionKey": "0"}
    delayed = threading.Thread(target=call, kwargs=arguments, daemon=True)
    delayed.start()
    wait_for(lambda: not fake.faults)
    fake.stop()
    for thread in (advancing, delayed):
        thread.join(30)
        assert not thread.is_alive()


# Accounts


def test_accounts(every8d: FakeEvery8d) -> None:
    assert every8d.account == Account("demo", "demo", credit=Decimal(1000))
    shop = every8d.add_account("shop", "s3cret", credit=0.1, report_url="http://localhost/r")
    assert shop == Account("shop", "s3cret", Decimal("0.1"), report_url="http://localhost/r")
    assert every8d.accounts == [every8d.account, shop]
    assert call(every8d.url, "getConnection", userID="shop", password="s3cret").status == 200
    changed = every8d.update_account("shop", international=True, credit=7)
    assert (changed.international, changed.credit) == (True, 7)
    assert every8d.accounts[1] == changed
    assert shop.credit == Decimal("0.1")  # a picture of how it was


def test_accounts_that_make_no_sense(every8d: FakeEvery8d) -> None:
    before = every8d.accounts
    with pytest.raises(InvalidInput, match="there is an account 'demo' already"):
        every8d.add_account("demo", "x")
    with pytest.raises(InvalidInput, match="credit must be 0 or more points"):
        every8d.add_account("shop", "x", credit=-1)
    with pytest.raises(InvalidInput, match="report_url must begin with http"):
        every8d.update_account("demo", report_url="localhost")
    with pytest.raises(InvalidInput, match="an account has no points; it has password, credit, "):
        every8d.update_account("demo", points=3)
    with pytest.raises(NotFound, match="there is no account 'nobody'; there are: demo"):
        every8d.update_account("nobody", credit=3)
    assert every8d.accounts == before


def test_a3_an_account_is_unlocked(every8d: FakeEvery8d) -> None:
    for _ in range(11):
        call(every8d.url, "getConnection", userID="demo", password="wrong")
    assert every8d.account.locked
    every8d.update_account("demo", failed_logins=0)
    assert not every8d.account.locked
    assert log_in(every8d.url, "demo", "demo")


def test_an_account_is_topped_up_locked_and_removed(every8d: FakeEvery8d) -> None:
    every8d.add_account("shop", "s3cret", credit=0.1)
    assert every8d.update_account("shop", top_up=0.2).credit == Decimal("0.3")
    assert every8d.update_account("shop", locked=True).failed_logins == 11
    locked = call(every8d.url, "getConnection", userID="shop", password="s3cret")
    assert "-999" in locked.data.decode()
    assert not every8d.update_account("shop", locked=False).locked
    for wrong in [{"credit": 1, "top_up": 1}, {"locked": True, "failed_logins": 1}, {"top_up": -1}]:
        with pytest.raises(InvalidInput):
            every8d.update_account("shop", **wrong)  # type: ignore[arg-type]
    every8d.remove_account("shop")
    with pytest.raises(NotFound, match="there is no account 'shop'"):
        every8d.account_of("shop")


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"password": 1}, "password must be text, not int"),
        ({"international": "no"}, "international must be true or false, not 'no'"),
        ({"test_mode": None}, "test_mode must be true or false, not None"),
        ({"failed_logins": -1}, "failed_logins must be 0 or more, not -1"),
        ({"top_up": "lots"}, "top_up must be 0 or more points with two decimals"),
    ],
)
def test_changes_that_make_no_sense_say_so(
    every8d: FakeEvery8d, wrong: dict[str, Any], complaint: str
) -> None:
    before = every8d.account
    with pytest.raises(InvalidInput, match=complaint):
        every8d.update_account("demo", **wrong)
    assert every8d.account == before


# Messages


@pytest.mark.parametrize("written", [PHONE, "+886912345678", " 0912345678 "])
@pytest.mark.parametrize("asked", [PHONE, "+886912345678", " +886912345678"])
def test_n1_numbers_are_found_however_they_are_written(
    every8d: FakeEvery8d, written: str, asked: str
) -> None:
    send(every8d, "hello", written)
    send(every8d, "somebody else", "0922333444")
    assert [sms.content for sms in every8d.messages_to(asked)] == ["hello"]
    assert every8d.wait_for_message(to=asked).content == "hello"
    every8d.set_outcome(asked, Status.TIMED_OUT)
    assert every8d.reply(asked, "好").replies[0].text == "好"


def test_numbers_abroad_and_no_numbers_are_found_as_written(every8d: FakeEvery8d) -> None:
    every8d.update_account("demo", international=True)
    send(every8d, "hello", "+14155550100,0212345678")
    assert every8d.messages_to("+14155550100")[0].status is Status.SENT
    assert every8d.messages_to("0212345678")[0].status is Status.INVALID_NUMBER
    assert every8d.messages_to("0987654321") == []


def test_what_is_handed_out_is_a_frozen_picture(every8d: FakeEvery8d, receiver: Receiver) -> None:
    every8d.update_account("demo", report_url=receiver.url)
    send(every8d, "hello")
    sms = every8d.wait_for_message()
    every8d.clock.advance(seconds=1)
    assert sms.status is Status.SENT
    assert every8d.messages[0].status is Status.DELIVERED
    values: list[Any] = [sms, every8d.reports[0], every8d.account, every8d.requests[0]]
    values += [every8d.set_outcome(PHONE, 107), every8d.add_fault("*", "garbage")]
    for value in values:
        with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
            value.id = 5


def test_wait_for_message_waits_for_another_thread(every8d: FakeEvery8d) -> None:
    sending = threading.Thread(target=send, args=[every8d, "hello"])
    sending.start()
    assert every8d.wait_for_message(to=PHONE, containing="ell", timeout=30).content == "hello"
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


def test_when_nothing_came_it_says_so(every8d: FakeEvery8d) -> None:
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
        ((PHONE, 300), "a sent message ends in 100 to 107, or stays at 0; not in 300"),
        ((PHONE, 103, -1), "after must be 0 seconds or more"),
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


def test_one_failure_is_removed_and_the_requests_are_forgotten(every8d: FakeEvery8d) -> None:
    one, other = every8d.add_fault("*", "garbage"), every8d.add_fault("*", "garbage")
    every8d.remove_fault(one)
    assert every8d.faults == [other]
    every8d.remove_fault(other.id)
    with pytest.raises(NotFound, match="there is no fault"):
        every8d.remove_fault(other)
    send(every8d, "hello")
    every8d.clear_requests()
    assert every8d.requests == []
    assert len(every8d.messages) == 1


def test_d4_replies_to_a_message_or_a_number(every8d: FakeEvery8d, receiver: Receiver) -> None:
    every8d.update_account("demo", report_url=receiver.url)
    send(every8d, "first")
    send(every8d, "second")
    first, second = every8d.messages
    assert every8d.reply(first, "to the first").id == first.id
    assert every8d.reply("+886912345678", "to the newest").id == second.id
    report = every8d.wait_for_report(to=PHONE, status=Status.REPLY)
    assert report.text in ("to the first", "to the newest")
    with pytest.raises(NotFound, match=r"no message has reached \+886922333444"):
        every8d.reply("0922333444", "hello")
    with pytest.raises(InvalidInput, match="XML cannot carry"):
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
    assert (email.to, email.subject, email.content) == ("wang@example.com", "早", "hello")


def test_an_account_that_is_reset_has_its_requests_and_failures_forgotten() -> None:
    """But not those failures that it was set up with."""

    def set_up(fake: FakeEvery8d) -> None:
        fake.add_fault("getCredit", "garbage", user_id="demo")

    with FakeEvery8d(set_up=set_up) as fake:
        fake.add_account("shop", "shop")
        send(fake, "hello")
        fake.add_fault("sendSMS", "garbage", user_id="demo")
        fake.add_fault("sendSMS", "garbage", user_id="shop")
        assert {request.user_id for request in fake.requests} == {"demo"}
        assert fake.reset_account("demo").credit == 1000
        assert fake.requests == []
        assert {(fault.operation, fault.user_id) for fault in fake.faults} == {
            ("getCredit", "demo"),
            ("sendSMS", "shop"),
        }
        assert fake.messages == []


def test_x1_reset_forgets_it_all(every8d: FakeEvery8d, receiver: Receiver) -> None:
    real = every8d.clock.now
    every8d.update_account("demo", report_url=receiver.url, password="changed", credit=5)
    every8d.add_account("shop", "shop")
    every8d.set_outcome(PHONE, 103)
    every8d.add_fault("getCredit", "garbage", times=None)
    send(every8d, "hello")
    every8d.clock.advance(days=30)
    assert every8d.reports
    every8d.reset()
    assert every8d.accounts == [Account("demo", "demo")]
    assert not any([every8d.messages, every8d.reports, every8d.emails, every8d.requests])
    assert not any([every8d.faults, every8d.gateway.outcomes()])
    assert every8d.clock.now - real < timedelta(days=1)
    assert every8d.clock.running


# Examples


def members() -> list[str]:
    return [
        name
        for name, member in (vars(FakeEvery8d) | vars(Assertions)).items()
        if not name.startswith("_") and (callable(member) or isinstance(member, property))
    ]


def examples(doc: str) -> Iterator[str]:
    """The paragraphs of a docstring that are indented, or that begin as code does."""
    for paragraph in inspect.cleandoc(doc).split("\n\n")[1:]:
        code = textwrap.dedent(paragraph)
        if code != paragraph or re.match(r"[a-z0-9_]+( =|\.|\()|assert ", code):
            yield code


@pytest.mark.parametrize("name", members())
def test_each_docstring_has_an_example_and_that_runs(
    every8d: FakeEvery8d, receiver: Receiver, name: str
) -> None:
    doc = getattr(FakeEvery8d, name).__doc__
    # A free port: somebody may be using the one that people type.
    codes = [code.replace("8021", "0") for code in examples(doc) if "await" not in code]
    assert codes, f"{name} has no example"
    app = SimpleNamespace(config={}, url=receiver.url.removesuffix("/report"))
    every8d.update_account("demo", report_url=receiver.url)
    key = every8d.gateway.open_session("demo", "demo")
    if name not in ("account", "add_account"):
        reps = (
            '&lt;REPS&gt;&lt;USER MOBILE="+886912345678" EMAIL="wang@example.com"&gt;'
            "驗證碼 483920&lt;/USER&gt;&lt;/REPS&gt;"
        )
        call(every8d.url, "sendParamSMS", sessionKey=key, subject="", contentXML=reps, sendTime="")
        every8d.clock.advance(seconds=1)
        every8d.reply(PHONE, "好的")
        if name == "requests":
            call(every8d.url, "sendSMS", sessionKey=key, content="x", mobile=PHONE)
        if name == "set_status":
            send(every8d, "x", "0922333444", send_time="20991231235959")
    with FakeEvery8d(tls=name == "ca_file") as fake:
        names: dict[str, Any] = {"every8d": every8d, "fake": fake, "app": app}
        names |= {"FakeEvery8d": FakeEvery8d, "Status": Status, "timedelta": timedelta}
        names |= {"datetime": datetime, "zeep": zeep, "requests": requests}
        for code in codes:
            exec(code, names)

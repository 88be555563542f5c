"""`FakeEvery8d` is started and stopped, has accounts, and is reset: over real sockets."""

import errno
import re
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from fake_every8d import Account, FakeEvery8d, InvalidInput, NotFound, Settings
from fake_every8d.gateway.errors import Reason
from tests.fakes import PHONE, send
from tests.receiver import Receiver
from tests.waiting import wait_for
from tests.web.serving import call, log_in

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
        assert [sms.text for sms in one.messages] == ["for one"]
        assert [sms.text for sms in other.messages] == ["for the other"]
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


def test_stopped_fake_still_shows_its_messages() -> None:
    with FakeEvery8d() as fake:
        send(fake, "hello")
    assert [sms.text for sms in fake.messages] == ["hello"]
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
    receiver.respond = lambda request: hang
    fake = FakeEvery8d().start()
    fake.update_account("demo", report_url=receiver.url)
    send(fake, "hello")
    advancing = threading.Thread(target=fake.clock.advance, kwargs={"seconds": 1}, daemon=True)
    advancing.start()
    hang.wait_until_reached()
    fake.add_failure("getCredit", "delay", seconds=3600)
    arguments = {"url": fake.url, "operation": "getCredit", "sessionKey": "0"}
    delayed = threading.Thread(target=call, kwargs=arguments, daemon=True)
    delayed.start()
    wait_for(lambda: not fake.failures)
    fake.stop()
    for thread in (advancing, delayed):
        thread.join(30)
        assert not thread.is_alive()


# Accounts


def test_r6_r7_r8_an_account_can_be_added_with_its_reports(every8d: FakeEvery8d) -> None:
    chosen: dict[str, Any] = {
        "report_method": "POST", "report_charset": "big5", "report_attempts": 3,
    }  # fmt: skip
    assert every8d.add_account("post", "x", **chosen) == Account("post", "x", **chosen)


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
    change: Any = every8d.update_account
    wrong: list[tuple[Callable[[], object], tuple[str, Reason]]] = [
        (lambda: every8d.add_account("demo", "x"), ("user_id", "taken")),
        (lambda: every8d.add_account("", "x"), ("user_id", "invalid")),
        (lambda: every8d.add_account("shop", "x", credit=-1), ("credit", "invalid")),
        (lambda: change("demo", report_url="localhost"), ("report_url", "invalid")),
        (lambda: change("demo", test_mode=None), ("test_mode", "invalid")),
        (lambda: change("demo", locked="no"), ("locked", "invalid")),
        (lambda: change("demo", top_up="lots"), ("top_up", "invalid")),
        (lambda: change("demo", points=3), ("points", "unknown")),
        (lambda: change("nobody", credit=3), ("user_id", "unknown")),
    ]
    for act, expected in wrong:
        with pytest.raises(InvalidInput) as refusal:
            act()
        assert (refusal.value.field, refusal.value.reason) == expected
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
    with pytest.raises(NotFound, match="there is no account 'shop'; there are: demo"):
        every8d.account_of("shop")
    every8d.remove_account("demo")
    with pytest.raises(NotFound, match="there is no account: all have been removed"):
        _ = every8d.account


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"password": 1}, "password must be text, not int"),
        ({"international": "no"}, "international must be true or false, not 'no'"),
        ({"failed_logins": -1}, "failed_logins must be 0 or more, not -1"),
        ({"report_url": 7}, "report_url must be a URL, not int"),
        ({"report_url": "localhost"}, "report_url must begin with http:// or https://, not 'loc"),
        ({"report_method": "PUT"}, "report_method must be GET or POST, not 'PUT'"),
        ({"report_attempts": 1.5}, r"report_attempts must be 1 to 100, not 1\.5"),
        ({"points": 3}, "an account has no points; it has password, credit, international, "),
    ],
)
def test_changes_that_make_no_sense_say_so(
    every8d: FakeEvery8d, wrong: dict[str, Any], complaint: str
) -> None:
    before = every8d.account
    with pytest.raises(InvalidInput, match=complaint):
        every8d.update_account("demo", **wrong)
    assert every8d.account == before


# Failures, requests, resets


def test_one_failure_is_removed_and_the_requests_are_forgotten(every8d: FakeEvery8d) -> None:
    one, other = every8d.add_failure("*", "garbage"), every8d.add_failure("*", "garbage")
    every8d.remove_failure(one)
    assert every8d.failures == [other]
    every8d.remove_failure(other.id)
    with pytest.raises(NotFound):
        every8d.remove_failure(other)
    send(every8d, "hello")
    every8d.clear_requests()
    assert every8d.requests == []
    assert len(every8d.messages) == 1


def test_reset_of_an_account_forgets_its_requests_and_failures() -> None:
    """But not those failures that it was set up with."""

    def set_up(fake: FakeEvery8d) -> None:
        fake.add_failure("getCredit", "garbage", user_id="demo")

    with FakeEvery8d(set_up=set_up) as fake:
        fake.add_account("shop", "shop")
        send(fake, "hello")
        fake.add_failure("sendSMS", "garbage", user_id="demo")
        fake.add_failure("sendSMS", "garbage", user_id="shop")
        assert {request.user_id for request in fake.requests} == {"demo"}
        assert fake.reset_account("demo").credit == 1000
        assert fake.requests == []
        assert {(failure.operation, failure.user_id) for failure in fake.failures} == {
            ("getCredit", "demo"),
            ("sendSMS", "shop"),
        }
        assert fake.messages == []


def test_x1_reset_forgets_it_all(every8d: FakeEvery8d, receiver: Receiver) -> None:
    real = every8d.clock.now
    every8d.update_account("demo", report_url=receiver.url, password="changed", credit=5)
    every8d.add_account("shop", "shop")
    every8d.set_outcome(PHONE, 103)
    every8d.add_failure("getCredit", "garbage", times=None)
    send(every8d, "hello")
    every8d.clock.advance(days=30)
    assert every8d.reports
    every8d.reset()
    assert every8d.accounts == [Account("demo", "demo")]
    assert not any([every8d.messages, every8d.reports, every8d.emails, every8d.requests])
    assert not any([every8d.failures, every8d.gateway.outcomes()])
    assert every8d.clock.now - real < timedelta(days=1)
    assert every8d.clock.running

"""Reset: clause X1."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from fake_every8d.gateway import (
    Account,
    Gateway,
    Platform,
    PlatformError,
    Recipient,
    Report,
    Settings,
    Status,
)
from tests.gateway.calls import PHONE, login, send, send_param, sent, statuses, threads
from tests.gateway.conftest import NewGateway
from tests.receiver import DEADLINE, OK, Receiver, Request, Response, status
from tests.waiting import wait_for


def test_x1_accounts_are_as_configured(new_gateway: NewGateway) -> None:
    configured = (Account("a", "a"), Account("b", "b", credit=5, international=True))  # type: ignore[arg-type]
    gateway = new_gateway(*configured)
    send(gateway, user_id="a")
    gateway.update_account("a", password="new", test_mode=True)
    gateway.remove_account("b")
    gateway.add_account(Account("c", "c"))
    for _ in range(11):
        with pytest.raises(PlatformError):
            gateway.platform.open_session("a", "wrong")
    gateway.reset()
    assert gateway.accounts() == list(configured)
    assert login(gateway, "a")


def test_x1_sessions_are_forgotten(gateway: Gateway) -> None:
    key = login(gateway)
    gateway.reset()
    assert gateway.sessions("demo") == 0
    with pytest.raises(PlatformError, match="-301"):
        gateway.platform.credit(key)


def test_x1_messages_outcomes_reports_and_emails_are_forgotten(
    reporting: Gateway, receiver: Receiver
) -> None:
    reporting.set_outcome("0912345678", 103)
    receipt = send_param(reporting, Recipient("+886912345678", "a", email="a@example.com"))
    reporting.clock.advance(seconds=1)
    assert (len(reporting.reports()), len(reporting.emails())) == (1, 1)
    reporting.reset()
    assert reporting.messages() == []
    assert reporting.outcomes() == []
    assert reporting.reports() == []
    assert reporting.emails() == []
    assert reporting.platform.delivery_log(login(reporting), receipt.batch_id, "1").count == 0
    again = send(reporting)
    assert [message.id for message in sent(reporting, again)] == [1]
    reporting.clock.advance(seconds=1)
    assert statuses(reporting, again) == [Status.DELIVERED]
    assert [report.id for report in reporting.reports()] == [1]


@pytest.mark.parametrize("running", [True, False])
def test_x1_the_clock_is_at_the_real_time_and_runs(gateway: Gateway, running: bool) -> None:
    if running:
        gateway.clock.resume()
    gateway.reset()
    now = gateway.clock.now
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
    assert gateway.clock.running
    assert gateway.clock.next_due is None
    wait_for(lambda: gateway.clock.now > now)


def test_x1_bookings_and_deliveries_end_with_a_reset(
    reporting: Gateway, receiver: Receiver
) -> None:
    receiver.respond = lambda request: status(500)
    send(reporting)
    reporting.clock.advance(seconds=1)  # its report is to be tried again
    assert len(receiver.requests) == 1
    send(reporting, "0912345678,12")  # to be delivered
    send(reporting, send_time="20400301130000")  # to be sent
    reporting.reset()
    reporting.clock.advance(days=10_000)
    assert len(receiver.requests) == 1
    assert reporting.reports() == []
    assert reporting.messages() == []
    assert reporting.account("demo").credit == 1000


@pytest.mark.usefixtures("impatient")
def test_x1_a_move_of_the_clock_ends_and_its_report_never_shows_up(
    reporting: Gateway, receiver: Receiver
) -> None:
    """The clock waits for a receiver that hangs, with more to come after it."""
    hang = receiver.hang()
    receiver.respond = lambda request: hang
    send(reporting, "0912345678,0922333444")
    send(reporting, send_time="20400301130000")
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(reporting.clock.advance, days=1)
        hang.wait_until_reached()
        reporting.reset()
        moving.result(DEADLINE)
    assert abs(reporting.clock.now - datetime.now(UTC)) < timedelta(minutes=1)
    hang.release()
    wait_for(lambda: not threads("fake-every8d-report"))
    assert reporting.reports() == []
    assert len(receiver.requests) <= 2


@pytest.mark.usefixtures("impatient")
def test_x1_reset_separates_old_and_new_calls(reporting: Gateway, receiver: Receiver) -> None:
    """The report of message 1 before the reset ends while that of message 1 after it waits."""
    hang = receiver.hang()
    receiver.respond = lambda request: hang
    with ThreadPoolExecutor(1) as pool:
        send(reporting)
        moving = pool.submit(reporting.clock.advance, seconds=1)
        hang.wait_until_reached()
        reporting.reset()
        moving.result(DEADLINE)
    receiver.respond = lambda request: OK
    reporting.clock.freeze()
    again = send(reporting)
    hang.release()
    wait_for(lambda: not threads("fake-every8d-report"))
    assert reporting.reports() == []
    reporting.clock.advance(seconds=1)
    (report,) = reporting.reports()
    assert report.batch_id == again.batch_id
    assert len(report.attempts) == 1


def test_x1_no_report_goes_out_any_more(new_gateway: NewGateway, receiver: Receiver) -> None:
    """A hundred are on their way, a few at a time; when reset returns, that is over."""
    gateway = new_gateway(Account("demo", "demo", report_url=receiver.url), delivery_seconds=0)
    send(gateway, ",".join(["0912345678"] * 100))
    receiver.wait_for(1)
    gateway.reset()
    arrived = len(receiver.requests)
    wait_for(lambda: not threads("fake-every8d-report"))
    assert len(receiver.requests) == arrived


@pytest.mark.usefixtures("impatient")
def test_x1_no_reset_comes_between_a_report_and_its_receiver() -> None:
    """Or a report to a receiver in this process (R9) would then go to the network."""
    taken: list[bool] = []

    def receiver_of(report: Report) -> Callable[[Report], int]:
        with ThreadPoolExecutor() as threads:
            taken.append(threads.submit(platform.lock.acquire, blocking=False).result())
        return lambda report: 200

    account = Account("demo", "demo", report_url="http://shop.example/sms")
    platform = Platform(Settings((account,)), receiver_of=receiver_of)
    with closing(platform.clock) as clock:
        platform.send_sms(platform.open_session("demo", "demo"), "", "hi", PHONE, "")
        clock.advance(seconds=1)
    assert taken == [False]


def test_x1_a_receiver_may_reset_the_fake(reporting: Gateway, receiver: Receiver) -> None:
    def respond(request: Request) -> Response:
        reporting.reset()
        return OK

    receiver.respond = respond
    send(reporting)
    reporting.clock.advance(hours=1)
    wait_for(lambda: not threads("fake-every8d-report"))
    assert reporting.messages() == []
    assert reporting.reports() == []


def test_x1_resetting_twice_is_resetting_once(gateway: Gateway) -> None:
    gateway.reset()
    gateway.reset()
    assert send(gateway).credit == 999

"""An interrupted call leaves nothing half done: clauses P8, R1, T2 and X1."""

import sys
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import pytest

from fake_every8d.gateway import Account, Conflict, Gateway, Report, ReportState, Status
from tests.gateway.calls import login, send, statuses
from tests.gateway.conftest import NewGateway
from tests.receiver import DEADLINE, OK, Receiver, Request, Response


class Timeout(BaseException):
    """The exception of a signal between any two steps, such as pytest-timeout's."""


def interrupted_send(gateway: Gateway, key: str, at: int) -> bool:
    """Send to two numbers, with an exception at that call of a function; whether it came to it."""
    calls = 0

    def profile(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal calls
        if event == "call" and "fake_every8d" in frame.f_code.co_filename:
            calls += 1
            if calls == at:
                raise Timeout

    sys.setprofile(profile)
    try:
        gateway.platform.send_sms(key, "", "a", "0912345678,0900000103", "")
    except Timeout:
        return True
    finally:
        sys.setprofile(None)
    return False


def test_p8_interrupted_send_is_all_or_nothing(
    gateway: Gateway,
) -> None:
    key = login(gateway)
    at = sends = 0
    while interrupted_send(gateway, key, at := at + 1):
        sends = len(gateway.messages()) // 2
        assert gateway.account("demo").credit == 1000 - 2 * sends
    assert at > 20
    receipt = send(gateway)
    assert [message.id for message in gateway.messages()] == list(range(1, 2 * sends + 4))
    assert receipt.credit == 1000 - 2 * (sends + 1) - 1
    gateway.clock.advance(seconds=1)
    assert {message.status for message in gateway.messages()} == {
        Status.DELIVERED, Status.NO_SUCH_NUMBER,
    }  # fmt: skip


def test_t2_a_receiver_cannot_move_the_clock_before_it_has_responded(
    reporting: Gateway, receiver: Receiver
) -> None:
    refused: list[Conflict] = []

    def respond(request: Request) -> Response:
        with pytest.raises(Conflict, match="is being moved already") as error:
            reporting.clock.advance(minutes=5)
        refused.append(error.value)
        return OK

    receiver.respond = respond
    send(reporting)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(reporting.clock.advance, hours=1).result(DEADLINE)
    assert len(refused) == 1
    assert len(reporting.reports()[0].attempts) == 1


def test_t2_receiver_cannot_move_the_clock_during_a_timers_report(
    reporting: Gateway, receiver: Receiver
) -> None:
    refused: list[Conflict] = []

    def respond(request: Request) -> Response:
        with pytest.raises(Conflict, match="as time passed by itself has no response") as error:
            reporting.clock.advance(minutes=5)
        refused.append(error.value)
        return OK

    receiver.respond = respond
    reporting.set_outcome("0912345678", Status.DELIVERED, after_seconds=0)
    send(reporting)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(reporting.wait_for, lambda: bool(refused), DEADLINE).result(DEADLINE)
        pool.submit(reporting.clock.advance, seconds=1).result(DEADLINE)
    assert len(reporting.reports()[0].attempts) == 1
    assert reporting.reports()[0].state is ReportState.DELIVERED


def test_t2_a_delivery_that_ends_its_thread_holds_up_nobody(new_gateway: NewGateway) -> None:
    def break_off(report: Report) -> int:
        raise SystemExit

    gateway = new_gateway(Account("demo", "demo", report_url="http://127.0.0.1/"), report=break_off)
    receipt = send(gateway)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(gateway.clock.advance, seconds=90).result(DEADLINE)
        pool.submit(gateway.reset).result(DEADLINE)
    assert statuses(gateway, receipt) == []

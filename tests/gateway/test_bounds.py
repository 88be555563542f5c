"""The memory that the gateway keeps and frees. It is 2040-03-01 12:00:00 in Taipei."""

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fake_every8d.gateway import Gateway, PlatformError, ReportState, Status
from fake_every8d.gateway.messages import Record
from tests.gateway.calls import PHONE, login, send, statuses
from tests.gateway.conftest import NewGateway
from tests.receiver import Receiver


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def records(text: str) -> int:
    """The number of records of that text in this process."""
    return sum(isinstance(thing, Record) and thing.text == text for thing in gc.get_objects())


@pytest.mark.usefixtures("_no_collector")
def test_forgotten_messages_are_free_without_the_collector(new_gateway: NewGateway) -> None:
    gateway = new_gateway(max_messages=3)
    for _ in range(50):
        send(gateway, content="forgotten without it", send_time="20400301120030")
        gateway.clock.advance(seconds=0.5)
    gateway.clock.advance(minutes=1)
    for _ in range(3):
        send(gateway, content="forgotten without it")
        gateway.clock.advance(seconds=1)
    assert records("forgotten without it") == 3


@pytest.mark.usefixtures("_no_collector")
def test_messages_before_a_reset_are_free_without_the_collector(gateway: Gateway) -> None:
    send(gateway, content="reset without it")
    send(gateway, content="reset without it", send_time="20400301130000")
    gateway.reset()
    assert records("reset without it") == 0


def test_cancelled_bookings_leave_no_timers(gateway: Gateway) -> None:
    key = login(gateway)
    kept = send(gateway, send_time="20400301130000")
    most = 0
    for _ in range(1000):
        receipt = gateway.platform.send_sms(key, "", "a", PHONE, "20400301140000")
        assert gateway.platform.erase_booking(key, receipt.batch_id) is not None
        most = max(most, len(gateway.clock._queue))
    assert most < 250
    gateway.clock.advance(hours=3)
    assert statuses(gateway, kept) == [Status.DELIVERED]
    assert gateway.clock.next_due is None


def test_a4_above_10000_sessions_the_one_unused_for_longest_ends(gateway: Gateway) -> None:
    used, unused = login(gateway), login(gateway)
    for number in range(9_999):
        login(gateway)
        if number % 1000 == 0:
            assert gateway.platform.credit(used) == 1000
    assert gateway.sessions("demo") == 10_000
    assert gateway.platform.credit(used) == 1000
    with pytest.raises(PlatformError, match="-301"):
        gateway.platform.credit(unused)


@contextmanager
def no_threads() -> Iterator[None]:
    """No thread can be started: each would need more memory than there are addresses for."""
    usual = threading.stack_size(1 << 47)
    try:
        yield
    finally:
        threading.stack_size(usual)


needs_huge_stacks = pytest.mark.skipif(
    not sys.platform.startswith("linux") or sys.maxsize < 2**32,
    reason="elsewhere so large a stack may be refused when it is asked for",
)


@needs_huge_stacks
def test_t2_time_can_be_moved_though_no_thread_can_be_started(new_gateway: NewGateway) -> None:
    gateway = new_gateway()
    with no_threads():
        receipt = send(gateway)
        gateway.clock.advance(seconds=1)
        assert statuses(gateway, receipt) == [Status.DELIVERED]


@needs_huge_stacks
def test_r2_a_report_waits_until_a_thread_can_be_started(
    reporting: Gateway, receiver: Receiver
) -> None:
    """The clock does not wait for it, and it does not count as an attempt."""
    send(reporting)
    with no_threads():
        reporting.clock.advance(seconds=90)
        (report,) = reporting.reports()
        assert (report.state, report.attempts) == (ReportState.WAITING, ())
    reporting.clock.advance(seconds=60)
    assert len(receiver.requests) == 1
    (report,) = reporting.reports()
    assert (report.state, len(report.attempts)) == (ReportState.DELIVERED, 1)

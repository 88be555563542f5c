"""Time: clauses T. It is 2040-03-01 12:00:00 in Taipei."""

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fake_every8d.gateway import (
    TAIPEI,
    Account,
    Conflict,
    Gateway,
    InvalidInput,
    Recipient,
    Settings,
    Status,
)
from fake_every8d.outgoing.reports import Reporter
from tests.gateway.calls import PHONE, login, send, send_param, sent, statuses, threads
from tests.gateway.conftest import NewGateway
from tests.receiver import DEADLINE, OK, Receiver, Request, Response, in_turn, status
from tests.waiting import wait_for

NOON = datetime(2040, 3, 1, 12, tzinfo=TAIPEI)
CLOCK_THREAD = "fake-every8d-clock"


def test_t1_the_clock_starts_at_the_real_time_and_runs() -> None:
    with closing(Gateway(report=lambda report: 200)) as gateway:
        start = gateway.clock.now
        assert abs(start - datetime.now(UTC)) < timedelta(minutes=1)
        assert start.utcoffset() == timedelta(hours=8)
        assert gateway.clock.running
        wait_for(lambda: gateway.clock.now > start)


def test_t1_time_passes_by_itself() -> None:
    """A message is sent, delivered and reported, and nobody moves the clock."""
    with (
        Receiver() as receiver,
        closing(Reporter()) as reporter,
        closing(
            Gateway(
                Settings(
                    (Account("demo", "demo", report_url=receiver.url),), delivery_seconds=0.02
                ),
                report=reporter,
            )
        ) as gateway,
    ):
        receipt = send(gateway)
        (request,) = receiver.wait_for(1)
        assert request["STATUS"] == "100"
        assert statuses(gateway, receipt) == [Status.DELIVERED]


def test_t1_a_booking_goes_out_by_itself() -> None:
    with closing(Gateway(Settings(delivery_seconds=0), report=lambda report: 200)) as gateway:
        booked = gateway.clock.now + timedelta(seconds=1)
        receipt = send(gateway, send_time=f"{booked:%Y%m%d%H%M%S}")
        assert gateway.wait_for(lambda: statuses(gateway, receipt) == [100], DEADLINE)
        (message,) = sent(gateway, receipt)
        assert message.sent_at == message.booked_for == booked.replace(microsecond=0)
        assert gateway.clock.now >= booked.replace(microsecond=0)


def test_t1_frozen_time_stands_still_until_it_is_resumed(new_gateway: NewGateway) -> None:
    gateway = new_gateway(delivery_seconds=0.1)
    assert not gateway.clock.running
    assert gateway.clock.now == gateway.clock.now == NOON
    receipt = send(gateway)
    gateway.clock.freeze()
    gateway.clock.resume()
    gateway.clock.resume()
    assert gateway.clock.running
    wait_for(lambda: gateway.clock.now > NOON)
    assert gateway.wait_for(lambda: statuses(gateway, receipt) == [100], DEADLINE)
    gateway.clock.freeze()
    stopped = gateway.clock.now
    assert stopped >= NOON + timedelta(seconds=0.1)
    assert gateway.clock.now == stopped


def test_t1_a_running_clock_goes_on_from_where_it_was_moved_to(gateway: Gateway) -> None:
    gateway.clock.resume()
    moved = gateway.clock.advance(days=1)
    assert moved >= NOON + timedelta(days=1)
    wait_for(lambda: gateway.clock.now > moved)


def test_t2_advance_takes_what_timedelta_takes(gateway: Gateway) -> None:
    assert gateway.clock.advance() == NOON
    assert gateway.clock.advance(days=1, hours=2, minutes=3, seconds=4.5) == datetime(
        2040, 3, 2, 14, 3, 4, 500_000, TAIPEI
    )
    assert gateway.clock.now == datetime(2040, 3, 2, 14, 3, 4, 500_000, TAIPEI)


@pytest.mark.parametrize(
    ("moment", "now"),
    [
        (datetime(2040, 3, 1, 15, tzinfo=TAIPEI), datetime(2040, 3, 1, 15, tzinfo=TAIPEI)),
        (datetime(2040, 3, 1, 15), datetime(2040, 3, 1, 15, tzinfo=TAIPEI)),
        (datetime(2040, 3, 1, 5, tzinfo=UTC), datetime(2040, 3, 1, 13, tzinfo=TAIPEI)),
        (NOON, NOON),
    ],
)
def test_t2_travel_to(gateway: Gateway, moment: datetime, now: datetime) -> None:
    assert gateway.clock.travel_to(moment) == now
    assert gateway.clock.now == now


def test_t2_next_due_is_known(gateway: Gateway) -> None:
    assert gateway.clock.next_due is None
    booked = send(gateway, send_time="20400301130000")
    assert gateway.clock.next_due == NOON + timedelta(hours=1)
    send(gateway)
    assert gateway.clock.next_due == NOON + timedelta(seconds=1)
    gateway.clock.advance(seconds=1)
    gateway.platform.erase_booking(login(gateway), booked.batch_id)
    assert gateway.clock.next_due is None


def test_t2_the_clock_ends_with_the_year_9999(gateway: Gateway) -> None:
    receipt = send(gateway, send_time="99991231235959")
    end = gateway.clock.travel_to(datetime(9999, 12, 31))
    assert statuses(gateway, receipt) == [Status.BOOKED]
    with pytest.raises(InvalidInput, match="ends"):
        gateway.clock.advance(seconds=1)
    assert gateway.clock.now == end


def test_t2_event_after_the_year_9999_is_shown_at_its_end(gateway: Gateway) -> None:
    gateway.clock.travel_to(datetime(9999, 12, 31))
    gateway.set_outcome("0912345678", Status.DELIVERED, after_seconds=1e9)
    send(gateway)
    assert gateway.clock.next_due == datetime.max.replace(tzinfo=TAIPEI)


def test_t2_everything_happens_in_order_and_at_its_own_time(
    reporting: Gateway, receiver: Receiver
) -> None:
    """The receiver looks at the fake's clock while the fake waits for its response."""
    seen: list[tuple[str, str, str]] = []
    first_responses = in_turn(status(500))

    def respond(request: Request) -> Response:
        seen.append((f"{reporting.clock.now:%H:%M:%S}", request["MR"], request["STATUS"]))
        return first_responses(request)

    receiver.respond = respond
    reporting.set_outcome("+886912000004", Status.TIMED_OUT, after_seconds=5)
    send_param(
        reporting,
        Recipient("+886912000001", "a", send_time="20400301130000"),
        Recipient("+886912000002", "a"),
        Recipient("+886912000003", "a", send_time="20400301120030"),
        Recipient("+886912000004", "a"),
        Recipient("+886912000005", "a", send_time="20400302120000"),
    )
    reporting.clock.advance(hours=3)
    assert seen == [
        ("12:00:01", "2", "100"),  # delivered, but the receiver returns 500
        ("12:00:05", "4", "107"),
        ("12:00:31", "3", "100"),  # booked for 12:00:30
        ("12:01:01", "2", "100"),  # tried again
        ("13:00:01", "1", "100"),
    ]
    assert reporting.clock.now == NOON + timedelta(hours=3)
    assert [
        (report.record_number, [attempt.at for attempt in report.attempts])
        for report in reporting.reports()
    ] == [
        ("2", [NOON + timedelta(seconds=1), NOON + timedelta(seconds=61)]),
        ("4", [NOON + timedelta(seconds=5)]),
        ("3", [NOON + timedelta(seconds=31)]),
        ("1", [NOON + timedelta(hours=1, seconds=1)]),
    ]


def test_t2_nothing_happens_twice(reporting: Gateway, receiver: Receiver) -> None:
    receipt = send(reporting, "0912345678,0922333444", send_time="20400301130000")
    for _ in range(5):
        reporting.clock.advance(hours=1)
        reporting.clock.travel_to(reporting.clock.now)
        reporting.clock.resume()
        reporting.clock.freeze()
    assert len(receiver.requests) == 2
    assert statuses(reporting, receipt) == [100, 100]
    assert [len(report.attempts) for report in reporting.reports()] == [1, 1]
    assert reporting.account("demo").credit == 998


def test_t2_small_steps_come_to_the_same_as_a_long_one(new_gateway: NewGateway) -> None:
    gateway = new_gateway()
    receipt = send(gateway, send_time="20400301120002")
    for _ in range(3_000):
        gateway.clock.advance(milliseconds=1)
    assert gateway.clock.now == NOON + timedelta(seconds=3)
    (message,) = sent(gateway, receipt)
    assert message.finished_at == NOON + timedelta(seconds=3)


@pytest.mark.parametrize(
    "duration",
    [
        {"seconds": -1},
        {"microseconds": -1},
        {"days": 1, "hours": -25},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
        {"seconds": 1e300},
        {"days": 999_999_999},
        {"days": 999_999_999_999},
        {"seconds": "5"},
        {"seconds": None},
        {"fortnights": 1},
    ],
    ids=str,
)
def test_t3_the_clock_cannot_be_advanced_by_that(
    gateway: Gateway, duration: dict[str, Any]
) -> None:
    receipt = send(gateway)
    with pytest.raises(InvalidInput):
        gateway.clock.advance(**duration)
    assert gateway.clock.now == NOON
    gateway.clock.advance(seconds=1)
    assert statuses(gateway, receipt) == [Status.DELIVERED]


@pytest.mark.parametrize(
    "moment",
    [
        NOON - timedelta(microseconds=1),
        datetime(2040, 3, 1, 11, 59, 59),
        datetime(2040, 3, 1, 3, 59, 59, tzinfo=UTC),
        datetime(1969, 1, 1, tzinfo=UTC),
        datetime.min,
        datetime.min.replace(tzinfo=TAIPEI),
        datetime.max,
        datetime.max.replace(tzinfo=UTC),
        date(2050, 1, 1),
        "2050-01-01T00:00:00+08:00",
        2_500_000_000,
        None,
    ],
    ids=str,
)
def test_t3_the_clock_cannot_travel_there(gateway: Gateway, moment: Any) -> None:
    receipt = send(gateway)
    with pytest.raises(InvalidInput):
        gateway.clock.travel_to(moment)
    assert gateway.clock.now == NOON
    gateway.clock.advance(seconds=1)
    assert statuses(gateway, receipt) == [Status.DELIVERED]


def test_t3_a_clock_that_runs_can_be_advanced_by_nothing(gateway: Gateway) -> None:
    """Though microseconds pass between asking what time it is and moving."""
    gateway.clock.resume()
    for _ in range(100):
        before = gateway.clock.now
        assert gateway.clock.advance(0) >= before
    gateway.clock.freeze()


@pytest.fixture
def _eager_threads() -> Iterator[None]:
    """Threads take turns a thousand times more often than usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 1000)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("_eager_threads")
def test_t3_nobody_sees_the_clock_go_backwards(gateway: Gateway) -> None:
    stop = threading.Event()

    def look() -> timedelta:
        last = gateway.clock.now
        steps = [timedelta(0)]
        while not stop.is_set():
            now = gateway.clock.now
            steps.append(now - last)
            last = now
        return min(steps)

    with ThreadPoolExecutor(2) as pool:
        looking = [pool.submit(look) for _ in range(2)]
        try:
            for _ in range(2000):
                gateway.clock.resume()
                gateway.clock.freeze()
            for _ in range(100):
                gateway.clock.resume()
                gateway.clock.advance(milliseconds=1)
                gateway.clock.freeze()
        finally:
            stop.set()
        assert [future.result(DEADLINE) for future in looking] == [timedelta(0)] * 2


def test_nothing_runs_until_something_is_to_fall_due(new_gateway: NewGateway) -> None:
    gateway = new_gateway()
    login(gateway)
    others = threads(CLOCK_THREAD)  # of a fake that serves the whole session, if there is one
    gateway.clock.advance(days=1)
    assert threads(CLOCK_THREAD) == others
    send(gateway)
    assert len(threads(CLOCK_THREAD)) == len(others) + 1
    gateway.close()
    assert threads(CLOCK_THREAD) == others


def test_a_closed_gateways_time_brings_nothing(gateway: Gateway) -> None:
    receipt = send(gateway)
    gateway.close()
    gateway.close()
    gateway.clock.advance(days=1)
    assert statuses(gateway, receipt) == [Status.SENT]


def test_t2_a_receiver_may_call_back_while_the_clock_waits_for_it(
    reporting: Gateway, receiver: Receiver
) -> None:
    """It asks for the status, and sends another message for each of the first three."""
    receipt = send(reporting)
    log = []

    def respond(request: Request) -> Response:
        key = login(reporting)
        log.extend(reporting.platform.delivery_log(key, request["BatchID"], "1").messages)
        if len(log) <= 3:
            reporting.platform.send_sms(key, "", "again", PHONE, "")
        reporting.clock.freeze()
        return OK

    receiver.respond = respond
    reporting.clock.advance(minutes=1)
    assert [message.status for message in log] == [Status.DELIVERED] * 4
    assert log[0].batch_id == receipt.batch_id
    assert [message.finished_at for message in log] == [
        NOON + timedelta(seconds=seconds) for seconds in (1, 2, 3, 4)
    ]
    assert len(reporting.messages()) == 4
    assert reporting.clock.now == NOON + timedelta(minutes=1)


def test_t2_a_receiver_may_look_at_and_stop_the_clock(
    new_gateway: NewGateway, receiver: Receiver
) -> None:
    gateway = new_gateway(Account("demo", "demo", report_url=receiver.url))
    gateway.clock.resume()

    def respond(request: Request) -> Response:
        gateway.clock.freeze()
        return OK

    receiver.respond = respond
    send(gateway)
    target = gateway.clock.advance(minutes=1)
    assert not gateway.clock.running
    assert gateway.clock.now == target


def test_t2_calls_go_on_while_the_clock_waits(reporting: Gateway, receiver: Receiver) -> None:
    hang = receiver.hang()
    receiver.respond = lambda request: hang
    receipt = send(reporting)
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(reporting.clock.advance, hours=1)
        hang.wait_until_reached()
        assert reporting.clock.now == NOON + timedelta(seconds=1)
        assert statuses(reporting, receipt) == [Status.DELIVERED]
        late = send(reporting, "0900000000")
        assert not moving.done()
        hang.release()
        assert moving.result(DEADLINE) == NOON + timedelta(hours=1)
    (message,) = sent(reporting, late)
    assert message.sent_at == NOON + timedelta(seconds=1)


def test_t2_two_threads_may_move_the_clock(reporting: Gateway, receiver: Receiver) -> None:
    """Both moves count in full, and what falls due does so once."""
    for minute in range(60):
        send(reporting, send_time=f"2040030113{minute:02}00")
    start = threading.Barrier(2)

    def move() -> None:
        start.wait(DEADLINE)
        for _ in range(60):
            reporting.clock.advance(minutes=2)

    with ThreadPoolExecutor(2) as pool:
        for moving in [pool.submit(move), pool.submit(move)]:
            moving.result(DEADLINE)
    assert reporting.clock.now == NOON + timedelta(hours=4)
    assert [report.at for report in reporting.reports()] == [
        NOON + timedelta(hours=1, minutes=minute, seconds=1) for minute in range(60)
    ]
    assert len(receiver.requests) == 60


def test_t2_the_same_calls_give_the_same_order(new_gateway: NewGateway) -> None:
    def story() -> list[object]:
        with Receiver() as receiver:
            tried: Counter[tuple[str, str]] = Counter()

            def respond(request: Request) -> Response:
                message = request["BatchID"], request["MR"]
                tried[message] += 1
                return OK if tried[message] > int(request["MR"]) % 3 else status(503)

            receiver.respond = respond
            gateway = new_gateway(Account("demo", "demo", report_url=receiver.url))
            everybody = ",".join(f"09{number:08}" for number in range(1, 31))
            gateway.set_outcome("0900000007", 107, after_seconds=100)
            now = send(gateway, f"{everybody},0900000103,0900000101")
            later = send(gateway, everybody, send_time="20400301120100")
            gateway.clock.advance(seconds=30)
            for message in sent(gateway, now)[:5]:
                gateway.reply(message, "ok")
            gateway.set_status(sent(gateway, later)[3].id, 303)
            gateway.clock.advance(minutes=2)
            gateway.platform.erase_booking(login(gateway), later.batch_id)
            gateway.clock.advance(hours=1)
            return [
                (
                    report.id, report.message_id, report.status, report.text, report.at,
                    [(attempt.at, attempt.status_code) for attempt in report.attempts],
                )
                for report in gateway.reports()
            ]  # fmt: skip

    first = story()
    assert len(first) == 32 + 30 + 5
    assert story() == first


@pytest.mark.parametrize("duration", [90, 90.0, timedelta(minutes=1, seconds=30)])
def test_t2_time_passes_in_seconds_or_by_a_timedelta(
    gateway: Gateway, duration: float | timedelta
) -> None:
    gateway.clock.freeze()
    before = gateway.clock.now
    assert gateway.clock.advance(duration) - before == timedelta(seconds=90)
    assert gateway.clock.advance(minutes=1, seconds=30) - before == timedelta(seconds=180)


def test_t3_moving_back_is_the_same_error_however_it_is_asked_for(gateway: Gateway) -> None:
    gateway.clock.freeze()
    now = gateway.clock.now
    for back in (
        lambda: gateway.clock.advance(-1),
        lambda: gateway.clock.advance(timedelta(seconds=-1)),
        lambda: gateway.clock.travel_to(now - timedelta(seconds=1)),
    ):
        with pytest.raises(Conflict) as error:
            back()
        assert str(error.value) == (
            f"the clock never goes back: it is {now.isoformat()} already; a time without a zone is "
            "Taipei's"
        )


@pytest.mark.parametrize("wrong", ["5", [5], object()])
def test_invalid_duration_is_refused(gateway: Gateway, wrong: Any) -> None:
    with pytest.raises(InvalidInput, match="advance takes seconds, a timedelta, or what datetime"):
        gateway.clock.advance(wrong)
    with pytest.raises(InvalidInput, match="give either a duration or its parts"):
        gateway.clock.advance(5, minutes=1)

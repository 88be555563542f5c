"""Waiting for something to happen. It is 2040-03-01 12:00:00 in Taipei."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import pytest

from fake_every8d.gateway import Account, Gateway, NotFound, ReportState, Status
from tests.gateway.calls import PHONE, login, send
from tests.gateway.conftest import NewGateway
from tests.receiver import DEADLINE, Receiver

OTHER = "0922333444"


class Waiting:
    """Somebody who waits on a thread of its own, and is known to have begun to."""

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        gateway: Gateway,
        condition: Callable[[], bool],
        timeout: float = DEADLINE,
        **about: str,
    ) -> None:
        self.asked = 0
        self._condition = condition
        begun: Future[Callable[[], None]] = Future()
        self.result = pool.submit(
            gateway.wait_for, self._ask, timeout, on_wait=begun.set_result, **about
        )
        self.cancel = begun.result(DEADLINE)

    def _ask(self) -> bool:
        self.asked += 1
        return self._condition()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(200) as pool:
        yield pool


def test_waiter_is_woken_by_events_of_the_clock(gateway: Gateway, pool: ThreadPoolExecutor) -> None:
    """Not only when the time to wait is over."""
    send(gateway)
    delivered = Waiting(
        pool, gateway, lambda: gateway.message(1).status is Status.DELIVERED, to=PHONE
    )
    gateway.clock.advance(seconds=1)
    assert delivered.result.result(DEADLINE)


def test_waiting_in_vain_ends(gateway: Gateway) -> None:
    assert not gateway.wait_for(lambda: False, 0.01)


def test_condition_that_holds_already_ends_the_wait(gateway: Gateway) -> None:
    begun: list[object] = []
    assert gateway.wait_for(lambda: True, DEADLINE, on_wait=begun.append)
    assert not gateway.wait_for(lambda: False, 0, on_wait=begun.append)
    assert begun == []


@pytest.mark.parametrize("about", ["to", "user_id", "batch_id"])
def test_only_those_are_asked_whom_it_concerns(
    new_gateway: NewGateway, pool: ThreadPoolExecutor, about: str
) -> None:
    gateway = new_gateway(Account("demo", "demo"), Account("other", "other"))
    batch_id = send(gateway, send_time="20400301130000").batch_id
    same = {"to": PHONE, "user_id": "demo", "batch_id": batch_id}[about]
    waiting = Waiting(pool, gateway, lambda: gateway.message(1).status != 300, **{about: same})
    assert waiting.asked == 1
    for _ in range(5):
        send(gateway, OTHER, user_id="other")
    gateway.update_account("other", credit=5)
    gateway.clock.advance(seconds=1)
    assert waiting.asked == 1
    gateway.platform.erase_booking(login(gateway), batch_id)
    assert waiting.result.result(DEADLINE)
    assert waiting.asked == 2


def test_without_a_topic_it_is_asked_whatever_changes(
    gateway: Gateway, pool: ThreadPoolExecutor
) -> None:
    credit = Waiting(pool, gateway, lambda: gateway.account("demo").credit == 7)
    gateway.update_account("demo", credit=7)
    assert credit.result.result(DEADLINE)
    frozen = Waiting(pool, gateway, lambda: gateway.clock.running)
    gateway.clock.resume()
    assert frozen.result.result(DEADLINE)


def test_a_number_is_waited_for_in_any_spelling(gateway: Gateway, pool: ThreadPoolExecutor) -> None:
    waiting = Waiting(pool, gateway, lambda: bool(gateway.messages()), to="0912-345-678")
    send(gateway, "+886912345678")
    assert waiting.result.result(DEADLINE)


def test_reports_and_replies_are_waited_for_by_number(
    reporting: Gateway, receiver: Receiver, pool: ThreadPoolExecutor
) -> None:
    send(reporting)
    reporting.clock.advance(seconds=1)
    assert [report.state for report in reporting.reports()] == [ReportState.DELIVERED]
    replied = Waiting(
        pool,
        reporting,
        lambda: [report.state for report in reporting.reports()] == [ReportState.DELIVERED] * 2,
        to=PHONE,
    )
    reporting.reply(PHONE, "ok")
    assert replied.result.result(DEADLINE)


def test_others_tell_of_topics_of_their_own(gateway: Gateway, pool: ThreadPoolExecutor) -> None:
    """As the journal does of requests."""
    requests: list[str] = []
    waiting = Waiting(pool, gateway, lambda: bool(requests), topic="requests")
    send(gateway)
    assert waiting.asked == 1
    requests.append("sendSMS")
    gateway.wake("requests")
    assert waiting.result.result(DEADLINE)


def test_wait_ends_when_the_client_hangs_up(gateway: Gateway, pool: ThreadPoolExecutor) -> None:
    waiting = Waiting(pool, gateway, lambda: False, timeout=1e9, to=PHONE)
    waiting.cancel()
    waiting.cancel()
    assert not waiting.result.result(DEADLINE)


def test_200_may_wait_at_once(gateway: Gateway, pool: ThreadPoolExecutor) -> None:
    numbers = [f"09{number:08}" for number in range(1, 101)]
    waiting = [
        Waiting(pool, gateway, lambda to=to: bool(gateway.messages(to=to)), to=to)  # type: ignore[misc]
        for to in numbers * 2
    ]
    send(gateway, ",".join(numbers))
    assert all(each.result.result(DEADLINE) for each in waiting)


def test_the_condition_is_asked_without_the_lock(
    gateway: Gateway, pool: ThreadPoolExecutor
) -> None:
    """While it is being asked, others send."""
    asked, sent = threading.Event(), threading.Event()

    def condition() -> bool:
        asked.set()
        return sent.wait(DEADLINE)

    waiting = pool.submit(gateway.wait_for, condition, DEADLINE)
    assert asked.wait(DEADLINE)
    send(gateway)
    sent.set()
    assert waiting.result(DEADLINE)


def test_no_change_is_missed_while_the_condition_is_asked(
    gateway: Gateway, pool: ThreadPoolExecutor
) -> None:
    def condition() -> bool:
        found = bool(gateway.messages(to=PHONE))
        if not found:
            send(gateway)  # just after it has looked
        return found

    assert pool.submit(gateway.wait_for, condition, 1e9, to=PHONE).result(DEADLINE)


def test_a_reset_wakes_and_a_close_ends_what_waits(
    gateway: Gateway, pool: ThreadPoolExecutor
) -> None:
    send(gateway)
    gone = Waiting(pool, gateway, lambda: not gateway.messages(), to=PHONE)
    gateway.reset()
    assert gone.result.result(DEADLINE)
    with closing(gateway):
        waiting = Waiting(pool, gateway, lambda: False, timeout=1e9, to=PHONE)
    assert not waiting.result.result(DEADLINE)
    assert not gateway.wait_for(lambda: False, 1e9)


def test_a_condition_that_fails_says_so_and_leaves_nothing_behind(gateway: Gateway) -> None:
    with pytest.raises(ZeroDivisionError):
        gateway.wait_for(lambda: 1 / 0 > 0, DEADLINE, to=PHONE)
    assert not gateway._changes.awaited


def test_a_wait_for_what_is_no_number_waits(gateway: Gateway, pool: ThreadPoolExecutor) -> None:
    """It comes, and is refused."""
    waiting = Waiting(
        pool, gateway, lambda: bool(gateway.messages(to="0212345678")), to="0212345678"
    )
    send(gateway, "0212345678")
    assert waiting.result.result(DEADLINE)
    with pytest.raises(NotFound, match="not a phone number"):
        gateway.wait_for(lambda: bool(gateway.messages(to="0312345678")), 0, to="0312345678")

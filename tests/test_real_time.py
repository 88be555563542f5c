"""The system's clock, and how the fake's follows it: clauses T1, T3 and X1."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from fake_every8d.gateway import TAIPEI, Clock
from fake_every8d.gateway.changes import Changes, Lock
from fake_every8d.real_time import RealTime, perf_counter_ns
from tests.waiting import wait_for

SECOND = timedelta(seconds=1)
HOUR_NS = 3_600 * 10**9
NOON = datetime(2040, 3, 1, 12, tzinfo=TAIPEI)


class SystemClock:
    """A system's clock that can be set; it is noon when it is made."""

    def __init__(self) -> None:
        self.ahead = int(NOON.timestamp()) * 10**9 - perf_counter_ns()

    def __call__(self) -> int:
        return perf_counter_ns() + self.ahead


@pytest.fixture
def system() -> SystemClock:
    return SystemClock()


@pytest.fixture
def clock(system: SystemClock) -> Iterator[Clock]:
    with closing(Clock(Lock(), Changes(), wall_ns=system)) as clock:
        yield clock


def test_t1_the_clock_follows_where_the_systems_jumps_ahead(
    system: SystemClock, clock: Clock
) -> None:
    """As when a laptop wakes up: what has fallen due meanwhile happens."""
    assert NOON <= clock.now < NOON + timedelta(minutes=1)
    system.ahead += HOUR_NS
    wait_for(lambda: clock.now >= NOON + timedelta(hours=1))
    assert clock.now < NOON + timedelta(hours=1, minutes=1)


def test_t1_a_clock_that_was_moved_follows_by_as_much(system: SystemClock, clock: Clock) -> None:
    clock.advance(days=1)
    system.ahead += HOUR_NS
    wait_for(lambda: clock.now >= NOON + timedelta(days=1, hours=1))


def test_t3_it_does_not_follow_where_the_systems_is_set_back(
    system: SystemClock, clock: Clock
) -> None:
    before = clock.now
    system.ahead -= HOUR_NS
    wait_for(lambda: clock.now > before + SECOND / 4)  # it has looked again by then


def test_x1_a_reset_reads_the_systems_clock_again(system: SystemClock, clock: Clock) -> None:
    system.ahead -= HOUR_NS
    clock.reset()
    assert clock.now < NOON - timedelta(minutes=59)


def test_t1_a_frozen_clock_stands_still_whatever_the_systems_does(
    system: SystemClock, clock: Clock
) -> None:
    clock.freeze()
    stopped = clock.now
    system.ahead += HOUR_NS
    assert clock.now == stopped


def test_a_jump_that_is_gone_when_looked_at_again_is_none(system: SystemClock) -> None:
    """As when somebody begins to travel with time-machine while the clock is being read."""
    readings = iter([0, 10 * HOUR_NS])
    real = RealTime(lambda: system() + next(readings, 0))
    assert real.micros < (NOON + timedelta(minutes=1)).timestamp() * 1e6

"""Fake time, and the queue of what falls due (clauses T)."""

import heapq
import itertools
import logging
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from fake_every8d.gateway.errors import Conflict, InvalidInput

TAIPEI = timezone(timedelta(hours=8), "Asia/Taipei")
"""The platform's own time zone: UTC+8, all year round (clause A4)."""

LONGEST_WAIT = 1e9
"""In seconds, some 30 years: the longest that anything may be set to take."""

# Under load, what falls due is done a handful at a time: a thread that wakes up for each
# single thing fights with those that serve callers over the lock.
_GRAIN = 0.02

_EPOCH = datetime(1970, 1, 1, 8, tzinfo=TAIPEI)
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000
_LATEST = datetime(9999, 12, 31, tzinfo=TAIPEI)

_logger = logging.getLogger(__name__)


def _wall_ns() -> int:
    """What time it really is, even if a suite has frozen Python's clocks already."""
    # freezegun leaves clock_gettime alone, and time-machine offers a way around itself.
    time_machine = sys.modules.get("time_machine")
    if time_machine and time_machine.escape_hatch.is_travelling():
        return int(time_machine.escape_hatch.time.time_ns())
    return time.clock_gettime_ns(time.CLOCK_REALTIME)


_STARTED = _wall_ns() - time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def _real_micros() -> int:
    """The machine's own time, out of reach of libraries that freeze Python's."""
    # Both leave this clock alone; `time.monotonic` freezegun does not.
    return (time.clock_gettime_ns(time.CLOCK_MONOTONIC) + _STARTED) // 1000


def to_datetime(micros: int) -> datetime:
    """Microseconds since 1970, as the gateway counts them, as a datetime in Taipei.

    What is due after the last year that Python knows is shown at its end.
    """
    return _EPOCH + timedelta(microseconds=min(micros, _END))


def to_micros(moment: datetime) -> int:
    """A datetime as microseconds since 1970; one without a zone is Taipei's."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=TAIPEI)
    return (moment - _EPOCH) // _MICROSECOND


_END = to_micros(datetime.max.replace(tzinfo=TAIPEI))


def taipei_day(micros: int) -> int:
    """The number of the calendar day in Taipei, for telling days apart (A4)."""
    return (micros + 8 * 3_600_000_000) // _DAY


class Timer:
    """Something that falls due. `cancel` it and it never does."""

    __slots__ = ("due", "_action")

    def __init__(self, due: int, action: Callable[[int], None]) -> None:
        self.due = due
        self._action: Callable[[int], None] | None = action

    @property
    def cancelled(self) -> bool:
        return self._action is None

    def cancel(self) -> None:
        self._action = None

    def fire(self) -> None:
        action, self._action = self._action, None
        if action is not None:
            action(self.due)


class Clock:
    """The fake's own time: it starts at the real time and runs at its speed (T1).

    Tests and tools use `now`, `advance`, `travel_to`, `freeze` and `resume`; all
    are safe from any thread. Moving the clock makes everything that falls due on
    the way happen, in order, each at its own time, before the call returns (T2).
    It never goes backwards (T3), but for the gateway's reset.

    The gateway puts timers in (`call_at`) and, while something outside has been
    asked and has not answered yet, asks a moving clock to wait (`hold`). Timers are
    fired with the gateway's lock held, one at a time, and never wait for anything.
    `changed` is called, with the lock held, when time was stopped, moved or resumed.
    """

    def __init__(self, lock: threading.RLock, changed: Callable[[], None] = lambda: None) -> None:
        self._lock = lock
        self._changed = changed
        self._woken = threading.Condition(lock)
        self._released = threading.Condition(lock)
        self._moves = threading.Lock()
        self._queue: list[tuple[int, int, Timer]] = []
        self._order = itertools.count()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._epoch = 0
        self._reset()

    def _reset(self) -> None:
        self._offset = 0
        self._running = True
        self._stopped_at: int | None = None
        self._moving = False
        self._holds = 0
        self._queue.clear()

    # What tests and tools use

    @property
    def now(self) -> datetime:
        """What time it is in the fake, to the microsecond, in Taipei (+08:00)."""
        with self._lock:  # not while it is being stopped, which would look like going back
            return to_datetime(self.micros)

    @property
    def running(self) -> bool:
        """Whether time passes by itself."""
        return self._running

    @property
    def next_due(self) -> datetime | None:
        """When the next thing falls due, or None if nothing is waiting."""
        with self._lock:
            self._drop_cancelled()
            return to_datetime(self._queue[0][0]) if self._queue else None

    def advance(self, **duration: float) -> datetime:
        """Let time pass at once: `advance(seconds=5)`, `advance(days=1, hours=2)`.

        Takes what `datetime.timedelta` takes. Everything that falls due on the way
        has happened when it returns, status reports and their retries included; a
        receiver that hangs is waited for until its request times out. Returns the
        new time. Raises `InvalidInput` for a negative duration.
        """
        try:
            micros = timedelta(**duration) // _MICROSECOND
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidInput(
                f"advance takes what datetime.timedelta takes, such as seconds=5: {error}"
            ) from error
        if micros < 0:
            raise InvalidInput(
                f"the clock never goes back: advance by 0 or more, not by {micros / 1e6:g} s"
            )
        return self._move(lambda now: now + micros)

    def travel_to(self, moment: datetime) -> datetime:
        """Let time pass at once until `moment`, like `advance`.

        A datetime without a time zone is Taipei's. Raises `InvalidInput` for a time
        that is gone already.
        """
        try:
            target = to_micros(moment)
        except (TypeError, AttributeError) as error:
            raise InvalidInput(f"travel_to takes a datetime, not {moment!r}") from error
        return self._move(lambda now: target)

    def freeze(self) -> None:
        """Stop time. It can still be moved."""
        with self._lock:
            if self._running:
                self._running = False
                if not self._moving:
                    self._stopped_at = self.micros
                self._woken.notify_all()
                self._changed()

    def resume(self) -> None:
        """Let time pass by itself again, from where it stands."""
        with self._lock:
            if not self._running:
                self._running = True
                if not self._moving:
                    self._run_from_here()
                self._changed()

    # What the gateway uses

    @property
    def micros(self) -> int:
        """Now, in microseconds since 1970: exact, and quick to compare."""
        stopped_at = self._stopped_at
        return _real_micros() + self._offset if stopped_at is None else stopped_at

    def call_at(self, due: int, action: Callable[[int], None]) -> Timer:
        """Call `action(due)` when the time `due` (in microseconds) has come.

        What is due at the same time happens in the order in which it was asked for.
        """
        timer = Timer(due, action)
        with self._lock:
            heapq.heappush(self._queue, (due, next(self._order), timer))
            if self._queue[0][2] is timer:
                self._woken.notify_all()
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(
                    target=self._run, name="fake-every8d-clock", daemon=True
                )
                self._thread.start()
        return timer

    def hold(self) -> int:
        """Make a moving clock wait until `release` is given what this returns."""
        with self._lock:
            self._holds += 1
            return self._epoch

    def release(self, hold: int) -> None:
        """End a `hold`; one from before a reset no longer counts."""
        with self._lock:
            if hold == self._epoch:
                self._holds -= 1
                if not self._holds:
                    self._released.notify_all()

    def reset(self) -> None:
        """Back to the real time, with nothing waiting (X1). Ends moves under way."""
        with self._lock:
            self._epoch += 1
            self._reset()
            self._released.notify_all()
            self._woken.notify_all()

    def close(self) -> None:
        """Stop for good: nothing falls due any more, and the thread ends."""
        self.reset()
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
            self._woken.notify_all()
        if thread is not None:
            thread.join()

    def _move(self, target_from: Callable[[int], int]) -> datetime:
        with self._moves, self._lock:
            now = self.micros
            target = target_from(now)
            if target < now:
                raise Conflict(
                    f"the clock never goes back: it is {to_datetime(now).isoformat()} already"
                )
            if target > to_micros(_LATEST):
                raise Conflict(f"the clock ends at {_LATEST.isoformat()}")
            epoch = self._epoch
            self._moving = True
            self._stopped_at = now
            self._settle(target, epoch)
            if self._epoch == epoch:
                self._moving = False
                self._stopped_at = target
                if self._running:
                    self._run_from_here()
                self._woken.notify_all()
                self._changed()
            return to_datetime(self.micros)

    def _settle(self, target: int, epoch: int) -> None:
        """Fire all that is due up to `target`, in order, and wait for what that asks.

        Time stands still while something is being waited for: its answer may put
        something earlier into the queue than what is there now.
        """
        while self._epoch == epoch:
            self._drop_cancelled()
            due = self._queue[0][0] if self._queue else target + 1
            assert self._stopped_at is not None
            if due <= self._stopped_at:
                self._fire()
            elif self._holds:
                self._released.wait()
            elif due <= target:
                self._stopped_at = due
            else:
                return

    def _run(self) -> None:
        with self._lock:
            while not self._closed:
                wait: float | None = None
                if not self._moving:
                    now = self.micros
                    while self._queue and self._queue[0][0] <= now:
                        self._fire()
                    self._drop_cancelled()
                    if self._queue and self._running:
                        delay = (self._queue[0][0] - now) / 1e6
                        wait = min(max(delay, _GRAIN), threading.TIMEOUT_MAX)
                self._woken.wait(wait)

    def _run_from_here(self) -> None:
        assert self._stopped_at is not None
        self._offset = self._stopped_at - _real_micros()
        self._stopped_at = None
        self._woken.notify_all()

    def _drop_cancelled(self) -> None:
        while self._queue and self._queue[0][2].cancelled:
            heapq.heappop(self._queue)

    def _fire(self) -> None:
        try:
            heapq.heappop(self._queue)[2].fire()
        except Exception:  # one timer's failure must not stop time for all others
            _logger.exception("something that fell due failed")

"""Fake time, and the queue of what falls due (clauses T)."""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from fake_every8d.gateway import event_loops, real_time
from fake_every8d.gateway.changes import Changes
from fake_every8d.gateway.errors import Conflict, InvalidInput

TAIPEI = timezone(timedelta(hours=8), "Asia/Taipei")
"""The platform's own time zone: UTC+8, all year round (clause A4)."""

LONGEST_WAIT = 1e9
"""In seconds, some 30 years: the longest that anything may be set to take."""

# In seconds: timers that fall due within it fire together. A thread that woke up for each one
# would contend for the lock with those that handle calls.
_GRAIN = 0.02

# The longest that the thread sleeps, in seconds, even if nothing falls due for hours: the machine
# may be suspended meanwhile, or its clock set.
_LONGEST_NAP = 10.0

# When very much falls due at once, the lock is held for one turn and released for one pause, in
# seconds, so that other threads get it.
_TURN = 0.005
_PAUSE = 0.0005

_FEW = 100  # so few cancelled timers are not worth sweeping out

_EPOCH = datetime(1970, 1, 1, 8, tzinfo=TAIPEI)
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000
LATEST = datetime(9999, 12, 31, tzinfo=TAIPEI)
"""The clock goes no further."""

_PATIENCE_ON_A_LOOP = 1.0  # real seconds: a receiver on another thread responds within them
_ON_A_LOOP = (
    "the clock was moved on a thread that runs an event loop, and a status report that fell due "
    "has no response: if its receiver runs on that loop, it cannot respond before this returns. "
    "Move the clock with `await every8d.clock.advance_async(…)` or `travel_to_async`. The clock "
    "stands where the report fell due"
)

_logger = logging.getLogger(__name__)


@lru_cache(maxsize=128)  # of a batch, all have the same few
def to_datetime(micros: int) -> datetime:
    """Microseconds since 1970, as the gateway counts them, as a datetime in Taipei.

    What is due after the year 9999, Python's last, is shown at its end.
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


class RealTime:
    """The system's time, steady: it never goes back, and follows a jump ahead.

    The system's clock jumps ahead when somebody sets it, or when the machine wakes up.
    """

    _JUMP = 1_000_000_000  # nanoseconds: less may be a thread that had to wait for its turn
    _PAUSE = 100_000_000  # nanoseconds between two looks at the system's clock

    def __init__(self, wall_ns: Callable[[], int]) -> None:
        self._wall_ns = wall_ns
        self._lock = threading.Lock()
        self.read_again()

    def read_again(self) -> None:
        """Go to the system's time, even if that means going back."""
        with self._lock:
            self._start = self._measured()
            self._next_look = 0

    @property
    def micros(self) -> int:
        """In microseconds since 1970."""
        passed = real_time.perf_counter_ns()
        if passed >= self._next_look:
            self._next_look = passed + self._PAUSE
            self._follow()
        return int(passed + self._start) // 1000

    def _follow(self) -> None:
        # Twice, because a test may start time-machine between the two readings of one measurement.
        jumped = all(self._measured() - self._start > self._JUMP for _ in range(2))
        if jumped:
            with self._lock:
                self._start = max(self._start, self._measured())

    def _measured(self) -> int:
        # In this order, a thread that has to wait in between measures too little, never a jump.
        return self._wall_ns() - int(real_time.perf_counter_ns())


class Timer:
    """Something that falls due, unless it is cancelled (`Clock.cancel`)."""

    __slots__ = ("due", "action")

    def __init__(self, due: int, action: Callable[[int], None]) -> None:
        self.due = due
        self.action: Callable[[int], None] | None = action
        """None once it has happened, or never will."""


class Clock:
    """The fake's own time: it starts at the real time and runs at its speed (T1).

    Tests and tools use `now`, `advance`, `travel_to`, `freeze` and `resume`; all
    are safe from any thread. Moving the clock makes everything that falls due on
    the way happen, in order, each at its own time, before the call returns (T2).
    It goes backwards only with the gateway's reset (T3). When the system's clock jumps
    ahead, so does it.

    The gateway puts timers in (`call_at`) and, while the response to something that it
    has sent is still to come, asks a moving clock to wait (`hold`). Timers are
    fired with the gateway's lock held, one at a time, and never wait for anything.
    `wall_ns` tells the system's time.
    """

    def __init__(
        self,
        lock: threading.RLock,
        changes: Changes,
        wall_ns: Callable[[], int] = real_time.wall_ns,
    ) -> None:
        self._lock = lock
        self._changes = changes
        self._real_time = RealTime(wall_ns)
        self._woken = threading.Condition(lock)
        self._released = threading.Condition(lock)
        self._nothing = threading.Condition(lock)  # never notified
        self._moves = threading.Lock()
        self._queue: list[tuple[int, int, Timer]] = []
        self._order = itertools.count()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._start_over()

    def _start_over(self) -> None:
        self._real_time.read_again()
        self._offset = 0
        self._running = True
        self._stopped_at: int | None = None
        self._moving = False
        self._holds = 0
        self._queue.clear()
        self._cancelled = 0  # timers that are still in the queue

    # What tests and tools use

    @property
    def now(self) -> datetime:
        """What time it is in the fake, to the microsecond, in Taipei (+08:00)."""
        with self._lock:  # not while time is being stopped, when it could seem to go back
            self._start_thread()
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

    def advance(self, duration: float | timedelta | None = None, /, **parts: float) -> datetime:
        """Let time pass at once: `advance(5)` for seconds, `advance(days=1, hours=2)`.

        Takes seconds, a `timedelta`, or by name what `datetime.timedelta` takes. Everything
        that falls due on the way has happened when it returns, status reports and their
        retries included; a receiver that hangs is waited for until its request times out.
        Returns the new time.

        In a test that runs on an event loop, use `advance_async`: a receiver on the same loop
        cannot respond while this waits for it, and then `Conflict` is raised. A negative
        duration raises `Conflict` too, and what is no duration `InvalidInput`.
        """
        try:
            if duration is None:
                passes = timedelta(**parts)
            elif parts:
                raise TypeError("give either a duration or its parts")
            else:
                passes = (
                    duration if isinstance(duration, timedelta) else timedelta(seconds=duration)
                )
            micros = passes // _MICROSECOND
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidInput(
                "advance takes seconds, a timedelta, or what datetime.timedelta takes, such as "
                f"minutes=5: {error}"
            ) from None
        return self._move(lambda now: now + micros)

    def travel_to(self, moment: datetime) -> datetime:
        """Let time pass at once until `moment`, like `advance`.

        A datetime without a time zone is Taipei's. Raises `InvalidInput` for a time
        that is gone already.
        """
        try:
            target = to_micros(moment)
        except (TypeError, AttributeError):
            raise InvalidInput(f"travel_to takes a datetime, not {moment!r}") from None
        return self._move(lambda now: target)

    advance_async = event_loops.awaitable(advance)
    travel_to_async = event_loops.awaitable(travel_to)

    def freeze(self) -> None:
        """Stop time. It can still be moved."""
        with self._lock:
            if self._running:
                self._running = False
                if not self._moving:
                    self._stopped_at = self.micros
                self._woken.notify_all()
                self._changes.announce()

    def resume(self) -> None:
        """Let time pass by itself again, from where it stands."""
        with self._lock:
            if not self._running:
                self._running = True
                if not self._moving:
                    self._run_from_here()
                self._changes.announce()

    # What the gateway uses

    @property
    def micros(self) -> int:
        """Now, in microseconds since 1970: exact, and quick to compare."""
        stopped_at = self._stopped_at
        return self._real_time.micros + self._offset if stopped_at is None else stopped_at

    def call_at(self, due: int, action: Callable[[int], None]) -> Timer:
        """Call `action(due)` when the time `due` (in microseconds) has come.

        What is due at the same time happens in the order in which it was asked for.
        """
        timer = Timer(due, action)
        with self._lock:
            heapq.heappush(self._queue, (due, next(self._order), timer))
            if self._queue[0][2] is timer:
                self._woken.notify_all()
            self._start_thread()
        return timer

    def cancel(self, timer: Timer) -> None:
        """Keep a timer from falling due, if it has not yet."""
        with self._lock:
            if timer.action is not None:
                timer.action = None
                self._cancelled += 1
                if self._cancelled > max(_FEW, len(self._queue) // 2):
                    self._queue = [entry for entry in self._queue if entry[2].action is not None]
                    heapq.heapify(self._queue)
                    self._cancelled = 0

    @property
    def timers(self) -> list[Timer]:
        """What is still to fall due, in that order."""
        with self._lock:
            return [timer for _, _, timer in sorted(self._queue) if timer.action is not None]

    @property
    def course(self) -> tuple[int, int | None, int]:
        """Another one once time was moved, stopped, resumed or reset: it did not just pass."""
        return self._changes.generation, self._stopped_at, self._offset

    def hold(self) -> int:
        """Make a moving clock wait until `release` is given what this returns."""
        with self._lock:
            self._holds += 1
            return self._changes.generation

    def release(self, hold: int) -> None:
        """End a `hold`; one from before a reset no longer counts."""
        with self._lock:
            if hold == self._changes.generation:
                self._holds -= 1
                if not self._holds:
                    self._released.notify_all()

    def reset(self) -> None:
        """Back to the real time, with nothing waiting (X1); the generation is a new one.

        Moves under way end.
        """
        with self._lock:
            self._start_over()
            self._released.notify_all()
            self._woken.notify_all()

    def restore(self, now: int, *, running: bool) -> None:
        """Be at a time (in µs), earlier or later, with nothing waiting; otherwise as `reset`."""
        with self._lock:
            self.reset()
            self._running = running
            self._stopped_at = now
            if running:
                self._run_from_here()

    def close(self) -> None:
        """Stop for good: nothing falls due any more, and the thread ends."""
        with self._lock:
            self._queue.clear()
            self._released.notify_all()
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
            if target > to_micros(LATEST):
                raise Conflict(f"the clock ends at {LATEST.isoformat()}")
            generation = self._changes.generation
            self._moving = True
            self._stopped_at = now
            try:
                self._settle(target, generation)
            finally:
                if self._changes.generation == generation:
                    self._moving = False
                    if self._running:
                        self._run_from_here()
                    self._woken.notify_all()
                    self._changes.announce()
                self._start_thread()
            return to_datetime(self.micros)

    def _settle(self, target: int, generation: int) -> None:
        """Fire all that is due up to `target`, in order, and wait for what that asks.

        Time stands still while a response is waited for: it may put something into
        the queue that is due earlier than what is there now. A thread that
        runs an event loop waits only briefly, because a receiver on that loop cannot respond.
        """
        patience = _PATIENCE_ON_A_LOOP if event_loops.running() else None
        turn_ends = real_time.monotonic() + _TURN
        while self._changes.generation == generation:
            self._drop_cancelled()
            due = self._queue[0][0] if self._queue else target + 1
            assert self._stopped_at is not None
            if due <= self._stopped_at:
                self._fire()
                if real_time.monotonic() > turn_ends:
                    self._nothing.wait(_PAUSE)
                    turn_ends = real_time.monotonic() + _TURN
            elif self._holds:
                if not self._released.wait(patience):
                    raise Conflict(_ON_A_LOOP)
            elif due <= target:
                self._stopped_at = due
            else:
                self._stopped_at = target
                return

    def _start_thread(self) -> None:
        """See to it that what is in the queue will fall due by itself."""
        if self._thread is None and self._queue and not self._closed:
            thread = threading.Thread(target=self._run, name="fake-every8d-clock", daemon=True)
            try:
                thread.start()
            except (
                RuntimeError
            ) as error:  # the system has no thread to spare: the next call tries again
                _logger.warning("the fake's time does not pass by itself: %s", error)
            else:
                self._thread = thread

    def _run(self) -> None:
        with self._lock:
            while not self._closed:
                wait: float | None = None
                if not self._moving:
                    now = self.micros
                    turn_ends = real_time.monotonic() + _TURN
                    while self._queue and self._queue[0][0] <= now:
                        if real_time.monotonic() > turn_ends:
                            break
                        self._fire()
                    self._drop_cancelled()
                    if self._queue and self._queue[0][0] <= now:
                        wait = _PAUSE
                    elif self._queue and self._running:
                        delay = (self._queue[0][0] - now) / 1e6
                        wait = min(max(delay, _GRAIN), _LONGEST_NAP)
                self._woken.wait(wait)

    def _run_from_here(self) -> None:
        assert self._stopped_at is not None
        self._offset = self._stopped_at - self._real_time.micros
        self._stopped_at = None
        self._woken.notify_all()

    def _drop_cancelled(self) -> None:
        while self._queue and self._queue[0][2].action is None:
            heapq.heappop(self._queue)
            self._cancelled -= 1

    def _fire(self) -> None:
        timer = heapq.heappop(self._queue)[2]
        action, timer.action = timer.action, None
        if action is None:
            self._cancelled -= 1
            return
        try:
            action(timer.due)
        except Exception:  # one timer's failure must not stop time for all others
            _logger.exception("something that fell due failed")

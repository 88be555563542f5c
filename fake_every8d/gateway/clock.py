"""Fake time, and the queue of timers (clauses T)."""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from fake_every8d import event_loops, real_time
from fake_every8d.gateway.changes import Changes, Lock
from fake_every8d.gateway.errors import Conflict, InvalidInput, names_its_attributes

TAIPEI = timezone(timedelta(hours=8), "Asia/Taipei")
"""The platform's own time zone: UTC+8, all year round (clause A4)."""

LONGEST_WAIT = 1e9
"""The longest duration that can be set, in seconds: some 30 years."""

# The shortest sleep of the thread, in seconds: timers that fall due within it fire together. Waking
# up for each one would slow down calls, which need the same lock.
_SHORTEST_NAP = 0.02

# The longest sleep of the thread, in seconds, even if nothing falls due for hours: the machine may
# be suspended meanwhile, or its clock set.
_LONGEST_NAP = 10.0

# When many timers are due, hold the lock for one turn, then release it for a rest, in seconds, so
# that other threads get it.
_TURN = 0.005
_REST = 0.0005

_LEFT_IN = 100  # fewer cancelled timers than this are not worth sweeping out

_EPOCH = datetime(1970, 1, 1, 8, tzinfo=TAIPEI)
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000
LATEST = datetime(9999, 12, 31, tzinfo=TAIPEI)
"""The end of the clock's time."""

_PATIENCE = 1.0  # real seconds: a receiver that can respond, on another thread, has done so by then
_ON_A_LOOP = (
    "the clock was moved on a thread that runs an event loop, and a status report that fell due "
    "has no response: if its receiver runs on that loop, it cannot respond before this returns. "
    "Move the clock with `await every8d.clock.advance_async(…)` or `travel_to_async`. The clock "
    "stands where the report fell due"
)

_PATIENCE_FOR_OTHERS = 0.25  # real seconds: then it waits for its own caller
_IN_A_HANDLER = (
    "the clock is being moved already, and waits for the response to a status report: move it "
    "after that. A receiver cannot move the clock before it has responded"
)
_IN_THE_WAY = (
    "a status report that went out as time passed by itself has no response yet, and the clock "
    "waits for it: move it after that, or `freeze` it at first. A receiver cannot move the clock "
    "before it has responded"
)

_logger = logging.getLogger(__name__)


@lru_cache(maxsize=128)  # of a batch, all have the same few
def to_datetime(micros: int) -> datetime:
    """Microseconds since 1970, as the gateway counts them, as a datetime in Taipei.

    A time after the year 9999, Python's last, is shown as its end.
    """
    return _EPOCH + timedelta(microseconds=min(micros, _END))


def to_micros(moment: datetime) -> int:
    """A datetime as microseconds since 1970; one without a zone is Taipei's."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=TAIPEI)
    return (moment - _EPOCH) // _MICROSECOND


_END = to_micros(datetime.max.replace(tzinfo=TAIPEI))


def checked_moment(moment: datetime, name: str) -> datetime:
    """A time at which the clock can stand, in Taipei; without a time zone it is Taipei's.

    Raises `InvalidInput` for any other; `name` is what the caller calls it.
    """
    if not isinstance(moment, datetime):
        raise InvalidInput(f"{name} must be a datetime, not {moment!r}", field=name)
    micros = to_micros(moment)
    if not 0 <= micros <= to_micros(LATEST):
        raise InvalidInput(
            f"{name} must be from 1970 to {LATEST:%Y-%m-%d}, not {moment}", field=name
        )
    return to_datetime(micros)


def taipei_day(micros: int) -> tuple[int, int]:
    """The start and the end of the calendar day in Taipei around this time, in µs (A4)."""
    begins = micros - (micros + 8 * 3_600_000_000) % _DAY
    return begins, begins + _DAY


def duration_of(duration: float | timedelta | None, parts: Mapping[str, float]) -> timedelta:
    """The duration that `Clock.advance` is given, as a `timedelta`. Raises `InvalidInput`."""
    try:
        if duration is None:
            return timedelta(**parts)
        if parts:
            raise TypeError("give either a duration or its parts")
        return duration if isinstance(duration, timedelta) else timedelta(seconds=duration)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(
            "advance takes seconds, a timedelta, or what datetime.timedelta takes, such as "
            f"minutes=5: {error}"
        ) from None


def goes_back(now: datetime) -> Conflict:
    """The error for moving the clock to a time before `now` (T3)."""
    return Conflict(
        f"the clock never goes back: it is {now.isoformat()} already; a time without a zone is "
        "Taipei's",
        reason="past",
    )


class Timer:
    """A timer that falls due, unless it is cancelled (`Clock.cancel`)."""

    __slots__ = ("due", "action")

    def __init__(self, due: int, action: Callable[[int], None]) -> None:
        self.due = due
        self.action: Callable[[int], None] | None = action
        """None once it has happened, or never will."""


@names_its_attributes
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
        lock: Lock,
        changes: Changes,
        wall_ns: Callable[[], int] = real_time.wall_ns,
    ) -> None:
        self._lock = lock
        self._changes = changes
        self._real_time = real_time.RealTime(wall_ns)
        self._woken = threading.Condition(lock)
        """The thread's: something may be due."""
        self._moved = threading.Condition(lock)
        """Those' who move the clock: it has arrived, or a response has."""
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
        self._target: int | None = None  # the target of the move
        self._holds: set[object] = set()
        self._queue.clear()
        self._cancelled = 0  # timers that are still in the queue

    def __dir__(self) -> list[str]:
        """The names that tests use; the others are the gateway's."""
        return [
            "advance", "advance_async", "freeze", "now", "resume", "to_next_due",
            "to_next_due_async", "travel_to", "travel_to_async",
        ]  # fmt: skip

    # What tests and tools use

    @property
    def now(self) -> datetime:
        """The fake's time, to the microsecond, in Taipei (+08:00)."""
        with self._lock:  # not while time is being stopped, or it could seem to go back
            if self._queue:
                self._start_thread()
            return to_datetime(self.micros)

    @property
    def running(self) -> bool:
        """True if time passes by itself."""
        return self._running

    @property
    def next_due(self) -> datetime | None:
        """The time of the next timer, or None if there is none."""
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
        cannot respond while this waits for it, and then `Conflict` is raised. `Conflict` is also
        raised for a negative duration, and while the response to an earlier report is awaited: a
        receiver cannot move the clock from its own handler. Raises `InvalidInput` for an invalid
        duration.
        """
        micros = duration_of(duration, parts) // _MICROSECOND
        return self._move(lambda now: now + micros)

    def travel_to(self, moment: datetime) -> datetime:
        """Let time pass at once until `moment`, like `advance`.

        A datetime without a time zone is Taipei's. Raises `InvalidInput` for a time
        that is gone already.
        """
        try:
            target = to_micros(moment)
        except (TypeError, AttributeError):
            raise InvalidInput(
                f"travel_to takes a datetime, not {moment!r}", field="travel_to"
            ) from None
        return self._move(lambda now: target)

    def to_next_due(self) -> datetime:
        """Let time pass at once until the next thing falls due, like `advance`.

        If nothing is waiting, the clock stays where it is. Returns the new time.
        """
        due = self.next_due
        return self.now if due is None else self._move(lambda now: max(now, to_micros(due)))

    advance_async = event_loops.awaitable(advance)
    travel_to_async = event_loops.awaitable(travel_to)
    to_next_due_async = event_loops.awaitable(to_next_due)

    def freeze(self) -> None:
        """Stop time. It can still be moved."""
        with self._lock:
            if self._running:
                self._running = False
                if self._target is None:
                    self._stopped_at = self.micros
                self._woken.notify_all()
                self._changes.announce()

    def resume(self) -> None:
        """Let time pass by itself again, from where it stands."""
        with self._lock:
            if not self._running:
                self._running = True
                if self._target is None:
                    self._run_from_here()
                self._changes.announce()

    # What the gateway uses

    @property
    def micros(self) -> int:
        """The fake's time in microseconds since 1970: exact, and quick to compare."""
        stopped_at = self._stopped_at
        return self._real_time.micros + self._offset if stopped_at is None else stopped_at

    def call_at(self, due: int, action: Callable[[int], None]) -> Timer:
        """Call `action(due)` when the time `due` (in microseconds) has come.

        Timers that are due at the same time fire in the order in which they were set. The lock is
        held.
        """
        timer = Timer(due, action)
        queue = self._queue
        heapq.heappush(queue, (due, next(self._order), timer))
        if queue[0][2] is timer:
            self._woken.notify_all()
        if self._thread is None:
            self._start_thread()
        return timer

    def cancel(self, timer: Timer) -> None:
        """Cancel a timer, if it has not fired."""
        with self._lock:
            if timer.action is not None:
                timer.action = None
                self._cancelled += 1
                if self._cancelled > max(_LEFT_IN, len(self._queue) // 2):
                    self._queue = [entry for entry in self._queue if entry[2].action is not None]
                    heapq.heapify(self._queue)
                    self._cancelled = 0

    @property
    def queued(self) -> list[tuple[int, int, Callable[[int], None] | None]]:
        """The pending timers in no order: time, order at that time, and action."""
        with self._lock:
            return [(due, order, timer.action) for due, order, timer in self._queue if timer.action]

    @property
    def timers(self) -> list[Timer]:
        """The pending timers in the order in which they fall due."""
        with self._lock:
            return [timer for _, _, timer in sorted(self._queue) if timer.action is not None]

    def hold(self) -> object:
        """Make a moving clock wait until `release` is called with the returned object."""
        hold = object()
        with self._lock:
            self._holds.add(hold)
        return hold

    def release(self, hold: object) -> None:
        """End a `hold`; one from before a reset no longer counts."""
        with self._lock:
            self._holds.discard(hold)
            self._woken.notify_all()
            self._moved.notify_all()

    def reset(self, now: datetime | None = None) -> None:
        """Return to the real time, or to `now`, with nothing waiting; moves under way end (X1)."""
        with self._lock:
            self._start_over()
            if now is not None:
                self._stopped_at = to_micros(now)
                self._run_from_here()
            self._moved.notify_all()
            self._woken.notify_all()

    def restore(self, now: int, *, running: bool) -> None:
        """Set the time (µs), even backwards, and drop all timers, as `reset` does."""
        with self._lock:
            self.reset()
            self._running = running
            self._stopped_at = now
            if running:
                self._run_from_here()

    def close(self) -> None:
        """Stop for good: no timer fires any more, and the thread ends."""
        with self._lock:
            self._queue.clear()
            self._moved.notify_all()
            self._closed = True
            thread, self._thread = self._thread, None
            self._woken.notify_all()
        if thread is not None:
            thread.join()

    def _move(self, target_from: Callable[[int], int]) -> datetime:
        """Let the thread fire all timers up to a target, and wait until it has.

        It fires on the thread, so that a signal's exception here interrupts nothing. If no thread
        can be started, it fires here. A reset ends moves, also those that wait for their turn (X1).
        It waits only briefly for a response on a thread that runs an event loop, and for the
        response to an earlier report: a receiver on that loop, or one that moves the clock before
        it responds, cannot respond.
        """
        with self._lock:
            generation = self._lock.generation
            while self._target is not None:
                if not self._moved.wait(_PATIENCE_FOR_OTHERS) and self._holds:
                    raise Conflict(_IN_A_HANDLER)
            if self._lock.generation == generation:
                self._move_to(target_from)
            return to_datetime(self.micros)

    def _move_to(self, target_from: Callable[[int], int]) -> None:
        now, generation = self.micros, self._lock.generation
        target = target_from(now)
        if target < now:
            raise goes_back(to_datetime(now))
        if target > to_micros(LATEST):
            raise Conflict(f"the clock ends at {LATEST.isoformat()}")

        def under_way() -> bool:
            return self._target is not None and self._lock.generation == generation

        on_a_loop = event_loops.running()
        before = self._holds.copy()  # one of these receivers may be moving the clock
        self._stopped_at, self._target = now, target
        try:
            has_thread = bool(self._queue) and self._start_thread()
            self._woken.notify_all()
            while under_way():
                pause = None if has_thread and not self._closed else self._go_on()
                in_the_way = before & self._holds
                patience = _PATIENCE if on_a_loop or in_the_way else None
                arrives = not under_way() or self._moved.wait(pause or patience)
                if not arrives and self._holds and not pause:
                    raise Conflict(_ON_A_LOOP if on_a_loop else _IN_THE_WAY)
        finally:
            if under_way():
                self._arrive()

    def _arrive(self) -> None:
        """End the move under way where the clock stands."""
        self._target = None
        if self._running:
            self._run_from_here()
        self._moved.notify_all()
        self._woken.notify_all()
        self._changes.announce()

    def _start_thread(self) -> bool:
        """Start the thread if there are timers and it is not running. Return whether it runs."""
        if self._closed:
            return False
        if self._thread is None or not self._thread.is_alive():  # as after a fork
            thread = threading.Thread(target=self._run, name="fake-every8d-clock", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # no thread to spare: the next call tries again
                _logger.warning("the fake's time does not pass by itself: %s", error)
                return False
            self._thread = thread
        return True

    def _run(self) -> None:
        with self._lock:
            while not self._closed:
                self._woken.wait(self._go_on())

    def _go_on(self) -> float | None:
        """Fire all timers that are due, and in a move go on to the next.

        Time stands still while a response is awaited, which may add a timer that is due earlier
        than all others. Returns the seconds until there is something to do; None if it cannot know.
        """
        turn_ends = real_time.monotonic() + _TURN
        while True:
            self._drop_cancelled()
            now = self.micros
            due = self._queue[0][0] if self._queue else None
            if due is not None and due <= now:
                if real_time.monotonic() > turn_ends:
                    return _REST
                self._fire()
            elif self._target is None:
                if due is None or not self._running:
                    return None
                return min(max((due - now) / 1e6, _SHORTEST_NAP), _LONGEST_NAP)
            elif self._holds:
                return None
            elif due is not None and due <= self._target:
                self._stopped_at = due
            else:
                self._stopped_at = self._target
                self._arrive()

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
            _logger.exception("the action of a timer failed")
